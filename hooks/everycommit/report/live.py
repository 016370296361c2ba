"""What a person sees while gates run: a line a gate, redrawn in place on a terminal, gone when the report comes.

The cursor stays visible and no mode of the terminal is changed, so that nothing has to be put back, whatever ends us.
"""

import os
import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self, TextIO

from ..result import GateResult
from .gate_rows import SPINNER, Row, lines
from .style import Style, columns

_DELAY = 0.15
"""Seconds before anything is drawn: a run that is over by then must not flicker."""
_EVERY = 0.1
_JOIN = 1.0
"""Seconds that close waits for a last frame; a terminal that is stopped (^S) may keep it longer."""
_WIDEST = 79
"""Columns drawn at most: a window made narrower than a line would wrap it and spoil the count of lines."""
_UP = "\x1b[{}A"
_CLEAR_BELOW = "\x1b[J"
_CLEAR_LINE = "\x1b[2K"


class Live:
    """Implements ``engine.run.Watch``; every method may be called from any thread.

    On a stream that is no terminal it starts no thread and writes nothing.
    """

    def __init__(self, stream: TextIO, style: Style) -> None:
        self._stream = stream
        self._style = style
        self._rows: list[Row] = []
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._drawn = 0
        """Lines of the last frame; the cursor stands at the start of the line below."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def started(self, gates: Sequence[str]) -> None:
        """Show *gates* as running, instead of those of an earlier verdict."""
        if not self._style.terminal or self._over.is_set():
            return
        now = time.monotonic()
        with self._lock:
            self._rows = [Row(gate, now) for gate in gates]
            if self._thread is None:
                self._thread = threading.Thread(target=self._draw_until_over, name="live", daemon=True)
                self._thread.start()

    def said(self, gate: str, text: str) -> None:
        """Show *text* behind *gate* until it says something else."""
        with self._lock:
            for row in self._rows:
                if row.gate == gate and row.result is None:
                    row.said = text

    def ended(self, result: GateResult) -> None:
        """Show how the gate ended."""
        with self._lock:
            row = next((row for row in self._rows if row.gate == result.label and row.result is None), None)
            if row is not None:
                row.result = result

    def close(self) -> None:
        """End the drawing and take away what was drawn. May be called again."""
        self._over.set()
        if self._thread is None:
            return
        self._thread.join(_JOIN)
        if not self._thread.is_alive():
            self._write(self._to_top() + _CLEAR_BELOW if self._drawn else "")
            self._drawn = 0
            self._thread = None

    def _draw_until_over(self) -> None:
        if self._over.wait(_DELAY):
            return
        tick = 0
        while True:
            if not self._write(self._frame(tick)):
                return
            if self._over.wait(_EVERY):
                return
            tick += 1

    def _frame(self, tick: int) -> str:
        width, height = self._size()
        with self._lock:
            rows = list(self._rows)
        drawn = lines(rows, self._style, width, tick)
        if len(drawn) >= height:
            drawn = [_all_in_one(rows, self._style, width, tick)] if height > 1 else []
        text = self._to_top() + "".join(f"{_CLEAR_LINE}{line}\n" for line in drawn) + _CLEAR_BELOW
        self._drawn = len(drawn)
        return text

    def _to_top(self) -> str:
        return "\r" + (_UP.format(self._drawn) if self._drawn else "")

    def _size(self) -> tuple[int, int]:
        try:
            height = os.get_terminal_size(self._stream.fileno()).lines or 24
        except (OSError, ValueError):
            height = 24
        # One column stays free: a full line makes some terminals wrap at once.
        return max(1, min((columns(self._stream) or self._style.width) - 1, _WIDEST)), height

    def _write(self, text: str) -> bool:
        if not text:
            return True
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            # The terminal went away, or the stream was closed: the verdict does not depend on being watched.
            return False
        return True


def _all_in_one(rows: Sequence[Row], style: Style, width: int, tick: int) -> str:
    """Return one line for a window that is lower than the gates are many."""
    running = [row.gate for row in rows if row.result is None]
    frames = SPINNER[style.ascii]
    text = f"{len(rows) - len(running)} of {len(rows)} gates done; {', '.join(running)}"
    return style.cut(f"  {frames[tick % len(frames)]} {style.line(text)}", width)
