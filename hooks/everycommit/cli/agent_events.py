"""From an agent's event to the client's answer: the guard, the edited file, the stop."""

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..agent.event import After, Answer, Before, Begin, Edit, Refusal, Stop
from ..errors import EverycommitError, UsageError
from ..record import replace
from .call import Call

if TYPE_CHECKING:
    from ..agent.client import Client
    from ..repo.repository import Repository

_LONGEST = 1 << 26
"""Characters of an event."""
_DENIED = "everycommit does not let this happen: "


def answered(adapter: "Client", text: str, call: Call) -> Answer:
    """Return the answer to the event in *text*.

    Raises:
        EverycommitError: It is no event, or nothing could be judged.
    """
    given = _event(text)
    event = adapter.read(given)
    if event is None:
        return adapter.silent()
    call = replace(call, cwd=_folder(event.cwd, call.cwd), environ=_environ(call))
    if isinstance(event, Before):
        why = _why_not(event, call)
        return adapter.denied(given, _DENIED + why) if why else adapter.silent()
    if isinstance(event, After):
        from .agent_edit import of_edit

        found = of_edit(event, call)
        return adapter.told(given, found) if found else adapter.silent()
    if isinstance(event, Begin):
        from .agent_stop import began

        began(event, call)
        return adapter.silent()
    return _stop(adapter, given, event, call)


def _event(text: str) -> dict[str, Any]:
    if len(text) > _LONGEST:
        raise UsageError(f"an event of {len(text)} characters is too long")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"standard input holds no JSON: {error}") from error
    if not isinstance(found, dict):
        raise UsageError("standard input holds JSON, but no event")
    return found


def _folder(text: str, here: Path) -> Path:
    """Return the event's folder, or the nearest one above it that is still there; else where we were called."""
    if "\0" in text or not text:
        return here
    folder = here / text
    while not os.path.isdir(folder):  # noqa: PTH112 - raises nothing
        if folder == folder.parent:
            return here
        folder = folder.parent
    return folder


def _why_not(event: Before, call: Call) -> str:
    """Return why the tool may not run, with the way on; empty where it may."""
    edits, named = event.edits, tuple[Edit, ...]()
    if event.command:
        from ..agent.shell_rules import read

        found = read(event.command)
        if found.refused:
            return _said(found.refused[0])
        edits, named = edits + found.edits, found.named
    if not edits and not named:
        return ""
    return _of_files(edits, named, call)


def _of_files(edits: tuple[Edit, ...], named: tuple[Edit, ...], call: Call) -> str:
    from ..agent.guard import planned

    repository = _repository(edits, call)
    if repository is None:
        # Nothing is held outside of a repository.
        return ""
    cwd = Path(os.path.realpath(call.cwd))
    for group in (named, edits):
        found = planned(repository, cwd, group, call.environ)
        if found.refused:
            return _said(found.refused)
    if not found.contents:
        return ""
    from ..agent.guard import Contents, Tree, not_ignored, wrong
    from ..config.read_before import ReadBefore
    from ..repo.worktree import working_tree
    from .place import configured, isolated

    with isolated(repository, call) as here:
        contents = not_ignored(repository, here.quarantine, found.contents)
        if not contents:
            return ""

        read = ReadBefore(here.cache)
        only_gone = all(content is None for content in contents.values())

        def tree(over: Contents) -> Tree:
            candidate = working_tree(repository, here.quarantine, over)
            return Tree(candidate, configured(here, candidate, call, read=read), only_gone=only_gone)

        findings = wrong(tree(contents), contents, here.quarantine, lambda: tree({}))
    return _findings(findings)


def _repository(edits: tuple[Edit, ...], call: Call) -> "Repository | None":
    """Return the repository of the first file, else that of the folder; None where there is none."""
    from ..repo.repository import discover

    first = edits[0].path if edits else ""
    places = [_folder(first, call.cwd)] * first.startswith("/") + [call.cwd]
    for place in dict.fromkeys(places):
        with suppress(UsageError):
            return discover(place, call.environ)
    return None


def _environ(call: Call) -> dict[str, str]:
    """Return the environment without what git tells its hooks: an agent's folder says where its repository is."""
    return {
        name: value
        for name, value in call.environ.items()
        if name not in {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"}
    }


def _said(refusal: Refusal) -> str:
    from ..text import printable

    return printable(f"{refusal.what}. {refusal.way}")


def _findings(findings: list[Any]) -> str:
    if not findings:
        return ""
    from ..agent.feedback import of_guard

    return of_guard(findings)


def _stop(adapter: "Client", given: dict[str, Any], event: Stop, call: Call) -> Answer:
    from .agent_stop import stopped

    try:
        told = stopped(event, call, most=adapter.MOST_ROUNDS)
    except EverycommitError as error:
        # Silence is not a pass: whoever reads the session has to see that nothing was looked at.
        from .agent_log import logged

        return adapter.said(given, f"everycommit: NOT VERIFIED: {logged('stop', error, call.environ)}")
    if not told.text:
        return adapter.silent()
    return (adapter.insisted if told.insists else adapter.said)(given, told.text)
