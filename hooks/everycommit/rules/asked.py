"""Objects as the families ask for them: sizes all at once, small contents once."""

from collections.abc import Sequence

from ..change import Blobs, Change

_KEPT = 4 << 20
"""Bytes of contents that are kept; what comes later is read again."""


class Asked:
    """Stands before the objects of one change. A question for sizes starts a git, and families ask file by file."""

    def __init__(self, change: Change, blobs: Blobs) -> None:
        self._change = change
        self._blobs = blobs
        self._sizes: dict[str, int] = {}
        self._asked: set[str] = set()
        self._contents: dict[str, bytes] = {}
        self._room = _KEPT

    def read(self, oid: str) -> bytes:
        found = self._contents.get(oid)
        if found is None:
            found = self._blobs.read(oid)
            if len(found) <= self._room:
                self._contents[oid] = found
                self._room -= len(found)
        return found

    def sizes(self, oids: Sequence[str]) -> dict[str, int]:
        unknown = set(oids) - self._asked
        if unknown:
            if not self._asked:
                files = (*self._change.files, *self._change.landing)
                unknown.update(oid for file in files if file.unread or file.binary for oid in (file.id, file.old_id))
            self._asked |= unknown
            self._sizes |= self._blobs.sizes(sorted(unknown))
        return {oid: self._sizes[oid] for oid in oids if oid in self._sizes}

    def entries(self, tree: str, paths: Sequence[str]) -> dict[str, tuple[str, str]]:
        return self._blobs.entries(tree, paths)

    def files(self, tree: str) -> dict[str, tuple[str, str]]:
        return self._blobs.files(tree)
