"""A line a gate while it runs and when it has ended, on a screen of some width."""

import time
from collections.abc import Sequence

from ..result import GateResult
from .style import Style, cells
from .words import kind, lasted, said

SPINNER = ("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "|/-\\")
"""The frames of what runs, in Unicode and in ASCII."""


class Row:
    """What is known of one gate so far."""

    def __init__(self, gate: str, began: float) -> None:
        self.gate = gate
        self.began = began
        self.said = ""
        self.result: GateResult | None = None


def lines(rows: Sequence[Row], style: Style, width: int, tick: int) -> list[str]:
    """Return a line for each of *rows* in at most *width* columns; *tick* counts the frames."""
    room = max([8, *(cells(style.line(row.gate)) for row in rows)])
    return [_line(row, style, width, min(room, 20), tick) for row in rows]


def _line(row: Row, style: Style, width: int, room: int, tick: int) -> str:
    symbol = _symbol(row, style, tick)
    name = style.middle(style.line(row.gate), room)
    seconds = _seconds(row)
    text = style.line(_text(row))
    start = f"  {symbol}{' ' * (style.symbol_width - cells(symbol))} {name}{' ' * (room - cells(name))} "
    if width < 30:
        return style.cut(f"{start}{seconds}", width)
    right = f"{seconds:>8}"
    left = max(0, width - cells(start) - len(right))
    text = style.middle(text, left)
    head = start.replace(symbol, _painted(row, symbol, style), 1)
    return f"{head}{text}{' ' * (left - cells(text))}{style.quiet(right)}"


def _seconds(row: Row) -> str:
    if row.result is None:
        return lasted(time.monotonic() - row.began)
    return "known" if row.result.reused else lasted(row.result.seconds)


def _text(row: Row) -> str:
    if row.result is None:
        return row.said
    return said(row.result).split("\n", 1)[0]


def _symbol(row: Row, style: Style, tick: int) -> str:
    if row.result is None:
        frames = SPINNER[style.ascii]
        return frames[tick % len(frames)]
    return style.symbol(kind(row.result))


def _painted(row: Row, symbol: str, style: Style) -> str:
    if row.result is None:
        return symbol
    return style.of(kind(row.result))(symbol)
