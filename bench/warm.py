"""The cases of compare.py in which lint, types and tests run, all warm: one line changed, and the first recording."""

import json
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import frameworks
from common import Cost, Row, environment, in_turn, ratio, sh
from cost import command, fresh, installed, together, write
from frameworks import Check
from selection import PACKAGES, Checkout

AFFECTED = {"EVERYCOMMIT_TESTS_SELECT_COMMIT": "affected"}
SEQUENCE = "`ruff; mypy; pytest` on the whole project"


@dataclass(frozen=True)
class Line:
    """A line in the body of a function, and another that does the same, with a number in it."""

    name: str
    path: str
    old: str
    new: str
    types: Sequence[str]
    """What follows ``mypy``."""
    at_once: float | None
    in_sequence: float


LINES = {
    one.name: one
    for one in (
        Line(
            "click",
            "src/click/utils.py",
            'help.partition("\\n\\n")[0].split()',
            'help.partition("\\n\\n")[0].split(None, {number})',
            (),
            at_once=1.1,
            in_sequence=0.35,
        ),
        Line(
            "boltons",
            "boltons/mathutils.py",
            "return min(max(x, lower), upper)",
            "return min(max(x, lower), upper) + 0 * {number}",
            ("--ignore-missing-imports", "boltons"),
            at_once=None,
            in_sequence=0.2,
        ),
    )
}
SETTLED = 8.0
"""Seconds for a server to have loaded what it loads."""
BUSY = 40
"""Tests of the small project, about 0.05 s of CPU each."""


@dataclass(frozen=True)
class Sides:
    """The same edits in a tree of ours and in plain copies, a copy for each way to judge it."""

    line: Line
    root: Path
    python: Path
    """Ours; ruff and mypy lie beside it."""
    count: list[int] = field(default_factory=lambda: [int(time.time())])

    @property
    def interpreter(self) -> str:
        return str(self.root / ".venv/bin/python")

    @property
    def mypy(self) -> list[str]:
        return [str(self.python), "-m", "mypy", "--python-executable", self.interpreter, *self.line.types]

    @property
    def ruff(self) -> list[str]:
        return [str(self.python.with_name("ruff")), "check", "--no-fix"]

    @property
    def pytest(self) -> list[str]:
        return [self.interpreter, "-m", "pytest", "-q"]

    def plain(self, name: str) -> Path:
        """Return a copy of the tree without environment and hooks."""
        copy = self.root.with_name(f"{self.root.name}-{name}")
        shutil.rmtree(copy, ignore_errors=True)
        left_out = shutil.ignore_patterns(".venv", "everycommit", "hooks")
        shutil.copytree(self.root, copy, symlinks=True, ignore=left_out)
        sh(["git", "reset", "--quiet", "--hard"], copy)
        return copy

    def edit(self, tree: Path) -> None:
        """Write and stage a content that no tool has met."""
        self.count[0] += 1
        original = sh(["git", "show", f"HEAD:{self.line.path}"], tree).stdout
        assert self.line.old in original
        (tree / self.line.path).write_text(original.replace(self.line.old, self.line.new.format(number=self.count[0])))
        sh(["git", "add", self.line.path], tree)

    def variables(self, tree: Path) -> dict[str, str]:
        """Return what makes the tests of a plain copy import the copy: the editable install names the first tree."""
        return {"PYTHONPATH": str(tree / Path(self.line.path).parts[0]) if "src" in self.line.path else str(tree)}

    def ours(self) -> Cost:
        self.edit(self.root)
        cost = Cost(command(self.python, "run", "lint", "types", "tests"), self.root, environment(**AFFECTED))
        assert cost.code == 0, cost.out
        return cost

    def bare_at_once(self) -> Callable[[], Cost]:
        tree = self.plain("bare")
        self.edit(self.root)
        said = sh(command(self.python, "tests", "explain"), self.root, **AFFECTED).stdout.splitlines()
        print(f"{self.line.name}: {said[0]}", flush=True)
        # Where nothing can be left out only the first line is there: all tests, and why.
        ids = [line for line in said[1:] if not line.startswith(" ")]

        def one() -> Cost:
            self.edit(tree)
            argvs = [[*self.ruff, self.line.path], self.mypy, [*self.pytest, *ids]]
            return together([(argv, self.variables(tree)) for argv in argvs], tree, codes=(0, 1))

        return one

    def in_sequence(self) -> Callable[[], Cost]:
        tree = self.plain("sequence")

        def one() -> Cost:
            self.edit(tree)
            costs = [
                Cost(argv, tree, environment(**self.variables(tree))) for argv in (self.ruff, self.mypy, self.pytest)
            ]
            assert all(cost.code in {0, 1} for cost in costs), [cost.out for cost in costs]
            whole = costs[0]
            whole.wall, whole.cpu = sum(cost.wall for cost in costs), sum(cost.cpu for cost in costs)
            return whole

        return one

    def through(self, name: str) -> Callable[[], Cost]:
        tree = self.plain(name)
        checks = [Check("ruff", self.ruff, on_files=True), Check("mypy", self.mypy), Check("pytest", self.pytest)]
        frameworks.setting_up(tree, name, checks)
        run = frameworks.running(tree, name, **self.variables(tree))

        def one() -> Cost:
            self.edit(tree)
            cost = run()
            assert cost.code in {0, 1}, cost.out
            assert "Passed" in cost.out or name == "lefthook", cost.out
            return cost

        return one


