"""Mutants of a package: small edits by class, each of which leaves files that can be parsed."""

import ast
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from everycommit.testmap import TestMap
from packages import Checkout

Edit = tuple[str, bytes, bytes]
"""A path with its old and its new content."""
Spot = tuple[str, int, int, str]
"""A path, from where to where in its bytes, and the text that comes there."""
Found = Iterator[tuple[ast.AST, str]]
"""Nodes, each with the text that takes its place."""
Find = Callable[[ast.Module], Found]


def spots(root: Path, files: Sequence[str], find: Find) -> list[Spot]:
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


def drawn(root: Path, places: Sequence[Spot], seed: str) -> Iterator[Edit]:
    """Yield edits of *places* in an order that *seed* draws, none twice, of those that leave a file to parse."""
    order = sorted(set(places))
    random.Random(seed).shuffle(order)
    for path, first, last, text in order:
        old = (root / path).read_bytes()
        new = old[:first] + text.encode() + old[last:]
        try:
            if path.endswith(".py") and ast.dump(ast.parse(new)) == ast.dump(ast.parse(old)):
                continue
        except (SyntaxError, ValueError):
            continue
        if new != old:
            yield path, old, new


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


def constants(root: ast.AST) -> Found:
    for node in ast.walk(root):
        text = other(node)
        if text is not None and hasattr(node, "lineno"):
            yield node, text


def functions(module: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(module) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def bodies(module: ast.Module) -> Found:
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


def module_constants(module: ast.Module) -> Found:
    for statement in module.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
            yield from constants(statement.value)
        if isinstance(statement, ast.If | ast.Try):
            yield from constants(statement)
        if isinstance(statement, ast.If):
            yield statement.test, f"not ({ast.unparse(statement.test)})"


def class_attributes(module: ast.Module) -> Found:
    for cls in (node for node in ast.walk(module) if isinstance(node, ast.ClassDef)):
        for statement in cls.body:
            if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
                yield from constants(statement.value)
                yield statement.value, "None"


def heads(module: ast.Module) -> Found:
    for function in functions(module):
        for default in (*function.args.defaults, *function.args.kw_defaults):
            if default is not None:
                yield from constants(default)
        for decorator in function.decorator_list:
            yield decorator, "(lambda thing: thing)"
        for argument in (*function.args.args, *function.args.kwonlyargs):
            if argument.annotation is not None:
                yield argument.annotation, "'int'"


def exports(module: ast.Module) -> Found:
    for statement in module.body:
        if isinstance(statement, ast.ImportFrom):
            for alias in statement.names:
                yield alias, f"{alias.name} as everycommit_{alias.asname or alias.name}"
        if isinstance(statement, ast.Assign):
            yield from constants(statement.value)


def fixtures(module: ast.Module) -> Found:
    for function in functions(module):
        marked = [one for one in function.decorator_list if "fixture" in ast.unparse(one)]
        if marked:
            yield from constants(ast.Module(function.body, []))
            for node in ast.walk(function):
                if isinstance(node, ast.Return | ast.Yield) and node.value is not None:
                    yield node.value, "None"
            for one in marked:
                yield one, "(lambda thing: thing)"


def renamed(module: ast.Module) -> Found:
    """Methods under another name: what asked for them, by whatever way, does not find them."""
    for cls in (node for node in ast.walk(module) if isinstance(node, ast.ClassDef)):
        for function in cls.body:
            if isinstance(function, ast.FunctionDef) and not function.decorator_list:
                yield function, ast.unparse(function).replace(f"def {function.name}(", f"def {function.name}_x(", 1)


def added(module: ast.Module) -> Found:
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


def asked_for(there: TestMap, path: str) -> Find:
    """Return what finds the functions of *path* that a test asked for, or imported, by a computed name."""
    leaf = path.removesuffix("/__init__.py").removesuffix(".py").rpartition("/")[2]
    imported = bool(there.named(f"%{leaf}") & ~1)

    def find(module: ast.Module) -> Found:
        if imported:
            yield from module_constants(module)
        for function in functions(module):
            if imported or there.named(function.name) & ~1:
                yield from bodies(ast.Module([function], []))
                yield function, ast.unparse(function).replace(f"def {function.name}(", f"def {function.name}_x(", 1)

    return find


def unseen(there: TestMap, path: str) -> Find:
    """Return what finds the functions of *path* that no test ran by itself: at most a program that it started did."""

    def find(module: ast.Module) -> Found:
        for function in functions(module):
            if not there.ran(path, function.body[0].lineno, function.end_lineno or function.lineno):
                yield from bodies(ast.Module([function], []))

    return find


CLASSES: dict[str, tuple[str, Find]] = {
    "function bodies": ("source", bodies),
    "module constants": ("source", module_constants),
    "class attributes": ("source", class_attributes),
    "decorators, defaults, annotations": ("source", heads),
    "__init__ exports": ("init", exports),
    "conftest and fixtures": ("tests", fixtures),
    "methods renamed": ("source", renamed),
    "methods added": ("source", added),
}
BY_THE_MAP = ("data files", "computed getattr and imports", "subprocesses")
ALL = (*CLASSES, *BY_THE_MAP)


def edits(here: Checkout, there: TestMap, name: str) -> list[Spot]:
    """Return all edits of the class *name*."""
    root, package = here.root, here.package
    tracked = here.git("ls-files").splitlines()
    python = [one for one in tracked if one.endswith(".py")]
    source = [one for one in python if one.startswith(f"{package.source}/")]
    if name == "data files":
        data = [one for one in tracked if not one.endswith(".py") and there.touched("opened", one) & ~1]
        return [(one, at, to, "x") for one in data for at, to in ((0, 0), (0, 1 << 40), (3, 5), (8, 1 << 40), (12, 13))]
    if name == "computed getattr and imports":
        return [spot for path in source for spot in spots(root, [path], asked_for(there, path))]
    if name == "subprocesses":
        if not any(always for _, _, always in there.tests.values() if always == "it starts programs"):
            return []
        return [spot for path in source for spot in spots(root, [path], unseen(there, path))]
    where, find = CLASSES[name]
    chosen = {
        "source": [one for one in source if not one.endswith("__init__.py") or package.one_file],
        "init": [one for one in source if one.endswith("__init__.py") and not package.one_file],
        "tests": [one for one in python if one.startswith(package.tests)],
    }[where]
    return spots(root, chosen, find)
