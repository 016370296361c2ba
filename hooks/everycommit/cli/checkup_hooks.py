"""How the git hooks stand, for `doctor`."""

import os
from collections.abc import Iterator

from ..config.detect import Found
from ..errors import EverycommitError
from ..repo.githooks import VERSION, Hook, Kind, hooks_folder, look, looked_after
from ..repo.install import LEGACY
from ..repo.repository import Repository
from .checkup import BAD, GOOD, NOTE, Line


def hooks(repository: Repository, project: Found) -> Iterator[Line]:
    """Yield how each hook stands."""
    try:
        folder = hooks_folder(repository)
        there = [look(folder, name) for name in looked_after(folder)]
        moved = {hook.name: look(folder, hook.name + LEGACY).kind is Kind.OURS for hook in there}
    except EverycommitError as error:
        yield Line(BAD, str(error))
        return
    where = folder.relative_to(repository.top) if folder.is_relative_to(repository.top) else folder
    right = [hook for hook in there if hook.kind is Kind.OURS and not _trouble(hook)]
    if right:
        names = ", ".join(hook.name for hook in right)
        yield Line(GOOD, f"hooks: {names} in {where} (version {VERSION})")
    if not folder.is_relative_to(repository.common_dir):
        yield Line(NOTE, f"core.hooksPath is set: git looks for hooks in {where}")
    for hook in there:
        if hook.kind is not Kind.FOREIGN and os.path.lexists(hook.before):
            yield Line(GOOD, f"{hook.name}: the hook that was there, {hook.before.name}, is kept and called first")
    for hook in there:
        way = f"{hook.name}{LEGACY}" if moved[hook.name] else project.manager if project.managed else ""
        yield from _told(hook, way)
    if project.managed and any(look(folder, hook.before.name).manager for hook in right):
        text = f"{project.manager} names everycommit as well, so a change is judged twice: take one of the two out"
        yield Line(NOTE, text)
    missing = [hook.name for hook in there if hook.kind is Kind.ABSENT]
    if missing:
        yield Line(NOTE if project.managed else BAD, f"no hook {' or '.join(missing)}: `everycommit install` writes it")


def _told(hook: Hook, way: str) -> Iterator[Line]:
    """Yield what is wrong with a hook that is there; *way* is how a hook manager would call everycommit."""
    if hook.kind is Kind.EDITED:
        text = "the hook was edited since everycommit wrote it, so `install` and `uninstall` leave it alone"
        yield Line(NOTE, f"{hook.name}: {text}")
    elif hook.kind is Kind.FOREIGN and hook.manager and way:
        yield Line(GOOD, f"{hook.name}: {hook.manager} calls everycommit ({way})")
    elif hook.kind is Kind.FOREIGN:
        whose = f"{hook.manager}'s" if hook.manager else "somebody else's"
        text = f"the hook is {whose}, everycommit is not called: `everycommit install` keeps it and adds ours"
        yield Line(BAD, f"{hook.name}: {text}")
    elif hook.kind is Kind.OURS and _trouble(hook):
        yield Line(BAD, f"{hook.name}: {_trouble(hook)}: `everycommit install` mends it")


def _trouble(hook: Hook) -> str:
    """Return what is wrong with a hook of ours, nothing where it is right."""
    if not hook.runs:
        return "the hook is not executable, git passes over it"
    if hook.version != VERSION:
        return f"the hook is of version {hook.version}, this everycommit writes {VERSION}"
    if hook.python is None or not os.access(hook.python, os.X_OK):
        return f"the Python that the hook starts is gone ({hook.python})"
    return ""
