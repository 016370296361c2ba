"""``--format github``: workflow commands that GitHub shows as annotations.

Source: https://docs.github.com/actions/reference/workflow-commands-for-github-actions; what is escaped and how:
actions/toolkit, packages/core, command.ts.
"""

from collections.abc import Sequence

from ..result import ERROR, NOTE, WARNING, Verdict
from .entries import Entry, clean, entries, message
from .words import counted

PER_STEP = 10
"""Annotations of each level that GitHub shows of one step; it drops the others without a word."""
_LEVELS = {ERROR: "error", WARNING: "warning", NOTE: "notice"}


def render(verdicts: Sequence[Verdict], *, exit: int) -> str:  # noqa: A002, ARG001 - every format takes it
    """Return a line an annotation, at most ten of a level, and one that counts those left out."""
    found = entries(verdicts)
    out: list[str] = []
    left = 0
    for severity, level in _LEVELS.items():
        these = [entry for entry in found if entry.finding.severity == severity]
        # The last of the notices is ours.
        most = PER_STEP - (level == "notice")
        out += [_command(level, entry) for entry in these[:most]]
        left += max(0, len(these) - most)
    if left:
        text = f"{counted(left, 'more finding')} not shown here: GitHub shows {PER_STEP} of a level"
        out.append(f"::notice title=everycommit::{_data(text)}")
    return "".join(f"{line}\n" for line in out)


def _command(level: str, entry: Entry) -> str:
    finding = entry.finding
    properties = {"title": f"everycommit {finding.rule}"}
    if finding.path is not None:
        properties |= {"file": finding.path, "line": str(finding.line or 1)}
        properties |= {"endLine": str(finding.end_line)} if finding.end_line else {}
        properties |= {"col": str(finding.column)} if finding.column else {}
    words = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{level} {words}::{_data(message(entry))}"


def _data(text: str) -> str:
    return clean(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
