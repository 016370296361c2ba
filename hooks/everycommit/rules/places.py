"""Where in the target a thing of the old tree belongs, and the two contents of a file."""

from ..change import Blobs, FileChange
from .python_source import Block, differing, text_of


def line_before(file: FileChange, old: int) -> int | None:
    """Return the line of the target's file that stands before the removed line *old*; None where the file is gone.

    Lines count from 1; what stood at the top has line 1.
    """
    if file.deleted:
        return None
    shift = 0
    for hunk in file.hunks:
        if hunk.old_start > old:
            break
        last = hunk.new_start - (1 if hunk.new_count else 0)
        for line in hunk.lines:
            last = line.new if line.new is not None else last
            if line.old is not None and line.old >= old:
                return max(last, 1)
        shift = hunk.new_start + hunk.new_count - hunk.old_start - hunk.old_count
    return max(old + shift, 1)


class Contents:
    """The old and new contents of changed files, each read once."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._read: dict[str, bytes] = {}
        self._differs: dict[tuple[str, str], tuple[str, str, list[Block], list[Block]]] = {}

    def old(self, file: FileChange) -> bytes:
        """Return what stood at ``file.source``; empty where that was no regular file."""
        return self._content(file.old_id) if file.was_file else b""

    def new(self, file: FileChange) -> bytes:
        """Return what stands at ``file.path``; empty where that is no regular file."""
        return self._content(file.id) if file.is_file else b""

    def differing(self, file: FileChange) -> tuple[str, str, list[Block], list[Block]]:
        """Return old and new text of a Python file, and the blocks that only the one or the other has."""
        key = (file.old_id, file.id)
        if key not in self._differs:
            old, new = text_of(self.old(file)), text_of(self.new(file))
            self._differs[key] = (old, new, *differing(old, new))
        return self._differs[key]

    def link(self, file: FileChange) -> bytes:
        """Return where the symbolic link at ``file.path`` leads."""
        return self._content(file.id)

    def _content(self, oid: str) -> bytes:
        if oid not in self._read:
            self._read[oid] = self._blobs.read(oid)
        return self._read[oid]
