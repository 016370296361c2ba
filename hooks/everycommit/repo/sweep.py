"""Removes from a laid out tree what is not in it: what tests and tools left behind.

``git clean`` does not see all of it: sockets and pipes, a ``.git`` that a test made inside a tracked folder. And it
reads every folder. Here a folder is read only where it changed: whatever is added to or taken from a folder gives it
a new ctime, which nobody can set.
"""

import os
import stat
import sys
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from ..change import GITLINK
from ..deadline import Deadline
from .cache import remove
from .git import Git

_MOST_ASKED = 200
"""Of more folders than this git is asked for all files at once."""
_UNSURE = 2 * 10**9
"""Nanoseconds: on a file system with coarse times a folder can change twice at one time."""

_UNKNOWN = (0, 0, 0)
_BYTECODE = "__pycache__"
_ANY_CASE = sys.platform == "darwin"

Seen = Mapping[str, tuple[int, int, int]]
"""``{folder: (ctime in nanoseconds, inode, mode)}``; the top is ``""``."""


class _Listing:
    """Files that the index names, as far as git was asked."""

    def __init__(self) -> None:
        self.names: dict[str, dict[str, tuple[str, str]]] = {}
        """``{folder: {name: (mode, object name)}}``."""
        self.folders: set[str] = set()

    def read(self, entries: bytes) -> None:
        """Take up what ``ls-files -s -z`` printed."""
        for entry in os.fsdecode(entries).split("\0")[:-1]:
            facts, _, path = entry.partition("\t")
            folder, _, name = path.rpartition("/")
            self.names.setdefault(folder, {})[name] = (facts[:6], facts[7:].partition(" ")[0])
            if facts.startswith(GITLINK):
                self.folders.add(path)
            while folder and folder not in self.folders:
                self.folders.add(folder)
                folder = folder.rpartition("/")[0]


class Swept(NamedTuple):
    """What is in the tree's folder now."""

    seen: Seen
    links: frozenset[str]
    """Paths of submodules."""
    attributes: Mapping[str, str]
    """``{path: object name}`` of the ``.gitattributes`` files."""
    looked: Mapping[str, Collection[str]]
    """``{folder: names of its files}`` of the folders that had changed."""
    holes: bool
    """Whether files are missing: something stood where their folder has to be. It is gone now."""


