"""Give coding agents a skill that says how to work under everycommit, in the open Agent Skills format.

everycommit skill install               .agents/skills/everycommit/SKILL.md, which several clients read
everycommit skill install --for claude  where Claude Code looks
everycommit skill show                  print it
everycommit skill uninstall             take it back
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ..agent.skill import FOLDERS, NAME, is_ours, text
from ..errors import UsageError
from ..repo.repository import discover
from .call import Call

if TYPE_CHECKING:
    import argparse


def arguments(parser: "argparse.ArgumentParser") -> None:
    """Declare what the command takes."""
    parser.add_argument("action", choices=("install", "show", "uninstall"), help="write it, print it, take it back")
    parser.add_argument(
        "--for", dest="client", choices=FOLDERS, default="agents", help="whose folder (default: agents)"
    )
    parser.add_argument("--user", action="store_true", help="in your home, for all projects")
    parser.add_argument("--force", action="store_true", help="also where somebody has edited it")


def main(args: "argparse.Namespace", call: Call) -> int:
    """Write, print or remove; return 0."""
    if args.action == "show":
        call.stdout.write(text())
        return 0
    top = _home(call) if args.user else discover(call.cwd, call.environ).top
    shown = Path(FOLDERS[args.client], NAME, "SKILL.md")
    path = top / shown
    found = _read(path)
    if found is not None and found != text() and not is_ours(found) and not args.force:
        raise UsageError(f"'{path}' was edited, or is not ours; --force takes it all the same, after you kept a copy")
    if args.action == "uninstall":
        call.stdout.write(_removed(path, top) if found is not None else f"There is no skill at {shown}.\n")
        return 0
    if found == text():
        call.stdout.write(f"{shown} is there and up to date.\n")
        return 0
    _write(path, top)
    call.stdout.write(f"{'Written' if found is None else 'Brought up to date'}: {shown}\n")
    return 0


def _home(call: Call) -> Path:
    home = call.environ.get("HOME", "")
    if not home.startswith("/"):
        raise UsageError("skill --user: there is no HOME to write to")
    return Path(home)


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"'{path}' cannot be read: {error}") from error


def _write(path: Path, top: Path) -> None:
    """Put the skill at *path*; a link that leads out of *top* is not followed."""
    if not path.parent.resolve().is_relative_to(top.resolve()) or path.is_symlink():
        raise UsageError(f"'{path}' leads elsewhere by a link; nothing was written")
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(text(), encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise UsageError(f"'{path}' cannot be written: {error.strerror}") from error


def _removed(path: Path, top: Path) -> str:
    """Remove the file, and the folders above it that are empty then."""
    try:
        path.unlink()
        for folder in path.parents:
            if folder == top or any(folder.iterdir()):
                break
            folder.rmdir()
    except OSError as error:
        raise UsageError(f"'{path}' cannot be removed: {error.strerror}") from error
    return f"Removed: {path.relative_to(top)}\n"
