"""`run --explain`: below the report, for each gate what ran or why not, where, with what, and how tests were chosen."""

import re
from collections.abc import Iterator, Sequence

from ..result import GateResult, Outcome, Told, Verdict
from .style import Style, cells, wrapped
from .words import counted, judged_at, label, lasted, listed, said, why

_WAYS, _TESTS = 8, 5
"""Shown of the ways by which a change reaches tests, and of the tests of each."""
_PLACE = r"\(([^()]+):\d+\)"


def render(verdicts: Sequence[Verdict], style: Style) -> str:
    """Return the explanation, an empty line before each verdict's."""
    lines: list[str] = []
    for verdict in verdicts:
        room = max((cells(label(gate)) for gate in verdict.gates), default=0)
        lines.append("")
        for gate in verdict.gates:
            head, *rest = _lines(gate)
            first, *more = _fitted(head, style, room + 2)
            lines.append(
                f"{style.strong(style.line(label(gate)))}{' ' * (room - cells(label(gate)) + 2)}{first}".rstrip()
            )
            lines += [" " * (room + 2) + line for line in more]
            for line in rest:
                indent = room + 2 + len(line) - len(line.lstrip())
                lines += [" " * indent + style.quiet(part) for part in _fitted(line.lstrip(), style, indent)]
        lines += [style.quiet(style.line(line)) for line in _folders(verdict.gates)]
    return "".join(f"{line}\n" for line in lines)


def _fitted(text: str, style: Style, start: int) -> list[str]:
    text = style.line(text)
    return wrapped(text, max(20, style.width - start)) if style.terminal else [text]


def _lines(gate: GateResult) -> Iterator[str]:
    """Yield what there is to say, its subject first."""
    if gate.outcome is Outcome.SKIPPED:
        yield f"not run: {why(gate)}"
        return
    yield _word(gate)
    yield from gate.notes
    if gate.told is None:
        return
    yield from gate.told.services
    if gate.told.all is not None:
        yield f"all tests: {gate.told.all}"
    yield from _ways(gate.told.reached)


def _word(gate: GateResult) -> str:
    """Return what came of it, what looked at it, and when; of tests that were chosen, from which files to which."""
    told = gate.told or Told()
    words = [
        f"{gate.tool} in {told.python}"
        if gate.tool and told.python
        else gate.tool or (f"on {told.where}" if told.where else "")
    ]
    if gate.reused:
        words.append(f"known{judged_at([gate])}")
    else:
        words += [lasted(gate.seconds)] if lasted(gate.seconds) else []
        words += ["judged each time"] if gate.each_time else []
    selected, total = gate.counts.get("selected"), gate.counts.get("total")
    text = f"{selected} of {total}{_from_to(told.reached)}" if told.reached and selected != total else said(gate)
    return "; ".join([f"{gate.outcome}: {text}" if text else str(gate.outcome), *(word for word in words if word)])


def _folders(gates: Sequence[GateResult]) -> Iterator[str]:
    """Yield where gates ran: a folder once, with all that ran in it."""
    ran: dict[str, list[GateResult]] = {}
    for gate in gates:
        if gate.told is not None and gate.told.where.startswith("/"):
            ran.setdefault(gate.told.where, []).append(gate)
    for folder, there in ran.items():
        yield f"{listed(there)} ran in {folder}"


def _from_to(reached: Sequence[tuple[str, str]]) -> str:
    """Return ``: nav.py -> test_nav.py (12), test_menu.py (2)``."""
    ways: dict[str, dict[str, int]] = {}
    for test, way in reached:
        place = re.search(_PLACE, way)
        cause = place[1] if place else way.partition(":")[0].partition(" ")[0]
        tests = ways.setdefault(cause, {})
        file = test.partition("::")[0]
        tests[file] = tests.get(file, 0) + 1
    parts = []
    for cause, files in list(ways.items())[:_TESTS]:
        shown = [f"{file} ({number})" for file, number in list(files.items())[:_TESTS]]
        parts.append(f"{cause} -> {', '.join(shown)}{_and_more(len(files), _TESTS, 'file')}")
    return f": {'; '.join(parts)}{_and_more(len(ways), _TESTS, 'cause')}" if parts else ""


def _ways(reached: Sequence[tuple[str, str]]) -> Iterator[str]:
    ways: dict[str, list[str]] = {}
    for test, way in reached:
        ways.setdefault(way, []).append(test)
    for way, tests in list(ways.items())[:_WAYS]:
        yield way
        yield from (f"  {test}" for test in tests[:_TESTS])
        if len(tests) > _TESTS:
            yield f"  and {counted(len(tests) - _TESTS, 'more test')}"
    if len(ways) > _WAYS:
        yield f"and {counted(len(ways) - _WAYS, 'more way')}; `everycommit tests explain` lists all"


def _and_more(number: int, shown: int, noun: str) -> str:
    return f" and {counted(number - shown, f'more {noun}')}" if number > shown else ""
