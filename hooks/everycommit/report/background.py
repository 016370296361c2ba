"""What `everycommit status` shows: the runs that went on in the background, for a person and for a machine."""

import json
import os
import shlex
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from .. import __version__
from ..change import Change
from ..pending import ENDED, INTERRUPTED, STOPPED, SUPERSEDED, UNDER_WAY, Record
from ..record import replace
from ..result import GateResult, Outcome, Verdict
from . import findings, machine, terminal
from .closing import Sentence
from .style import Style
from .words import lasted, listed, why

VERSION = 1
PENDING = "pending"
_CAUSES = {
    UNDER_WAY: "what judged it died",
    STOPPED: "you stopped it",
    SUPERSEDED: "a newer change took its place",
    INTERRUPTED: "it was interrupted",
}
_OPEN = frozenset({Outcome.DEFERRED, Outcome.INCONCLUSIVE})


class Run(NamedTuple):
    """One record with what had to be looked up for it."""

    record: Record
    alive: bool
    worktree: Path
    commit: str | None = None
    """The commit with the tree that was judged, where there is one."""
    subject: str = ""

    @property
    def state(self) -> str:
        """``pending``, ``superseded``, or the outcome that all its gates came to."""
        if self.alive:
            return PENDING
        if self.record.failed:
            return str(Outcome.FAILED)
        if self.record.state == SUPERSEDED:
            return SUPERSEDED
        return str(Outcome.PASSED if self.record.verified else Outcome.INCONCLUSIVE)

    @property
    def gates(self) -> tuple[GateResult, ...]:
        """How each gate ended; what was left open says why."""
        if self.alive or self.record.state == ENDED:
            return self.record.results
        return tuple(_left_open(gate, self.record.state) for gate in self.record.results)

    @property
    def seconds(self) -> float:
        return max(0.0, (time.time() if self.alive else self.record.at) - self.record.since)

    @property
    def repeat(self) -> str:
        """The command line that judges again what did not pass, or all."""
        names = dict.fromkeys(gate.gate for gate in self.gates if gate.outcome in {Outcome.FAILED, *_OPEN})
        which = ["--commit", self.commit[:12]] if self.commit else []
        return shlex.join(["everycommit", "run", *which, *names])


def exit_code(runs: Sequence[Run]) -> int:
    """Return 1 where one failed, 2 where one goes on or could not be verified, else 0."""
    states = {run.state for run in runs}
    if Outcome.FAILED in states:
        return 1
    return 2 if states & {PENDING, Outcome.INCONCLUSIVE} else 0


def render(runs: Sequence[Run], *, style: Style, worktrees: bool) -> str:
    """Return a block a run for a person; *worktrees*: with the working tree of each."""
    if not runs:
        return "Nothing goes on in the background.\n"
    return "\n".join("".join(f"{line}\n" for line in _block(run, style, worktrees=worktrees)) for run in runs)


def as_json(runs: Sequence[Run], *, code: int) -> str:
    """Return one line of ASCII JSON: version 1, described in docs/budget.md."""
    whole = {
        "version": VERSION,
        "tool": f"everycommit {__version__}",
        "exit": code,
        "runs": [_told(run) for run in runs],
    }
    return json.dumps(whole, ensure_ascii=True, allow_nan=False) + "\n"


def _told(run: Run) -> dict[str, object]:
    record = run.record
    return {
        "worktree": os.fsencode(run.worktree).decode(errors="replace"),
        "state": run.state,
        "occasion": record.occasion,
        "base": record.base,
        "target": record.target,
        "base_commit": record.base_commit,
        "commit": run.commit,
        "since": record.since,
        "seconds": round(run.seconds, 3),
        "pid": record.pid if run.alive else None,
        "repeat": None if run.state in {PENDING, Outcome.PASSED} else run.repeat,
        "gates": [machine.told(gate) for gate in run.gates],
    }


def _left_open(gate: GateResult, state: str) -> GateResult:
    if gate.outcome not in _OPEN:
        return gate
    done, total = gate.counts.get("done"), gate.counts.get("total")
    after = f"after {done} of {total}: " if total else ""
    return replace(gate, outcome=Outcome.INCONCLUSIVE, reason=f"{after}{_CAUSES.get(state, _CAUSES[INTERRUPTED])}")


def _block(run: Run, style: Style, *, worktrees: bool) -> list[str]:
    record = run.record
    change = Change(base=record.base, target=record.target, parents=(record.base,), files=(), landing=())
    verdict = Verdict(occasion=record.occasion, change=change, gates=run.gates, base_commit=record.base_commit)
    details = findings.lines(verdict, style=style, repeat=run.repeat.rsplit(" ", 1)[0])
    parts = [
        [_title(run, style, worktrees=worktrees)],
        terminal.rows(verdict, style),
        details,
        terminal.sentence_lines(_closing(run), style),
    ]
    return [line for place, part in enumerate(parts) if part for line in ([""] * bool(place) + part)]


def _title(run: Run, style: Style, *, worktrees: bool) -> str:
    at = time.localtime(run.record.since)
    today = at[:3] == time.localtime()[:3]
    since = time.strftime("%H:%M" if today else "%Y-%m-%d %H:%M", at)
    name = f"{run.commit[:12]} {run.subject}" if run.commit else "a change that is not committed"
    words = [style.strong("everycommit"), style.line(name), f"since {since}"]
    if worktrees:
        words.append(f"in {style.line(str(run.worktree))}")
    return "  ".join(words)


def _closing(run: Run) -> Sentence:
    record, seconds = run.record, lasted(run.seconds) or "at once"
    open_ = [gate for gate in run.gates if gate.outcome in _OPEN]
    if run.alive:
        text = f"{listed(record.pending)}, {seconds} so far. `everycommit status --wait` waits, `--stop` ends it."
        return Sentence("Goes on in the background:", text, "deferred")
    if record.failed:
        rest = f" Not verified: {listed(open_)}." if open_ else ""
        text = f"{listed(record.failed)}.{rest} `{run.repeat}` repeats it."
        return Sentence("Failed in the background:", text, "failed")
    if record.state == SUPERSEDED:
        return Sentence("Ended early:", f"{_CAUSES[SUPERSEDED]}.", "skipped")
    if open_:
        reasons = dict.fromkeys(why(gate) for gate in open_)
        text = f"{listed(open_)} ({'; '.join(reasons)}). `{run.repeat}` judges again; push does it anyway."
        return Sentence("NOT VERIFIED:", text, "warned")
    return Sentence("Verified:", f"all passed in the end, after {seconds}.", "passed")
