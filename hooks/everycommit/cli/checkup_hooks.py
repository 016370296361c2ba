"""How the git hooks stand, for `doctor`."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..config.detect import Found
from ..config.managers import INSTALL
from ..errors import EverycommitError
from ..repo.githooks import VERSION, Hook, Kind, hooks_folder, look, looked_after
from ..repo.install import LEGACY, moved_aside
from ..repo.repository import Repository
from .checkup import BAD, GOOD, NOTE, Line


def hooks(repository: Repository, project: Found) -> Iterator[Line]:
    """Yield how each hook stands."""
    try:
        folder = hooks_folder(repository)
        there = [look(folder, name) for name in looked_after(folder)]
        moved = {hook.name: moved_aside(folder, hook.name) for hook in there}
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
        called = [path.name for path in moved[hook.name] if path.name.endswith(LEGACY)]
        yield from _told(hook, called[0] if called else _way(hook, project, repository.top))
        for path in moved[hook.name]:
            if path.name not in called:
                text = f"ours was moved to {path.relative_to(folder)}, where nobody calls it"
                yield Line(BAD, f"{hook.name}: {text}: `everycommit install` mends it")
    twice = any(path.name.endswith(LEGACY) for paths in moved.values() for path in paths)
    yield from _managers(project, folder, right, twice=twice)
    yield from _absent(project, [hook.name for hook in there if hook.kind is Kind.ABSENT])


def _managers(project: Found, folder: Path, right: Sequence[Hook], *, twice: bool) -> Iterator[Line]:
    """Yield what there is to say of the hook managers; *right* are the hooks of ours that git calls."""
    managed = project.managed
    if managed is None:
        for manager in project.managers:
            text = f"{manager.name} is configured ({manager.file}) and does not name everycommit"
            yield Line(GOOD if right else NOTE, f"{text}: `everycommit init` shows the entry")
        return
    first = any(look(folder, hook.before.name).manager for hook in right)
    if twice:
        yield Line(
            NOTE, f"{managed.file} names everycommit as well, so a change is judged twice: `everycommit uninstall`"
        )
    elif first:
        yield Line(GOOD, f"{managed.file} names everycommit: called by our own hook it leaves the change to that")
    else:
        yield Line(GOOD, f"{managed.name} names everycommit ({managed.file})")
    if managed.separate:
        text = f"{managed.file} names the gates one by one: with the one id `everycommit` the change is read once"
        yield Line(NOTE, f"{text}, and they run at the same time")
    if managed.swallows and not any(hook.name == "pre-push" for hook in right):
        text = f"at push {managed.name} does not show all refs that are pushed"
        yield Line(NOTE, f"{text}: `everycommit install --hook pre-push` does")


def _absent(project: Found, missing: Sequence[str]) -> Iterator[Line]:
    """Yield what is to be done for hooks that are not there; of a manager's push hook `_managers` has spoken."""
    managed = project.managed
    if managed is not None and managed.swallows:
        missing = [name for name in missing if name != "pre-push"]
    if not missing:
        return
    own = INSTALL.get(managed.name) if managed else None
    text = f"no hook {' or '.join(missing)}: `{own or 'everycommit install'}` writes it"
    # A clone that nobody told the manager of looks right and judges nothing.
    yield Line(BAD if managed is None or "pre-commit" in missing else NOTE, text)


def _way(hook: Hook, project: Found, top: Path) -> str:
    """Return the file through which a foreign hook calls everycommit; empty where it does not."""
    if b"everycommit" in hook.content:
        return hook.path.name
    managed = project.managed
    if managed is None or hook.manager is None:
        return ""
    if managed.name != "husky":
        return managed.file
    script = f"{managed.file.rpartition('/')[0]}/{hook.name}"
    try:
        return script if b"everycommit" in (top / script).read_bytes() else ""
    except OSError:
        return ""


def _told(hook: Hook, way: str) -> Iterator[Line]:
    """Yield what is wrong with a hook that is there; *way* is how a hook manager would call everycommit."""
    if hook.kind is Kind.EDITED:
        text = "the hook was edited since everycommit wrote it, so `install` and `uninstall` leave it alone"
        yield Line(NOTE, f"{hook.name}: {text}")
    elif hook.kind is Kind.FOREIGN and way:
        yield Line(GOOD, f"{hook.name}: {hook.manager or 'the hook of this project'} calls everycommit ({way})")
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
