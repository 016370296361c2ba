"""What may leave this machine: a file that would show a secret is withheld, or sent with the secret taken out."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from ...change import Blobs, Change, FileChange
from ...record import replace
from ...result import WARNING, Finding
from ...rules.secret_scan import ASSIGNED, masked, secrets_in
from ...rules.sources import content, is_prose, is_test, old_content
from .parts import Piece, Row

RULE = "review/secret"
GONE = "***"
WITHHELD = "withheld: it holds what looks like a secret"
_WAY_ON = (
    "Take it out, or make it look like an example (…EXAMPLE); "
    '`review.secrets = "redact"` in your own settings sends the file without it.'
)


class Sendable(NamedTuple):
    """What may be sent, and what was found on the way."""

    pieces: tuple[Piece, ...]
    withheld: tuple[Piece, ...]
    """Pieces of files that hold a secret."""
    findings: tuple[Finding, ...]


class _Place(NamedTuple):
    line: int
    kind: str


class _Seen(NamedTuple):
    """A secret on a line; ``long`` where it goes over several, and nothing of the line can stay."""

    kind: str
    long: bool


def sendable(pieces: Sequence[Piece], change: Change, blobs: Blobs, *, redact: bool) -> Sendable:
    """Return what of *pieces* may be sent: files with a secret in a line that would be shown not at all.

    With *redact* they are sent, too, the secret replaced by ``***``. So it is in any case with values that look like a
    secret in tests and prose, which are full of made-up ones.
    """
    files = {file.path: file for file in change.files}
    kept: list[Piece] = []
    withheld: list[Piece] = []
    findings: list[Finding] = []
    for path in dict.fromkeys(piece.path for piece in pieces):
        own = [piece for piece in pieces if piece.path == path]
        seen = _Secrets(files[path], blobs)
        loud = [place for piece in own for place in seen.loud(piece)]
        if loud:
            first = min(loud)
            findings.append(_finding(path, first, redact=redact))
        if loud and not redact:
            withheld += own
        else:
            kept += [seen.without(piece) for piece in own]
    order = {piece.id: place for place, piece in enumerate(pieces)}
    return Sendable(tuple(sorted(kept, key=lambda piece: order[piece.id])), tuple(withheld), tuple(findings))


def safe(text: str) -> str:
    """Return *text* that belongs to no file (guidelines, a goal) with every secret in it replaced."""
    return masked(text)


class _Secrets:
    """The secrets of one file, by line, on both sides: a key of many lines is known where a hunk shows one of them."""

    def __init__(self, file: FileChange, blobs: Blobs) -> None:
        self._quiet = is_test(file.path) or is_prose(file.path)
        texts = (old_content(file, blobs) or "", content(file, blobs) or "")
        self._old, self._new = map(_by_line, texts)
        self._lines = {
            line.strip()
            for text, seen in zip(texts, (self._old, self._new), strict=True)
            for number, line in enumerate(text.split("\n") if seen else (), start=1)
            if number in seen
        }

    def loud(self, piece: Piece) -> Iterator[_Place]:
        """Yield the secrets in what *piece* shows."""
        for one in (*piece.rows, *piece.around):
            for hit in self._hits(one):
                if not (hit.kind == ASSIGNED and self._quiet):
                    yield _Place(one.number or 1, hit.kind)

    def without(self, piece: Piece) -> Piece:
        """Return *piece* with every secret in it replaced."""
        # git's word for the function may be any line that is not indented.
        named = piece.section.strip()
        hidden = named and (secrets_in(named, unquoted=True) or any(line.startswith(named) for line in self._lines))
        section = "" if hidden else piece.section
        return replace(piece, rows=self._clean(piece.rows), around=self._clean(piece.around), section=section)

    def _clean(self, rows: Iterable[Row]) -> tuple[Row, ...]:
        return tuple(replace(one, text=self._cleaned(one)) if self._hits(one) else one for one in rows)

    def _cleaned(self, one: Row) -> str:
        cut = masked(one.text)
        return GONE if cut == one.text or any(seen.long for seen in self._hits(one)) else cut

    def _hits(self, one: Row) -> Sequence[_Seen]:
        known = self._old.get(one.old, ()) if one.number is None else self._new.get(one.number, ())
        return known or [_Seen(hit.kind, long=False) for hit in secrets_in(one.text, unquoted=True)]


def _by_line(text: str) -> Mapping[int | None, Sequence[_Seen]]:
    """Return the secrets of *text* by each line that they stand on, from 1."""
    found: dict[int | None, list[_Seen]] = {}
    hits = secrets_in(text, unquoted=True)
    if not hits:
        return found
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    for hit in hits:
        first, last = (bisect_right(starts, place) for place in (hit.start, max(hit.start, hit.end - 1)))
        for number in range(first, last + 1):
            found.setdefault(number, []).append(_Seen(hit.kind, long=last > first))
    return found


def _finding(path: str, first: _Place, *, redact: bool) -> Finding:
    done = "it is sent to the model with the secret taken out" if redact else "it is not sent to the model"
    return Finding(
        path=path,
        line=first.line,
        rule=RULE,
        severity=WARNING,
        message=f"what looks like a secret ({first.kind}) stands in what the model would read: {done}",
        hint=_WAY_ON if not redact else None,
    )
