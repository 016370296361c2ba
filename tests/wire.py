"""Questions and clients for the tests of both transports."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from everycommit.deadline import Deadline
from everycommit.model.chat import Chat
from everycommit.model.client import Ask, Message, ModelClient
from everycommit.model.egress import Log
from everycommit.model.profile import Profile

TRANSPORTS = ("chat",)
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
    return Profile(name="tested", url=url, model=model, transport=transport, **more)


@contextmanager
def client(
    who: Profile, *, key: str | None = KEY, environ: Mapping[str, str] | None = None, log: Path | None = None
) -> Iterator[ModelClient]:
    """Yield a client for *who*."""
    made = Chat(who, key, environ=environ or {}, log=Log(log))
    try:
        yield made
    finally:
        made.close()


def soon(seconds: float = 10.0) -> Deadline:
    return Deadline.after(seconds)
