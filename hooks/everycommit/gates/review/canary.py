"""A hunk of ours among the others, with a defect that nobody who reads can miss: who does not report it did not read.

No part of the change knows which one it is: it has another name each time, and nothing of it is ever shown to a user.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import count
from random import Random
from typing import NamedTuple

from ...rules.sources import extension
from .canary_pool import POOL
from .parts import Answer, Piece, Row

NEAR = 4
"""Lines from the defect within which a finding is the one."""
_VERBS = (
    *(
        "add",
        "apply",
        "build",
        "check",
        "collect",
        "count",
        "draw",
        "fetch",
        "fill",
        "find",
        "fold",
        "gather",
        "handle",
    ),
    *("index", "join", "keep", "list", "mark", "match", "merge", "move", "order", "pack", "pick", "place", "read"),
    *(
        "render",
        "resolve",
        "route",
        "scan",
        "select",
        "send",
        "sort",
        "split",
        "store",
        "sum",
        "trim",
        "update",
        "walk",
    ),
)
_NOUNS = (
    *("account", "badge", "basket", "batch", "board", "booking", "bundle", "cargo", "chart", "client", "column"),
    *("crate", "depot", "entry", "event", "field", "folder", "frame", "garden", "grid", "guest", "harbour", "invoice"),
    *("journal", "label", "ledger", "letter", "lesson", "member", "meter", "note", "orchard", "parcel", "pocket"),
    *("record", "region", "report", "room", "route", "sample", "sensor", "shelf", "signal", "station", "ticket"),
    *("timber", "token", "track", "trail", "vessel", "visit", "voucher", "wagon", "window", "workshop"),
)
_FUNCTION = r"(?:def|function|func)(?: \([^)]*\))? (\w+)"
_FOLDERS = ("src", "app", "lib", "core", "service", "internal", "pkg", "tools", "common")
_KINDS = {"py": ("py", "pyi", "pyx", "pyw"), "ts": ("ts", "tsx", "js", "jsx", "mjs", "vue", "svelte"), "go": ("go",)}


class Canary(NamedTuple):
    """One of ours, as a piece, and where its defect is."""

    piece: Piece
    line: int
    """Of the new side; of a removed line the one before it."""

    def reported(self, answer: Answer) -> bool:
        """Tell whether *answer* has the defect."""
        return any(
            one.piece == self.piece.id and one.line is not None and abs(one.line - self.line) <= NEAR
            for one in answer.said
        )


def canary(pieces: Collection[Piece], random: Random) -> Canary:
    """Return one of the pool that goes with *pieces*: of their language where there is one, under names of its own."""
    ends = {extension(piece.path) for piece in pieces}
    every = pool()
    kind, lines = random.choice([one for one in every if ends & {*_KINDS[one[0]]}] or every)
    used: set[str] = set()
    lines = re.sub(r"\$([fCabcds])(?!\w)", _namer(kind, random, used), lines)
    rows, line = _rows(lines.split("\n"), random.randrange(8, 400))
    section = next((found[1] for row in rows if (found := re.search(_FUNCTION, row.text))), "")
    numbers = (f"h{random.randrange(100, 1000 + 10 * len(pieces))}" for _ in count())
    return Canary(
        Piece(
            id=_other_than((piece.id for piece in pieces), numbers),
            path=_other_than((piece.path for piece in pieces), (_path(kind, random) for _ in count())),
            rows=rows,
            section=section,
            canary=True,
        ),
        line,
    )


def pool() -> list[tuple[str, str]]:
    """Return the language and the lines of each."""
    blocks = re.split(r"^(py|ts|go)\n", POOL, flags=re.MULTILINE)[1:]
    return [(kind, lines.strip("\n")) for kind, lines in zip(blocks[::2], blocks[1::2], strict=True)]


def _other_than(taken: Iterable[str], names: Iterator[str]) -> str:
    known = {*taken}
    return next(name for name in names if name not in known)


def _namer(kind: str, random: Random, used: set[str]) -> Callable[[re.Match[str]], str]:
    names: dict[str, str] = {}

    def name(found: re.Match[str]) -> str:
        what = found[1]
        if what not in names:
            made = (_name(what, kind, random) for _ in count())
            names[what] = _other_than(used, made)
            used.add(names[what])
        return names[what]

    return name


def _name(what: str, kind: str, random: Random) -> str:
    verb, noun, other = random.choice(_VERBS), random.choice(_NOUNS), random.choice(_NOUNS)
    if what == "C":
        return f"{noun.title()}{other.title()}"
    if what == "s":
        return f"{noun}s"
    # A variable stands for one thing, so that `for note in note` cannot come of it.
    words = (verb, noun) if what == "f" else (noun, other)
    return "_".join(words) if kind == "py" else words[0] + words[1].title()


def _path(kind: str, random: Random) -> str:
    folder, noun, other = random.choice(_FOLDERS), random.choice(_NOUNS), random.choice(_NOUNS)
    return f"{folder}/{noun}s/{other}.{kind}"


def _rows(lines: Sequence[str], first: int) -> tuple[tuple[Row, ...], int]:
    """Return *lines* as rows that begin at line *first*, and the line of the defect."""
    rows, number, defect = [], first, first
    for line in lines:
        mark, text = line[:1] or " ", line[1:]
        kind = {">": "+", "<": "-"}.get(mark, mark)
        defect = number - (kind == "-") if mark in "<>" else defect
        rows.append(Row(kind=kind, number=None if kind == "-" else number, text=text))
        number += kind != "-"
    return tuple(rows), defect
