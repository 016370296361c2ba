"""Which lines of a function a changed body concerns: who ran none of them did what the new body does."""

import ast
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import zip_longest

from .facts import dumped, idle, suspends
from .nodes import FUNCTIONS, bound, first_line, head, variables

Lines = tuple[int, int]
_UNSEEN = (ast.Global, ast.Nonlocal, ast.Continue, ast.Break)
"""Statements that run without a line of their own being seen, in some version of Python."""


def concerned(old: ast.stmt, new: ast.stmt) -> list[Lines]:
    """Return the lines of the function *old* that those ran who may see that it became *new*.

    A changed or deleted statement is seen by who ran it; a new one by who ran the one before it, or the first of its
    block. All of the function where a name became a variable or ceased to be one.
    """
    whole = [(first_line(old), old.end_lineno or old.lineno)]
    if not isinstance(old, FUNCTIONS) or not isinstance(new, FUNCTIONS) or _symbols(old) != _symbols(new):
        return whole
    found = list(_block(old.body, new.body, whole[0]))
    return whole if any(one is None for one in found) else [one for one in found if one is not None]


def _symbols(node: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[object, ...]:
    declared = sorted(
        (type(one).__name__, name)
        for one in ast.walk(node)
        if isinstance(one, ast.Global | ast.Nonlocal)
        for name in one.names
    )
    return variables(node) | bound(*node.body), declared, suspends(node)


def _block(olds: Sequence[ast.stmt], news: Sequence[ast.stmt], around: Lines) -> Iterator[Lines | None]:
    """Yield the lines that the difference of two blocks concerns; None: all of the function."""
    was, now = [one for one in olds if not idle(one)], [one for one in news if not idle(one)]
    texts = [dumped(one) for one in was], [dumped(one) for one in now]
    for word, a, b, c, d in SequenceMatcher(None, *texts, autojunk=False).get_opcodes():
        if word == "insert":
            yield _place(was[a - 1] if a else was[0]) if was else around
        elif word == "replace" and b - a == d - c:
            for one, other in zip(was[a:b], now[c:d], strict=True):
                yield from _statement(one, other)
        elif word != "equal":
            yield from map(_place, was[a:b])


def _place(node: ast.stmt) -> Lines | None:
    if isinstance(node, _UNSEEN) or (isinstance(node, ast.AnnAssign) and node.value is None):
        return None
    return first_line(node), node.end_lineno or node.lineno


def _statement(old: ast.stmt, new: ast.stmt) -> Iterator[Lines | None]:
    """Yield the lines that one statement that became another concerns: of its blocks where its head is the same."""
    whole = _place(old)
    if type(old) is not type(new) or whole is None or dumped(*_head(old)) != dumped(*_head(new)):
        yield whole
        return
    if isinstance(old, FUNCTIONS) and isinstance(new, FUNCTIONS) and _symbols(old) != _symbols(new):
        yield whole
        return
    blocks = list(zip_longest(_blocks(old), _blocks(new)))
    if not blocks or any(one is None or other is None or bool(one) != bool(other) for one, other in blocks):
        yield whole
        return
    for one, other in blocks:
        yield from _block(one, other, whole)


def _head(node: ast.stmt) -> list[ast.AST]:  # noqa: PLR0911 - a kind of node a case
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return [*head(node)]
        case ast.If(test=test) | ast.While(test=test):
            return [test]
        case ast.For(target=target, iter=source) | ast.AsyncFor(target=target, iter=source):
            return [target, source]
        case ast.With(items=items) | ast.AsyncWith(items=items):
            return [*items]
        case ast.Try(handlers=handlers) | ast.TryStar(handlers=handlers):
            return [ast.ExceptHandler(one.type, one.name, []) for one in handlers]
        case ast.Match(subject=subject, cases=cases):
            return [subject, *(ast.match_case(one.pattern, one.guard, []) for one in cases)]
        case _:
            return [node]


def _blocks(node: ast.stmt) -> list[list[ast.stmt]]:
    match node:
        case ast.FunctionDef(body=body) | ast.AsyncFunctionDef(body=body):
            return [body]
        case ast.With(body=body) | ast.AsyncWith(body=body):
            return [body]
        case ast.If() | ast.For() | ast.AsyncFor() | ast.While():
            return [node.body, node.orelse]
        case ast.Try() | ast.TryStar():
            return [node.body, *(one.body for one in node.handlers), node.orelse, node.finalbody]
        case ast.Match(cases=cases):
            return [one.body for one in cases]
        case _:
            return []
