"""Folders under the cache to lay trees out in: which are there, who holds one, what is known of one.

``<cache>/worktrees/<hash of the git folder>/<role>-<number>/`` holds ``tree/`` (the files), ``git/`` (a repository of
its own), ``caches/`` (the tools'), ``state.json``, ``clock`` and ``lock``.
"""

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from ..digest import sha256
from ..errors import SnapshotError
from ..record import dataclass, field
from .cache import STALE, WAY_ON, locked, remove
from .repository import Repository
from .sweep import Seen

SLOTS = 3
"""Slots a role and worktree that stay on disk; more only while so many runs are under way."""
_MOST = 64
_VERSION = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What a laid out tree was found to be, right after it was laid out."""

    tree: str | None = None
    """None: nothing is known."""
    seen: Seen = field(default_factory=dict)
    links: frozenset[str] = frozenset()
    attributes: Mapping[str, str] = field(default_factory=dict)
    written: Mapping[str, int] = field(default_factory=dict)
    """``{path: ctime in nanoseconds}`` of the files that were written then."""
    pointers: tuple[str, ...] = ()
    """Files that stand for one in Git LFS."""


class Slot:
    """One slot, locked by us. Its lock is inherited by git, and by children that it is handed to."""

    def __init__(self, folder: Path, lock: int) -> None:
        self.folder = folder
        self.lock = lock
        self.tree = folder / "tree"
        self.git = folder / "git"
        self.caches = folder / "caches"
        # When we are killed, a git of ours goes on for a moment: the lock lives as long as it does.
        os.set_inheritable(lock, True)
        self.second = self._clock()
        self._tell_time("used")

    def _clock(self) -> int:
        """Return the last second (Unix time) in which a file here may have got content."""
        try:
            second, word = (self.folder / "clock").read_text().split()
            last = int(second)
        except (FileNotFoundError, ValueError):
            # New, or damaged: the tools' caches know files by times that we do not know.
            self.wipe(caches=True)
            return 0
        return last if word == "free" else max(last, int(time.time()))

    def _tell_time(self, word: str) -> None:
        (self.folder / "clock").write_text(f"{self.second} {word}")

    def state(self) -> State:
        """Return what was recorded at the end of the last laying out; nothing where that did not end."""
        try:
            kept = json.loads((self.folder / "state.json").read_text())
            if kept["version"] != _VERSION:
                return State()
            return State(
                tree=kept["tree"],
                seen={path: (facts[0], facts[1], facts[2]) for path, facts in kept["seen"].items()},
                links=frozenset(kept["links"]),
                attributes=kept["attributes"],
                written=kept["written"],
                pointers=tuple(kept["pointers"]),
            )
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            return State()

    def forget(self) -> None:
        """Note that from now on the tree is in no known state."""
        (self.folder / "state.json").unlink(missing_ok=True)
        (self.git / "index.lock").unlink(missing_ok=True)  # of a git that was killed: we hold the slot

    def record(self, state: State) -> None:
        """Note that the tree is as *state* says."""
        kept = {
            "version": _VERSION,
            "tree": state.tree,
            "seen": state.seen,
            "links": sorted(state.links),
            "attributes": state.attributes,
            "written": state.written,
            "pointers": state.pointers,
        }
        new = self.folder / "state.new"
        new.write_text(json.dumps(kept))
        new.replace(self.folder / "state.json")

    def now(self) -> int:
        """Return the time of the file system's own clock, in nanoseconds."""
        mark = self.folder / "mark"
        mark.write_bytes(b"")
        os.utime(mark)
        return mark.stat().st_ctime_ns

    def wipe(self, *, caches: bool = False) -> None:
        """Remove the tree and its repository, and the tools' caches if asked.

        Raises:
            OSError: It cannot be removed.
        """
        (self.folder / "state.json").unlink(missing_ok=True)
        for path in (self.tree, self.git, *([self.caches] if caches else [])):
            if not remove(path):
                raise OSError(16, "cannot be removed; something in it is protected or in use", str(path))

    def release(self) -> None:
        """Let go of it; the tree may have been written to until now."""
        import fcntl

        self.second = max(self.second, int(time.time()))
        with suppress(OSError):
            self._tell_time("free")
        with suppress(OSError):
            # A git that waits for questions may have inherited it, and must not hold up the next run.
            fcntl.flock(self.lock, fcntl.LOCK_UN)
        os.close(self.lock)


