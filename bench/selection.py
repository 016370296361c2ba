"""Is any test missed? Mutants of real packages: the tests that fail on a full run against those that are selected.

    .venv/bin/python bench/selection.py run boltons --count 20 --seed 1   # 20 of each class; goes on where it was
    .venv/bin/python bench/selection.py table                            # what came out, by package and class

A mutant is *killed* when a test fails that passed before. It is *missed* when none of the failing tests was selected,
and a *test* is missed when it fails and was not selected. Results are JSON lines in the folder of measurements.
"""

import argparse
import ast
import json
import random
import shutil
import statistics
import subprocess
import sys
import tarfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from common import OWN, WORK, environment, sh, table, venv
from everycommit.selection.reach import Changed, selected
from everycommit.testmap import TestMap, bits, place

AGAIN = 2
"""Times that a test has to fail again to count as missed."""
LIMIT = 300.0
"""Seconds of one full run."""


@dataclass(frozen=True)
class Package:
    """A real package: where its source lies, and what its tests need."""

    name: str
    version: str
    source: str
    build: tuple[str, ...] = ("setuptools", "flit-core")
    needs: tuple[str, ...] = ()
    args: tuple[str, ...] = ()


PACKAGES = {
    one.name: one
    for one in (
        Package("boltons", "26.2.0", "boltons"),
        Package("click", "8.5.1", "src/click"),
        Package("jinja2", "3.1.6", "src/jinja2", needs=("trio",)),
    )
}


class Checkout:
    """The package as a repository with a map, and a plain copy to mutate."""

    def __init__(self, package: Package) -> None:
        self.package = package
        self.root = WORK / "selection" / package.name
        if not (self.root / ".ready").exists():
            self._fill()
        self.map = place(self.root / ".git", ".")

    def _fill(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)
        self.root.parent.mkdir(parents=True, exist_ok=True)
        archive = self._archive()
        with tarfile.open(archive) as tar:
            top = tar.getnames()[0].split("/")[0]
            tar.extractall(self.root.parent, filter="data")
        (self.root.parent / top).rename(self.root)
        (self.root / ".gitignore").write_text(".venv/\n*.egg-info/\n__pycache__/\n.ready\n.pytest_cache/\n")
        sh(["git", "init", "--quiet", "--initial-branch=main"], self.root)
        sh(["git", "add", "."], self.root)
        sh(["git", "commit", "--quiet", "-m", "start"], self.root)
        sh([sys.executable, "-m", "venv", ".venv"], self.root)
        needs = ["pytest", *self.package.needs]
        sh([".venv/bin/python", "-m", "pip", "install", "--quiet", *needs, "-e", "."], self.root)
        print(sh([str(OWN / "everycommit"), "tests", "map"], self.root).stdout)
        (self.root / ".ready").touch()

    def _archive(self) -> Path:
        folder = WORK / "sdists"
        folder.mkdir(parents=True, exist_ok=True)
        pattern = f"{self.package.name}-{self.package.version}.tar.gz"
        if not list(folder.glob(pattern)):
            pip = [str(venv("tools", "pip", *self.package.build)), "-m", "pip", "download", "--no-deps"]
            wanted = f"{self.package.name}=={self.package.version}"
            sh([*pip, "--no-binary=:all:", "--no-build-isolation", wanted], folder)
        return next(folder.glob(pattern))

    def failing(self, only: Sequence[str] = ()) -> set[str] | None:
        """Return the ids that a full run does not pass, of what cannot be collected the files; None: it broke."""
        argv = [
            ".venv/bin/python",
            "-m",
            "pytest",
            "-q",
            "--tb=no",
            "-p",
            "no:cacheprovider",
            "-rfE",
            *self.package.args,
        ]
        try:
            done = subprocess.run(
                ["nice", "-n", "15", *argv, "--continue-on-collection-errors", *only],
                cwd=self.root,
                env=environment(PYTHONDONTWRITEBYTECODE="1"),
                capture_output=True,
                text=True,
                errors="replace",
                timeout=LIMIT,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return None
        if done.returncode not in {0, 1, 2}:
            # The conftest cannot be imported: every run says so, whatever is selected.
            return {"*"} if done.returncode == 4 else None
        lines = [line.split(" ", 1)[1] for line in done.stdout.splitlines() if line.startswith(("FAILED ", "ERROR "))]
        return {line.split(" - ")[0].strip() for line in lines}


Edit = tuple[str, bytes, bytes]
"""A path with its old and its new content."""
Spot = tuple[str, int, int, str]
"""A path, from where to where in its bytes, and the text that comes there."""


def spots(root: Path, files: Sequence[str], find: Callable[[ast.Module], Iterator[tuple[ast.AST, str]]]) -> list[Spot]:
    """Return each place that *find* yields: a node and the text that takes its place."""
    edits = []
    for path in files:
        content = (root / path).read_bytes()
        try:
            module = ast.parse(content)
        except SyntaxError:
            continue
        lines = content.splitlines(keepends=True)
        starts = [0]
        for line in lines:
            starts.append(starts[-1] + len(line))
        for node, text in find(module):
            first = starts[node.lineno - 1] + node.col_offset
            last = starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)
            edits.append((path, first, last, text))
    return edits


