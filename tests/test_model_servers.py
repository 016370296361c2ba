"""Servers known by name, what their pages tell, and who answers on this machine."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from everycommit.model.servers import SERVERS, Offer, Server, answers, context, listed, offers, server

MODELS = {"object": "list", "data": [{"id": "m", "owned_by": "library"}]}


@contextmanager
def pages(found: Mapping[str, bytes], status: int = 200) -> Iterator[str]:
    """A real server on this machine; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = found.get(self.path, b"")
            self.send_response(status if body else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}/v1"
        listening.shutdown()
        thread.join()


def local(url: str) -> Server:
    return Server(name="ollama", url=url)


def encoded(page: Any) -> bytes:
    return json.dumps(page).encode()


def test_a_server_of_models_is_known_by_its_list() -> None:
    with pages({"/v1/models": encoded(MODELS)}) as url:
        assert answers(local(url))


@pytest.mark.parametrize(
    "page", [b"<html>", b"[]", encoded({"data": 7}), b"[" * 100_000], ids=["html", "list", "number", "deep"]
)
def test_anything_else_that_listens_there_is_no_server_of_models(page: bytes) -> None:
    with pages({"/v1/models": page}) as url:
        assert not answers(local(url))
    with pages({"/v1/models": encoded(MODELS)}, status=500) as url:
        assert not answers(local(url))
    assert not answers(local(url))  # it has gone


def test_what_could_be_added_is_offered_with_the_command_that_does() -> None:
    with pages({"/v1/models": encoded(MODELS)}) as url:
        found = list(offers({"OPENAI_API_KEY": "sk-7"}, [local(url), SERVERS[0]]))

    place = url.removeprefix("http://").removesuffix("/v1")
    assert found == [
        Offer(because="OPENAI_API_KEY is set", command="everycommit models add openai"),
        Offer(because=f"Ollama answers on {place}", command="everycommit models add ollama"),
    ]
    assert "sk-7" not in repr(found)


@pytest.mark.parametrize(
    ("environ", "because", "command"),
    [
        (
            {"OPENAI_API_KEY": "x", "OPENAI_BASE_URL": "https://a.example.com/v1"},
            "OPENAI_API_KEY and OPENAI_BASE_URL are set",
            "everycommit models add https://a.example.com/v1 --key-env OPENAI_API_KEY",
        ),
        (
            {"OPENAI_API_KEY": "", "OPENAI_BASE_URL": "http://127.0.0.1:1/v1"},
            "OPENAI_BASE_URL is set",
            "everycommit models add http://127.0.0.1:1/v1",
        ),
    ],
)
def test_openais_own_variables_are_an_offer(environ: dict[str, str], because: str, command: str) -> None:
    assert list(offers(environ, [])) == [Offer(because=because, command=command)]


def test_an_address_of_the_environment_cannot_write_a_command() -> None:
    (offer,) = offers({"OPENAI_BASE_URL": "https://a.example.com/v1;id"}, [])

    assert offer.command == "everycommit models add 'https://a.example.com/v1;id'"


def test_known_servers_are_https_or_here() -> None:
    for one in SERVERS:
        assert one.url.startswith("http://127.0.0.1:" if one.local else "https://")
        assert server(one.name) is one
    assert server("nobody") is None


@pytest.mark.parametrize(
    ("pages", "told"),
    [
        ({}, (None, None)),
        ({"//props": encoded({"default_generation_settings": {"n_ctx": 4096}, "total_slots": 4})}, (4096, 4)),
        ({"//props": encoded({"n_ctx": 8192, "total_slots": 0})}, (8192, None)),
        ({"/models": encoded({"data": [{"id": "m", "max_model_len": 32768}]})}, (32768, None)),
        ({"/models": encoded({"data": [{"id": "m", "context_window": 131072}]})}, (131072, None)),
        ({"/models": encoded({"data": [{"id": "m", "context_length": 200000}]})}, (200000, None)),
        ({"/models": encoded({"data": [{"id": "other", "max_model_len": 1}, 7, {"id": 3}]})}, (None, None)),
        ({"/models": encoded({"data": [{"id": "m", "max_model_len": "many"}]})}, (None, None)),
        ({"//api/ps": encoded({"models": [{"name": "m", "context_length": 4096}, 7]})}, (4096, None)),
        ({"//api/ps": b"<html>", "//props": b"[]", "/models": b""}, (None, None)),
        ({"//api/ps": encoded({"models": 7}), "//props": encoded({"default_generation_settings": 7})}, (None, None)),
    ],
)
def test_each_server_tells_its_context_in_its_own_way(
    pages: dict[str, bytes], told: tuple[int | None, int | None]
) -> None:
    assert context("m", pages) == told


def test_names_in_a_list_are_each_there_once() -> None:
    assert listed(encoded({"data": [{"id": "b"}, {"id": "a"}, {"id": "b"}, {}]})) == ("b", "a")
    assert listed(encoded({"data": [{"id": "\x1b[31m"}, {"id": ""}, {"id": "a"}]})) == ("a",)
    assert listed(encoded({"data": []})) == ()
    assert listed(b"{}") is None
