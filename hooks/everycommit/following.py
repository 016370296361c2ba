"""One child on its way to the end: what it writes, when it is ended, and where its program lies."""

import os
import select
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from .deadline import Deadline
from .errors import ToolError

if TYPE_CHECKING:
    import subprocess

GRACE = 0.2
"""Seconds between asking a group to end and ending it, and those for its last words."""
TICK = 0.05
"""Seconds between two looks at whether all should end."""
_LONGEST_LINE = 64 * 1024
_NEVER = float("inf")


class Following:
    """Reads what a child writes, and ends it when it is time."""

    def __init__(
        self,
        process: "subprocess.Popen[bytes]",
        outputs: Sequence["Output"],
        deadline: Deadline,
        *,
        asks: int = signal.SIGINT,
        patience: float = GRACE,
    ) -> None:
        """*asks* is the signal that asks it to end; *patience* are the seconds that it has for that."""
        self.late = False
        self._process = process
        self._outputs = {output.fd: output for output in outputs}
        self._deadline = deadline
        self._asks = asks
        self._patience = patience
        self._ended = False
        self._kill_at = _NEVER
        self._leave_at = _NEVER

    def follow(self, ending: Callable[[], bool]) -> None:
        """Return when the child has ended and its pipes are empty, or when nothing more helps."""
        poll = select.poll()
        for fd in self._outputs:
            poll.register(fd, select.POLLIN)
        tick = TICK
        while self._outputs or not self._ended:
            now = time.monotonic()
            self._step(now, ending)
            if now >= self._leave_at:
                break
            if not self._outputs:
                # The pipes are closed, so the end is near: look often at first.
                tick = min(2 * tick, TICK) if tick < TICK else 0.001
            due = min(self._leave_at, self._deadline.at if self._kill_at == _NEVER else self._kill_at)
            for fd, _ in poll.poll(1000 * min(tick, max(due - now, 0.001))):
                if not self._outputs[fd].read():
                    poll.unregister(fd)
                    del self._outputs[fd]

    def _step(self, now: float, ending: Callable[[], bool]) -> None:
        if self._ended:
            return
        if has_ended(self._process):
            # What it left in its group may hold the pipes for ever; what left the group gets a moment.
            signal_group(self._process.pid, signal.SIGKILL)
            self._ended, self._leave_at = True, now + GRACE
        elif self._kill_at == _NEVER:
            self.late = now >= self._deadline.at
            if self.late or ending():
                # SIGINT unless told otherwise, for pytest then still reports what it has.
                signal_group(self._process.pid, self._asks)
                self._kill_at = now + self._patience
        elif now >= self._kill_at:
            signal_group(self._process.pid, signal.SIGKILL)
            self._kill_at, self._leave_at = now + TICK, min(self._leave_at, now + GRACE)


class Output:
    """One pipe: the first *limit* bytes are kept, the rest is read and dropped, lines are handed on."""

    def __init__(self, fd: int, limit: int, on_line: Callable[[bytes], None] | None = None) -> None:
        os.set_blocking(fd, False)
        self.fd = fd
        self.kept = bytearray()
        self.cut = False
        self._limit = limit
        self._on_line = on_line
        self._begun = b""

    def read(self) -> bool:
        """Read what is there, at most 64 KiB; return False at the end of the pipe."""
        try:
            piece = os.read(self.fd, 64 * 1024)
        except BlockingIOError:
            return True
        space = self._limit - len(self.kept)
        self.kept += piece[:space] if space < len(piece) else piece
        self.cut = self.cut or space < len(piece)
        if self._on_line is not None:
            *lines, begun = (self._begun + piece).split(b"\n")
            if begun and (not piece or len(begun) > _LONGEST_LINE):
                lines, begun = [*lines, begun], b""
            self._begun = begun
            for line in lines:
                self._on_line(line)
        return bool(piece)


class Tail(Output):
    """One pipe of which the last *limit* bytes are kept."""

    def read(self) -> bool:
        """Read what is there; return False at the end of the pipe."""
        cut = len(self.kept) - self._limit // 2
        if cut > 0:
            del self.kept[:cut]
        return super().read()


def has_ended(process: "subprocess.Popen[bytes]") -> bool:
    """Tell whether a child has ended, without letting go of its number where Python can do that."""
    if not hasattr(os, "waitid"):  # pragma: no cover - macOS before Python 3.13
        return process.poll() is not None
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def signal_group(group: int, number: int) -> None:
    """Send a signal to all that is left of a group."""
    # macOS says "not permitted" of a group that is only waiting to be reaped.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def program_path(name: str, cwd: Path, env: Mapping[str, str]) -> str:
    """Return the path of program *name*.

    Relative entries of the PATH are passed over: they would find programs of the change.
    """
    if "/" in name:
        paths = [os.path.join(cwd, name)]  # noqa: PTH118 - an absolute name stays as it is
    else:
        paths = [f"{folder}/{name}" for folder in env.get("PATH", os.defpath).split(":") if folder.startswith("/")]
    files = [path for path in paths if os.path.isfile(path)]  # noqa: PTH113 - a name with NUL is no error
    for path in files:
        if os.access(path, os.X_OK):
            return path
    if files:
        raise ToolError(f"cannot start {name!r}: '{files[0]}' is not executable; `chmod +x` makes it so")
    where = "there is no such file" if "/" in name else "it is not on the PATH"
    raise ToolError(f"cannot start {name!r}: {where}; install it or correct the name")
