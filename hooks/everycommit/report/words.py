"""Numbers, times and lists in the words that every report uses."""

import time
from collections.abc import Iterable, Iterator, Sequence

from ..result import WARNING, GateResult, Outcome, Used, Verdict

_MOST_LISTED = 4
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


def did(used: Used) -> str:
    """Return what one model did: ``fast (small-8b) found: 12 questions, 41,200 tokens in, 3,100 out, 1.1s``."""
    who = used.profile if used.model in {"", used.profile} else f"{used.profile} ({used.model})"
    deed = {"finder": " found", "judge": " judged"}.get(used.role, "")
    parts = [counted(used.questions, "question")]
    parts += [f"{used.failed:,} without an answer"] if used.failed else []
    parts += [f"{used.tokens_in:,} tokens in", f"{used.tokens_out:,} out"] if used.tokens_in or used.tokens_out else []
    parts += [lasted(used.seconds)] if lasted(used.seconds) else []
    parts += [f"cost {used.cost:.2g}"] if used.cost else []
    return f"{who}{deed}: {', '.join(parts)}"


def judged_at(gates: Iterable[GateResult]) -> str:
    """Return when *gates* were judged, ``, judged at 14:02``: the earliest; of another day its date too."""
    times = [gate.judged_at for gate in gates if gate.judged_at is not None]
    if not times:
        return ""
    at, now = time.localtime(min(times)), time.localtime()
    today = at[:3] == now[:3]
    return time.strftime(", judged at %H:%M" if today else ", judged on %Y-%m-%d at %H:%M", at)


def label(gate: GateResult) -> str:
    """Return the gate's name, with its project where that is not the whole repository: ``types packages/a``."""
    return gate.label


def listed(gates: Iterable[GateResult]) -> str:
    return ", ".join(map(label, gates))


def branch(ref: str) -> str:
    """Return *ref* as people say it."""
    return ref.removeprefix("refs/heads/").removeprefix("refs/")


def left_out(gate: GateResult) -> bool:
    """Tell whether somebody decided that *gate* does not run, rather than that it had nothing to judge."""
    return gate.outcome is Outcome.SKIPPED and gate.left_out


def reasons(gates: Sequence[GateResult]) -> str:
    """Return ``lint, types (no Python file changed); tests (only prose changed)``: equal reasons once."""
    groups: dict[str, list[GateResult]] = {}
    for gate in gates:
        groups.setdefault(why(gate), []).append(gate)
    return "; ".join(f"{_few(group)} ({reason})" if reason else _few(group) for reason, group in groups.items())


def _few(gates: Sequence[GateResult]) -> str:
    """Return all of *gates*; of many projects the first ones and how many more there are."""
    if len(gates) <= _MOST_LISTED or all(gate.project in {"", "."} for gate in gates):
        return listed(gates)
    return f"{listed(gates[: _MOST_LISTED - 1])} and {len(gates) - _MOST_LISTED + 1} more"


def why(gate: GateResult) -> str:
    """Return the gate's reason as a clause: no white space around it, no stop at its end."""
    return (gate.reason or "").strip().removesuffix(".")


def everything(verdict: Verdict) -> bool:
    """Tell whether *verdict* is over all files of a commit, where nothing is older and every finding is shown."""
    return verdict.change.whole and verdict.target_commit is not None


def kind(gate: GateResult) -> str:
    """Return the name of the gate's symbol: its outcome, or ``warned`` where it passed with findings."""
    if gate.outcome is Outcome.PASSED and any(finding.new for finding in gate.findings):
        return "warned"
    return str(gate.outcome)


def said(gate: GateResult) -> str:
    """Return what was looked at and what came of it, or why not."""
    if gate.outcome is Outcome.SKIPPED:
        return f"not run: {why(gate)}" if not left_out(gate) else why(gate)
    clauses = [gate.summary.strip()] if gate.summary.strip() else []
    if gate.outcome in {Outcome.PASSED, Outcome.FAILED}:
        clauses += _counts(gate, own=gate.summary)
        text = ", ".join(clauses)
        return f"{text}: {why(gate)}" if text and gate.reason else text or why(gate)
    return ": ".join([*clauses, why(gate)] if gate.reason else clauses)


def as_before(gate: GateResult) -> bool:
    """Tell whether *gate* passed only because what failed had failed before: the one line must not hide that."""
    if gate.outcome is Outcome.PASSED and gate.counts.get("total") == 0 and gate.findings:
        return True
    return gate.outcome is Outcome.PASSED and gate.older > 0 and "failed" in gate.summary


def _counts(gate: GateResult, *, own: str) -> Iterator[str]:
    """Yield the numbers of new findings, where the gate's own words do not have them."""
    errors = gate.new_errors
    if errors and not any(word in own for word in ("finding", "failed", "error")):
        yield counted(errors, "new finding")
    elif errors and gate.older and "new" not in own:
        yield f"{errors:,} new"
    elif as_before(gate):
        yield "as before"
    warnings = sum(finding.new and finding.severity == WARNING for finding in gate.findings)
    if warnings and "warning" not in own:
        yield counted(warnings, "warning")
