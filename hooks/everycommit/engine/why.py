"""Why a verdict is known, or which part of what it depends on is new."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple, Protocol

from ..entries import Entry, told
from ..errors import EverycommitError
from ..ledger import NOTHING, Ledger, doubted
from ..result import Outcome
from .plan import Step
from .run import depends, keys

Changed = Mapping[str, tuple[str | None, str | None]]
"""``{name of an input: (then, now)}``, long values as digests; None where it was not there."""


class Why(NamedTuple):
    """What there is to say of one gate."""

    gate: str
    project: str
    known: bool | None
    """None where nothing is looked up."""
    why: str
    outcome: Outcome | None = None
    """What it came to, where it is known."""
    at: float | None = None
    """When the entry that it speaks of was judged, in seconds since 1970."""
    changed: Changed = MappingProxyType({})


class Shelf(Ledger, Protocol):
    """A ledger that shows all it has."""

    def entries(self) -> Iterable[Entry | str]: ...


def why(step: Step, shelf: Shelf) -> Why:
    """Return whether the verdict on *step* is known, and if not, what changed against the nearest one that is kept."""
    gate, project = step.gate, step.job.project
    if step.ended is not None:
        return Why(gate.name, project, None, f"not run: {step.ended.reason}")
    if gate.keeps == NOTHING:
        return Why(gate.name, project, None, "judged each time: that costs less than looking it up")
    try:
        inputs = depends(step)
    except EverycommitError as error:
        return Why(gate.name, project, known=False, why=f"cannot be judged: {error}")
    doubts = dict.fromkeys(reason for reason in map(doubted, inputs.values()) if reason)
    if doubts:
        return Why(gate.name, project, known=False, why=f"never kept: {'; '.join(doubts)}")
    for name in keys(gate, project, inputs):
        found = shelf.get(name)
        if found is not None:
            return Why(
                gate.name,
                project,
                known=True,
                why=f"{found.outcome}, judged",
                outcome=found.outcome,
                at=found.judged_at,
            )
    return _nearest(Why(gate.name, project, known=False, why="nothing is kept of this gate"), shelf, told(inputs))


def _nearest(row: Why, shelf: Shelf, inputs: Mapping[str, str]) -> Why:
    """Return *row* with the entry that the fewest inputs tell apart, the newest of these."""
    best: tuple[Entry, dict[str, tuple[str | None, str | None]]] | None = None
    for entry in shelf.entries():
        if isinstance(entry, str) or (entry.result.gate, entry.result.project) != (row.gate, row.project):
            continue
        names = dict.fromkeys([*inputs, *entry.inputs])
        pairs = {name: (entry.inputs.get(name), inputs.get(name)) for name in names}
        changed = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
        if best is None or len(changed) < len(best[1]):
            best = (entry, changed)
    if best is None:
        return row
    entry, changed = best
    word = f"changed: {', '.join(changed)}" if changed else "it holds no more"
    return row._replace(why=word, at=entry.judged_at, changed=changed)
