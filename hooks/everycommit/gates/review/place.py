"""Finds what a model quoted: in the piece that it read, word for word or but for white space, and nowhere near by."""

import re
from collections.abc import Iterator, Sequence

from .parts import Piece, Row

_LONGEST = 4000
"""Characters of a quote that are looked for."""
_COPIED = r"^\s*(?:\d+\s*)?(?:[|:]\s?)?(?:[+-](?![+-]))?"
"""What a model copies along with a line: its number, a bar, the sign of the diff."""
_KINDS = ("+", "-", " ")
_ENOUGH = 6
"""Characters that a receipt has to have, where the piece has a line as long."""


class Places:
    """The lines of one piece as they were shown."""

    def __init__(self, piece: Piece) -> None:
        self._piece = piece
        rows = [row for row in piece.rows if row.text.strip()]
        # A model reads the rows as they stand, or one side of them.
        sides = [rows, [row for row in rows if row.kind != "-"], [row for row in rows if row.kind != "+"]]
        self._rows = [_Rows(side) for side in sides]
        self._around = _Rows([row for row in piece.around if row.text.strip()])

    def row(self, quote: str) -> Row | None:
        """Return the row that *quote* is, or begins at; None where it is nowhere in the piece.

        A whole row comes before a part of one; then an added one, a removed one, one of the rest. What stands around
        the piece is looked through last.
        """
        return self._in_rows(quote) or self._found([self._around], quote)

    def line(self, quote: str) -> int | None:
        """Return the line of the new side, from 1, that *quote* is at: of a removed row that before it.

        None where the quote is nowhere.
        """
        found = self.row(quote)
        if found is None:
            return None
        if found.number is not None:
            return found.number
        before = after = None
        passed = False
        for row in self._piece.rows:
            passed = passed or row is found
            if passed:
                after = after or row.number
            else:
                before = row.number or before
        # A piece of removed lines alone stands at the top of its file.
        return before or after or 1

    def proves(self, quote: str) -> bool:
        """Tell whether only somebody who saw the piece can have written *quote*: more than a bracket, if more is."""
        longest = max((len(text) for text in self._rows[0].flat), default=0)
        said = max((len(_flat(line)) for line in quote[:_LONGEST].split("\n")), default=0)
        return not longest or (said >= min(_ENOUGH, longest) and self._in_rows(quote) is not None)

    def _in_rows(self, quote: str) -> Row | None:
        return self._found(self._rows, quote)

    def _found(self, sides: "Sequence[_Rows]", quote: str) -> Row | None:
        lines = [line for line in quote[:_LONGEST].split("\n") if line.strip()]
        if not lines:
            return None
        for wanted, flat in _readings(lines):
            found = [row for side in sides for row in side.at(wanted, flat=flat)]
            if found:
                whole = _flat(wanted[0])
                return min(found, key=lambda row: (_flat(row.text) != whole, _KINDS.index(row.kind)))
        return None


class _Rows:
    """Rows one below the other, none of them blank."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows
        self._texts = [row.text for row in rows]
        self.flat = [_flat(row.text) for row in rows]

    def at(self, wanted: Sequence[str], *, flat: bool) -> Iterator[Row]:
        """Yield the rows at which *wanted* begins; a single line may be a part of its row."""
        texts = self.flat if flat else self._texts
        if len(wanted) == 1:
            yield from (row for row, text in zip(self._rows, texts, strict=True) if wanted[0] in text)
            return
        whole = [line.strip() for line in wanted]
        stripped = [text.strip() for text in texts]
        for start in range(len(texts) - len(whole) + 1):
            if stripped[start : start + len(whole)] == whole:
                run = self._rows[start : start + len(whole)]
                yield next((row for row in run if row.kind == "+"), run[0])


def _readings(lines: Sequence[str]) -> Iterator[tuple[list[str], bool]]:
    """Yield what *lines* can mean, the surest first, each with whether white space is let go."""
    yield [*lines], False
    yield [_flat(line) for line in lines], True
    bare = [_flat(re.sub(_COPIED, "", line, count=1)) for line in lines]
    if all(bare):
        yield bare, True


def _flat(text: str) -> str:
    return " ".join(text.split())
