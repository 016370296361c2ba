"""Findings that a person accepted: ``.everycommit/accepted.toml`` of the repository, reviewed like any other file.

An entry holds for one finding, by its fingerprint, rule and path; when the code changes the fingerprint does.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ..result import Finding
from ..rules.names import ACCEPTED, FIXED, short
from ..text import printable
from .values import toml

FEWEST = 7
"""As much of a fingerprint as names it."""
_FINGERPRINT = re.compile(rf"[0-9a-f]{{{FEWEST},64}}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_HEAD = """\
# Findings of everycommit that are accepted. Each entry holds for one finding and ends when its code changes.
"""


class Acceptance(NamedTuple):
    """One entry of the file."""

    fingerprint: str
    rule: str
    path: str
    """Empty where the finding belongs to no file."""
    reason: str
    who: str
    until: str | None
    """The last day, ``2026-12-31``; None: as long as the code stays as it is."""

    def means(self, finding: Finding) -> bool:
        """Tell whether the entry is of *finding*: what it says beside the fingerprint has to be true as well."""
        return (
            finding.fingerprint.startswith(self.fingerprint)
            and self.rule == finding.rule
            and self.path == printable(finding.path or "")
        )

    def expired(self, today: str) -> bool:
        return self.until is not None and self.until < today

    @property
    def words(self) -> str:
        end = f", until {self.until}" if self.until else ""
        return printable(f'"{self.reason}" ({self.who}{end})')


class Accepts(NamedTuple):
    """What the file says."""

    entries: tuple[Acceptance, ...]
    mistakes: tuple[str, ...]


def read(content: bytes | None) -> Accepts:
    """Return the entries that are right, and a sentence for each that is not."""
    if not content:
        return Accepts((), ())
    import tomllib

    try:
        document = tomllib.loads(content.decode())
    except (ValueError, RecursionError) as error:
        return Accepts((), (printable(f"{ACCEPTED}: {error}; nothing in it counts"),))
    tables = document.get("accepted", [])
    if not isinstance(tables, list):
        return Accepts((), (f"{ACCEPTED}: 'accepted' is no array of tables; nothing in it counts",))
    entries, mistakes = [], []
    for number, table in enumerate(tables, start=1):
        found = _entry(table)
        if isinstance(found, str):
            mistakes.append(printable(f"{ACCEPTED}: entry {number} {found}; it does not count"))
        else:
            entries.append(found)
    return Accepts(tuple(entries), tuple(mistakes))


def _entry(table: object) -> Acceptance | str:
    """Return the entry, or what is wrong with it."""
    if not isinstance(table, Mapping):
        return "is no table"
    for name in ("fingerprint", "rule", "reason"):
        if not isinstance(table.get(name), str) or not table[name].strip():
            return f"has no {name}"
    if not _FINGERPRINT.fullmatch(table["fingerprint"]):
        return f"has the fingerprint {toml(table['fingerprint'])}, which is not {FEWEST} or more of 0-9 and a-f"
    until = str(table["until"]) if "until" in table else None
    if until is not None and not _DATE.fullmatch(until):
        return f"has until = {toml(table['until'])}, which is no date"
    return Acceptance(
        table["fingerprint"], table["rule"], _text(table, "path"), table["reason"], _text(table, "who"), until
    )


def _text(table: Mapping[str, Any], name: str) -> str:
    value = table.get(name, "")
    return value if isinstance(value, str) else ""


def written(content: bytes | None, new: Acceptance) -> bytes:
    """Return the file with *new* behind all that is there."""
    lines = [f"{name} = {toml(value)}" for name, value in new._asdict().items() if value and name != "until"]
    lines += [f"until = {new.until}"] if new.until else []
    before = content or _HEAD.encode()
    gap = b"" if before.endswith(b"\n") else b"\n"
    return before + gap + "\n[[accepted]]\n{}\n".format("\n".join(lines)).encode()


class Applied(NamedTuple):
    """Which findings an acceptance is for, and what there is to say."""

    by: Mapping[int, Acceptance]
    """By the finding's place in the list."""
    notes: tuple[str, ...]


def applied(findings: Sequence[Finding], accepts: Accepts, fresh: Iterable[Acceptance], today: str) -> Applied:
    """Return which of *findings* (with fingerprints) are accepted.

    *fresh* are the entries that the change itself brings: one of those that is of no finding is said to be stale.
    Older ones were of changes that are in by now.
    """
    by: dict[int, Acceptance] = {}
    notes = list(accepts.mistakes)
    met: set[Acceptance] = set()
    for place, finding in enumerate(findings):
        for one in accepts.entries:
            if not one.means(finding):
                continue
            met.add(one)
            where = f"{one.fingerprint[:FEWEST]} {finding.rule}{f' {one.path}' if one.path else ''}"
            if short(one.rule) in FIXED:
                notes.append(f"not accepted: {where}: {FIXED[short(one.rule)]}")
            elif one.expired(today):
                notes.append(f"no longer accepted: {where}: {one.words}")
            else:
                by[place] = one
                notes.append(f"accepted: {where}: {one.words}")
                break
    notes += [
        printable(f"stale: {ACCEPTED} accepts {one.fingerprint[:FEWEST]} {one.rule} {one.path}, which is not found")
        for one in fresh
        if one not in met
    ]
    return Applied(by, tuple(dict.fromkeys(notes)))
