"""What the hook costs a commit whose pair is known, against no hook and a hook that does nothing; medians of pairs.

.venv/bin/python bench/fast.py            # 100 and 20,000 files
.venv/bin/python bench/fast.py 100 --runs 25
"""

import argparse
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from common import WORK, Cost, NotMeasuredError, bare, environment, in_turn, ratio, sh, table
from cost import command, fresh, installed, write

TRIES = 3
BOUNDS = {100: "no-op + 0.8", 20_000: "1.3"}


def repository(files: int) -> Path:
    """Return a repository with a change of code staged; its Python is a clean environment in ``.venv``."""
    root = fresh(f"fast-{files}")
    for number in range(files):
        write(root, f"src/shop/d{number % 200}/f{number}.py", f"X = {number}\n")
    write(root, ".gitignore", ".venv\n")
    write(root, "pyproject.toml", '[tool.everycommit]\ncommit = ["policy", "lint"]\n')
    sh(["git", "add", "."], root)
    sh(["git", "commit", "--quiet", "-m", "start"], root)
    sh([sys.executable, "-m", "venv", ".venv"], root)
    write(root, "src/shop/d0/f0.py", "X = 0\nY = 1\n")
    sh(["git", "add", "."], root)
    return root


def linked(root: Path, name: str, hook: bytes | None) -> Path:
    """Return a copy of *root* without its Python, whose pre-commit hook is *hook*."""
    copy = root.with_name(f"{root.name}-{name}")
    shutil.rmtree(copy, ignore_errors=True)
    sh(["cp", "-a", str(root), str(copy)], root.parent)
    sh(["git", "add", "."], copy)
    place = copy / ".git/hooks/pre-commit"
    place.unlink(missing_ok=True)
    if hook is not None:
        place.write_bytes(hook)
        place.chmod(0o755)
    return copy


def commits(root: Path, *flags: str) -> Callable[[], Cost]:
    """Return a side of the race: a commit of what is staged, taken back so that the next is of the same pair."""

    def one() -> Cost:
        cost = Cost(["git", "commit", "--quiet", "-m", "change", *flags], root, environment())
        assert cost.code == 0, cost.out
        sh(["git", "update-ref", "refs/heads/main", "HEAD^"], root)
        if not flags and "everycommit" in (root / ".git/hooks/pre-commit").read_text():
            assert "known, judged at" in cost.out, cost.out
        return cost

    return one


def prepared(files: int) -> tuple[Path, Path]:
    """Return our Python, and a repository with our hooks in which the staged change is known to the hook."""
    root = repository(files)
    python = installed("everycommit")
    sh(command(python, "install", "--no-fill"), root)
    facts = root / ".git/everycommit/known/facts"
    for _ in range(TRIES):
        time.sleep(2.1)  # what has just changed is not written down: the first run makes folders beside the settings
        said = sh(command(python, "run"), root).stdout
        if facts.exists():
            return python, root
    raise NotMeasuredError(f"the hook without Python got nothing to go by in {TRIES} runs; the last one said: {said}")


def beyond(known: Sequence[Cost], plain: Sequence[Cost], base: Sequence[Cost], figure: str) -> float:
    """Return the median of what *known* costs more than *plain*, as ratio to *base*."""
    return statistics.median(
        (getattr(a, figure) - getattr(b, figure)) / getattr(c, figure)
        for a, b, c in zip(known, plain, base, strict=True)
    )


def measured(files: int, runs: int) -> list[list[str]]:
    python, root = prepared(files)
    none, noop = linked(root, "none", None), linked(root, "noop", b"#!/bin/sh\nexit 0\n")
    sides = [commits(none, "--no-verify"), commits(noop), commits(root), lambda: Cost(bare(), root, environment())]
    sides.append(lambda: Cost(command(python, "run"), root, environment()))
    base, plain, known, start, again = in_turn(runs, *sides)
    name = f"`git commit`, pair known, {files:,} files"
    rows = []
    for figure in ("wall", "cpu"):
        more = beyond(known, plain, base, figure)
        bound = BOUNDS.get(files, "") if figure == "wall" else ""
        rows += [
            [f"{name}, {figure}", "`--no-verify`", f"{ratio(known, base, figure):.2f}", bound],
            [f"no-op sh hook, {files:,} files, {figure}", "`--no-verify`", f"{ratio(plain, base, figure):.2f}", ""],
            [f"{name}: more than a no-op sh hook, {figure}", "`--no-verify`", f"{more:+.2f}", ""],
        ]
    through = ratio(again, start, "cpu")
    return [*rows, [f"the same pair through Python, {files:,} files, CPU", "bare Python start", f"{through:.1f}", ""]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=int, default=[*BOUNDS], help="how many files the repository has")
    parser.add_argument("--runs", type=int, default=15)
    args = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    rows = [row for files in args.files for row in measured(files, args.runs)]
    print(table(["what", "against", "ratio", "bound"], rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
