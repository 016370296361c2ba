"""What an agent is told of a verdict: at most 2 KB, the most useful finding first, each with what repeats it."""

from collections.abc import Sequence

from ..result import Finding, Outcome, Verdict
from ..text import printable

MOST = 2048
"""Bytes of one answer."""
_LONGEST = 300
_FIRST = ("lint/syntax-error", "lint/invalid-syntax", "lint/E9", "types/syntax", "tests/collection")
"""What hides other findings: until it is mended they cannot be seen."""
_ORDER = ("policy", "types", "tests", "lint", "review")
_REPAIRS = 3


def of_round(verdict: Verdict, told: Sequence[Finding], *, head: str, repeat: str, held_back: int = 0) -> str:
    """Return what to mend: *head*, *told* in order, and how to repeat the gates that found it."""
    ranked = sorted(told, key=_rank)
    repairs = [line for gate in verdict.gates if gate.blocks for line in gate.repair]
    # A word for who stages by hand stands behind it.
    repairs = [line.partition("  #")[0] for line in repairs[:_REPAIRS]]
    gates = list(dict.fromkeys(gate.gate for gate in verdict.gates if gate.blocks))
    end = [f"repairs itself: {line}" for line in repairs]
    end += [f"{held_back} more on lines that you did not touch since: left to the commit"] * bool(held_back)
    end += [f"all of it: {repeat} {' '.join(gates)} --format concise"]
    return within(head, [_line(one, repeat) for one in ranked], end)


def of_file(found: Sequence[Finding], repeat: str) -> str:
    """Return what ruff and the policy say of a file that was just edited."""
    return within("everycommit, of this edit:", [_line(one, repeat) for one in sorted(found, key=_rank)], [])


def of_guard(found: Sequence[Finding]) -> str:
    """Return why an edit that is about to happen is refused, and the way on."""
    lines = [_plain(one) for one in sorted(found, key=_rank)]
    return within(lines[0], lines[1:], [])


def still(verdict: Verdict) -> str:
    """Return in a few words what refuses or could not be verified: ``lint: 2 findings; tests: time ran out``."""
    parts = []
    for gate in verdict.gates:
        if gate.outcome is Outcome.FAILED and gate.blocks:
            number = gate.new_errors
            parts.append(f"{gate.gate}: {number} {'finding' if number == 1 else 'findings'}")
        elif gate.outcome is Outcome.INCONCLUSIVE:
            parts.append(f"{gate.gate}: {_short(gate.reason or 'not verified', 120)}")
    return printable("; ".join(parts))


def within(head: str, lines: Sequence[str], end: Sequence[str]) -> str:
    """Return the lines as one text of at most ``MOST`` bytes; of *lines* the last are left out, and counted."""
    shown = list(lines)
    while True:
        left = len(lines) - len(shown)
        rest = [f"and {left} more"] * bool(left)
        text = "\n".join([head, *shown, *rest, *end])
        if len(text.encode(errors="replace")) <= MOST:
            return text
        if not shown:
            return text.encode(errors="replace")[: MOST - 3].decode(errors="ignore") + "..."
        shown.pop()


def _rank(finding: Finding) -> tuple[int, int, str, int]:
    gate = finding.rule.partition("/")[0]
    hides = 0 if finding.rule.startswith(_FIRST) else 1
    return hides, _ORDER.index(gate) if gate in _ORDER else len(_ORDER), finding.path or "", finding.line or 0


def _line(finding: Finding, repeat: str) -> str:
    gate = finding.rule.partition("/")[0]
    return f"- {_plain(finding)} [{repeat} {gate}]"


def _plain(finding: Finding) -> str:
    where = ":".join(str(part) for part in (finding.path, finding.line, finding.column) if part)
    message = _short(finding.message.strip().split("\n", 1)[0], _LONGEST)
    end = "" if message.endswith((".", "!", "?")) or not finding.hint else "."
    hint = f"{end} {_short(finding.hint, _LONGEST)}" if finding.hint else ""
    return printable(f"{where + ': ' if where else ''}{finding.rule}: {message}{hint}".replace("\n", " "))


def _short(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
