"""Writing the git hooks and taking them back: all or none of them, and nothing of anybody else's is lost."""

import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from ..errors import RepositoryError
from .fastpath import Fast
from .githooks import Hook, Kind, look, looked_after, script

LEGACY = ".legacy"  # where `pre-commit install` and `prek install` move the hook they find, and call it from
OLD = ".old"  # where `lefthook install` moves it, and calls it no more
OLD_HOOKS = "old-hooks"  # the folder in which `overcommit --install` keeps it, uncalled


class Step(NamedTuple):
    """What became of one hook."""

    hook: Hook
    """As it was found."""
    did: str
    """written, renewed, unchanged, removed, restored, absent, left."""
    why: str = ""
    """Why it was left."""


def install(
    folder: Path,
    start: Sequence[str],
    *,
    fast: Fast | None = None,
    names: Sequence[str] | None = None,
    more: Sequence[str] = (),
) -> tuple[Step, ...]:
    """Write the hooks into *folder*, all of them or none; return a step a hook.

    *names* are those to be written, None all that are looked after; *more* are optional ones beside them. With *fast*
    they answer without Python where nothing is new.

    A hook that was edited since, and a foreign one whose place beside ours is taken, are left alone.

    Raises:
        RepositoryError: The folder cannot be written.
    """
    found = [look(folder, name) for name in dict.fromkeys((*(names or looked_after(folder)), *more))]
    steps = [_planned(hook) for hook in found]
    try:
        with ExitStack() as undo:
            made = max(hook.made for hook in found) or _make(folder, undo)
            ready = [_prepared(step, start, made, fast, undo) for step in steps]
            for number, (step, spare) in enumerate(zip(steps, ready, strict=True)):
                if spare is None and step.did != "left":
                    steps[number] = step._replace(did="unchanged")
                elif spare is not None:
                    _put(step, spare, undo)
            undo.pop_all()
    except OSError as error:
        raise RepositoryError(
            f"the hooks folder {str(folder)!r} cannot be written: {error.strerror}; nothing was changed"
        ) from error
    for step in steps:
        if step.hook.kind is Kind.FOREIGN and step.did != "left":
            # Under a hook manager's hook, ours may lie where it was moved to: it would judge twice, or call itself.
            for moved in moved_aside(folder, step.hook.name):
                moved.unlink()
    return tuple(steps)


def moved_aside(folder: Path, name: str) -> list[Path]:
    """Return where hook managers have moved our hook *name*, which they found when they wrote their own."""
    places = (look(folder, name + LEGACY), look(folder, name + OLD), look(folder / OLD_HOOKS, name))
    return [hook.path for hook in places if hook.kind is Kind.OURS]


def uninstall(folder: Path) -> tuple[Step, ...]:
    """Take back what ``install`` wrote into *folder*, also where a hook manager moved it since; return a step a hook.

    Raises:
        RepositoryError: The folder cannot be written.
    """
    found = [look(folder, name) for name in looked_after(folder)]
    try:
        steps = tuple(_taken_back(folder, hook) for hook in found)
        for spare in folder.glob(".everycommit-*"):
            spare.unlink()  # of an install that was killed
    except OSError as error:
        raise RepositoryError(f"the hooks folder {str(folder)!r} cannot be written: {error.strerror}") from error
    for _ in range(max(hook.made for hook in found)):
        try:
            folder.rmdir()
        except OSError:
            break  # somebody has put a file there since
        folder = folder.parent
    return steps


def _planned(hook: Hook) -> Step:
    if hook.kind is Kind.EDITED:
        return Step(hook, "left", f"{hook.path} was edited since everycommit wrote it; move it away and install again")
    if hook.kind is Kind.FOREIGN and os.path.lexists(hook.before):
        kept = look(hook.path.parent, hook.before.name)
        if not hook.supersedes(kept):
            why = f"{hook.path} and {hook.before} are both not everycommit's; move one away and install again"
            return Step(hook, "left", why)
    return Step(hook, "renewed" if hook.kind is Kind.OURS else "written")


def _prepared(step: Step, start: Sequence[str], made: int, fast: Fast | None, undo: ExitStack) -> Path | None:
    """Write the hook beside its place; return where, None where there is nothing to write."""
    hook = step.hook
    if step.did == "left":
        return None
    before = hook if hook.kind is Kind.FOREIGN else look(hook.path.parent, hook.before.name)
    content = script(hook.name, start, made=made, before=before, fast=fast)
    if hook.kind is Kind.OURS and hook.content == content and hook.runs:
        return None
    spare = hook.path.with_name(f".everycommit-{hook.name}-{os.getpid()}")
    undo.callback(spare.unlink, missing_ok=True)
    with open(os.open(spare, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o777), "wb") as file:  # noqa: PTH123 - a mode
        file.write(content)
    return spare


def _put(step: Step, spare: Path, undo: ExitStack) -> None:
    hook = step.hook
    if hook.kind is Kind.FOREIGN:
        _keep(hook)
        undo.callback(os.replace, hook.before, hook.path)
    elif hook.kind is Kind.OURS:
        undo.callback(hook.path.write_bytes, hook.content)
    else:
        undo.callback(hook.path.unlink, missing_ok=True)
    spare.replace(hook.path)


def _keep(hook: Hook) -> None:
    """Give the foreign hook its second name; a link leaves no moment in which no hook stands at the first."""
    if not hook.path.is_symlink():
        spare = hook.path.with_name(f".everycommit-before-{os.getpid()}")
        try:
            spare.hardlink_to(hook.path)
        except OSError:
            pass  # a file system without hard links
        else:
            spare.replace(hook.before)
            spare.unlink(missing_ok=True)  # replace does nothing where both are the same file already
            return
    hook.path.replace(hook.before)


def _taken_back(folder: Path, hook: Hook) -> Step:
    moved = moved_aside(folder, hook.name)
    for path in moved:
        path.unlink()
    kept = os.path.lexists(hook.before)
    if hook.kind is Kind.EDITED:
        return Step(hook, "left", f"{hook.path} was edited since everycommit wrote it")
    if hook.kind is Kind.FOREIGN:
        return _from_under(folder, hook, moved)
    if kept:
        hook.before.replace(hook.path)
        return Step(hook, "restored")
    if hook.kind is Kind.ABSENT:
        return Step(hook, "removed" if moved else "absent")
    hook.path.unlink()
    return Step(hook, "removed")


def _from_under(folder: Path, hook: Hook, moved: Sequence[Path]) -> Step:
    """Settle what the foreign *hook* stands on; ours was at *moved* and is gone."""
    kept = os.path.lexists(hook.before)
    if not kept or hook.supersedes(look(folder, hook.before.name)):
        hook.before.unlink(missing_ok=True)
        return Step(hook, "removed" if kept or moved else "absent")
    if not moved:
        return Step(hook, "left", f"{hook.path} is not everycommit's; the hook kept before it is {hook.before}")
    # The manager found ours and moved it; without ours it would have found, and moved, the one before.
    hook.before.replace(moved[0])
    return Step(hook, "restored")


def _make(folder: Path, undo: ExitStack) -> int:
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir()
        undo.callback(path.rmdir)
    return len(missing)
