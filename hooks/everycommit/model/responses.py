"""OpenAI's Responses API: its requests, and its answers as chunks of a chat completion."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from .client import Ask
from .dialect import Dialect, response_format, rung_of
from .events import events, parsed
from .profile import Profile
from .reading import Reading

_FINISHES = {"max_output_tokens": "length", "content_filter": "content_filter"}


def body(profile: Profile, ask: Ask, dialect: Dialect) -> bytes:
    """Return the exact bytes of a request; nothing of it is to be kept by the server."""
    found: dict[str, object] = {
        "model": profile.model,
        "input": [{"role": message.role, "content": message.content} for message in ask.messages],
        "max_output_tokens": ask.max_tokens,
        "store": False,
    }
    if dialect.streams:
        found["stream"] = True
    if ask.temperature is not None:
        found["temperature"] = ask.temperature
    form = response_format(rung_of(dialect, ask), ask)
    if form is not None:
        # The same words, one level up.
        inner = form.get("json_schema")
        found["text"] = {"format": {"type": form["type"], **inner} if isinstance(inner, dict) else form}
    kept = {name: value for name, value in found.items() if name not in dialect.without}
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def stream(pieces: Iterable[bytes], reading: Reading) -> None:
    """Let *reading* take an answer that comes as events. Raises as ``Reading.stream``."""
    for data in events(pieces):
        reading.take(_chunk(parsed(data)), "delta")


def whole(raw: bytes) -> bytes:
    """Return a whole answer as a chat completion."""
    return json.dumps(_completion(parsed(raw))).encode()


def _chunk(event: Mapping[str, Any]) -> dict[str, Any]:
    kind = event.get("type")
    if kind == "response.output_text.delta":
        return {"choices": [{"delta": {"content": event.get("delta")}}]}
    if kind == "response.refusal.delta":
        return {"choices": [{"delta": {"refusal": event.get("delta")}}]}
    if kind == "error":
        return {"error": event}
    told = event.get("response")
    if kind in {"response.completed", "response.incomplete", "response.failed"} and isinstance(told, Mapping):
        found = _completion(told)
        if "error" in found:
            return found
        return {**found, "choices": [{"finish_reason": found["choices"][0]["finish_reason"]}]}
    return {}


def _completion(told: Mapping[str, Any]) -> dict[str, Any]:
    if told.get("error"):
        return {"error": told["error"]}
    parts = [part for item in _objects(told, "output") for part in _objects(item, "content")]
    text = "".join(str(part.get("text", "")) for part in parts if part.get("type") == "output_text")
    refusal = "".join(str(part.get("refusal", "")) for part in parts if part.get("type") == "refusal")
    details = told.get("incomplete_details")
    reason = details.get("reason") if isinstance(details, Mapping) else None
    finish = _FINISHES.get(str(reason), "length") if told.get("status") == "incomplete" else "stop"
    found = told.get("usage")
    usage = found if isinstance(found, Mapping) else {}
    return {
        "model": told.get("model"),
        "choices": [{"message": {"content": text, "refusal": refusal or None}, "finish_reason": finish}],
        "usage": {
            "prompt_tokens": usage.get("input_tokens"),
            "completion_tokens": usage.get("output_tokens"),
            "prompt_tokens_details": usage.get("input_tokens_details"),
        },
    }


def _objects(told: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = told.get(name)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []
