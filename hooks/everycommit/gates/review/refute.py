"""Checks what a model claims of Python code against the code, before anybody sees it.

Only what is wrong for sure is dropped, and what a linter or type checker says of the same place anyway.
"""

import ast
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from ...result import Finding
from ...rules.python_source import is_python, module
from .flow import not_none, reached
from .names import Bound, Names
from .parts import Voted

log = logging.getLogger(__name__)

_SAID_BY: Mapping[str, tuple[str, ...]] = {
    "undefined_name": ("F821", "F822", "F823", "name-defined", "used-before-def", "possibly-undefined"),
    "missing_import": ("F821", "name-defined", "import-not-found", "import"),
    "wrong_arity": ("call-arg", "call-overload", "arg-type", "misc", "F50", "PLE1205", "PLE1206"),
    "unreachable": ("unreachable", "PLW0101", "B012", "F811"),
    "none_deref": ("union-attr", "index", "operator", "arg-type", "attr-defined"),
    "unused": ("F401", "F811", "F841", "F842", "ARG", "B007", "RUF059", "unused-", "PLW0127"),
}
"""Beginnings of the rules of ruff and codes of mypy that say what a claim says."""
_SAID_OF: Mapping[str, tuple[str, ...]] = {
    "exception": ("BLE", "S110", "S112", "E722", "B904", "TRY", "PLW0705"),
    "resource": ("SIM115", "PLR1702"),
    "security": ("S1", "S2", "S3", "S5", "S6", "S7"),
}
"""The same for findings without such a claim, by category."""
_NEAR = 1


