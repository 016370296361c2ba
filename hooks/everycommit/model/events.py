"""Server-sent events and JSON, read with limits: nothing that an endpoint sends may fill the memory."""

import json
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from ..errors import AnswerError

LONGEST_EVENT = 1024 * 1024


def events(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the data of each event in *pieces*, comments and other fields left out.

    Source: WHATWG HTML, "Server-sent events"; lines that end with a lone CR, which it allows, are sent by nobody.

    Raises:
        AnswerError: One event is longer than ``LONGEST_EVENT``.
    """
    held = b""
    data: list[bytes] = []
    size = 0
    for piece in pieces:
        *lines, held = (held + piece).split(b"\n")
        for ended in lines:
            line = ended.removesuffix(b"\r")
            if line.startswith(b"data:"):
                data.append(line[5:].removeprefix(b" "))
                size += len(line)
            elif not line and data:
                yield b"\n".join(data)
                data, size = [], 0
        if size + len(held) > LONGEST_EVENT:
            raise AnswerError(f"sent an event of more than {LONGEST_EVENT} bytes")
    if data:
        yield b"\n".join(data)


def parsed(raw: bytes) -> dict[str, Any]:
    """Return the JSON object in *raw*, read strictly: no NaN, no key twice.

    Raises:
        AnswerError: It is none.
    """
    try:
        found = _decoder().decode(raw.decode())
    except (ValueError, RecursionError) as error:
        # A parser's words may hold parts of the text; whose fault it is is enough.
        told = str(error) if isinstance(error, _StrictError) else "not JSON"
        raise AnswerError(f"sent what cannot be read: {told}") from None
    if not isinstance(found, dict):
        raise AnswerError("sent what cannot be read: no JSON object")
    return found


class _StrictError(ValueError):
    """JSON that one reader takes for one thing and another for another."""


@cache
def _decoder() -> json.JSONDecoder:
    return json.JSONDecoder(parse_constant=_no_constant, object_pairs_hook=_once)


def _no_constant(name: str) -> Any:
    raise _StrictError(f"{name} is no JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _StrictError("a key stands twice in one object")
    return found
