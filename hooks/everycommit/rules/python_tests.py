"""The functions of a Python test module that differ between two trees, as these rules compare them."""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from .assertions import Assertion, assertions, called
from .python_source import below

if TYPE_CHECKING:
    import ast

_FOLDERS = frozenset({"test", "tests", "testing", "_tests"})
_CONDITIONAL = frozenset({"skipif", "skipIf", "skipUnless", "importorskip"})
SKIP, XFAIL, SKIPIF = "skipped", "expected to fail", "skipped under a condition"
RANK = {SKIP: 3, XFAIL: 2, SKIPIF: 1}
_KINDS = {
    "skip": SKIP,
    "skipTest": SKIP,
    "SkipTest": SKIP,
    "xfail": XFAIL,
    "expectedFailure": XFAIL,
    **dict.fromkeys(_CONDITIONAL, SKIPIF),
}


class Mark(NamedTuple):
    """Something that keeps a test from running, or from failing."""

    kind: str
    line: int


class Function(NamedTuple):
    """A function, a class or (name empty) the statements of a module, in one of the two trees."""

    name: str
    """``TestNav.test_order``."""
    line: int
    text: str
    collected: bool
    """Whether pytest takes it for a test by its name and that of its classes."""
    marks: tuple[Mark, ...]
    assertions: tuple[Assertion, ...]
    cases: int | None
    """How many times it runs by what stands at its parametrize decorators; None where that cannot be read."""
    calls: frozenset[str]
    unreached: int | None = None
    """The line of a return that stands before its assertions."""

    def lines(self) -> frozenset[str]:
        """Return its lines without decorators, name and layout, to find it again under another name."""
        stripped = (line.strip() for line in self.text.split("\n"))
        return frozenset(line for line in stripped if line and not line.startswith(("@", "def ", "async def ", "#")))


def is_test_file(path: str) -> bool:
    """Tell whether *path* is a module of tests by name or folder."""
    if not path.endswith(".py"):
        return False
    *folders, name = path.split("/")
    return by_name(path) or name == "conftest.py" or not _FOLDERS.isdisjoint(folders)


def by_name(path: str) -> bool:
    """Tell whether pytest collects *path* by its name."""
    name = path.rpartition("/")[2]
    return name.endswith(".py") and (name.startswith("test_") or name.endswith("_test.py") or name == "tests.py")


def functions(tree: "ast.Module", above: int, text: str) -> Iterator[Function]:
    """Yield functions, classes and the module's own statements of *tree*, which stands *above* lines down.

    *text* is the source of *tree*.
    """
    yield from _within(tree.body, above, text.split("\n"), "", collected=True)
    loose = [mark for statement in tree.body for mark in _module_marks(statement, above)]
    if loose:
        yield Function("", loose[0].line, "", False, tuple(loose), (), None, frozenset())


def _within(
    body: Sequence["ast.stmt"], above: int, lines: Sequence[str], prefix: str, *, collected: bool
) -> Iterator[Function]:
    import ast

    for statement in body:
        if isinstance(statement, ast.ClassDef):
            marks = [mark for part in statement.decorator_list for mark in _decorator_marks(part, above)]
            marks += [mark for part in statement.body for mark in _module_marks(part, above)]
            name = prefix + statement.name
            is_collected = collected and (statement.name.startswith("Test") or bool(statement.bases))
            yield Function(name, statement.lineno + above, "", False, tuple(marks), (), None, frozenset())
            yield from _within(statement.body, above, lines, f"{name}.", collected=is_collected)
        elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            yield _function(statement, above, lines, prefix, collected=collected)
        elif isinstance(statement, ast.If | ast.Try | ast.With):
            for field in ("body", "orelse"):
                yield from _within(getattr(statement, field, []), above, lines, prefix, collected=collected)


def _function(
    node: "ast.FunctionDef | ast.AsyncFunctionDef", above: int, lines: Sequence[str], prefix: str, *, collected: bool
) -> Function:
    import ast

    first = min([node.lineno, *(part.lineno for part in node.decorator_list)])
    marks = [mark for part in node.decorator_list for mark in _decorator_marks(part, above)]
    nodes = below(node)
    calls = [part for part in nodes if isinstance(part, ast.Call)]
    marks += _calls_marks(node, calls, above)
    held = assertions(nodes, above)
    return Function(
        name=prefix + node.name,
        line=node.lineno + above,
        text="\n".join(lines[first - 1 : node.end_lineno]),
        collected=collected and node.name.startswith("test"),
        marks=tuple(marks),
        assertions=tuple(held),
        cases=_cases(node.decorator_list),
        calls=frozenset(map(called, calls)),
        unreached=_unreached(node, above, held),
    )


