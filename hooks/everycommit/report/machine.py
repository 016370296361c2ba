"""What a machine reads: ``--format json``, version 1, described in docs/json.md.

New keys may be added; a key is never renamed or dropped within a version.
"""

import json
import os
import re
from base64 import b64encode
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .. import __version__
from ..change import FileChange
from ..result import Finding, GateResult, Told, Used, Verdict

if TYPE_CHECKING:
    from ..shards import Part

VERSION = 1
_SURROGATE = re.compile("[\ud800-\udfff]")


def render(verdicts: Sequence[Verdict], *, exit: int) -> str:  # noqa: A002 - the key's name
    """Return *verdicts* as one line of ASCII JSON and a newline; any reader of JSON takes it."""
    return json.dumps(whole(verdicts, exit=exit), ensure_ascii=True, allow_nan=False) + "\n"


def whole(verdicts: Sequence[Verdict], *, exit: int) -> dict[str, Any]:  # noqa: A002 - the key's name
    """Return the same as an object."""
    return {
        "version": VERSION,
        "tool": f"everycommit {__version__}",
        "exit": exit,
        "verdicts": [_verdict(verdict) for verdict in verdicts],
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "occasion": _text(verdict.occasion),
        "ref": _text(verdict.ref),
        "base_commit": verdict.base_commit,
        "target_commit": verdict.target_commit,
        "outcome": str(verdict.outcome),
        "blocks": verdict.blocks,
        "seconds": _seconds(verdict.seconds),
        "notes": [_text(note) for note in verdict.notes],
        "shard": verdict.shard and dict(verdict.shard._asdict()),
        "change": _change(verdict),
        "gates": [told(gate) for gate in verdict.gates],
        "models": [_used(used) for used in verdict.used],
    }


def _change(verdict: Verdict) -> dict[str, Any]:
    change = verdict.change
    merge = len(change.landing) != len(change.files) or change.landing != change.files
    return {
        "base": change.base,
        "target": change.target,
        "parents": list(change.parents),
        "added": change.added,
        "removed": change.removed,
        "files": [_file(file) for file in change.files],
        "landing": [_file(file) for file in change.landing] if merge else None,
    }


def _file(file: FileChange) -> dict[str, Any]:
    path, path_bytes = _path(file.path)
    old_path, old_path_bytes = _path(file.old_path)
    return {
        "path": path,
        "path_bytes": path_bytes,
        "old_path": old_path,
        "old_path_bytes": old_path_bytes,
        "status": file.status,
        "old_mode": file.old_mode,
        "mode": file.mode,
        "added": file.added,
        "removed": file.removed,
        "binary": file.binary,
    }


def told(gate: GateResult) -> dict[str, Any]:
    return {
        "gate": _text(gate.gate),
        "project": _text(gate.project),
        "outcome": str(gate.outcome),
        "blocks": gate.blocks,
        "reason": _text(gate.reason),
        "summary": _text(gate.summary),
        "seconds": _seconds(gate.seconds),
        "reused": gate.reused,
        "judged_at": gate.judged_at,
        "tool": _text(gate.tool),
        "counts": {_text(name): number for name, number in gate.counts.items()},
        "older": gate.older,
        "findings": [_finding(finding) for finding in gate.findings],
        "repair": [_text(command) for command in gate.repair],
        "notes": [_text(note) for note in gate.notes],
        "part": gate.part and _part(gate.part),
        "explained": gate.told and _told(gate.told),
    }


def _part(part: "Part") -> dict[str, Any]:
    whole = part._asdict()
    return {**whole, "why": _text(part.why), "seconds": {_text(name): took for name, took in part.seconds.items()}}


def _told(told: Told) -> dict[str, Any]:
    return {
        "where": _text(told.where),
        "python": _text(told.python),
        "all": _text(told.all),
        "reached": [{"test": _text(test), "way": _text(way)} for test, way in told.reached],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    path, path_bytes = _path(finding.path)
    return {
        "path": path,
        "path_bytes": path_bytes,
        "line": finding.line,
        "end_line": finding.end_line,
        "column": finding.column,
        "rule": _text(finding.rule),
        "severity": finding.severity,
        "new": finding.new,
        "message": _text(finding.message),
        "source": _text(finding.source),
        "hint": _text(finding.hint),
        "fingerprint": finding.fingerprint,
    }


def _used(used: Used) -> dict[str, Any]:
    return {
        "profile": _text(used.profile),
        "model": _text(used.model),
        "role": used.role,
        "questions": used.questions,
        "failed": used.failed,
        "tokens_in": used.tokens_in,
        "cached": used.cached,
        "tokens_out": used.tokens_out,
        "seconds": _seconds(used.seconds),
        "cost": used.cost,
    }


def _seconds(seconds: float) -> float:
    return round(seconds, 3)


def _text(text: str | None) -> str | None:
    """Return *text* with U+FFFD for each lone surrogate, which JSON can write and most readers refuse."""
    return text if text is None or text.isascii() else _SURROGATE.sub("\ufffd", text)


def _path(path: str | None) -> tuple[str | None, str | None]:
    """Return *path* as text, and its true bytes in base64 where they are not UTF-8."""
    if path is None or path.isascii():
        return path, None
    try:
        raw = os.fsencode(path)
    except UnicodeEncodeError:
        # Not from git: no file name decodes to this.
        return _text(path), None
    try:
        return raw.decode(), None
    except UnicodeDecodeError:
        return raw.decode(errors="replace"), b64encode(raw).decode()
