"""Waiting for work that goes on in the background, and what has to be said of work that did not end well."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from .. import pending
from ..change import Candidate
from ..engine.run import Watch
from ..errors import Interrupted
from ..repo.repository import Repository
from ..report.words import listed
from ..result import GateResult, Outcome

_EVERY = 0.5
"""Seconds between two looks at how far it is."""
_GRACE = 5.0
"""Seconds past its time limit that work is waited for."""


def worktrees(common_dir: Path) -> Iterator[Path]:
    """Yield the git folder of each working tree of the clone, the main one's first."""
    yield common_dir
    yield from sorted(common_dir.glob("worktrees/*"))


def of_before(repository: Repository, candidate: Candidate, *, watch: Watch, gone: Callable[[], bool]) -> list[str]:
    """Return what has to be said of work in the background; at a push, wait for that on the tree which is pushed.

    Raises:
        Interrupted: By a signal or because *gone* said so.
    """
    said = []
    if candidate.occasion == "push":
        for git_dir in worktrees(repository.common_dir):
            record = pending.current(git_dir)
            if record is not None and record.target == candidate.change.target:
                began = time.monotonic()
                joined(git_dir, record, watch=watch, gone=gone)
                waited = time.monotonic() - began
                said.append(f"waited {waited:.0f}s for {listed(record.pending)}, which went on in the background")
    over = pending.unseen(repository.git_dir)
    return [*said, *(words(one) for one in over if one.target != candidate.change.target)]


def words(record: pending.Record) -> str:
    """Return in a sentence that *record* did not end well."""
    at = time.localtime(record.since)
    today = at[:3] == time.localtime()[:3]
    of = time.strftime("the change of %H:%M" if today else "the change of %Y-%m-%d at %H:%M", at)
    way = "`everycommit status` shows it"
    done = "failed" if any(gate.outcome is Outcome.FAILED for gate in record.news) else "could not be verified"
    return f"{listed(record.news)} {done} in the background, on {of}; {way}"


def joined(
    git_dir: Path, record: pending.Record, *, watch: Watch, gone: Callable[[], bool], until: float | None = None
) -> pending.Record | None:
    """Wait for the end of *record*'s work, or *until* (monotonic), and show how far it is.

    Return None where it ended, else how far it came.

    Raises:
        Interrupted: By a signal or because *gone* said so.
    """
    limit = time.monotonic() + max(0.0, record.until - time.time()) + _GRACE
    limit = limit if until is None else min(limit, until)
    watch.started([gate.label for gate in record.pending])
    while not pending.ended(git_dir, record, gone=gone, until=min(limit, time.monotonic() + _EVERY)):
        if gone():
            raise Interrupted
        record = next((one for one in pending.records(git_dir) if one.token == record.token), record)
        if time.monotonic() >= limit:
            return record
        for gate in record.pending:
            watch.said(gate.label, far(gate))
    return None


def far(gate: GateResult) -> str:
    """Return how far a deferred gate is."""
    done, total = gate.counts.get("done"), gate.counts.get("total")
    return f"{done}/{total}  in the background" if total else "in the background"
