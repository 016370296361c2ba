"""How each gate came to its word, for `run --explain`: asked while the run's folders and objects are still there."""

from typing import TYPE_CHECKING, Any

from ..engine.plan import Step
from ..environment import Tool, tool
from ..errors import EverycommitError
from ..record import replace
from ..result import GateResult, Outcome, Told

if TYPE_CHECKING:
    from .judge import Ready

_OF_THE_DIFF = frozenset({"policy", "review"})
_OURS = "everycommit's own environment"
_TOOLS = {"lint": "ruff", "types": "mypy", "tests": "pytest"}


def told(ready: "Ready", results: tuple[GateResult, ...]) -> tuple[GateResult, ...]:
    """Return *results*, each with how it came about."""
    pairs = zip(ready.steps, results, strict=True)
    return tuple(replace(result, told=_told(step, result, ready)) for step, result in pairs)


def _told(step: Step, result: GateResult, ready: "Ready") -> Told:
    if step.ended is not None or result.outcome is Outcome.SKIPPED:
        return Told()
    if result.gate in _OF_THE_DIFF:
        return Told(where="the diff alone")
    snapshot = None if result.reused else ready.trees.made
    return Told(
        where="" if snapshot is None else str(snapshot.target().path / step.job.project),
        python=_python(step, result.gate),
        services=() if result.reused or not step.job.services else tuple(step.job.services.told(result.gate)),
        **_reached(step),
    )


def _python(step: Step, gate: str) -> str:
    """Return whose the tool is and which Python it ran in, as far as there is one."""
    if gate not in _TOOLS:
        return ""
    try:
        python = step.job.interpreter()
    except EverycommitError:
        return ""
    found: Tool = tool(_TOOLS[gate], python)
    if not found.ours:
        return python.shown
    return _OURS if gate == "lint" else f"{_OURS}, for {python.shown}"


def _reached(step: Step) -> dict[str, Any]:
    """Return how the change reaches the tests, where the gate can tell; it was worked out for the verdict's key."""
    plan = getattr(step.gate, "plan", None)
    if plan is None:
        return {}
    found = plan(step.job)
    return {"all": found.all} if found.all is not None else {"reached": tuple(found.chosen)}
