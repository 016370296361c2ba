"""What differs between two versions of a Python file, told by its syntax."""

import ast
from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from .nodes import FUNCTIONS, first_line, head, typing_only
from .resolve import identifiers


class Fact(NamedTuple):
    """One difference; lines are those of the old file where there is an old side, else of the new one."""

    kind: str
    """body, head or doc of a function or class; class (its head); added, removed."""
    name: str
    """The function or class; empty for other statements."""
    scope: str
    """The classes around it."""
    first: int
    last: int
    old: ast.stmt | None = None
    new: ast.stmt | None = None


def facts(old: ast.Module, new: ast.Module) -> list[Fact]:
    """Return the differences that may be seen while the program runs, and those of docstrings (``doc``)."""
    found: list[Fact] = []
    if ast.get_docstring(old, clean=False) != ast.get_docstring(new, clean=False):
        found.append(Fact("doc", "", "", 1, 1))
    _differ(old.body, new.body, "", found)
    return found


def _differ(old: Sequence[ast.stmt], new: Sequence[ast.stmt], scope: str, found: list[Fact]) -> None:
    olds, news = _flat(old), _flat(new)
    was, now = [text for text, _ in olds], [text for text, _ in news]
    for word, a, b, c, d in SequenceMatcher(None, was, now, autojunk=False).get_opcodes():
        if word == "equal":
            for (_, one), (_, other) in zip(olds[a:b], news[c:d], strict=True):
                _documented(one, other, scope, found)
        else:
            _replaced([node for _, node in olds[a:b]], [node for _, node in news[c:d]], scope, found)


def _replaced(olds: list[ast.stmt], news: list[ast.stmt], scope: str, found: list[Fact]) -> None:
    """Pair functions and classes of the same name, in order; all else came or went."""
    pairs, at = [], 0
    once = Counter(_name(node) for node in olds), Counter(_name(node) for node in news)
    for node in olds:
        name = _name(node)
        if not name or once[0][name] > 1 or once[1][name] > 1:
            continue
        place = next((index for index in range(at, len(news)) if _name(news[index]) == name), None)
        if place is not None and type(news[place]) is type(node):
            pairs.append((node, news[place]))
            at = place + 1
    paired = {id(node) for pair in pairs for node in pair}
    found += [_fact("removed", scope, node, old=node) for node in olds if id(node) not in paired]
    found += [_fact("added", scope, node, new=node) for node in news if id(node) not in paired]
    _changed(pairs, scope, found)


def _changed(pairs: Sequence[tuple[ast.stmt, ast.stmt]], scope: str, found: list[Fact]) -> None:
    for one, other in pairs:
        if isinstance(one, ast.ClassDef) and isinstance(other, ast.ClassDef):
            if dumped(*_class_head(one)) != dumped(*_class_head(other)):
                found.append(_fact("class", scope, one, old=one, new=other))
            _documented(one, other, scope, found, deep=False)
            _differ(one.body, other.body, f"{scope}.{one.name}" if scope else one.name, found)
        elif isinstance(one, FUNCTIONS) and isinstance(other, FUNCTIONS):
            if dumped(*head(one)) != dumped(*head(other)) or suspends(one) != suspends(other):
                found.append(_fact("head", scope, one, old=one, new=other))
            if dumped(*one.body) != dumped(*other.body):
                found.append(_fact("body", scope, one, old=one, new=other))
            _documented(one, other, scope, found)


def _documented(one: ast.stmt, other: ast.stmt, scope: str, found: list[Fact], *, deep: bool = True) -> None:
    """Note docstrings that differ, of functions and classes inside as well."""
    if isinstance(one, (*FUNCTIONS, ast.ClassDef)) and isinstance(other, (*FUNCTIONS, ast.ClassDef)):
        if ast.get_docstring(one, clean=False) != ast.get_docstring(other, clean=False):
            found.append(_fact("doc", scope, one, old=one, new=other))
        elif deep and ast.dump(one) != ast.dump(other) and dumped(one) == dumped(other):
            if isinstance(one, ast.ClassDef):
                _differ(one.body, other.body, f"{scope}.{one.name}" if scope else one.name, found)
            else:
                found.append(_fact("doc", scope, one, old=one, new=other))


def _fact(kind: str, scope: str, node: ast.stmt, *, old: ast.stmt | None = None, new: ast.stmt | None = None) -> Fact:
    return Fact(kind, _name(node), scope, first_line(node), node.end_lineno or node.lineno, old, new)


def _name(node: ast.stmt) -> str:
    return node.name if isinstance(node, (*FUNCTIONS, ast.ClassDef)) else ""


def _class_head(node: ast.ClassDef) -> tuple[ast.AST, ...]:
    return (*node.decorator_list, *node.bases, *node.keywords)


def suspends(node: ast.AST) -> bool:
    """Tell whether calling the function runs nothing of it yet."""
    return any(isinstance(one, ast.Yield | ast.YieldFrom) for one in ast.walk(node))


def _flat(body: Sequence[ast.stmt]) -> list[tuple[str, ast.stmt]]:
    """Return the statements of *body* that do something, with a text that equal ones share."""
    return [(dumped(one), one) for node in body if not idle(node) for one in _single(node)]


def _single(node: ast.stmt) -> list[ast.stmt]:
    """Return an import for each name of an import of several: only the one that differs matters."""
    if isinstance(node, ast.ImportFrom):
        return [ast.copy_location(ast.ImportFrom(node.module, [one], node.level), node) for one in node.names]
    if isinstance(node, ast.Import):
        return [ast.copy_location(ast.Import([one]), node) for one in node.names]
    return [node]


def idle(node: ast.stmt) -> bool:
    if isinstance(node, ast.If) and typing_only(node):
        return not node.orelse
    return isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))


def dumped(*nodes: ast.AST) -> str:
    """Return a text that two pieces share which do the same: without places, docstrings and what only types need."""
    return "\n".join(_told(node) for node in nodes if not (isinstance(node, ast.stmt) and idle(node)))


def _told(value: object) -> str:
    if isinstance(value, ast.AST):
        fields = ast.iter_fields(value)
        if isinstance(value, ast.If) and typing_only(value):
            fields = iter([("orelse", value.orelse)])
        return f"{type(value).__name__}({','.join(f'{name}={_told(part)}' for name, part in fields)})"
    if isinstance(value, list):
        return f"[{','.join(_told(one) for one in value if not (isinstance(one, ast.stmt) and idle(one)))}]"
    return repr(value)


def listed(fact: Fact) -> set[str]:
    """Return the names that came into or went out of a list of exports (``__all__``) which *fact* is about."""
    one = _strings(fact.old)
    other = _strings(fact.new)
    return one ^ other


def _strings(node: ast.stmt | None) -> set[str]:
    if node is None:
        return set()
    return {
        word
        for part in ast.walk(node)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
        for word in identifiers(part.value)
    }
