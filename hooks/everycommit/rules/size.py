"""How much one change may hold: lines, files, bytes of a file."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from ..change import GITLINK, Blobs, Change, FileChange
from ..errors import MissingObjects
from ..result import Finding
from ..text import printable
from .globs import matches
from .names import ACCEPTED

SHOWN = 5


class Limits(Protocol):
    """What the rules ask of the settings; None is no limit."""

    @property
    def max_added_lines(self) -> int | None: ...
    @property
    def max_removed_lines(self) -> int | None: ...
    @property
    def max_files(self) -> int | None: ...
    @property
    def max_file_bytes(self) -> int | None: ...
    @property
    def max_file_added_lines(self) -> int | None: ...
    @property
    def uncounted(self) -> tuple[str, ...]: ...


def counted(files: Iterable[FileChange], uncounted: Sequence[str]) -> tuple[list[FileChange], list[FileChange]]:
    """Return the files that count and those that *uncounted* (globs) leaves out; what is accepted never counts.

    A renamed file is left out only where both its names are: moving code into a generated folder hides nothing.
    """
    inside: list[FileChange] = []
    outside: list[FileChange] = []
    for file in files:
        free = file.path == ACCEPTED or (matches(file.path, uncounted) and matches(file.source, uncounted))
        (outside if free else inside).append(file)
    return inside, outside


def size(change: Change, limits: Limits, blobs: Blobs) -> list[Finding]:
    """Return a finding for each limit that *change* goes beyond.

    Raises:
        MissingObjects: The size of a file is not to be had here.
    """
    files, _ = counted(change.files, limits.uncounted)
    return [*_lines(files, limits), *_files(files, limits), *_bytes(files, limits, blobs)]


def _lines(files: Sequence[FileChange], limits: Limits) -> list[Finding]:
    added = _over(
        files, limits.max_added_lines, lambda file: file.added, rule="added-lines", word="adds", key="max_added_lines"
    )
    removed = _over(
        files,
        limits.max_removed_lines,
        lambda file: file.removed,
        rule="removed-lines",
        word="removes",
        key="max_removed_lines",
    )
    return added + removed + [found for file in files if (found := _grows(file, limits.max_file_added_lines))]


def _grows(file: FileChange, limit: int | None) -> Finding | None:
    if limit is None or file.added <= limit:
        return None
    message = f"adds {_many(file.added, 'line')}, {file.added - limit} over the limit of {limit} a file"
    hint = "Look for a second subject in it, or commit it in smaller steps; the limit is policy.max_file_added_lines."
    return _finding("file-added-lines", message, hint=hint, path=file.path)


def _over(
    files: Sequence[FileChange],
    limit: int | None,
    lines: Callable[[FileChange], int],
    *,
    rule: str,
    word: str,
    key: str,
) -> list[Finding]:
    total = sum(map(lines, files))
    if limit is None or total <= limit:
        return []
    sign = "+" if word == "adds" else "-"
    largest = sorted((file for file in files if lines(file)), key=lambda file: (-lines(file), file.path))
    names = [f"{printable(file.path)} {sign}{lines(file)}" for file in largest[:SHOWN]]
    if len(largest) > SHOWN:
        names.append(f"{len(largest) - SHOWN} more")
    message = f"{word} {_many(total, 'line')}, {total - limit} over the limit of {limit}: {', '.join(names)}"
    return [_finding(rule, message, hint=_split(files, lines, sign=sign, key=key))]


def _split(files: Sequence[FileChange], lines: Callable[[FileChange], int], *, sign: str, key: str) -> str:
    """Return how to go on: the top folders as commits of their own, where there are several."""
    folders: Counter[str] = Counter()
    for file in files:
        folders[file.path.split("/")[0] + "/" if "/" in file.path else "."] += lines(file)
    parts = [(name, number) for name, number in folders.most_common() if number]
    if len(parts) < 2:
        return f"Commit it in smaller steps; the limit is policy.{key}."
    named = [f"{'the root' if name == '.' else printable(name)} {sign}{number}" for name, number in parts[:SHOWN]]
    if len(parts) > SHOWN:
        named.append(f"{len(parts) - SHOWN} more folders")
    return f"Commit it in steps, by folder say: {', '.join(named)}; the limit is policy.{key}."


def _files(files: Sequence[FileChange], limits: Limits) -> list[Finding]:
    limit, total = limits.max_files, len(files)
    if limit is None or total <= limit:
        return []
    folders = Counter(file.path.split("/")[0] + "/" if "/" in file.path else "the root" for file in files)
    named = [f"{printable(name)} {number}" for name, number in folders.most_common(SHOWN)]
    if len(folders) > SHOWN:
        named.append(f"{len(folders) - SHOWN} more folders")
    message = f"touches {_many(total, 'file')}, {total - limit} over the limit of {limit}: {', '.join(named)}"
    return [_finding("files", message, hint="Commit it in smaller steps; the limit is policy.max_files.")]


def _bytes(files: Sequence[FileChange], limits: Limits, blobs: Blobs) -> list[Finding]:
    limit = limits.max_file_bytes
    written = [file for file in files if not file.deleted and file.mode != GITLINK and file.id != file.old_id]
    if limit is None or not written:
        return []
    sizes = blobs.sizes(sorted({file.id for file in written}))
    large = [file for file in written if _size(file, file.id, sizes) > limit]
    if not large:
        return []
    # What was there before counts only where what is there now is too large.
    sizes = sizes | blobs.sizes(sorted({file.old_id for file in large if _is_blob(file.old_mode)}))
    return [found for file in large if (found := _grown(file, limit, sizes)) is not None]


def _grown(file: FileChange, limit: int, sizes: dict[str, int]) -> Finding | None:
    now = _size(file, file.id, sizes)
    if now <= limit:
        return None
    was = _size(file, file.old_id, sizes) if _is_blob(file.old_mode) else 0
    if now <= was:
        return None
    grown = f"grows from {was} to {now} bytes" if was else f"has {now} bytes"
    message = f"{grown}, {now - limit} over the limit of {limit}"
    hint = "Keep it out of git, or in Git LFS; the limit is policy.max_file_bytes."
    return _finding("file-bytes", message, hint=hint, path=file.path)


def _size(file: FileChange, oid: str, sizes: dict[str, int]) -> int:
    if oid not in sizes:
        raise MissingObjects(f"{printable(file.path)}: object {oid} is not in this clone; get it: git fetch --refetch")
    return sizes[oid]


def _is_blob(mode: str) -> bool:
    return mode.startswith("1") and mode != GITLINK


def _finding(rule: str, message: str, *, hint: str, path: str | None = None) -> Finding:
    return Finding(path=path, rule=f"policy/{rule}", message=message, hint=hint)


def _many(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
