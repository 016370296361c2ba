"""Old and new Python as lists of statements, function by function, and what differs between them."""

import ast
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from ..rules.python_source import dumped

LONGEST = 1500
"""Statements of one function that are compared; in a longer one nothing is looked for."""
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_MOST = 3
_ALIKE = 0.35
"""Share of words from which on a statement is another form of one that is gone."""
_HEADS: dict[type[ast.AST], tuple[str, ...]] = {
    ast.If: ("test",),
    ast.While: ("test",),
    ast.For: ("target", "iter"),
    ast.AsyncFor: ("target", "iter"),
    ast.With: ("items",),
    ast.AsyncWith: ("items",),
    ast.Match: ("subject",),
    ast.match_case: ("pattern", "guard"),
    ast.ExceptHandler: ("type",),
    ast.FunctionDef: ("name", "args", "decorator_list"),
    ast.AsyncFunctionDef: ("name", "args", "decorator_list"),
    ast.ClassDef: ("name", "bases", "keywords", "decorator_list"),
}


class Entry(NamedTuple):
    """A statement, or the head of one that has others below it."""

    key: str
    """The same for the same statement anywhere."""
    kind: str
    """The name of its class in ``ast``; ``Elif``, ``Else`` and ``Finally`` are kinds of their own."""
    node: ast.AST
    line: int
    below: int = 0
    """How many of the entries that follow are below it."""


class Unit(NamedTuple):
    """A function, or the statements of a module or class outside of any."""

    name: str
    node: ast.AST
    entries: tuple[Entry, ...]
    above: int
    """Lines of the file above what was parsed."""


class Edit(NamedTuple):
    """A run of statements that became another; either may be empty."""

    unit: Unit
    """As it is now."""
    was: Unit
    start: int
    """Where ``gone`` begins in the entries of ``was``."""
    gone: tuple[Entry, ...]
    came: tuple[Entry, ...]


def units(tree: ast.Module, above: int) -> Iterator[Unit]:
    """Yield the functions of *tree*, and module and classes as far as they have statements of their own."""
    waiting: list[tuple[str, ast.AST, Sequence[ast.stmt]]] = [("", tree, tree.body)]
    while waiting:
        name, node, body = waiting.pop()
        inner = [one for one in body if isinstance(one, (*_FUNCTIONS, ast.ClassDef))]
        if isinstance(node, _FUNCTIONS):
            yield Unit(name, node, tuple(_flat(body)), above)
        else:
            own = [one for one in body if not isinstance(one, (*_FUNCTIONS, ast.ClassDef))]
            yield Unit(f"{name}.", node, tuple(_flat(own)), above)
            waiting += [(f"{name}.{one.name}", one, one.body) for one in inner]


def edits(was: Unit, now: Unit) -> Iterator[Edit]:
    """Yield what became of the statements of a function."""
    if max(len(was.entries), len(now.entries)) > LONGEST:
        return
    old, new = [entry.key for entry in was.entries], [entry.key for entry in now.entries]
    if old == new:
        return
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            yield Edit(now, was, i1, was.entries[i1:i2], now.entries[j1:j2])


def pairs(edit: Edit) -> Iterator[tuple[Entry, Entry]]:
    """Yield which of the statements that are gone became which of those that came: of the same kind, in order."""
    place = 0
    came = [(_kind(new), Counter(re.findall(r"\w+", new.key))) for new in edit.came]
    for old in edit.gone:
        best, at = _ALIKE, -1
        words = Counter(re.findall(r"\w+", old.key)) if place < len(came) else Counter[str]()
        for number in range(place, len(came)):
            kind, others = came[number]
            if kind == _kind(old):
                alike = 2 * (words & others).total() / ((words.total() + others.total()) or 1)
                if alike > best:
                    best, at = alike, number
        if at >= 0:
            yield old, edit.came[at]
            place = at + 1


def _kind(entry: Entry) -> str:
    return "If" if entry.kind == "Elif" else entry.kind


def differences(old: ast.AST, new: ast.AST) -> list[tuple[ast.AST, ast.AST]]:
    """Return the smallest parts that differ between two statements, heads alone; empty where most of it does."""
    found: list[tuple[ast.AST, ast.AST]] = []
    _differ(old, new, found, heads=_HEADS.get(type(old)))
    return found if len(found) <= _MOST else []


