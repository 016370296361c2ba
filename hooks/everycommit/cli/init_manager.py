"""The entry for a hook manager: shown by `init`, written on request."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from ..config.detect import Found
from ..config.managers import Manager
from ..config.naming import Entry, entry
from ..errors import EverycommitError, UsageError
from ..repo.githooks import HOOKS, hooks_folder, look
from ..repo.repository import Repository

Tell = Callable[[str], None]


class Offer(NamedTuple):
    """What would be added for the hook manager that runs here; nothing where there is none or it names us already."""

    manager: Manager | None = None
    entry: Entry = Entry("")
    others: tuple[Manager, ...] = ()

    @property
    def name(self) -> str:
        return self.manager.name if self.manager else ""

    @property
    def files(self) -> tuple[str, ...]:
        """The files that would be written."""
        return tuple(file.path for file in self.entry.files)

    @property
    def for_push(self) -> str:
        """What the last of the commands is for; empty where nothing is hidden at a push."""
        if self.manager is None or not self.manager.swallows:
            return ""
        return f"The last of these is for push: {self.name} does not show a hook all refs that are pushed."

    def show(self, tell: Tell, *, is_written: bool) -> None:
        """Say what would be added where, and what comes after it; `write` says the latter where *is_written*."""
        if self.manager is None:
            return
        with_it = f" with {self.manager.beside}" if self.manager.beside else ""
        where = " and ".join(self.files) or self.manager.file
        tell(f"{self.name}{with_it} is here: instead of `everycommit install` you can name everycommit in {where}:")
        tell(indented(self.entry.shown))
        is_written = is_written and not self.entry.why
        if self.entry.why:
            tell(f"That has to be done by hand: {self.entry.why}.")
        elif not is_written:
            tell("`everycommit init --write` adds it.")
        if self.entry.then and not is_written:
            tell(f"Then: {'; '.join(f'`{command}`' for command in self.entry.then)}")
            if self.for_push:
                tell(self.for_push)
        for other in self.others:
            tell(f"{other.name} is configured as well ({other.file}); it is left alone.")


def scripts(repository: Repository) -> str:
    """Return the folder in which git looks for hooks, from the root; empty where that is not in the working tree."""
    try:
        folder = hooks_folder(repository)
    except EverycommitError:
        return ""
    if folder.is_relative_to(repository.common_dir) or not folder.is_relative_to(repository.top):
        return ""
    return folder.relative_to(repository.top).as_posix()


def offer(repository: Repository, project: Found) -> Offer:
    """Return what is to be offered: for the manager whose hook git runs, else for the first that is configured."""
    if not project.managers or project.managed:
        return Offer()
    running = _running(repository)
    first = next((manager for manager in project.managers if manager.name == running), project.managers[0])
    if running == "prek" and first.name == "pre-commit":
        first = first._replace(name=running)
    folder = first.file.rpartition("/")[0]
    names = {first.file, *(f"{folder}/{hook}" for hook in HOOKS)}
    files = {name: text for name in names if (text := _text(repository.top / name)) is not None}
    others = tuple(manager for manager in project.managers if manager.file != first.file)
    return Offer(first, entry(first, files), others)


def write(top: Path, offered: Offer) -> Iterator[str]:
    """Write the files; yield what is to be said of it."""
    for file in offered.entry.files:
        path = top / file.path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _replace(path, os.fsencode(file.content), file.mode)
        except OSError as error:
            raise UsageError(f"{path} cannot be written: {error.strerror}; nothing was changed in it") from error
    names = " ".join(offered.files)
    commands = (f"git add {names}", *(one for one in offered.entry.then if not one.startswith("git add ")))
    yield f"Written: {names.replace(' ', ', ')}. Next: {'; '.join(f'`{command}`' for command in commands)}"
    if offered.for_push:
        yield offered.for_push


def indented(text: str) -> str:
    """Return *text* as a block of its own."""
    return "".join(f"    {line}\n" if line else "\n" for line in text.splitlines())


def _running(repository: Repository) -> str:
    """Return whose hook git runs at a commit, also where ours stands before it; empty where nobody's that is known."""
    try:
        hook = look(hooks_folder(repository), "pre-commit")
        before = look(hook.path.parent, hook.before.name)
    except EverycommitError:
        return ""
    return hook.manager or before.manager or ""


def _text(path: Path) -> str | None:
    """Return what the file says, every byte of it; None where there is no such file."""
    try:
        return os.fsdecode(path.read_bytes())
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error


def _replace(path: Path, content: bytes, mode: int | None) -> None:
    """Put *content* at *path* at once, so that a full disk leaves what was there; a link stays one."""
    target = path.resolve()
    spare = target.with_name(f".everycommit-{target.name}-{os.getpid()}")
    try:
        with open(os.open(spare, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode or 0o666), "wb") as file:  # noqa: PTH123 - a mode
            file.write(content)
        if target.exists():
            spare.chmod(target.stat().st_mode & 0o7777)
        spare.replace(target)
    finally:
        spare.unlink(missing_ok=True)
