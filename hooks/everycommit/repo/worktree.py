"""Reads the working tree as it lies there: an index of our own, and objects that only the quarantine has."""

import errno
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from ..change import ABSENT, GITLINK, LINK, Candidate
from ..digest import sha1, sha256
from .bare import writing
from .quarantine import Quarantine
from .repository import Repository
from .revisions import candidate

LARGEST = 50_000_000
_GONE = frozenset({errno.ENOENT, errno.ENOTDIR})


class _Skipped(NamedTuple):
    """Why a file is not judged."""

    reason: str


class _Traits(NamedTuple):
    """What the user's git believes of this file system."""

    modes: bool
    links: bool


def working_tree(
    repository: Repository, quarantine: Quarantine, over: Mapping[str, bytes | None] | None = None
) -> Candidate:
    """Read the working tree against HEAD: what is staged, what is not, and files that are neither tracked nor ignored.

    *over* are contents that count in place of the files', None where there is to be none: what is about to be written.

    Contents are taken as they are, without filters (``autocrlf``, LFS). Submodules stand where the index has them.
    Files of more than 50 MB, embedded repositories and what is no file are not judged; the notes name them.
    """
    index = quarantine.copied(repository.index) or quarantine.own_index
    traits = cache(lambda: _traits(repository))
    entries: dict[str, tuple[str, str] | None] = {}
    notes = []
    over = over or {}
    for path, mode in _differing(repository, quarantine, index):
        if path in over:
            continue
        entry = None if mode is None else _entry(repository, quarantine, path, mode, traits)
        if isinstance(entry, _Skipped):
            notes.append(f"'{path}' is not judged: {entry.reason}")
        else:
            entries[path] = entry
    for path, content in over.items():
        entries[path] = None if content is None else _held(repository, quarantine, path, content, traits)
    if entries:
        quarantine.update(index, entries)
    return candidate(
        quarantine,
        repository.base_tree,
        quarantine.written_tree(index) if index.exists() else repository.empty_tree,
        occasion="commit",
        whole=repository.head is None,
        base_commit=repository.head,
        notes=notes,
    )


def _traits(repository: Repository) -> _Traits:
    lines = repository.git.text("config", "--type=bool", "--get-regexp", r"^core\.(filemode|symlinks)$", ok=(0, 1))
    values = dict(line.split(" ", 1) for line in lines.split("\n") if " " in line)
    return _Traits(values.get("core.filemode") != "false", values.get("core.symlinks") != "false")


def _differing(repository: Repository, quarantine: Quarantine, index: Path) -> Iterator[tuple[str, str | None]]:
    """Yield each path whose file may differ from the index with its mode there; None: the file is gone."""
    env = {"GIT_INDEX_FILE": str(index), "GIT_WORK_TREE": str(repository.top)}
    # The quarantine knows no filter programs, and submodules are not entered: nothing of the repository is run.
    raw = quarantine.git.out("diff-files", "-z", "--raw", "--ignore-submodules=all", env=env).split(b"\0")
    for head, path in zip(raw[::2], raw[1::2], strict=False):
        old, new = head[1:].decode().split(" ")[:2]
        yield os.fsdecode(path), None if new == ABSENT else old
    # What is ignored is for the user's own settings to say.
    for path in repository.git.out("ls-files", "-z", "--others", "--exclude-standard").split(b"\0")[:-1]:
        yield os.fsdecode(path), ""


def _entry(
    repository: Repository, quarantine: Quarantine, path: str, mode: str, traits: Callable[[], _Traits]
) -> tuple[str, str] | _Skipped | None:
    """Return mode and object name of the file as it is now, None where it is gone."""
    if path.endswith("/") or mode == GITLINK:
        return _Skipped("it is a repository inside this one")
    full = repository.top / path
    try:
        found = full.lstat()
        if stat.S_ISLNK(found.st_mode):
            return LINK, _written(repository, quarantine, os.fsencode(full.readlink()))
        if not stat.S_ISREG(found.st_mode):
            return _Skipped("it is neither a file nor a link")
        content = _content(full)
        if len(content) > LARGEST:
            return _Skipped("it is larger than 50 MB")
        return _mode(found.st_mode, mode, traits()), _written(repository, quarantine, content)
    except OSError as error:
        return None if error.errno in _GONE else _Skipped(f"it cannot be read ({error.strerror})")


def _held(
    repository: Repository, quarantine: Quarantine, path: str, content: bytes, traits: Callable[[], _Traits]
) -> tuple[str, str]:
    """Return mode and object name of the file as it would be with *content*."""
    try:
        found = (repository.top / path).lstat().st_mode
    except OSError:
        found = 0
    mode = _mode(found, "100644", traits()) if found & stat.S_IXUSR else "100644"
    return mode, _written(repository, quarantine, content)


def _content(full: Path) -> bytes:
    """Return the file's content, cut past ``LARGEST``; read once, so that it is one state of the file."""
    # Between looking and opening it may have become a link or a pipe: neither is followed or waited for.
    descriptor = os.open(full, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor
        return file.read(LARGEST + 1)


def _mode(found: int, indexed: str, traits: _Traits) -> str:
    if indexed == LINK and not traits.links:
        return LINK
    if not traits.modes:
        return indexed if indexed.startswith("100") else "100644"
    return "100755" if found & stat.S_IXUSR else "100644"


def _written(repository: Repository, quarantine: Quarantine, content: bytes) -> str:
    """Write *content* as a loose blob, as git does; return its object name."""
    import zlib

    whole = b"blob %d\0" % len(content) + content
    oid = (sha1 if repository.object_format == "sha1" else sha256)(whole).hexdigest()
    quarantine.written_sizes[oid] = len(content)
    place = quarantine.objects / oid[:2] / oid[2:]
    if not place.exists():
        with writing(place):
            place.parent.mkdir(exist_ok=True)
            place.write_bytes(zlib.compress(whole, 1))
    return oid
