"""Real coding agents on a scripted model on the loopback, and sessions that mend one finding a round.

    .venv/bin/python bench/agents.py --install    # the clients, from the npm registry, into the bench's folder
    .venv/bin/python bench/agents.py              # each of them over the same script: do the hooks hold it?
    .venv/bin/python bench/agents.py --loops      # 20 sessions: rounds and seconds to green, and against judging anew

A session of ``--loops`` begins with 6 findings of lint and types in 6 of 60 modules; the agent mends the first that
it is told of, and stops again. ``agent.rounds`` is 8. The other side judges all again each time: ``everycommit run
--worktree --fresh`` with the caches of the tools gone, as a container without history does.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import table

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from acting import stop
from real_agents import HOME, REAL, session
from support import Repo

SESSIONS = 20
MODULES = 60
WRONG = 6
SETTINGS = """\
[tool.everycommit]
commit = ["policy", "lint", "types"]
[tool.everycommit.agent]
rounds = 8
"""


def install() -> None:
    """Get the clients; those whose packages start a program of their own at the installation do without it."""
    HOME.mkdir(parents=True, exist_ok=True)
    packages = [real.package for real in REAL.values()]
    subprocess.run(["npm", "install", "--prefix", str(HOME), "--no-audit", "--no-fund", *packages], check=True)


def version(name: str) -> str:
    done = subprocess.run(
        [REAL[name].program, "--version"], capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin"}
    )
    return done.stdout.split("\n")[0].strip()


def clients() -> int:
    """Run each client over the script; return how many were not held."""
    bad, rows = 0, []
    for name, real in REAL.items():
        if not real.program.exists():
            rows.append([name, "not installed", "", ""])
            continue
        with tempfile.TemporaryDirectory() as folder:
            found = session(name, Path(folder))
            obeyed = found.obeyed()
        lost = [what for what, held in obeyed.items() if not held]
        bad += bool(lost)
        held = f"{len(obeyed) - len(lost)} of {len(obeyed)}"
        rows.append([name, version(name), held, f"{found.seconds:.1f} s", "; ".join(lost)])
    print(table(["client", "version", "held", "session", "not held"], rows))
    return bad


def project(folder: Path) -> Repo:
    """Return a repository of modules, some of which are wrong in the working tree."""
    repo = Repo.make(folder / "repo", folder / "home")
    repo.environ["VIRTUAL_ENV"] = sys.prefix
    for number in range(MODULES):
        repo.stage(
            f"shop/m{number}.py", f'"""Module {number}."""\n\n\ndef f(x: int) -> int:\n    return x + {number}\n'
        )
    repo.stage("pyproject.toml", SETTINGS).stage("shop/__init__.py", "").commit("start")
    for number in range(WRONG):
        repo.write(f"shop/m{number}.py", wrong(number))
    return repo


def wrong(number: int) -> str:
    if number % 2:
        return f'"""Module {number}."""\n\n\ndef f(x: int) -> str:\n    return x + {number}\n'
    return f'"""Module {number}."""\n\nimport os\n\n\ndef f(x: int) -> int:\n    return x - {number}\n'


def right(number: int) -> str:
    return f'"""Module {number}."""\n\n\ndef f(x: int) -> int:\n    return x - {number}\n'


def mended(repo: Repo, text: str) -> bool:
    """Mend the first finding that *text* tells of; tell whether there was one."""
    for line in text.split("\n"):
        if line.startswith("- shop/m"):
            number = int(line.removeprefix("- shop/m").partition(".")[0])
            repo.write(f"shop/m{number}.py", right(number))
            return True
    return False


def loop(folder: Path) -> tuple[int, list[float], bool]:
    """Return rounds, seconds of each stop, and whether all was well at the end."""
    repo = project(folder)
    seconds: list[float] = []
    again = False
    while len(seconds) < 3 * WRONG:
        began = time.perf_counter()
        said = stop(repo, again=again)
        seconds.append(time.perf_counter() - began)
        if said.silent:
            return len(seconds), seconds, True
        answer = said.json
        if "reason" not in answer or not mended(repo, answer["reason"]):
            return len(seconds), seconds, False
        again = True
    return len(seconds), seconds, False


def anew(folder: Path, rounds: int) -> float:
    """Return the seconds that *rounds* runs take that know nothing of each other."""
    repo = project(folder)
    total = 0.0
    for number in range(rounds):
        shutil.rmtree(Path(repo.environ["XDG_CACHE_HOME"]), ignore_errors=True)
        began = time.perf_counter()
        repo.everycommit("run", "--worktree", "--fresh", "policy", "lint", "types")
        total += time.perf_counter() - began
        if number < WRONG:
            repo.write(f"shop/m{number}.py", right(number))
    return total


def loops() -> int:
    """Run the sessions; return how many did not get to green."""
    rows, bad = [], 0
    firsts, laters, totals, others, numbers = [], [], [], [], []
    for _ in range(SESSIONS):
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
            rounds, seconds, green = loop(Path(one))
            bad += not green
            numbers.append(rounds)
            firsts.append(seconds[0])
            laters += seconds[1:]
            totals.append(sum(seconds))
            others.append(anew(Path(other), rounds))
    middle = lambda values: sorted(values)[len(values) // 2]  # noqa: E731
    ratio = middle([a / b for a, b in zip(totals, others, strict=True)])
    rows.append(["sessions that got to green", f"{SESSIONS - bad} of {SESSIONS}"])
    rows.append(["stops of a session, median (most)", f"{middle(numbers)} ({max(numbers)})"])
    rows.append(["first stop, caches cold, median", f"{middle(firsts):.2f} s"])
    rows.append(["later stops, median", f"{middle(laters):.2f} s"])
    rows.append(["to green, median", f"{middle(totals):.1f} s"])
    rows.append(["the same, judged anew each time", f"{middle(others):.1f} s"])
    rows.append(["ratio of the two, median", f"{ratio:.2f}"])
    print(table(["", "measured"], rows))
    return bad


def main(argv: list[str]) -> int:
    if argv == ["--install"]:
        install()
        return 0
    return loops() if argv == ["--loops"] else clients()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
