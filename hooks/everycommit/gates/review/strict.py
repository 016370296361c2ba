"""Takes the one JSON object out of what a model wrote, in bounded time and memory, whatever it wrote."""

from collections.abc import Mapping, Sequence
from typing import Any

from ...model.client import Reply

LARGEST = 1 << 20
"""Characters; no answer to a question of ours has a tenth of them."""
_STARTS = 64
"""Places that are tried as the beginning of the object."""
_READ = 4 * LARGEST
"""Characters that are parsed at most, all places together."""
_REFUSED = frozenset({"content_filter", "refusal", "safety"})


class Unreadable(Exception):  # noqa: N818 - it never leaves the review
    """Why an answer cannot be believed, as a clause: ``the answer is cut off``."""


class _NoJson(Unreadable):
    def __init__(self) -> None:
        super().__init__("the answer is no JSON")


def document(reply: Reply, keys: Sequence[str]) -> Mapping[str, Any]:
    """Return the object with *keys* that *reply* is; on the lower rungs words and code fences may stand around it.

    Raises:
        Unreadable: The model declined, was cut off, or wrote something else, or several of them.
    """
    if reply.refusal or reply.finish in _REFUSED:
        raise Unreadable("the model declined to answer")
    if reply.finish == "length":
        raise Unreadable("the answer is cut off")
    text = _without_thoughts(reply.text)
    if len(text) > LARGEST:
        raise Unreadable(f"the answer has {len(text):,} characters")
    if not text.strip():
        raise Unreadable("the answer is empty")
    strict = reply.rung.startswith("json_schema")
    return _whole(text, keys) if strict and text.lstrip().startswith("{") else _only(text, keys)


def text_of(fields: Mapping[str, Any], name: str) -> str:
    """Return the text *name* of *fields*.

    Raises:
        Unreadable: There is none.
    """
    value = fields.get(name)
    if not isinstance(value, str):
        raise Unreadable(f"the answer has no text '{name}' where it has to")
    return value


def records(fields: Mapping[str, Any], name: str, *, most: int) -> list[Mapping[str, Any]]:
    """Return the list of objects *name* of *fields*.

    Raises:
        Unreadable: There is none, something else is in it, or more than *most*.
    """
    value = fields.get(name)
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise Unreadable(f"the answer has no list '{name}' where it has to")
    if len(value) > most:
        raise Unreadable(f"the answer has {len(value):,} {name}")
    return value


def _without_thoughts(text: str) -> str:
    """Return *text* without what a model thought aloud before it, where its server leaves that in."""
    opening, closing = "<think>", "</think>"
    head = text.lstrip()
    return head.partition(closing)[2] if head.startswith(opening) and closing in head else text


def _whole(text: str, keys: Sequence[str]) -> Mapping[str, Any]:
    found: Mapping[str, Any]
    found, end = _parsed(text, text.index("{"))
    if text[end:].strip():
        raise Unreadable("the answer goes on behind its end")
    if not _has(found, keys):
        raise Unreadable("the answer is not of the form that was asked for")
    return found


def _only(text: str, keys: Sequence[str]) -> Mapping[str, Any]:
    """Return the only object with *keys* in *text*: of two nobody knows which one is meant."""
    found: list[Mapping[str, Any]] = []
    objects = 0
    at, read = text.find("{"), 0
    for _ in range(_STARTS):
        if at < 0 or read > _READ:
            break
        try:
            value, end = _parsed(text, at)
        except _NoJson:
            end = at + 1
            read += len(text) - at
        else:
            objects += 1
            found += [value] if _has(value, keys) else []
        at = text.find("{", end)
    if at >= 0:
        raise Unreadable("the answer is lost in other text")
    if len(found) > 1:
        raise Unreadable("there is more than one answer in the answer")
    if not found:
        raise Unreadable("the answer is not of the form that was asked for") if objects else _NoJson
    return found[0]


def _has(value: object, keys: Sequence[str]) -> bool:
    return isinstance(value, dict) and all(key in value for key in keys)


def _parsed(text: str, at: int) -> tuple[Any, int]:
    import json

    decoder = json.JSONDecoder(object_pairs_hook=_distinct, parse_constant=_no_number)
    try:
        return decoder.raw_decode(text, at)
    except RecursionError:
        raise Unreadable("the answer is nested too deep") from None
    except ValueError:
        raise _NoJson from None


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Unreadable("the answer says the same thing twice")
    return found


def _no_number(word: str) -> Any:
    raise Unreadable(f"the answer holds {word}, which is no JSON")
