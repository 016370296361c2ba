"""Two processes for one run: the first only waits for an exit code and leaves with it, the second does all the work.

So the second can go on when whoever started the first has long been answered. Between them lie two pipes: ``word``
carries the exit code, ``line`` carries nothing: its end tells the worker that nobody waits any more.
"""

import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from .errors import Interrupted

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_TICK_MS = 100
_PATIENCE = 5.0
"""Seconds that an interrupted worker has to end its children and give everything back."""


class Worker:
    """The process that works, as it sees itself. Thread-safe."""

    def __init__(self, word: int, line: int) -> None:
        self._word = word
        self._line = line
        self._poll = select.poll()
        self._poll.register(line, select.POLLIN)
        # A poll object is for one thread at a time, and the line's end means nothing any more once we are free.
        self._lock = threading.Lock()
        self._free = False

    def gone(self) -> bool:
        """Tell whether the process that waits for the code went away, or wants us to end."""
        with self._lock:
            return not self._free and bool(self._poll.poll(0))

    def let_go(self, code: int) -> None:
        """Hand over *code* and go on without a terminal; whoever reads our output has its end at once.

        Raises:
            Interrupted: Nobody waits any more.
        """
        with self._lock:
            if self._poll.poll(0):
                raise Interrupted
            self._free = True
        os.setsid()
        null = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(null, stream)
        if null > 2:
            os.close(null)
        with suppress(BrokenPipeError):
            os.write(self._word, b"%d" % code)
        os.close(self._word)
        os.close(self._line)


def forked(gone: Callable[[], bool]) -> Worker:
    """Fork; return in the worker only. The process that was called waits, and leaves with the worker's exit code.

    Call it before any thread or child is started, with handlers that raise ``Interrupted``, and with nothing left in
    the buffers of our streams. *gone* is asked now and then by the one that waits: whether who waits for it went away.
    """
    foreign = [fd for fd in _open_files() if fd > 2 and os.get_inheritable(fd)]
    word, say = os.pipe()
    line, hold = os.pipe()
    # Between fork and waiting a signal would send both of them through the clean-ups.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    pid = os.fork()
    if pid:
        code = 3
        try:
            os.close(say)
            os.close(line)
            code = _waited(pid, word, hold, gone, before)
        finally:
            # Without any clean-up: all that we had is the worker's now.
            os._exit(code)
    os.close(word)
    os.close(hold)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    # What a shell opened for all its programs, `exec 9>lock; flock 9` say, is not ours to keep.
    for fd in foreign:
        with suppress(OSError):
            os.close(fd)
    return Worker(say, line)


def _open_files() -> list[int]:
    found = []
    for name in os.listdir("/dev/fd"):  # noqa: PTH208 - numbers
        with suppress(OSError, ValueError):
            os.fstat(int(name))  # that of the folder itself is closed by now
            found.append(int(name))
    return found


def _waited(pid: int, word: int, hold: int, gone: Callable[[], bool], mask: set[int]) -> int:
    """Return the exit code to leave with: the one handed over, else the one that the worker ended with."""
    told = b""
    stopped = None
    poll = select.poll()
    poll.register(word, select.POLLIN)
    try:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        while not poll.poll(_TICK_MS) and not gone():
            pass
        stopped = 130 if gone() else None
    except (Interrupted, KeyboardInterrupt) as stop:
        stopped = getattr(stop, "code", 130)
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)
    if stopped is not None:
        # The worker sees the end of the line, ends its children and gives all back; git must not go on before that.
        os.close(hold)
        until = time.monotonic() + _PATIENCE
        while not poll.poll(_TICK_MS) and time.monotonic() < until:
            pass
        if not poll.poll(0):
            os.kill(pid, signal.SIGKILL)
    told = os.read(word, 16)
    if told:
        return stopped or int(told)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code < 0 and stopped is None:
        with suppress(OSError):
            sys.stderr.write(f"everycommit: NOT VERIFIED: the process that judged was ended by signal {-code}\n")
            sys.stderr.flush()
    return stopped or (128 - code if code < 0 else code)
