"""Python source as these rules read it: parsed, or its comments alone."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ast

LARGEST = 400_000
"""Bytes; parsing a larger file takes too long for a hook, and nobody writes one by hand."""

# Each string ends at its quote, at the end of the line or of the text: nothing is scanned twice.
_LEXED = re.compile(
    r"""#(?P<comment>[^\n]*)"""
    r"""|"{3}(?>[^"\\]|\\.|"(?!""))*+(?:"{3}|\\?\Z)"""
    r"""|'{3}(?>[^'\\]|\\.|'(?!''))*+(?:'{3}|\\?\Z)"""
    r"""|"(?>[^"\\\n]|\\.)*+(?:"|(?=\n)|\\?\Z)"""
    r"""|'(?>[^'\\\n]|\\.)*+(?:'|(?=\n)|\\?\Z)""",
    re.DOTALL,
)


def is_python(path: str) -> bool:
    return path.endswith((".py", ".pyi"))


def module(content: bytes) -> "ast.Module | None":
    """Return the syntax tree of *content*; None where it is no Python that this Python knows, or too large."""
    import ast
    import warnings

    if len(content) > LARGEST:
        return None
    # An odd escape is a warning of the parser's; it is the linter's to report.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for source in (content, content.decode("latin-1")):
            try:
                return ast.parse(source)
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                continue  # an undeclared encoding: latin-1 gives each byte a character
    return None


def dumped(node: "ast.AST") -> str:
    """Return *node* as text that does not depend on its place, its comments or its layout."""
    import ast

    try:
        return ast.dump(node)
    except RecursionError:
        return f"too deep to compare: {type(node).__name__}"


def comments(text: str) -> Iterator[tuple[int, str]]:
    """Yield line (from 1) and text of each comment of Python source *text*, without the ``#``; never from a string."""
    line, place = 1, 0
    for found in _LEXED.finditer(text):
        if found["comment"] is not None:
            line += text.count("\n", place, found.start())
            place = found.start()
            yield line, found["comment"]
