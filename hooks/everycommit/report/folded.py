"""Many projects of one gate in few rows."""

from collections.abc import Sequence

from ..record import replace
from ..result import GateResult, Outcome
from .words import counted, kind, why

_MOST_LISTED = 4
_ROOT = frozenset({"", "."})


def folded(gates: Sequence[GateResult]) -> list[GateResult]:
    """Return *gates* with many projects of a gate in one where it did not judge them, or passed them, for one reason.

    The root of which there is nothing to judge beside its projects is left out.
    """
    gates = [gate for gate in gates if not _is_bare_root(gate, gates)]
    groups: dict[tuple[str, str], list[GateResult]] = {}
    for gate in gates:
        same = _same(gate)
        if same is not None:
            groups.setdefault((gate.gate, same), []).append(gate)
    out = []
    for gate in gates:
        group = groups.get((gate.gate, _same(gate) or ""), [])
        if gate not in group or len(group) < _MOST_LISTED:
            out.append(gate)
        elif gate is group[0]:
            out.append(_together(group))
    return out


def _is_bare_root(gate: GateResult, gates: Sequence[GateResult]) -> bool:
    if gate.outcome is not Outcome.SKIPPED or gate.left_out or gate.project not in _ROOT:
        return False
    others = [one for one in gates if one.gate == gate.gate and one.project not in _ROOT]
    return any(one.outcome is not Outcome.SKIPPED for one in others)


def _same(gate: GateResult) -> str | None:
    """Return a word for the gates that can stand in one row with *gate*; None where it needs one of its own."""
    if gate.project in _ROOT:
        return None
    if gate.outcome is Outcome.SKIPPED:
        return f"skipped {why(gate)}"
    return "passed" if kind(gate) == str(Outcome.PASSED) and not gate.reason else None


def _together(group: Sequence[GateResult]) -> GateResult:
    first = group[0]
    names = ", ".join(one.project for one in group[: _MOST_LISTED - 1])
    some = f"{names} and {len(group) - _MOST_LISTED + 1} more"
    row = replace(first, gate=f"{first.gate} of {len(group)}", project=".")
    if first.outcome is Outcome.SKIPPED:
        return replace(row, reason=f"{why(first)}: {some}")
    nouns = {"selected": "test", "files": "file"}
    totals = [(sum(one.counts.get(name, 0) for one in group), noun) for name, noun in nouns.items()]
    sums = [counted(total, noun) for total, noun in totals if total]
    return replace(
        row,
        summary=f"{', '.join(sums)}: {some}" if sums else some,
        counts={},
        findings=(),
        seconds=max(one.seconds for one in group),
        reused=all(one.reused for one in group),
    )
