"""What is known of a commit: which gates judged its trees, found in the ledger and nowhere else."""

import threading
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from ..entries import Entry, told
from ..errors import EverycommitError
from ..ledger import NOTHING, Forgetful
from ..result import Outcome
from .plan import Step
from .run import depends, judged
from .why import Shelf, why


class State(StrEnum):
    """What is known of one gate, from the worst on."""

    REFUSED = "refused"
    UNJUDGED = "not judged"
    EARLIER = "judged under other conditions"
    """Of these trees, but since then something else changed: a package, a setting, the parent."""
    JUDGED = "judged"
    NOTHING = "nothing to judge"


WORST_FIRST = tuple(State)


class Known(NamedTuple):
    """What is known of one gate."""

    gate: str
    project: str
    state: State
    why: str = ""
    at: float | None = None
    """When it was judged, in seconds since 1970."""


class Shown:
    """All that a ledger holds, by the tree that it is about; read once for many commits."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self._of: dict[tuple[str, str, str], Entry] = {}
        for entry in shelf.entries():
            if isinstance(entry, Entry):
                place = (entry.result.gate, entry.result.project, entry.inputs.get("target", ""))
                self._of.setdefault(place, entry)  # newest first

    def of(self, gate: str, project: str, target: str) -> Entry | None:
        """Return the newest word of *gate* on tree *target*, under whatever conditions."""
        return self._of.get((gate, project, target))


def known(step: Step, shown: Shown) -> Known:
    """Return what is known of *step*; what is never kept, as it costs so little, is judged here and now."""
    gate, project = step.gate, step.job.project
    if step.ended is not None:
        nothing = step.ended.outcome is Outcome.SKIPPED and not step.ended.left_out
        return Known(gate.name, project, State.NOTHING if nothing else State.UNJUDGED, step.ended.reason or "")
    if gate.keeps == NOTHING:
        result = judged(step, Forgetful(), threading.Lock())
        return Known(gate.name, project, _state(result.outcome), result.reason or result.summary, result.judged_at)
    row = why(step, shown.shelf)
    if row.known and row.outcome is not None:
        return Known(gate.name, project, _state(row.outcome), str(row.outcome), row.at)
    entry = shown.of(gate.name, project, step.job.change.target)
    if entry is None:
        return Known(gate.name, project, State.UNJUDGED, row.why if row.why.startswith("never kept") else "")
    state = State.REFUSED if entry.result.outcome is Outcome.FAILED else State.EARLIER
    changed = ", ".join(_changed(step, entry))
    return Known(gate.name, project, state, f"changed since: {changed}" if changed else "", entry.judged_at)


def worst(known: Iterable[Known]) -> State:
    """Return the state of a commit: that of its worst gate."""
    found = {one.state for one in known}
    return next((state for state in WORST_FIRST if state in found), State.NOTHING)


def _state(outcome: Outcome) -> State:
    if outcome in {Outcome.PASSED, Outcome.SKIPPED}:
        return State.JUDGED
    return State.REFUSED if outcome is Outcome.FAILED else State.UNJUDGED


def _changed(step: Step, entry: Entry) -> list[str]:
    try:
        now: Mapping[str, str] = told(depends(step))
    except EverycommitError as error:
        return [str(error)]
    return [name for name in dict.fromkeys([*now, *entry.inputs]) if now.get(name) != entry.inputs.get(name)]
