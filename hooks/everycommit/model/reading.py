"""From what a chat completion sends, whole or in pieces, to a ``Reply``."""

import re
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..errors import AnswerError
from .client import Ask, Reply
from .events import events, parsed

_END = b"[DONE]"
_SHOWN = 80


class Reading:
    """One answer on its way; *began* is when its question was sent, on the monotonic clock."""

    def __init__(self, ask: Ask, on_text: Callable[[str], None] | None, *, began: float) -> None:
        self.sent_bytes = 0
        """Length of the body that the question went out in."""
        self._ask = ask
        self._on_text = on_text
        self._began = began
        self._texts: list[str] = []
        self._refusals: list[str] = []
        self._model = ""
        self._finish = ""
        self._usage: Mapping[str, Any] = {}
        self._first: float | None = None
        self._size = 0

    @property
    def begun(self) -> bool:
        """Whether anything of the answer has come."""
        return self._first is not None

    @property
    def finished(self) -> bool:
        """Whether all of the answer has come; the count of its tokens may still follow."""
        return bool(self._finish)

    def stream(self, pieces: Iterable[bytes]) -> None:
        """Take an answer that comes as events.

        Raises:
            AnswerError: An event is no piece of an answer.
        """
        for data in events(pieces):
            if data == _END:
                self._finish = self._finish or ("stop" if self.begun else "")
                return
            self.take(parsed(data), "delta")

    def whole(self, raw: bytes) -> None:
        """Take an answer that came in one piece. Raises as ``stream``."""
        found = parsed(raw)
        if not _list(found, "choices"):
            raise AnswerError("sent an answer without a choice")
        self.take(found, "message")
        self._first = None

    def take(self, found: Mapping[str, Any], place: str) -> None:
        """Take one object of the wire, whose text lies in *place* of its choice. Raises as ``stream``."""
        if found.get("error"):
            raise ErrorSent(found)
        self._model = self._model or _text(found, "model")
        usage = found.get("usage")
        self._usage = usage if isinstance(usage, dict) else self._usage
        for choice in _list(found, "choices")[:1]:
            if not isinstance(choice, dict):
                raise AnswerError("sent a choice that is none")
            part = choice.get(place)
            if isinstance(part, dict):
                self._take_part(part)
            self._finish = _text(choice, "finish_reason") or self._finish

    def _take_part(self, part: Mapping[str, Any]) -> None:
        text, refusal = _text(part, "content"), _text(part, "refusal")
        if self._first is None and (text or refusal or _text(part, "reasoning_content") or _text(part, "reasoning")):
            self._first = time.monotonic() - self._began
        self._size += len(text) + len(refusal)
        if self._size > longest_text(self._ask):
            raise AnswerError(f"wrote more than the {self._ask.max_tokens} tokens that it was allowed")
        if refusal:
            self._refusals.append(refusal)
        if text:
            self._texts.append(text)
            if self._on_text is not None:
                self._on_text(text)

    def reply(self, *, rung: str, tries: int) -> Reply:
        """Return the answer.

        Raises:
            AnswerError: It is cut off or empty, or the question was not read to its end.
        """
        text, refusal = "".join(self._texts), "".join(self._refusals) or None
        if not self._finish:
            raise AnswerError("stopped in the middle of its answer" if text else "sent no answer")
        if not text and refusal is None and self._finish == "stop":
            raise AnswerError("sent an empty answer")
        prompt_tokens = _count(self._usage, "prompt_tokens")
        details = self._usage.get("prompt_tokens_details")
        cached = _count(details, "cached_tokens") if isinstance(details, dict) else None
        least = least_tokens(message.content for message in self._ask.messages)
        # Some servers do not count what they had read before.
        if prompt_tokens and prompt_tokens + (cached or 0) < least:
            raise AnswerError(
                f"read only {prompt_tokens} tokens of a question that has at least {least}: its context is set too "
                "small (for Ollama: OLLAMA_CONTEXT_LENGTH, or num_ctx of the model)"
            )
        return Reply(
            text=text,
            finish=self._finish,
            refusal=refusal,
            model=self._model[:_SHOWN],
            rung=rung,
            tries=tries,
            prompt_tokens=prompt_tokens or None,
            cached_tokens=cached,
            completion_tokens=_count(self._usage, "completion_tokens"),
            first_seconds=self._first,
            seconds=time.monotonic() - self._began,
            sent_bytes=self.sent_bytes,
        )


class ErrorSent(Exception):  # noqa: N818 - what was sent is the error
    """The endpoint sent an error where its answer should be; ``found`` is the object that holds it."""

    def __init__(self, found: Mapping[str, Any]) -> None:
        super().__init__()
        self.found = found


def longest_text(ask: Ask) -> int:
    """Return the most characters that an answer may have: far more than a tokenizer makes of its tokens."""
    return 64 * 1024 + 32 * ask.max_tokens


def longest_wire(ask: Ask) -> int:
    """Return the most bytes that an answer may have on the wire, where each token comes in an event of its own."""
    return min(1024 * 1024 + 2048 * ask.max_tokens, 16 * 1024 * 1024)


def least_tokens(texts: Iterable[str]) -> int:
    """Return a number of tokens that *texts* have at the least, whatever the tokenizer.

    None in use joins two words, a word and a number, or signs and anything but one letter's run behind their last; nor
    does one make a token of more than eight characters as a rule, repeated ones left out. Where a server counts fewer,
    it has not read everything.
    """
    runs = characters = 0
    for text in texts:
        runs += len(re.findall(r"[^\W\d_]+(?:'[a-z]{1,2}\b)?|\d+|(?:[^\w\s]|_)+(?![^\W\d_])", text))
        characters += len(re.sub(r"\s+|(.)\1{2,}", "", text))
    return max(runs, characters // 8)


def _list(found: Mapping[str, Any], name: str) -> list[Any]:
    value = found.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise AnswerError(f"sent '{name}' that is no list")
    return value


def _text(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise AnswerError(f"sent '{name}' that is no text")
    return value


def _count(found: Mapping[str, Any], name: str) -> int | None:
    value = found.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
