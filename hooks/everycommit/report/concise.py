"""``--format concise``: a line a finding, ``path:line:column: rule message``, and a line that sums up."""

from collections.abc import Sequence

from ..result import Verdict
from .entries import entries, older
from .style import Style
from .words import counted


def render(verdicts: Sequence[Verdict], *, style: Style, exit: int) -> str:  # noqa: A002
    """Return the lines, those that stop the action first."""
    found = entries(verdicts)
    lines = []
    for entry in found:
        finding = entry.finding
        numbers = [str(number) for number in (finding.line, finding.column) if number]
        where = ":".join([style.line(finding.path), *numbers]) + ": " if finding.path else ""
        first = finding.message.strip().split("\n", 1)[0]
        lines.append(f"{where}{finding.severity} {style.line(finding.rule)} {style.line(first)}")
    outcomes = ", ".join(dict.fromkeys(str(verdict.outcome) for verdict in verdicts)) or "nothing judged"
    rest = f", {counted(older(verdicts), 'older one')} not shown" if older(verdicts) else ""
    lines.append(f"{outcomes}: {counted(len(found), 'finding')}{rest}; exit {exit}")
    return "".join(f"{line}\n" for line in lines)
