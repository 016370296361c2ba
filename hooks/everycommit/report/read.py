"""Verdicts back from what ``machine.py`` wrote, as far as a report needs them."""

import json
import os
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

from ..change import Change, FileChange
from ..record import fields
from ..result import Finding, GateResult, Outcome, Used, Verdict
from ..shards import Part, Sharded
from .machine import VERSION

_NO_ID = "0" * 40
# Names of objects are not told.


def read(text: bytes) -> tuple[str, list[Verdict]]:
    """Return the tool that wrote *text*, with its version, and its verdicts.

    Raises:
        ValueError: It is nothing that a run wrote.
    """
    try:
        whole = json.loads(text)
        if whole["version"] != VERSION:
            raise ValueError("another version")
        return str(whole["tool"]), [_verdict(one) for one in whole["verdicts"]]
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"not a result: {error!r}") from None


def _verdict(found: Mapping[str, Any]) -> Verdict:
    shard = found.get("shard")
    return Verdict(
        **{name: found[name] for name in ("occasion", "ref", "base_commit", "target_commit", "seconds")},
        notes=tuple(map(str, found["notes"])),
        change=_change(found["change"]),
        gates=tuple(map(_gate, found["gates"])),
        used=tuple(map(_used, found["models"])),
        shard=None if shard is None else Sharded(**{name: shard[name] for name in Sharded._fields}),
    )


def _change(found: Mapping[str, Any]) -> Change:
    files = tuple(map(_file, found["files"]))
    return Change(
        base=str(found["base"]),
        target=str(found["target"]),
        parents=tuple(map(str, found["parents"])),
        files=files,
        landing=files if found["landing"] is None else tuple(map(_file, found["landing"])),
    )


def _file(found: Mapping[str, Any]) -> FileChange:
    names = ("status", "old_mode", "mode", "added", "removed", "binary")
    return FileChange(
        path=_path(found, "path") or "",
        old_path=_path(found, "old_path"),
        old_id=_NO_ID,
        id=_NO_ID,
        **{name: found[name] for name in names},
    )


def _gate(found: Mapping[str, Any]) -> GateResult:
    names = ("gate", "project", "blocks", "reason", "summary", "seconds", "reused", "judged_at", "tool")
    part = found.get("part")
    return GateResult(
        **{name: found[name] for name in names},
        outcome=Outcome(found["outcome"]),
        counts={str(name): int(number) for name, number in found["counts"].items()},
        findings=tuple(map(_finding, found["findings"])),
        repair=tuple(map(str, found["repair"])),
        notes=tuple(map(str, found["notes"])),
        part=None if part is None else Part(**{name: part[name] for name in Part._fields}),
    )


def _used(found: Mapping[str, Any]) -> Used:
    return Used(**{field.name: found[field.name] for field in fields(Used)})


def _finding(found: Mapping[str, Any]) -> Finding:
    names = ("line", "end_line", "column", "rule", "severity", "new", "message", "source", "hint", "fingerprint")
    return Finding(path=_path(found, "path"), **{name: found[name] for name in names})


def _path(found: Mapping[str, Any], name: str) -> str | None:
    raw = found[f"{name}_bytes"]
    if raw is not None:
        return os.fsdecode(b64decode(raw))
    return None if found[name] is None else str(found[name])
