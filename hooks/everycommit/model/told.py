"""What a server says about an error, cut down to what may be shown: never a key, never the question."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ..rules.secret_scan import masked
from ..text import printable

_LONGEST = 160
_SHARED = 16
"""So many characters in a row, the same as in the question, are taken for an echo of it."""
_SHARED_KEY = 6


def word(found: Any, *, question: str, key: str | None) -> str:
    """Return the server's own code and message in *found*, the parsed body of an error; empty where it has none.

    A code is a name. A message is shown only where it repeats nothing of *question* or *key*.
    """
    error = found.get("error", found) if isinstance(found, Mapping) else None
    if isinstance(error, str):
        error = {"message": error}
    if not isinstance(error, Mapping):
        return ""
    texts = {name: value for name, value in error.items() if isinstance(value, str)}
    code = next((texts[name] for name in ("code", "type") if _is_name(texts.get(name, ""))), "")
    message = texts.get("message") or texts.get("detail") or ""
    message = " ".join(printable(message[: 4 * _LONGEST]).split())[:_LONGEST].rstrip(". ")
    if _echoes(message, question, _SHARED) or (key and _echoes(message, key, _SHARED_KEY)):
        message = ""
    code = "" if key and _echoes(code, key, _SHARED_KEY) else code
    return ": ".join(part for part in (code, masked(message)) if part)


def error_body(raw: bytes) -> Any:
    """Return the parsed body of an error; None where it is no JSON."""
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


def question(texts: Iterable[str]) -> str:
    """Return a question as ``word`` compares it."""
    return " ".join(" ".join(texts).split())


def _is_name(value: str) -> bool:
    return bool(re.fullmatch(r"[A-Za-z][A-Za-z0-9_.\-]{0,59}", value))


def _echoes(message: str, text: str, length: int) -> bool:
    return any(message[place : place + length] in text for place in range(len(message) - length + 1))
