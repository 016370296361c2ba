"""What the rules of the reader share: what one of them saw, and short words for code."""

import ast
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

_SHOWN = 60


class Seen(NamedTuple):
    """Something that a rule saw."""

    rule: str
    """Without its prefix."""
    message: str
    old: int | None = None
    """Line of what is gone, in the old file; None where something came in its place."""
    new: int | None = None
    """Line of what came, in the new file."""


class Moves(NamedTuple):
    """What goes and comes in the whole change."""

    came: Counter[str]
    """Statements that come, by key: what goes here and comes there was moved."""
    words: frozenset[str]
    """Names that no changed file knows any more: what was said of these was not lost, they were given up."""
    parameters: frozenset[str] = frozenset()
    """Names of parameters that no function takes any more which took them before."""


def given_up(node: ast.AST, was: ast.AST, moves: Moves) -> bool:
    """Tell whether *node*, a part of the function *was*, speaks of something that the change gave up altogether.

    A variable of the function itself does not count: it was there for what is gone.
    """
    names = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
    names |= {one.attr for one in ast.walk(node) if isinstance(one, ast.Attribute)}
    own = {one.id for one in ast.walk(was) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
    return bool((names - own) & moves.words)


def shown(node: ast.AST | None) -> str:
    """Return *node* as code on one line, not too long."""
    text = " ".join(ast.unparse(node).split()) if node is not None else ""
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def last_name(node: ast.AST) -> str:
    """Return ``c`` of ``a.b.c``, empty for what has no name."""
    return str(getattr(node, "attr", None) or getattr(node, "id", ""))


def calls(nodes: Iterable[ast.AST], name: str) -> bool:
    """Tell whether a function called *name* is called anywhere in *nodes*."""
    return any(isinstance(one, ast.Call) and last_name(one.func) == name for node in nodes for one in ast.walk(node))
