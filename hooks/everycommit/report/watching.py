"""The view of `everycommit watch`: what is known of the working tree, as the lines of one screen. Pure."""

import time
from collections.abc import Callable, Sequence

from ..record import dataclass, field
from ..result import ERROR, WARNING, Finding, GateResult, Verdict
from .gate_rows import Row
from .gate_rows import lines as gate_lines
from .style import Style, cells, wrapped
from .words import lasted

KEYS = (("o", "open"), ("a", "accept"), ("e", "explain"), ("r", "again"), ("?", "help"), ("q", "quit"))
HELP = (
    "everycommit watch judges the working tree against HEAD whenever it rests.",
    "",
    "  j  down     the next finding           k  up       the one before",
    "  o  enter    open it in your editor     e           explain its rule",
    "  a           accept it, with a reason   r           judge anew",
    "  q  ctrl-C   quit                       esc         back to the list",
    "",
    (
        "A verdict holds for the tree that it judged: while that changes it is marked, and judged again once the tree "
        "rests. Nothing of yours is touched. What is accepted goes into .everycommit/accepted.toml, as by "
        "`everycommit accept`, and has to be staged first."
    ),
)
_BAR = 24
_LEAST = 8
"""Lines below which only findings and the state are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """All that is shown."""

    where: str = ""
    """The working tree's name, and its branch."""
    rows: Sequence[Row] = ()
    verdict: Verdict | None = None
    """The last one."""
    judging: bool = False
    stale: bool = False
    """Whether the tree has changed since the last verdict."""
    judged_at: float = 0.0
    """Seconds since 1970."""
    scope: str = ""
    selected: int = 0
    page: Sequence[str] = ()
    """Text in place of the findings."""
    scrolled: int = 0
    message: str = ""
    """One line in place of the keys."""
    error: str = ""
    """Why nothing could be judged."""
    found: Sequence[tuple[GateResult, Finding]] = field(default=())


def findings(verdict: Verdict | None) -> tuple[tuple[GateResult, Finding], ...]:
    """Return what is new in *verdict*, errors first, in the order of the gates."""
    if verdict is None:
        return ()
    rank = {ERROR: 0, WARNING: 1}
    new = [(gate, one) for gate in verdict.gates for one in gate.findings if one.new]
    return tuple(sorted(new, key=lambda pair: rank.get(pair[1].severity, 2)))


def frame(view: View, style: Style, width: int, height: int, tick: int = 0) -> list[str]:
    """Return the lines of one screen, at most *height* of at most *width* columns."""
    if height < 1 or width < 1:
        return []
    top = [_title(view, style, width)]
    if height >= _LEAST:
        gates = gate_lines(view.rows, style, width, tick)
        room = height - 6
        top += ["", *(gates if len(gates) <= room else [*gates[: room - 1], style.quiet(style.cut("  ...", width))])]
        more = [*_size(view, style, width), *_scope(view, style, width)]
        top += ["", *more] if more and len(top) + len(more) + 4 <= height else []
        top += [""] if len(top) + 3 <= height else []
    bottom = [_bottom(view, style, width)] if height > 1 else []
    room = max(0, height - len(top) - len(bottom))
    middle = _page(view, style, width, room) if view.page else _list(view, style, width, room)
    middle += [""] * (room - len(middle))
    return [*top, *middle[:room], *bottom][:height]


def _title(view: View, style: Style, width: int) -> str:
    state, paint = _state(view, style)
    if cells(state) + 10 > width:
        # When it was judged is the smaller half of the news.
        state = state.partition(";")[0]
    left = f"everycommit watch  {style.line(view.where)}".rstrip()
    room = width - cells(state) - 2
    if room < 8:
        return paint(style.cut(state, width))
    left = style.cut(left, room)
    return f"{style.strong(left)}{' ' * (width - cells(left) - cells(state))}{paint(state)}"


