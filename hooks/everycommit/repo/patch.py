"""Reads what ``git diff-tree -r -z --raw --numstat --patch`` prints.

Paths, modes and object names come from the raw part, line counts from numstat. The patch gives hunks only, and gives
them to paths by order: it never names a file.
"""

import os
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple, overload

from ..change import FileChange, Hunk, Line
from ..errors import RepositoryError

TOO_LARGE = "the diff is larger than 32 MiB"
NOT_ASKED = "its lines were not asked for"
DISAGREES = "git's counts and its patch disagree"

_HUNK = re.compile(rb"^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@", re.MULTILINE)
_IDS = re.compile(rb"^index ([0-9a-f]+)\.\.([0-9a-f]+)", re.MULTILINE)
_HEADER = b"diff --git "


class _Record(NamedTuple):
    old_mode: str
    mode: str
    old_id: str
    id: str
    status: str
    old_path: bytes | None
    path: bytes


class _Section(NamedTuple):
    """A stretch of the patch: one file, or one half of a type change. Offsets into the whole output."""

    start: int
    body: int
    """Where the first hunk begins; the same as *end* where there is none."""
    end: int


def parsed(raw: bytes, *, cut: bool = False, without: str = NOT_ASKED) -> tuple[FileChange, ...]:
    """Return the files of *raw*, in git's order.

    With *cut*, *raw* is the beginning of a longer output: files whose patch is not there in full are ``unread``. Where
    there is no patch at all, *without* says why.

    Raises:
        RepositoryError: It is no diff of two trees, or its parts do not belong together.
    """
    records, position = _records(raw)
    counts, position = _counts(raw, position, len(records))
    if position == len(raw) and not cut:
        return tuple(_file(record, count, without) for record, count in zip(records, counts, strict=True))
    sections = iter(_sections(raw, position, cut=cut))
    files = []
    for record, count in zip(records, counts, strict=True):
        # git shows a file that became a link as one that went and one that came.
        halves = [half for half in (next(sections, None) for _ in range(1 + (record.status == "T"))) if half]
        if len(halves) == 1 + (record.status == "T"):
            files.append(_with_hunks(raw, record, count, halves))
        elif cut:
            files.append(_file(record, count, TOO_LARGE))
        else:
            raise RepositoryError(f"git diff-tree: its patch ends before '{os.fsdecode(record.path)}'")
    if next(sections, None) is not None:
        raise RepositoryError("git diff-tree: its patch has more files than its list; this is not a diff of two trees")
    return tuple(files)


def complete(raw: bytes) -> bool:
    """Tell whether a cut *raw* goes on beyond the list and the counts: there, and only there, two NULs meet."""
    return 0 <= raw.find(b"\0\0") < len(raw) - 2


def _upto(raw: bytes, position: int) -> tuple[bytes, int]:
    """Return the bytes up to the next NUL, and where what follows begins."""
    end = raw.find(b"\0", position)
    if end < 0:
        raise RepositoryError(f"git diff-tree: its output ends in the middle of {raw[position : position + 60]!r}")
    return raw[position:end], end + 1


def _records(raw: bytes) -> tuple[list[_Record], int]:
    records = []
    position = 0
    while raw.startswith(b":", position):
        head, position = _upto(raw, position)
        try:
            old_mode, mode, old_id, new_id, score = head[1:].decode("ascii", "replace").split(" ")
        except ValueError:
            raise RepositoryError(f"git diff-tree: {head!r} is no record of a diff of two trees") from None
        path, position = _upto(raw, position)
        old_path = None
        status = score[:1]
        if status in "RC":
            old_path = path
            path, position = _upto(raw, position)
        records.append(_Record(old_mode, mode, old_id, new_id, status, old_path, path))
    return records, position


def _counts(raw: bytes, position: int, expected: int) -> tuple[list[tuple[int, int] | None], int]:
    """Return (added, removed) a file, None for a binary one, and where the patch begins."""
    counts: list[tuple[int, int] | None] = []
    while len(counts) < expected:
        head, position = _upto(raw, position)
        added, _, rest = head.partition(b"\t")
        removed, tab, path = rest.partition(b"\t")
        if not tab:
            raise RepositoryError(f"git diff-tree: {head!r} counts no lines")
        if not path:
            _, position = _upto(raw, position)
            _, position = _upto(raw, position)
        counts.append(None if added == b"-" else (int(added), int(removed)))
    if position < len(raw):
        gap, position = _upto(raw, position)
        if gap:
            raise RepositoryError(f"git diff-tree: {gap[:60]!r} was not expected after the counts")
    return counts, position


def _sections(raw: bytes, position: int, *, cut: bool) -> Iterator[_Section]:
    """Yield the sections of the patch; the last one of a cut patch is left out.

    A line of content begins with a space, ``+``, ``-`` or a backslash, and a path with a newline is quoted: what
    begins with ``diff --git`` is a header, and what begins with ``@@`` is a hunk's.
    """
    if position < len(raw) and not raw.startswith(_HEADER, position):
        if cut and _HEADER.startswith(raw[position:]):
            return
        line = raw[position : position + 80].split(b"\n")[0].decode(errors="replace")
        kind = "a combined diff" if line.startswith(("diff --cc", "diff --combined")) else "not a patch"
        raise RepositoryError(f"git diff-tree: '{line}' is {kind}; only a diff of two trees can be read")
    while position < len(raw):
        following = raw.find(b"\n" + _HEADER, position)
        if following < 0 and cut:
            return
        end = len(raw) if following < 0 else following + 1
        body = raw.find(b"\n@@ -", position, end)
        yield _Section(position, end if body < 0 else body + 1, end)
        position = end


