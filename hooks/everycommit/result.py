"""What was found, and the verdict over it."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from .change import Change
from .digest import sha256
from .record import dataclass, field, replace

if TYPE_CHECKING:
    from .shards import Part, Sharded

ERROR, WARNING, NOTE = "error", "warning", "note"


class Outcome(StrEnum):
    """How a gate ended. Silence is not a pass."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    """It could not be verified: time ran out, a tool broke, an answer could not be read."""
    DEFERRED = "deferred"
    """It goes on in the background."""
    SKIPPED = "skipped"
    """There was nothing to judge, or somebody said not to; the reason says which."""


_WORST_FIRST = (Outcome.FAILED, Outcome.INCONCLUSIVE, Outcome.DEFERRED, Outcome.PASSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong, at a place in the target tree."""

    path: str | None
    """None where it belongs to no file."""
    line: int | None = None
    """From 1, in the target's file; for a deleted line, the line before it."""
    end_line: int | None = None
    column: int | None = None
    rule: str
    """``gate/what``: ``lint/F401``, ``types/arg-type``, ``tests/failed``, ``policy/added-lines``."""
    severity: str = ERROR
    message: str
    new: bool = True
    """Whether it came with this change."""
    source: str = ""
    """The text of the line; with rule, path and message it tells findings apart when line numbers move."""
    hint: str | None = None
    """The way on: what to do about it."""
    fingerprint: str = ""

    @property
    def blocking(self) -> bool:
        return self.new and self.severity == ERROR


_IN_OTHER_WORDS = "review/"
_LINE_NUMBER = r"\b(lines?) \d+"


def neutral(message: str) -> str:
    """Return *message* without the line numbers it names, so that a shifted finding stays the same finding."""
    return re.sub(_LINE_NUMBER, r"\1 N", message)


def identity(finding: Finding) -> tuple[str | None, str, str, str]:
    """Return what makes two findings the same one in an old and a new tree."""
    # A model finds other words each time.
    message = "" if finding.rule.startswith(_IN_OTHER_WORDS) and finding.source else neutral(finding.message)
    return (finding.path, finding.rule, message, finding.source.strip())


def stamped(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return *findings* with fingerprints: stable when lines move, different where equal findings repeat."""
    seen: Counter[tuple[str | None, str, str, str]] = Counter()
    out = []
    for finding in findings:
        same = identity(finding)
        seen[same] += 1
        text = "\0".join([part or "" for part in same] + [str(seen[same])])
        digest = sha256(text.encode(errors="surrogateescape")).hexdigest()[:32]
        out.append(replace(finding, fingerprint=digest))
    return tuple(out)


class Told(NamedTuple):
    """How a gate came to its word, where somebody asked for it."""

    where: str = ""
    """The folder it ran in, or ``the diff alone``; empty where nothing ran."""
    python: str = ""
    """The Python of its tool; empty where it needs none."""
    all: str | None = None
    """Why no test could be left out; None where some could, and of other gates."""
    reached: tuple[tuple[str, str], ...] = ()
    """Each selected test that was recorded before, and how the change reaches it."""
    services: tuple[str, ...] = ()
    """What was started for it, a clause each."""


def labelled(gate: str, project: str) -> str:
    """Return a gate's name, with its project where that is not the whole repository: ``types packages/a``."""
    return gate if project in {"", "."} else f"{gate} {project}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GateResult:
    """What one gate says of one change in one project root."""

    gate: str
    outcome: Outcome
    project: str = "."
    reason: str | None = None
    """A short clause; always there when skipped, inconclusive or deferred."""
    doubt: str = "inconclusive"
    """Which setting of the gate's table says whether a doubt refuses."""
    findings: tuple[Finding, ...] = ()
    summary: str = ""
    """What was looked at, in a few words for a line of its own: ``1 of 14 selected failed (312 in all)``."""
    brief: str = ""
    """The same for the one-line verdict, at most a word: ``14/312``."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """Numbers that a person can check: ``{"selected": 14, "total": 312}``."""
    tool: str | None = None
    """Name and version of what ran, ``mypy 2.4.1``."""
    seconds: float = 0.0
    left_out: bool = False
    """Whether somebody decided that it does not run, rather than that it had nothing to judge."""
    reused: bool = False
    everything: bool = False
    """Whether all there is was looked at, and not only what this change can affect: a clean pass then holds for the
    target whatever it is compared with."""
    each_time: bool = False
    """Whether it is judged each time, because that costs less than looking it up."""
    judged_at: float | None = None
    """When it was judged, where that was an earlier run: seconds since 1970."""
    valid_until: float | None = None
    """When it ends to hold, seconds since 1970; None where only what it depends on can end it."""
    blocks: bool = False
    """Whether it stops the action; set by the engine from the settings."""
    notes: tuple[str, ...] = ()
    repair: tuple[str, ...] = ()
    """Command lines that mend what a tool can mend."""
    inputs: Mapping[str, str] = field(default_factory=dict)
    """All that this verdict depends on, by name; the ledger's key is made of it."""
    part: "Part | None" = None
    """What of all there is this run looked at, where it was a shard's."""
    told: Told | None = None
    """How it came about; only where it was asked for."""

    @property
    def label(self) -> str:
        return labelled(self.gate, self.project)

    @property
    def new_errors(self) -> int:
        return sum(finding.blocking for finding in self.findings)

    @property
    def older(self) -> int:
        return sum(not finding.new for finding in self.findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What one model did in a run."""

    profile: str
    model: str
    role: str
    """``finder`` or ``judge``."""
    questions: int
    failed: int = 0
    """Those of the questions that brought no answer."""
    tokens_in: int = 0
    """Tokens of the questions, as the server counted them; those from its cache are among them."""
    cached: int = 0
    tokens_out: int = 0
    seconds: float = 0.0
    """From the first question to the end of the last answer."""
    cost: float | None = None
    """In the user's currency, cached tokens at the full price; None where the profile has no price."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Every gate's word on one change; everything a person or a machine reads is a view of this."""

    occasion: str
    change: Change
    gates: tuple[GateResult, ...]
    ref: str | None = None
    base_commit: str | None = None
    target_commit: str | None = None
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    used: tuple[Used, ...] = ()
    """The models that were asked for this verdict; none where its answers were known."""
    shard: "Sharded | None" = None
    """Which part of a verdict this is; None where it is the whole."""

    @property
    def outcome(self) -> Outcome:
        """As good as its worst gate; skipped only if every gate was."""
        ended = {gate.outcome for gate in self.gates}
        return next((outcome for outcome in _WORST_FIRST if outcome in ended), Outcome.SKIPPED)

    @property
    def blocks(self) -> bool:
        return any(gate.blocks for gate in self.gates)


def exit_code(verdicts: Iterable[Verdict]) -> int:
    """Return 0 where nothing blocks, 1 where findings refuse, 2 where only what could not be verified does."""
    blocking = [gate for verdict in verdicts for gate in verdict.gates if gate.blocks]
    if not blocking:
        return 0
    return 1 if any(gate.outcome is Outcome.FAILED for gate in blocking) else 2
