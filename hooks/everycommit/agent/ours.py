"""Files that an agent leaves alone: everycommit's settings, records and hooks, git's own, and the client's hooks."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from ..repo.repository import Repository
from ..rules.names import ACCEPTED
from ..rules.settings import FILE
from .client import CALL
from .event import DELETE, TOUCH, Edit, Refusal

_OFF = b"disableAllHooks"
PROJECT_FILES = (
    *(".claude/settings.json", ".claude/settings.local.json", ".codex/hooks.json", ".codex/config.toml"),
    *(".cursor/hooks.json", ".gemini/settings.json", ".github/hooks/everycommit.json"),
)
USER_FILES = (
    *(".claude/settings.json", ".codex/hooks.json", ".cursor/hooks.json", ".gemini/settings.json"),
    ".copilot/hooks/everycommit.json",
)
"""The same below the user's home."""
READ_BY_NAME = frozenset({FILE, *(path.rpartition("/")[2] for path in PROJECT_FILES)})
"""Names of files whose content says whether they are ours."""
_OF_GIT = frozenset(
    {"hooks", "everycommit", "config", "config.worktree", "info", "HEAD", "refs", "objects", "packed-refs"}
)
_ASK = "A person does that; say what you need and why."
_BY_EDIT = "Change it with your tool for edits: then it is seen what becomes of them."


class Meant(NamedTuple):
    """What is about to happen to one file."""

    full: Path
    path: str | None
    """From the root; None outside of the repository."""
    edit: Edit
    before: bytes | None
    after: bytes | None


def refusal(repository: Repository, meant: Meant, environ: Mapping[str, str]) -> Refusal | None:
    """Return why a file is not an agent's to change so; None where it is not ours."""
    shown = meant.path or str(meant.full)
    if meant.edit.kind == DELETE and repository.top.is_relative_to(meant.full):
        return Refusal(f"it deletes the working tree '{repository.top}'", "Delete by name what you made yourself.")
    if meant.path == ".git":
        # In a linked worktree a file that says where the rest is.
        return Refusal("'.git' is git's own", _ASK)
    for folder in (repository.git_dir, repository.common_dir):
        if meant.full == folder or (
            meant.full.is_relative_to(folder) and meant.full.relative_to(folder).parts[0] in _OF_GIT
        ):
            return Refusal(f"'{shown}' is git's and everycommit's own", _ASK)
    home = Path(os.path.realpath(environ.get("HOME") or "/nowhere"))
    if meant.full in _of_the_user(environ):
        return Refusal(f"'{shown}' holds the user's settings", _ASK)
    if meant.full in {home / name for name in USER_FILES} and not _keeps(meant):
        return Refusal(f"'{shown}' makes you ask everycommit", _ASK)
    return _of_the_project(meant)


def _of_the_project(meant: Meant) -> Refusal | None:
    before, path = meant.before or b"", meant.path
    if path == ACCEPTED:
        return Refusal(f"'{ACCEPTED}' says what a person accepted", _ASK)
    if path == FILE and meant.edit.kind in {TOUCH, DELETE} and b"[tool.everycommit" in before:
        return Refusal(f"a command changes '{FILE}', where the settings of everycommit are", _BY_EDIT)
    if path in PROJECT_FILES and not _keeps(meant):
        return Refusal(f"'{path}' makes you ask everycommit", _ASK)
    return None


def _keeps(meant: Meant) -> bool:
    """Tell whether all the calls of ours stay, and nothing switches hooks off."""
    before, after = meant.before or b"", meant.after
    calls = len(re.findall(CALL.encode(), before))
    if not calls:
        return True
    if after is None or meant.edit.kind == TOUCH:
        return False
    return len(re.findall(CALL.encode(), after)) >= calls and after.count(_OFF) <= before.count(_OFF)


def _of_the_user(environ: Mapping[str, str]) -> Iterator[Path]:
    from ..config.load import user_file

    yield Path(os.path.realpath(user_file(environ)))
    home = environ.get("HOME", "")
    if home.startswith("/"):
        yield from (Path(os.path.realpath(Path(home, name))) for name in (".gitconfig", ".config/git/config"))
