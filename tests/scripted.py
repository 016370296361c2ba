"""A model on the loopback that asks for the tool calls of a script, in the wire forms of the coding agents."""

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Script:
    """Steps: (tool, arguments), or a text that ends the turn. Remembers what it was asked."""

    steps: Sequence[tuple[str, dict[str, Any]] | str]
    place: int = 0
    asked: list[dict[str, Any]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next(self, asked: dict[str, Any]) -> tuple[str, dict[str, Any]] | str:
        with self.lock:
            self.asked.append(asked)
            step = self.steps[self.place] if self.place < len(self.steps) else "done"
            self.place += 1
            return step

    @property
    def heard(self) -> str:
        """All that the client sent, as one text: what hooks said to the agent is in it."""
        return json.dumps([self.asked[-1]] if self.asked else [], ensure_ascii=False)


@contextmanager
def serving(script: Script) -> Iterator[str]:
    """Give the address of a server that plays *script*, ``http://127.0.0.1:PORT``."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(script))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(script: Script) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

        def do_GET(self) -> None:
            self._send(b'{"data": [], "models": []}', "application/json")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            try:
                asked = json.loads(body or b"{}")
            except ValueError:
                asked = {}
            path = self.path.partition("?")[0]
            for end, form in _FORMS.items():
                if path.endswith(end):
                    # A question without tools is one of the client's own, for a title say.
                    step = script.next(asked) if asked.get("tools") else "ok"
                    self._send(form(step, asked, script.place), "text/event-stream")
                    return
            answer = b'{"input_tokens": 10, "totalTokens": 10}' if "ount" in path else b"{}"
            self._send(answer, "application/json")

        def _send(self, content: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    return Handler


def _events(*events: dict[str, Any], named: bool = True) -> bytes:
    lines = []
    for event in events:
        lines += [f"event: {event['type']}"] * named
        lines.append(f"data: {json.dumps(event)}\n")
    return ("\n".join(lines) + "\n").encode()


def _messages(step: tuple[str, dict[str, Any]] | str, asked: dict[str, Any], number: int) -> bytes:
    """Source: https://docs.anthropic.com/en/docs/build-with-claude/streaming."""
    if isinstance(step, str):
        block: dict[str, Any] = {"type": "text", "text": ""}
        delta: dict[str, Any] = {"type": "text_delta", "text": step}
        reason = "end_turn"
    else:
        block = {"type": "tool_use", "id": f"toolu_{number:04}", "name": step[0], "input": {}}
        delta = {"type": "input_json_delta", "partial_json": json.dumps(step[1])}
        reason = "tool_use"
    message = {
        "id": f"msg_{number:04}",
        "type": "message",
        "role": "assistant",
        "model": asked.get("model", "m"),
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 10, "output_tokens": 1},
    }
    if not asked.get("stream"):
        content = [{"type": "text", "text": step}] if isinstance(step, str) else [{**block, "input": step[1]}]
        return json.dumps({**message, "content": content, "stop_reason": reason}).encode()
    return _events(
        {"type": "message_start", "message": message},
        {"type": "content_block_start", "index": 0, "content_block": block},
        {"type": "content_block_delta", "index": 0, "delta": delta},
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": reason, "stop_sequence": None},
            "usage": {"output_tokens": 5},
        },
        {"type": "message_stop"},
    )


def _responses(step: tuple[str, dict[str, Any]] | str, asked: dict[str, Any], number: int) -> bytes:
    """Source: https://platform.openai.com/docs/api-reference/responses-streaming."""
    if isinstance(step, str):
        item: dict[str, Any] = {
            "type": "message",
            "role": "assistant",
            "id": f"msg_{number}",
            "content": [{"type": "output_text", "text": step, "annotations": []}],
        }
    elif "input" in step[1] and set(step[1]) == {"input"}:
        item = {"type": "custom_tool_call", "call_id": f"call_{number}", "name": step[0], "input": step[1]["input"]}
    else:
        item = {
            "type": "function_call",
            "call_id": f"call_{number}",
            "name": step[0],
            "arguments": json.dumps(step[1]),
        }
    usage = {
        "input_tokens": 10,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": 5,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 15,
    }
    return _events(
        {"type": "response.created", "response": {"id": f"resp_{number}"}},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": {"id": f"resp_{number}", "output": [item], "usage": usage}},
    )


def _gemini(step: tuple[str, dict[str, Any]] | str, asked: dict[str, Any], number: int) -> bytes:
    """Source: https://ai.google.dev/api/generate-content, streamGenerateContent with alt=sse."""
    part = {"text": step} if isinstance(step, str) else {"functionCall": {"name": step[0], "args": step[1]}}
    answer = {
        "candidates": [{"content": {"role": "model", "parts": [part]}, "finishReason": "STOP", "index": 0}],
        "usageMetadata": {"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15},
    }
    return f"data: {json.dumps(answer)}\n\n".encode()


def _generate(step: tuple[str, dict[str, Any]] | str, asked: dict[str, Any], number: int) -> bytes:
    return _gemini(step, asked, number).removeprefix(b"data: ").strip()


def _chat(step: tuple[str, dict[str, Any]] | str, asked: dict[str, Any], number: int) -> bytes:
    """Source: https://platform.openai.com/docs/api-reference/chat-streaming."""
    delta: dict[str, Any] = {"role": "assistant"}
    if isinstance(step, str):
        delta["content"], reason = step, "stop"
    else:
        function = {"name": step[0], "arguments": json.dumps(step[1])}
        delta["tool_calls"] = [{"index": 0, "id": f"call_{number}", "type": "function", "function": function}]
        reason = "tool_calls"
    base = {"id": f"c{number}", "object": "chat.completion.chunk", "created": 0, "model": asked.get("model", "m")}
    chunks = [
        {**base, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]},
        {**base, "choices": [{"index": 0, "delta": {}, "finish_reason": reason}]},
    ]
    return "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks).encode() + b"data: [DONE]\n\n"


_FORMS = {
    "/messages": _messages,
    "/responses": _responses,
    "/chat/completions": _chat,
    ":streamGenerateContent": _gemini,
    ":generateContent": _generate,
}
