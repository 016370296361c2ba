"""What the formats of other readers list: findings, and gates that could not be verified, in one order."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ..result import ERROR, NOTE, WARNING, Finding, GateResult, Outcome, Verdict
from .words import everything, label, why

_SEVERITIES = (ERROR, WARNING, NOTE)
_SURROGATES = "[\ud800-\udfff]"
_CONTROLS = "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]"
NOT_VERIFIED = "not-verified"


class Entry(NamedTuple):
    """One thing to be told of one change."""

    verdict: Verdict
    gate: GateResult
    finding: Finding


def entries(verdicts: Iterable[Verdict]) -> list[Entry]:
    """Return what is new in each verdict (all, where nothing is older), what stops the action first.

    A gate that was not verified is an entry too, ``lint/not-verified``: for a reader that shows findings alone, silence
    would look like a pass.
    """
    found = [
        Entry(verdict, gate, finding)
        for verdict in verdicts
        for gate in verdict.gates
        for finding in [*_doubt(gate), *_told(verdict, gate)]
    ]
    return sorted(found, key=_rank)


def older(verdicts: Iterable[Verdict]) -> int:
    """Return how many findings are not among the entries because they were there before."""
    return sum(gate.older for verdict in verdicts if not everything(verdict) for gate in verdict.gates)


def place(entry: Entry) -> str:
    """Return the path of *entry*; of one that belongs to no file, the first changed one: most readers need a path."""
    if entry.finding.path is not None:
        return clean(entry.finding.path)
    files = entry.verdict.change.files or entry.verdict.change.landing
    return clean(files[0].path) if files else "."


def line(entry: Entry) -> int:
    """Return the line of *entry*, 1 where it has none."""
    return entry.finding.line or 1


def fingerprints(found: Sequence[Entry]) -> Iterator[str]:
    """Yield a name for each of *found* that stays when lines move; no two are equal, some readers drop the second."""
    seen: dict[str, int] = {}
    for entry in found:
        name = entry.finding.fingerprint or _digest(entry)
        seen[name] = seen.get(name, 0) + 1
        yield name if seen[name] == 1 else f"{name}-{seen[name]}"


def message(entry: Entry) -> str:
    """Return what is wrong, and the way on below it."""
    finding = entry.finding
    return clean(f"{finding.message}\n{finding.hint}" if finding.hint else finding.message)


def clean(text: str) -> str:
    """Return *text* with U+FFFD for what no reader of XML or of a terminal should meet; newlines and tabs stay."""
    return re.sub(_SURROGATES, "\ufffd", re.sub(_CONTROLS, "\ufffd", text))


def _told(verdict: Verdict, gate: GateResult) -> list[Finding]:
    whole = everything(verdict)
    return [finding for finding in gate.findings if finding.new or whole]


def _doubt(gate: GateResult) -> Iterator[Finding]:
    if gate.outcome in {Outcome.INCONCLUSIVE, Outcome.DEFERRED}:
        reason = why(gate) or str(gate.outcome)
        severity = ERROR if gate.blocks else WARNING
        yield Finding(
            path=None,
            rule=f"{gate.gate}/{NOT_VERIFIED}",
            severity=severity,
            message=f"{label(gate)} could not be verified: {reason}",
        )


def _rank(entry: Entry) -> tuple[int, bool, str, int]:
    finding = entry.finding
    severity = _SEVERITIES.index(finding.severity)
    return severity, finding.path is not None, finding.path or "", finding.line or 0


def _digest(entry: Entry) -> str:
    import hashlib

    finding = entry.finding
    text = "\0".join([entry.gate.gate, entry.gate.project, finding.path or "", finding.rule, finding.message])
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:32]
