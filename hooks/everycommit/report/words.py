"""Numbers, times and lists in the words that every report uses."""

from collections.abc import Iterable, Sequence

from ..result import GateResult, Outcome, Verdict

_LEAST_SECONDS = 0.1


def counted(number: int, noun: str) -> str:
    """Return ``1 file``, ``2 files``, ``1,204 files``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def lasted(seconds: float) -> str:
    """Return ``1.9s`` or ``2m05s``; nothing below a tenth of a second."""
    if seconds < _LEAST_SECONDS:
        return ""
    if seconds < 99.95:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    return f"{whole // 60}m{whole % 60:02}s"


def label(gate: GateResult) -> str:
    """Return the gate's name, with its project where that is not the whole repository: ``types[packages/a]``."""
    return gate.gate if gate.project in {"", "."} else f"{gate.gate}[{gate.project}]"


def listed(gates: Iterable[GateResult]) -> str:
    return ", ".join(map(label, gates))


def branch(ref: str) -> str:
    """Return *ref* as people say it."""
    return ref.removeprefix("refs/heads/").removeprefix("refs/")


def left_out(gate: GateResult) -> bool:
    """Tell whether somebody decided that *gate* does not run, rather than that it had nothing to judge."""
    return gate.outcome is Outcome.SKIPPED and (gate.reason or "").startswith("skipped by")


def reasons(gates: Sequence[GateResult]) -> str:
    """Return ``lint, types (no Python file changed); tests (only prose changed)``: equal reasons once."""
    groups: dict[str, list[GateResult]] = {}
    for gate in gates:
        groups.setdefault(why(gate), []).append(gate)
    return "; ".join(f"{listed(group)} ({reason})" if reason else listed(group) for reason, group in groups.items())


def why(gate: GateResult) -> str:
    """Return the gate's reason as a clause: no white space around it, no stop at its end."""
    return (gate.reason or "").strip().removesuffix(".")


def everything(verdict: Verdict) -> bool:
    """Tell whether *verdict* is over all files of a commit, where nothing is older and every finding is shown."""
    return verdict.change.whole and verdict.target_commit is not None
