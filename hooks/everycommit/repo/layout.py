"""Lays a tree out in a slot: only what differs is written, and nothing of what was there before stays."""

import os
import stat
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from ..deadline import Deadline
from ..errors import EverycommitError, MissingObjects, SnapshotError, TimeRanOut
from .bare import lay_out, point_at
from .cache import WAY_ON
from .git import Git
from .lfs import SPEC
from .quarantine import Quarantine
from .repository import Repository
from .slot import Slot, State
from .sweep import Sweep, Swept

_PASSES = 3
_REFRESHED_FROM = 50


def laid_out(slot: Slot, tree: str, repository: Repository, quarantine: Quarantine, deadline: Deadline) -> State:
    """Make the slot's folder hold exactly *tree*; return what is known of it then.

    A slot that is damaged beyond that is emptied and filled anew, once.

    Raises:
        SnapshotError: That did not work either.
        MissingObjects: Objects of *tree* are not here.
        TimeRanOut: *deadline* passed; the next run finds out what is missing.
    """
    try:
        return _Layout(slot, tree, repository, quarantine, deadline).run(slot.state())
    except (MissingObjects, TimeRanOut):
        raise
    except (EverycommitError, OSError):
        pass
    try:
        slot.wipe()
        return _Layout(slot, tree, repository, quarantine, deadline).run(State())
    except (MissingObjects, TimeRanOut):
        raise
    except (EverycommitError, OSError) as error:
        # Half a tree helps nobody; where the disk is full it is even in the way.
        with suppress(OSError):
            slot.wipe()
        said = f"'{error.filename}': {error.strerror}" if isinstance(error, OSError) else str(error)
        raise SnapshotError(f"the snapshot '{slot.tree}' cannot be filled: {said}; {WAY_ON}") from error


def slot_git(slot: Slot, repository: Repository, quarantine: Quarantine) -> Git:
    """Return git for the slot's tree, in the slot's own repository, without anybody's settings."""
    if not (slot.git / "HEAD").exists():
        lay_out(slot.git, repository, ())
    # The quarantine's objects are there for this run only.
    point_at(slot.git, (quarantine.objects, *quarantine.alternates))
    return Git(
        slot.tree, isolated(repository, slot.folder) | {"GIT_DIR": str(slot.git), "GIT_WORK_TREE": str(slot.tree)}
    )


def isolated(repository: Repository, home: Path) -> dict[str, str]:
    """Return an environment for git in which nobody's settings, attributes, filters and hooks count."""
    environ = {name: value for name, value in repository.environ.items() if not name.startswith("GIT_")}
    return environ | {
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        # git before 2.32 does not know GIT_CONFIG_GLOBAL.
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home),
    }


class _Layout:
    def __init__(
        self, slot: Slot, tree: str, repository: Repository, quarantine: Quarantine, deadline: Deadline
    ) -> None:
        self._slot = slot
        self._tree = tree
        self._repository = repository
        self._quarantine = quarantine
        self._deadline = deadline

    def run(self, state: State) -> State:
        slot = self._slot
        # Tools take a file for unchanged whose size and whole second of change are the same. So no content may get a
        # second in which the path may have had another content.
        early = int(time.time()) <= slot.second
        slot.forget()
        slot.tree.mkdir(mode=0o700, parents=True, exist_ok=True)
        slot.caches.mkdir(mode=0o700, exist_ok=True)
        self._git = slot_git(slot, self._repository, self._quarantine)
        since = slot.now()
        kept = self._untouched(state, since)
        swept = self._filled(state, since)
        written = self._written(swept, since)
        if early and written:
            self._restamp(written)
            written = self._written(swept, since)
        slot.second = max(slot.second, int(time.time()))
        same = state.tree == self._tree
        pointers = state.pointers if same else self._pointers(swept)
        state = State(
            tree=self._tree,
            seen=swept.seen,
            links=swept.links,
            attributes=swept.attributes,
            written=kept | written,
            pointers=pointers,
        )
        slot.record(state)
        return state

    def _filled(self, state: State, since: int) -> Swept:
        for _ in range(_PASSES):
            if state.tree is None:
                # The index may know files that were laid out by other attributes: all are written anew.
                (self._slot.git / "index").unlink(missing_ok=True)
            self._git.out("read-tree", "--reset", "-u", self._tree, deadline=self._deadline)
            swept = Sweep(
                self._slot.tree, self._git, seen=state.seen, links=state.links, attributes=state.attributes
            ).run(now=since, deadline=self._deadline)
            if swept.holes:
                state = State(tree=state.tree, attributes=state.attributes)
            elif state.tree is not None and dict(swept.attributes) != dict(state.attributes):
                # git leaves files alone whose content is the same, though their line ends may have to be others now.
                state = State()
            else:
                return swept
        raise SnapshotError("files stay missing, or something keeps on changing it")

    def _untouched(self, state: State, since: int) -> dict[str, int]:
        """Let git write those files again that somebody touched soon after they were written.

        git compares whole seconds: it would not see that their permissions are others. Returns those of the others
        for which that second is not yet over.
        """
        touched = [path for path, ctime in state.written.items() if _ctime(self._slot.tree / path) != ctime]
        if touched:
            stdin = b"".join(os.fsencode(path) + b"\0" for path in touched)
            self._git.out("update-index", "--force-remove", "-z", "--stdin", stdin=stdin, deadline=self._deadline)
        recent = {path: ctime for path, ctime in state.written.items() if ctime // 10**9 >= since // 10**9}
        return {path: ctime for path, ctime in recent.items() if path not in touched}

    def _written(self, swept: Swept, since: int) -> dict[str, int]:
        """Return ``{path: ctime}`` of the files that were written since then."""
        found = {}
        # git replaces a file, so the folder of what it wrote has changed as well.
        for folder, names in swept.looked.items():
            for path in (f"{folder}/{name}" if folder else name for name in names):
                ctime = _ctime(self._slot.tree / path)
                if ctime >= since and path not in swept.links:
                    found[path] = ctime
        return found

    def _restamp(self, paths: Collection[str]) -> None:
        """Give these files a second that no earlier content had."""
        self._slot.second += 1
        moment = self._slot.second * 10**9
        for path in paths:
            os.utime(self._slot.tree / path, ns=(moment, moment), follow_symlinks=False)
        if len(paths) >= _REFRESHED_FROM:
            # A few are written once more by the next run; here git looks through all files.
            self._git.run("update-index", "-q", "--refresh", deadline=self._deadline)

    def _pointers(self, swept: Swept) -> tuple[str, ...]:
        """Return the files that stand for one in LFS."""
        tree = self._slot.tree
        if not any(b"filter=lfs" in _start(tree / path, 1 << 20) for path in swept.attributes):
            return ()
        paths = self._git.out("ls-files", "-z", ":(attr:filter=lfs)", deadline=self._deadline).split(b"\0")[:-1]
        names = map(os.fsdecode, paths)
        return tuple(name for name in names if _start(tree / name, len(SPEC)) == SPEC)


def _ctime(path: Path) -> int:
    """Return the time of the last change in nanoseconds; 0 where nothing is."""
    try:
        return path.lstat().st_ctime_ns
    except OSError:
        return 0


def _start(path: Path, size: int) -> bytes:
    """Return the first bytes of a file of the tree; nothing for what is none."""
    if not stat.S_ISREG(path.lstat().st_mode):
        return b""
    with path.open("rb") as file:
        return file.read(size)
