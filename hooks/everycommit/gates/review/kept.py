"""What was found in a hunk before: equal hunks are not asked about again, and never come out otherwise.

An answer is kept a piece: a commit that is amended, rebased, pushed or squashed brings the same pieces in another
order, beside others, at other lines.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from ...ledger import Answers
from ...record import replace
from .parts import CATEGORIES, CLAIMS, SEVERITIES, Piece, Voted
from .place import Places
from .vote import alike

VERSION = 1
_TEXTS = ("quote", "category", "severity", "title", "scenario", "claim", "symbol", "demoted")
_NUMBERS = ("votes", "samples")
_SWITCHES = ("only_stripped", "aside")
_TYPES: Mapping[str, tuple[type, ...]] = {
    **dict.fromkeys(_TEXTS, (str,)),
    **dict.fromkeys(_NUMBERS, (int,)),
    **dict.fromkeys(_SWITCHES, (bool,)),
    "row": (int, type(None)),
}
_WORDS: Mapping[str, tuple[str, ...]] = {"category": CATEGORIES, "severity": SEVERITIES, "claim": CLAIMS}
_MOST = 1000


class Known:
    """The answers of earlier runs to the same question: *asked* stands for all of it but the piece."""

    def __init__(self, answers: Answers | None, asked: str) -> None:
        self._answers = answers
        self._asked = asked

    def found(self, piece: Piece) -> tuple[Voted, ...] | None:
        """Return what was found in this very piece, empty for nothing; None where it is to be asked about."""
        return self._read(self._key("piece", piece.digest), piece) if piece.digest else None

    def before(self, piece: Piece) -> tuple[Voted, ...] | None:
        """Return what was last found in the same lines with other surroundings; None where they were never read."""
        return self._read(self._key("lines", _lines(piece)), piece)

    def keep(self, piece: Piece, found: Sequence[Voted]) -> None:
        """Keep what was found in *piece*, which every sample has seen; with too few votes to be shown as well."""
        if self._answers is None or not piece.digest or piece.canary:
            return
        text = json.dumps({"version": VERSION, "found": [_plain(one, piece) for one in found]}, ensure_ascii=True)
        self._answers.keep_answer(self._key("piece", piece.digest), text)
        self._answers.keep_answer(self._key("lines", _lines(piece)), text)

    def settled(self, piece: Piece, found: Sequence[Voted]) -> tuple[Voted, ...]:
        """Return *found*, new in *piece*, each that is to be shown or only listed.

        Lines that were read before and that this change left as they were may not raise something new, only because
        what stands around them was mended.
        """
        before = self.before(piece)
        if before is None:
            return tuple(found)
        known = [other for other in before if not other.aside]
        return tuple(replace(one, aside=not any(alike(one, other) for other in known)) for one in found)

    def _key(self, kind: str, digest: str) -> str:
        return _digest("review", str(VERSION), kind, digest, self._asked)

    def _read(self, key: str, piece: Piece) -> tuple[Voted, ...] | None:
        text = self._answers.answer(key) if self._answers else None
        try:
            return None if text is None else _found(json.loads(text), piece)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None


def asked(**parts: object) -> str:
    """Return the word for a question without its piece: model, prompt's version, guidelines, goal, samples, judge."""
    return _digest(json.dumps(parts, sort_keys=True, ensure_ascii=True, default=str))


def _lines(piece: Piece) -> str:
    """Return what tells apart what a piece changes, wherever it stands in its file."""
    return _digest(piece.path, *(row.kind + row.text for row in piece.rows if row.kind != " "))


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _plain(one: Voted, piece: Piece) -> dict[str, Any]:
    numbers = [row.number for row in (*piece.rows, *piece.around)]
    place = numbers.index(one.line) if one.line in numbers and one.line is not None else None
    return {name: getattr(one, name) for name in _TYPES if name != "row"} | {"row": place}


def _found(content: Any, piece: Piece) -> tuple[Voted, ...]:
    """Return the findings that *content* holds, at their lines in *piece*.

    Raises:
        ValueError: It is not of this version; KeyError, TypeError, AttributeError likewise.
    """
    if content["version"] != VERSION or len(content["found"]) > _MOST:
        raise ValueError("not of this version")
    return tuple(_one(fields, piece) for fields in content["found"])


def _one(fields: Mapping[str, Any], piece: Piece) -> Voted:
    if fields.keys() != _TYPES.keys() or any(type(fields[name]) not in kinds for name, kinds in _TYPES.items()):
        raise TypeError("not the fields of this version")
    if any(fields[name] not in words for name, words in _WORDS.items()):
        raise ValueError("not a word of this version")
    plain = {name: fields[name] for name in _TYPES if name != "row"}
    return Voted(piece=piece.id, path=piece.path, line=_line(fields["row"], fields["quote"], piece), **plain)


def _line(place: int | None, quote: str, piece: Piece) -> int | None:
    """Return the line of the row that it was at; with other surroundings, of the row that is quoted."""
    if place is None:
        return None
    rows = (*piece.rows, *piece.around)
    here = rows[place] if 0 <= place < len(rows) else None
    if here is not None and " ".join(here.text.split()) in {quote, " ".join(quote.split())}:
        return here.number
    return Places(piece).line(quote) or (here.number if here else None)
