"""A client's hook file with our entries in it or out of it; whatever else it holds stays, in its order."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import UsageError
from .client import CALL

_INDENT = r"\n([ \t]+)\S"


def installed(text: str, name: str, hooks: Mapping[str, Sequence[Mapping[str, Any]]], hollow: Mapping[str, Any]) -> str:
    """Return *text*, a hook file or nothing, with *hooks*: entries of client *name* by event.

    Ours are renewed where they stand. Where nothing has to change, every byte stays.

    Raises:
        UsageError: It is no JSON, or not in the form of a hook file.
    """
    document = _document(text)
    wanted = {**hollow, **document}
    table = dict(_table(wanted))
    for event in {**table, **hooks}:
        table[event] = _renewed(_entries(table, event), name, hooks.get(event, ()))
    wanted["hooks"] = {event: entries for event, entries in table.items() if entries or event not in hooks}
    return text if wanted == document else _written(wanted, text)


def removed(text: str, name: str, hollow: Mapping[str, Any]) -> str:
    """Return *text* without the entries of client *name*; empty where nothing is left that is worth a file.

    Raises:
        UsageError: As ``installed``.
    """
    document = _document(text)
    table = dict(_table(document))
    changed = {event: _renewed(_entries(table, event), name, ()) for event in table}
    if changed == table:
        return text
    kept = {event: entries for event, entries in changed.items() if entries}
    wanted = {key: value for key, value in document.items() if key != "hooks" or kept}
    if kept:
        wanted["hooks"] = kept
    return "" if wanted in ({}, dict(hollow)) else _written(wanted, text)


def holds(text: str, name: str) -> bool:
    """Tell whether *text* calls us for client *name*."""
    return re.search(rf"{CALL}{name}\b", text) is not None


def _renewed(entries: Sequence[Any], name: str, ours: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Return *entries* with *ours* in the place of those that call us."""
    found: list[Any] = []
    placed = False
    for entry in entries:
        rest = _without(entry, name)
        if rest is not None:
            found.append(rest)
        if rest != entry and not placed:
            found += ours
            placed = True
    return found if placed else [*found, *ours]


def _without(entry: Any, name: str) -> Any:
    """Return *entry* without our commands; None where it has no other."""
    if not isinstance(entry, dict):
        return entry
    if any(isinstance(entry.get(key), str) and holds(entry[key], name) for key in ("command", "bash")):
        return None
    inner = entry.get("hooks")
    if not isinstance(inner, list):
        return entry
    rest = [one for one in inner if _without(one, name) is not None]
    return entry if rest == inner else {**entry, "hooks": rest} if rest else None


def _document(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text) if text.strip() else {}
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"it is not plain JSON ({error}); with comments in it, put the entries in by hand: add --print"
        ) from error
    if not isinstance(found, dict):
        raise UsageError("it is JSON, but no table of settings")
    return found


def _table(document: Mapping[str, Any]) -> Mapping[str, Any]:
    found = document.get("hooks", {})
    if not isinstance(found, dict):
        raise UsageError("its 'hooks' is no table of events")
    return found


def _entries(table: Mapping[str, Any], event: str) -> Sequence[Any]:
    found = table.get(event, [])
    if not isinstance(found, list):
        raise UsageError(f"its hooks for '{event}' are no list")
    return found


def _written(document: Mapping[str, Any], like: str) -> str:
    """Return *document* as text, indented as *like* is."""
    found = re.search(_INDENT, like)
    indent = found[1] if found else "  "
    end = "" if like and not like.endswith("\n") else "\n"
    return json.dumps(document, indent=indent, ensure_ascii=False) + end
