"""Findings that a person accepted, for the gates whose findings can be."""

import time
from collections.abc import Iterable, Sequence
from typing import Protocol

from ..change import Blobs, Change
from ..record import replace
from ..result import NOTE, Finding, stamped
from ..rules.names import ACCEPTED

DAY = 86_400


REVIEW = "review/"


class Judged(Protocol):
    """What is looked at: a job, or as much of one."""

    @property
    def change(self) -> Change: ...
    @property
    def blobs(self) -> Blobs: ...


def accepted(
    job: Judged, findings: list[Finding], today: str, *, review: bool = False
) -> tuple[list[Finding], Sequence[str], float | None]:
    """Return *findings* with those that a person accepted as notes, what to say, and when that ends to hold.

    *review*: of that gate, which speaks of its own entries only; policy speaks of all others.
    """
    file = next((file for file in job.change.files if file.path == ACCEPTED), None)
    if not findings and file is None:
        return findings, (), None
    entry = job.blobs.entries(job.change.target, [ACCEPTED]).get(ACCEPTED)
    if entry is None or not entry[0].startswith("100"):
        return findings, (), None
    from ..config.accepts import applied, read

    accepts = read(job.blobs.read(entry[1]))
    older = accepts.entries if file is None else ()
    if file is not None and file.was_file:
        older = read(job.blobs.read(file.old_id)).entries
    fresh = [one for one in accepts.entries if one not in older and one.rule.startswith(REVIEW) == review]
    found = applied(stamped(findings), accepts._replace(mistakes=()) if review else accepts, fresh, today)
    out = [
        replace(one, severity=NOTE, hint=f"accepted: {found.by[place].words}") if place in found.by else one
        for place, one in enumerate(findings)
    ]
    return out, found.notes, _end(one.until for one in found.by.values())


def _end(days: Iterable[str | None]) -> float | None:
    """Return the end of the first of *days*, in seconds since 1970."""
    first = min((day for day in days if day), default=None)
    return None if first is None else time.mktime(time.strptime(first, "%Y-%m-%d")) + DAY
