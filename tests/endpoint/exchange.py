"""One request and the connection that it came on, with the bytes of HTTP/1.1 written by hand: faults need that."""

import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

_REASONS = {200: "OK", 204: "No Content", 307: "Temporary Redirect", 401: "Unauthorized", 404: "Not Found"}
_MOST = 64 * 1024 * 1024


@dataclass
class Exchange:
    """One request; what is sent goes to its connection."""

    connection: socket.socket
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    close: bool = False
    """Whether the connection ends with this answer."""
    chunked: bool = field(default=False, init=False)

    @property
    def json(self) -> Any:
        """Return the parsed body; an empty object where it is none."""
        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def streamed(self) -> bool:
        return bool(self.json.get("stream"))

    def send(self, raw: bytes) -> None:
        self.connection.sendall(raw)

    def head(self, status: int = 200, **headers: str) -> None:
        """Send the first line and the headers; ``content_type`` is Content-Type."""
        lines = [f"HTTP/1.1 {status} {_REASONS.get(status, 'Status')}"]
        lines += [f"{name.replace('_', '-').title()}: {value}" for name, value in headers.items()]
        self.send("\r\n".join([*lines, "", ""]).encode())

    def whole(self, status: int, content: bytes, content_type: str = "application/json", **headers: str) -> None:
        """Send an answer with its length; to HEAD without its content."""
        raw = f"HTTP/1.1 {status} {_REASONS.get(status, 'Status')}\r\n"
        more = {"content_type": content_type, "content_length": str(len(content))} | headers
        raw += "".join(f"{name.replace('_', '-').title()}: {value}\r\n" for name, value in more.items())
        self.send(raw.encode() + b"\r\n" + (b"" if self.method == "HEAD" else content))

    def reply(self, value: Any, status: int = 200, **headers: str) -> None:
        self.whole(status, json.dumps(value).encode(), **headers)

    def error(self, status: int, message: str, code: str, **headers: str) -> None:
        """Send an error in OpenAI's form."""
        self.reply({"error": {"message": message, "type": code, "code": code, "param": None}}, status, **headers)

    def begin(self, content_type: str = "text/event-stream") -> None:
        """Send the head of an answer in chunks."""
        self.head(content_type=content_type, transfer_encoding="chunked", cache_control="no-cache")

    def chunk(self, raw: bytes) -> None:
        if raw:
            self.send(b"%x\r\n%b\r\n" % (len(raw), raw))

    def event(self, *values: Any) -> None:
        """Send events of a stream, together."""
        self.chunk(b"".join(b"data: %b\n\n" % json.dumps(value).encode() for value in values))

    def end(self) -> None:
        self.send(b"0\r\n\r\n")


def read(connection: socket.socket, source: BinaryIO) -> Exchange | None:
    """Return the next request on a connection; None at its end."""
    first = source.readline(65536).decode("latin-1").split()
    if len(first) != 3:
        return None
    headers: dict[str, str] = {}
    while line := source.readline(65536).decode("latin-1").strip():
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    body = source.read(min(int(headers.get("content-length", "0")), _MOST))
    ends = headers.get("connection", "").lower() == "close"
    return Exchange(connection, first[0], first[1], headers, body, close=ends)
