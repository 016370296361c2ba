"""What a test asserts: how strong each assertion is, and how much it lets pass."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from .python_source import below, dumped

if TYPE_CHECKING:
    import ast

EXACT, PARTIAL, TRUTHY, ANYTHING, ALWAYS = 4, 3, 2, 1, 0
"""``== 3``, ``in (1, 3)``, ``is not None``, ``raises(Exception)``, ``True``."""

_WIDER = frozenset({"abs", "rel", "delta", "atol", "rtol", "tol", "tolerance", "abs_tol", "rel_tol", "eps", "epsilon"})
_FINER = frozenset({"places", "decimal", "significant", "digits"})
_RAISES = frozenset({"raises", "warns", "assertRaises", "assertWarns", "assertRaisesRegex", "assertWarnsRegex"})
_BROAD = frozenset({"Exception", "BaseException", "Warning"})
_WEAK_CALLS = frozenset({"assertTrue", "assertFalse", "assertIsNotNone", "assert_called", "assert_", "assert_awaited"})
_PARTIAL_CALLS = frozenset(
    {
        "assertIn",
        "assertNotIn",
        "assertNotEqual",
        "assertIsInstance",
        "assertGreater",
        "assertGreaterEqual",
        "assertLess",
        "assertLessEqual",
        "assertRegex",
        "assert_any_call",
        "assert_called_once",
    }
)


class Assertion(NamedTuple):
    """One thing that a test holds to be true; ``and`` makes several of one statement."""

    key: str
    """The same for the same assertion anywhere."""
    strength: int
    line: int
    names: frozenset[str]
    """The names and texts in it: what it is about."""
    bounds: tuple[tuple[str, float], ...] = ()
    """What it lets pass, a number a name; more is looser."""
    shape: str = ""
    """The key without those numbers; empty where there are none."""


def assertions(nodes: "Sequence[ast.AST]", above: int) -> list[Assertion]:
    """Return what a function asserts, given all its *nodes*; *above* is added to their line numbers."""
    import ast

    found: list[Assertion] = []
    for node in nodes:
        if isinstance(node, ast.Assert):
            parts = [(part, _strength(part)) for part in _parts(node.test)]
            # `x == 1 and True` can fail still.
            real = [(part, strength) for part, strength in parts if strength != ALWAYS] or parts
            found += [_made(part, strength, node.lineno + above) for part, strength in real]
        elif isinstance(node, ast.Call):
            name = called(node)
            if name in _RAISES:
                found.append(_made(node, _raises(node), node.lineno + above))
            elif name.startswith("assert"):
                found.append(_made(node, _call(node, name), node.lineno + above))
    return found


def called(call: "ast.Call") -> str:
    """Return the last name of what is called; empty where it has none."""
    return str(getattr(call.func, "attr", None) or getattr(call.func, "id", ""))


def _parts(test: "ast.expr") -> Iterator["ast.expr"]:
    import ast

    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        for value in test.values:
            yield from _parts(value)
    elif _pairwise(test):
        left, right = test.left, test.comparators[0]  # type: ignore[attr-defined]
        for one, other in zip(left.elts, right.elts, strict=True):
            yield ast.Compare(one, test.ops, [other])  # type: ignore[attr-defined]
    else:
        yield test


def _pairwise(test: "ast.expr") -> bool:
    """Tell whether *test* compares two tuples (or lists) of the same known length with ``==``."""
    import ast

    if not (isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq)):
        return False
    left, right = test.left, test.comparators[0]
    return (
        isinstance(left, ast.Tuple)
        and isinstance(right, ast.Tuple)
        and len(left.elts) == len(right.elts) > 0
        and not any(isinstance(part, ast.Starred) for part in (*left.elts, *right.elts))
    )


def _strength(test: "ast.expr") -> int:
    import ast

    if always(test):
        return ALWAYS
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return TRUTHY if _strength(test.operand) == TRUTHY else PARTIAL
    if isinstance(test, ast.Compare):
        if isinstance(test.ops[0], ast.Eq | ast.Is):
            return EXACT
        right = test.comparators[-1]
        nothing = isinstance(right, ast.Constant) and right.value is None
        return TRUTHY if nothing and isinstance(test.ops[-1], ast.IsNot | ast.NotEq) else PARTIAL
    if isinstance(test, ast.BoolOp):
        return min(PARTIAL, *(_strength(value) for value in test.values))
    return PARTIAL if isinstance(test, ast.Call) else TRUTHY


def always(test: "ast.expr") -> bool:  # noqa: PLR0911 - a case a line
    """Tell whether *test* is true whatever the code does."""
    import ast

    match test:
        case ast.Constant(value=value):
            return bool(value)
        case ast.Tuple(elts=parts):
            return bool(parts)
        case ast.UnaryOp(op=ast.Not(), operand=ast.Constant(value=value)):
            return not value
        case ast.BoolOp():
            some = any if isinstance(test.op, ast.Or) else all
            return some(always(value) for value in test.values)
        case ast.Compare(ops=[_]):
            return _always_compares(test)
        case ast.Call(args=[_, ast.Name(id="object")]):
            return called(test) == "isinstance"
    return isinstance(test, ast.Lambda | ast.GeneratorExp)


def _always_compares(test: "ast.Compare") -> bool:
    import ast

    left, operator, right = test.left, test.ops[0], test.comparators[0]
    if isinstance(left, ast.Constant) and isinstance(right, ast.Constant) and isinstance(operator, ast.Eq | ast.Is):
        return type(left.value) is type(right.value) and left.value == right.value
    # a length is never less than nothing
    length = isinstance(left, ast.Call) and called(left) == "len"
    return length and isinstance(operator, ast.GtE) and isinstance(right, ast.Constant) and right.value == 0


def _raises(call: "ast.Call") -> int:
    expected = call.args[0] if call.args else None
    names = {getattr(part, "id", None) or getattr(part, "attr", None) for part in getattr(expected, "elts", [expected])}
    if any(keyword.arg in {"match", "check"} for keyword in call.keywords) or called(call).endswith("Regex"):
        return EXACT
    return ANYTHING if names & _BROAD else PARTIAL


def _call(call: "ast.Call", name: str) -> int:
    if name in {"assertTrue", "assert_"} and call.args:
        return _strength(call.args[0])
    if name == "assertEqual" and len(call.args) >= 2:
        import ast

        return _strength(ast.Compare(call.args[0], [ast.Eq()], [call.args[1]]))
    if name in _WEAK_CALLS:
        return TRUTHY
    return PARTIAL if name in _PARTIAL_CALLS else EXACT


def _made(node: "ast.expr", strength: int, line: int) -> Assertion:
    import ast

    key = dumped(node)
    names = set()
    for part in below(node):
        name = getattr(part, "id", None) or getattr(part, "attr", None)
        if name or (isinstance(part, ast.Constant) and isinstance(part.value, str)):
            names.add(name or part.value)  # type: ignore[attr-defined]
    bounds = []
    for name, number, sign in _numbers(node):
        bounds.append((name, sign * float(number.value)))  # type: ignore[arg-type]
        number.value = None  # the tree is ours, and its key is taken
    return Assertion(key, strength, line, frozenset(names), tuple(bounds), dumped(node) if bounds else "")


def _numbers(node: "ast.expr") -> Iterator[tuple[str, "ast.Constant", int]]:
    """Yield name, number and direction (1: more lets more pass) of each tolerance in *node*."""
    import ast

    for part in below(node):
        if isinstance(part, ast.keyword) and (number := _number(part.value)):
            word = (part.arg or "").lower()
            if word in _WIDER or word in _FINER:
                yield word, number, -1 if word in _FINER else 1
        elif isinstance(part, ast.Compare) and len(part.ops) == 1 and (number := _number(part.comparators[0])):
            if isinstance(part.ops[0], ast.Lt | ast.LtE):
                yield "<", number, 1
            elif isinstance(part.ops[0], ast.Gt | ast.GtE):
                yield ">", number, -1


def _number(node: "ast.expr") -> "ast.Constant | None":
    import ast

    if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return node if abs(node.value) < 1e300 else None
    return None
