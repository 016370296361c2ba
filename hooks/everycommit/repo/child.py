"""A started git: its pipes, its end, and the exchange with it."""

import os
import select

from ..errors import RepositoryError, TimeRanOut, UsageError

# Not typing's: that takes a third of a Python start, and a known verdict has no use for it.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..deadline import Deadline

_CHUNK = 1 << 16
_LAST_WORDS = 1 << 16
NEVER = frozenset({"EVERYCOMMIT_MODEL_KEY"})
"""What no child sees, whoever names it: neither git nor, see ``proc``, any other."""

# As POSIX numbers them: the module signal takes a tenth of a Python start to import.
_SIGKILL, _SIGPIPE = 9, 13


class Child:
    """A started git and our ends of its pipes (-1: none)."""

    def __init__(
        self, program: str, argv: list[bytes], environ: "Mapping[str, str]", *, stdin: bool, quiet: bool
    ) -> None:
        self._code: int | None = None
        theirs: list[int] = []
        self.stdin = self.stdout = self.stderr = -1
        try:
            actions: list[tuple[int, int, int] | tuple[int, int, str, int, int]] = []
            if stdin:
                end, self.stdin = _pipe()
                theirs.append(end)
                actions.append((os.POSIX_SPAWN_DUP2, end, 0))
            else:
                actions.append((os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0))
            self.stdout, end = _pipe()
            theirs.append(end)
            actions.append((os.POSIX_SPAWN_DUP2, end, 1))
            if quiet:
                actions.append((os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0))
            else:
                self.stderr, end = _pipe()
                theirs.append(end)
                actions.append((os.POSIX_SPAWN_DUP2, end, 2))
            # Python ignores SIGPIPE, and a child would inherit that: git has to end when we stop reading.
            self._pid = os.posix_spawn(program, argv, environ, file_actions=actions, setsigdef=[_SIGPIPE])
        except OSError as error:
            self._code = -1
            self.close()
            raise UsageError(f"'{program}' could not be started: {error.strerror}") from error
        finally:
            for end in theirs:
                os.close(end)

    def kill(self) -> None:
        if self._code is None:
            os.kill(self._pid, _SIGKILL)

    def wait(self) -> int:
        """Return the exit code; negative: the signal. Waits once, and can be asked again."""
        if self._code is None:
            try:
                _, status = os.waitpid(self._pid, 0)
            except ChildProcessError as error:
                self._code = -1
                raise RepositoryError(
                    "the exit code of git is lost, because SIGCHLD is ignored; start everycommit without that"
                ) from error
            self._code = os.waitstatus_to_exitcode(status)
        return self._code

    def close(self) -> None:
        for end in (self.stdin, self.stdout, self.stderr):
            if end >= 0:
                os.close(end)
        self.stdin = self.stdout = self.stderr = -1


def _pipe() -> tuple[int, int]:
    """Return (reading, writing) ends above the standard streams: dup2 of 1 onto 1 would be closed at exec."""
    import fcntl

    ends = []
    for end in os.pipe():
        if end > 2:
            ends.append(end)
        else:
            ends.append(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 3))
            os.close(end)
    return ends[0], ends[1]


def talk(child: Child, stdin: bytes, limit: int | None, deadline: "Deadline | None") -> tuple[bytes, bytes, bool]:
    """Feed *stdin* and collect both streams until they end; the last value says whether *limit* was reached."""
    poll = select.poll()
    out: list[bytes] = []
    err = b""
    size = 0
    reading = {child.stdout, child.stderr}
    for end in reading:
        poll.register(end, select.POLLIN)
    waiting = memoryview(stdin)
    if stdin:
        os.set_blocking(child.stdin, False)
        poll.register(child.stdin, select.POLLOUT)
    while reading:
        for end, _ in _ready(poll, deadline):
            if end == child.stdin:
                waiting = _fed(end, waiting)
                if not waiting:
                    poll.unregister(end)
                    os.close(end)
                    child.stdin = -1
                continue
            part = os.read(end, _CHUNK)
            if not part:
                poll.unregister(end)
                reading.discard(end)
            elif end == child.stderr:
                err = (err + part)[-_LAST_WORDS:]
            else:
                out.append(part)
                size += len(part)
        if limit is not None and size > limit:
            return b"".join(out)[:limit], err, True
    return b"".join(out), err, False


def _ready(poll: select.poll, deadline: "Deadline | None") -> list[tuple[int, int]]:
    ready = poll.poll(None if deadline is None else deadline.left() * 1000 + 1)
    if deadline is not None and deadline.passed:
        raise TimeRanOut("time ran out while git was reading the repository")
    return ready


def _fed(end: int, waiting: memoryview) -> memoryview:
    """Write what fits; return what is left, nothing where git stopped listening."""
    try:
        return waiting[os.write(end, waiting[:_CHUNK]) :]
    except BlockingIOError:
        return waiting
    except BrokenPipeError:
        return memoryview(b"")
