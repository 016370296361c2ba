"""What `doctor` looks at: each check yields lines, and each line that is not good says the way on."""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from .. import __version__
from ..config.detect import Found, listed
from ..config.schema import Settings
from ..errors import EverycommitError, SettingsErrors, ToolError
from ..repo.git import OLDEST, Git, too_old
from ..repo.repository import Repository
from .call import Call

if TYPE_CHECKING:
    from ..environment import Interpreter

GOOD, NOTE, BAD = "passed", "warned", "failed"


class Line(NamedTuple):
    """One thing that was looked at; ``mark`` is GOOD, NOTE (good to know) or BAD (a run would not be verified)."""

    mark: str
    text: str


def ourselves(call: Call) -> Iterator[Line]:
    """Yield everycommit's and git's version."""
    yield Line(GOOD, f"everycommit {__version__} with Python {'.'.join(map(str, sys.version_info[:3]))} ({sys.prefix})")
    try:
        version = Git(call.cwd, call.environ).version()
    except EverycommitError as error:
        yield Line(BAD, str(error))
    else:
        old = version < OLDEST
        yield Line(BAD, str(too_old(version))) if old else Line(GOOD, f"git {'.'.join(map(str, version))}")


def place(repository: Repository) -> Iterator[Line]:
    """Yield what is special about the repository."""
    kind = [] if repository.object_format == "sha1" else [repository.object_format]
    if repository.main_worktree != repository.top:
        kind.append(f"linked worktree of {repository.main_worktree}")
    if repository.head is None:
        kind.append("no commit yet")
    yield Line(GOOD, f"repository {repository.top}" + f" ({', '.join(kind)})" * bool(kind))
    if repository.shallow:
        yield Line(NOTE, "history is cut off here, a push or a range may miss its base: git fetch --unshallow")
    if repository.git.run("config", "--get-regexp", r"^remote\..*\.promisor$").code == 0:
        yield Line(NOTE, "a partial clone: what is not here is fetched only by you, and a run that needs it says how")


def settings(repository: Repository, call: Call) -> tuple[list[Line], Settings]:
    """Return what there is to say of the settings of a staged change, and these; defaults where they are wrong."""
    from ..config.load import load, user_settings
    from .staged import settings_files

    head, index = settings_files(repository)
    try:
        user = user_settings(call.environ)
        whole = repository.head is None
        config = load(base=head, target=index, user=user, environ=call.environ, flags={}, whole=whole)
    except SettingsErrors as errors:
        return [Line(BAD, line) for line in errors.lines], Settings()
    sources = sorted({source.split(" ")[0] for source in config.sources.values() if source})
    where = f"from {listed(sources)}" if sources else "defaults; `everycommit init` writes a table of your own"
    lines = [Line(GOOD, f"settings: {where}"), *(Line(NOTE, note) for note in config.notes)]
    return lines, config.settings


def commands(repository: Repository, call: Call) -> Iterator[Line]:
    """Yield the commands that nobody has accepted on this machine."""
    from ..config.commands import requests
    from ..config.load import user_settings
    from ..config.trust import Accepted
    from .staged import settings_files

    head, index = settings_files(repository)
    accepted = Accepted(repository.common_dir)
    try:
        wanted = requests(head=head, index=index, user=user_settings(call.environ), environ=call.environ)
    except SettingsErrors:
        return  # said above
    if accepted.note:
        yield Line(BAD, accepted.note)
    waiting = [request.name for request in wanted if not accepted.has(request.digest)]
    if waiting:
        yield Line(BAD, f"{listed(waiting)} not accepted on this machine: read and accept with `everycommit trust`")
    elif wanted:
        yield Line(GOOD, f"commands accepted: {listed([request.name for request in wanted])}")


def python(repository: Repository, project: Found, chosen: Settings, call: Call) -> Iterator[Line]:
    """Yield the project's interpreter and the tools that judge."""
    from ..config.trust import Accepted
    from ..environment import find

    if not project.python:
        yield Line(GOOD, "no Python here: lint, types and tests have nothing to judge")
        return
    interpreter = None
    try:
        interpreter = _behind(repository, chosen, call) or find(
            setting=chosen.interpreter,
            top=repository.top,
            main_worktree=repository.main_worktree,
            environ=call.environ,
            tracked=lambda path: bool(repository.git.out("--literal-pathspecs", "ls-files", "--", path)),
            accepted=Accepted(repository.common_dir).has,
        )
    except ToolError as error:
        yield Line(BAD, str(error))
    else:
        path = interpreter.python
        shown = path.relative_to(repository.top) if path.is_relative_to(repository.top) else path
        by = f"behind run.prefix: {interpreter.origin}" if interpreter.behind else f"found by {interpreter.origin}"
        because = f", as {interpreter.why} is here" if interpreter.why else ""
        yield Line(GOOD, f"interpreter {shown} {interpreter.version}, {by}{because}")
        if interpreter.lacking:
            yield Line(NOTE, interpreter.lacking)
        yield from _seen(interpreter)
    yield from tools(interpreter, has_tests=bool(project.tests))


def _behind(repository: Repository, chosen: Settings, call: Call) -> "Interpreter | None":
    """Return what the prefix answers; None where none is set."""
    if not chosen.run.prefix:
        return None
    from ..config.trust import Accepted
    from ..repo.cache import cache_folder
    from .project_python import behind_prefix

    accepted, cache = Accepted(repository.common_dir).has, cache_folder(chosen.cache_dir, call.environ)
    return behind_prefix(chosen.run, repository.top, call, accepted=accepted, cache=cache)


def _seen(interpreter: "Interpreter") -> Iterator[Line]:
    """Yield whether the folder of the snapshots is there behind the prefix."""
    if interpreter.behind is None:
        return
    why = interpreter.behind.unseen()
    there = interpreter.behind.to(f"{interpreter.behind.cache}/")
    yield Line(BAD, why) if why else Line(GOOD, f"snapshots are seen behind run.prefix, at {there}")


def tools(interpreter: "Interpreter | None", *, has_tests: bool) -> Iterator[Line]:
    """Yield ruff, mypy and pytest: which one judges, the project's or ours."""
    from ..environment import tool

    for name in ("ruff", "mypy", "pytest") if interpreter else ("ruff",):
        try:
            found = tool(name, interpreter)
        except ToolError as error:
            yield Line(BAD if name != "pytest" or has_tests else NOTE, str(error))
        else:
            yield Line(GOOD, f"{name} {found.version} ({'everycommit' if found.ours else 'the project'}'s)")
