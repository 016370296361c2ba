"""What a model is asked and what it answers; every transport keeps this contract."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from ..deadline import Deadline
from ..record import dataclass, field

RUNGS = ("json_schema strict", "json_schema", "json_object schema", "json_object", "text")
"""Ways to ask for an answer of a certain form, the surest first; a server that does not know one gets the next.

``json_object schema`` is llama-cpp-python's: the schema lies beside the type.
"""


class Message(NamedTuple):
    """One message of a question."""

    role: str
    """``system`` or ``user``."""
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One question."""

    messages: tuple[Message, ...]
    shape: Mapping[str, Any] = field(default_factory=dict)
    """The JSON schema of the answer, in the portable subset: every field required, null in place of optional,
    ``additionalProperties: false``, at most five deep; empty: free text."""
    max_tokens: int
    """Most tokens that the answer may have."""
    temperature: float | None = None
    seed: int | None = None
    files: tuple[str, ...] = ()
    """Paths whose text it holds: for the log of what left this machine, and not sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a model answered, as it came: whether it can be believed is for the reader to judge."""

    text: str
    finish: str
    """The wire's word for why it ended: ``stop``, ``length``, ``content_filter``; empty where it gave none."""
    refusal: str | None = None
    """The model's words where it declined in the field that the wire has for it."""
    model: str = ""
    """The model's name as the server tells it."""
    rung: str = "text"
    """Which of ``RUNGS`` it was asked by."""
    tries: int = 1
    prompt_tokens: int | None = None
    """None where the server counts nothing."""
    cached_tokens: int | None = None
    completion_tokens: int | None = None
    first_seconds: float | None = None
    """From sending the question to the first token; None where the answer did not come in pieces."""
    seconds: float
    """From sending the question to the end of the answer, earlier tries left out."""
    sent_bytes: int = 0
    """Length of the request's body."""


class ModelClient(Protocol):
    """One endpoint. Thread-safe; as many questions at once as the caller likes."""

    def ask(self, ask: Ask, *, deadline: Deadline, on_text: Callable[[str], None] | None = None) -> Reply:
        """Return the answer; *on_text* gets its pieces as they come.

        Raises:
            EndpointError: No answer could be had: connection, status, limits.
            AnswerError: What came is no answer: no JSON of the wire, no choice, cut off in the middle, empty, an answer
                to a part of the question only.
            WithheldError: The question holds what looks like a secret; nothing was sent.
            TimeRanOut: The deadline passed.
        """
        ...

    def close(self) -> None:
        """Let go of the connections."""
        ...
