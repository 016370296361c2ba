"""Tables of ours in files that were read before, by the files' contents: reading TOML takes half a Python start.

For whoever is asked again and again over the same settings and decides nothing that lasts: a verdict reads the file
itself, because who can write files can write these.
"""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..digest import sha256

VERSION = 1
_MOST = 64
"""Files that are kept."""


class ReadBefore:
    """Reads a pyproject.toml, and remembers its table of ours in *folder*, which need not be there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "tables"

    def __call__(self, content: bytes) -> Mapping[str, Any]:
        """Return the document, where it was read before no more of it than our table.

        Raises:
            Mistake: As ``parse.document``.
        """
        path = self.folder / f"{VERSION}-{sha256(content).hexdigest()}.json"
        try:
            found = json.loads(path.read_bytes())
            if isinstance(found, dict):
                return found
        except (OSError, ValueError, RecursionError):
            pass
        from .parse import document

        read = document(content)
        with suppress(OSError, ValueError, TypeError, RecursionError):
            self._keep(path, read)
        return read

    def _keep(self, path: Path, read: Mapping[str, Any]) -> None:
        tool = read.get("tool")
        ours = (
            {"tool": {"everycommit": tool["everycommit"]}} if isinstance(tool, dict) and "everycommit" in tool else {}
        )
        text = json.dumps(ours)
        if json.loads(text) != ours:
            # A date, or something else that JSON has no word for.
            return
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        fresh.write_text(text)
        fresh.replace(path)
        older = sorted(self.folder.iterdir(), key=lambda one: one.stat().st_mtime)[:-_MOST]
        for one in older:
            one.unlink(missing_ok=True)
