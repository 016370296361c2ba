"""Which files of a change concern a gate, and whether a tool's own settings changed with it."""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from ..change import ABSENT, FileChange
from .base import Job

PYTHON = (".py", ".pyi")
LINTED = (".py", ".pyi", ".ipynb")
# Folders that no tool looks into, and whose names no project gives its code.
_SKIPPED = frozenset({"node_modules", "__pycache__", "site-packages"})


def within(project: str, path: str) -> bool:
    """Tell whether *path* lies in the folder *project*, ``.`` being the whole repository."""
    return project in {".", path} or path.startswith(f"{project}/")


def owned(job: Job, path: str) -> bool:
    """Tell whether *path* lies in the job's project and in none that is judged apart from it."""
    return within(job.project, path) if job.member is None else job.member.owns(path)


def own_walked(job: Job, top: Path, endings: tuple[str, ...]) -> list[str]:
    """Return what ``walked`` finds in the job's project without those that are judged apart from it."""
    found = walked(top, job.project, endings)
    return found if job.member is None else [path for path in found if job.member.owns(path)]


def joined(project: str, path: str) -> str:
    return path if project == "." else f"{project}/{path}"


def landed(job: Job, endings: tuple[str, ...]) -> list[FileChange]:
    """Return the changed files of these *endings* that stand in the target, regular files only."""
    return [
        file
        for file in job.change.landing
        if file.is_file and file.path.endswith(endings) and within(job.project, file.path)
    ]


def walked(top: Path, folder: str, endings: tuple[str, ...]) -> list[str]:
    """Return the regular files of these *endings* under *folder*, from *top*, sorted; hidden folders left out."""
    found = []
    for place, folders, names in os.walk(top / folder):
        folders[:] = [name for name in folders if not name.startswith(".") and name not in _SKIPPED]
        at = Path(place).relative_to(top)
        found += [str(at / name) for name in names if name.endswith(endings) and not Path(place, name).is_symlink()]
    return sorted(found)


def table(content: bytes, name: str, keys: Sequence[str]) -> object:
    """Return the part of a settings file that a tool reads, comparable; None where it has none.

    *keys* is the way to a TOML table, or for an INI file the beginnings of the sections' names. What cannot be parsed
    is returned as it is, so that any change of it counts.
    """
    if name.endswith(".toml"):
        import tomllib

        try:
            found: Any = tomllib.loads(content.decode())
        except (tomllib.TOMLDecodeError, UnicodeDecodeError):
            return content
        for key in keys:
            found = found.get(key) if isinstance(found, dict) else None
        return found
    return _sections(content, keys) or None


def _sections(content: bytes, beginnings: Sequence[str]) -> dict[str, list[str]]:
    sections: dict[str, list[str]] = {}
    lines: list[str] | None = None
    for line in content.decode(errors="replace").splitlines():
        head = re.match(r"\[([^\]]+)\]", line)
        if head:
            ours = any(head[1] == beginning or head[1].startswith(beginning + "-") for beginning in beginnings)
            lines = sections.setdefault(head[1], []) if ours else None
        elif lines is not None and line.strip():
            lines.append(line.rstrip())
    return sections


def changed_settings(
    job: Job, own: Iterable[str], shared: Mapping[str, Sequence[str]]
) -> dict[str, tuple[str, str] | None]:
    """Return the entries that put a tool's settings back to what the first parent has; empty where none changed.

    *own* are names of files that belong to the tool whole, *shared* ``{file name: keys}`` of those it reads a part
    of, as in ``table``. The result is what ``Trees.overlay`` takes.
    """
    names = frozenset(own)
    back: dict[str, tuple[str, str] | None] = {}
    for file in job.change.landing:
        for path, oid, mode, side in (
            (file.source, file.old_id, file.old_mode, "old"),
            (file.path, file.id, file.mode, "new"),
        ):
            name = PurePosixPath(path).name
            if name in names or (name in shared and _part_changed(job, file, name, shared[name])):
                if side == "old" and mode != ABSENT:
                    back[path] = (mode, oid)
                elif side == "new" and mode != ABSENT:
                    back.setdefault(path, None)
    return back


def _part_changed(job: Job, file: FileChange, name: str, keys: Sequence[str]) -> bool:
    old = table(job.blobs.read(file.old_id), name, keys) if file.was_file else None
    new = table(job.blobs.read(file.id), name, keys) if file.is_file else None
    return old != new


def old_blob(job: Job, parent: str, path: str) -> tuple[str, str] | None:
    """Return ``(path, object name)`` of what became *path*, in tree *parent*; None where there was no such file."""
    if parent == job.change.parents[0]:
        for file in job.change.landing:
            if file.path == path:
                return (file.source, file.old_id) if file.was_file else None
    entry = job.blobs.entries(parent, [path]).get(path)
    return (path, entry[1]) if entry and entry[0].startswith("100") else None


def lossy(path: str) -> str:
    """Return *path* as a tool prints it that knows UTF-8 only."""
    return path.encode(errors="surrogateescape").decode(errors="replace")


class Lines:
    """The lines of files under one folder, each file read once."""

    def __init__(self, top: Path) -> None:
        self._top = top
        self._files: dict[str, list[bytes]] = {}

    def at(self, path: str, line: int | None) -> str:
        """Return line *line* (from 1) of *path*, empty where there is none."""
        if path not in self._files:
            try:
                content = (self._top / path).read_bytes()
            except (OSError, ValueError):
                content = b""
            self._files[path] = content.split(b"\n")
        lines = self._files[path]
        if line is None or not 1 <= line <= len(lines):
            return ""
        return lines[line - 1].decode(errors="surrogateescape").rstrip("\r")
