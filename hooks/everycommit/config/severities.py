"""``[tool.everycommit.policy.rules]``: what it takes, and how it is written."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..rules.names import ELSEWHERE, OWN, SEVERITIES, short
from ..rules.severity import Level, Side
from .values import Mistake, nearest, shown, toml

_TAKES = ", ".join(f"'{severity}'" for severity in reversed(SEVERITIES))
_KEYS = {"severity", "paths"}


def side(value: object) -> tuple[Side, ...]:
    """Return the table as one side; nothing where it is empty.

    Raises:
        Mistake: A rule that is not there, or a severity that is none.
    """
    if not isinstance(value, Mapping):
        raise Mistake(f"{shown(value)} is not a table of severities by rule")
    found = {_rule(name): tuple(_levels(short(name), levels)) for name, levels in value.items()}
    return (found,) if found else ()


def written_side(found: Side) -> str:
    """Return one side as an inline table."""
    return "{" + ", ".join(f"{name} = {_written(levels)}" for name, levels in found.items()) + "}"


def written_rule(sides: Sequence[Side], name: str) -> str:
    """Return what *sides* say of rule *name*; its own severity where they say nothing."""
    return " and ".join(_written(one[name]) for one in sides if name in one) or f"its own, {toml(OWN[name])}"


def _rule(name: str) -> str:
    known = short(name)
    if known in ELSEWHERE:
        raise Mistake(f"{known}: cannot be set here: {ELSEWHERE[known]}")
    if known not in OWN:
        raise Mistake(f"{shown(name)}: no such rule{nearest(known, list(OWN)) or '; everycommit explain names them'}")
    return known


def _levels(name: str, value: object) -> Iterator[Level]:
    for one in value if isinstance(value, list) and value else [value]:
        if isinstance(one, Mapping) and one.keys() <= _KEYS and "severity" in one:
            yield _severity(name, one["severity"]), _globs(name, one)
        else:
            yield _severity(name, one), ()


def _severity(name: str, value: object) -> str:
    if not isinstance(value, str) or value not in SEVERITIES:
        near = nearest(value, SEVERITIES) if isinstance(value, str) else ""
        example = "" if isinstance(value, str) else '; or {severity = "off", paths = ["scripts/**"]}'
        raise Mistake(f"{name}: {shown(value)} is not one of {_TAKES}{near}{example}")
    return value


def _globs(name: str, table: Mapping[str, Any]) -> tuple[str, ...]:
    globs = table.get("paths", [])
    if not isinstance(globs, list) or not all(isinstance(glob, str) and glob and "\0" not in glob for glob in globs):
        raise Mistake(f"{name}: paths: {shown(globs)} is not a list of globs")
    if not globs and "paths" in table:
        raise Mistake(f"{name}: paths: [] holds nowhere; leave it out for everywhere")
    return tuple(globs)


def _written(levels: Sequence[Level]) -> str:
    parts = [
        f"{{severity = {toml(severity)}, paths = {toml(globs)}}}" if globs else toml(severity)
        for severity, globs in levels
    ]
    return parts[0] if len(parts) == 1 else f"[{', '.join(parts)}]"
