"""Our end of the worker: one process for all questions of a run, that is started early and ended at the deadline."""

import itertools
import os
import queue
import shlex
import socket
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..deadline import Deadline
from ..errors import EndpointError, Interrupted, TimeRanOut, ToolError
from .client import Ask, Reply
from .pipe import Pipe, ask_told, error_of, profile_told, reply_of
from .profile import Profile

if TYPE_CHECKING:
    from ..proc import Children

PROGRAM = (sys.executable, "-I", "-m", "everycommit.model.process")
"""Isolated: neither the folder that we are in nor PYTHONPATH can put a module of theirs before one that holds keys."""
_GRACE = 0.15
"""Seconds past a deadline in which the worker may say itself why there is no answer."""
_ENDING = 0.5
_MOST_OUTPUT = 64 * 1024
_SEEN = ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "XDG_STATE_HOME", "SSL_CERT_FILE", "SSL_CERT_DIR")
_KEYRING = ("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "USER", "LOGNAME")
_NO_SUCH = 127
_GONE = "the process that asks models ended"


class Worker:
    """Asks models through a process of its own. Thread-safe.

    Nothing of the keys is held here but of those in the environment, which the environment holds anyway.
    """

    def __init__(
        self, children: "Children", *, environ: Mapping[str, str], deadline: Deadline, program: Sequence[str] = PROGRAM
    ) -> None:
        """Start nothing yet; *children* starts, *deadline* ends it all, *environ* is the user's own."""
        self._children = children
        self._environ = environ
        self._deadline = deadline
        self._program = program
        self._lock = threading.Lock()
        self._pipe: Pipe | None = None
        self._telling = threading.Lock()
        self._ready = threading.Event()
        self._later: list[Profile] = []
        self._opened: set[str] = set()
        self._waiting: dict[int, queue.SimpleQueue[dict[str, Any] | None]] = {}
        self._numbers = itertools.count(1)
        self._threads: list[threading.Thread] = []
        self._ended: str | None = None
        self._pid: int | None = None

    @property
    def pid(self) -> int | None:
        """The worker's process, once it is ready to be asked."""
        return self._pid

    def start(self, profiles: Sequence[Profile]) -> None:
        """Start the worker, have it read the keys of *profiles* and connect; returns at once."""
        with self._lock:
            if self._pipe is None:
                ours, theirs = socket.socketpair()
                self._pipe = Pipe(ours)
                self._begin(self._run, theirs)
                self._begin(self._receive, self._pipe)
        # Where it is gone already, whoever asks is told.
        with suppress(EndpointError):
            for profile in profiles:
                self._open(profile)

    def ask(
        self,
        profile: Profile,
        ask: Ask,
        *,
        deadline: Deadline,
        on_text: Callable[[str], None] | None = None,
    ) -> Reply:
        """Return the answer, at most 0.5 s after *deadline*; *on_text* is called by this thread.

        Raises as ``ModelClient.ask``.
        """
        wanted = {"ask": ask_told(ask), "text": on_text is not None}
        return reply_of(self._asked(profile, wanted, deadline, on_text)["reply"])

    def get(self, profile: Profile, path: str, *, deadline: Deadline) -> tuple[int, str]:
        """Return status and body of ``GET`` *path*, from the profile's base; with two slashes from its host's root.

        Raises:
            EndpointError: No answer could be had.
            AnswerError: It is longer than 4 MiB.
            TimeRanOut: The deadline passed.
        """
        status, text = self._asked(profile, {"get": path}, deadline, None)["got"]
        return status, text

    def close(self) -> None:
        """End the worker."""
        with self._lock:
            self._ended = self._ended or "the process that asks models was closed"
            pipe, threads = self._pipe, list(self._threads)
        if pipe is not None:
            pipe.close()
        for thread in threads:
            thread.join(_ENDING)

    def _asked(
        self,
        profile: Profile,
        wanted: Mapping[str, Any],
        deadline: Deadline,
        on_text: Callable[[str], None] | None,
    ) -> dict[str, Any]:
        deadline = Deadline(min(deadline.at, self._deadline.at))
        if deadline.passed:
            raise TimeRanOut(f"no time was left to ask profile '{profile.name}'")
        self.start([profile])
        number = next(self._numbers)
        answers: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        with self._lock:
            self._waiting[number] = answers
        try:
            if not self._ready.wait(deadline.left()):
                raise TimeRanOut("the process that asks models did not start in time")
            self._send({"profile": _ident(profile), "id": number, "at": deadline.at, **wanted}, deadline=deadline)
            while True:
                message = answers.get(timeout=deadline.left() + _GRACE)
                if message is None:
                    if deadline.passed:
                        raise TimeRanOut(f"profile '{profile.name}' did not answer in time")
                    raise EndpointError(self._ended or _GONE)
                if "error" in message:
                    raise error_of(message)
                if "text" not in message:
                    return message
                if on_text is not None:
                    on_text(message["text"])
        except queue.Empty:
            raise TimeRanOut(f"profile '{profile.name}' did not answer in time") from None
        finally:
            with self._lock:
                del self._waiting[number]

    def _open(self, profile: Profile) -> None:
        """Tell the worker of *profile* when it is ready, once."""
        ident = _ident(profile)
        # Whoever comes second finds that it has been told, not that it will be.
        with self._telling:
            if ident in self._opened:
                return
            self._opened.add(ident)
            if self._ready.is_set():
                self._tell(profile)
            else:
                self._later.append(profile)

    def _tell(self, profile: Profile) -> None:
        """Tell the worker of *profile*, and let it have the key without its passing through us where that can be."""
        told: dict[str, Any] = {"profile": _ident(profile), "told": profile_told(profile)}
        kind, name = profile.key.kind, profile.key.name
        if kind == "environment":
            told["key"] = (self._environ.get(name) or "").strip() or None
            if told["key"] is None:
                told["why"] = f"the environment variable '{name}', the key of profile '{profile.name}', is not set"
        if kind != "command":
            self._send(told)
            return
        theirs, ours = os.pipe()
        try:
            self._send({**told, "fd": True}, [theirs])
        finally:
            os.close(theirs)
        self._begin(self._print_key, profile, ours)

    def _print_key(self, profile: Profile, target: int) -> None:
        """Run the command that prints the key, its output going to the worker and to nobody else."""
        try:
            argv = shlex.split(profile.key.name)
            done = self._children.run(
                # A file descriptor above 9 has no redirection of its own in every shell.
                ["/bin/sh", "-c", 'exec "$@" >"$0"', f"/dev/fd/{target}", *argv],
                cwd=Path("/"),
                env={name: value for name, value in self._environ.items() if not name.startswith("GIT_")},
                deadline=self._deadline,
                keep=[target],
                limit=_MOST_OUTPUT,
            )
            code = done.code
        except (ToolError, Interrupted, ValueError):
            code = _NO_SUCH
        finally:
            os.close(target)
        with suppress(EndpointError):
            self._send({"profile": _ident(profile), "code": code})

    def _run(self, theirs: socket.socket) -> None:
        """Run the worker to its end."""
        with theirs:
            try:
                done = self._children.run(
                    [*self._program, str(theirs.fileno())],
                    cwd=Path("/"),
                    env=self._seen(),
                    deadline=self._deadline,
                    keep=[theirs.fileno()],
                    limit=_MOST_OUTPUT,
                )
                why = "was ended at the deadline" if done.late else f"ended with {done.code}"
            except ToolError as error:
                why = f"did not start: {error}"
            except Interrupted:
                why = "was ended"
        self._end(f"the process that asks models {why}")

    def _seen(self) -> dict[str, str]:
        """Return what the worker may see of the environment: no key, for other processes could read it there."""
        from .connection import PROXIES

        return {
            name: value
            for name, value in self._environ.items()
            if name in {*_SEEN, *_KEYRING, *PROXIES} or name.startswith("LC_")
        }

    def _receive(self, pipe: Pipe) -> None:
        for message in pipe.messages():
            if "ready" in message:
                self._pid = message["ready"]
                with self._telling:
                    with suppress(EndpointError):
                        for profile in self._later:
                            self._tell(profile)
                    self._ready.set()
                continue
            with self._lock:
                answers = self._waiting.get(message["id"])
            if answers is not None:
                answers.put(message)

    def _end(self, why: str) -> None:
        """Tell all who wait that nobody will answer."""
        with self._lock:
            self._ended = self._ended or why
            for answers in self._waiting.values():
                answers.put(None)
        self._ready.set()

    def _send(self, message: Mapping[str, Any], fds: Sequence[int] = (), *, deadline: Deadline | None = None) -> None:
        pipe = self._pipe
        assert pipe is not None  # noqa: S101 - nobody sends before the start
        if self._ended is not None:
            raise EndpointError(self._ended)
        try:
            pipe.send(message, fds, deadline=deadline or self._deadline)
        except (OSError, ValueError):  # closed, by one of us or by its end
            raise EndpointError(self._ended or _GONE) from None

    def _begin(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()


def _ident(profile: Profile) -> str:
    """Return what makes two profiles one connection: how fast or good a model is does not count."""
    return repr((profile.name, profile.url, profile.model, profile.transport, profile.api, profile.key))
