"""What a review says: its findings as anybody's, what was read in numbers, and what was not with the reason."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from ...record import replace
from ...result import ERROR, NOTE, WARNING, Finding, stamped
from ...text import printable
from .parts import Answer, Piece, Voted
from .pieces import Unread
from .reading import Reading

UNANCHORED = "unanchored: the line that it quotes is nowhere in the hunk"
ONLY_STRIPPED = "found only by the reader who did not see comments and texts: what they say changed the others' mind"
_SHOWN = 5
_FEWEST = 7


class Open(NamedTuple):
    """A hunk that was not read."""

    path: str
    line: int | None
    why: str
    endpoint: bool


class Seen(NamedTuple):
    """What was read, in hunks."""

    total: int
    read: int
    open: tuple[Open, ...]

    @property
    def doubt(self) -> str:
        """Return the setting that says what the doubt does: of the two kinds the graver."""
        return "unreachable" if all(one.endpoint for one in self.open) else "inconclusive"

    @property
    def reason(self) -> str | None:
        """Return why hunks were not read, as a clause; None where all were."""
        if not self.open:
            return None
        counts = Counter(one.why for one in self.open if self.doubt == "unreachable" or not one.endpoint)
        (why, _), *others = counts.most_common()
        return why if not others else f"{why}; {len(others)} more {'reason' if len(others) == 1 else 'reasons'}"

    def words(self) -> str:
        return f"{self.read:,} of {self.total:,} {'hunk' if self.total == 1 else 'hunks'}"


def seen(reading: Reading, answers: Iterable[Answer]) -> Seen:
    """Return what *answers*, and those of earlier runs, have read: a hunk is read where all its pieces are."""
    read = {piece for answer in answers for piece in answer.seen} | reading.before.keys()
    whys = _reasons(answers)
    asked = {piece.id for piece in reading.asked}
    open_: dict[int, Open] = {}
    hunks = {piece.hunk for piece in reading.pieces}
    for piece in reading.pieces:
        if piece.id not in read and piece.id in asked:
            why, endpoint = whys.get(piece.id, ("it was not asked about", True))
            known = open_.get(piece.hunk)
            if known is None or known.endpoint:
                open_[piece.hunk] = Open(piece.path, line(piece), why, endpoint)
    left = {piece.hunk for piece in reading.pieces if piece.id not in read and piece.id not in asked}
    doubts = [one for one in reading.unread if not one.chosen]
    rest = [Open(one.path, None, one.why, endpoint=False) for one in doubts for _ in range(one.hunks)]
    # What is withheld or was not to be had is no piece any more; what found no room still is.
    outside = max(0, len(rest) - len(left))
    return Seen(len(hunks) + outside, len(hunks - open_.keys() - left), (*open_.values(), *rest))


def _reasons(answers: Iterable[Answer]) -> Mapping[str, tuple[str, bool]]:
    """Return why a piece was not read, and whether only the endpoint is to blame, by its id."""
    found: dict[str, tuple[str, bool]] = {}
    for answer in answers:
        for piece, why in answer.unseen.items():
            if piece not in found or (found[piece][1] and not answer.endpoint):
                found[piece] = (why, answer.endpoint)
    return found


def line(piece: Piece) -> int | None:
    """Return the first line that *piece* changes, on the new side."""
    numbers = [row.number for row in piece.rows if row.number is not None]
    changed = (row.number for row in piece.rows if row.kind == "+" and row.number is not None)
    return next(changed, numbers[0] if numbers else None)


def finding(one: Voted, piece: Piece | None, block: str, shown: str = "") -> Finding:
    """Return *one* as a finding, a warning at most where *block* (``review.block``) does not let it refuse.

    *shown*: by what the code shows it to be right, empty where it does not.
    """
    refuses = block == "voted" or (block == "reproduced" and bool(shown))
    severity = one.severity if one.severity != ERROR or refuses else WARNING
    asides = [shown] if shown else []
    asides += [UNANCHORED] if one.line is None else []
    asides += [ONLY_STRIPPED] if one.only_stripped else []
    title = one.title.rstrip(".")
    return Finding(
        path=one.path,
        line=one.line,
        rule=f"review/{one.category}",
        severity=severity,
        message=f"{title} ({'; '.join(asides)})" if asides else title,
        source=_source(one, piece),
        hint=f"{one.scenario.rstrip('.')} ({one.votes} of {one.samples} votes)".lstrip(),
    )


def _source(one: Voted, piece: Piece | None) -> str:
    """Return the whole line that the finding is at; where it is about a removed one, that."""
    rows = (*piece.rows, *piece.around) if piece else ()
    whole = next((row.text for row in rows if row.number == one.line is not None), "")
    said = " ".join(one.quote.split())
    removed = next((row.text for row in rows if row.kind == "-" and said and said in " ".join(row.text.split())), "")
    return removed if removed and said not in " ".join(whole.split()) else whole or one.quote


def acceptable(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return *findings*, each with the way to accept it."""
    return tuple(
        one
        if one.severity == NOTE
        else replace(one, hint=f'{one.hint}  accept: everycommit accept {one.fingerprint[:_FEWEST]} --reason "..."')
        for one in stamped(findings)
    )


def summary(seen: Seen, findings: Sequence[Finding], votes: Sequence[Voted]) -> str:
    """Return ``9 of 9 hunks, 1 warning (3 of 3 votes)``."""
    warnings = sum(one.severity == WARNING for one in findings)
    if warnings == 1 == len(findings) == len(votes):
        return f"{seen.words()}, 1 warning ({votes[0].votes} of {votes[0].samples} votes)"
    return seen.words()


def notes(reading: Reading, seen: Seen) -> Iterator[str]:
    """Yield what there is to say besides."""
    yield from reading.notes
    for one in seen.open[:_SHOWN]:
        place = printable(one.path) + (f":{one.line}" if one.line else "")
        yield f"not reviewed: {place} ({one.why})"
    if len(seen.open) > _SHOWN:
        yield f"not reviewed: {len(seen.open) - _SHOWN:,} more hunks; everycommit review --all names them"
    yield from left_out(reading.unread)


def left_out(unread: Iterable[Unread]) -> Iterator[str]:
    """Yield which files no model reads, by reason."""
    groups: dict[str, list[str]] = {}
    for one in unread:
        if one.chosen:
            groups.setdefault(one.why, []).append(printable(one.path))
    for why, paths in groups.items():
        more = f" and {len(paths) - _SHOWN:,} more" if len(paths) > _SHOWN else ""
        yield f"left out: {', '.join(paths[:_SHOWN])}{more} ({why})"
