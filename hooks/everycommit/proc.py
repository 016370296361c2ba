"""Starts every program but git: a process group of its own, no stdin, a deadline, and an end when we end."""

import os
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

from .deadline import Deadline
from .errors import Interrupted, ToolError
from .following import GRACE, TICK, Following, Output, Tail, has_ended, program_path, signal_group
from .record import dataclass
from .repo.child import NEVER
from .watcher import Watcher, announced

if TYPE_CHECKING:
    import subprocess

MIB = 1024 * 1024
_WORDS = 256 * 1024
_LAST = 2.0
"""Seconds for the last words of a child that has ended; what left its group may hold its output."""

# What a child may see of our environment. No GIT_*: a test that makes a repository would write into the commit in
# progress. No keys, tokens, agents' sockets, and no proxies, whose addresses may hold a password: what a project's
# tests need beyond this is named in its settings.
ALLOWED = frozenset(
    (
        *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "TMP", "TEMP", "TERM", "CI"),
        *("LANG", "LANGUAGE", "TZ", "TZDIR"),
        # Without XDG_RUNTIME_DIR: sockets of keyrings and agents lie there.
        *("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "XDG_DATA_HOME", "XDG_DATA_DIRS", "XDG_STATE_HOME"),
        # Where the trusted certificates lie; no secret.
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
        # Compiled extensions may not load without these.
        *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH"),
    )
)
_ALLOWED_BEGINNINGS = ("LC_", "PYENV_")


@dataclass(frozen=True, slots=True)
class Done:
    """How a child ended and what it wrote."""

    code: int
    """Its exit code; ``-9`` where signal 9 ended it."""
    out: bytes
    err: bytes
    late: bool
    """Whether the deadline passed and we ended it."""
    seconds: float
    cut: bool
    """Whether ``out`` or ``err`` is only the beginning: the rest was read and dropped."""


def child_environment(environ: Mapping[str, str], names: Sequence[str] = (), *, ceiling: Path) -> dict[str, str]:
    """Return what a child may see of *environ*: an allow-list, and those of *names* that are set.

    *ceiling* is the folder that holds the child's tree: git, started in the tree, does not look for a repository
    there or further up.

    Raises:
        ToolError: One of *names* is git's, or our key.
    """
    for name in names:
        if name.startswith("GIT_") or name in NEVER or not name or "=" in name or "\0" in name:
            raise ToolError(
                f"the environment variable {name!r} is never handed to a tool or a test; "
                "take it out of the settings' list 'env'"
            )
    allowed = {
        name: value
        for name, value in environ.items()
        if name in ALLOWED or name.startswith(_ALLOWED_BEGINNINGS) or name in names
    }
    return allowed | {"GIT_CEILING_DIRECTORIES": os.fspath(ceiling)}


class Running:
    """A child that runs until it is ended, followed by a thread of its own."""

    def __init__(
        self,
        process: "subprocess.Popen[bytes]",
        *,
        on_line: Callable[[bytes], None],
        stopped: Callable[[], bool],
        finish: Callable[[], None],
        patience: float,
    ) -> None:
        assert process.stdout is not None  # noqa: S101 - asked for as a pipe
        self._process = process
        self._stopped = stopped
        self._finish = finish
        self._asked = False
        self._out = Tail(process.stdout.fileno(), _WORDS, on_line)
        never = Deadline(float("inf"))
        self._run = Following(process, (self._out,), never, asks=signal.SIGTERM, patience=patience)
        self._thread = threading.Thread(target=self._follow, name=f"child-{process.pid}", daemon=True)
        self._thread.start()

    @property
    def code(self) -> int | None:
        """Its exit code, ``-9`` where signal 9 ended it; None while it runs."""
        if self._gone():
            self._thread.join(_LAST)
        return None if self._thread.is_alive() else self._process.returncode

    def _gone(self) -> bool:
        """Tell whether it has ended though its thread may not have noticed, without letting go of its number."""
        if not hasattr(os, "waitid"):  # pragma: no cover - macOS before Python 3.13
            return False
        try:
            return has_ended(self._process)
        except ChildProcessError:
            return True

    @property
    def said(self) -> bytes:
        """The last of what it wrote, to either output."""
        return bytes(self._out.kept)

    def end(self) -> None:
        """Ask its group to end with SIGTERM, end it after *patience* seconds; return when it is gone."""
        self._asked = True
        self._thread.join()

    def _follow(self) -> None:
        try:
            self._run.follow(lambda: self._asked or self._stopped())
        finally:
            self._finish()