class Source:
    """A module of the target, parsed when a claim about it is to be checked."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._parsed: tuple[ast.Module, Names] | None = None
        self._tried = False

    def parsed(self) -> "tuple[ast.Module, Names] | None":
        """Return tree and names; None where it is no Python that can be told anything of."""
        if not self._tried:
            self._tried = True
            tree = module(self._content)
            if tree is not None:
                try:
                    self._parsed = (tree, Names(tree))
                except RecursionError:
                    log.debug("a module is nested too deep to check claims about it")
        return self._parsed


def refuted(one: Voted, source: Source | None, said: Sequence[Finding] = ()) -> str:
    """Return why *one* need not be shown, empty where it has to be.

    *source* is the target's content of its file, *said* what linters and type checkers find in this run.
    """
    why = _said_already(one, said) or _wrong(one, source)
    if why:
        log.info("dropped: %s:%s: %s (%s): %s", one.path, one.line, one.title, one.claim, why)
    return why


def _said_already(one: Voted, said: Sequence[Finding]) -> str:
    rules = _SAID_BY.get(one.claim) or _SAID_OF.get(one.category, ())
    name = named(one.symbol)
    for other in said:
        rule = other.rule.partition("/")[2]
        if one.line is None or other.path != one.path or other.line is None or not rule.startswith(rules):
            continue
        about = name and re.search(rf"\b{re.escape(name)}\b", other.message)
        if abs(other.line - one.line) <= _NEAR and (about or one.claim not in _NAMED or not name):
            return f"{other.rule} says it"
    return ""


def _wrong(one: Voted, source: Source | None) -> str:
    check = _CHECKS.get(one.claim)
    if check is None or source is None or one.line is None or not is_python(one.path):
        return ""
    parsed = source.parsed()
    try:
        return check(Claim(*parsed, named(one.symbol), one.line)) if parsed else ""
    except RecursionError:
        return ""


class Claim(NamedTuple):
    """What is said of one name on one line of a module."""

    tree: ast.Module
    names: Names
    name: str
    """Empty where the symbol is no plain name."""
    line: int


def named(symbol: str) -> str:
    """Return the plain name that *symbol* is, empty where it is something else."""
    plain = symbol.strip("`'\"* ").removesuffix("()").strip()
    return plain if plain.isidentifier() else ""


def _undefined(claim: Claim) -> str:
    return "the name is defined" if claim.name and claim.names.defined(claim.name, claim.line) else ""


def _not_imported(claim: Claim) -> str:
    if not claim.name:
        return ""
    imported = any(bound.kind == "import" and bound.certain for bound in claim.names.module.bound.get(claim.name, ()))
    if imported and claim.name not in claim.names.module.unbound:
        return "it is imported"
    return _undefined(claim)


def _arity(claim: Claim) -> str:
    calls = [
        node
        for node in ast.walk(claim.tree)
        if isinstance(node, ast.Call)
        and node.lineno <= claim.line <= (node.end_lineno or node.lineno)
        and _last(node.func) == claim.name
    ]
    if not claim.name or not calls:
        return ""
    every = all(fits(node, *signature(claim, node)) for node in calls)
    return "its arguments fit the definition" if every else ""


def signature(claim: Claim, call: ast.Call) -> tuple[ast.arguments | None, int]:
    """Return the parameters of what *call* calls, and how many of them it fills by itself; None where that is open."""
    if isinstance(call.func, ast.Name):
        meaning = claim.names.meaning(claim.name, call.func.lineno)
        node = meaning.node if meaning and meaning.certain else None
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.decorator_list:
            return node.args, 0
        if isinstance(node, ast.ClassDef) and not node.bases:
            return _method(node, "__init__"), 1
    elif isinstance(call.func, ast.Attribute) and getattr(call.func.value, "id", "") == "self":
        around = [
            node
            for node in ast.walk(claim.tree)
            if isinstance(node, ast.ClassDef) and node.lineno <= call.lineno <= (node.end_lineno or 0)
        ]
        if around and not _replaced(claim):
            return _method(max(around, key=lambda node: node.lineno), claim.name), 1
    return None, 0


def _replaced(claim: Claim) -> bool:
    """Tell whether something is put in the place of an attribute of that name."""
    return any(
        isinstance(node, ast.Attribute) and node.attr == claim.name and not isinstance(node.ctx, ast.Load)
        for node in ast.walk(claim.tree)
    )


def _method(node: ast.ClassDef, name: str) -> ast.arguments | None:
    """Return the parameters of a method, None where something may change what calling it means."""
    own = [one for one in node.body if name in {getattr(one, "name", ""), *_targets(one)}]
    special = {"__new__", "__call__", "__getattribute__"} & {getattr(one, "name", "") for one in node.body}
    if len(own) != 1 or special or node.keywords or node.decorator_list:
        return None
    (only,) = own
    if not isinstance(only, ast.FunctionDef | ast.AsyncFunctionDef) or only.decorator_list:
        return None
    return only.args


def _targets(node: ast.stmt) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}


def fits(call: ast.Call, found: ast.arguments | None, filled: int) -> bool:
    """Tell whether the arguments of *call* certainly fit the parameters."""
    if found is None or any(isinstance(one, ast.Starred) for one in call.args):
        return False
    if any(word.arg is None for word in call.keywords):
        return False
    places = [one.arg for one in (*found.posonlyargs, *found.args)]
    given = filled + len(call.args)
    if given > len(places) and not found.vararg:
        return False
    by_place = set(places[:given])
    words = {word.arg for word in call.keywords}
    by_name = {one.arg for one in (*found.args, *found.kwonlyargs)}
    if words & by_place or (not found.kwarg and not words <= by_name):
        return False
    needed = set(places[: len(places) - len(found.defaults)])
    needed |= {one.arg for one, value in zip(found.kwonlyargs, found.kw_defaults, strict=True) if value is None}
    return needed <= by_place | (words & by_name)


def _last(node: ast.expr) -> str:
    return str(getattr(node, "attr", None) or getattr(node, "id", ""))


def _reached(claim: Claim) -> str:
    return "nothing keeps it from being reached" if reached(claim.tree, claim.line) else ""


def _none(claim: Claim) -> str:
    read = claim.name and any(claim.line in scope.read.get(claim.name, ()) for scope in claim.names.scopes)
    return "it cannot be None there" if read and not_none(claim.tree, claim.names, claim.name, claim.line) else ""


def _used(claim: Claim) -> str:
    found = claim.names.bound_at(claim.name, claim.line) if claim.name else None
    if found is None:
        return ""
    scope, bound = found
    return "it is used" if claim.names.read_below(claim.name, scope) and not _only_itself(claim, bound) else ""


def _only_itself(claim: Claim, bound: Bound) -> bool:
    """Tell whether the name is read inside its own definition alone, as by a function that calls itself."""
    if not isinstance(bound.node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return False
    last = bound.node.end_lineno or bound.line
    return all(bound.line <= line <= last for scope in claim.names.scopes for line in scope.read.get(claim.name, ()))


_CHECKS: Mapping[str, Callable[[Claim], str]] = {
    "undefined_name": _undefined,
    "missing_import": _not_imported,
    "wrong_arity": _arity,
    "unreachable": _reached,
    "none_deref": _none,
    "unused": _used,
}
_NAMED = frozenset({"undefined_name", "missing_import", "unused"})
"""Claims about a name: it has to be the one that the linter names."""
