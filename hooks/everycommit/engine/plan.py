"""Which gates have something to judge here."""

from collections.abc import Mapping, Sequence

from ..errors import EverycommitError
from ..gates.base import Gate, Job
from ..record import dataclass, replace
from ..result import GateResult, Outcome


@dataclass(frozen=True, slots=True)
class Step:
    """One gate and its job; ``ended`` is there from the start where nothing has to be done."""

    gate: Gate
    job: Job
    ended: GateResult | None = None


def planned(gates: Sequence[Gate], job: Job, *, skipped: Mapping[str, str]) -> tuple[Step, ...]:
    """Return a step for each of *gates*, in order; *skipped* says which the user leaves out, and by what word.

    Where the job is a shard's, a gate that cannot be split is left to the one shard that has it.
    """
    return tuple(_step(gate, job, skipped.get(gate.name)) for gate in gates)


def _step(gate: Gate, job: Job, left_out: str | None) -> Step:
    step = Step(gate, job)
    try:
        reason = left_out or ("nothing to judge" if job.change.empty else gate.skip(job))
    except EverycommitError as error:
        return replace(step, ended=_at_once(step, Outcome.INCONCLUSIVE, str(error)))
    if not reason:
        return _elsewhere(step)
    return replace(step, ended=replace(_at_once(step, Outcome.SKIPPED, reason), left_out=left_out is not None))


def _elsewhere(step: Step) -> Step:
    shard = step.job.shard
    home = None if shard is None else shard.elsewhere(step.gate.name)
    if shard is None or home is None:
        return step
    from ..shards import Part

    ended = _at_once(step, Outcome.SKIPPED, f"shard {home} of {shard.of} judges it")
    return replace(step, ended=replace(ended, part=Part(by=home)))


def _at_once(step: Step, outcome: Outcome, reason: str) -> GateResult:
    return GateResult(gate=step.gate.name, outcome=outcome, project=step.job.project, reason=reason)
