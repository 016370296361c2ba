"""Which functions of a Python file have no body worth the name, and which of them are right to have none."""

from typing import TYPE_CHECKING, NamedTuple

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
    """All that it holds, docstring aside: ``NotImplementedError``, ``...`` or ``pass``; empty for anything else."""


class _Definition(NamedTuple):
    name: str
    function: "ast.FunctionDef | ast.AsyncFunctionDef"
    owner: "ast.ClassDef | None"
    """The class it stands in directly."""
    typing_only: bool


def bodies(tree: "ast.Module") -> list[Body]:
    """Return every function of *tree*, in order."""
    return [_body(one) for one in _definitions(tree)[0]]


def placeholders(tree: "ast.Module") -> list[Body]:
    """Return the functions of *tree* that hold nothing and that nothing excuses, in order."""
    definitions, extended = _definitions(tree)
    found = []
    for one in definitions:
        body = _body(one)
        if not body.what or one.typing_only or _excused(one.function, body.what):
            continue
        if one.owner is None or not (one.owner.name in extended or _is_contract(one.owner)):
            found.append(body)
    return found


def _body(one: _Definition) -> Body:
    return Body(one.name, one.function.lineno, one.function.end_lineno or one.function.lineno, _held(one.function))


def _definitions(tree: "ast.Module") -> tuple[list[_Definition], set[str]]:
    """Return the functions of *tree*, and the names of the classes that others here extend.

    Only statements are gone through: no function is defined inside an expression.
    """
    import ast

    found: list[_Definition] = []
    extended: set[str] = set()
    waiting: list[tuple[ast.AST, str, ast.ClassDef | None, bool]] = [(tree, "", None, False)]
    while waiting:
        node, prefix, owner, typing_only = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.append(_Definition(prefix + node.name, node, owner, typing_only))
            prefix, owner = f"{prefix}{node.name}.", None
        elif isinstance(node, ast.ClassDef):
            extended.update(base.id for base in node.bases if isinstance(base, ast.Name))
            prefix, owner = f"{prefix}{node.name}.", node
        elif isinstance(node, ast.If):
            typing_only = typing_only or "TYPE_CHECKING" in ast.unparse(node.test)
        for block in ("body", "orelse", "finalbody", "handlers", "cases"):
            waiting += [(child, prefix, owner, typing_only) for child in getattr(node, block, ())]
    return sorted(found, key=lambda one: one.function.lineno), extended


def _held(function: "ast.FunctionDef | ast.AsyncFunctionDef") -> str:
    import ast

    rest = [node for node in function.body if not (isinstance(node, ast.Expr) and _is_text(node.value))]
    if len(rest) != 1:
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
    return False


def _is_contract(node: "ast.ClassDef") -> bool:
    """Tell whether a class is made to be filled in: a protocol or an abstract one."""
    import ast

    if node.name.lstrip("_").startswith(_ABSTRACT_NAMES) or node.name.endswith(_ABSTRACT_NAMES):
        return True
    said = [ast.unparse(base) for base in (*node.bases, *(word.value for word in node.keywords))]
    return any(word in base for base in said for word in ("Protocol", "ABC", "Interface"))