def _file(record: _Record, count: tuple[int, int] | None, unread: str | None, hunks: Sequence[Hunk] = ()) -> FileChange:
    added, removed = count or (0, 0)
    return FileChange(
        path=os.fsdecode(record.path),
        status=record.status,
        old_path=None if record.old_path is None else os.fsdecode(record.old_path),
        old_mode=record.old_mode,
        mode=record.mode,
        old_id=record.old_id,
        id=record.id,
        added=added,
        removed=removed,
        binary=count is None,
        hunks=hunks,
        unread=unread if added or removed else None,
    )


def _with_hunks(raw: bytes, record: _Record, count: tuple[int, int] | None, sections: Sequence[_Section]) -> FileChange:
    zero = "0" * len(record.id)
    ids = [(record.old_id, record.id)] if len(sections) == 1 else [(record.old_id, zero), (zero, record.id)]
    if not all(_belongs(raw, section, *pair) for section, pair in zip(sections, ids, strict=True)):
        raise RepositoryError(f"git diff-tree: its patch and its list disagree at '{os.fsdecode(record.path)}'")
    if count is None:
        return _file(record, None, None)
    totals = [_totals(raw, section) for section in sections]
    read = None if None in totals else [sum(column) for column in zip(*(t for t in totals if t), strict=True)]
    if read is None or (len(sections) == 1 and tuple(read) != count):
        return _file(record, count, DISAGREES)
    # numstat compares a link's target with the file's text; the halves of the patch are what came and went.
    hunks = Hunks(raw, sections, os.fsdecode(record.path)) if any(read) else ()
    return _file(record, (read[0], read[1]), None, hunks)


def _belongs(raw: bytes, section: _Section, old_id: str, new_id: str) -> bool:
    """Tell whether the section's ``index`` line, where it has one, names these objects (a prefix is enough)."""
    found = _IDS.search(raw, section.start, section.body)
    return not found or (old_id.startswith(found[1].decode()) and new_id.startswith(found[2].decode()))


def _totals(raw: bytes, section: _Section) -> tuple[int, int] | None:
    """Return (added, removed) lines of the section's hunks, None where its headers promise other numbers."""
    if section.body == section.end:
        return (0, 0)
    start = section.body - 1
    headers = _HUNK.findall(raw, section.body, section.end)
    old = sum(int(old or 1) for old, _ in headers)
    new = sum(int(new or 1) for _, new in headers)
    added, removed, context = (raw.count(mark, start, section.end) for mark in (b"\n+", b"\n-", b"\n "))
    return (added, removed) if (old, new) == (removed + context, added + context) else None


class Hunks(Sequence[Hunk]):
    """The hunks of one file, parsed when the first of them is asked for."""

    __slots__ = ("_parsed", "_path", "_raw", "_sections")

    def __init__(self, raw: bytes, sections: Sequence[_Section], path: str) -> None:
        self._raw = raw
        self._sections = sections
        self._path = path
        self._parsed: tuple[Hunk, ...] | None = None

    @property
    def raw(self) -> bytes:
        """What git printed of them: a look at it costs no parsing."""
        return b"".join([self._raw[section.body : section.end] for section in self._sections])

    def _all(self) -> tuple[Hunk, ...]:
        if self._parsed is None:
            self._parsed = tuple(
                hunk
                for section in self._sections
                if section.body < section.end
                for hunk in _hunks(self._raw[section.body : section.end], self._path)
            )
        return self._parsed

    @overload
    def __getitem__(self, index: int) -> Hunk: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Hunk]: ...
    def __getitem__(self, index: int | slice) -> Hunk | Sequence[Hunk]:
        return self._all()[index]

    def __len__(self) -> int:
        return sum(len(_HUNK.findall(self._raw, section.body, section.end)) for section in self._sections)

    def __iter__(self) -> Iterator[Hunk]:
        return iter(self._all())


def _hunks(body: bytes, path: str) -> Iterator[Hunk]:
    """Parse hunks; *body* begins with ``@@`` and holds nothing else.

    Raises:
        RepositoryError: unidiff does not understand them.
    """
    from unidiff.errors import UnidiffParseError
    from unidiff.patch import PatchSet

    # Split on \n alone: a line may hold \r, form feeds and whatever else str.splitlines takes for an end.
    lines = [line + "\n" for line in body.decode("utf-8", "surrogateescape").split("\n")[:-1]]
    try:
        patch = PatchSet(["--- a\n", "+++ b\n", *lines])
    except UnidiffParseError as error:
        raise RepositoryError(f"the diff of '{path}' cannot be read: {error}") from error
    for hunk in patch[0]:
        yield Hunk(
            hunk.source_start,
            hunk.source_length,
            hunk.target_start,
            hunk.target_length,
            hunk.section_header,
            tuple(
                Line(line.line_type, line.source_line_no, line.target_line_no, line.value.removesuffix("\n"))
                for line in hunk
                if line.line_type in " +-"
            ),
        )
