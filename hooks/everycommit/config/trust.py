"""What a repository may run on this machine: digests of commands that were accepted here.

A digest covers the command's name, its program with the arguments, and the names of the environment variables that
it may see. When it runs, on which files and for how long is not in it: that gives a command no new power. Nor is the
content of a script that it names: scripts of the repository are code of the change, as its tests are.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from ..errors import RepositoryError
from .schema import CommandSettings, RunSettings, ServiceSettings

VERSION = 1
SHOWN = 12
"""As much of a digest as is shown to people."""


def digest(name: str, command: CommandSettings) -> str:
    """Return the SHA-256 (hex) of what accepting *command* allows."""
    return _sha256(["command", VERSION, name, list(command.run), sorted(set(command.env))])


def service_digest(name: str, service: ServiceSettings) -> str:
    """Return the SHA-256 (hex) of what accepting *service* allows: both its programs, and all that they see."""
    programs = [list(service.command), list(service.ready_command)]
    return _sha256(["service", VERSION, name, *programs, sorted(service.env), sorted(set(service.sees))])


def prefix_digest(run: RunSettings) -> str:
    """Return the SHA-256 (hex) of what accepting the prefix of *run* allows."""
    return _sha256(["prefix", VERSION, list(run.prefix), run.python, sorted(set(run.env))])


def interpreter_digest(path: str) -> str:
    """Return the SHA-256 (hex) of what accepting *path*, as the settings write it, as the project's Python allows."""
    return _sha256(["interpreter", VERSION, path])


class Accepted:
    """The digests that were accepted, in a file of the git folder that all worktrees share.

    Two acceptances at the very same moment may lose one of them; it is then asked for again.
    """

    def __init__(self, common_dir: Path) -> None:
        self.path = common_dir / "everycommit" / "accepted.json"
        self._items: dict[str, str] | None = None
        self._note: str | None = None

    def has(self, digest: str) -> bool:
        return digest in self._read()

    def all(self) -> Mapping[str, str]:
        """Return ``{digest: description}``."""
        return dict(self._read())

    @property
    def note(self) -> str | None:
        """What is wrong with the file, which then counts as empty; None where it is right or not there."""
        self._read()
        return self._note

    def add(self, items: Mapping[str, str]) -> None:
        """Keep *items*, ``{digest: description}``, beside what is there.

        Raises:
            RepositoryError: The file cannot be written.
        """
        self._items = None
        kept = self._read() | dict(items)
        try:
            self._write(kept)
        except OSError as error:
            raise RepositoryError(f"{self.path}: cannot be written: {error.strerror}; nothing was accepted") from error
        self._items, self._note = kept, None

    def _read(self) -> dict[str, str]:
        if self._items is None:
            self._items = self._from_file()
        return self._items

    def _from_file(self) -> dict[str, str]:
        import json

        try:
            content = json.loads(self.path.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError) as error:
            self._note = f"{self.path}: cannot be read, so nothing counts as accepted: {error}"
            return {}
        items = content.get("accepted") if isinstance(content, dict) and content.get("version") == VERSION else None
        if not isinstance(items, dict) or not all(isinstance(text, str) for text in items.values()):
            self._note = f"{self.path}: not in the form of this version, so nothing counts as accepted"
            return {}
        return items

    def _write(self, items: Mapping[str, str]) -> None:
        import json

        text = json.dumps({"version": VERSION, "accepted": dict(sorted(items.items()))}, indent=1) + "\n"
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        fresh.unlink(missing_ok=True)
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            fresh.replace(self.path)
        except OSError:
            fresh.unlink(missing_ok=True)
            raise


def _sha256(parts: list[object]) -> str:
    import hashlib
    import json

    return hashlib.sha256(json.dumps(parts, ensure_ascii=True).encode()).hexdigest()
