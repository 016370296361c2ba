"""A change may not loosen the settings that judge it."""

import re
from collections.abc import Sequence
from typing import Protocol

from ..change import Blobs, Change
from ..result import ERROR, WARNING, Finding
from ..text import printable

FILE = "pyproject.toml"
_LONGEST = 60
_HEADER = r"\s*\[\s*([^\[\]]+?)\s*\]\s*(?:#.*)?"
_KEY = r"\s*([A-Za-z0-9_\-.\"' ]+?)\s*="


class Loosened(Protocol):
    """A setting that target makes looser than base has it; values as TOML writes them."""

    @property
    def key(self) -> str: ...
    @property
    def base(self) -> str: ...
    @property
    def target(self) -> str: ...


def loosening(
    change: Change, loosened: Sequence[Loosened], blobs: Blobs, *, occasion: str, refuse: bool = False
) -> list[Finding]:
    """Return a finding for each of *loosened*, at its line in target's file where that can be found.

    A warning where the change touches the settings' file alone or, as a merge of others' work, not at all, and at push
    and in CI, which let settings evolve commit by commit; an error where it comes with other changes, or to *refuse*.
    """
    if not loosened:
        return []
    severity = WARNING if not refuse and (occasion != "commit" or _by_itself(change)) else ERROR
    lines = _target_lines(change, blobs)
    return [_finding(one, severity, line_of(one.key, lines), refuse=refuse) for one in loosened]


def _by_itself(change: Change) -> bool:
    touches = [FILE in {file.path, file.source} for file in change.files]
    return all(touches) or not any(touches)


def line_of(key: str, lines: Sequence[str]) -> int | None:
    """Return the line (from 1) that sets *key* in a pyproject.toml, else its table's header, else None.

    TOML in its usual spelling is enough here: this places a finding, it does not read settings.
    """
    wanted = ["tool", "everycommit", *key.split(".")]
    header, table, below = None, list[str](), False
    for number, line in enumerate(lines, start=1):
        if found := re.fullmatch(_HEADER, line):
            table = _parts(found[1])
            header = number if table == wanted[:-1] else header
        below = table == wanted[: len(table)] and bool(table)
        if below and (found := re.match(_KEY, line)) and table + _parts(found[1]) == wanted:
            return number
    return header


def _finding(one: Loosened, severity: str, line: int | None, *, refuse: bool) -> Finding:
    if one.key.endswith(".run") and one.target == "[]":
        message = f"drops {one.key.removesuffix('.run')}; it still judges this change: {_short(one.base)}"
    else:
        message = (
            f"loosens {one.key} from {_short(one.base)} to {_short(one.target)}; this change is judged by the first"
        )
    hint = None
    if refuse:
        hint = "This build refuses every loosening (--refuse-loosening): take it back, or have whoever runs it decide."
    elif severity == ERROR:
        hint = f"Commit {FILE} by itself first: alone it passes with a warning."
    return Finding(path=FILE, line=line, rule="policy/settings-loosened", severity=severity, message=message, hint=hint)


def _target_lines(change: Change, blobs: Blobs) -> list[str]:
    entry = blobs.entries(change.target, [FILE]).get(FILE)
    return blobs.read(entry[1]).decode(errors="replace").split("\n") if entry else []


def _parts(dotted: str) -> list[str]:
    return [part.strip().strip("\"'") for part in dotted.split(".")]


def _short(value: str) -> str:
    text = printable(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
