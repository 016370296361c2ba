"""``--format markdown``: for a step's summary or a comment; GitHub's and GitLab's dialects read it alike."""

from collections.abc import Sequence

from ..result import ERROR, NOTE, WARNING, Verdict
from .entries import Entry, clean, entries, older
from .words import branch, counted, label, said

LONGEST = 900_000
"""Characters; GitHub takes 1 MiB for a step's summary. Source: its documentation of workflow commands."""
_MARKS = {"passed": "✅", "failed": "❌", "inconclusive": "❓", "deferred": "⏳", "skipped": "➖"}  # noqa: RUF001
_SEVERITIES = {ERROR: "❌", WARNING: "⚠️", NOTE: "ℹ️"}  # noqa: RUF001
_SIGNS = "\\`*_[]<>#|~$@&"


def render(verdicts: Sequence[Verdict], *, exit: int) -> str:  # noqa: A002
    """Return a heading, a table of the gates of each change, and the findings; what is too long is counted."""
    out = [f"## everycommit: {_word(exit)}\n"]
    for verdict in verdicts:
        change = verdict.change
        name = f" {branch(verdict.ref)}" if verdict.ref else ""
        commit = f" {verdict.target_commit[:12]}" if verdict.target_commit else ""
        out.append(
            f"\n**{counted(len(change.files), 'file')} +{change.added} -{change.removed}{_plain(name)}{commit}**\n\n"
            "| | gate | what | seconds |\n|---|---|---|--:|\n"
        )
        out += [
            f"| {_MARKS[gate.outcome]} | {_plain(label(gate))} | {_plain(said(gate))} | {gate.seconds:.1f} |\n"
            for gate in verdict.gates
        ]
        out += [f"\n> {_plain(note)}\n" for note in verdict.notes]
    found = entries(verdicts)
    if found:
        out.append("\n### Findings\n\n")
    return _within("".join(out), [_line(entry) for entry in found], older(verdicts))


def _within(head: str, lines: Sequence[str], old: int) -> str:
    room, kept = LONGEST - len(head), 0
    while kept < len(lines) and (room := room - len(lines[kept])) >= 0:
        kept += 1
    tail = [f"\n{counted(len(lines) - kept, 'more finding')} not shown.\n"] if kept < len(lines) else []
    tail += [f"\n{counted(old, 'older finding')} in these files, not shown.\n"] if old else []
    return head + "".join([*lines[:kept], *tail])


def _line(entry: Entry) -> str:
    finding = entry.finding
    where = f"`{_code(finding.path)}:{finding.line}` " if finding.path and finding.line else ""
    where = where or (f"`{_code(finding.path)}` " if finding.path else "")
    first, *more = finding.message.strip().split("\n")
    hint = f"<br>{_plain(finding.hint)}" if finding.hint else ""
    rest = f" ({counted(len(more), 'more line')})" if more else ""
    return f"- {_SEVERITIES[finding.severity]} {where}{_plain(finding.rule)}: {_plain(first)}{rest}{hint}\n"


def _word(code: int) -> str:
    return {0: "nothing refused", 1: "refused", 2: "not verified"}.get(code, f"exit {code}")


def _plain(text: str) -> str:
    """Return *text* on one line, with no sign that the reader would take for markup, a link or a mention."""
    one = " ".join(clean(text).split())
    return "".join(f"\\{sign}" if sign in _SIGNS else sign for sign in one)


def _code(text: str) -> str:
    return " ".join(clean(text).replace("`", "'").replace("|", "¦").split())
