"""Contents of submodules: from the store that git keeps here, at the recorded commit; nothing is fetched or run."""

import os
import re
import shlex
import stat
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ..change import GITLINK
from ..deadline import Deadline
from ..errors import EverycommitError, TimeRanOut
from .aside import Aside
from .bare import lay_out, point_at
from .cache import remove
from .git import Git
from .layout import isolated
from .lfs import filled, pointers_below, store_in
from .repository import Repository
from .slot import Slot

_DEEPEST = 5
_MOST = 200
"""Submodules in all, those in others too."""


class Contents(NamedTuple):
    """What became of the submodules of a tree."""

    notes: tuple[str, ...]
    lacking: str
    """Those that a ``git submodule update`` would bring; empty where there is none."""
    unfilled: str = ""
    """Their LFS files whose contents are not here; empty where there is none."""


class _Module(NamedTuple):
    path: str
    """From the tree's root."""
    commit: str
    named: bool
    """Whether ``.gitmodules`` has a name for it."""
    stores: Sequence[Path]
    """Git folders that may be its own."""
    depth: int = 1


def submodules(
    slot: Slot,
    links: Collection[str],
    linked: Sequence[str],
    repository: Repository,
    git: Git,
    *,
    aside: Aside,
    deadline: Deadline,
) -> Contents:
    """Lay out the submodules *links* of the slot's tree, whose index *git* reads; not those of the setting *linked*.

    What the last run laid out of the same commits comes from *aside*.

    Raises:
        TimeRanOut: *deadline* passed.
        OSError: The tree cannot be written.
    """
    own = {link for link in links if not any(f"{name}/".startswith(f"{link}/") for name in linked)}
    roots = [repository.git_dir / "modules", repository.common_dir / "modules"]
    waiting = [module for module in _modules(slot.tree, roots, git, deadline) if module.path in own]
    untouched, absent, pointing = [], [], []
    lacking: list[str] = []
    fresh: dict[str, str] = {}
    for seen, module in enumerate(_each(waiting), 1):
        if not module.named or module.depth > _DEEPEST or seen > _MOST:
            untouched.append(module.path)
            continue
        if module.depth == 1:
            if aside.put_back(module.path, module.commit):
                continue
            fresh[module.path] = module.commit
        # A repository that became a submodule where it stood has its git folder there.
        beside = [repository.top / module.path / ".git"] if module.depth == 1 else []
        store = _filled(slot, module, [*module.stores, *beside], repository, deadline)
        if store is None:
            absent.append(module.path)
            continue
        inner = _git(slot, module.path, repository)
        lacks = _pointed(slot, module.path, store, inner, deadline)
        pointing += [module.path] if lacks else []
        lacking += [lacks] if lacks else []
        waiting += [
            found._replace(path=f"{module.path}/{found.path}", depth=module.depth + 1)
            for found in _modules(slot.tree / module.path, [store / "modules"], inner, deadline)
        ]
    # With one that lacks something in it the next run has to look again.
    for path, commit in fresh.items():
        if not any(f"{other}/".startswith(f"{path}/") for other in (*untouched, *absent, *pointing)):
            aside.keep(path, commit)
    untouched += set(links) - own
    notes = (f"submodule contents are not laid out: {', '.join(sorted(untouched))}",) if untouched else ()
    return Contents(notes, _lacking(absent), "; ".join(lacking))


def _pointed(slot: Slot, path: str, store: Path, git: Git, deadline: Deadline) -> str:
    """Put the contents of LFS pointers in submodule *path* there, from its own store; return what is lacking."""
    entries = os.fsdecode(git.out("ls-files", "-z", deadline=deadline)).split("\0")[:-1]
    pointers = pointers_below(slot.tree / path, entries)
    return filled(
        slot,
        [f"{path}/{name}" for name in pointers],
        lambda: store_in(store, git, "-f", str(store / "config")),
        deadline,
        fetch=f"git -C {shlex.quote(path)} lfs fetch",
    )


