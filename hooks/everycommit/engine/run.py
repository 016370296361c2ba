"""Runs all steps at once under one deadline; whatever goes wrong in a gate is inconclusive, never a pass."""

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from ..deadline import Deadline
from ..errors import EverycommitError, Interrupted, TimeRanOut
from ..gates.base import Gate, Job
from ..ledger import ALL, NOTHING, Ledger, doubt, itself, key, repeatable
from ..record import replace
from ..result import ERROR, WARNING, Finding, GateResult, Outcome, stamped
from .new import marked
from .plan import Step

_GRACE = 2.0
"""Seconds past the deadline that a gate has to come back by itself; children are ended at the deadline."""
_POLL = 0.1
_AT_ONCE = 2
"""So many projects are judged at once at least; else as many as there are processors."""
_JUDGED = frozenset({Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED})


class Watch(Protocol):
    """Somebody who looks on."""

    def started(self, gates: Sequence[str]) -> None: ...

    def said(self, gate: str, text: str) -> None: ...

    def ended(self, result: GateResult) -> None: ...

    def close(self) -> None: ...


class Heard:
    """A watch that hands everything on and remembers the last word of each gate."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self.last: dict[str, str] = {}

    def started(self, gates: Sequence[str]) -> None:
        self._watch.started(gates)

    def said(self, gate: str, text: str) -> None:
        self.last[gate] = text
        self._watch.said(gate, text)

    def ended(self, result: GateResult) -> None:
        self._watch.ended(result)

    def close(self) -> None:
        self._watch.close()


def run(
    steps: Sequence[Step], *, ledger: Ledger, watch: Watch, deadline: Deadline, gone: Callable[[], bool]
) -> tuple[GateResult, ...]:
    """Return a result for each of *steps*, in their order whatever ended first.

    *gone* is asked now and then: whether whoever waits for us went away.

    Raises:
        Interrupted: By a signal or because *gone* said so; the children's owner ends the children.
    """
    under_way = UnderWay(steps, ledger=ledger, watch=watch, deadline=deadline)
    under_way.wait(gone)
    return under_way.results()


class UnderWay:
    """All of *steps*, started at once, each on a thread of its own."""

    def __init__(self, steps: Sequence[Step], *, ledger: Ledger, watch: Watch, deadline: Deadline) -> None:
        self._steps = steps
        self._ledger = ledger
        self._watch = watch
        self._deadline = deadline
        self._began = time.monotonic()
        self._results = {
            place: _blocking(step.ended, step.job) for place, step in enumerate(steps) if step.ended is not None
        }
        self._done = threading.Condition()
        # Threads that only compute stand in each other's way: together they took twice as long to look up what is
        # known.
        self._turn = threading.Lock()
        # A repository may hold more projects than any machine can run tests of at once.
        self._room = threading.Semaphore(max(_AT_ONCE, os.cpu_count() or 1))
        watch.started([step.label for step in steps])
        for result in self._results.values():
            watch.ended(result)
        # What is looked up comes first: those that start programs are to start them soon. And gates are planned from
        # the quickest on: what takes longest begins first.
        for place in sorted(range(len(steps)), key=lambda place: (steps[place].gate.keeps == NOTHING, -place)):
            if place not in self._results:
                name = steps[place].label
                # A daemon, so that a gate which never comes back cannot keep the process.
                threading.Thread(target=self._work, args=(place, steps[place]), name=name, daemon=True).start()

    def wait(self, gone: Callable[[], bool], until: float | None = None) -> bool:
        """Return True once all have ended, False where that is not so at *until* (monotonic seconds).

        Raises:
            Interrupted: By a signal or because *gone* said so.
        """
        with self._done:
            while len(self._results) < len(self._steps):
                if until is not None and time.monotonic() >= until:
                    return False
                self._done.wait(_POLL)
                if gone():
                    raise Interrupted
                if self._deadline.passed and time.monotonic() > self._deadline.at + _GRACE:
                    for place, step in enumerate(self._steps):
                        self._results.setdefault(place, _doubt(step, "time ran out and the gate did not stop"))
        return True

    def results(self) -> tuple[GateResult, ...]:
        """Return a result for each step in order; of one that still runs, that it is deferred and how far it came."""
        with self._done:
            ended = dict(self._results)
        seconds = time.monotonic() - self._began
        said = self._watch.last if isinstance(self._watch, Heard) else {}
        return tuple(
            ended.get(place) or _deferred(step, said.get(step.label, ""), seconds)
            for place, step in enumerate(self._steps)
        )

    def _so_far(self) -> tuple[GateResult, ...]:
        with self._done:
            return tuple(self._results.values())

    def _work(self, place: int, step: Step) -> None:
        result = judged(replace(step, job=replace(step.job, others=self._so_far)), self._ledger, self._turn, self._room)
        with self._done:
            self._results.setdefault(place, result)
            self._done.notify()
        self._watch.ended(result)


def judged(
    step: Step, ledger: Ledger, turn: threading.Lock, room: AbstractContextManager[object] | None = None
) -> GateResult:
    """Return the gate's word on its job, from the ledger where it still holds, looked up in *turn*. Never raises.

    One of several projects waits for *room*.
    """
    began = time.monotonic()
    try:
        result = _kept_or_checked(step, ledger, turn, room if step.job.member and room else nullcontext())
    except Interrupted:
        result = _doubt(step, "interrupted")
    except TimeRanOut as late:
        result = _doubt(step, str(late) or "time ran out")
    except EverycommitError as error:
        result = _doubt(step, str(error))
    except Exception as bug:  # noqa: BLE001 - a crash of a gate must not pass, nor take the others down
        result = _crash(step, bug)
    return _blocking(replace(result, project=step.job.project, seconds=time.monotonic() - began), step.job)


def _kept_or_checked(
    step: Step, ledger: Ledger, turn: threading.Lock, room: AbstractContextManager[object]
) -> GateResult:
    gate, job = step.gate, step.job
    with turn:
        inputs = depends(step) if gate.keeps != NOTHING else dict(gate.inputs(job))
        names = keys(gate, job.project, inputs)
        kept = next(filter(None, map(ledger.get, names)), None)
    if kept:
        return replace(kept, reused=True, inputs=inputs)
    with room:
        checked = replace(gate.check(job), inputs=inputs, each_time=gate.keeps == NOTHING)
        result = _with_outcome(_compared(step, checked))
    # A doubt that has shown new errors refuses as a failure; it is still not all there was to see.
    place = _worth(gate, result) if checked.outcome in _JUDGED and result.outcome in _JUDGED else None
    for number, name in enumerate(names):
        if number == place:
            ledger.put(name, result)
        else:
            ledger.forget(name)
    return result


def depends(step: Step) -> dict[str, str]:
    """Return all that the verdict on *step* depends on, by name."""
    found = {"everycommit": itself(), **step.gate.inputs(step.job)}
    shard = step.job.shard
    # A part is nothing that another run could use.
    return found if shard is None else {**found, "shard": doubt(f"this is shard {shard.number} of {shard.of}")}


def keys(gate: Gate, project: str, inputs: Mapping[str, str]) -> tuple[str, ...]:
    """Return the keys under which a verdict may be kept: of this very comparison, and of a clean pass in any.

    None where it cannot be repeated, or is cheaper to make than to look up.
    """
    if gate.keeps == NOTHING or not repeatable(inputs):
        return ()
    alone = {name: value for name, value in inputs.items() if name not in gate.compared_with}
    return (
        (key(gate.name, project, inputs), key(gate.name, project, alone))
        if gate.compared_with
        else (key(gate.name, project, inputs),)
    )


def _worth(gate: Gate, result: GateResult) -> int | None:
    """Return under which of ``keys`` *result* is to be kept; None under none."""
    if result.outcome is Outcome.FAILED:
        return 0 if gate.keeps == ALL else None
    return 1 if gate.compared_with and result.everything and not result.findings else 0


def _compared(step: Step, result: GateResult) -> GateResult:
    """Return *result* with its findings marked new or old, and stamped."""
    if result.findings and not step.job.change.whole:
        try:
            older = [step.gate.older(step.job, parent, result.findings) for parent in step.job.change.parents]
        except EverycommitError as error:
            doubt = f"findings could not be compared with the base: {error}"
            reason = f"{result.reason}; {doubt}" if result.reason else doubt
            return replace(
                result, outcome=Outcome.INCONCLUSIVE, reason=reason, findings=stamped(map(_unsure, result.findings))
            )
        result = replace(result, findings=marked(step.job.change, result.findings, older))
    return replace(result, findings=stamped(result.findings))


def _unsure(finding: Finding) -> Finding:
    """Return *finding* as a warning: it may be old, and must not look like a new error."""
    return replace(finding, severity=WARNING) if finding.severity == ERROR else finding


def _with_outcome(result: GateResult) -> GateResult:
    """Let new errors, and nothing else, tell passed from failed; a doubt without new errors stays a doubt."""
    if result.new_errors:
        return replace(result, outcome=Outcome.FAILED)
    if result.outcome is Outcome.FAILED and not result.findings:
        return replace(result, outcome=Outcome.INCONCLUSIVE, reason="it failed without saying why")
    if result.outcome is Outcome.FAILED and result.counts.get("total") == 0:
        # Nothing of it is new, and nothing was looked at: that is said with the pass.
        return replace(result, outcome=Outcome.PASSED, reason="no test ran")
    return replace(result, outcome=Outcome.PASSED) if result.outcome is Outcome.FAILED else result


def _blocking(result: GateResult, job: Job) -> GateResult:
    blocks = {
        Outcome.FAILED: True,
        Outcome.INCONCLUSIVE: job.config.settings.on_doubt(result.gate, job.occasion, result.doubt) == "refuse",
        Outcome.DEFERRED: job.occasion != "commit" or job.config.settings.deferred == "refuse",
    }.get(result.outcome, False)
    return replace(result, blocks=blocks)


def _doubt(step: Step, reason: str) -> GateResult:
    result = GateResult(
        gate=step.gate.name, outcome=Outcome.INCONCLUSIVE, project=step.job.project, reason=reason.strip()
    )
    return _blocking(result, step.job)


def _deferred(step: Step, said: str, seconds: float) -> GateResult:
    """Return that *step* goes on; *said* is the last word on its way, ``206/312  test_nav.py``."""
    done, slash, rest = said.partition("/")
    total = rest.split(" ", 1)[0]
    counted = bool(slash) and done.isdecimal() and total.isdecimal()
    words = f"{done} of {total} done in {seconds:.0f}s; the rest" if counted else f"not done in {seconds:.0f}s; it"
    result = GateResult(
        gate=step.gate.name,
        outcome=Outcome.DEFERRED,
        project=step.job.project,
        reason=f"{words} goes on in the background",
        counts={"done": int(done), "total": int(total)} if counted else {},
        seconds=seconds,
    )
    return _blocking(result, step.job)


def _crash(step: Step, bug: Exception) -> GateResult:
    import traceback

    trace = "".join(traceback.format_exception(bug))
    return replace(
        _doubt(step, f"everycommit broke: {type(bug).__name__}: {bug}"),
        notes=(f"a bug of everycommit, please send this:\n{trace}",),
    )
