"""All that is settled before the first question: what is read, by whom, how often, in which portions."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import NamedTuple, Protocol

from ...model.profile import Profile
from ...result import Finding
from ..base import Job
from .chunks import LARGEST, Plan, Tokens, planned
from .egress import WITHHELD, sendable
from .guidelines import briefed
from .judge import VERSION as JUDGES
from .kept import Known, asked
from .parts import Piece, Voted
from .pieces import Unread, pieces
from .prompt import INSTRUCTIONS, VERSION, Brief, body, shown
from .strip import Views, without_name

ANSWER, RECEIPT = 200, 40
"""Tokens that an answer is expected to have, and each receipt in it."""
CANARY = 260
"""Tokens that a canary adds to a question, at most."""
_PIECES = 20
"""Pieces that a question has, at most, to be expected."""


class Chooser(Protocol):
    """Who says which model reads: ``gates.base.Models`` without its questions."""

    def profile(self, role: str, *, tokens_in: int, tokens_out: int, seconds: float) -> Profile | None: ...


class Reading(NamedTuple):
    """What is about to be read."""

    pieces: tuple[Piece, ...]
    """All that may be sent, the riskiest first, secrets taken out."""
    unread: tuple[Unread, ...]
    """All else."""
    findings: tuple[Finding, ...]
    """What was found on the way to the question."""
    brief: Brief
    views: Views
    profile: Profile
    plan: Plan
    """Of the pieces that were not answered before."""
    before: Mapping[str, tuple[Voted, ...]]
    """What was found in a piece in an earlier run, by its id; empty for nothing."""
    known: Known
    neutralised: frozenset[str]
    """Pieces whose stripped view differs."""
    notes: tuple[str, ...]

    @property
    def asked(self) -> tuple[Piece, ...]:
        return tuple(piece for chunk in self.plan.chunks for piece in chunk.pieces)


def reading(job: Job, models: Chooser, random: Random, *, fresh: bool = False) -> Reading | None:
    """Return what is about to be read of *job*'s change; None where no model is there to read it.

    *fresh*: whether all of it is to be asked about, whatever was answered before.
    """
    settings = job.config.settings.review
    work = pieces(job.change, job.blobs, settings, project=job.project, random=random)
    may = sendable(work.pieces, job.change, job.blobs, redact=settings.secrets == "redact")
    brief, notes = briefed(job.change, job.blobs, job.config, job.project)
    tokens = Tokens()
    costs = {piece.id: tokens.of(shown(piece)) + 20 for piece in may.pieces}
    overhead = tokens.of(INSTRUCTIONS) + tokens.of(body(brief, (), "0" * 32)) + CANARY
    profile = models.profile(
        "finder",
        tokens_in=overhead + min(sum(costs.values()), LARGEST // 2),
        tokens_out=ANSWER + RECEIPT * min(len(may.pieces), _PIECES),
        seconds=patience(job),
    )
    if profile is None:
        return None
    samples = settings.samples or profile.samples or (1 if profile.strong else 3)
    question = asked(
        model=profile.model,
        url=profile.url,
        prompt=VERSION,
        judge=JUDGES if settings.judge else "",
        guidelines=brief.guidelines,
        goal=brief.goal,
        samples=samples,
    )
    known = Known(None if fresh else job.answers, question)
    before = {piece.id: found for piece in may.pieces if (found := known.found(piece)) is not None}
    plan = planned(
        [piece for piece in may.pieces if piece.id not in before],
        profile,
        settings,
        samples=samples,
        overhead=overhead,
        cost=lambda piece: costs[piece.id],
    )
    views = Views(job.change, job.blobs)
    return Reading(
        pieces=may.pieces,
        unread=(*work.unread, *_withheld(may.withheld), *_left(plan)),
        findings=may.findings,
        brief=brief,
        views=views,
        profile=profile,
        plan=plan,
        before=before,
        known=known,
        neutralised=frozenset(piece.id for piece in may.pieces if without_name(views.of(piece)) != piece),
        notes=(*notes, *plan.notes),
    )


def patience(job: Job) -> float:
    """Return the seconds within which an answer is wanted."""
    left, budget = job.deadline.left(), job.config.settings.budget
    return left if job.occasion != "commit" or budget is None else min(left, budget)


def _withheld(withheld: Sequence[Piece]) -> list[Unread]:
    hunks: dict[str, set[int]] = {}
    for piece in withheld:
        hunks.setdefault(piece.path, set()).add(piece.hunk)
    return [Unread(path, WITHHELD, len(own), chosen=False) for path, own in hunks.items()]


def _left(plan: Plan) -> list[Unread]:
    hunks: dict[tuple[str, str], set[int]] = {}
    for piece, why in plan.left:
        hunks.setdefault((piece.path, why), set()).add(piece.hunk)
    return [Unread(path, why, len(own), chosen=False) for (path, why), own in hunks.items()]
