"""The worker's process, ``python -m everycommit.model.process``: holds keys and connections, asks, has no child."""

import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Protocol

from ..deadline import Deadline
from ..errors import EndpointError, EverycommitError, ModelError, TimeRanOut
from .client import ModelClient
from .egress import Log, state_folder
from .pipe import Pipe, ask_of, error_told, profile_of, reply_told
from .profile import Profile

_AT_ONCE = 64
"""Threads that ask; further questions wait."""
_WARM = 4
"""Connections that are opened before anybody asks."""
_WARM_SECONDS = 10.0
_LONGEST_KEY = 16 * 1024
_GATHER = 0.03
"""Seconds in which pieces of an answer are gathered before they are handed on."""
_PR_SET_DUMPABLE = 4
KEYRING_USER = "everycommit"


def main() -> None:  # pragma: no cover - this process ends at once, and tells nobody what it ran
    """Serve the socket whose number is the first argument until its other end is closed."""
    import signal
    import socket

    signal.signal(signal.SIGINT, lambda *_: os._exit(0))
    hide()
    serve(Pipe(socket.socket(fileno=int(sys.argv[1]))), os.environ)
    # Threads that look up a name cannot be broken off.
    os._exit(0)


def hide() -> None:  # pragma: no cover - what it does to a process cannot be undone
    """Keep other processes of the same user from reading this one, and the system from writing it to a file.

    Source: prctl(2), PR_SET_DUMPABLE; ptrace(2): what is not dumpable can be neither traced nor read under /proc.
    """
    import ctypes
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def serve(pipe: Pipe, environ: Mapping[str, str]) -> None:
    """Do what is asked through *pipe* until its other end is closed."""
    served = Served(pipe, environ)
    try:
        pipe.send({"ready": os.getpid()})
        for message in pipe.messages():
            served.take(message)
    finally:
        served.close()
        pipe.close()


class Served:
    """All clients that were opened, and the questions that are asked of them."""

    def __init__(self, pipe: Pipe, environ: Mapping[str, str]) -> None:
        self._pipe = pipe
        self._environ = environ
        self._opened: dict[str, Opened] = {}
        self._free = threading.BoundedSemaphore(_AT_ONCE)
        folder = state_folder(environ)
        self._log = Log(folder / "sent.jsonl" if folder else None)

    def take(self, message: dict[str, Any]) -> None:
        """Begin what *message* asks; nothing here waits."""
        ident = message["profile"]
        if "told" in message:
            fd = self._pipe.fds.pop(0) if message.get("fd") else None
            opened = self._opened[ident] = Opened(profile_of(message["told"]), message.get("key"), message.get("why"))
            _begin(lambda: opened.open(fd, self._environ, self._log))
        elif "code" in message:
            self._opened[ident].command_ended(message["code"])
        else:
            _begin(lambda: self._answer(message, self._opened[ident]))

    def close(self) -> None:
        """Let go of all connections."""
        for opened in self._opened.values():
            opened.close()

    def _answer(self, message: dict[str, Any], opened: "Opened") -> None:
        try:
            said = self._asked(message, opened, Deadline(message["at"]))
        except EverycommitError as error:
            said = error_told(error)
        except Exception as error:  # noqa: BLE001 - whoever asked has to be told; its words may hold anything
            said = error_told(ModelError(f"asking broke with {type(error).__name__}, a mistake of everycommit's"))
        with suppress(OSError):  # nobody waits any more
            self._pipe.send({"id": message["id"], **said})

    def _asked(self, message: dict[str, Any], opened: "Opened", deadline: Deadline) -> dict[str, Any]:
        if not self._free.acquire(timeout=deadline.left()):
            raise TimeRanOut("too many questions at once: no time was left for this one")
        try:
            client = opened.client(deadline)
            if "get" in message:
                status, raw = client.get(message["get"], deadline=deadline)
                return {"got": [status, raw.decode("utf-8", "replace")]}
            pieces = Pieces(self._pipe, message["id"])
            reply = client.ask(
                ask_of(message["ask"]), deadline=deadline, on_text=pieces.add if message["text"] else None
            )
            pieces.send()
            return {"reply": reply_told(reply)}
        finally:
            self._free.release()


