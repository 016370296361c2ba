"""One finding of a tool, as far as its format tells."""

import re
from typing import Any, NamedTuple

from ...result import ERROR, NOTE, WARNING

LONGEST = 2000
"""Characters of a message that are kept."""
MOST = 10_000
"""Findings that are read; a tool that says more has said enough."""
_SEVERITIES = {
    **dict.fromkeys(("error", "fatal", "failure", "critical", "blocker", "high"), ERROR),
    **dict.fromkeys(("warning", "warn", "major", "medium"), WARNING),
    **dict.fromkeys(
        ("info", "information", "note", "notice", "style", "suggestion", "hint", "minor", "low", "none"), NOTE
    ),
}


class Said(NamedTuple):
    """One finding; what the format leaves open is None."""

    path: str | None
    line: int | None
    message: str
    column: int | None = None
    severity: str | None = None
    """error, warning or note; None: an error where the command failed."""
    rule: str = ""


class UnreadableError(ValueError):
    """This is not what the format promises; the text says what is there instead."""


def severity(word: object) -> str | None:
    """Return our word for a tool's severity; None for one that nobody knows."""
    return None if word is None else _SEVERITIES.get(str(word).strip().lower())


def number(value: object) -> int | None:
    """Return a line or column, from 1; None for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    try:
        found = int(value)
    except ValueError:
        return None
    return found if 0 < found < 10**9 else None


def text(value: object) -> str:
    """Return a message of bounded length."""
    return str(value if value is not None else "").strip()[:LONGEST]


def rule(value: object) -> str:
    """Return a rule's name in signs that a report can carry."""
    return re.sub(r"[^\w@.:/+-]+", "-", str(value or "")).strip("-/")[:100]


def table(value: object) -> dict[str, Any]:
    """Return *value* where it is an object of JSON, else an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[Any]:
    """Return *value* where it is a list of JSON, else an empty one."""
    return value if isinstance(value, list) else []
