"""What stands around a hunk: the function that encloses it, or the lines next to it."""

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ...rules.sources import is_python, module
from ...text import printable
from .parts import Row

if TYPE_CHECKING:
    import ast

AROUND = 12
"""Lines shown on either side of a hunk where no short function bounds it."""
WHOLE = 80
"""Lines of the longest function that is shown whole."""
_SIGNATURE = 8
"""Most lines that are shown of a signature."""


class Span(NamedTuple):
    """A function or a class; lines count from 1 and include decorators."""

    start: int
    body: int
    """The first line behind the signature."""
    end: int
    name: str
    """With the classes and functions that it stands in: ``Cart.total``."""
    function: bool


class Surroundings:
    """One file of the target, for all of its hunks."""

    def __init__(self, path: str, text: str | None, changed: Collection[int]) -> None:
        """Take the *text* of *path* (None where there is none) and the lines that the file's hunks show themselves."""
        self._lines = [] if text is None else text.split("\n")
        self._spans = tuple(spans(text)) if text is not None and is_python(path) else ()
        self._shown = changed

    def section(self, first: int, last: int, by_git: str) -> str:
        """Return the name of what encloses lines *first* to *last*; what git says where the language is unknown."""
        span = self._around(first, last, function=False)
        return span.name if span else "" if self._spans else printable(by_git.strip())[:120]

    def rows(self, first: int, last: int, *, low: int, high: int) -> tuple[Row, ...]:
        """Return what is worth showing around lines *low* to *high*, of which *first* to *last* changed."""
        span = self._around(first, last, function=True)
        if span and span.end - span.start < WHOLE:
            numbers = {*range(span.start, span.end + 1)}
        elif span:
            numbers = {*range(span.start, min(span.body, span.start + _SIGNATURE))}
            numbers |= {*range(max(span.start, low - AROUND), min(span.end, high + AROUND) + 1)}
        else:
            numbers = {*range(max(1, low - AROUND), min(len(self._lines), high + AROUND) + 1)}
        # What stands behind the last newline is no line.
        most = len(self._lines) - (self._lines[-1:] == [""])
        wanted = sorted(number for number in numbers.difference(self._shown) if number <= most)
        return tuple(row(" ", number, self._lines[number - 1]) for number in wanted)

    def _around(self, first: int, last: int, *, function: bool) -> Span | None:
        """Return the innermost span that holds the lines, of functions only where *function*."""
        holding = [
            span for span in self._spans if span.start <= first and last <= span.end and (span.function or not function)
        ]
        return max(holding, key=lambda span: (span.start, -span.end), default=None)


def row(kind: str, number: int | None, text: str, *, old: int | None = None) -> Row:
    """Return a line as a model sees it: nothing in it that a terminal or a reader would not see."""
    return Row(kind=kind, number=number, text=printable(text.removesuffix("\r")), old=old)


def spans(text: str) -> Iterator[Span]:
    """Yield the functions and classes of Python *text*; nothing where it does not parse."""
    tree = module(text)
    if tree is not None:
        yield from _spans(tree.body, ())


def _spans(body: "Sequence[ast.stmt]", names: tuple[str, ...]) -> Iterator[Span]:
    import ast

    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            own = (*names, node.name)
            start = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            function = not isinstance(node, ast.ClassDef)
            yield Span(start, node.body[0].lineno, node.end_lineno or node.lineno, ".".join(own), function)
            yield from _spans(node.body, own)
        else:
            for name in ("body", "orelse", "finalbody", "handlers", "cases"):
                for inner in getattr(node, name, ()):
                    yield from _spans([inner] if isinstance(inner, ast.stmt) else inner.body, names)
