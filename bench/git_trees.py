"""Reads changes between two trees of any repository the way the product does."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from everycommit.change import Blobs, Change
from everycommit.repo.quarantine import Quarantine
from everycommit.repo.repository import discover


class Trees:
    """A context manager over one repository with a working tree."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._quarantine = Quarantine(discover(folder, environ), Path(self._folder.name))
        self.blobs: Blobs = self._quarantine

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._quarantine.close()
        self._folder.cleanup()

    def change(self, base: str, target: str) -> Change:
        files = self._quarantine.diff(base, target)
        return Change(base=base, target=target, parents=(base,), files=files, landing=files)
