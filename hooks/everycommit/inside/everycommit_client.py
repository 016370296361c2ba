"""Lets the project's pytest server make a run of pytest, or becomes pytest itself where no server can.

    python -I -S everycommit_client.py SOCKET REPORT LOCK -- PYTHON -m pytest ARGS...

SOCKET is where the server listens, in a folder of this user alone; REPORT is the run's report, LOCK a descriptor that
the run is to hold. What it is started with is what pytest gets: environment, folder, streams. It ends as pytest does. A
signal to interrupt is handed on; when this process dies, the server ends the run. A file REPORT.served says that the
server made the run. Where no server listens, one is started for later runs; see ``everycommit_server``.
"""
# ruff: noqa: S606, SIM105 - no shell reads an argv; contextlib would cost each run its import

from __future__ import annotations

import array
import fcntl
import os
import resource
import signal
import socket
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

LOST = 75
"""How this ends when the server died during the run. Source: EX_TEMPFAIL of sysexits.h."""
_PATIENCE = 10.0
"""Seconds for the server to say whether it takes the run."""
_OURS = ("EVERYCOMMIT_WORKTREE", "EVERYCOMMIT_SNAPSHOT", "EVERYCOMMIT_REPORT")


def main() -> NoReturn:
    place, report, lock = sys.argv[1:4]
    argv = sys.argv[5:]
    _forget_locale()
    # Whoever ignores it here would ignore it in a fresh Python as well, and a server's fork would not.
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        server = _connected(place)
        if server is not None:
            _run(server, report, int(lock), argv)
        elif _to_be_started(place):
            _want_modules(place, report)
            _start(place, argv)
    os.execve(argv[0], argv, os.environ)


def _forget_locale() -> None:
    """Take back what Python put into our environment where nobody set a locale (PEP 538)."""
    try:
        with open("/proc/self/environ", "rb") as file:
            at_first = file.read().split(b"\0")
    except OSError:
        return
    if not any(line.startswith(b"LC_CTYPE=") for line in at_first):
        os.environ.pop("LC_CTYPE", None)


def circumstances() -> str:
    """Return what a process hands down beside its environment, and a fork of the server could not take back."""
    names = sorted(name for name in dir(resource) if name.startswith("RLIMIT_"))
    limits = ["%s %s" % (name, resource.getrlimit(getattr(resource, name))) for name in names]
    return "\n".join(["nice %d" % os.nice(0), *limits])


def _connected(place: str) -> socket.socket | None:
    server = socket.socket(socket.AF_UNIX)
    try:
        server.settimeout(_PATIENCE)
        server.connect(place)
    except OSError:
        server.close()
        return None
    return server


def _run(server: socket.socket, report: str, lock: int, argv: list[str]) -> None:
    """Have the run made and end with it; return where the server does not take it."""
    mask = os.umask(0)
    os.umask(mask)
    environ = [name + b"=" + value for name, value in os.environb.items()]
    head = [circumstances(), str(mask), os.getcwd(), report, str(len(argv)), *argv]
    message = b"\0".join([*map(os.fsencode, head), *environ])
    with server:
        try:
            fds = array.array("i", [0, 1, 2, lock])
            server.sendmsg([b"%08x" % len(message)], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)])
            server.sendall(message)
            answer = server.makefile("rb")
            first = answer.readline()
        except OSError:
            return
        if not first.startswith(b"run "):
            return
        with open(report + ".served", "w"):
            pass
        server.settimeout(None)
        signal.signal(signal.SIGINT, lambda *_: _interrupt(server))
        _end(int(first.split()[1]), answer.readline())


def _interrupt(server: socket.socket) -> None:
    try:
        server.send(b"i")
    except OSError:  # it is dying: the end of the stream says so
        pass


def _end(group: int, last: bytes) -> NoReturn:
    if not last.startswith(b"end "):
        # The server was killed: nobody is left to end the run when its time is up.
        try:
            os.killpg(group, signal.SIGKILL)
        except OSError:
            pass
        sys.stderr.write("everycommit: the pytest server died during this run\n")
        sys.exit(LOST)
    code = int(last.split()[1])
    if code < 0:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if -code not in {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)


def _to_be_started(place: str) -> bool:
    """Tell whether no server is on its way, nor has said that it cannot serve here."""
    if os.path.exists(place + ".refused"):
        return False
    try:
        lock = os.open(place + ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(lock)
    return True


def _want_modules(place: str, report: str) -> None:
    """Have pytest's plugin write what it imported, and keep the names that the project's own code has."""
    try:
        with open(report + ".modules", "wb") as file:
            file.write(os.fsencode(place + ".modules"))
        with open(report + ".names", "rb") as source, open(place + ".names", "wb") as file:
            file.write(source.read())
    except OSError:
        pass


def _start(place: str, argv: list[str]) -> None:
    """Start the server in a session of its own, without a descriptor of ours; it begins when this run is over."""
    run = os.getpid()
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    try:
        os.setsid()
        if os.fork():
            os._exit(0)
        environ = {name: value for name, value in os.environ.items() if name not in _OURS}
        null = os.open(os.devnull, os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(null, fd)
        _keep_to_oneself()
        os.chdir(os.path.dirname(place))
        words = [os.path.basename(place), str(run), os.environ.get("EVERYCOMMIT_WORKTREE", "")]
        os.execve(argv[0], [*argv[: argv.index("-m")], "-m", "everycommit_server", *words], environ)
    finally:
        os._exit(1)


def _keep_to_oneself() -> None:
    """Let no descriptor but the streams go on to the next program: the lock of the snapshot is one."""
    for name in os.listdir("/proc/self/fd"):
        try:
            os.set_inheritable(int(name), int(name) <= 2)
        except OSError:  # that of the listing itself
            pass


if __name__ == "__main__":
    main()
