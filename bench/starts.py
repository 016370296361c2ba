"""The cases of compare.py whose cost is the start: pairs that are known, prose, many files, a large map."""

import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import fast
import frameworks
from common import WORK, Cost, Row, bare, environment, in_turn, ratio, sh
from cost import command, fresh, installed, write

MAPPED = 250
"""Modules of the project whose map is asked, with 20 tests each."""
HOOKS = "a no-op hook"


def starts(more: Sequence[Cost], less: Sequence[Cost], start: Sequence[Cost]) -> float:
    """Return the median of the CPU that *more* costs beyond *less*, counted in bare starts."""
    return statistics.median((a.cpu - b.cpu) / c.cpu for a, b, c in zip(more, less, start, strict=True))


def a_start() -> Cost:
    return Cost(bare(), WORK, environment())


def known(runs: int, *, files: int, figure: str = "wall", names: Sequence[str] = frameworks.NAMES) -> list[Row]:
    """A commit whose pair is known; no-op hooks of *names* beside it."""
    _, root = fast.prepared(files)
    none = fast.linked(root, "none", None)
    noop = fast.linked(root, "noop", b"#!/bin/sh\nexit 0\n")
    sides = [fast.commits(none, "--no-verify"), fast.commits(noop), fast.commits(root)]
    for name in names:
        theirs = fast.linked(root, name, None)
        sh(["git", "reset", "--quiet"], theirs)
        frameworks.setting_up(theirs, name, frameworks.NOTHING)
        sh(["git", "add", "."], theirs)
        sides.append(through(theirs, name))
    base, plain, ours, *others = in_turn(runs, *sides)
    case = f"`git commit`, pair known, {files:,} files, {figure}"
    against = "`--no-verify`"
    if files < 1000:
        more = fast.beyond(ours, plain, base, figure)
        rows = [Row(f"{case}, beyond a no-op sh hook", against, more, 0.8, published=1.3)]
    else:
        rows = [Row(case, against, ratio(ours, base, figure), 1.3)]
    named = zip(("sh", *names), (plain, *others), strict=True)
    return [
        *rows,
        *(
            Row(f"{HOOKS} of {name}, {files:,} files, {figure}", against, ratio(costs, base, figure))
            for name, costs in named
        ),
    ]


def through(root: Path, name: str) -> Callable[[], Cost]:
    """Return commits through a framework's hook, each taken back."""

    def one() -> Cost:
        argv = ["git", "commit", "--quiet", "-m", "change"]
        cost = Cost(argv, root, environment(**frameworks.paths(name)))
        assert cost.code == 0, cost.out
        sh(["git", "update-ref", "refs/heads/main", "HEAD^"], root)
        return cost

    return one


def docs(runs: int) -> list[Row]:
    """A commit of prose, new each time, through our hook and through prek's that does nothing; and policy alone."""
    roots = {}
    python = installed("everycommit")
    for name in ("ours", "prek"):
        root = roots[name] = fresh(f"docs-{name}")
        for number in range(100):
            write(root, f"src/shop/m{number}.py", f"X = {number}\n")
        write(root, "README.md", "# Shop\n")
        sh(["git", "add", "."], root)
        sh(["git", "commit", "--quiet", "-m", "start"], root)
    sh(command(python, "install", "--no-fill"), roots["ours"])
    frameworks.setting_up(roots["prek"], "prek", frameworks.NOTHING)
    count = 0

    def staged(root: Path) -> None:
        nonlocal count
        count += 1
        write(root, "README.md", f"# Shop\n\nMore words, {count}.\n")
        sh(["git", "add", "."], root)

    def commit(name: str) -> Callable[[], Cost]:
        def one() -> Cost:
            staged(roots[name])
            cost = Cost(["git", "commit", "--quiet", "-m", "prose"], roots[name], environment())
            assert cost.code == 0, cost.out
            return cost

        return one

    def policy() -> Cost:
        staged(roots["ours"])
        cost = Cost(command(python, "run", "policy"), roots["ours"], environment())
        assert cost.code == 0, cost.out
        return cost

    ours, prek, alone, start = in_turn(runs, commit("ours"), commit("prek"), policy, a_start)
    return [
        Row(
            "`git commit`, prose only, pair new, CPU, beyond prek's no-op",
            "bare Python start",
            starts(ours, prek, start),
            6,
            times=False,
        ),
        Row("`run policy`, CPU", "bare Python start", ratio(alone, start, "cpu"), 6, times=False),
    ]


