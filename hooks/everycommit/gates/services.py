"""Servers that gates need: started when the first gate that needs one runs, and ended with the run."""

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from ..config.schema import ServiceSettings
from ..config.services import FOLDER, PORT, Ready, ready
from ..config.trust import SHOWN, service_digest
from ..errors import ToolError
from ..text import printable, tail
from .base import Job, Starter
from .inside import activated, inside
from .keyed import digest, program
from .tool import interpreter_or_none

if TYPE_CHECKING:
    from ..deadline import Deadline
    from ..proc import Running
    from ..repo.snapshot import Snapshot

_LOOKS = 0.05
"""Seconds between two looks whether it is ready."""
_ANSWER = 2.0
"""Seconds that one connection or one answer may take."""
_LINES = 8


def serving(job: Job, snapshot: "Snapshot", gate: str) -> AbstractContextManager[Mapping[str, str]]:
    """Have what *gate* needs run meanwhile; gives the variables for it. Raises as ``base.Services.used``."""
    return job.services.used(job, snapshot, gate) if job.services else nullcontext({})


def inputs(job: Job, gate: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Return what a verdict depends on through services: their settings, programs and the variables that they see.

    Code that they run is in the tree. What else a server keeps, in a volume say, nobody tells: as with a command.
    """
    needed = job.config.settings.services_of(gate)
    if not needed:
        return {}
    told = [
        [
            *(name, one.command, one.ready, one.ready_command, one.env, one.runs_code),
            *(program(argv[0], job.environ) for argv in (one.command, one.ready_command) if argv),
            *((key, environ.get(key)) for key in one.sees),
        ]
        for name, one in needed.items()
    ]
    return {"services": digest(told)}


def running_code(job: Job) -> str | None:
    """Return the first service of the tests that runs code of the tree: no recording sees what it reaches."""
    return next((name for name, one in job.config.settings.services_of("tests").items() if one.runs_code), None)


class _Service:
    """One that runs; *above* are the variables of those before it, *home* is its own folder's."""

    def __init__(
        self,
        name: str,
        running: "Running",
        top: Path,
        *,
        variables: Mapping[str, str],
        above: Mapping[str, str],
        home: Path,
    ) -> None:
        self.name = name
        self.running = running
        self.top = top
        self.variables = variables
        self.users = 0
        self._above = above
        self._home = home

    def fits(self, top: Path, above: Mapping[str, str]) -> bool:
        """Tell whether it can be used for *top*: it runs there, and those before it are where they were."""
        same = all(self._above.get(name, value) == value for name, value in above.items())
        return self.top == top and self.running.code is None and (same or self.users > 0)

    def end(self) -> None:
        self.running.end()
        _away(self._home)


class Services:
    """Implements ``base.Services``: of each name one at a time; for another tree it is ended and started there.

    *environ* is where the variables come from that the settings name.
    """

    def __init__(
        self, settings: Mapping[str, ServiceSettings], *, children: Starter, environ: Mapping[str, str]
    ) -> None:
        self.settings = settings
        self.children = children
        self._environ = environ
        self._there: dict[str, _Service] = {}
        self._told: dict[str, list[str]] = {}
        self._turn = threading.Condition()

    @contextmanager
    def used(self, job: Job, snapshot: "Snapshot", gate: str) -> Iterator[Mapping[str, str]]:
        """Have the services of *gate* run in *snapshot* meanwhile."""
        names = list(job.config.settings.services_of(gate))
        with self._turn:
            free = self._turn.wait_for(lambda: self._free(names, snapshot.path), job.deadline.left())
            if not free:
                raise ToolError(f"time ran out while others used the services {', '.join(names)}")
            variables: dict[str, str] = {}
            for name in names:
                variables |= self._one(name, job, snapshot, variables, gate).variables
            used = [self._there[name] for name in names]
            for one in used:
                one.users += 1
        try:
            yield variables
            for one in used:
                if one.running.code is not None:
                    raise ToolError(
                        f"the service '{one.name}' {_ended(one.running)} while {gate} ran{_words(one.running)}"
                    )
        finally:
            with self._turn:
                for one in used:
                    one.users -= 1
                self._turn.notify_all()

    def close(self) -> None:
        """End all, the last one first."""
        with self._turn:
            for one in reversed(self._there.values()):
                one.end()
            self._there.clear()

    def _free(self, names: Sequence[str], top: Path) -> bool:
        found = [self._there[name] for name in names if name in self._there]
        return all(one.top == top or not one.users for one in found)

    def told(self, gate: str) -> Sequence[str]:
        """Return what was started for *gate* so far, a clause each."""
        with self._turn:
            return tuple(self._told.get(gate, ()))

    def _one(self, name: str, job: Job, snapshot: "Snapshot", above: Mapping[str, str], gate: str) -> _Service:
        there = self._there.get(name)
        told = self._told.setdefault(gate, [])
        where = "" if snapshot.tree == job.change.target else " in the tree before"
        if there is not None and there.fits(snapshot.path, above):
            told.append(f"the service {name} was there{where}")
            return there
        # Also where a test has ended it: that is no reason to judge the rest without one.
        if there is not None:
            there.end()
            del self._there[name]
        settings = self.settings[name]
        accepted = service_digest(name, settings)
        if not job.accepted(accepted):
            raise ToolError(
                f"the service '{name}' was not accepted on this machine ({accepted[:SHOWN]}): "
                f"{printable(' '.join(settings.command))}; look at it and run: everycommit trust"
            )
        job.say(f"starts {name}")
        began = time.monotonic()
        found = _Start(self, name, job, snapshot, seen=self._seen(settings), above=dict(above)).started()
        self._there[name] = found
        told.append(f"the service {name} was ready after {time.monotonic() - began:.1f}s{where}")
        return found

    def _seen(self, settings: ServiceSettings) -> dict[str, str]:
        return {name: self._environ[name] for name in settings.sees if name in self._environ}


class _Start:
    """One service on its way to be ready."""

    def __init__(
        self,
        owner: Services,
        name: str,
        job: Job,
        snapshot: "Snapshot",
        *,
        seen: Mapping[str, str],
        above: Mapping[str, str],
    ) -> None:
        settings = owner.settings[name]
        self.name = name
        self.settings = settings
        self.job = job
        self.snapshot = snapshot
        self.children = owner.children
        self.seen = seen
        self.above = above
        self.home = Path()
        self.ready = ready(settings.ready) if settings.ready else None
        if self.ready is None and not settings.ready_command:
            self.ready = Ready(port=PORT)
        self.line = threading.Event()
        self.filled: Mapping[str, str] = {}

    def started(self) -> _Service:
        """Return it once it is ready; where the free port was taken in the meantime it is tried once more."""
        try:
            return self._once()
        except _PortTakenError:
            return self._once()

    def _once(self) -> _Service:
        import tempfile

        self.snapshot.caches.mkdir(parents=True, exist_ok=True)
        # Where we are killed the next run takes it away: ``inside.scratch`` clears what is of another process.
        self.home = Path(tempfile.mkdtemp(prefix=f"run-{os.getpid()}-service-", dir=self.snapshot.caches))
        try:
            return self._made()
        except BaseException:
            _away(self.home)
            raise

    def _made(self) -> _Service:
        import socket

        folder = self.home / "own"
        folder.mkdir()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.filled = {PORT: str(free.getsockname()[1]), FOLDER: str(folder)}
        if self.ready and self.ready.port not in {"", PORT} and _listens(self.ready.host, int(self.ready.port)):
            raise ToolError(
                f"the service '{self.name}' cannot start: port {self.ready.port} is in use by another program; "
                f"end that one, or write {PORT} in services.{self.name}, which is a free port each time"
            )
        own = {key: self._fill(text) for key, text in self.settings.env}
        env = self._environ() | own
        ours = self._environ().get("PYTHONPATH")
        if ours and "PYTHONPATH" in own:
            env["PYTHONPATH"] = f"{ours}{os.pathsep}{own['PYTHONPATH']}"
        running = self._start(env)
        try:
            self._wait(running, env)
        except BaseException:
            running.end()
            raise
        return _Service(self.name, running, self.snapshot.path, variables=own, above=self.above, home=self.home)

    def _start(self, env: Mapping[str, str]) -> "Running":
        wanted = self.ready.line.encode() if self.ready and self.ready.line else None

        def look(line: bytes) -> None:
            if wanted is not None and wanted in line:
                self.line.set()

        try:
            return self.children.start(
                [self._fill(text) for text in self.settings.command],
                cwd=self.snapshot.path,
                env=env,
                on_line=look,
                keep=(self.snapshot.lock,),
            )
        except ToolError as error:
            raise ToolError(f"the service '{self.name}': {error} (services.{self.name}.command)") from error

    def _environ(self) -> dict[str, str]:
        """Return its environment: that of tests, in which the project's Python imports the snapshot."""
        python = interpreter_or_none(self.job)
        ours = {}
        if python is not None:
            there = inside(python, self.snapshot.path, self.home / "report")
            ours = {**activated(python, self.job.environ), **there}
        return {**self.job.environ, **ours, **self.seen, **self.above}

    def _wait(self, running: "Running", env: Mapping[str, str]) -> None:
        until = self.job.deadline.within(self.settings.ready_seconds)
        is_ready = self._question(env, until)
        while True:
            # In this order: one that dies while its port is asked must not pass for a stranger that listens there.
            there = is_ready()
            if running.code is not None:
                taken = PORT in "".join(self.settings.command) and b"in use" in running.said
                raise (_PortTakenError if taken else ToolError)(
                    f"the service '{self.name}' {_ended(running)} before it was ready{_words(running)}"
                )
            if there:
                return
            if until.passed:
                raise ToolError(
                    f"the service '{self.name}' was not ready after {self.settings.ready_seconds:g}s "
                    f"({self._waits()}); see services.{self.name}.ready and ready_seconds{_words(running)}"
                )
            time.sleep(_LOOKS)

    def _question(self, env: Mapping[str, str], until: "Deadline") -> Callable[[], bool]:
        found = self.ready
        if found is None:
            argv = [self._fill(text) for text in self.settings.ready_command]
            return lambda: self.children.run(argv, cwd=self.snapshot.path, env=env, deadline=until).code == 0
        if found.line:
            return self.line.is_set
        port = int(self._fill(found.port))
        if found.page:
            return lambda: _answers(found.host, port, self._fill(found.page))
        return lambda: _listens(found.host, port)

    def _waits(self) -> str:
        if self.ready is None:
            return f"{printable(' '.join(self.settings.ready_command))} did not exit 0"
        if self.ready.line:
            return f"no line with '{printable(self.ready.line)}'"
        port = self._fill(self.ready.port)
        page = f"http://{self.ready.host}:{port}{self.ready.page}"
        return f"no good answer from {page}" if self.ready.page else f"nothing listens at port {port}"

    def _fill(self, text: str) -> str:
        for mark, value in self.filled.items():
            text = text.replace(mark, value)
        return text


class _PortTakenError(ToolError):
    """The free port was taken before the service had it."""


def _away(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)


def _listens(host: str, port: int) -> bool:
    import socket

    try:
        socket.create_connection((host, port), timeout=_ANSWER).close()
    except OSError:
        return False
    return True


def _answers(host: str, port: int, page: str) -> bool:
    """Tell whether a page is answered with 2xx or 3xx. http.client costs more to import than it would save here."""
    import socket

    try:
        with socket.create_connection((host, port), timeout=_ANSWER) as connection:
            connection.sendall(f"GET {page} HTTP/1.0\r\nHost: {host}:{port}\r\n\r\n".encode())
            status = connection.makefile("rb").readline(1000).split(b" ")
    except OSError:
        return False
    return len(status) > 1 and status[0].startswith(b"HTTP/") and status[1][:1] in {b"2", b"3"}


def _ended(running: "Running") -> str:
    code = running.code or 0
    return f"was ended by signal {-code}" if code < 0 else f"ended with {code}"


def _words(running: "Running") -> str:
    said = tail(running.said, lines=_LINES)
    return f"; its last words:\n{said}" if said else "; it wrote nothing"
