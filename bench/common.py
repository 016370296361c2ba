"""Shared by the measurements: a clean interpreter, the cost of a whole process, ratios of runs taken in turn."""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

WORK = Path(os.environ.get("EVERYCOMMIT_BENCH", Path(tempfile.gettempdir()) / "everycommit-bench"))
"""Downloads, environments and repositories; kept between runs."""
OWN = Path(sys.executable).parent
PLAIN = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Bench",
    "GIT_AUTHOR_EMAIL": "bench@example.com",
    "GIT_COMMITTER_NAME": "Bench",
    "GIT_COMMITTER_EMAIL": "bench@example.com",
}


def environment(**more: str) -> dict[str, str]:
    """Return this process's environment without the variables of git, Python, pyenv, pre-commit and ours."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GIT_", "PYTHON", "EVERYCOMMIT_", "PYENV_", "PRE_COMMIT")) and name != "VIRTUAL_ENV"
    }
    return kept | PLAIN | {"XDG_CACHE_HOME": str(WORK / "cache"), "XDG_CONFIG_HOME": str(WORK / "config")} | more


def sh(argv: Sequence[str], cwd: Path, *, check: bool = True, **more: str) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end."""
    return subprocess.run(
        argv, cwd=cwd, env=environment(**more), capture_output=True, text=True, errors="replace", check=check
    )


def venv(name: str, *packages: str) -> Path:
    """Return the Python of a virtual environment with *packages*, made at the first call."""
    folder = WORK / "venvs" / name
    python = folder / "bin/python"
    if not (folder / ".done").exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        if packages:
            subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
        (folder / ".done").touch()
    return python


def bare() -> list[str]:
    """Return the command line of a bare Python start: ``-c pass`` of a clean environment's interpreter."""
    return [str(venv("bare")), "-I", "-c", "pass"]


class NotMeasuredError(Exception):
    """This machine does not let it be measured; the text says what was seen. No verdict on speed."""


class Cost:
    """Seconds of one run."""

    work = 0.0
    """Those that the run itself says it took, without its start."""

    def __init__(self, argv: Sequence[str], cwd: Path, environ: dict[str, str], stdin: bytes = b"") -> None:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        began = time.perf_counter()
        done = subprocess.run(argv, cwd=cwd, env=environ, input=stdin, capture_output=True, check=False)
        self.wall = time.perf_counter() - began
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        self.code = done.returncode
        self.out = (done.stdout + done.stderr).decode(errors="replace")


def in_turn(runs: int, *sides: Callable[[], Cost]) -> list[list[Cost]]:
    """Run every side once a round, *runs* rounds after one that does not count; return the costs a side."""
    rounds = [[side() for side in sides] for _ in range(runs + 1)][1:]
    return [list(column) for column in zip(*rounds, strict=True)]


def ratio(ours: Sequence[Cost], theirs: Sequence[Cost], figure: str) -> float:
    """Return the median of the pairwise ratios of *figure* (``wall`` or ``cpu``)."""
    return statistics.median(getattr(a, figure) / getattr(b, figure) for a, b in zip(ours, theirs, strict=True))


def median(costs: Sequence[Cost], figure: str) -> float:
    return statistics.median(getattr(cost, figure) for cost in costs)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


@dataclass(frozen=True)
class Row:
    """A line of the table: what was measured, against what, and how large it may be."""

    case: str
    against: str
    measured: float
    bound: float | None = None
    """None: for comparison alone."""
    times: bool = True
    """Whether it is a ratio; else it is counted in what it is measured against."""
    published: float | None = None
    """Of a bound that is not met, the number that docs/performance.md has: the short form holds to that one."""

    def within(self, slack: float = 1.0) -> bool:
        return self.bound is None or self.measured <= self.bound * slack

    def held(self, slack: float) -> bool:
        """Tell whether it is no worse than *slack* times the bound, or than what is published where that is worse."""
        return self.bound is None or self.measured <= max(self.bound, self.published or 0.0) * slack

    def cells(self) -> list[str]:
        unit = "x" if self.times else ""
        bound = "" if self.bound is None else f"{self.bound:g}{unit}"
        met = "" if self.bound is None else "yes" if self.within() else "NO"
        return [self.case, self.against, f"{self.measured:.2f}{unit}", bound, met]
