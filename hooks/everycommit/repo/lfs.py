"""Git LFS: puts contents in the place of pointers, from the store of this machine; no filter and no program runs."""

import os
import re
import stat
from collections.abc import Callable, Iterable
from pathlib import Path

from ..deadline import Deadline
from ..errors import TimeRanOut
from .git import Git
from .slot import Slot

FETCH = "git lfs fetch"
SPEC = b"version https://git-lfs.github.com/spec"
_LONGEST = 1024
"""Bytes of a pointer. Source: the specification of git-lfs."""
_CHUNK = 1 << 20


def filled(
    slot: Slot, paths: Iterable[str], store: Callable[[], Path], deadline: Deadline, *, fetch: str = FETCH
) -> str:
    """Put the contents of the pointers *paths* into the slot's tree; return what is lacking, empty where nothing is.

    A content counts only where its size and its digest are the pointer's. *store* tells where contents lie, *fetch* is
    the command that brings them there.

    Raises:
        TimeRanOut: *deadline* passed.
        OSError: The tree cannot be written.
    """
    wanted = [(path, found) for path in paths if (found := _pointer(slot.tree / path)) is not None]
    if not wanted:
        return ""
    objects = store() / "objects"
    lacking = [path for path, found in wanted if not _put(slot, slot.tree / path, objects, *found, deadline=deadline)]
    if not lacking:
        return ""
    files = "1 LFS file is" if len(lacking) == 1 else f"{len(lacking)} LFS files are"
    return f"{files} not present here, such as {lacking[0]}: `{fetch}`; `git lfs fsck` finds damaged ones"


def _pointer(path: Path) -> tuple[str, int] | None:
    """Return digest and size that a file of the tree stands for; None where it is no pointer."""
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode) or found.st_size >= _LONGEST:
        return None
    text = path.read_bytes()
    oid = re.search(rb"^oid sha256:([0-9a-f]{64})$", text, re.MULTILINE)
    size = re.search(rb"^size ([0-9]{1,18})$", text, re.MULTILINE)
    if not text.startswith(SPEC) or oid is None or size is None:
        return None
    return oid[1].decode(), int(size[1])


def store_in(folder: Path, git: Git, *where: str) -> Path:
    """Return the store of the clone whose common git folder is *folder*.

    *git* reads its settings, from the file that *where* names where it is not its own. Source: git-lfs-config(5),
    ``lfs.storage``.
    """
    done = git.run("config", "-z", *where, "--type=path", "--get", "lfs.storage")
    named = os.fsdecode(done.out.rstrip(b"\0")) if done.code == 0 else ""
    return folder / (named or "lfs")


def pointers_below(top: Path, paths: Iterable[str]) -> list[str]:
    """Return those of *paths*, files below *top*, that may be pointers; none where no attribute speaks of LFS."""
    named = list(paths)
    attributes = [top / path for path in named if path.rpartition("/")[2] == ".gitattributes"]
    if not any(b"filter=lfs" in path.read_bytes() for path in attributes if stat.S_ISREG(path.lstat().st_mode)):
        return []
    return [path for path in named if _pointer(top / path) is not None]


def _put(slot: Slot, place: Path, store: Path, oid: str, size: int, *, deadline: Deadline) -> bool:
    """Put the content at *place*; return whether it is here and whole."""
    import hashlib

    new, summed = slot.folder / "lfs.new", hashlib.sha256()
    try:
        file = (store / oid[:2] / oid[2:4] / oid).open("rb")
    except OSError:
        return False
    with file, new.open("wb") as copy:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode) or found.st_size != size:
            return False
        while chunk := file.read(_CHUNK):
            if deadline.passed:
                raise TimeRanOut("time ran out while the contents of LFS files were laid out")
            summed.update(chunk)
            copy.write(chunk)
    if summed.hexdigest() != oid:
        return False
    new.chmod(stat.S_IMODE(place.lstat().st_mode))
    # As a whole: a test must not meet half a file, and the store stays ours alone to read.
    new.replace(place)
    return True
