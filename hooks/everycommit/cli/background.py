"""A run that shows its verdict within the budget and goes on in the background with what was not done by then."""

import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from .. import pending, relay
from ..change import Candidate
from ..engine.plan import Step
from ..engine.run import UnderWay, Watch
from ..errors import Interrupted
from ..record import replace
from ..result import GateResult, Outcome, Verdict
from .call import Call
from .waiting import joined

if TYPE_CHECKING:
    from .judge import Place, Ready

_EVERY = 0.5
"""Seconds between two looks at how far it is, and at whether it should go on."""


class Background:
    """One run's way into the background; ``gone`` is what the run asks whether it should end."""

    def __init__(
        self, git_dir: Path, *, watch: Watch, gone: Callable[[], bool], show: Callable[[Verdict], int] | None
    ) -> None:
        """*gone*: whether who called us went away. *show* shows the verdict and returns the exit code; see ``fork``."""
        self._git_dir = git_dir
        self._watch = watch
        self._called_by = gone
        self._show = show
        self._worker: relay.Worker | None = None
        self._home: _Home | None = None
        self._looked = 0.0
        self._over = False

    def gone(self) -> bool:
        """Tell whether to end: nobody waits, or, in the background, somebody said so or the repository is gone."""
        if self._home is None:
            return self._called_by() if self._worker is None else self._worker.gone()
        if not self._over and time.monotonic() >= self._looked + _EVERY / 2:
            self._looked = time.monotonic()
            told = pending.told_to_end(self._git_dir, self._home.token)
            self._over = told is not None or not self._home.stands()
        return self._over

    def fork(self, call: Call, here: "Place") -> None:
        """Leave the waiting for the verdict to the process that was called, and go on in another one."""
        # A child of the process that leaves could not be waited for by the one that stays.
        here.quarantine.close()
        call.stdout.flush()
        call.stderr.flush()
        self._worker = relay.forked(self._called_by)

    def after_older(
        self, candidate: Candidate, steps: Sequence[Step], *, until: float | None, fresh: bool, newest: bool
    ) -> tuple[Step, ...]:
        """Make room: return the steps that are left to judge.

        Older work over another change ends, where *newest* says that ours is what comes next. What already goes on over
        the same change is waited for, and what it has not done *until* (monotonic) is left to it. *fresh*: it ends as
        well.
        """
        older = pending.current(self._git_dir)
        if older is None:
            return tuple(steps)
        same = _same(older, candidate)
        if fresh if same else newest:
            pending.supersede(self._git_dir, older, gone=self.gone)
        if fresh or not same:
            return tuple(steps)
        older = joined(self._git_dir, older, watch=self._watch, gone=self.gone, until=until)
        return tuple(steps) if older is None else tuple(_left_to(older, step) for step in steps)

    def go_on(self, verdict: Verdict, under_way: UnderWay, ready: "Ready") -> tuple[GateResult, ...]:
        """Show *verdict*, hand over the exit code, wait for the end; return how all ended.

        Where older work does not make room, the end is waited for as if there was no budget.

        Raises:
            Interrupted: Somebody asked for it, or the repository is gone.
        """
        home = _Home(self._git_dir)
        record = _first(home, verdict, until=time.time() + ready.deadline.left())
        try:
            lock = pending.hold(self._git_dir, home.token)
            if lock is not None:
                pending.write(self._git_dir, record)
        except OSError:
            lock = None
        if lock is None:
            under_way.wait(self.gone)
            return under_way.results()
        bell = _bell() if ready.config.settings.bell else None
        try:
            self._hand_over(verdict)
        except BaseException:
            pending.drop(self._git_dir, record)
            raise
        self._home = home
        record = self._to_the_end(record, under_way, ready)
        with suppress(OSError):
            pending.tidy(self._git_dir)
        os.close(lock)
        if bell is not None:
            _ring(bell)
        return record.results

    def _hand_over(self, verdict: Verdict) -> None:
        assert self._worker is not None and self._show is not None  # noqa: S101, PT018 - else there is no budget
        self._watch.close()
        self._worker.let_go(self._show(verdict))

    def _to_the_end(self, record: pending.Record, under_way: UnderWay, ready: "Ready") -> pending.Record:
        assert self._home is not None  # noqa: S101 - set by now
        try:
            record = self._followed(record, under_way)
        except (Interrupted, KeyboardInterrupt):
            ready.children.stop()
            word = pending.told_to_end(self._git_dir, self._home.token) or pending.INTERRUPTED
            self._tell(replace(record, state=word, at=time.time(), results=under_way.results()))
            raise
        self._tell(record)
        return record

    def _followed(self, record: pending.Record, under_way: UnderWay) -> pending.Record:
        while not under_way.wait(self.gone, time.monotonic() + _EVERY):
            results = under_way.results()
            if _progress(results) != _progress(record.results):
                record = replace(record, at=time.time(), results=results)
                self._tell(record)
        if self._over:
            # A gate that saw it first has ended as interrupted.
            raise Interrupted
        return replace(record, state=pending.ENDED, at=time.time(), results=under_way.results())

    def _tell(self, record: pending.Record) -> None:
        if self._home is not None and self._home.stands():
            with suppress(OSError):
                pending.write(self._git_dir, record)


class _Home:
    """The git folder in which the work began; one that was made anew in its place is another."""

    def __init__(self, git_dir: Path) -> None:
        self.git_dir = git_dir
        self.token = os.urandom(8).hex()
        self._was = git_dir.stat()

    def stands(self) -> bool:
        try:
            return os.path.samestat(self._was, self.git_dir.stat())
        except OSError:
            return False


def _same(record: pending.Record, candidate: Candidate) -> bool:
    return (record.base, record.target) == (candidate.change.base, candidate.change.target)


def _left_to(older: pending.Record, step: Step) -> Step:
    theirs = next((gate for gate in older.pending if gate.label == step.label), None)
    if theirs is None or step.ended is not None:
        return step
    since = time.strftime("%H:%M", time.localtime(older.since))
    reason = f"goes on in the background since {since}"
    return replace(step, ended=replace(theirs, reason=reason, judged_at=None))


def _first(home: _Home, verdict: Verdict, *, until: float) -> pending.Record:
    now = time.time()
    return pending.Record(
        token=home.token,
        pid=os.getpid(),
        occasion=verdict.occasion,
        base=verdict.change.base,
        target=verdict.change.target,
        base_commit=verdict.base_commit,
        since=now - verdict.seconds,
        until=until,
        state=pending.UNDER_WAY,
        at=now,
        results=verdict.gates,
        shown=tuple(gate.label for gate in verdict.gates if gate.outcome is not Outcome.DEFERRED),
    )


def _progress(results: Sequence[GateResult]) -> list[tuple[Outcome, object]]:
    return [(gate.outcome, dict(gate.counts)) for gate in results]


def _bell() -> int | None:
    """Return the terminal that we have now: once it is hung up, writing to it reaches nobody else's."""
    try:
        return os.open("/dev/tty", os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError:
        return None


def _ring(terminal: int) -> None:
    with suppress(OSError):
        os.write(terminal, b"\a")
    with suppress(OSError):
        os.close(terminal)
