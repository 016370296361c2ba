"""The speed of a simulated endpoint: slots, and moments that do not depend on how long the writing took."""

import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from endpoint.settings import Settings

_TICK = 0.004
"""Least seconds between two writes: eight answers at 1,200 tokens a second would else wake the process 9,600 times."""


class Slots:
    """So many at once, the others in the order in which they came."""

    def __init__(self, number: int) -> None:
        self._free = number
        self._line: deque[object] = deque()
        self._change = threading.Condition()

    @contextmanager
    def one(self) -> Iterator[None]:
        """Wait for a slot and hold it."""
        me = object()
        with self._change:
            self._line.append(me)
            self._change.wait_for(lambda: self._free and self._line[0] is me)
            self._line.popleft()
            self._free -= 1
            self._change.notify_all()
        try:
            yield
        finally:
            with self._change:
                self._free += 1
                self._change.notify_all()


def paced(pieces: Sequence[str], *, began: float, tokens_in: int, settings: Settings) -> Iterator[Sequence[str]]:
    """Yield *pieces* when they are due, those together that are due by now.

    Token ``n`` is due at an absolute moment: *began*, the time to the first token, and ``n`` over the speed.
    """
    first = began + settings.first_seconds + (tokens_in / settings.tokens_in if settings.tokens_in else 0.0)
    _until(first)
    if not settings.tokens_out:
        yield pieces
        return
    sent = 0
    while sent < len(pieces):
        due = min(len(pieces), 1 + int((time.monotonic() - first) * settings.tokens_out))
        if due > sent:
            yield pieces[sent:due]
            sent = due
        last = first + (len(pieces) - 1) / settings.tokens_out
        _until(min(max(first + sent / settings.tokens_out, time.monotonic() + _TICK), last))


def _until(moment: float) -> None:
    left = moment - time.monotonic()
    if left > 0:
        time.sleep(left)
