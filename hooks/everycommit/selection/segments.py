"""Which lines of a file are the same ones in a newer version of it, for sure.

A piece is a function or class without what is defined in it, or what is left of the module. A piece that has the same
name and the same text in both versions has the same lines, wherever it stands; of any other nothing is said.
"""

import ast
from collections.abc import Mapping

_DEFINED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_Piece = list[tuple[int, bytes]]


def same_lines(old: bytes, new: bytes) -> Mapping[int, int]:
    """Return ``{line in *old*: line in *new*}``, both from 1, for the lines of all pieces that did not change."""
    try:
        before, after = _pieces(old), _pieces(new)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    out: dict[int, int] = {}
    for name, piece in before.items():
        other = after.get(name, [])
        if [text for _, text in piece] == [text for _, text in other]:
            out.update({line: now for (line, _), (now, _) in zip(piece, other, strict=True)})
    return out


def _pieces(content: bytes) -> dict[str, _Piece]:
    """Return the numbered lines of each piece by its qualified name; none where one name means two."""
    if b"\r" in content:
        # Python and we might not count the same lines.
        return {}
    lines = content.split(b"\n")
    owner = [""] * len(lines)
    seen: set[str] = set()
    if not _own(ast.parse(content), "", owner, seen):
        return {}
    pieces: dict[str, _Piece] = {"": []}
    for place, name in enumerate(owner):
        pieces.setdefault(name, []).append((place + 1, lines[place]))
    return pieces


def _own(node: ast.AST, scope: str, owner: list[str], seen: set[str]) -> bool:
    """Write down whose each line is; return whether every name is there once."""
    for child in ast.iter_child_nodes(node):
        name = scope
        if isinstance(child, _DEFINED):
            name = f"{scope}.{child.name}"
            if name in seen:
                return False
            seen.add(name)
            first = min([child.lineno, *(one.lineno for one in child.decorator_list)])
            last = child.end_lineno or child.lineno
            owner[first - 1 : last] = [name] * (last - first + 1)
        if not _own(child, name, owner, seen):
            return False
    return True
