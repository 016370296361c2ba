"""Reads a change: asks, counts votes, drops what is wrong for sure, has the rest judged, and keeps what came out."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from random import Random
from secrets import SystemRandom, token_hex
from typing import NamedTuple

from ...deadline import Deadline
from ...errors import EverycommitError
from ...record import replace
from ...result import NOTE, Finding, GateResult, Outcome
from ...rules.sources import is_python
from ..accepted import accepted
from ..base import Job, Models
from . import judge, telling
from .asking import Asking
from .at_once import at_once
from .confirm import confirmed
from .left_out import compared
from .once import said_once
from .parts import Answer, Piece, Voted
from .reading import Reading, patience, reading
from .refute import Source, refuted
from .static import static
from .strip import without_name
from .vote import shown, voted

NAME = "review"
NOBODY = "no model that you set up reads it"
_FOR_THE_JUDGE = 0.25
"""Of the time that is left: what the finders leave to the judge."""
_JUDGED_AT_MOST = 20
_JUDGE_IN, _JUDGE_OUT = 1500, 200
"""Tokens that a question to the judge, and its answer, are expected to have."""


class Outcomes(NamedTuple):
    """What a reading came to."""

    reading: Reading
    answers: tuple[Answer, ...]
    found: tuple[Voted, ...]
    """All that was found and not refuted, shown or not."""


def reviewed(job: Job, today: str, nobody: str | None) -> GateResult:
    """Return the verdict on *job*'s change: of the static reader and, where *nobody* has no reason, of the models."""
    about = reading(job, job.models, SystemRandom()) if job.models and nobody is None else None
    if job.models is None or about is None:
        return alone(job, static(job), nobody or NOBODY, today)
    if not about.pieces and all(one.chosen for one in about.unread):
        return alone(job, static(job), "; ".join(telling.left_out(about.unread)) or "nothing to read", today)
    models, found = job.models, about
    came: list[Outcomes] = []
    said: list[Finding] = []
    broken: list[EverycommitError] = []

    def ask() -> None:
        came.append(outcomes(job, models, found, SystemRandom()))

    def look() -> None:
        try:
            said.extend(static(job))
        except EverycommitError as error:
            broken.append(error)

    # ruff is over long before a model has answered.
    at_once((ask, look), _done, many=2)
    result = told(job, came[0], today, said)
    return _doubting(result, broken[0]) if broken else result


def _done(work: Callable[[], None]) -> None:
    work()


def _doubting(result: GateResult, error: EverycommitError) -> GateResult:
    """Return *result* where the static reader broke: what the models say stays, and it is no pass."""
    if result.reason:
        return replace(result, notes=(*result.notes, f"the static reader: {error}"))
    worst = Outcome.FAILED if result.outcome is Outcome.FAILED else Outcome.INCONCLUSIVE
    return replace(result, outcome=worst, reason=f"the static reader: {error}")


def alone(job: Job, found: Sequence[Finding], why: str, today: str) -> GateResult:
    """Return what the static reader says where no model reads, and *why* none does."""
    ready, said, until = accepted(job, [*found], today, review=True)
    if not any(True for _ in compared(job.change, job.project)):
        return GateResult(gate=NAME, outcome=Outcome.SKIPPED, reason=why)
    return GateResult(
        gate=NAME,
        outcome=Outcome.PASSED,
        reason=why,
        findings=telling.acceptable(ready),
        summary="static only",
        brief="static only",
        notes=tuple(said),
        valid_until=until,
    )


def outcomes(job: Job, models: Models, about: Reading, random: Random) -> Outcomes:
    """Ask what there is to ask, and return all that was found."""
    progress = _Progress(job, about)
    asking = Asking(
        about,
        models,
        _before(job.deadline),
        random=random,
        max_tokens=job.config.settings.review.max_tokens,
        closed=progress.closed,
    )
    answers = asking.answers()
    sources = _Sources(job)
    said = _said(job)
    found = [one for one in voted(answers) if not refuted(one, sources.of(one.path), said)]
    settled = [
        one
        for piece in about.asked
        for one in about.known.settled(piece, [one for one in found if one.piece == piece.id])
    ]
    visible = [one for one in settled if is_visible(job, about, one)]
    fresh = [*_judged(job, models, about, visible), *(one for one in settled if one not in visible)]
    _keep(about, answers, fresh)
    return Outcomes(about, answers, (*(one for known in about.before.values() for one in known), *fresh))


