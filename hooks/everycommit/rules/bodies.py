"""Which functions of a Python file have no body worth the name, and which of them are right to have none."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from .sources import is_test

if TYPE_CHECKING:
    import ast

_ABSTRACT = ("abstract", "overload", "protocol", "interface", "hookspec", "setter", "property_stub", "command", "group")
_ABSTRACT_NAMES = (
    "Abstract",
    "Base",
    "Interface",
    "Protocol",
    "Mixin",
    "ABC",
    "Spec",
    "Null",
    "Noop",
    "Dummy",
    "Fake",
    "Mock",
)
_SAYS_SO = ("subclass", "override", "overrid", "implement", "abstract", "must be", "not supported", "unsupported")


class Body(NamedTuple):
    name: str
    """Qualified, ``Class.method``."""
    first: int
    last: int
    what: str
    """What it holds: ``NotImplementedError``, ``...``, ``pass``, ``a docstring``; empty for code."""


class Placeholder(NamedTuple):
    name: str
    first: int
    last: int
    what: str
    test: bool
    """Whether it stands in a test, where an empty function is often all that is needed."""


def bodies(tree: "ast.Module") -> Iterator[Body]:
    """Yield every function of *tree*, in no order."""
    import ast

    waiting: list[tuple[str, ast.AST]] = [("", tree)]
    while waiting:
        prefix, node = waiting.pop()
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                yield Body(prefix + child.name, child.lineno, child.end_lineno or child.lineno, _held(child))
            named = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            waiting.append((f"{prefix}{child.name}." if named else prefix, child))  # type: ignore[attr-defined]


def placeholders(tree: "ast.Module", path: str) -> list[Placeholder]:
    """Return the functions of *tree* that hold nothing and that nothing excuses, in order."""
    import ast

    excused = {
        id(function)
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and _is_contract(node, tree)
        for function in node.body
    } | {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    functions = {
        (node.name, node.lineno): node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    found = []
    for name, first, last, what in bodies(tree):
        function = functions[name.rpartition(".")[2], first]
        if what and id(function) not in excused and not _excused(function, what):
            found.append(Placeholder(name, first, last, what, is_test(path)))
    return sorted(found, key=lambda one: one.first)


def _held(function: "ast.FunctionDef | ast.AsyncFunctionDef") -> str:
    import ast

    rest = [node for node in function.body if not (isinstance(node, ast.Expr) and _is_text(node.value))]
    if not rest:
        return "a docstring"
    if len(rest) > 1:
        return ""
    (only,) = rest
    if isinstance(only, ast.Pass):
        return "pass"
    if isinstance(only, ast.Expr) and isinstance(only.value, ast.Constant) and only.value.value is ...:
        return "..."
    if isinstance(only, ast.Raise) and only.exc is not None:
        raised = only.exc.func if isinstance(only.exc, ast.Call) else only.exc
        return "NotImplementedError" if isinstance(raised, ast.Name) and raised.id == "NotImplementedError" else ""
    return ""


def _is_text(node: "ast.expr") -> bool:
    import ast

    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _excused(function: "ast.FunctionDef | ast.AsyncFunctionDef", what: str) -> bool:
    """Tell whether a function's decorators, its name or its own words say that it is right to hold nothing."""
    import ast

    decorators = " ".join(ast.unparse(node).lower() for node in function.decorator_list)
    if any(word in decorators for word in _ABSTRACT):
        return True
    if function.name.startswith("__") and function.name.endswith("__"):
        return True
    words = ast.unparse(function).lower()
    if what == "NotImplementedError":
        return any(word in words.partition("def ")[2].replace("notimplementederror", "") for word in _SAYS_SO)
    return what == "a docstring" and bool(function.decorator_list)


def _is_contract(node: "ast.ClassDef", tree: "ast.Module") -> bool:
    """Tell whether a class is made to be filled in: a protocol, an abstract one, or the base of another one here."""
    import ast

    if node.name.lstrip("_").startswith(_ABSTRACT_NAMES) or node.name.endswith(_ABSTRACT_NAMES):
        return True
    said = " ".join(ast.unparse(base) for base in node.bases) + " ".join(
        ast.unparse(word.value) for word in node.keywords
    )
    if any(word in said for word in ("Protocol", "ABC", "Interface")):
        return True
    return any(
        isinstance(base, ast.Name) and base.id == node.name
        for other in ast.walk(tree)
        if isinstance(other, ast.ClassDef)
        for base in other.bases
    )