class Sweep:
    """One sweep of folder *tree*, which *git*'s index describes.

    *seen*, *links* and *attributes* are what the last sweep told; with an empty *seen* everything is looked at.
    """

    def __init__(
        self, tree: Path, git: Git, *, seen: Seen, links: Iterable[str], attributes: Mapping[str, str]
    ) -> None:
        self._tree = os.fspath(tree)
        self._git = git
        self._known = dict(seen)
        self._links = set(links)
        self._attributes = dict(attributes)
        self._listing = _Listing()
        self._covered: set[str] = set()
        self._whole = False
        self._holes = False
        self._looked: dict[str, Collection[str]] = {}

    def run(self, *, now: int, deadline: Deadline) -> Swept:
        """Remove what does not belong; *now* is a time of the file system's clock, in nanoseconds.

        Raises:
            OSError: Something cannot be read or removed.
        """
        look, gone = self._changed()
        while (look or gone) and not self._holes:
            entries = {folder: self._entries(folder) for folder in look}
            new = self._ask(entries, gone, deadline)
            for folder in gone:
                self._forget(folder)
            self._known |= dict.fromkeys(new, _UNKNOWN)
            for folder in look:
                self._take_up(folder)
            for folder in sorted(look, reverse=True):  # what is inside comes first
                new |= self._clean(folder, entries[folder])
            look, gone = new & self._known.keys(), set()
        if not self._holes:
            for folder in self._looked.keys() & self._known.keys():
                self._known[folder] = self._fresh(folder, now)
        return Swept(self._known, frozenset(self._links), self._attributes, self._looked, self._holes)

    def _path(self, folder: str) -> str:
        return f"{self._tree}/{folder}" if folder else self._tree

    def _changed(self) -> tuple[set[str], set[str]]:
        """Return the known folders that changed, and those that are not there any more."""
        if not self._known:
            self._known[""] = _UNKNOWN
        look, gone = set(), set()
        for folder, facts in self._known.items():
            try:
                found = os.lstat(self._path(folder))
            except OSError:
                gone.add(folder)
                continue
            if not stat.S_ISDIR(found.st_mode):
                gone.add(folder)
            elif (found.st_ctime_ns, found.st_ino, found.st_mode) != facts:
                look.add(folder)
        return look, gone

    def _entries(self, folder: str) -> list[tuple[str, bool]]:
        path = self._path(folder)
        mode = self._known[folder][2]
        if mode and stat.S_IMODE(os.lstat(path).st_mode) != stat.S_IMODE(mode):
            os.chmod(path, stat.S_IMODE(mode))  # noqa: PTH101 - a lone folder name of many
        with os.scandir(path) as found:
            return [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in found]

    def _ask(
        self, entries: Mapping[str, list[tuple[str, bool]]], gone: Collection[str], deadline: Deadline
    ) -> set[str]:
        """Ask git for the files in the folders of *entries*, and for all below what is new or gone.

        Returns the folders of the tree that were not known.
        """
        folders = [folder for folder in entries if folder not in self._covered]
        below = [
            path
            for folder in folders
            for path in (_joined(folder, name) for name, is_dir in entries[folder] if is_dir)
            if path not in self._known
        ]
        asked = [f":(glob){_escaped(folder)}/*" if folder else ":(glob)*" for folder in folders]
        asked += [f":(literal){path}" for path in (*below, *gone)]
        if not asked or self._whole:
            return set()
        self._whole = len(asked) > _MOST_ASKED or entries.keys() >= self._known.keys()
        words = [] if self._whole else ["--", *asked]
        self._listing.read(self._git.out("ls-files", "-s", "-z", *words, deadline=deadline))
        new = self._listing.folders - self._known.keys()
        self._covered |= {*folders, *below, *new}
        return new

    def _forget(self, folder: str) -> None:
        """Let go of a folder that is not there; where git has files in it, they are missing."""
        del self._known[folder]
        self._links.discard(folder)
        self._holes = self._holes or folder in self._listing.folders or folder in self._listing.names
        for path in [path for path in self._attributes if path.rpartition("/")[0] == folder]:
            del self._attributes[path]

    def _clean(self, folder: str, entries: list[tuple[str, bool]]) -> set[str]:
        """Remove from *folder* what does not belong there; return the folders that have to be looked at next."""
        names = self._listing.names.get(folder, {})
        files = [name for name, (mode, _) in names.items() if mode != GITLINK]
        is_bytecode = _is_bytecode(folder) and not names
        is_link = folder in self._links
        again = set()
        for name, is_dir in entries:
            path = _joined(folder, name)
            if is_dir and (path in self._known or path in self._listing.folders):
                continue
            if is_dir and name == _BYTECODE and not (is_link or is_bytecode):
                self._known[path] = _UNKNOWN
                again.add(path)
            elif is_dir or not (_expected(name, files) or (is_bytecode and _is_valid(self._path(path)))):
                _removed(self._path(path))
        missing = names.keys() - {name for name, _ in entries}
        self._holes = self._holes or not all(os.path.lexists(self._path(_joined(folder, name))) for name in missing)
        if not (names or is_bytecode or is_link or folder == "" or self._has_folders(folder)):
            # Nothing of the tree is left in it, and Python would take it for a package.
            _removed(self._path(folder))
            for path in [path for path in self._known if path == folder or path.startswith(f"{folder}/")]:
                del self._known[path]
            again.add(folder.rpartition("/")[0])
        return again

    def _take_up(self, folder: str) -> None:
        """Note what the tree has in *folder*: files, submodules, attributes."""
        names = self._listing.names.get(folder, {})
        self._looked[folder] = names.keys()
        links = {_joined(folder, name) for name, (mode, _) in names.items() if mode == GITLINK}
        self._links = {path for path in self._links if path.rpartition("/")[0] != folder} | links
        path = _joined(folder, ".gitattributes")
        self._attributes.pop(path, None)
        if ".gitattributes" in names:
            self._attributes[path] = names[".gitattributes"][1]

    def _has_folders(self, folder: str) -> bool:
        start = f"{folder}/"
        kept = (path for path in (*self._known, *self._listing.folders) if path.startswith(start))
        return any(not _is_bytecode(path) or path in self._listing.names for path in kept)

    def _fresh(self, folder: str, now: int) -> tuple[int, int, int]:
        found = os.lstat(self._path(folder))
        sure = found.st_ctime_ns < now - _UNSURE
        return (found.st_ctime_ns if sure else 0, found.st_ino, found.st_mode)


def _is_bytecode(folder: str) -> bool:
    return folder.rpartition("/")[2] == _BYTECODE


def _is_valid(path: str) -> bool:
    """Tell whether this is bytecode that Python compares with its source: most is, by time and size.

    Source: PEP 552; flags 1 means by hash, and without 2 that nobody looks at it.
    """
    if not path.endswith(".pyc"):
        return False
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        return stat.S_ISREG(os.fstat(fd).st_mode) and os.read(fd, 8)[4:5] != b"\x01"
    finally:
        os.close(fd)


def _joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _escaped(folder: str) -> str:
    """Return *folder* for a ``:(glob)`` pathspec."""
    return "".join("\\" + each if each in "*?[\\" else each for each in folder)


def _expected(name: str, names: Collection[str]) -> bool:
    if name in names:
        return True
    # A file system of macOS may answer with another case or composition than the file was made with.
    return _ANY_CASE and _folded(name) in map(_folded, names)


def _folded(name: str) -> str:  # pragma: no cover - macOS
    import unicodedata

    return unicodedata.normalize("NFC", name).casefold()


def _removed(path: str) -> None:
    if not remove(Path(path)):
        raise OSError(16, "cannot be removed; something there is protected or in use", path)
