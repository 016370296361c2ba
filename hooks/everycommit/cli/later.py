"""What is made when a gate first reaches for it: a run of policy alone lays out no tree and looks for no Python."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..environment import Interpreter
    from ..repo.snapshot import Snapshot, Snapshots


class _Later:
    """A value made at most once, by whichever thread comes first; an error is raised to each who asks."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._lock = threading.RLock()
        self.made: Any = None

    def get(self) -> Any:
        with self._lock:
            if self.made is None:
                self.made = self._make()
            return self.made


class LaterTrees(_Later):
    """Stands for ``repo.snapshot.Snapshots``."""

    def __init__(self, make: "Callable[[], Snapshots]") -> None:
        super().__init__(make)

    def target(self) -> "Snapshot":
        snapshot: Snapshot = self.get().target()
        return snapshot

    def older(self, tree: str) -> "Snapshot":
        snapshot: Snapshot = self.get().older(tree)
        return snapshot

    def overlay(self, tree: str, entries: Mapping[str, tuple[str, str] | None]) -> str:
        name: str = self.get().overlay(tree, entries)
        return name

    def ignored(self, paths: Sequence[str]) -> Sequence[str]:
        found: Sequence[str] = self.get().ignored(paths)
        return found

    def linked(self) -> str:
        word: str = self.get().linked()
        return word

    def notes(self) -> tuple[str, ...]:
        notes: tuple[str, ...] = () if self.made is None else self.made.notes()
        return notes

    def close(self) -> None:
        if self.made is not None:
            self.made.close()


class LaterInterpreter(_Later):
    """Finds the project's Python at the first call."""

    def __call__(self) -> "Interpreter":
        found: Interpreter = self.get()
        return found
