"""A whole terminal for one command: the other screen, keys one by one, and everything put back on every way out."""

import os
import select
import shutil
import signal
import termios
import tty
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Self

from .call import Call

_ENTER, _LEAVE = b"\x1b[?1049h\x1b[?25l", b"\x1b[?25h\x1b[?1049l"
_NAMES = {
    b"\x1b[A": "up",
    b"\x1bOA": "up",
    b"\x1b[B": "down",
    b"\x1bOB": "down",
    b"\x1b[5~": "page up",
    b"\x1b[6~": "page down",
    b"\x1b": "esc",
    b"\r": "enter",
    b"\n": "enter",
    b"\x04": "q",
}


class Screen:
    """The terminal of a call. Only the thread that opened it may use it, but for ``wake``."""

    def __init__(self, call: Call) -> None:
        self._in = call.stdin.fileno()
        self._out = call.stdout.fileno()
        self._encoding = getattr(call.stdout, "encoding", None) or "utf-8"
        self._before: list[Any] | None = None
        self._pressed = b""
        self._bell, self._ring = os.pipe()
        os.set_blocking(self._ring, False)
        os.set_blocking(self._bell, False)
        self._handlers: dict[int, Any] = {}

    def __enter__(self) -> Self:
        self._take()
        # A window of another size, and coming back from ^Z, are drawn at once.
        for number, handler in ((signal.SIGWINCH, self._resized), (signal.SIGTSTP, self._stopped)):
            self._handlers[number] = signal.signal(number, handler)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._give_back()
        os.close(self._bell)
        os.close(self._ring)

    def wake(self) -> None:
        """Let ``key`` return; from any thread, and from a signal's handler."""
        try:
            os.write(self._ring, b"x")
        except (BlockingIOError, OSError):
            return  # it is full: it will return anyway; or closed: nobody waits

    def size(self) -> tuple[int, int]:
        """Return columns and lines now."""
        try:
            found = os.get_terminal_size(self._out)
        except OSError:
            found = shutil.get_terminal_size()
        return found.columns or 80, found.lines or 24

    def draw(self, lines: Sequence[str]) -> None:
        """Show *lines* from the top; a terminal that is gone is no error."""
        text = "\x1b[H" + "\r\n".join(f"{line}\x1b[K" for line in lines) + "\x1b[J"
        self._write(text.encode(self._encoding, "backslashreplace"))

    def key(self, seconds: float) -> str | None:
        """Return the next key, by its name or as it is; None after *seconds*, or where ``wake`` was called.

        Raises:
            EOFError: The terminal is gone.
        """
        # What was pressed before is a key already.
        ready, _, _ = select.select([self._in, self._bell], [], [], 0 if self._pressed else seconds)
        if self._bell in ready:
            with suppress(BlockingIOError):
                os.read(self._bell, 4096)
        if self._in in ready:
            try:
                more = os.read(self._in, 1024)
            except OSError:
                more = b""
            if not more:
                raise EOFError
            self._pressed += more
        return self._next()

    def _next(self) -> str | None:
        """Take one key of what was pressed; of a sequence that nobody knows, nothing."""
        for sequence in sorted(_NAMES, key=len, reverse=True):
            if self._pressed.startswith(sequence) and (sequence != b"\x1b" or self._pressed[1:2] not in {b"[", b"O"}):
                self._pressed = self._pressed[len(sequence) :]
                return _NAMES[sequence]
        if self._pressed.startswith(b"\x1b"):
            end = next((at for at, byte in enumerate(self._pressed) if at > 1 and 0x40 <= byte <= 0x7E), 1)
            self._pressed = self._pressed[end + 1 :]
            return None
        key, self._pressed = self._pressed[:1], self._pressed[1:]
        return key.decode("latin-1") or None

    @contextmanager
    def away(self) -> Iterator[None]:
        """Give the terminal back for a while: to an editor, or to a question."""
        self._give_back()
        try:
            yield
        finally:
            self._take()

    def _take(self) -> None:
        self._before = termios.tcgetattr(self._in)
        # ^C and ^Z keep their meaning.
        tty.setcbreak(self._in, termios.TCSANOW)
        self._write(_ENTER)

    def _give_back(self) -> None:
        if self._before is None:
            return
        self._write(_LEAVE)
        # Where the terminal is gone, what could be wrong with it is, too.
        with suppress(termios.error):
            termios.tcsetattr(self._in, termios.TCSADRAIN, self._before)
        self._before = None

    def _resized(self, number: int, frame: object) -> None:  # noqa: ARG002
        self.wake()

    def _stopped(self, number: int, frame: object) -> None:  # noqa: ARG002
        self._give_back()
        # Not the signal itself: a group that no shell looks after is not stopped by that.
        os.kill(os.getpid(), signal.SIGSTOP)
        # Here it goes on after `fg`.
        self._take()
        self.wake()

    def _write(self, data: bytes) -> None:
        try:
            while data:
                data = data[os.write(self._out, data) :]
        except OSError:
            return


def asked(call: Call, question: str) -> str:
    """Return a line that the person types, empty where there is none."""
    call.stdout.write(question)
    call.stdout.flush()
    return call.stdin.readline().strip()
