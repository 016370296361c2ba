"""Makes runs of pytest in forks of a process that has pytest and plain packages imported, never the project's code.

    python -m everycommit_server NAME RUN WORKTREE

Started by ``everycommit_client`` in the folder of this worktree's servers, with the environment and the Python of a
run: NAME says which. It begins when process RUN, which makes a run by itself, is over, and imports what that run
imported. It ends after some minutes without a run, when its socket is gone, or when a file of those has changed.

``NAME`` is the socket, ``.lock`` is held while it lives, ``.modules`` has what to import, ``.names`` the names of the
project's own modules, ``.refused`` why there can be no server here.
"""
# ruff: noqa: BLE001, SIM105 - what goes wrong here costs time, never a verdict: the client runs pytest itself

from __future__ import annotations

import fcntl
import importlib
import os
import select
import signal
import socket
import struct
import sys
import time

import everycommit_client  # type: ignore[import-not-found]
import everycommit_preload  # type: ignore[import-not-found]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

IDLE = 600.0
"""Seconds without a run after which it ends."""
_OLD = 4 * 3600.0
"""Seconds after which it ends all the same: what is drawn once a process, as the order of sets, is drawn anew."""
_WAIT = 3600.0
"""Seconds for the first run to come to its end."""
_TICK = 0.005
_PATIENCE = 5.0


class Request:
    """A run that a client asks for."""

    def __init__(self, message: bytes, fds: list[int]) -> None:
        fields = message.split(b"\0")
        self.circumstances, mask, self.folder, self.report, count = map(os.fsdecode, fields[:5])
        self.mask = int(mask)
        self.argv = list(map(os.fsdecode, fields[5 : 5 + int(count)]))
        pairs = (one.partition(b"=") for one in fields[5 + int(count) :])
        self.environ = {name: value for name, _, value in pairs}
        *_, self.lock = self.fds = fds


