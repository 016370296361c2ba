"""Findings as lines that an editor can follow."""

from collections.abc import Iterator

from ..result import ERROR, NOTE, WARNING, Finding, GateResult, Verdict
from .style import Style, cells, wrapped
from .words import counted, everything

PER_GATE = 20
"""Findings shown of one gate; more would scroll away what blocks."""
_SOURCES_UP_TO = 10
"""Above this many findings a line of source each is noise."""
_MESSAGE_LINES = 8
_MESSAGE_CHARS = 2000
_INDENT = "    "
_SEVERITIES = (ERROR, WARNING, NOTE)


def lines(verdict: Verdict, *, style: Style, repeat: str) -> list[str]:
    """Return the findings of all gates, errors of all before warnings of any; then what is not shown, in words."""
    whole = everything(verdict)
    shown = {place: _shown(gate, whole=whole) for place, gate in enumerate(verdict.gates)}
    sources = sum(map(len, shown.values())) <= _SOURCES_UP_TO
    out: list[str] = []
    for rank in range(len(_SEVERITIES)):
        for findings in shown.values():
            hints: set[str] = set()
            for finding in findings:
                if _rank(finding) == rank:
                    out += _finding(finding, style, source=sources, hint=_once(finding.hint, hints))
    for place, gate in enumerate(verdict.gates):
        out += [style.quiet(line) for line in _rest(gate, len(shown[place]), style, repeat, whole=whole)]
    older = 0 if whole else sum(gate.older for gate in verdict.gates)
    if older:
        out.append(style.quiet(f"{counted(older, 'older finding')} in these files, not shown"))
    return out


def _eligible(gate: GateResult, *, whole: bool) -> list[Finding]:
    return [finding for finding in gate.findings if finding.new or whole]


def _shown(gate: GateResult, *, whole: bool) -> list[Finding]:
    found = sorted(_eligible(gate, whole=whole), key=lambda it: (_rank(it), it.path or "", it.line or 0))
    return found if whole else found[:PER_GATE]


def _rank(finding: Finding) -> int:
    return _SEVERITIES.index(finding.severity)


def _rest(gate: GateResult, shown: int, style: Style, repeat: str, *, whole: bool) -> Iterator[str]:
    hidden = len(_eligible(gate, whole=whole)) - shown
    if hidden:
        command = style.line(f"{repeat} {gate.gate} --format json")
        yield f"{hidden:,} more of {style.line(gate.gate)}, not shown; `{command}` has all"


def _once(hint: str | None, seen: set[str]) -> str | None:
    if hint is None or hint in seen:
        return None
    seen.add(hint)
    return hint


def _finding(finding: Finding, style: Style, *, source: bool, hint: str | None) -> list[str]:
    head = _head(finding, style)
    first, *more = _message(finding.message, style)
    start = cells(_place(finding, style)) + cells(f"{finding.severity}  {style.line(finding.rule)}  ")
    broken = _fitted(first, style, start)
    out = [f"{head}  {broken[0]}".rstrip(), *(_INDENT + line for line in broken[1:])]
    out += [_INDENT + line for line in more]
    text = finding.source.strip()[:_MESSAGE_CHARS]
    if source and finding.line and text and text not in finding.message:
        out.append(_source(finding.line, text, style))
    if hint:
        out += [style.quiet(_INDENT + line) for line in _fitted(style.line(hint), style, len(_INDENT))]
    return out


def _fitted(text: str, style: Style, start: int) -> list[str]:
    """Return *text* in lines for a screen, the first from column *start* on; through a pipe it stays one line."""
    if not style.terminal:
        return [text]
    width = max(20, style.width - len(_INDENT))
    room = style.width - start
    if room < width // 3 and cells(text) > room:
        return ["", *wrapped(text, width)]
    return wrapped(text, width, first=max(1, room))


def _place(finding: Finding, style: Style) -> str:
    if finding.path is None:
        return ""
    numbers = [str(number) for number in (finding.line, finding.column) if number]
    return ":".join([style.line(finding.path), *numbers]) + ": "


def _head(finding: Finding, style: Style) -> str:
    paint = {ERROR: style.bad, WARNING: style.doubtful}.get(finding.severity, style.quiet)
    place = _place(finding, style)
    return f"{style.strong(place[:-1])}{place[-1:]}{paint(finding.severity)}  {style.line(finding.rule)}"


def _message(message: str, style: Style) -> list[str]:
    """Return the message's lines, at least one; what is longer than a screen should carry is counted."""
    text = message.strip()
    cut = text[:_MESSAGE_CHARS]
    kept = [style.text(line.rstrip("\r")) for line in cut.split("\n")]
    hidden = text.count("\n") + 1 - _MESSAGE_LINES
    if hidden > 0:
        return [*kept[:_MESSAGE_LINES], style.quiet(f"({counted(hidden, 'more line')})")]
    if len(cut) < len(text):
        kept.append(style.quiet(f"({counted(len(text) - len(cut), 'more character')})"))
    return kept


def _source(line: int, text: str, style: Style) -> str:
    gutter = f"{_INDENT}{line} | "
    # Source keeps the room that it needs: cut on a screen, where wrapping would hide its shape.
    shown = style.text(text)
    return style.quiet(gutter) + (style.cut(shown, max(8, style.width - len(gutter))) if style.terminal else shown)