def _decorator_marks(decorator: "ast.expr", above: int) -> Iterator[Mark]:
    """Yield the marks in *decorator*, also those of single cases in ``pytest.param(..., marks=...)``."""
    import ast

    for part in below(decorator):
        name = getattr(part, "attr", None) or getattr(part, "id", None)
        owner = getattr(getattr(part, "value", None), "attr", None) or getattr(getattr(part, "value", None), "id", None)
        if name in _KINDS and (owner in {"mark", "unittest"} or part in {decorator, getattr(decorator, "func", None)}):
            args = decorator.args if isinstance(decorator, ast.Call) and decorator.func is part else []
            yield Mark(_kind(name, args), getattr(part, "lineno", 1) + above)
        elif part in {decorator, getattr(decorator, "func", None)} and re.match("x?fail_|skip_", name or ""):
            yield Mark(SKIPIF, getattr(part, "lineno", 1) + above)  # a mark with a name of the project's own


def _kind(name: str, args: "Sequence[ast.expr]") -> str:
    """Return what a mark does: one under a condition that always holds is one without."""
    import ast

    certain = bool(args) and isinstance(args[0], ast.Constant) and bool(args[0].value) != (name == "skipUnless")
    if name == "xfail":
        return SKIPIF if args and not certain else XFAIL
    return SKIP if name in {"skipif", "skipIf", "skipUnless"} and certain else _KINDS[name]


def _module_marks(statement: "ast.stmt", above: int) -> Iterator[Mark]:
    """Yield what a statement of a module or class says about all tests in it."""
    import ast

    if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        names = {getattr(target, "id", "") for target in targets}
        if "pytestmark" in names:
            for part in getattr(statement.value, "elts", [statement.value]):
                yield from _decorator_marks(part, above)
        elif "__test__" in names and isinstance(statement.value, ast.Constant) and not statement.value.value:
            yield Mark(SKIP, statement.lineno + above)
        elif names & {"collect_ignore", "collect_ignore_glob"}:
            yield from (Mark(SKIP, part.lineno + above) for part in getattr(statement.value, "elts", [statement.value]))
    elif isinstance(statement, ast.If | ast.Try | ast.Expr | ast.Raise):
        calls = [part for part in below(statement) if isinstance(part, ast.Call)]
        yield from _calls_marks(statement, calls, above, top=isinstance(statement, ast.Expr | ast.Raise))


def _calls_marks(node: "ast.AST", calls: "Sequence[ast.Call]", above: int, *, top: bool = False) -> list[Mark]:
    """Return those of *calls* below *node* that skip; in the body itself they do so under no condition."""
    import ast

    body = [node] if top else getattr(node, "body", [])
    outright = {
        id(statement.value if isinstance(statement, ast.Expr) else statement.exc)
        for statement in body
        if isinstance(statement, ast.Expr | ast.Raise)
    }
    decorators = {id(part) for one in getattr(node, "decorator_list", []) for part in below(one)}
    found = []
    for part in calls:
        if id(part) in decorators:
            continue
        name, owner = called(part), getattr(getattr(part.func, "value", None), "id", "")
        if name in {"skipTest", "SkipTest", "importorskip"} or (name in {"skip", "xfail"} and owner == "pytest"):
            found.append(Mark(_KINDS[name] if id(part) in outright else SKIPIF, part.lineno + above))
        elif name == "add_marker":
            found += [mark for argument in part.args for mark in _decorator_marks(argument, above)]
    return found


def _cases(decorators: Sequence["ast.expr"]) -> int | None:
    """Return the product of the lengths of all parametrize decorators, 1 where there is none, None where unknown."""
    import ast

    total = 1
    for decorator in decorators:
        if not (isinstance(decorator, ast.Call) and called(decorator) == "parametrize"):
            continue
        given = [*decorator.args[1:2], *(keyword.value for keyword in decorator.keywords if keyword.arg == "argvalues")]
        values = getattr(given[0], "elts", None) if given else None
        if values is None or any(isinstance(value, ast.Starred) for value in values):
            return None
        total *= len(values)
    return total


def _unreached(node: "ast.FunctionDef | ast.AsyncFunctionDef", above: int, held: Sequence[Assertion]) -> int | None:
    import ast

    for statement in node.body:
        if isinstance(statement, ast.Return) and any(one.line > statement.lineno + above for one in held):
            return statement.lineno + above
    return None
