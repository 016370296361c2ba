"""Trees as folders for the gates: laid out in warm slots under the user's cache, beside nothing of the user's."""

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

from ..config.schema import SnapshotSettings
from ..deadline import Deadline
from ..errors import RepositoryError, SnapshotError
from ..record import dataclass
from .aside import Aside
from .cache import WAY_ON
from .gitfolder import give_git
from .layout import laid_out, slot_git
from .lfs import filled, store_in
from .links import contents, link
from .quarantine import Quarantine
from .repository import Repository
from .slot import Slot, State, take
from .submodules import Contents, submodules


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A tree as a folder, ours until the run ends."""

    path: Path
    tree: str
    caches: Path
    """A folder for tools' caches, beside the tree, that stays with it from run to run."""
    lock: int
    """File descriptor that keeps others out: hand it to every child that works here."""
    notes: tuple[str, ...]
    lacking: str = ""
    """Which contents are not here that whatever runs the project needs, and what gets them; empty: none."""
    absent: str = ""
    """The same of submodules alone: without their code types cannot be told either."""


class Snapshots:
    """Implements ``gates.base.Trees`` for one target. Thread-safe: each tree is laid out once, by who asks first."""

    def __init__(
        self,
        repository: Repository,
        quarantine: Quarantine,
        cache: Path,
        settings: SnapshotSettings,
        *,
        target: str,
        deadline: Deadline,
    ) -> None:
        self._repository = repository
        self._quarantine = quarantine
        self._cache = cache
        self._settings = settings
        self._target = target
        self._deadline = deadline
        self._lock = threading.Lock()
        self._taken: dict[str, _Once] = {}
        self._slots: list[Slot] = []
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def target(self) -> Snapshot:
        """Return the change's target as a folder.

        Raises:
            SnapshotError: It cannot be laid out.
            ToolError: A path of the setting ``snapshot.link`` cannot be linked.
            MissingObjects: Objects of the tree are not here.
            TimeRanOut: The deadline passed.
        """
        return self._taken_once(self._target)

    def older(self, tree: str) -> Snapshot:
        """Return another *tree* as a folder of its own; the target's where it is the same tree. Raises as above."""
        return self._taken_once(tree)

    def overlay(self, tree: str, entries: Mapping[str, tuple[str, str] | None]) -> str:
        """Return the object name of *tree* with *entries* laid over."""
        return self._quarantine.overlay(tree, entries)

    def ignored(self, paths: Sequence[str]) -> tuple[str, ...]:
        """Return those of *paths* that git ignores in the working tree, in order; none where git does not say."""
        try:
            found = self._repository.ignored(paths)
        except RepositoryError:
            return ()
        return tuple(path for path in paths if path in found)

    def linked(self) -> str:
        """Return a word for the contents of what the setting ``snapshot.link`` names, or a doubt."""
        return contents(self._repository.top, self._settings.link)

    def notes(self) -> tuple[str, ...]:
        """Return what has to be said of the trees that were laid out, each sentence once."""
        with self._lock:
            taken = list(self._taken.values())
        snapshots = [once.value for once in taken if isinstance(once.value, Snapshot)]
        return tuple(dict.fromkeys(note for snapshot in snapshots for note in snapshot.notes))

    def close(self) -> None:
        """Give all folders back."""
        with self._lock:
            self._closed = True
            slots, self._slots = self._slots, []
        for slot in slots:
            slot.release()

    def _taken_once(self, tree: str) -> Snapshot:
        with self._lock:
            once = self._taken.setdefault(tree, _Once())
        return once.get(lambda: self._laid_out(tree))

    def _laid_out(self, tree: str) -> Snapshot:
        slot = take(self._cache, self._repository, "target" if tree == self._target else "older")
        with self._lock:
            if self._closed:
                slot.release()
                raise SnapshotError("the run is over")
            self._slots.append(slot)
        aside = Aside(slot)
        try:
            aside.take()
        except OSError as error:
            raise SnapshotError(
                f"the contents of submodules cannot be set aside: {error.strerror}; {WAY_ON}"
            ) from error
        state = laid_out(slot, tree, self._repository, self._quarantine, self._deadline)
        try:
            files = filled(slot, state.pointers, self._lfs_store, self._deadline)
        except OSError as error:
            raise SnapshotError(f"the contents of LFS files cannot be laid out: {error.strerror}; {WAY_ON}") from error
        modules = self._modules(slot, state, aside)
        lacking = "; ".join(filter(None, [files, modules.lacking, modules.unfilled]))
        missing = link(slot.tree, self._repository.top, self._settings.link, state.links)
        if self._settings.git:
            give_git(slot, tree, self._repository, self._quarantine)
        return Snapshot(
            slot.tree,
            tree,
            slot.caches,
            slot.lock,
            (*modules.notes, *missing, *filter(None, [lacking])),
            lacking,
            modules.lacking,
        )

    def _lfs_store(self) -> Path:
        return store_in(self._repository.common_dir, self._repository.git)

    def _modules(self, slot: Slot, state: State, aside: Aside) -> Contents:
        git, links = slot_git(slot, self._repository, self._quarantine), self._settings.link
        try:
            found = Contents((), "")
            if state.links:
                found = submodules(
                    slot, state.links, links, self._repository, git, aside=aside, deadline=self._deadline
                )
            aside.close()
        except OSError as error:
            raise SnapshotError(f"the contents of submodules cannot be laid out: {error.strerror}; {WAY_ON}") from error
        return found


class _Once:
    """Something that is made once; whoever asks in the meantime waits, and all get the same, errors too."""

    def __init__(self) -> None:
        self.value: Snapshot | Exception | None = None
        self._lock = threading.Lock()

    def get(self, make: Callable[[], Snapshot]) -> Snapshot:
        with self._lock:
            if self.value is None:
                try:
                    self.value = make()
                except Exception as error:  # noqa: BLE001 - raised below, to each who asks
                    self.value = error
        if isinstance(self.value, Exception):
            raise self.value
        return self.value
