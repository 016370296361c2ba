"""What goes on in the background of a working tree, and how it ended: a file a run in the working tree's git folder.

``<git folder>/everycommit/background/`` holds the records, ``lock``, which the worker holds as long as it lives and in
which its token stands, and ``TOKEN.end``, by which others ask it to end. Nobody is ever sent a signal.
"""

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from .entries import plain, result
from .record import dataclass, replace
from .repo.cache import locked
from .result import GateResult, Outcome

VERSION = 2
UNDER_WAY, ENDED, STOPPED, SUPERSEDED, INTERRUPTED = "under way", "ended", "stopped", "superseded", "interrupted"
KEPT = 20
"""Records that stay at most; older ones go, seen or not."""
_MOST_FINDINGS = 40
_LONGEST = 600
_PATIENCE = 1.0
"""Seconds to wait for an older worker's end before a new run goes on beside it."""
_TICK = 0.05
_GOOD = frozenset({Outcome.PASSED, Outcome.SKIPPED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One run that went on after its verdict was shown."""

    token: str
    """Random; the file's name begins with the time, so that names sort by age."""
    pid: int
    occasion: str
    base: str
    """Trees, as in the change."""
    target: str
    base_commit: str | None
    since: float
    """When it began, and when its hard time limit ends: seconds since 1970."""
    until: float
    state: str
    at: float
    """When this was written."""
    results: tuple[GateResult, ...]
    """Of every gate; those that still run are deferred, and say how far they are."""
    shown: tuple[str, ...] = ()
    """The gates that had ended when the verdict was shown: what came of them is no news."""
    seen: bool = False
    """Whether `everycommit status` showed how it ended."""

    @property
    def pending(self) -> tuple[GateResult, ...]:
        return tuple(gate for gate in self.results if gate.outcome is Outcome.DEFERRED)

    @property
    def unverified(self) -> tuple[GateResult, ...]:
        """Those that neither passed nor failed."""
        return tuple(gate for gate in self.results if gate.outcome in {Outcome.DEFERRED, Outcome.INCONCLUSIVE})

    @property
    def verified(self) -> bool:
        """Whether it came to its end and every gate passed."""
        return self.state == ENDED and all(gate.outcome in _GOOD for gate in self.results)

    @property
    def failed(self) -> tuple[GateResult, ...]:
        return tuple(gate for gate in self.results if gate.outcome is Outcome.FAILED)

    @property
    def news(self) -> tuple[GateResult, ...]:
        """What did not pass and was not shown with the verdict: where there are failures, those alone."""
        later = [gate for gate in self.results if gate.label not in self.shown and gate.outcome not in _GOOD]
        failed = tuple(gate for gate in later if gate.outcome is Outcome.FAILED)
        return failed or (() if self.state == SUPERSEDED else tuple(later))


def folder(git_dir: Path) -> Path:
    return git_dir / "everycommit" / "background"


def records(git_dir: Path) -> list[Record]:
    """Return what there is of the working tree, the newest first; what cannot be read is passed over."""
    place = folder(git_dir)
    try:
        names = sorted((name for name in os.listdir(place) if name.endswith(".json")), reverse=True)  # noqa: PTH208
    except OSError:
        return []
    return [found for name in names if (found := _read(place / name)) is not None]


def alive(git_dir: Path, record: Record) -> bool:
    """Tell whether the process that judges *record* lives."""
    if record.state != UNDER_WAY:
        return False
    import fcntl

    try:
        with (folder(git_dir) / "lock").open() as file:
            try:
                # Shared: two who look at once do not take each other for the worker.
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return file.read() == record.token
    except OSError:
        return False
    return False


def current(git_dir: Path) -> Record | None:
    """Return what goes on now."""
    return next((one for one in records(git_dir) if alive(git_dir, one)), None)


def hold(git_dir: Path, token: str) -> int | None:
    """Return a file descriptor that tells the worker *token* lives; None where another one does.

    Raises:
        OSError: It cannot be written.
    """
    place = folder(git_dir)
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    until = time.monotonic() + _PATIENCE
    while True:
        with suppress(FileNotFoundError):
            # Whoever looks whether it is held holds it for a moment.
            lock = locked(place / "lock")
            if lock is not None:
                os.truncate(lock, 0)
                os.write(lock, token.encode())
                return lock
        if time.monotonic() >= until:
            return None
        time.sleep(_TICK)


def write(git_dir: Path, record: Record) -> None:
    """Write *record* in place of its last state. The folder is never made anew: the repository may be gone.

    Raises:
        OSError: It cannot be written.
    """
    place = _path(git_dir, record)
    content = {name: getattr(record, name) for name in _TYPES} | {"version": VERSION}
    content["results"] = [plain(_short(gate, record.at)) for gate in record.results]
    new = place.with_suffix(f".{os.getpid()}.new")
    new.write_text(json.dumps(content), encoding="ascii")
    new.replace(place)


def tell_to_end(git_dir: Path, record: Record, word: str) -> None:
    """Ask the worker of *record* to end, *word* being the state that it ends in: ``STOPPED`` or ``SUPERSEDED``."""
    with suppress(OSError):
        new = folder(git_dir) / f"{record.token}.new"
        new.write_text(word)
        new.replace(_end(git_dir, record.token))


def told_to_end(git_dir: Path, token: str) -> str | None:
    """Return the state in which the worker *token* is asked to end, None where nobody asks."""
    try:
        return _end(git_dir, token).read_text()
    except OSError:
        return None


def ended(git_dir: Path, record: Record, *, gone: Callable[[], bool], until: float) -> bool:
    """Wait for the worker of *record*; return whether it ended before *until* (monotonic) or *gone* said so."""
    while alive(git_dir, record):
        if gone() or time.monotonic() >= until:
            return False
        time.sleep(_TICK)
    return True


def supersede(git_dir: Path, record: Record, *, gone: Callable[[], bool]) -> None:
    """Have the worker of *record* end, and wait a moment, so that its snapshot is free, and warm."""
    tell_to_end(git_dir, record, SUPERSEDED)
    ended(git_dir, record, gone=gone, until=time.monotonic() + _PATIENCE)


def unseen(git_dir: Path) -> list[Record]:
    """Return what did not end well, which nobody has been shown yet."""
    return [one for one in records(git_dir) if not one.seen and one.news and not alive(git_dir, one)]


def settled(git_dir: Path, target: str, results: Sequence[GateResult]) -> None:
    """Forget what went on over tree *target* where *results* have a word on all that was open."""
    judged = {gate.label for gate in results if gate.outcome in {Outcome.PASSED, Outcome.FAILED}}
    for one in records(git_dir):
        if one.target == target and not alive(git_dir, one):
            open_ = {gate.label for gate in (*one.failed, *one.unverified)}
            if open_ <= judged:
                drop(git_dir, one)


def seen(git_dir: Path, record: Record) -> None:
    """Note that it was shown how *record* ended."""
    if not record.seen and not alive(git_dir, record):
        with suppress(OSError):
            write(git_dir, replace(record, seen=True))


def tidy(git_dir: Path) -> None:
    """Remove what tells nobody anything any more: all that was seen or superseded, but for the newest."""
    kept = 0
    for place, one in enumerate(records(git_dir)):
        quiet = one.seen or not one.news
        if (place and quiet and not alive(git_dir, one)) or kept == KEPT:
            drop(git_dir, one)
        else:
            kept += 1


def drop(git_dir: Path, record: Record) -> None:
    for path in (_path(git_dir, record), _end(git_dir, record.token)):
        with suppress(OSError):
            path.unlink(missing_ok=True)


def _path(git_dir: Path, record: Record) -> Path:
    return folder(git_dir) / f"{int(record.since * 1000):015d}-{record.token}.json"


def _end(git_dir: Path, token: str) -> Path:
    return folder(git_dir) / f"{token}.end"


def _short(gate: GateResult, at: float) -> GateResult:
    """Return *gate* as it is kept: new findings first, and not more than a person reads."""
    found = sorted(gate.findings, key=lambda one: not one.new)[:_MOST_FINDINGS]
    return replace(
        gate,
        judged_at=gate.judged_at if gate.judged_at is not None else at,
        findings=tuple(replace(one, message=one.message[:_LONGEST], source=one.source[:_LONGEST]) for one in found),
        notes=(),
    )


_TYPES: Mapping[str, tuple[type, ...]] = {
    "token": (str,),
    "pid": (int,),
    "occasion": (str,),
    "base": (str,),
    "target": (str,),
    "base_commit": (str, type(None)),
    "since": (float, int),
    "until": (float, int),
    "state": (str,),
    "at": (float, int),
    "results": (list,),
    "shown": (list,),
    "seen": (bool,),
}


def _read(path: Path) -> Record | None:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="ascii"))
        if content.pop("version") != VERSION or content.keys() != _TYPES.keys():
            return None
        if any(type(content[name]) not in types for name, types in _TYPES.items()):
            return None
        results, shown = tuple(map(result, content["results"])), tuple(map(str, content["shown"]))
        return Record(**content | {"results": results, "shown": shown})
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
