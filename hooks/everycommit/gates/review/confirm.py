"""What a model claims of Python code and the code shows to be so: what refuses by ``review.block = "reproduced"``.

Nothing that a model wrote is run for it. Only what is right for sure is said to be; of most nobody can tell.
"""

import ast
import builtins
from collections.abc import Callable, Mapping

from ...rules.python_source import is_python
from .flow import way
from .names import ALWAYS, Names
from .parts import Voted
from .refute import Claim, Source, fits, named, signature

_DYNAMIC = frozenset({"exec", "eval", "globals", "locals", "vars", "setattr", "builtins", "__builtins__", "__dict__"})
"""With one of these in a module nobody can tell which names it has."""
_ENDS = (ast.Return, ast.Raise, ast.Continue, ast.Break)


def confirmed(one: Voted, source: Source | None) -> str:
    """Return by what the claim of *one* is certainly right, as a clause; empty where that is not so.

    *source* is the target's content of its file.
    """
    check = _CHECKS.get(one.claim)
    if check is None or source is None or one.line is None or not is_python(one.path):
        return ""
    parsed = source.parsed()
    try:
        return check(Claim(*parsed, named(one.symbol), one.line)) if parsed else ""
    except RecursionError:
        return ""


def _unknown(claim: Claim) -> str:
    """Tell of a name that is read on the line, and that nothing in the module binds."""
    names = claim.names
    read = any(claim.line in scope.read.get(claim.name, ()) for scope in names.scopes)
    if not claim.name or not read or not _plain(claim.tree, names) or _guarded(claim.tree, claim.line):
        return ""
    bound = any(claim.name in scope.bound or claim.name in scope.elsewhere for scope in names.scopes)
    if bound or hasattr(builtins, claim.name) or claim.name in ALWAYS or _typing_only(claim.tree, claim.line):
        return ""
    return f"nothing in the module gives {claim.name} a meaning"


def _arity(claim: Claim) -> str:
    """Tell of a call on the line whose arguments do not fit the one function that it can mean."""
    for node in ast.walk(claim.tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id != claim.name:
            continue
        if not node.lineno <= claim.line <= (node.end_lineno or node.lineno):
            continue
        found, filled = signature(claim, node)
        open_ = any(isinstance(one, ast.Starred) for one in node.args) or any(
            word.arg is None for word in node.keywords
        )
        if found is not None and not open_ and not fits(node, found, filled) and _plain(claim.tree, claim.names):
            return f"the call does not fit the definition of {claim.name}"
    return ""


def _unreachable(claim: Claim) -> str:
    """Tell of a line that stands behind one that leaves the same block."""
    for step in way(claim.tree, claim.line):
        ends = [one for one in step.before if isinstance(one, _ENDS)]
        if ends and not isinstance(step.statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            word = type(ends[0]).__name__.lower()
            return f"it stands behind the {word} in line {ends[0].lineno}"
    return ""


def _plain(tree: ast.Module, names: Names) -> bool:
    """Tell whether the names of a module are those that are written there."""
    if any(scope.star for scope in names.scopes):
        return False
    return not any(
        (isinstance(node, ast.Name) and node.id in _DYNAMIC)
        or (isinstance(node, ast.Attribute) and node.attr in _DYNAMIC)
        for node in ast.walk(tree)
    )


def _guarded(tree: ast.Module, line: int) -> bool:
    """Tell whether a ``try`` stands around *line*: the error may be what it waits for."""
    return any(isinstance(step.owner, ast.Try | ast.TryStar) and step.field == "body" for step in way(tree, line))


def _typing_only(tree: ast.Module, line: int) -> bool:
    """Tell whether *line* may hold an annotation, which need not be evaluated."""
    for node in ast.walk(tree):
        notes = [getattr(node, "annotation", None), getattr(node, "returns", None)]
        if any(note is not None and note.lineno <= line <= (note.end_lineno or note.lineno) for note in notes):
            return True
    return False


_CHECKS: Mapping[str, Callable[[Claim], str]] = {
    "undefined_name": _unknown,
    "missing_import": _unknown,
    "wrong_arity": _arity,
    "unreachable": _unreachable,
}
