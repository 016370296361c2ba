"""Which projects the repository holds, for `doctor` and `init`."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..config.schema import Settings
from ..errors import SettingsErrors, ToolError
from ..repo.repository import Repository
from .call import Call
from .checkup import BAD, GOOD, Line

if TYPE_CHECKING:
    from ..environment import Interpreter

_SHOWN = 8


def below(repository: Repository, paths: Collection[str], settings: Settings) -> tuple[str, ...]:
    """Return the folders of the projects below the root, as the files *paths* of the working tree tell.

    Raises:
        SettingsErrors: A folder that *settings* name is not there.
    """
    from ..projects.found import roots
    from ..projects.tree import Tree

    def contents(wanted: Sequence[str]) -> Mapping[str, bytes]:
        return {path: content for path in wanted if (content := _content(repository.top / path)) is not None}

    return roots(Tree(frozenset(paths), contents), [one.root for one in settings.project])


def in_words(roots: Sequence[str]) -> str:
    """Return what follows from *roots* in a sentence."""
    names = ", ".join(roots[:_SHOWN]) + (f" and {len(roots) - _SHOWN} more" if len(roots) > _SHOWN else "")
    what = "1 project" if len(roots) == 1 else f"{len(roots)} projects"
    return f"{what} below the root: {names}; types and tests run in each that a change reaches"


def projects(repository: Repository, paths: Collection[str], settings: Settings, call: Call) -> Iterator[Line]:
    """Yield which projects there are, and the Python of each that has one of its own."""
    try:
        roots = below(repository, paths, settings)
    except SettingsErrors as error:
        yield Line(BAD, str(error))
        return
    if not roots:
        return
    yield Line(GOOD, in_words(roots))
    find = _finder(repository, settings, call)
    usual = find(".")
    for root in roots if not settings.run.prefix else ():
        own = find(root)
        if isinstance(own, ToolError):
            # Where the repository has none either, that was said once.
            if str(own) != str(usual) and not isinstance(usual, ToolError):
                yield Line(BAD, f"{root}: {own}")
        elif isinstance(usual, ToolError) or own.python != usual.python:
            yield Line(GOOD, f"{root}: {own.shown}")


def _finder(repository: Repository, settings: Settings, call: Call) -> "Callable[[str], Interpreter | ToolError]":
    from ..config.trust import Accepted
    from ..environment import find

    named = {one.root: one.python for one in settings.project}

    def found(root: str) -> "Interpreter | ToolError":
        own = named.get(root)
        try:
            return find(
                setting=own or settings.interpreter,
                top=repository.top,
                main_worktree=repository.main_worktree,
                environ=call.environ,
                tracked=lambda path: bool(repository.git.out("--literal-pathspecs", "ls-files", "--", path)),
                accepted=Accepted(repository.common_dir).has,
                project=root,
                key="project" if own else "interpreter",
            )
        except ToolError as error:
            return error

    return found


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes() if path.is_file() else None
    except OSError:
        return None
