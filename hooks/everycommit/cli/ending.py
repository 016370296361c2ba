"""Who and what ends a run before it is over: signals, and the end of whoever waits for it."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..errors import Interrupted


class Gone:
    """Asks whether whoever waits for us went away; in the course of a run that becomes somebody else."""

    def __init__(self, ask: Callable[[], bool]) -> None:
        self.ask = ask

    def __call__(self) -> bool:
        return self.ask()


@contextmanager
def signals() -> Iterator[None]:
    """Turn the signals that end a process into Interrupted, so that children and folders are given back."""

    def stop(number: int, frame: object) -> None:  # noqa: ARG001
        raise Interrupted(130 if number == signal.SIGINT else 128 + number)

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def parent_gone(called_by: str | None) -> Callable[[], bool]:
    """Return a question: did the process that started us (git) go away? Its hooks then live on as orphans.

    *called_by* is its number as the hook's shell had it, where that is known: it may have gone before we looked.
    """
    parent = int(called_by) if called_by and called_by.isdecimal() else os.getppid()
    return lambda: os.getppid() != parent
