"""Write a client's hook file, or take our entries out of it."""

import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..agent.client import client
from ..agent.hookfile import installed, removed
from ..errors import UsageError
from ..repo.repository import discover
from .call import Call

if TYPE_CHECKING:
    from ..agent.client import Client

_TOP = '"$(git rev-parse --show-toplevel)"'


def run(name: str, call: Call, *, remove: bool, user: bool, show: bool) -> int:
    """Install or remove for client *name*; return 0.

    Raises:
        UsageError: The file cannot be read, written, or is in no form that lets entries be added.
    """
    adapter = client(name)
    top = None if user else discover(call.cwd, call.environ).top
    path = _of_the_user(adapter, call) if top is None else top / adapter.PROJECT
    text = _text(path)
    hooks = adapter.hooks(f"{_program(call, top)} agent {name}")
    try:
        after = removed(text, name, adapter.HOLLOW) if remove else installed(text, name, hooks, adapter.HOLLOW)
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from error
    if show:
        call.stdout.write(after)
        return 0
    if after != text:
        _put(path, after, top)
    for line in _told(adapter, name, path if top is None else Path(adapter.PROJECT), after != text, remove=remove):
        call.stdout.write(f"{line}\n")
    return 0


def _told(adapter: "Client", name: str, path: Path, changed: bool, *, remove: bool) -> list[str]:  # noqa: FBT001
    if remove:
        return [f"{adapter.TITLE}: our hooks are taken out of {path}" if changed else f"{path} has no hooks of ours"]
    lines = [f"{adapter.TITLE}: {'hooks written to' if changed else 'nothing had to change in'} {path}"]
    lines += [adapter.NEXT] if adapter.NEXT else []
    return [*lines, f"Take them out: everycommit agent install {name} --remove"]


def _program(call: Call, top: Path | None) -> str:
    """Return how everycommit is called from a hook file, which others may share: by name where it is on the PATH."""
    found = shutil.which("everycommit", path=call.environ.get("PATH"))
    inside = Path(sys.prefix) / "bin/everycommit"
    if top is not None and inside.is_relative_to(top):
        # In the project's own environment: wherever the project lies.
        return f"{_TOP}/{shlex.quote(inside.relative_to(top).as_posix())}"
    if found:
        return "everycommit"
    return shlex.quote(str(inside)) if inside.exists() else f"{shlex.quote(sys.executable)} -m everycommit"


def _of_the_user(adapter: "Client", call: Call) -> Path:
    elsewhere = call.environ.get(adapter.HOME, "") if adapter.HOME else ""
    if elsewhere.startswith("/"):
        return Path(elsewhere, adapter.USER.partition("/")[2])
    home = call.environ.get("HOME", "")
    if not home.startswith("/"):
        raise UsageError("agent install --user: there is no HOME to write to")
    return Path(home, adapter.USER)


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from error


def _put(path: Path, text: str, top: Path | None) -> None:
    try:
        if text:
            path.parent.mkdir(parents=True, exist_ok=True)
            # A link stays one, and what it points to changes.
            place = Path(os.path.realpath(path))
            fresh = place.with_name(f".{place.name}.{os.getpid()}")
            fresh.write_bytes(text.encode())
            if place.exists():
                shutil.copymode(place, fresh)
            fresh.replace(place)
        else:
            path.unlink(missing_ok=True)
            _without_empty_folders(path.parent, top)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from error


def _without_empty_folders(folder: Path, top: Path | None) -> None:
    while top is not None and folder != top and folder.is_relative_to(top) and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
