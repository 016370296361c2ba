"""Look at the repository, show the short [tool.everycommit] that suits it, and add it to pyproject.toml.

Where a hook manager runs the hooks here, the entry for its configuration is shown as well. It asks first; --yes answers
for you and leaves the manager's files alone, --write adds to both. Nothing that stands in a file is changed.
"""

import argparse
import os
import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from ..config.detect import FILES, Found, found, listed
from ..config.mentioned import candidates, mentioned, question
from ..config.proposal import appended, block, sentence
from ..config.schema import CommandSettings, Settings
from ..config.trust import Accepted, digest
from ..errors import EverycommitError, UsageError
from ..repo.repository import Repository, discover
from ..report.style import style_for
from .ask import agreed, can_ask
from .call import Call
from .checkup_projects import below, in_words
from .init_manager import Offer, Tell, indented, offer, scripts, write

_FILE = "pyproject.toml"
_MOST_BUILT = 50


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("--yes", action="store_true", help="write the settings without asking")
    parser.add_argument(
        "--write",
        action="store_true",
        help="write the settings and the entry for the hook manager that is here without asking",
    )


def main(args: argparse.Namespace, call: Call) -> int:
    """Show and write; return 0, also when the answer was no, and 2 where nobody could be asked."""
    repository = discover(call.cwd, call.environ)
    project = look(repository)
    style = style_for(call.stdout, call.environ)

    def tell(text: str = "") -> None:
        call.stdout.write(style.text(text) + "\n")

    tell(sentence(project, _interpreter(repository, call) if project.python else ""))
    roots = below(repository, paths_here(repository), Settings())
    if roots:
        tell(f"{in_words(roots)}.")
    offered = offer(repository, project)
    more = _shown(repository, project, tell)
    offered.show(tell, is_written=args.write)
    if more is None and not (offered.files and (args.write or can_ask(call))):
        return 0
    if not (args.yes or args.write or can_ask(call)):
        raise UsageError("nothing was written, as there is no terminal to ask on; `everycommit init --yes` writes it")
    if more is not None:
        next_step = "" if offered.files and not args.yes else ", and `everycommit install` for the git hooks"
        written = _settings(repository, more, call, next_step, is_asked=not (args.yes or args.write))
        if written and project.commands:
            _trust(repository, project, call)
    _manager(repository, offered, call, is_asked=not args.write, is_left=args.yes and not args.write)
    if more is not None:
        for line in _models(call):
            tell(f"A model of yours could review each change. {line}")
    return 0


def _shown(repository: Repository, project: Found, tell: Tell) -> bytes | None:
    """Show the settings; return what is to be added for them, None where they are there."""
    if project.settled:
        tell(
            f"{_FILE} has a [tool.everycommit] already: nothing was changed. `everycommit settings` shows what judges."
        )
        return None
    content, text = _content(repository.top / _FILE), block(project)
    tell(f"Would add to {_FILE}:" if content is not None else f"Would write a {_FILE}:")
    tell(indented(text))
    return appended(content or b"", text)


def _settings(repository: Repository, more: bytes, call: Call, next_step: str, *, is_asked: bool) -> bool:
    """Write *more*, where that was asked for or is agreed to; return whether it was written."""
    if is_asked and not agreed(call, "Write this?"):
        call.stdout.write("Nothing was written.\n")
        return False
    _append(repository.top / _FILE, more)
    call.stdout.write(f"Written. Next: `git add {_FILE}`{next_step}.\n")
    return True


def _trust(repository: Repository, project: Found, call: Call) -> None:
    """Accept the commands that were shown and written: who let them be written here lets them run here."""
    import shlex

    shown = {digest(one.name, CommandSettings(run=one.run)): one for one in project.commands}
    accepted = Accepted(repository.common_dir)
    accepted.add({key: f"command.{one.name}: {shlex.join(one.run)}" for key, one in shown.items()})
    names = listed([one.name for one in project.commands])
    call.stdout.write(f"Accepted on this machine: {names}; others are asked by `everycommit trust`.\n")


def _manager(repository: Repository, offered: Offer, call: Call, *, is_asked: bool, is_left: bool) -> None:
    """Write the manager's entry, where that was asked for or is agreed to."""
    if not offered.files or is_left or (is_asked and not agreed(call, f"Add the entry for {offered.name}?")):
        return
    for line in write(repository.top, offered):
        call.stdout.write(f"{line}\n")


def paths_here(repository: Repository) -> set[str]:
    """Return the files of the working tree: tracked ones, and untracked ones that git does not ignore."""
    return _names(repository.git.out("ls-files", "-z", "--cached", "--others", "--exclude-standard"))


def look(repository: Repository) -> Found:
    """Return what the files of the working tree tell."""
    git = repository.git
    paths = paths_here(repository)
    ignored = git.out("ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory")
    folder = scripts(repository)
    names = (*FILES, *(f"{folder}/pre-commit" for folder in [folder] if folder))
    files = {name: content for name in names if (content := _content(repository.top / name)) is not None}
    hidden = _names(ignored)
    needed = [*_mentioned(repository, hidden), *_built(repository, files.get("pyproject.toml", b""))]
    return found(paths, files, hidden, mentioned=needed, hooks_path=folder)


def _built(repository: Repository, pyproject: bytes) -> Iterator[str]:
    """Yield the extensions that meson-python built for an editable install: it leaves them in ``build/cp312/``."""
    if re.search(rb"^build-backend\s*=\s*[\"']mesonpy[\"']", pyproject, re.MULTILINE):
        for path in islice(sorted(repository.top.glob("build/cp*/**/*.so")), _MOST_BUILT):
            yield path.relative_to(repository.top).as_posix()


def _mentioned(repository: Repository, ignored: Collection[str]) -> tuple[str, ...]:
    """Return those of *ignored* that the code of the working tree names."""
    asked = candidates(ignored)
    if not asked:
        return ()
    # 1 where nothing is found.
    said = repository.git.out(*question(asked), ok=(0, 1))
    return mentioned(asked, said.decode(errors="replace"))


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
