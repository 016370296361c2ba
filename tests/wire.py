"""Questions and clients for the tests of both transports."""

import os
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from everycommit.deadline import Deadline
from everycommit.model.client import Ask, Message
from everycommit.model.egress import Log
from everycommit.model.pipe import Pipe
from everycommit.model.process import Client, client_of, serve
from everycommit.model.profile import Profile
from everycommit.proc import Children, Done

TRANSPORTS = ("chat", "sdk")
KEY = "key-of-the-tests-1"
SHAPE = {
    "type": "object",
    "properties": {"findings": {"type": "array", "items": {"type": "string"}}},
    "required": ["findings"],
    "additionalProperties": False,
}
ANSWER = '{"findings": ["the second loop never ends", "the file stays open"]}'


def question(text: str = "What is wrong with this change?", **more: Any) -> Ask:
    """Return a question; *more* are fields of ``Ask``."""
    return Ask(messages=(Message("system", "You review."), Message("user", text)), **({"max_tokens": 500} | more))


def profile(url: str, transport: str = "chat", model: str = "simulated", **more: Any) -> Profile:
    return Profile(**{"name": "tested", "url": url, "model": model, "transport": transport} | more)


@contextmanager
def client(
    who: Profile, *, key: str | None = KEY, environ: Mapping[str, str] | None = None, log: Path | None = None
) -> Iterator[Client]:
    """Yield a client for *who*."""
    made = client_of(who, key, environ or {}, Log(log))
    try:
        yield made
    finally:
        made.close()


@dataclass
class InThisProcess:
    """Starts the worker as a thread, where the measuring of coverage sees it; all else as ever."""

    children: Children
    environ: dict[str, str] | None = None

    def run(self, argv: Sequence[str], *, env: Mapping[str, str], keep: Sequence[int] = (), **more: Any) -> Done:
        if argv[0] != sys.executable:
            return self.children.run(argv, env=env, keep=keep, **more)
        serve(Pipe(socket.socket(fileno=os.dup(keep[0]))), {**env, **(self.environ or {})})
        return Done(0, b"", b"", late=False, seconds=0.0, cut=False)


def soon(seconds: float = 10.0) -> Deadline:
    return Deadline.after(seconds)
