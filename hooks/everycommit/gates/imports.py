"""Which imports that lead nowhere are the project's own, where mypy has no settings that say which matter."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..result import Finding
from .base import Job
from .sources import joined

_UNTYPED = "types/import-untyped"
# The second is what mypy before 1.8 calls both.
_MISSING = ("types/import-not-found", "types/import")
_NAMED = r'module named "([^"]+)"'
_INITS = ("__init__.py", "__init__.pyi")


def without_foreign(job: Job, top: Path, found: Iterable[Finding]) -> list[Finding]:
    """Return *found* without what mypy says of packages of others that are not there or have no types.

    An import is the project's own where it leads into a package of the tree *top*, or to a file that the change took
    away.
    """
    gone = [file.source for file in job.change.landing if file.was_file]
    return [one for one in found if one.rule != _UNTYPED and (one.rule not in _MISSING or _own(job, top, one, gone))]


def _own(job: Job, top: Path, finding: Finding, gone: Sequence[str]) -> bool:
    named = re.search(_NAMED, finding.message)
    if named is None:
        return False
    parts = named[1].split(".")
    module = "/".join(parts)
    ends = (f"/{module}.py", f"/{module}.pyi", *(f"/{module}/{name}" for name in _INITS))
    if any(f"/{path}".endswith(ends) for path in gone):
        return True
    places = [top / joined(job.project, folder) for folder in ("src", ".")]
    # A namespace is anybody's: what counts is a folder with an __init__ on the way.
    ways = ["/".join(parts[:count]) for count in range(1, len(parts))]
    return any((place / way / name).is_file() for place in places for way in ways for name in _INITS)