class Pieces:
    """Hands on pieces of an answer, several in one message."""

    def __init__(self, pipe: Pipe, number: int) -> None:
        self._pipe = pipe
        self._number = number
        self._held: list[str] = []
        self._sent = 0.0

    def add(self, text: str) -> None:
        """Take one piece."""
        self._held.append(text)
        if time.monotonic() - self._sent >= _GATHER:
            self.send()

    def send(self) -> None:
        """Hand on what is held."""
        if self._held:
            self._pipe.send({"id": self._number, "text": "".join(self._held)})
            self._held, self._sent = [], time.monotonic()


class Opened:
    """A profile whose key is being read and whose connection is being made."""

    def __init__(self, profile: Profile, key: str | None, why: str | None) -> None:
        self._profile = profile
        self._key = key
        self._why = why
        self._client: Client | None = None
        self._done = threading.Event()
        self._code: int | None = None
        self._ended = threading.Event()

    def open(self, fd: int | None, environ: Mapping[str, str], log: Log) -> None:
        """Read the key, make the client, warm its connections."""
        try:
            if self._why is None:
                key = self._read(fd)
                self._client = client_of(self._profile, key, environ, log)
        except EverycommitError as error:
            self._why = str(error)
        except Exception as error:  # noqa: BLE001 - a keyring's, say; its words may hold anything
            self._why = f"profile '{self._profile.name}' cannot be used: {type(error).__name__}"
        finally:
            self._done.set()
        if self._client is not None:
            warmed = self._client.warm
            for _ in range(min(_WARM, self._profile.slots)):
                _begin(lambda: warmed(deadline=Deadline.after(_WARM_SECONDS)))

    def close(self) -> None:
        """Let go of the connections."""
        if self._client is not None:
            self._client.close()

    def command_ended(self, code: int) -> None:
        """Take the exit code of the command that prints the key."""
        self._code = code
        self._ended.set()

    def client(self, deadline: Deadline) -> "Client":
        """Return the client once it is there.

        Raises:
            EndpointError: There will be none.
            TimeRanOut: The deadline passed.
        """
        if not self._done.wait(deadline.left()):
            raise TimeRanOut(f"the key of profile '{self._profile.name}' was not there in time")
        if self._client is None:
            raise EndpointError(self._why or "")
        return self._client

    def _read(self, fd: int | None) -> str | None:
        kind, name = self._profile.key.kind, self._profile.name
        if kind == "command" and fd is not None:
            with os.fdopen(fd, "rb") as source:
                printed = source.read(_LONGEST_KEY)
            self._ended.wait()
            if self._code:
                raise EndpointError(
                    f"the command that prints the key of profile '{name}' exited {self._code}; run it yourself to see "
                    "why"
                )
            self._key = printed.decode("utf-8", "replace").strip()
            if not self._key:
                raise EndpointError(f"the command that prints the key of profile '{name}' printed nothing")
        elif kind == "keyring":
            self._key = _from_keyring(self._profile)
        return self._key


class Client(ModelClient, Protocol):
    """What both transports are."""

    def get(self, path: str, *, deadline: Deadline, most: int = ...) -> tuple[int, bytes]:
        """See ``chat.Chat.get``."""
        ...

    def warm(self, *, deadline: Deadline) -> None:
        """See ``chat.Chat.warm``."""
        ...


def client_of(profile: Profile, key: str | None, environ: Mapping[str, str], log: Log) -> Client:
    """Return the client of *profile*'s transport.

    Raises:
        EndpointError: The transport is not there, or cannot be used for it.
    """
    try:
        if profile.transport == "sdk":
            from .sdk import Sdk

            return Sdk(profile, key, environ=environ, log=log)
        from .chat import Chat

        return Chat(profile, key, environ=environ, log=log)
    except ImportError as error:
        extra = "'everycommit[openai]'" if profile.transport == "sdk" else "everycommit"
        raise EndpointError(
            f"profile '{profile.name}' needs the package {error.name}: pip install --upgrade {extra}"
        ) from None


def _from_keyring(profile: Profile) -> str:
    try:
        import keyring
    except ImportError:
        raise EndpointError(
            f"the key of profile '{profile.name}' lies in a keyring, and the package keyring is not installed "
            "beside everycommit"
        ) from None
    found = keyring.get_password(profile.key.name, KEYRING_USER)
    if not found:
        raise EndpointError(
            f"the keyring holds no key for '{profile.key.name}'; `keyring set {profile.key.name} {KEYRING_USER}` puts "
            "it there"
        )
    return str(found).strip()


def _begin(work: Callable[[], None]) -> None:
    threading.Thread(target=work, daemon=True).start()


if __name__ == "__main__":
    main()