def again(runs: int) -> list[Row]:
    """Verdicts that are known where the hook without Python cannot say so: all four gates, all in the ledger."""
    root = fresh("again")
    python = installed("everycommit")
    settings = '[tool.mypy]\nfiles = ["src"]\n[tool.pytest.ini_options]\npythonpath = ["src"]\n'
    write(root, "pyproject.toml", settings)
    write(root, ".gitignore", ".venv\n")
    write(root, "src/shop.py", "def f(x: int) -> int:\n    return x\n")
    write(root, "tests/test_shop.py", "from shop import f\n\n\ndef test_f():\n    assert f(1) == 1\n")
    sh(["git", "add", "."], root)
    sh(["git", "commit", "--quiet", "-m", "start"], root)
    sh([sys.executable, "-m", "venv", ".venv"], root)
    sh([".venv/bin/python", "-m", "pip", "install", "--quiet", "pytest"], root)
    sh(["git", "clone", "--quiet", "--bare", ".", str(root / ".git/there.git")], root)
    sh(["git", "remote", "add", "origin", str(root / ".git/there.git")], root)
    sh(["git", "fetch", "--quiet", "origin"], root)
    write(root, "src/shop.py", "def f(x: int) -> int:\n    return 0 + x\n")
    sh(["git", "commit", "--quiet", "--all", "-m", "change"], root)
    before, commit = sh(["git", "rev-parse", "HEAD^", "HEAD"], root).stdout.split()
    rebased = sh(["git", "commit-tree", "HEAD^{tree}", "-p", before, "-m", "change, rebased"], root).stdout.strip()
    hook = command(python, "hook", "pre-commit")
    push = command(python, "hook", "pre-push", "origin", "there")

    def side(argv: Sequence[str], pushed: str) -> Callable[[], Cost]:
        line = f"refs/heads/main {pushed} refs/heads/main {before}\n".encode() if pushed else b""

        def one() -> Cost:
            cost = Cost(argv, root, environment(), line)
            assert cost.code == 0, cost.out
            return cost

        return one

    side(hook, "")()
    sides = {
        "amend with a new message": side(hook, ""),
        "push of a known commit": side(push, commit),
        "push after a rebase to the same trees": side(push, rebased),
    }
    assert "known, judged" in sides["push of a known commit"]().out
    *costs, start = in_turn(runs, *sides.values(), a_start)
    return [
        Row(
            f"known verdict through Python, {name}, CPU",
            "bare Python start",
            ratio(column, start, "cpu"),
            6,
            times=False,
        )
        for name, column in zip(sides, costs, strict=True)
    ]


def large(runs: int, *, many: int = 100_000, few: int = 1000) -> list[Row]:
    """What one changed file costs among *many*, beyond git's own look at the tree, against *few*."""
    python = installed("everycommit")
    count = int(time.time())

    def change(root: Path) -> Callable[[], Cost]:
        def one() -> Cost:
            nonlocal count
            count += 1
            write(root, "src/shop/d0/f0.py", f"X = 0\nY = {count}\n")
            sh(["git", "add", "src/shop/d0/f0.py"], root)
            cost = Cost(command(python, "run"), root, environment())
            assert cost.code == 0, cost.out
            return cost

        return one

    sides = []
    for files in (few, many):
        root = fast.repository(files)
        sh(["git", "status"], root)
        sides += [change(root), lambda root=root: Cost(["git", "status"], root, environment())]
    small, small_status, big, big_status = in_turn(runs, *sides)
    beyond = statistics.median(
        (a.cpu - b.cpu) / (c.cpu - d.cpu) for a, b, c, d in zip(big, big_status, small, small_status, strict=True)
    )
    case = f"one file changed of {many:,}, policy and lint, CPU beyond `git status`"
    return [Row(case, f"the same of {few:,}", beyond, 2)]


def asking(runs: int) -> list[Row]:
    """Looking up in a map of 5,000 tests which of them a change of one body reaches."""
    root = WORK / "compare" / "mapped"
    python = installed("everycommit")
    if not (root / ".git/everycommit/tests.sqlite").exists():
        _mapped(root, python)
    asks = [str(python), "-I", str(Path(__file__).with_name("ask_map.py"))]
    count = int(time.time())

    def ask() -> Cost:
        nonlocal count
        count += 1
        write(root, "src/shop/m7.py", _module(count))
        sh(["git", "add", "src"], root)
        cost = Cost(asks, root, environment(EVERYCOMMIT_TESTS_SELECT_COMMIT="affected"))
        said = json.loads(cost.out.splitlines()[-1])
        assert said["all"] is None, said
        assert 0 < said["chosen"] < 100, said
        cost.cpu = said["work"]
        return cost

    ours, start = in_turn(runs, ask, a_start)
    share = ratio(ours, start, "cpu")
    return [Row(f"asking the map, {20 * MAPPED:,} tests, CPU", "bare Python start", share, 3, times=False)]


def _module(first: int) -> str:
    numbers = [first, *range(1, 20)]
    return "\n\n".join(f"def f{at}(x):\n    return x + {number}\n" for at, number in enumerate(numbers))


def _mapped(root: Path, python: Path) -> None:
    sh(["rm", "-rf", str(root)], WORK)
    root.mkdir(parents=True)
    sh(["git", "init", "--quiet", "--initial-branch=main"], root)
    write(root, "pyproject.toml", '[tool.pytest.ini_options]\npythonpath = ["src"]\n')
    write(root, ".gitignore", ".venv\n")
    write(root, "src/shop/__init__.py", "")
    for number in range(MAPPED):
        write(root, f"src/shop/m{number}.py", _module(0))
        tests = "\n\n".join(f"def test_{at}():\n    assert m{number}.f{at}(1) > {at}\n" for at in range(20))
        write(root, f"tests/test_m{number}.py", f"from shop import m{number}\n\n\n{tests}")
    sh(["git", "add", "."], root)
    sh(["git", "commit", "--quiet", "-m", "start"], root)
    sh([sys.executable, "-m", "venv", ".venv"], root)
    sh([".venv/bin/python", "-m", "pip", "install", "--quiet", "pytest"], root)
    sh(command(python, "tests", "map"), root)