def drawn(root: Path, places: Sequence[Spot], word: str) -> Edit:
    """Return the edit that *word* draws from *places*, of those that leave a file which can be parsed."""
    draw = random.Random(word)
    while True:
        path, first, last, text = draw.choice(places)
        old = (root / path).read_bytes()
        new = old[:first] + text.encode() + old[last:]
        try:
            if path.endswith(".py"):
                ast.parse(new)
        except (SyntaxError, ValueError):
            continue
        if new != old:
            return path, old, new


def other(node: ast.AST) -> str | None:  # noqa: PLR0911 - a type a case
    """Return another constant than *node*."""
    match node:
        case ast.Constant(value=bool() as value):
            return repr(not value)
        case ast.Constant(value=int() as value):
            return repr(value + 1)
        case ast.Constant(value=float() as value):
            return repr(value + 1.5)
        case ast.Constant(value=str() as value):
            return repr(value + "x")
        case ast.Constant(value=bytes() as value):
            return repr(value + b"x")
        case ast.Constant(value=None):
            return "0"
        case _:
            return None


def constants(root: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    for node in ast.walk(root):
        text = other(node)
        if text is not None and hasattr(node, "lineno"):
            yield node, text


def functions(module: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(module) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def bodies(module: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    for function in functions(module):
        body = function.body[1:] if ast.get_docstring(function) else function.body
        for statement in body:
            for node in ast.walk(statement):
                match node:
                    case ast.Return(value=ast.expr() as value):
                        yield value, "None"
                    case ast.Compare(ops=[ast.Eq()]):
                        yield node, ast.unparse(node).replace("==", "!=", 1)
                    case ast.If(test=test):
                        yield test, f"not ({ast.unparse(test)})"
                    case _:
                        pass
            yield from constants(statement)


def module_constants(module: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    for statement in module.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
            yield from constants(statement.value)
        if isinstance(statement, ast.If | ast.Try):
            yield from constants(statement)
        if isinstance(statement, ast.If):
            yield statement.test, f"not ({ast.unparse(statement.test)})"


def class_attributes(module: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    for cls in (node for node in ast.walk(module) if isinstance(node, ast.ClassDef)):
        for statement in cls.body:
            if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
                yield from constants(statement.value)
                yield statement.value, "None"


def heads(module: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    for function in functions(module):
        for default in (*function.args.defaults, *function.args.kw_defaults):
            if default is not None:
                yield from constants(default)
        for decorator in function.decorator_list:
            yield decorator, "(lambda thing: thing)"
        for argument in (*function.args.args, *function.args.kwonlyargs):
            if argument.annotation is not None:
                yield argument.annotation, "'int'"


def exports(module: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    for statement in module.body:
        if isinstance(statement, ast.ImportFrom):
            for alias in statement.names:
                yield alias, f"{alias.name} as everycommit_{alias.asname or alias.name}"
        if isinstance(statement, ast.Assign):
            yield from constants(statement.value)


def fixtures(module: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    for function in functions(module):
        marked = [one for one in function.decorator_list if "fixture" in ast.unparse(one)]
        if marked:
            yield from constants(ast.Module(function.body, []))
            for node in ast.walk(function):
                if isinstance(node, ast.Return | ast.Yield) and node.value is not None:
                    yield node.value, "None"
            for one in marked:
                yield one, "(lambda thing: thing)"


def renamed(module: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """Methods under another name: what asked for them, by whatever way, does not find them."""
    for cls in (node for node in ast.walk(module) if isinstance(node, ast.ClassDef)):
        for function in cls.body:
            if isinstance(function, ast.FunctionDef) and not function.decorator_list:
                yield function, ast.unparse(function).replace(f"def {function.name}(", f"def {function.name}_x(", 1)


def added(module: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """Methods that a class gets: special ones, and those that a base class has."""
    everywhere = sorted({function.name for function in functions(module)})
    for cls in (node for node in ast.walk(module) if isinstance(node, ast.ClassDef)):
        own = {one.name for one in cls.body if isinstance(one, ast.FunctionDef)}
        first = cls.body[-1]
        if first.lineno == cls.lineno:
            continue
        pad = " " * first.col_offset
        text = ast.unparse(first).replace("\n", f"\n{pad}")
        for name in ("__bool__", "__len__", "__eq__", "__getattr__", "__iter__", *everywhere):
            if name not in own:
                yield first, f"def {name}(self, *args, **kwargs):\n{pad}    raise RuntimeError\n{pad}{text}"


CLASSES: dict[str, tuple[str, Callable[[ast.Module], Iterator[tuple[ast.AST, str]]]]] = {
    "function bodies": ("source", bodies),
    "module constants": ("source", module_constants),
    "class attributes": ("source", class_attributes),
    "decorators, defaults, annotations": ("source", heads),
    "__init__ exports": ("init", exports),
    "conftest and fixtures": ("tests", fixtures),
    "methods renamed": ("source", renamed),
    "methods added": ("source", added),
}


def edits(here: Checkout, name: str) -> list[Spot]:
    root, package = here.root, here.package
    tracked = sh(["git", "ls-files"], root).stdout.splitlines()
    if name == "data files":
        with closing(TestMap(here.map)) as there:
            data = [one for one in tracked if not one.endswith(".py") and there.touched("opened", one) > 1]
        return [(one, at, 1 << 40, "x") for one in data for at in (0, 8)]
    where, find = CLASSES[name]
    python = [one for one in tracked if one.endswith(".py")]
    source = [one for one in python if one.startswith(f"{package.source}/")]
    tests = [one for one in python if one.startswith("tests/")]
    chosen = {
        "source": [one for one in source if not one.endswith("__init__.py")],
        "init": [one for one in source if one.endswith("__init__.py")] or source,
        "tests": tests,
    }[where]
    return spots(root, chosen, find)


def left_out(here: Checkout, edit: Edit) -> tuple[set[str], float, str | None]:
    """Return the ids that would not run, the share of those that would, and why all where it is all."""
    path, old, new = edit
    with closing(TestMap(here.map)) as there:
        found = selected([Changed(path, old, new)], there)
        wanted = found.tests | there.always()
        if found.all is not None or there.meta.get("always"):
            wanted = there.everyone()
        # A test that was not recorded always runs.
        left = {there.tests[number][0] for number in bits(there.everyone() & ~wanted)}
        return left, 1 - len(left) / len(there.tests), found.all


def run(package: Package, count: int, seed: int, only: Sequence[str]) -> None:
    here = Checkout(package)
    results = WORK / "selection" / f"{package.name}.jsonl"
    done = set()
    if results.exists():
        done = {(one["class"], one["seed"], one["number"]) for one in map(json.loads, results.open())}
    sh(["git", "checkout", "--quiet", "--force", "HEAD", "--", "."], here.root)
    before = here.failing() or set()
    plans = {name: edits(here, name) for name in (*CLASSES, "data files") if not only or name in only}
    for number in range(count):
        for name, places in plans.items():
            if (name, seed, number) in done or not places:
                continue
            edit = drawn(here.root, places, f"{seed} {name} {number}")
            told = judged(here, edit, before)
            record = {"package": package.name, "class": name, "seed": seed, "number": number, **told}
            with results.open("a") as file:
                file.write(json.dumps(record) + "\n")
            if told["missed_tests"]:
                print(json.dumps(record), flush=True)


def judged(here: Checkout, edit: Edit, before: set[str]) -> dict[str, object]:
    path, old, new = edit
    left, share, whole = left_out(here, edit)
    (here.root / path).write_bytes(new)
    try:
        failing = here.failing()
        killed = sorted((failing or set()) - before)
        # What cannot be collected is found by every run: all files are collected whatever is selected.
        missed = [one for one in killed if one in left]
        for _ in range(AGAIN if missed else 0):
            # One that fails now and then by itself is no test of this.
            missed = sorted((here.failing(missed) or set()) & set(missed)) if missed else []
    finally:
        (here.root / path).write_bytes(old)
    return {
        "path": path,
        "edit": difference(old, new),
        "late": failing is None,
        "killed": len(killed),
        "missed": bool(killed) and len(missed) == len(killed),
        "missed_tests": missed,
        "share": share,
        "all": whole,
    }


def difference(old: bytes, new: bytes) -> str:
    one, two = old.decode(errors="replace").splitlines(), new.decode(errors="replace").splitlines()
    place_ = next((at for at, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), 0)
    return f"{place_ + 1}: {one[place_].strip() if place_ < len(one) else ''} => {two[place_].strip()}"[:200]


def show() -> int:
    groups: dict[tuple[str, str], list[dict[str, object]]] = defaultdict(list)
    for path in sorted((WORK / "selection").glob("*.jsonl")):
        for line in path.open():
            one = json.loads(line)
            groups[one["package"], one["class"]].append(one)
            groups[one["package"], "all"].append(one)
    rows = []
    for (package, name), all_ in sorted(groups.items()):
        shares = [float(str(one["share"])) for one in all_]
        missed = [one for one in all_ if one["missed"]]
        tests = [one for one in all_ if one["missed_tests"]]
        killed = [one for one in all_ if one["killed"]]
        numbers = [len(all_), len(killed), len(missed), len(tests)]
        shown = [f"{statistics.mean(shares):.3f}", f"{statistics.median(shares):.3f}"]
        rows.append([package, name, *map(str, numbers), *shown])
    print(
        table(
            ["package", "class", "mutants", "killed", "missed", "with a missed test", "share mean", "share median"],
            rows,
        )
    )
    return 1 if any(one["missed_tests"] for found in groups.values() for one in found) else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("run", "table"))
    parser.add_argument("packages", nargs="*", choices=[*PACKAGES, []])
    parser.add_argument("--count", type=int, default=20, help="mutants of each class")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append", default=[], help="only this class")
    args = parser.parse_args()
    if args.what == "table":
        return show()
    for name in args.packages or PACKAGES:
        run(PACKAGES[name], args.count, args.seed, args.only)
    return show()


if __name__ == "__main__":
    sys.exit(main())
