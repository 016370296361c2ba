"""Messages between us and the worker: a line of JSON each, of bounded length, and file descriptors beside them."""

import json
import select
import socket
import threading
from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from ..deadline import Deadline
from ..errors import AnswerError, EndpointError, EverycommitError, ModelError, TimeRanOut, WithheldError
from ..record import asdict
from .client import Ask, Message, Reply
from .profile import Key, Profile, Speed

LONGEST = 32 * 1024 * 1024
_KINDS: dict[str, type[EverycommitError]] = {
    kind.__name__: kind for kind in (AnswerError, EndpointError, WithheldError, ModelError, TimeRanOut)
}
_PIECE = 256 * 1024
_MOST_FDS = 8
_UNREAD = "the process that asks models does not take the question"


class Pipe:
    """One end of a socket pair. Thread-safe for sending; one thread receives."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._lock = threading.Lock()
        self.fds: list[int] = []
        """Descriptors that came and that nobody has taken yet, in order."""

    def send(self, message: Mapping[str, Any], fds: Sequence[int] = (), *, deadline: Deadline | None = None) -> None:
        """Send one message.

        Raises:
            EndpointError: It is longer than ``LONGEST``.
            TimeRanOut: The other end does not read; nothing can be sent any more.
            OSError: The other end is gone.
        """
        line = memoryview(json.dumps(message, separators=(",", ":")).encode() + b"\n")
        if len(line) > LONGEST:
            raise EndpointError(f"a question of {len(line)} bytes is too long to be asked")
        if not self._lock.acquire(timeout=-1 if deadline is None else deadline.left()):
            raise TimeRanOut(_UNREAD)
        try:
            while line:
                self._writable(deadline)
                with suppress(BlockingIOError):
                    # `socket.send_fds` forgets its flags, up to Python 3.11 at least.
                    beside = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array("i", fds))] if fds else []
                    line = line[self._end.sendmsg([line], beside, socket.MSG_DONTWAIT) :]
                    fds = ()
        finally:
            self._lock.release()

    def _writable(self, deadline: Deadline | None) -> None:
        poll = select.poll()
        poll.register(self._end, select.POLLOUT)
        if not poll.poll(None if deadline is None else 1000 * deadline.left()):
            # What was begun cannot be ended, nor taken back.
            self.close()
            raise TimeRanOut(_UNREAD)

    def messages(self) -> Iterator[dict[str, Any]]:
        """Yield what comes until the other end is closed, or says what is none of ours."""
        held = bytearray()
        while True:
            try:
                piece, fds, _, _ = socket.recv_fds(self._end, _PIECE, _MOST_FDS)
            except OSError:
                return
            self.fds += fds
            if not piece:
                return
            place = piece.rfind(b"\n")
            if place < 0:
                held += piece
                if len(held) > LONGEST:
                    return
                continue
            lines = bytes(held) + piece[:place]
            held = bytearray(piece[place + 1 :])
            for line in lines.split(b"\n"):
                yield json.loads(line)

    def close(self) -> None:
        """End it for both sides, and wake whoever receives."""
        try:
            self._end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        finally:
            self._end.close()


def profile_told(profile: Profile) -> dict[str, Any]:
    return asdict(profile)


def profile_of(told: Mapping[str, Any]) -> Profile:
    speed = told["speed"]
    return Profile(**{**told, "key": Key(**told["key"]), "speed": None if speed is None else Speed(**speed)})


def ask_told(ask: Ask) -> dict[str, Any]:
    return asdict(ask)


def ask_of(told: Mapping[str, Any]) -> Ask:
    messages = tuple(Message(*message) for message in told["messages"])
    return Ask(**{**told, "messages": messages, "files": tuple(told["files"])})


def reply_told(reply: Reply) -> dict[str, Any]:
    return asdict(reply)


def reply_of(told: Mapping[str, Any]) -> Reply:
    return Reply(**told)


def error_told(error: EverycommitError) -> dict[str, Any]:
    known = next(name for name, kind in _KINDS.items() if isinstance(error, kind))
    return {"error": [known, str(error)]}


def error_of(told: Mapping[str, Any]) -> EverycommitError:
    kind, words = told["error"]
    return _KINDS[kind](words)
