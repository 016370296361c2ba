"""Look at the repository, show the short [tool.everycommit] that suits it, and add it to pyproject.toml.

It asks first; --yes answers for you. Nothing that stands in the file is changed.
"""

import argparse
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ..config.detect import FILES, Found, found
from ..config.proposal import appended, block, entry, sentence
from ..errors import EverycommitError, UsageError
from ..repo.repository import Repository, discover
from ..report.style import style_for
from .ask import agreed, can_ask
from .call import Call

_FILE = "pyproject.toml"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("--yes", action="store_true", help="write without asking")


def main(args: argparse.Namespace, call: Call) -> int:
    """Show and write; return 0, also when the answer was no, and 2 where nobody could be asked."""
    repository = discover(call.cwd, call.environ)
    project = look(repository)
    style = style_for(call.stdout, call.environ)

    def tell(text: str = "") -> None:
        call.stdout.write(style.text(text) + "\n")

    tell(sentence(project, _interpreter(repository, call) if project.python else ""))
    if project.settled:
        tell(
            f"{_FILE} has a [tool.everycommit] already: nothing was changed. `everycommit settings` shows what judges."
        )
        return 0
    path, text = repository.top / _FILE, block(project)
    content = _content(path)
    tell(f"Would add to {_FILE}:" if content is not None else f"Would write a {_FILE}:")
    tell(_indented(text))
    if project.manager and not project.managed:
        tell(f"{project.manager} is here: instead of `everycommit install` you can name everycommit in it:")
        tell(_indented(entry(project.manager)))
    more = appended(content or b"", text)
    if not args.yes and not can_ask(call):
        raise UsageError("nothing was written, as there is no terminal to ask on; `everycommit init --yes` writes it")
    if not args.yes and not agreed(call, "Write this?"):
        tell("Nothing was written.")
        return 0
    _append(path, more)
    tell(f"Written. Next: `git add {_FILE}`, and `everycommit install` for the git hooks.")
    for offer in _models(call):
        tell(f"A model of yours could review each change. {offer}")
    return 0


def look(repository: Repository) -> Found:
    """Return what the files of the working tree tell: tracked ones, and untracked ones that git does not ignore."""
    git = repository.git
    paths = git.out("ls-files", "-z", "--cached", "--others", "--exclude-standard")
    ignored = git.out("ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory")
    files = {name: content for name in FILES if (content := _content(repository.top / name)) is not None}
    return found(_names(paths), files, _names(ignored))


def _models(call: Call) -> Iterator[str]:
    """Yield a line for each model that could be set up, where the user has none."""
    from .checkup_models import offered
    from .models import found

    with suppress(EverycommitError):
        if not found(call)[1]:
            yield from offered(call)


def _names(listing: bytes) -> set[str]:
    return {os.fsdecode(name) for name in listing.split(b"\0") if name}


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        if path.is_symlink():
            raise UsageError(f"{path.name} is a link that leads nowhere ({path.readlink()}); mend it first") from None
        return None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error


def _interpreter(repository: Repository, call: Call) -> str:
    from ..environment import find

    try:
        python = find(
            setting=None,
            top=repository.top,
            main_worktree=repository.main_worktree,
            environ=call.environ,
            tracked=lambda path: bool(repository.git.out("--literal-pathspecs", "ls-files", "--", path)),
            accepted=lambda _: False,
        )
    except EverycommitError:
        return ""
    return f"{python.origin} with Python {'.'.join(python.version.split('.')[:2])}"


def _indented(text: str) -> str:
    return "".join(f"    {line}\n" if line else "\n" for line in text.splitlines())


def _append(path: Path, more: bytes) -> None:
    """Write *more* behind what *path* holds: links, owner and mode stay, and a full disk leaves the file as it was."""
    before = path.stat().st_size if path.exists() else None
    try:
        with path.open("ab") as file:
            file.write(more)
    except OSError as error:
        if before is not None and path.stat().st_size > before:
            os.truncate(path, before)
        raise UsageError(f"{path} cannot be written: {error.strerror}; nothing was changed") from error
