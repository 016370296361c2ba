"""What there is to read: the change's hunks as pieces, with what stands around each; and what is left out, by name."""

import hashlib
from collections.abc import Iterator, Sequence
from random import Random
from typing import NamedTuple

from ...change import Blobs, Change, FileChange, Hunk, Line
from ...config.schema import ReviewSettings
from ...record import replace
from ...rules.sources import content, is_test, old_content
from ..sources import within
from .enclosing import Surroundings, row
from .left_out import why_not
from .parts import Piece
from .risk import risk

LARGEST = 120
"""Rows of the largest piece; a longer hunk is read in several."""


class Unread(NamedTuple):
    """A file, or a part of one, that no model reads."""

    path: str
    why: str
    """In a few words."""
    hunks: int = 1
    chosen: bool = True
    """Whether somebody chose it, or nothing in it can be read; else it ought to have been and is a doubt."""


class Work(NamedTuple):
    """All that is to be read, and all that is not."""

    pieces: tuple[Piece, ...]
    unread: tuple[Unread, ...]

    @property
    def hunks(self) -> int:
        """How many hunks of the change there are to read."""
        return len({piece.hunk for piece in self.pieces if not piece.canary})


def pieces(change: Change, blobs: Blobs, settings: ReviewSettings, *, project: str = ".", random: Random) -> Work:
    """Return what is to be read of *change*, the riskiest first; *random* names the pieces.

    A file whose hunks are not to be had is listed as a doubt, with the reason.
    """
    unread: list[Unread] = []
    found: list[Piece] = []
    tested = any(is_test(file.path) for file in change.files)
    hunks = 0
    for file in change.files:
        if not within(project, file.path):
            continue
        why = why_not(file, settings)
        if why is not None:
            unread.append(Unread(file.path, why))
            continue
        if file.unread is not None:
            unread.append(Unread(file.path, file.unread, chosen=False))
            continue
        text = content(file, blobs)
        if _generated(text) and _generated(old_content(file, blobs)):
            unread.append(Unread(file.path, "generated, by its own words"))
            continue
        found += _of_file(file, text, first=hunks, tested=tested)
        hunks += len(file.hunks)
    return Work(tuple(_named(found, random)), tuple(unread))


def _generated(text: str | None) -> bool:
    """Tell whether the head of a file says that it is generated.

    A change that only says so about itself gets nothing for it: the file before it has to say it, too.

    Source: ``// Code generated ... DO NOT EDIT.`` is Go's convention (go.dev/s/generatedcode), ``@generated`` Meta's.
    """
    head = (text or "")[:1000]
    return "@generated" in head or ("enerated" in head and "DO NOT EDIT" in head)


def _of_file(file: FileChange, text: str | None, *, first: int, tested: bool) -> Iterator[Piece]:
    """Yield the pieces of one file; its hunks count from *first*."""
    shown = {line.new for hunk in file.hunks for line in hunk.lines if line.new is not None}
    around = Surroundings(file.path, text, shown)
    for place, hunk in enumerate(file.hunks, start=first):
        for lines in split(hunk.lines):
            changed, low, high = _extent(lines, hunk)
            section = around.section(*changed, hunk.section)
            rows = tuple(
                row(line.kind, line.new, line.text, old=line.old if line.new is None else None) for line in lines
            )
            piece = Piece(
                id="",
                path=file.path,
                hunk=place,
                rows=rows,
                around=around.rows(*changed, low=low, high=high),
                section=section,
                risk=risk(file.path, rows, tested=tested),
            )
            yield replace(piece, digest=digest(piece))


def split(lines: Sequence[Line]) -> Iterator[Sequence[Line]]:
    """Yield *lines* in parts of at most ``LARGEST``, cut where the code itself has a gap; context alone is no part."""
    start = 0
    while len(lines) - start > LARGEST:
        cut = max(range(start + LARGEST // 2, start + LARGEST), key=lambda at: (_gap(lines, at), at))
        yield lines[start:cut]
        start = cut
    if start == 0 or any(line.kind != " " for line in lines[start:]):
        yield lines[start:]


def _gap(lines: Sequence[Line], at: int) -> int:
    """Return how good a place it is to cut before line *at*: the less it is indented, the better."""
    text = lines[at].text.expandtabs(4)
    if not text.strip() or lines[at].kind != lines[at - 1].kind == "-":
        return -100
    before = not lines[at - 1].text.strip()
    return (3 if before else 0) - (len(text) - len(text.lstrip()))


def _extent(lines: Sequence[Line], hunk: Hunk) -> tuple[tuple[int, int], int, int]:
    """Return the first and the last line that changed, and the first and the last that is shown, on the new side.

    A removed line counts as the one that came to stand in its place.
    """
    numbers = [line.new for line in lines if line.new is not None]
    at = (numbers[0] if numbers else max(1, hunk.new_start)) - 1
    changed = []
    for line in lines:
        at = at if line.new is None else line.new
        if line.kind != " ":
            changed.append(max(1, at))
    low, high = (numbers[0], numbers[-1]) if numbers else (changed[0], changed[-1])
    return (min(changed, default=low), max(changed, default=high)), low, high


def digest(piece: Piece) -> str:
    """Return what tells pieces apart: path and text, not the number of the line."""
    parts = [piece.path, piece.section]
    parts += [one.kind + one.text for one in piece.rows] + ["around"] + [one.text for one in piece.around]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _named(found: Sequence[Piece], random: Random) -> list[Piece]:
    """Return *found* in the order of their risk, under names that say nothing of it."""
    numbers = random.sample(range(100, 1000 + 10 * len(found)), len(found))
    named = [replace(piece, id=f"h{number}") for piece, number in zip(found, numbers, strict=True)]
    return sorted(named, key=lambda piece: -piece.risk)