def one_line(runs: int, *, package: str, names: Sequence[str] = frameworks.NAMES) -> list[Row]:
    """One line of a body changed in a real package; the same checks through *names* beside it."""
    line = LINES[package]
    here = Checkout(PACKAGES[package])
    sides = Sides(line, here.root, installed("everycommit"))
    sh(["git", "reset", "--quiet", "--hard"], here.root)
    everything = [sides.ours, sides.bare_at_once(), sides.in_sequence(), *map(sides.through, names)]
    ours, at_once, sequence, *others = in_turn(runs, *everything)
    sh(["git", "reset", "--quiet", "--hard"], here.root)
    case = f"one line changed in {package}, wall"
    return [
        Row(case, "the same tools and tests, bare, at once", ratio(ours, at_once, "wall"), line.at_once),
        Row(case, SEQUENCE, ratio(ours, sequence, "wall"), line.in_sequence),
        *(
            Row(f"the same checks through {name}, {package}", SEQUENCE, ratio(costs, sequence, "wall"))
            for name, costs in zip(names, others, strict=True)
        ),
    ]


def server(runs: int, *, package: str = "boltons") -> list[Row]:
    """The tests that one changed line reaches, in a fork of the pytest server against a fresh pytest."""
    here = Checkout(PACKAGES[package])
    sides = Sides(LINES[package], here.root, installed("everycommit"))
    sh(["git", "reset", "--quiet", "--hard"], here.root)

    def tests(**more: str) -> Callable[[], Cost]:
        def one() -> Cost:
            sides.edit(here.root)
            argv = command(sides.python, "run", "tests", "--format", "json")
            cost = Cost(argv, here.root, environment(**AFFECTED, **more))
            assert cost.code == 0, cost.out
            cost.work = json.loads(cost.out)["verdicts"][0]["gates"][0]["seconds"]
            return cost

        return one

    served = tests(EVERYCOMMIT_TESTS_SERVER="true")
    served()
    time.sleep(SETTLED)
    forked, fresh = in_turn(runs, served, tests())
    sh(["git", "reset", "--quiet", "--hard"], here.root)
    case = f"tests of one line changed in {package}, in the pytest server"
    against = "the same in a fresh pytest"
    return [
        Row(f"{case}, the gate's own seconds", against, ratio(forked, fresh, "work")),
        Row(f"{case}, wall of the whole run", against, ratio(forked, fresh, "wall")),
    ]


def small(runs: int) -> list[Row]:
    """The same, in CPU, on a small project that is made here, whose tests are what takes time."""
    root = fresh("small")
    python = installed("everycommit")
    write(root, "pyproject.toml", '[tool.mypy]\nfiles = ["src"]\n[tool.pytest.ini_options]\npythonpath = ["src"]\n')
    write(root, ".gitignore", ".venv\n.mypy_cache\n.ruff_cache\n.pytest_cache\n__pycache__\n")
    write(root, "src/shop/__init__.py", "")
    burn = "    until = time.process_time() + 0.05\n    while time.process_time() < until:\n        pass\n"
    for number in range(BUSY):
        write(root, f"src/shop/m{number}.py", f"def f(x: int) -> int:\n    return x + {number}\n")
        head = f"import time\n\nfrom shop.m{number} import f\n\n\ndef test_f():\n{burn}"
        write(root, f"tests/test_m{number}.py", f"{head}    assert f(1) > 0\n")
    sh(["git", "add", "."], root)
    sh(["git", "commit", "--quiet", "-m", "start"], root)
    sh([sys.executable, "-m", "venv", ".venv"], root)
    sh([".venv/bin/python", "-m", "pip", "install", "--quiet", "pytest"], root)
    sh(command(python, "tests", "map"), root)
    line = Line("small", "src/shop/m7.py", "x + 7", "x + {number}", (), None, 0.35)
    sides = Sides(line, root, python)
    ours, sequence = in_turn(runs, sides.ours, sides.in_sequence())
    return [Row("one line changed in a small project, CPU", SEQUENCE, ratio(ours, sequence, "cpu"), line.in_sequence)]


def recording(runs: int, *, package: str = "click") -> list[Row]:
    """The first recording of a real package's tests against a plain run of them."""
    here = Checkout(PACKAGES[package])
    python = installed("everycommit")
    map_ = command(python, "tests", "map")
    plain = [str(here.root / ".venv/bin/python"), "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    pairs = []
    for _ in range(max(1, runs // 4)):
        ours, theirs = Cost(map_, here.root, environment()), Cost(plain, here.root, environment())
        assert (ours.code, theirs.code) == (0, 0), ours.out + theirs.out
        pairs.append(ours.cpu / theirs.cpu)
    return [Row(f"first recording of {package}, CPU", "a plain run of its tests", statistics.median(pairs), 8)]
