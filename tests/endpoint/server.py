"""Answers requests: a thread a connection."""

import itertools
import json
import os
import signal
import socket
import socketserver
import ssl
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from endpoint.answers import Answer, Answers, prompt, tokens
from endpoint.exchange import Exchange, read
from endpoint.faults import FAULTS, changed
from endpoint.newer import respond
from endpoint.pace import Slots, paced
from endpoint.settings import Settings

_PER_MESSAGE = 4


def serve(settings: Settings) -> None:
    """Listen until the process ends."""
    signal.signal(signal.SIGINT, lambda *_: os._exit(0))
    with _Server((settings.host, settings.port), settings) as server:
        host, port = server.server_address[:2]
        scheme = "https" if settings.tls_cert else "http"
        sys.stdout.write(json.dumps({"url": f"{scheme}://{host!s}:{port}/v1"}) + "\n")
        sys.stdout.flush()
        server.serve_forever()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], settings: Settings) -> None:
        super().__init__(address, _Connection)
        self.settings = settings
        self.slots = Slots(settings.slots)
        self.answers = Answers(settings)
        self.numbers = itertools.count(1)
        self.tls = None
        if settings.tls_cert:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(settings.tls_cert, settings.tls_key or None)


class _Connection(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        with suppress(OSError):  # the other side went away, or does not trust us
            connection: socket.socket = self.request
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.server.tls is not None:
                connection = self.server.tls.wrap_socket(connection, server_side=True)
            with connection, connection.makefile("rb") as source:
                while (exchange := read(connection, source)) is not None:
                    self._answer(exchange)
                    if exchange.close:
                        break

    def _answer(self, exchange: Exchange) -> None:
        settings = self.server.settings
        if settings.records:
            _record(Path(settings.records), next(self.server.numbers), exchange)
        if settings.key and exchange.headers.get("authorization") != f"Bearer {settings.key}":
            exchange.error(401, "Incorrect API key provided", "invalid_api_key")
            return
        place = exchange.path.partition("?")[0]
        if exchange.method == "HEAD":
            exchange.head(200, content_length="0")
        elif exchange.method == "GET":
            self._told(exchange, place)
        elif place.endswith(("/chat/completions", "/responses")):
            self._asked(exchange)
        else:
            exchange.error(404, f"no such place: {place}", "not_found")

    def _told(self, exchange: Exchange, place: str) -> None:
        settings = self.server.settings
        if place.endswith("/models"):
            listed = [
                {"id": name, "object": "model", "owned_by": "simulated", "max_model_len": settings.context}
                for name in settings.models
            ]
            exchange.reply({"object": "list", "data": listed})
        elif place == "/props":
            told = {"default_generation_settings": {"n_ctx": settings.context // settings.slots}}
            exchange.reply(told | {"total_slots": settings.slots, "model_path": settings.models[0]})
        elif place == "/health":
            exchange.reply({"status": "ok"})
        else:
            exchange.error(404, f"no such place: {place}", "not_found")

    def _asked(self, exchange: Exchange) -> None:
        settings = self.server.settings
        body = exchange.json
        refused = _refused(body, settings)
        if refused:
            status, name = refused
            words = settings.words.get(name, f"Unsupported parameter: '{name}' is not supported by this server.")
            exchange.error(status, words, "bad_request")
            return
        question = len(tokens(prompt(body))) + _PER_MESSAGE * len(body.get("messages", ()))
        limits = (body.get(name) for name in ("max_completion_tokens", "max_tokens", "max_output_tokens"))
        most = next((limit for limit in limits if limit), settings.context)
        if question > settings.context:
            words = f"the request exceeds the available context size ({settings.context} tokens)"
            exchange.error(400, words, "exceed_context_size_error")
            return
        try:
            answer = self.server.answers.answer(body)
        except Exception:
            exchange.error(500, "the rule of the simulated endpoint broke; see its output", "rule_broke")
            raise
        fault = FAULTS.get(answer.fault)
        answer = changed(answer)
        pieces = tokens(answer.text)
        if len(pieces) > most and not answer.fault:
            pieces, answer = pieces[:most], Answer("", "length")
        read_tokens = min(question, settings.cuts_at or question)
        with self.server.slots.one():
            began = time.monotonic()
            if fault is not None:
                exchange.close = True
                fault(exchange, answer, settings)
                return
            writing = paced(pieces, began=began, tokens_in=read_tokens, settings=settings)
            told = read_tokens if answer.prompt_tokens is None else answer.prompt_tokens
            usage = {"prompt_tokens": told, "completion_tokens": len(pieces), "total_tokens": told + len(pieces)}
            if exchange.path.partition("?")[0].endswith("/responses"):
                respond(exchange, answer, writing, usage)
            elif exchange.streamed:
                _stream(exchange, answer, writing, usage)
            else:
                text = "".join(piece for some in writing for piece in some)
                exchange.reply(completion(body, text, answer, usage))


def completion(body: Any, text: str, answer: Answer, usage: Any) -> dict[str, Any]:
    """Return a whole answer in OpenAI's form."""
    message = {"role": "assistant", "content": text, "refusal": answer.refusal}
    choice = {"index": 0, "message": message, "finish_reason": answer.finish}
    head = {"id": "chatcmpl-simulated", "object": "chat.completion", "created": 0, "model": body.get("model", "")}
    return {**head, "choices": [choice], "usage": usage}


def _stream(exchange: Exchange, answer: Answer, writing: Any, usage: Any) -> None:
    body = exchange.json
    head = {"id": "chatcmpl-simulated", "object": "chat.completion.chunk", "created": 0, "model": body.get("model", "")}

    def event(finish: str | None = None, **delta: Any) -> dict[str, Any]:
        return {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

    exchange.begin()
    begun = False
    for pieces in writing:
        role = [] if begun else [event(role="assistant", content="")]
        begun = True
        exchange.event(*role, *(event(content=piece) for piece in pieces))
    if answer.refusal is not None:
        exchange.event(event(refusal=answer.refusal))
    last: list[Any] = [event(answer.finish)]
    if (body.get("stream_options") or {}).get("include_usage"):
        last.append({**head, "choices": [], "usage": usage})
    exchange.event(*last)
    exchange.chunk(b"data: [DONE]\n\n")
    exchange.end()


def _refused(body: Any, settings: Settings) -> tuple[int, str] | None:
    """Return the status and the name of the first thing in *body* that this server does not know."""
    form = body.get("response_format") or {}
    used = {name for name, value in body.items() if value is not None and value is not False}
    used |= {str(form.get("type"))}
    used |= {"strict"} if (form.get("json_schema") or {}).get("strict") else set()
    used |= {"schema"} if "schema" in form else set()
    return next(((status, name) for name, status in settings.rejects.items() if name in used), None)


def _record(folder: Path, number: int, exchange: Exchange) -> None:
    place = folder / f"{number:06}"
    place.with_suffix(".body").write_bytes(exchange.body)
    told = {"method": exchange.method, "path": exchange.path, "headers": dict(exchange.headers)}
    place.with_suffix(".part").write_text(json.dumps(told))
    place.with_suffix(".part").rename(place.with_suffix(".json"))
