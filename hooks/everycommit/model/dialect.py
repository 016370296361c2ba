"""What a server knows of the wire, found out by what it refuses: a refusal that names a parameter is a rung down."""

import json
import re

from ..record import dataclass, replace
from .client import RUNGS, Ask
from .profile import Profile

_REFUSING = frozenset({400, 404, 415, 422, 500, 501})
"""Statuses with which servers refuse a parameter; llama-cpp-python's says 500."""
_MODERN = ("api.openai.com", "api.cerebras.ai", "api.groq.com")
"""Hosts that want ``max_completion_tokens``, by their documentation; others ignore it, and write without an end."""
_OPTIONAL = ("stream_options", "temperature", "seed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How one server is asked."""

    rung: str
    """One of ``client.RUNGS``."""
    limit: str = "max_tokens"
    """Its name for the most tokens of an answer."""
    without: frozenset[str] = frozenset()
    """Parameters that it does not know; ``stream`` among them: the answer comes in one piece."""

    @property
    def streams(self) -> bool:
        return "stream" not in self.without


def first(profile: Profile, host: str) -> Dialect:
    """Return how the server of *profile* is asked first."""
    rung = profile.rung if profile.rung in RUNGS else RUNGS[0]
    return Dialect(rung=rung, limit="max_completion_tokens" if host in _MODERN else "max_tokens")


def rung_of(dialect: Dialect, ask: Ask) -> str:
    """Return the rung on which *ask* is asked."""
    return dialect.rung if ask.shape else "text"


def parameters(profile: Profile, ask: Ask, dialect: Dialect) -> dict[str, object]:
    """Return the parameters of a chat completion."""
    found: dict[str, object] = {
        "model": profile.model,
        "messages": [{"role": message.role, "content": message.content} for message in ask.messages],
        dialect.limit: ask.max_tokens,
    }
    if dialect.streams:
        found |= {"stream": True, "stream_options": {"include_usage": True}}
    if ask.temperature is not None:
        found["temperature"] = ask.temperature
    if ask.seed is not None:
        found["seed"] = ask.seed
    form = response_format(rung_of(dialect, ask), ask)
    if form is not None:
        found["response_format"] = form
    return {name: value for name, value in found.items() if name not in dialect.without}


def body(profile: Profile, ask: Ask, dialect: Dialect) -> bytes:
    """Return the exact bytes of a request."""
    # A lone surrogate, from a path or a file that is not UTF-8, would be no UTF-8 either.
    text = json.dumps(parameters(profile, ask, dialect), ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


def response_format(rung: str, ask: Ask) -> dict[str, object] | None:
    """Return what says that the answer has the shape of *ask*; None for free text."""
    if rung.startswith("json_schema"):
        named: dict[str, object] = {"name": "answer", "schema": ask.shape}
        return {"type": "json_schema", "json_schema": named | ({"strict": True} if rung.endswith("strict") else {})}
    if rung.startswith("json_object"):
        return {"type": "json_object"} | ({"schema": ask.shape} if rung.endswith("schema") else {})
    return None


def adapted(dialect: Dialect, ask: Ask, status: int, said: str) -> Dialect | None:
    """Return how to ask a server again that refused with *status* and *said* why; None where form was not the matter.

    What is returned has always less in it than *dialect*, so that this ends.
    """
    if status not in _REFUSING:
        return None
    said = said.lower()
    if "max_completion_tokens" in said and dialect.limit == "max_tokens":
        return replace(dialect, limit="max_completion_tokens")
    for name in _OPTIONAL:
        if name in said and name not in dialect.without:
            return replace(dialect, without=dialect.without | {name})
    rung = rung_of(dialect, ask)
    if rung != "text" and re.search(r"response_?format|json_?schema|json_?object|\bschema\b|grammar|strict\b", said):
        return replace(dialect, rung=RUNGS[RUNGS.index(rung) + 1])
    if dialect.streams and re.search(r"\bstream(ing)?\b", said):
        return replace(dialect, without=dialect.without | {"stream", "stream_options"})
    return None