def _state(view: View, style: Style) -> tuple[str, Callable[[str], str]]:
    if view.error:
        return "NOT VERIFIED", style.bad
    if view.verdict is None or view.judging:
        again = view.verdict is not None
        waits = "changed; judging again" if again else "judging" if view.judging else "waiting for the tree to rest"
        return waits, style.doubtful if view.judging else style.quiet
    at = time.strftime("%H:%M:%S", time.localtime(view.judged_at))
    if view.stale:
        return f"changed since {at}", style.doubtful
    if view.verdict.change.empty:
        return f"nothing changed, {at}", style.quiet
    words = f"judged {at} in {lasted(view.verdict.seconds) or '0.0s'}"
    return (f"would be refused; {words}", style.bad) if view.verdict.blocks else (f"would pass; {words}", style.good)


def _size(view: View, style: Style, width: int) -> list[str]:
    counts = next((gate.counts for gate in view.verdict.gates if gate.gate == "policy"), {}) if view.verdict else {}
    added, limit = counts.get("added"), counts.get("limit")
    if added is None:
        return []
    if not limit:
        return [style.cut(f"  size   {added:,} lines added", width)]
    full = min(_BAR, round(_BAR * added / limit))
    mark, rest = ("#", "-") if style.ascii else ("█", "░")
    words = f"{added:,} of {limit:,} lines"
    if width < _BAR + 12 + len(words):
        return [style.cut(f"  size   {words}", width)]
    paint = style.bad if added > limit else style.doubtful if added > 0.8 * limit else style.good
    return [f"  size   {paint(mark * full)}{style.quiet(rest * (_BAR - full))}  {words}"]


def _scope(view: View, style: Style, width: int) -> list[str]:
    return [style.cut(f"  scope  {style.line(view.scope)}", width)] if view.scope else []


def _list(view: View, style: Style, width: int, room: int) -> list[str]:
    """Return the findings around the selected one, which shows what more there is to say."""
    if view.error:
        return [style.bad(line) for line in wrapped(style.line(view.error), max(20, width))][:room]
    if not view.found:
        said = view.verdict is not None and not view.verdict.change.empty and not view.judging and not view.stale
        return [style.quiet(style.cut("  no findings", width))] if said else []
    selected = min(view.selected, len(view.found) - 1)
    details = _details(view.found[selected][1], style, width)[: max(0, room - 2)]
    shown = max(1, room - len(details))
    first = max(0, min(selected - shown // 2, len(view.found) - shown))
    out: list[str] = []
    for place in range(first, min(first + shown, len(view.found))):
        out.append(_one(view.found[place][1], style, width, selected=place == selected))
        out += details if place == selected else []
    hidden = len(view.found) - min(len(view.found), first + shown)
    if hidden and len(out) >= room:
        out = [*out[: room - 1], style.quiet(style.cut(f"  and {hidden + 1} more below", width))]
    return out


def _one(finding: Finding, style: Style, width: int, *, selected: bool) -> str:
    where = ":".join(str(part) for part in (finding.path, finding.line) if part is not None)
    mark = (">" if style.ascii else "›") if selected else " "  # noqa: RUF001 - an arrow is meant
    text = style.line(" ".join(filter(None, (where, finding.severity, finding.rule, finding.message))))
    line = style.cut(f"{mark} {text}", width)
    paint = style.bad if finding.severity == ERROR else style.doubtful if finding.severity == WARNING else style.quiet
    head, found, rest = line.partition(f" {finding.severity} ")
    line = f"{head} {paint(finding.severity)} {rest}" if found else line
    return style.strong(line) if selected and not style.color else line


def _details(finding: Finding, style: Style, width: int) -> list[str]:
    out = [style.cut(f"      {finding.line or ''} | {style.line(finding.source)}", width)] if finding.source else []
    out += [f"      {line}" for line in wrapped(style.line(finding.hint), max(20, width - 6))] if finding.hint else []
    return [style.quiet(line if cells(line) <= width else style.cut(line, width)) for line in out]


def _page(view: View, style: Style, width: int, room: int) -> list[str]:
    lines = [line for text in view.page for line in (wrapped(style.line(text), max(20, width)) if text else [""])]
    first = max(0, min(view.scrolled, len(lines) - room))
    return [style.cut(line, width) for line in lines[first : first + room]]


def _bottom(view: View, style: Style, width: int) -> str:
    if view.message:
        return style.cut(style.line(view.message), width)
    keys = KEYS if not view.page else (("esc", "back"), ("q", "quit"))
    return style.quiet(style.cut("  ".join(f"{key} {word}" for key, word in keys), width))