class Children:
    """Starts programs and sees to it that each one, and all that it started in its group, ends.

    Thread-safe. *interrupted* is asked at least every 0.1 s while a child runs; once it says True, all ends.
    """

    def __init__(self, interrupted: Callable[[], bool] | None = None) -> None:
        self._interrupted = interrupted or (lambda: False)
        # Reentrant: a signal handler may call `stop` on the thread that holds it.
        self._lock = threading.RLock()
        self._groups: set[int] = set()
        self._stopped = False
        self._watcher: Watcher | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        deadline: Deadline,
        on_line: Callable[[bytes], None] | None = None,
        stdin: Path | None = None,
        keep: Sequence[int] = (),
        limit: int = 32 * MIB,
    ) -> Done:
        """Run *argv* to its end; return how it ended, at most about 0.5 s after *deadline* whatever it does.

        The program is looked for on the PATH of *env*. At the deadline its group gets SIGINT, then SIGKILL. What it
        leaves running in its group when it ends is ended too. *on_line* gets each line of its standard output,
        without the newline. *keep* are file descriptors that it inherits. Of either output *limit* bytes are kept.

        Raises:
            ToolError: It cannot be started.
            Interrupted: ``stop`` was called, or *interrupted* said so.
        """
        began = time.monotonic()
        self._raise_if_stopped()
        if deadline.passed:
            return Done(-signal.SIGINT, b"", b"", late=True, seconds=0.0, cut=False)
        source = os.fspath(stdin or os.devnull)
        process = self._started(argv, cwd=cwd, env=env, stdin=source, keep=keep)
        assert process.stdout is not None and process.stderr is not None  # noqa: S101, PT018 - asked for as pipes
        out = Output(process.stdout.fileno(), limit, on_line)
        err = Output(process.stderr.fileno(), limit)
        run = Following(process, (out, err), deadline)
        try:
            run.follow(self._ending)
        finally:
            self._finish(process)
        self._raise_if_stopped()
        code = process.returncode
        # Here the shell could not become the program, and says so under the name that we gave it.
        if code in {126, 127} and err.kept.startswith(os.fsencode(source) + b": "):
            reason = os.fsdecode(bytes(err.kept)).strip().removeprefix(f"{source}: ")
            raise ToolError(
                f"cannot start {argv[0]!r}: {reason} (does its first line name an interpreter that is there?)"
            )
        return Done(
            code,
            bytes(out.kept),
            bytes(err.kept),
            late=run.late,
            seconds=time.monotonic() - began,
            cut=out.cut or err.cut,
        )

    def start(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        on_line: Callable[[bytes], None],
        keep: Sequence[int] = (),
        patience: float = 3.0,
    ) -> Running:
        """Start *argv* and let it run until ``Running.end``, ``stop`` or our own end. Arguments and errors as ``run``.

        *on_line* gets each line of either output, on another thread.
        """
        self._raise_if_stopped()
        process = self._started(argv, cwd=cwd, env=env, stdin=os.devnull, keep=keep, one_pipe=True)
        return Running(
            process,
            on_line=on_line,
            stopped=self._ending,
            finish=lambda: self._finish(process),
            patience=patience,
        )

    def stop(self) -> None:
        """End all children: SIGINT to their groups, SIGKILL after 0.2 s. Runs in progress and later ones raise."""
        self._stopped = True  # every run sees it within a tick and ends its own group
        until = time.monotonic() + GRACE + 2 * TICK
        while self._groups and time.monotonic() < until:
            time.sleep(0.01)
        with self._lock:  # left is whoever is held up elsewhere, in `on_line` say
            for group in self._groups:
                signal_group(group, signal.SIGKILL)

    def close(self) -> None:
        """End what still runs and the watcher."""
        self.stop()
        with self._lock:
            if self._watcher is not None:
                self._watcher.close()
                self._watcher = None

    def _raise_if_stopped(self) -> None:
        if self._stopped:
            raise Interrupted

    def _started(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        stdin: str,
        keep: Sequence[int],
        one_pipe: bool = False,
    ) -> "subprocess.Popen[bytes]":
        import subprocess

        if not cwd.is_dir():
            raise ToolError(f"cannot start {argv[0]!r}: there is no folder '{cwd}' to start it in")
        program = program_path(argv[0], cwd, env)
        if not os.access(stdin, os.R_OK):
            raise ToolError(f"cannot start {argv[0]!r}: cannot read '{stdin}', which is to be its input")
        with self._lock:
            if self._watcher is None or not self._watcher.alive:
                self._watcher = Watcher()
            try:
                process = subprocess.Popen(
                    announced([program, *argv[1:]], stdin),
                    stdin=self._watcher.pipe,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT if one_pipe else subprocess.PIPE,
                    cwd=cwd,
                    env=env,
                    process_group=0,
                    pass_fds=keep,
                )
            except (OSError, ValueError) as error:
                # E2BIG, EAGAIN, ENOMEM; a NUL in an argument
                reason = getattr(error, "strerror", None) or str(error)
                raise ToolError(f"cannot start {argv[0]!r}: {reason}") from error
            self._groups.add(process.pid)
        return process

    def _finish(self, process: "subprocess.Popen[bytes]") -> None:
        """End the group, then let go of its number: in this order, or a stranger with that number could be hit."""
        with self._lock:
            signal_group(process.pid, signal.SIGKILL)
            if self._watcher is not None:
                self._watcher.forget(process.pid)
            self._groups.discard(process.pid)
        _reap(process)

    def _ending(self) -> bool:
        if self._interrupted():
            self._stopped = True
        return self._stopped


def _reap(process: "subprocess.Popen[bytes]") -> None:
    """Close the pipes and let go of the child's number."""
    import subprocess

    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()
    try:
        process.wait(timeout=GRACE)
    except subprocess.TimeoutExpired:  # pragma: no cover - held in the kernel, by a dead network disk say
        process.returncode = -signal.SIGKILL  # it goes when it can; nobody waits for it