def _each(waiting: list[_Module]) -> Iterator[_Module]:
    """Yield what waits, and what comes to it in the meantime."""
    while waiting:
        yield waiting.pop(0)


def _lacking(absent: Sequence[str]) -> str:
    if not absent:
        return ""
    one = absent[0]
    what = "a submodule's commit is" if len(absent) == 1 else f"the commits of {len(absent)} submodules are"
    return f"{what} not present here, such as {one}: `git submodule update --init --recursive`"


def _modules(tree: Path, roots: Sequence[Path], git: Git, deadline: Deadline) -> list[_Module]:
    """Return the submodules that *git*'s index of *tree* has; their git folders lie in *roots*, by their names."""
    entries = os.fsdecode(git.out("ls-files", "-s", "-z", deadline=deadline)).split("\0")[:-1]
    links = [
        (path, facts.split(" ")[1])
        for facts, _, path in (entry.partition("\t") for entry in entries)
        if facts.startswith(GITLINK)
    ]
    names = _names(tree / ".gitmodules", git, deadline) if links else {}
    found = []
    for path, commit in links:
        stores = [root / names[path] for root in roots if path in names]
        # A link would lead to another folder than the name says.
        inside = [store for store, root in zip(stores, roots, strict=False) if _is_inside(store, root)]
        found.append(_Module(path, commit, path in names, inside))
    return found


def _names(file: Path, git: Git, deadline: Deadline) -> dict[str, str]:
    """Return ``{path: name}`` of a ``.gitmodules``; a name that leads out of a folder is none.

    Source: gitmodules(5); git's ``check_submodule_name``.
    """
    try:
        if not stat.S_ISREG(file.lstat().st_mode):
            return {}
    except OSError:
        return {}
    done = git.run("config", "-z", "-f", str(file), "--get-regexp", r"^submodule\..*\.path$", deadline=deadline)
    found = {}
    for entry in os.fsdecode(done.out).split("\0")[:-1] if done.code == 0 else ():
        key, _, path = entry.partition("\n")
        name = key[len("submodule.") : -len(".path")]
        if name and not name.startswith("/") and ".." not in re.split(r"[/\\]", name):
            found[path] = name
    return found


def _is_inside(store: Path, root: Path) -> bool:
    return Path(os.path.realpath(store)).is_relative_to(os.path.realpath(root))


def _git_folder(slot: Slot) -> Path:
    return slot.folder / "module.git"


def _git(slot: Slot, path: str, repository: Repository) -> Git:
    folder = _git_folder(slot)
    places = {"GIT_DIR": str(folder), "GIT_WORK_TREE": str(slot.tree / path)}
    return Git(slot.tree / path, isolated(repository, slot.folder) | places)


def _filled(
    slot: Slot, module: _Module, stores: Sequence[Path], repository: Repository, deadline: Deadline
) -> Path | None:
    """Lay the module's commit out; return the git folder that had it, None where none has."""
    place, folder = slot.tree / module.path, _git_folder(slot)
    for store in stores:
        objects = store / "objects"
        if not objects.is_dir():
            continue
        remove(folder)
        lay_out(folder, repository, ())
        point_at(folder, (objects,))
        place.mkdir(exist_ok=True)
        git = _git(slot, module.path, repository)
        try:
            git.out("read-tree", "--reset", "-u", f"{module.commit}^{{tree}}", deadline=deadline)
            _stamp(place, git.out("ls-files", "-s", "-z", deadline=deadline))
        except TimeRanOut:
            raise
        except EverycommitError:
            # Half of it would be worse than nothing.
            remove(place)
            place.mkdir()
            continue
        return store
    return None


def _stamp(place: Path, entries: bytes) -> None:
    """Give each file a time that its content alone decides: tools then trust what they kept of this content only."""
    for entry in os.fsdecode(entries).split("\0")[:-1]:
        facts, _, path = entry.partition("\t")
        mode, oid, _ = facts.split(" ")
        if mode != GITLINK:
            moment = (1_000_000_000 + int(oid[:7], 16)) * 10**9
            os.utime(place / path, ns=(moment, moment), follow_symlinks=False)
