"""Judges the working tree whenever it rests, in threads of its own, and says how it goes."""

import threading
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from ..engine.run import Watch
from ..errors import EverycommitError, Interrupted
from ..record import replace
from ..report.gate_rows import Row
from ..report.watching import View, findings
from ..result import GateResult, Verdict
from . import working
from .call import Call
from .judge import Wish
from .place import place

if TYPE_CHECKING:
    from .place import Place

REST = 0.3
"""Seconds for which the tree has to be as it is before it is judged."""
POLL = 1.5
"""Seconds between two looks at the tree where nothing tells of changes."""
_TOLD = 10.0
"""The same where something does: it may have missed one, and HEAD moves without a file."""
_MOVED = ("/.git/HEAD", "/.git/logs/HEAD", "/.git/everycommit/scope.json")
"""What is written in the git folder when the tree to compare with, or the scope, is another."""
_NOISE = frozenset({".git", ".venv", "__pycache__", "node_modules", ".mypy_cache", ".pytest_cache", ".ruff_cache"})


class Resting:
    """Looks, judges, and keeps what is to be shown in ``view``. ``close`` ends all that it started."""

    def __init__(self, call: Call, wish: Wish, *, changed: Callable[[], None]) -> None:
        """*changed* is called, from any thread, when there is something new in ``view``."""
        self._call = call
        self._wish = wish
        self._changed = changed
        self._lock = threading.Lock()
        self._view = View()
        self._over = threading.Event()
        self._touched = threading.Event()
        self._judge = threading.Event()
        self._stale = threading.Event()
        self._fresh = False
        self._wanted: tuple[object, ...] | None = None
        self._threads = [
            threading.Thread(target=work, name=name, daemon=True)
            for name, work in (("looks", self._look), ("judges", self._judging), ("hears", self._hear))
        ]

    @property
    def view(self) -> View:
        with self._lock:
            return self._view

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def again(self) -> None:
        """Judge anew what there is."""
        self._fresh = True
        self._stale.set()
        self._judge.set()

    def close(self) -> None:
        """End; what is judged just now is given up, its programs are ended."""
        self._over.set()
        for event in (self._touched, self._judge, self._stale):
            event.set()
        for thread in self._threads[:2]:
            thread.join(5)

    def told(self, **changes: object) -> None:
        """Change what is shown."""
        with self._lock:
            self._view = replace(self._view, **changes)  # type: ignore[arg-type]
        self._changed()

    # --- looking ----------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        """Ask again and again which trees there are to compare; say so once they stay the same."""
        every = POLL if _hears() is None else _TOLD
        while not self._over.is_set():
            self._touched.clear()
            trees = self._trees()
            if trees is not None and trees != self._wanted:
                while not self._over.wait(REST) and (now := self._trees()) != trees:
                    trees = now or trees
                self._wanted = trees
                self._stale.set()
                self.told(stale=self.view.verdict is not None)
                self._judge.set()
            self._touched.wait(every)
            self._over.wait(0.05)

    def _trees(self) -> tuple[object, ...] | None:
        """Return what a verdict is about: the two trees, and the scope that holds them to something."""
        from ..config import scope as scopes

        try:
            with place(self._call) as here:
                change, scope = working.candidate(here).change, scopes.read(here.repository.git_dir)
        except EverycommitError as error:
            # A repository in the middle of something may be whole again a moment later.
            self.told(error=str(error))
            return None
        if self.view.error:
            self.told(error="")
        return change.base, change.target, scope

    def _hear(self) -> None:
        """Wake the one who looks when a file changes, where watchfiles is there to tell."""
        watch = _hears()
        if watch is None:
            return
        options = {
            "stop_event": self._over,
            "debounce": 200,
            "step": 50,
            "raise_interrupt": False,
            "watch_filter": None,
        }
        for changes in watch(self._call.cwd, **options):
            if self._over.is_set():
                return
            if any(_counts(path) for _, path in changes):
                self._touched.set()

    # --- judging ----------------------------------------------------------------------------------------------------

    def _judging(self) -> None:
        while True:
            self._judge.wait()
            self._judge.clear()
            if self._over.is_set():
                return
            self._stale.clear()
            fresh, self._fresh = self._fresh, False
            self.told(judging=True, message="", rows=())
            try:
                with place(self._call) as here:
                    self._judged(here, fresh=fresh)
            except Interrupted:
                self._fresh = fresh
                continue
            except EverycommitError as error:
                self.told(error=str(error), judging=False)

    def _judged(self, here: "Place", *, fresh: bool) -> None:
        from ..config import scope as scopes

        found = working.candidate(here)
        wish = replace(self._wish, fresh=fresh)
        verdict = working.judged_in(here, found, self._call, wish, watch=_Rows(self), gone=self._stale.is_set)
        scope = scopes.read(here.repository.git_dir)
        branch = here.repository.git.run("symbolic-ref", "--quiet", "--short", "HEAD").out.decode(errors="replace")
        where = here.repository.top.name + (f" ({branch.strip()})" if branch.strip() else "")
        self._show(verdict, where=where, scope=scope.words if scope else "")

    def _show(self, verdict: Verdict, *, where: str, scope: str) -> None:
        rows = []
        for gate in verdict.gates:
            row = Row(gate.label, 0.0)
            row.result = gate
            rows.append(row)
        found = findings(verdict)
        self.told(
            rows=tuple(rows),
            verdict=verdict,
            found=found,
            selected=self._same(found),
            judging=False,
            stale=self._stale.is_set(),
            judged_at=time.time(),
            where=where,
            scope=scope,
            error="",
        )

    def _same(self, found: Sequence[tuple[GateResult, object]]) -> int:
        """Return where the finding is that was selected, as near as there is one."""
        before = self.view
        if not before.found or not found:
            return 0
        chosen = before.found[min(before.selected, len(before.found) - 1)][1].fingerprint
        places = [place for place, (_, one) in enumerate(found) if getattr(one, "fingerprint", "") == chosen]
        return places[0] if places else min(before.selected, len(found) - 1)


class _Rows(Watch):
    """What the gates say, as rows."""

    def __init__(self, resting: Resting) -> None:
        self._resting = resting

    def started(self, gates: Sequence[str]) -> None:
        now = time.monotonic()
        self._resting.told(rows=tuple(Row(gate, now) for gate in gates))

    def said(self, gate: str, text: str) -> None:
        for row in self._resting.view.rows:
            if row.gate == gate and row.result is None:
                row.said = text

    def ended(self, result: GateResult) -> None:
        row = next((row for row in self._resting.view.rows if row.gate == result.label and row.result is None), None)
        if row is not None:
            row.result = result
        self._resting.told()

    def close(self) -> None:
        """Nothing is left to clear."""


def _counts(path: str) -> bool:
    """Tell whether a change of *path* may be one of the tree; the trees themselves say for sure."""
    return path.endswith(_MOVED) or not _NOISE.intersection(path.split("/"))


def _hears() -> Callable[..., Iterable[Collection[tuple[object, str]]]] | None:
    """Return what tells of changes, None where the extra is not installed."""
    try:
        from watchfiles import watch
    except ImportError:
        return None
    return watch
