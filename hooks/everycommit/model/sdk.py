"""Asks an endpoint through the package openai: chat completions, the Responses API, Azure; imported in the worker only.

The package builds the request and knows the vendors' ways in; connections, limits, the reading of answers and what may
leave are ours, the same as ``chat``'s.
"""

import json
import threading
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

import httpcore2
import httpx2
import openai

from ..deadline import Deadline
from ..errors import EndpointError
from . import responses
from .client import Ask
from .connection import host_of
from .dialect import Dialect, body
from .egress import Log
from .endpoint import Endpoint, Failed, lower
from .profile import Profile
from .reading import Reading, longest_wire


class Sdk(Endpoint):
    """One endpoint, asked through openai."""

    def __init__(self, profile: Profile, key: str | None, *, environ: Mapping[str, str], log: Log) -> None:
        """Connect to nothing yet. Raises as ``Endpoint``, and where the profile's ``api`` is unknown."""
        super().__init__(profile, key, core=httpcore2, environ=environ, log=log)
        if profile.api not in {"chat", "responses"}:
            raise EndpointError(f"profile '{profile.name}': api '{profile.api}' is neither 'chat' nor 'responses'")
        self._now = threading.local()
        self._client = self._made()

    def body(self, ask: Ask, dialect: Dialect) -> bytes:
        made = responses.body if self.profile.api == "responses" else body
        return made(self.profile, ask, dialect)

    def send(self, ask: Ask, raw: bytes, reading: Reading, deadline: Deadline) -> Failed | None:
        self._now.ask, self._now.reading = ask, reading
        with self.until(deadline):
            try:
                self._read(json.loads(raw), reading, deadline)
            except _RefusedError as refused:
                return refused.failed
            except openai.OpenAIError as error:  # pragma: no cover - errors of ours come through as they are
                raise EndpointError(f"{self.name} cannot be asked by openai: {type(error).__name__}") from None
        return None

    def leave(self, request: httpx2.Request) -> httpx2.Response:
        """Send what openai made of the question that the current thread asks.

        Raises:
            WithheldError: It holds a secret.
            AnswerError: What comes back is packed.
        """
        ask: Ask = self._now.ask
        raw = request.read()
        self.leaving(raw, ask, self._now.reading)
        response = self.pool.handle_request(
            httpcore2.Request(
                request.method,
                httpcore2.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=self._said(request),
                content=raw,
                extensions={"timeout": {"pool": self.moment.left()}},
            )
        )
        body_of = _Body(self, response, longest_wire(ask))
        headers = lower(response.headers)
        failed: Failed | None = None
        try:
            self.unpacked(headers)
            if response.status != 200:
                failed = self.refused(response.status, headers, body_of, ask)
        except BaseException:
            response.close()
            raise
        if failed is not None:
            response.close()
            raise _RefusedError(failed)
        return httpx2.Response(200, headers=response.headers, stream=body_of, extensions=response.extensions)

    def _made(self) -> Any:
        """Return openai's client: Azure's own where the address names a version of its API."""
        parts = self.parts
        origin = f"{parts.scheme}://{host_of(parts)}"
        query = dict(parse_qsl(parts.query))
        common: dict[str, Any] = {
            "api_key": self.key or "none",
            "max_retries": 0,
            "timeout": None,  # our own connections know when to end
            "http_client": httpx2.Client(transport=_Transport(self), trust_env=False, follow_redirects=False),
        }
        if (parts.hostname or "").endswith(".azure.com") and "api-version" in query:
            return openai.AzureOpenAI(azure_endpoint=origin, api_version=query["api-version"], **common)
        return openai.OpenAI(base_url=origin + parts.path, default_query=query, **common)

    def _read(self, arguments: dict[str, Any], reading: Reading, deadline: Deadline) -> None:
        newer = self.profile.api == "responses"
        made = self._client.responses if newer else self._client.chat.completions
        with made.with_streaming_response.create(**arguments) as response, self.named():
            kind = self.kind({name.lower(): value for name, value in response.headers.items()})
            pieces = response.iter_bytes()
            if kind != "text/event-stream":
                whole = b"".join(pieces)
                reading.whole(responses.whole(whole) if newer else whole)
            elif newer:
                responses.stream(self.until_counted(pieces, reading, deadline), reading)
            else:
                reading.stream(self.until_counted(pieces, reading, deadline))

    def _said(self, request: httpx2.Request) -> list[tuple[bytes, bytes]]:
        """Return the headers without what openai tells of this machine, and without a key where there is none."""
        left_out = (b"x-stainless-", *((b"authorization", b"api-key") if self.key is None else ()))
        kept = [
            (name, value)
            for name, value in request.headers.raw
            if not name.lower().startswith(left_out) and name.lower() != b"accept-encoding"
        ]
        return [*kept, (b"Accept-Encoding", b"identity")]


class _RefusedError(Exception):
    """The server answered with another status than 200."""

    def __init__(self, failed: Failed) -> None:
        super().__init__()
        self.failed = failed


class _Transport(httpx2.BaseTransport):
    """Sends what openai made through our own connections."""

    def __init__(self, owner: Sdk) -> None:
        self._owner = owner

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        return self._owner.leave(request)


class _Body(httpx2.SyncByteStream):
    """The body of a response, so many bytes of it."""

    def __init__(self, owner: Sdk, response: Any, most: int) -> None:
        self._response = response
        self._pieces = owner.limited(response.iter_stream(), most)

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def close(self) -> None:
        self._response.close()
