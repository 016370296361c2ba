"""What can be wrong with an endpoint: faults of the wire, of the status, and of what an answer says."""

import gzip
import json
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any

from endpoint.answers import Answer, tokens
from endpoint.exchange import Exchange
from endpoint.settings import Settings

Fault = Callable[[Exchange, Answer, Settings], None]

_DRIP = 0.1
_AGE = 600.0
"""Longer than any deadline."""


def _wait(exchange: Exchange) -> None:
    """Say nothing until the other side goes away."""
    exchange.connection.settimeout(_AGE)
    while exchange.connection.recv(65536):
        pass


def silent(exchange: Exchange, _: Answer, __: Settings) -> None:
    _wait(exchange)


def dripped_headers(exchange: Exchange, _: Answer, __: Settings) -> None:
    exchange.send(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while True:
        exchange.send(b"a")
        time.sleep(_DRIP)


def dripped_body(exchange: Exchange, _: Answer, __: Settings) -> None:
    exchange.head(content_type="application/json", content_length="100000")
    while True:
        exchange.send(b" ")
        time.sleep(_DRIP)


def dripped_events(exchange: Exchange, _: Answer, __: Settings) -> None:
    exchange.begin()
    while True:
        exchange.event(_delta(" "))
        time.sleep(_DRIP)


def endless_headers(exchange: Exchange, _: Answer, __: Settings) -> None:
    exchange.send(b"HTTP/1.1 200 OK\r\n")
    for number in count():
        exchange.send(b"X-%d: %b\r\n" % (number, b"a" * 1000))


def endless_informational(exchange: Exchange, _: Answer, __: Settings) -> None:
    while True:
        exchange.send(b"HTTP/1.1 102 Processing\r\n\r\n" * 100)


def keepalive_comments(exchange: Exchange, _: Answer, __: Settings) -> None:
    exchange.begin()
    while True:
        exchange.chunk(b": keep-alive\n\n")
        time.sleep(_DRIP / 2)


def comment_flood(exchange: Exchange, _: Answer, __: Settings) -> None:
    exchange.begin()
    while True:
        exchange.chunk(b": keep-alive\n\n" * 1000)


def endless_json(exchange: Exchange, _: Answer, __: Settings) -> None:
    exchange.begin("application/json")
    exchange.chunk(b'{"choices": [0')
    while True:
        exchange.chunk(b", 0" * 20000)


def endless_line(exchange: Exchange, _: Answer, __: Settings) -> None:
    exchange.begin()
    exchange.chunk(b'data: {"choices": "')
    while True:
        exchange.chunk(b"a" * 60000)


def endless_events(exchange: Exchange, _: Answer, __: Settings) -> None:
    exchange.begin()
    while True:
        exchange.event(*[_delta("and so on ")] * 200)


def gzip_bomb(exchange: Exchange, _: Answer, __: Settings) -> None:
    # A gzip file may have several members; the same megabyte again and again is made in no time.
    packed = gzip.compress(b" " * 1_000_000) * 400
    exchange.whole(200, packed, content_encoding="gzip")


def redirect(exchange: Exchange, _: Answer, settings: Settings) -> None:
    exchange.whole(307, b"", location=settings.elsewhere)


def html(exchange: Exchange, _: Answer, __: Settings) -> None:
    exchange.whole(200, b"<!doctype html><title>Sign in</title>", "text/html; charset=utf-8")


def no_content(exchange: Exchange, _: Answer, __: Settings) -> None:
    exchange.head(204)


def empty_body(exchange: Exchange, _: Answer, __: Settings) -> None:
    exchange.whole(200, b"")


def empty_choices(exchange: Exchange, _: Answer, __: Settings) -> None:
    _said(exchange, b'{"choices": []}')


def wrong_types(exchange: Exchange, _: Answer, __: Settings) -> None:
    _said(exchange, b'{"choices": [{"delta": {"content": 7}, "message": {"content": ["a"]}, "finish_reason": 1}]}')


def error_in_stream(exchange: Exchange, _: Answer, __: Settings) -> None:
    _said(exchange, b'{"error": {"message": "the model fell over", "type": "server_error", "code": "overloaded"}}')


def not_json(exchange: Exchange, _: Answer, __: Settings) -> None:
    _said(exchange, b'{"choices": [')


def not_utf8(exchange: Exchange, _: Answer, __: Settings) -> None:
    _said(exchange, b'{"choices": [{"delta": {"content": "\xff\xfe"}, "message": {"content": "\xff"}}]}')


def wire_nan(exchange: Exchange, _: Answer, __: Settings) -> None:
    _said(exchange, b'{"choices": [{"delta": {"content": "a"}, "message": {"content": "a"}, "logprobs": NaN}]}')


def wire_duplicate(exchange: Exchange, _: Answer, __: Settings) -> None:
    one = b'[{"delta": {"content": "a"}, "message": {"content": "a"}, "finish_reason": "stop"}]'
    _said(exchange, b'{"choices": %b, "choices": %b}' % (one, one))


def wire_deep(exchange: Exchange, _: Answer, __: Settings) -> None:
    _said(exchange, b'{"choices": ' + b"[" * 100_000 + b"]" * 100_000 + b"}")


def wire_digits(exchange: Exchange, _: Answer, __: Settings) -> None:
    _said(exchange, b'{"choices": [{"index": ' + b"9" * 100_000 + b"}]}")


def not_http(exchange: Exchange, _: Answer, __: Settings) -> None:
    exchange.send(b"SSH-2.0-OpenSSH_9.6\r\n")


def short_body(exchange: Exchange, _: Answer, __: Settings) -> None:
    exchange.head(content_type="application/json", content_length="5000")
    exchange.send(b'{"choices": [')


def refused(exchange: Exchange, _: Answer, __: Settings) -> None:
    """Hang up without a word."""


def reset(exchange: Exchange, answer: Answer, __: Settings) -> None:
    _half(exchange, answer)
    exchange.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def reset_at_once(exchange: Exchange, _: Answer, __: Settings) -> None:
    exchange.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def cut(exchange: Exchange, answer: Answer, __: Settings) -> None:
    """End the answer in its middle, by the rules of HTTP."""
    _half(exchange, answer)
    exchange.end()


def half_open(exchange: Exchange, answer: Answer, __: Settings) -> None:
    """Stop in the middle of an answer and leave the connection as it is."""
    _half(exchange, answer)
    _wait(exchange)


def echoed_key(exchange: Exchange, _: Answer, __: Settings) -> None:
    exchange.error(401, f"Wrong key: {exchange.headers.get('authorization', '')}", "invalid_api_key")


def echoed_prompt(exchange: Exchange, _: Answer, __: Settings) -> None:
    exchange.error(400, f"Cannot read {exchange.body.decode()}", "bad_request")


def escapes(exchange: Exchange, _: Answer, __: Settings) -> None:
    exchange.error(400, "\x1b]0;owned\x07\x1b[2Jgone", "\x1b[31mred")


def _status(status: int, code: str, message: str, **headers: str) -> Fault:
    def fault(exchange: Exchange, _: Answer, __: Settings) -> None:
        exchange.error(status, message, code, **headers)

    return fault


def _said(exchange: Exchange, raw: bytes) -> None:
    """Send *raw* as the answer, as an event where a stream was asked for."""
    if exchange.streamed:
        exchange.begin()
        exchange.chunk(b"data: %b\n\ndata: [DONE]\n\n" % raw)
        exchange.end()
    else:
        exchange.whole(200, raw)


def _half(exchange: Exchange, answer: Answer) -> None:
    pieces = tokens(answer.text)
    exchange.begin()
    exchange.event(*(_delta(piece) for piece in pieces[: len(pieces) // 2 + 1]))


def _delta(text: str) -> dict[str, Any]:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": None}
    return {"id": "chatcmpl-simulated", "object": "chat.completion.chunk", "model": "", "choices": [choice]}


FAULTS: dict[str, Fault] = {
    fault.__name__: fault
    for fault in (
        *(silent, dripped_headers, dripped_body, dripped_events, endless_headers, endless_informational),
        *(keepalive_comments, comment_flood, endless_json, endless_line, endless_events, gzip_bomb, redirect, html),
        *(no_content, empty_body, empty_choices, wrong_types, error_in_stream, not_json, not_utf8, wire_nan),
        *(wire_duplicate, wire_deep, wire_digits, not_http, short_body, refused, reset, reset_at_once, cut, half_open),
        *(echoed_key, echoed_prompt, escapes),
    )
} | {
    "401": _status(401, "invalid_api_key", "Incorrect API key provided."),
    "402": _status(402, "insufficient_quota", "You are out of credit."),
    "403": _status(403, "forbidden", "Your organization may not use this model."),
    "404": _status(404, "model_not_found", "The model does not exist."),
    "413": _status(413, "request_too_large", "The request is too large."),
    "429": _status(429, "rate_limit_exceeded", "Slow down.", retry_after="3600"),
    "429_soon": _status(429, "rate_limit_exceeded", "Slow down.", retry_after="0.1"),
    "429_date": _status(429, "rate_limit_exceeded", "Slow down.", retry_after="Fri, 31 Dec 2100 23:59:59 GMT"),
    "500": _status(500, "server_error", "Something broke."),
    "503": _status(503, "overloaded", "Come back later."),
}
"""Faults of the wire and of the status; a fault takes the place of the answer."""


def _twice(text: str) -> str:
    inside = text.strip()[1:-1]
    return "{" + inside + ", " + inside + "}"


def _strange(text: str) -> str:
    """Return *text* with every short name in it (ids, fences) replaced by one that nobody gave."""
    return json.dumps(_renamed(_parsed(text)))


def _renamed(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _renamed(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [_renamed(inner, key) for inner in value]
    return "h999999" if isinstance(value, str) and key in {"id", "hunk", "piece", "fence"} else value


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return {}


def _flooded(text: str) -> str:
    found = _parsed(text)
    some = found.get("findings") if isinstance(found, dict) else None
    one = json.dumps(some[0] if some else {"title": "a"})
    return '{"findings": [' + ", ".join([one] * 1_000_000) + "]}"


CHANGES: dict[str, Callable[[Answer], Answer]] = {
    "empty": lambda answer: replace(answer, text=""),
    "length": lambda answer: replace(answer, text=answer.text[: len(answer.text) // 2], finish="length"),
    "content_filter": lambda answer: replace(answer, text="", finish="content_filter"),
    "refusal": lambda answer: replace(answer, text="", refusal="I cannot help with that."),
    "wrong_schema": lambda answer: replace(answer, text='{"verdict": "approved", "score": 10}'),
    "wrong_ids": lambda answer: replace(answer, text=_strange(answer.text)),
    "duplicate_keys": lambda answer: replace(answer, text=_twice(answer.text)),
    "nan": lambda answer: replace(answer, text='{"findings": [], "score": NaN}'),
    "deep": lambda answer: replace(answer, text="[" * 100_000 + "]" * 100_000),
    "prose": lambda answer: replace(answer, text="Looks good to me! No issues found."),
    "fenced": lambda answer: replace(answer, text=f"Here is my review:\n```json\n{answer.text}\n```\n"),
    "million_findings": lambda answer: replace(answer, text=_flooded(answer.text)),
}
"""Faults of what an answer says; the wire is as it should be."""


def changed(answer: Answer) -> Answer:
    """Return *answer* with its fault, where that is one of ``CHANGES``."""
    return CHANGES[answer.fault](answer) if answer.fault in CHANGES else answer


def names() -> list[str]:
    """Return the names of all faults."""
    return sorted({*FAULTS, *CHANGES})