class _Server:
    """Listens, forks, and ends runs whose clients are gone."""

    def __init__(self, name: str, lock: int, files: list[str]) -> None:
        self.name = name
        self.lock = lock
        self.stamps = {file: _stamp(file) for file in files}
        self.loaded = {module.partition(".")[0] for module in sys.modules}
        self.runs: dict[int, socket.socket] = {}
        self.listener = socket.socket(socket.AF_UNIX)
        new = "%s.%d" % (name, os.getpid())
        self.listener.bind(new)
        self.listener.listen(16)
        self.own = os.stat(new).st_ino
        os.rename(new, name)

    def serve(self) -> Request | None:
        """Return in each fork what it is to run; in the server None, at its end."""
        began = last = time.monotonic()
        while True:
            waiting = [self.listener, *self.runs.values()]
            ready, _, _ = select.select(waiting, [], [], _TICK if self.runs else 1.0)
            for run in [run for run, client in self.runs.items() if client in ready]:
                self._told(run)
            self._reap()
            now = time.monotonic()
            if self.runs:
                last = now
            if self.listener in ready:
                last = now
                request = self._accepted()
                if request is not None:
                    return request
            over = now - last > IDLE or now - began > _OLD or not self._sound() or not self.listening()
            if over and not self.runs:
                return None

    def _accepted(self) -> Request | None:
        """Take a client; return in the fork that was made for it what it asks for."""
        client, _ = self.listener.accept()
        client.settimeout(_PATIENCE)
        request = _asked(client)
        if request is None:
            return None
        refusal = self._refusal(request)
        try:
            run = 0 if refusal else os.fork()
        except OSError:  # too many processes: the client becomes one itself
            run, refusal = 0, "no fork"
        if run == 0 and not refusal:
            client.close()
            self._leave()
            return request
        for fd in request.fds:
            os.close(fd)
        if run:
            _group(run)
            self.runs[run] = client
        try:
            client.sendall(b"run %d\n" % run if run else b"no %s\n" % refusal.encode())
        except OSError:  # it is gone: the next look at it says so
            pass
        if not run:
            client.close()
        return None

    def _leave(self) -> None:
        """Become the run: a group of its own, and nothing of the server's."""
        _group(0)
        self.listener.close()
        for other in self.runs.values():
            other.close()
        os.close(self.lock)

    def _refusal(self, request: Request) -> str:
        if request.circumstances != everycommit_client.circumstances():
            return "it was started under other limits"
        if not self._sound():
            return "a package has changed"
        try:
            with open(request.report + ".names", "rb") as file:
                names = set(os.fsdecode(file.read()).split("\n"))
        except OSError:
            return "the names of the project's modules are not known"
        both = names & self.loaded
        return "%s is the project's own" % min(both) if both else ""

    def _sound(self) -> bool:
        """Tell whether all that was imported is as it was, and no thread has come up."""
        return _threads() == 1 and all(_stamp(file) == stamp for file, stamp in self.stamps.items())

    def listening(self) -> bool:
        """Tell whether it can still be found: who drops it removes its files."""
        try:
            return os.stat(self.name).st_ino == self.own and os.fstat(self.lock).st_nlink > 0
        except OSError:
            return False

    def _told(self, run: int) -> None:
        """Hear what the client of *run* says: to interrupt it, or, by its end, to end it."""
        try:
            word = self.runs[run].recv(16)
        except OSError:
            word = b""
        _signal(run, signal.SIGINT if word else signal.SIGKILL)
        if not word:
            self.runs[run].close()
            _reaped(run)
            del self.runs[run]

    def _reap(self) -> None:
        for run in list(self.runs):
            if os.waitid(os.P_PID, run, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                continue
            # What it left running in its group goes with it, before its number can be another's.
            _signal(run, signal.SIGKILL)
            client = self.runs.pop(run)
            try:
                client.sendall(b"end %d\n" % _reaped(run))
            except OSError:
                pass
            client.close()


def _stamp(file: str) -> tuple[int, ...]:
    try:
        found = os.stat(file)
    except OSError:
        return ()
    return (found.st_mtime_ns, found.st_size, found.st_ino)


def _threads() -> int:
    return len(os.listdir("/proc/self/task"))


def _group(run: int) -> None:
    """Give the run *run*, 0 for this process, a group of its own; either side may come first."""
    try:
        os.setpgid(run, run)
    except OSError:
        pass


def _signal(run: int, number: int) -> None:
    try:
        os.killpg(run, number)
    except OSError:
        pass


def _reaped(run: int) -> int:
    """Return how *run* ended: its exit code, or minus the signal that ended it."""
    _, status = os.waitpid(run, 0)
    return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def _asked(client: socket.socket) -> Request | None:
    """Read a request; None where somebody else asks, or it is cut off."""
    size = struct.calcsize("3i")
    _, user, _ = struct.unpack("3i", client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    if user != os.geteuid():
        client.close()
        return None
    head, handed, _, _ = client.recvmsg(8, socket.CMSG_SPACE(4 * 4))
    fds = [fd for _, _, data in handed for fd in struct.unpack("%di" % (len(data) // 4), data)]
    try:
        return Request(_whole(client, int(head, 16)), fds)
    except (OSError, ValueError):
        for fd in fds:
            os.close(fd)
        client.close()
        return None


def _whole(client: socket.socket, size: int) -> bytes:
    message = b""
    while len(message) < size:
        piece = client.recv(min(65536, size - len(message)))
        if not piece:
            raise ValueError("cut off")
        message += piece
    return message


def run(request: Request, path: list[str]) -> None:
    """Be a fresh ``python -m pytest`` with the request's arguments, environment, folder and streams."""
    import runpy

    for fd, number in enumerate(request.fds[:3]):
        os.dup2(number, fd)
        os.close(number)
    os.set_inheritable(request.lock, True)
    os.umask(request.mask)
    os.chdir(request.folder)
    # What Python itself puts there in a fresh start under these variables it has put there at ours.
    made_up = {name: os.environb[name] for name in (b"LC_CTYPE",) if name in os.environb}
    os.environb.clear()
    os.environb.update({**made_up, **request.environ})
    sys.path[:] = path
    if not getattr(sys.flags, "safe_path", False):
        sys.path[0] = os.getcwd()
    sys.path_importer_cache.clear()
    importlib.invalidate_caches()
    _site()
    sys.orig_argv = list(request.argv)
    sys.argv = request.argv[2:]
    runpy.run_module("pytest", run_name="__main__", alter_sys=True)


def _site() -> None:
    """Let the snapshot stand in for the working tree, as our sitecustomize does in a fresh Python."""
    from importlib.util import module_from_spec, spec_from_file_location

    # Under another name: as `sitecustomize` it would also run the one that it hides, which has run.
    spec = spec_from_file_location("everycommit_site", os.path.join(os.path.dirname(__file__), "sitecustomize.py"))
    if spec is None or spec.loader is None:
        raise ImportError("our sitecustomize is gone")
    module: Any = module_from_spec(spec)
    spec.loader.exec_module(module)
    module.start()


def main(name: str, first: int, worktree: str) -> Request | None:
    """Serve; return in each fork what it is to run."""
    lock = os.open(name + ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return None
    _wait_for(first)
    try:
        with open(name + ".modules", encoding="utf-8") as wanted, open(name + ".names", "rb") as own:
            names = os.fsdecode(own.read()).split("\n")
            files = everycommit_preload.preloaded(wanted.read().split("\n"), names)
    except FileNotFoundError:
        # The first run was ended before it could say what it imported: another one will.
        return None
    except Exception as error:
        _refuse(name, "%s: %s" % (type(error).__name__, error))
        return None
    here = os.path.join(worktree, "")
    prefix = os.path.join(os.path.realpath(sys.prefix), "")
    ours = os.path.join(os.path.dirname(os.path.realpath(__file__)), "")
    for file in map(os.path.realpath, files):
        if file.startswith(here) and not file.startswith((prefix, ours)):
            _refuse(name, "%s is the project's own" % file)
            return None
    if _threads() != 1:
        _refuse(name, "a package starts threads")
        return None
    server = _Server(name, lock, files)
    request = server.serve()
    if request is None and server.listening():
        os.unlink(name)
    return request


def _refuse(name: str, why: str) -> None:
    with open(name + ".refused", "w", encoding="utf-8") as file:
        file.write(why)


def _wait_for(run: int) -> None:
    """Return when process *run* is over: until then the cores are its."""
    until = time.monotonic() + _WAIT
    while time.monotonic() < until:
        try:
            os.kill(run, 0)
        except OSError:
            return
        time.sleep(0.1)


if __name__ == "__main__":
    _path = list(sys.path)
    _request = main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
    if _request is not None:
        run(_request, _path)
