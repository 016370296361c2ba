"""Verdicts as JSON text, exact both ways: what comes back equals what was written, or nothing comes back."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .digest import sha256
from .record import replace
from .result import Finding, GateResult, Outcome

VERSION = 1
_SHORT = 96
_FINDING = {
    "path": (str, type(None)),
    "line": (int, type(None)),
    "end_line": (int, type(None)),
    "column": (int, type(None)),
    "rule": (str,),
    "severity": (str,),
    "message": (str,),
    "new": (bool,),
    "source": (str,),
    "hint": (str, type(None)),
    "fingerprint": (str,),
}
_RESULT = {
    "gate": (str,),
    "outcome": (str,),
    "project": (str,),
    "reason": (str, type(None)),
    "findings": (list,),
    "summary": (str,),
    "brief": (str,),
    "counts": (dict,),
    "tool": (str, type(None)),
    "seconds": (float, int),
    "notes": (list,),
    "repair": (list,),
    "judged_at": (float, int),
    "valid_until": (float, int, type(None)),
}
"""What is kept of a result. The other fields are the reading run's own."""


class Entry(NamedTuple):
    """One kept verdict."""

    key: str
    result: GateResult
    inputs: Mapping[str, str]
    """By name, short values as they were, longer ones as ``sha256:...``."""

    @property
    def judged_at(self) -> float:
        return self.result.judged_at or 0.0


def told(inputs: Mapping[str, str]) -> dict[str, str]:
    """Return *inputs* as an entry keeps them: enough to say which of them changed."""
    return {name: value if len(value) <= _SHORT else _digest(value)[:23] for name, value in inputs.items()}


def written(key: str, result: GateResult) -> tuple[str, str] | None:
    """Return the entry's text, in ASCII, and its digest; None where the text would not give the same verdict back."""
    import json

    content = {
        "version": VERSION,
        "key": key,
        "result": plain(result),
        "inputs": told(result.inputs),
    }
    try:
        text = json.dumps(content, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError):
        return None
    digest = digest_of(key, text)
    entry = read(key, text.encode(), digest.encode())
    # Two lone surrogates in a row become one character in JSON, for example.
    own = replace(result, reused=False, blocks=False, everything=False, each_time=False, inputs={})
    same = entry and entry.result == own
    return (text, digest) if same else None


def read(key: str, text: bytes, digest: bytes) -> Entry | None:
    """Return the entry that *text* is; None where anything about it is not as it was written."""
    import json

    try:
        plain = answered(key, text, digest)
        if plain is None:
            return None
        content = json.loads(plain)
        if content["version"] != VERSION or content["key"] != key:
            return None
        return Entry(key, result(content["result"]), _texts(content["inputs"]))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def answered(key: str, text: bytes, digest: bytes) -> str | None:
    """Return the text of a kept answer; None where anything about it is not as it was written."""
    try:
        plain = text.decode("ascii")
    except ValueError:
        return None
    return plain if digest_of(key, plain).encode() == digest else None


def digest_of(key: str, text: str) -> str:
    """Return what an entry carries over its key and text."""
    return _digest(f"{key}\n{text}")


def plain(result: GateResult) -> dict[str, Any]:
    """Return *result* as JSON can write it; ``judged_at`` must be set."""
    return {name: _plain(getattr(result, name)) for name in _RESULT}


def result(fields: Any) -> GateResult:
    """Return what ``plain`` made of a result.

    Raises:
        ValueError, TypeError, KeyError: It is not that.
    """
    checked = _checked(fields, _RESULT)
    return GateResult(
        **checked
        | {
            "outcome": Outcome(checked["outcome"]),
            "findings": tuple(Finding(**_checked(one, _FINDING)) for one in checked["findings"]),
            "counts": {name: _number(value) for name, value in checked["counts"].items()},
            "notes": _strings(checked["notes"]),
            "repair": _strings(checked["repair"]),
        }
    )


def findings_text(found: Sequence[Finding]) -> str | None:
    """Return *found* as a text in ASCII, None where it would not give the same findings back."""
    import json

    text = json.dumps([VERSION, _plain(tuple(found))], ensure_ascii=True, separators=(",", ":"))
    return text if findings_of(text) == tuple(found) else None


def findings_of(text: str) -> tuple[Finding, ...] | None:
    """Return the findings that *text* holds, None where it is no such text of this version."""
    import json

    try:
        version, plain = json.loads(text)
        return tuple(Finding(**_checked(one, _FINDING)) for one in plain) if version == VERSION else None
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, Finding):
        return {name: getattr(value, name) for name in _FINDING}
    return dict(value) if isinstance(value, Mapping) else value


def _checked(fields: Any, types: Mapping[str, tuple[type, ...]]) -> dict[str, Any]:
    """Return *fields* where they are exactly these names with values of exactly these types."""
    if fields.keys() != types.keys() or any(type(fields[name]) not in kinds for name, kinds in types.items()):
        raise ValueError("not the fields of this version")
    return dict(fields)


def _strings(values: list[Any]) -> tuple[str, ...]:
    if not all(isinstance(value, str) for value in values):
        raise TypeError("not a text")
    return tuple(values)


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    return dict(zip(values, _strings(list(values.values())), strict=True))


def _number(value: Any) -> int:
    if type(value) is not int:
        raise TypeError("not a number")
    return value


def _digest(text: str) -> str:
    return "sha256:" + sha256(text.encode(errors="surrogatepass")).hexdigest()
