"""Times a newcomer's path in a real project: the commands from a clone to the first verdict, caches cold.

    .venv/bin/python bench/newcomer.py              # click and boltons, three times
    .venv/bin/python bench/newcomer.py click 1      # one of projects.py with a Python environment, once

The clone is made of a source distribution in a local repository, so it costs no network; packages come from the package
index. everycommit is installed from a wheel of this checkout into an environment of its own, as pipx does.
"""

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from common import PLAIN, WORK, environment, table
from projects import EXCLUDED, PROJECTS, PYTHON, Checkout, Project

TOP = Path(__file__).resolve().parent.parent
USUAL = ("click", "boltons")
OURS = ("install everycommit", "init --yes", "install", "first commit: verdict")


class Newcomer:
    """Somebody whose home is empty, in a clone of *project*."""

    def __init__(self, project: Project, source: Path, wheel: Path, home: Path) -> None:
        self.project = project
        self.source = source
        self.wheel = wheel
        self.home = home
        self.root = home / project.name
        self.environ = (
            environment()
            | PLAIN
            | {
                "HOME": str(home),
                "XDG_CACHE_HOME": str(home / "cache"),
                "XDG_CONFIG_HOME": str(home / "config"),
            }
        )

    def path(self) -> Iterator[tuple[str, list[list[str]]]]:
        """Yield each step and its commands, one after the other."""
        ours, theirs = self.home / "everycommit", self.root / ".venv/bin/python"
        everycommit = str(ours / "bin/everycommit")
        yield (
            "install everycommit",
            [[sys.executable, "-m", "venv", str(ours)], [str(ours / "bin/pip"), "install", "--quiet", str(self.wheel)]],
        )
        yield "clone", [["git", "clone", "--quiet", str(self.source), str(self.root)]]
        (self.root / ".git/info/exclude").write_text(EXCLUDED)
        yield (
            "the project's own environment",
            [
                [sys.executable, "-m", "venv", ".venv"],
                *([str(theirs), "-m", "pip", "install", "--quiet", *words] for _, *words in self.project.environment),
            ],
        )
        yield "init --yes", [[everycommit, "init", "--yes"]]
        yield "install", [[everycommit, "install"]]
        for number in ("first", "second"):
            module = self.root / self.project.module
            module.write_text(module.read_text() + PYTHON.good.replace("double", f"double_{number}"))
            yield (
                f"{number} commit: verdict",
                [["git", "add", "--all"], ["git", "commit", "--quiet", "-m", f"The {number}"]],
            )

    def seconds(self) -> tuple[dict[str, float], set[str]]:
        """Walk it; return the seconds of each step, and which verdicts the commit's budget left to the background."""
        took: dict[str, float] = {}
        late: set[str] = set()
        for name, commands in self.path():
            began = time.monotonic()
            for argv in commands:
                cwd = self.root if self.root.exists() else self.home
                done = subprocess.run(
                    argv, cwd=cwd, env=self.environ, capture_output=True, text=True, errors="replace", check=False
                )
                said = done.stdout + done.stderr
                late |= {name} if "in the background" in said else set()
                if done.returncode:
                    raise SystemExit(f"{self.project.name}: {name}: {argv}: exit {done.returncode}\n{said}")
            took[name] = time.monotonic() - began
        return took, late


def wheel() -> Path:
    """Build a wheel of this checkout; return it."""
    folder = WORK / "wheel"
    shutil.rmtree(folder, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--quiet", "--wheel-dir", str(folder), str(TOP)]
    subprocess.run(pip, check=True)
    return next(folder.glob("*.whl"))


def measured(project: Project, source: Path, built: Path, rounds: int) -> list[list[str]]:
    """Return a row a step: the median of *rounds* walks."""
    walks = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(prefix="everycommit-newcomer-", ignore_cleanup_errors=True) as home:
            walks.append(Newcomer(project, source, built, Path(home)).seconds())
    rows = []
    for name in walks[0][0]:
        late = sum(name in one for _, one in walks)
        seconds = f"{statistics.median(walk[name] for walk, _ in walks):.1f}"
        rows.append([project.name, name, seconds, f"{late} of {rounds}" if late else ""])
    ours = statistics.median(sum(walk[name] for name in OURS) for walk, _ in walks)
    return [*rows, [project.name, "ours, to the first verdict", f"{ours:.1f}", ""]]


def main(argv: list[str]) -> int:
    """Measure and print."""
    names = [word for word in argv if not word.isdigit()]
    rounds = next((int(word) for word in argv if word.isdigit()), 3)
    built = wheel()
    rows = []
    for project in PROJECTS:
        if project.name in (names or USUAL):
            source = Checkout(project).root
            rows += measured(project, source, built, rounds)
    print(table(["project", "step", "seconds", "past the budget"], rows))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