def take(cache: Path, repository: Repository, role: str) -> Slot:
    """Return a free slot of *role* for the worktree, the first where there are several.

    Raises:
        SnapshotError: The cache cannot be written.
    """
    home = cache / "worktrees" / sha256(os.fsencode(repository.git_dir)).hexdigest()[:16]
    try:
        _settle(cache, home, repository)
        for number in range(1, _MOST):
            lock = _locked(home / f"{role}-{number}")
            if lock is not None:
                if number > SLOTS:
                    _trim(home, role)
                return _opened(home / f"{role}-{number}", lock)
    except OSError as error:
        raise SnapshotError(
            f"cannot use the snapshot folder '{error.filename or home}': {error.strerror}; {WAY_ON}"
        ) from error
    raise SnapshotError(f"{_MOST - 1} runs use snapshots in '{home}' at this moment; wait until some have ended")


def _opened(folder: Path, lock: int) -> Slot:
    try:
        return Slot(folder, lock)
    except OSError:
        os.close(lock)
        raise


def _locked(folder: Path) -> int | None:
    for _ in range(10):
        folder.mkdir(mode=0o700, exist_ok=True)
        with suppress(FileNotFoundError):  # another run is removing this very slot
            return locked(folder / "lock")
    return None


def _settle(cache: Path, home: Path, repository: Repository) -> None:
    """Make the worktree's folder; where it is new, remove those of worktrees that are no more."""
    note = home / "worktree"
    if note.exists():
        return
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = home / f"worktree.{os.urandom(8).hex()}"
    new.write_bytes(os.fsencode(repository.git_dir) + b"\0" + os.fsencode(repository.top))
    new.replace(note)
    prune(cache)


def prune(cache: Path) -> None:
    """Remove the slots of worktrees that are no more."""
    for home in _homes(cache):
        place = _worktree(home)
        if place is None:
            with suppress(OSError):
                if time.time() - home.stat().st_mtime > STALE:
                    remove(home)
        elif not place[0].exists() and _emptied(home):
            remove(home)


def _emptied(home: Path) -> bool:
    """Remove the slots that nobody holds; return whether that were all."""
    dropped = [_dropped(folder) for folder in home.iterdir() if folder.is_dir()]
    return all(dropped)


def _dropped(folder: Path) -> bool:
    """Remove one slot unless somebody holds it."""
    try:
        lock = locked(folder / "lock")
    except OSError:
        return False
    if lock is None:
        return False
    try:
        return remove(folder)
    finally:
        os.close(lock)


def _trim(home: Path, role: str) -> None:
    """Remove the slots of *role* beyond the number that may stay, those first that were not used for longest."""
    slots = [folder for folder in home.glob(f"{role}-*") if folder.is_dir()]
    slots.sort(key=_last_use)
    for folder in slots[: max(0, len(slots) - SLOTS)]:
        _dropped(folder)


def _last_use(folder: Path) -> float:
    try:
        return (folder / "clock").stat().st_mtime
    except OSError:
        return 0.0


def _homes(cache: Path) -> Iterator[Path]:
    with suppress(OSError):
        yield from sorted((cache / "worktrees").iterdir())


def _worktree(home: Path) -> tuple[Path, Path] | None:
    """Return git folder and root of the worktree whose slots lie in *home*."""
    try:
        git_dir, top = (home / "worktree").read_bytes().split(b"\0")
    except (OSError, ValueError):
        return None
    return Path(os.fsdecode(git_dir)), Path(os.fsdecode(top))