def _differ(
    old: ast.AST, new: ast.AST, found: list[tuple[ast.AST, ast.AST]], *, heads: tuple[str, ...] | None = None
) -> None:
    if len(found) > _MOST or (heads is None and dumped(old) == dumped(new)):
        return
    inner = None if isinstance(old, ast.Constant | ast.Name) else _inner(old, new, heads or old._fields)
    if inner is None:
        found.append((old, new))
        return
    for one, other in inner:
        _differ(one, other, found)


def _inner(old: ast.AST, new: ast.AST, fields: Sequence[str]) -> list[tuple[ast.AST, ast.AST]] | None:
    """Return the parts of two nodes side by side; None where they are not built alike."""
    if type(old) is not type(new):
        return None
    inner: list[tuple[ast.AST, ast.AST]] = []
    for field in fields:
        one, other = getattr(old, field, None), getattr(new, field, None)
        if isinstance(one, ast.AST) and isinstance(other, ast.AST):
            inner.append((one, other))
        elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
            both = list(zip(one, other, strict=True))
            if any(part != whole and not isinstance(part, ast.AST) for part, whole in both):
                return None
            inner += [(part, whole) for part, whole in both if isinstance(part, ast.AST)]
        elif one != other:
            return None
    if isinstance(old, ast.Call) and _permuted(old.args, inner):
        return None
    return inner


def _permuted(was: Sequence[ast.expr], inner: Sequence[tuple[ast.AST, ast.AST]]) -> bool:
    """Tell whether the arguments *was* only changed places."""
    now = [dumped(other) for one, other in inner if any(one is arg for arg in was)]
    before = [dumped(one) for one in was]
    return before != now and sorted(before) == sorted(now)


def _flat(body: Sequence[ast.stmt]) -> list[Entry]:
    found: list[Entry] = []
    for node in body:
        _statement(node, found)
    return found


def _statement(node: ast.stmt, found: list[Entry], *, kind: str = "") -> None:
    kind = kind or type(node).__name__
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return  # a docstring
    if type(node) not in _HEADS and not isinstance(node, ast.Try):
        found.append(Entry(dumped(node), kind, node, node.lineno))
        return
    at = len(found)
    head = _head(node)
    found.append(Entry(f"{type(node).__name__}({head})", kind, node, node.lineno))
    for block in (getattr(node, "body", []), getattr(node, "cases", [])):
        _block(block, found)
    if isinstance(node, ast.Try):
        for handler in node.handlers:
            _block([handler], found)
    orelse = getattr(node, "orelse", [])
    if isinstance(node, ast.If) and len(orelse) == 1 and isinstance(orelse[0], ast.If):
        _statement(orelse[0], found, kind="Elif")
    elif orelse:
        _part("Else", node, orelse, found)
    if getattr(node, "finalbody", []):
        _part("Finally", node, node.finalbody, found)  # type: ignore[attr-defined]
    found[at] = found[at]._replace(below=len(found) - at - 1)


def _block(block: Sequence[ast.AST], found: list[Entry]) -> None:
    for one in block:
        if isinstance(one, ast.stmt):
            _statement(one, found)
        elif isinstance(one, (ast.ExceptHandler, ast.match_case)):
            at = len(found)
            line = one.lineno if isinstance(one, ast.ExceptHandler) else one.pattern.lineno
            found.append(Entry(f"{type(one).__name__}({_head(one)})", type(one).__name__, one, line))
            _block(one.body, found)
            found[at] = found[at]._replace(below=len(found) - at - 1)


def _part(kind: str, node: ast.AST, body: Sequence[ast.stmt], found: list[Entry]) -> None:
    at = len(found)
    found.append(Entry(f"{kind} of {type(node).__name__}", kind, node, body[0].lineno))
    _block(body, found)
    found[at] = found[at]._replace(below=len(found) - at - 1)


def _head(node: ast.AST) -> str:
    parts = [getattr(node, field, None) for field in _HEADS.get(type(node), ())]
    return ", ".join(
        " ".join(dumped(one) for one in part)
        if isinstance(part, list)
        else dumped(part)
        if isinstance(part, ast.AST)
        else str(part)
        for part in parts
    )
