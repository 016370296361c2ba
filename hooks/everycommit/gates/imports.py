"""Which imports that lead nowhere are the project's own, where mypy has no settings that say which matter."""

import re
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from ..record import replace
from ..result import Finding
from .base import Job
from .sources import joined

_NOT_FOUND = "types/import-not-found"
# The last is what mypy before 1.8 calls both.
_RULES = (_NOT_FOUND, "types/import-untyped", "types/import")
_NAMED = r'(?:module named|Skipping analyzing) "([^"]+)"'
_BUILT = (".so", ".pyd")
_INITS = ("__init__.py", "__init__.pyi")


def without_foreign(job: Job, top: Path, found: Iterable[Finding], bases: Collection[str]) -> list[Finding]:
    """Return *found* without what mypy says of packages of others that are not there or have no types.

    *bases* are the folders of the project in which its packages lie. An import is the project's own where it leads into
    a package of the tree *top*, or to a file that the change took away. Where an editable install leads mypy to the
    working tree's file, that is said of the tree.
    """
    gone = [file.source for file in job.change.landing if file.was_file]
    places = [top / joined(job.project, folder) for folder in {*bases, "src", "."}]
    kept = []
    for one in found:
        module = re.search(_NAMED, one.message) if one.rule in _RULES else None
        if module is not None and _own(places, module[1].split("."), gone):
            kept.append(replace(one, rule=_NOT_FOUND, message=f'Cannot find module named "{module[1]}" in this change'))
        elif one.rule not in _RULES:
            kept.append(one)
    return kept


def _own(places: Sequence[Path], parts: Sequence[str], gone: Sequence[str]) -> bool:
    module = "/".join(parts)
    ends = (f"/{module}.py", f"/{module}.pyi", *(f"/{module}/{name}" for name in _INITS))
    if any(f"/{path}".endswith(ends) for path in gone):
        return True
    # A namespace is anybody's: what counts is a folder with an __init__ on the way.
    ways = ["/".join(parts[:count]) for count in range(1, len(parts))]
    own = [place for place in places for way in ways if any((place / way / name).is_file() for name in _INITS)]
    return bool(own) and not any(_is_built(place / module) for place in own)


def _is_built(module: Path) -> bool:
    """Tell whether an extension stands where *module* is looked for, of which mypy knows nothing."""
    start = f"{module.name}."
    names = (path.name for path in module.parent.iterdir()) if module.parent.is_dir() else ()
    return any(name.startswith(start) and name.endswith(_BUILT) for name in names)
