"""Which gates have something to judge here."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from ..errors import EverycommitError
from ..gates.base import Gate, Job
from ..record import dataclass, replace
from ..result import GateResult, Outcome, labelled

NOT_REACHED = "not touched"


@dataclass(frozen=True, slots=True)
class Step:
    """One gate and its job; ``ended`` is there from the start where nothing has to be done."""

    gate: Gate
    job: Job
    ended: GateResult | None = None

    @property
    def label(self) -> str:
        return labelled(self.gate.name, self.job.project)


Apart = Callable[[Job, str, Sequence[str]], Sequence[Job]]
"""Returns the jobs of a gate, by name, whose verdict can depend on these paths of the change: one a project."""


def planned(
    gates: Sequence[Gate], job: Job, *, skipped: Mapping[str, str], apart: Apart | None = None, only: str | None = None
) -> tuple[Step, ...]:
    """Return a step for each of *gates*, in order; *skipped* says which the user leaves out, and by what word.

    A gate that judges each of several projects by itself has a step for each of the jobs that *apart* returns; with
    *only* that project is judged, reached or not, and the others are left out. Where the job is a shard's, a gate that
    cannot be split is left to the one shard that has it.
    """
    steps: list[Step] = []
    for gate in gates:
        step = _step(gate, job, skipped.get(gate.name))
        telling = getattr(gate, "apart", None)
        if step.ended is not None or telling is None or apart is None:
            steps.append(step)
            continue
        try:
            steps += _projects(step, apart(job, gate.name, telling(job)), only)
        except EverycommitError as error:
            steps.append(replace(step, ended=_at_once(step, Outcome.INCONCLUSIVE, str(error))))
    return tuple(steps)


def _projects(step: Step, jobs: Sequence[Job], only: str | None) -> Iterator[Step]:
    for job in jobs or [step.job]:
        one = replace(step, job=job)
        if only is not None and job.project != only:
            left = _at_once(one, Outcome.SKIPPED, f"left out by you (--project {only})")
            yield replace(one, ended=replace(left, left_out=True))
        elif only is None and job.member is not None and not job.member.reached:
            yield replace(one, ended=_at_once(one, Outcome.SKIPPED, NOT_REACHED))
        else:
            yield _elsewhere(one)


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
