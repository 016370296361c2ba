"""Answers in the form of OpenAI's Responses API."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from endpoint.answers import Answer
from endpoint.exchange import Exchange

_REASONS = {"length": "max_output_tokens", "content_filter": "content_filter"}


def respond(exchange: Exchange, answer: Answer, writing: Iterable[Sequence[str]], usage: Mapping[str, int]) -> None:
    """Send *answer*, whose pieces come from *writing* when they are due."""
    if not exchange.streamed:
        text = "".join(piece for some in writing for piece in some)
        exchange.reply(_whole(exchange, text, answer, usage))
        return
    exchange.begin()
    exchange.event({"type": "response.created", "response": {"status": "in_progress"}})
    text = ""
    for pieces in writing:
        text += "".join(pieces)
        exchange.event(*({"type": "response.output_text.delta", "delta": piece} for piece in pieces))
    if answer.refusal is not None:
        exchange.event({"type": "response.refusal.delta", "delta": answer.refusal})
    whole = _whole(exchange, text, answer, usage)
    exchange.event({"type": f"response.{whole['status']}", "response": whole})
    exchange.end()


def _whole(exchange: Exchange, text: str, answer: Answer, usage: Mapping[str, int]) -> dict[str, Any]:
    content: list[dict[str, Any]] = [{"type": "output_text", "text": text, "annotations": []}] if text else []
    if answer.refusal is not None:
        content.append({"type": "refusal", "refusal": answer.refusal})
    reason = _REASONS.get(answer.finish)
    return {
        "id": "resp_simulated",
        "object": "response",
        "model": exchange.json.get("model", ""),
        "status": "incomplete" if reason else "completed",
        "incomplete_details": {"reason": reason} if reason else None,
        "error": None,
        "output": [{"type": "message", "role": "assistant", "content": content}],
        "usage": {
            "input_tokens": usage["prompt_tokens"],
            "output_tokens": usage["completion_tokens"],
            "input_tokens_details": {"cached_tokens": 0},
        },
    }