def told(job: Job, came: Outcomes, today: str, more: Sequence[Finding] = ()) -> GateResult:
    """Return what *came* of it as the gate's word."""
    about, block = came.reading, job.config.settings.review.block
    seen = telling.seen(about, came.answers)
    pieces = {piece.id: piece for piece in about.pieces}
    votes = [one for one in came.found if is_visible(job, about, one)]
    sources = _Sources(job)
    by_models = []
    for one in votes:
        right = confirmed(one, sources.of(one.path)) if block == "reproduced" else ""
        by_models.append(telling.finding(one, pieces.get(one.piece), block, right))
    findings = [*about.findings, *said_once(more, by_models)]
    ready, said, until = accepted(job, findings, today, review=True)
    return GateResult(
        gate=NAME,
        outcome=_outcome(seen, ready),
        reason=seen.reason,
        doubt=seen.doubt if seen.open else "inconclusive",
        findings=telling.acceptable(ready),
        summary=telling.summary(seen, ready, votes),
        brief=f"{seen.read:,}/{seen.total:,} hunks",
        counts={"hunks": seen.total, "seen": seen.read, "known": len({pieces[one].hunk for one in about.before})},
        tool=about.profile.model,
        notes=(*said, *telling.notes(about, seen)),
        valid_until=until,
    )


def is_visible(job: Job, about: Reading, one: Voted) -> bool:
    """Tell whether *one* is shown without being asked for.

    It has its votes, no judge took it down to a note, and it is not of lines that were read before without it.
    """
    if one.aside or (one.demoted and one.severity == NOTE):
        return False
    settings = job.config.settings.review
    least: Mapping[str, int] = {name: settings.votes(name) for name in ("error", "warning", "note")}
    return shown(one, least, neutralised=about.neutralised)


def _outcome(seen: telling.Seen, findings: Sequence[Finding]) -> Outcome:
    if any(finding.blocking for finding in findings):
        return Outcome.FAILED
    return Outcome.INCONCLUSIVE if seen.open else Outcome.PASSED


def _before(deadline: Deadline) -> Deadline:
    return Deadline(time.monotonic() + deadline.left() * (1 - _FOR_THE_JUDGE))


def _keep(about: Reading, answers: Sequence[Answer], fresh: Sequence[Voted]) -> None:
    """Keep what was found in each piece that every sample has read."""
    for piece in about.asked:
        if {answer.sample for answer in answers if piece.id in answer.seen} == {*range(about.plan.samples)}:
            about.known.keep(piece, [one for one in fresh if one.piece == piece.id])


def _judged(job: Job, models: Models, about: Reading, found: Sequence[Voted]) -> list[Voted]:
    """Return *found*, each after one more question, which takes it down or leaves it as it is."""
    profile = models.profile("judge", tokens_in=_JUDGE_IN, tokens_out=_JUDGE_OUT, seconds=patience(job))
    if profile is None or not found:
        return [*found]
    pieces = {piece.id: piece for piece in about.pieces}
    out = [*found]
    lock = threading.Lock()

    def work(place: int) -> None:
        one = found[place]
        # What talked a reader out of a defect, or talks to the judge alone, would take it down again.
        with lock:
            piece = without_name(about.views.of(pieces[one.piece]))
        fence = token_hex(16)
        try:
            reply = models.ask(profile, judge.ask(one, piece, fence), deadline=job.deadline)
        except EverycommitError:
            return  # who is not asked takes nothing down
        out[place] = judge.judged(one, piece, fence, reply)

    at_once(range(min(len(found), _JUDGED_AT_MOST)), work, many=profile.slots)
    return out


def _said(job: Job) -> Sequence[Finding]:
    others = job.others() if job.others else ()
    return [finding for result in others for finding in result.findings if result.gate in {"lint", "types"}]


class _Sources:
    """The target's Python files, each parsed at most once."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._files = {file.path: file for file in job.change.files}
        self._made: dict[str, Source | None] = {}

    def of(self, path: str) -> Source | None:
        if path not in self._made:
            file = self._files.get(path)
            there = file is not None and file.is_file and is_python(path)
            self._made[path] = Source(self._job.blobs.read(file.id)) if there and file else None
        return self._made[path]


class _Progress:
    """Says how far it is: hunks that are read to the end, and what was found in them."""

    def __init__(self, job: Job, about: Reading) -> None:
        self._job = job
        self._about = about
        self._total = len({piece.hunk for piece in about.pieces})

    def closed(self, answers: Sequence[Answer], pieces: Sequence[Piece]) -> None:
        del pieces
        back = telling.seen(self._about, answers).read
        found = sum(is_visible(self._job, self._about, one) for one in voted(answers))
        more = f", {found} {'finding' if found == 1 else 'findings'}" if found else ""
        self._job.say(f"{back}/{self._total} hunks{more}")
