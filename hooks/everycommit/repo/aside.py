"""Contents of submodules that the last run laid out: set aside while the tree is swept, put back as they were."""

import json
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from .cache import remove
from .slot import Slot

_VERSION = 1
_Facts = list[int]
"""Mode alone of a folder; mode, inode, size, mtime and ctime in nanoseconds of all else."""


class Aside:
    """The contents of one slot, by the submodule's path and the commit that was laid out there.

    Nobody can set a file's ctime: what has the facts that it had right after it was written has its content.
    """

    def __init__(self, slot: Slot) -> None:
        self._tree = slot.tree
        self._place = slot.folder / "aside"
        self._record = slot.folder / "modules.json"
        self._known: dict[str, tuple[str, dict[str, _Facts]]] = {}
        self._kept: dict[str, tuple[str, dict[str, _Facts]]] = {}

    def take(self) -> None:
        """Move the contents that are known out of the tree; all others are left to the sweep.

        Raises:
            OSError: What was written down of them cannot be removed.
        """
        known = self._read()
        # Until the end of this run nothing is known: it may be killed.
        self._record.unlink(missing_ok=True)
        remove(self._place)
        top = Path(os.path.realpath(self._tree.parent), self._tree.name)
        for number, path in enumerate(sorted(known)):
            place, aside = self._tree / path, self._place / str(number)
            # A test may have put a link in the way: what it leads to is not ours to move.
            if not place.is_dir() or os.path.realpath(place) != str(top / path):
                continue
            # A folder that a test made read-only, for one: the sweep opens it.
            with suppress(OSError):
                self._place.mkdir(exist_ok=True)
                place.rename(aside)
                # The sweep would take a missing folder for a hole.
                place.mkdir()
                commit, facts = known[path]
                self._known[path] = (commit, facts | {"": [number]})

    def put_back(self, path: str, commit: str) -> bool:
        """Tell whether the contents at *path* are now those of *commit*, as they were laid out before.

        Raises:
            OSError: They cannot be moved.
        """
        was, facts = self._known.pop(path, ("", {}))
        if was != commit:
            return False
        aside, place = self._place / str(facts.pop("")[0]), self._tree / path
        if not _is_as_it_was(aside, facts):
            return False
        place.rmdir()
        aside.rename(place)
        self._kept[path] = (commit, facts)
        return True

    def keep(self, path: str, commit: str) -> None:
        """Note that *path* has just been laid out whole at *commit*."""
        facts = {name: _facts(found) for name, found in _walk(self._tree / path)}
        self._kept[path] = (commit, facts)

    def close(self) -> None:
        """Write down what is known, and remove what was not put back.

        Raises:
            OSError: It cannot be written.
        """
        remove(self._place)
        if self._kept:
            text = json.dumps({"version": _VERSION, "modules": self._kept})
            self._record.write_text(text, encoding="ascii")

    def _read(self) -> dict[str, tuple[str, dict[str, _Facts]]]:
        with suppress(OSError, ValueError, LookupError, TypeError, AttributeError):
            kept = json.loads(self._record.read_text(encoding="ascii"))
            if kept["version"] == _VERSION:
                return {path: (commit, dict(facts)) for path, (commit, facts) in kept["modules"].items()}
        return {}


def _walk(top: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Yield what lies below *top*, by its path from there; a folder before what is in it."""
    folders = [""]
    while folders:
        folder = folders.pop()
        with os.scandir(top / folder) as entries:
            for entry in entries:
                path = f"{folder}/{entry.name}" if folder else entry.name
                found = entry.stat(follow_symlinks=False)
                yield path, found
                if stat.S_ISDIR(found.st_mode):
                    folders.append(path)


def _facts(found: os.stat_result) -> _Facts:
    if stat.S_ISDIR(found.st_mode):
        return [found.st_mode]
    return [found.st_mode, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns]


def _is_as_it_was(top: Path, facts: dict[str, _Facts]) -> bool:
    """Tell whether *top* holds what *facts* say; what came to it is removed."""
    left = dict(facts)
    new: set[str] = set()
    for path, found in _walk(top):
        was = left.pop(path, None)
        if was is None:
            new.add(path)
        elif was != _facts(found):
            return False
    # With a folder goes what is in it.
    return not left and all(remove(top / path) for path in new if path.rpartition("/")[0] not in new)
