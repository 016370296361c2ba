"""The ledger on disk: SQLite in the common git folder, shared by all worktrees of a clone.

Nothing here raises and nobody waits: what cannot be read is a miss, what cannot be written is not kept. Every entry
carries a digest of its own; the database's columns beside it are for finding and for growing old only.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from .entries import Entry, answered, digest_of, read, written
from .record import replace
from .result import GateResult

if TYPE_CHECKING:
    import sqlite3

LIMIT = 32 * 1024 * 1024
"""Bytes, where nobody set another limit."""
LEAST = 64 * 1024
SCHEMA = 1
_WAIT = 0.1
"""Seconds that another process may hold the lock before it is given up."""
_USED_ANEW = 3600.0
"""Seconds after which a use is noted again: most hits write nothing."""
_AHEAD = 60.0
"""Seconds that an entry may be newer than now: clocks differ a little."""
_TABLES = """
CREATE TABLE IF NOT EXISTS entry (key TEXT PRIMARY KEY, used REAL, digest TEXT, content TEXT);
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value INTEGER);
"""
# Source: https://www.sqlite.org/rescode.html: ERROR (our statements are right, so a table is not), CORRUPT, NOTADB.
_BROKEN = frozenset({1, 11, 26})
_ANSWER = "answer:"
"""How the keys of kept answers begin; those of verdicts are hex."""
_Got = TypeVar("_Got")


class Size(NamedTuple):
    """How large the ledger is."""

    entries: int
    bytes: int
    limit: int


class Kept:
    """The ledger of the clone whose common git folder is *common_dir*. Thread-safe; opened at the first use."""

    def __init__(self, common_dir: Path, *, clock: Callable[[], float] = time.time) -> None:
        self.path = common_dir / "everycommit" / "ledger.sqlite"
        self.note: str | None = None
        """Why nothing is looked up or kept, where that is so."""
        self._clock = clock
        self._lock = threading.Lock()
        self._base: sqlite3.Connection | None = None

    def get(self, key: str) -> GateResult | None:
        if not self.path.exists():
            return None
        entry = self._quietly(lambda base: self._used(base, key, _entry), None)
        now = self._clock()
        if entry is None or entry.judged_at > now + _AHEAD:
            return None
        until = entry.result.valid_until
        return None if until is not None and now >= until else entry.result

    def put(self, key: str, result: GateResult) -> None:
        found = written(key, replace(result, judged_at=self._clock()))
        if found is not None:
            self._quietly(lambda base: self._write(base, key, *found), None)

    def forget(self, key: str) -> None:
        if self.path.exists():
            self._quietly(lambda base: self._drop(base, key), None)

    def answer(self, key: str) -> str | None:
        if not self.path.exists():
            return None
        return self._quietly(lambda base: self._used(base, _ANSWER + key, _answer), None)

    def keep_answer(self, key: str, text: str) -> None:
        if text.isascii():
            name = _ANSWER + key
            self._quietly(lambda base: self._write(base, name, text, digest_of(name, text)), None)

    def entries(self) -> Iterator[Entry | str]:
        """Yield each verdict, newest first; of an entry of either kind that is not as it was written, its key."""
        if not self.path.exists():
            return
        rows: list[tuple[object, ...]] = self._quietly(
            lambda base: base.execute("SELECT key, digest, content FROM entry ORDER BY rowid DESC").fetchall(), []
        )
        found = [(_text(row[0]), _entry(row)) for row in rows if _answer(row) is None]
        found.sort(key=lambda one: one[1].judged_at if one[1] else 0.0, reverse=True)
        yield from (entry or name for name, entry in found)

    def sound(self) -> bool:
        """Tell whether SQLite finds the whole file in order."""
        ok: bool = self._quietly(lambda base: base.execute("PRAGMA integrity_check(1)").fetchone() == (b"ok",), False)
        return ok

    def size(self) -> Size:
        count = self._quietly(lambda base: int(base.execute("SELECT count(*) FROM entry").fetchone()[0]), 0)
        return Size(count, self._quietly(_bytes, 0), self._quietly(_limit, LIMIT))

    def set_limit(self, limit: int) -> bool:
        """Keep at most *limit* bytes from now on, ``LEAST`` being the least; return whether that could be written."""

        def write(base: "sqlite3.Connection") -> bool:
            base.execute("INSERT OR REPLACE INTO meta VALUES ('limit', ?)", (max(LEAST, limit),))
            _shrink(base)
            return True

        return self._quietly(write, False)

    def clear(self) -> None:
        """Remove the file; a limit that was set goes with it.

        Raises:
            OSError: It cannot be removed.
        """
        self.close()
        for name in ("", "-wal", "-shm", ".broken"):
            Path(f"{self.path}{name}").unlink(missing_ok=True)

    def close(self) -> None:
        with self._lock:
            self._let_go()

    def _quietly(self, ask: "Callable[[sqlite3.Connection], _Got]", otherwise: _Got) -> _Got:
        """Return what *ask* returns, *otherwise* where it cannot be had; then nothing more is tried in this run."""
        with self._lock:
            if self.note is not None:
                return otherwise
            try:
                if self._base is None:
                    self._base = self._opened()
                return ask(self._base)
            except Exception as error:  # noqa: BLE001 - whatever is wrong with it, a ledger never costs a verdict
                self._gave_up(error)
                return otherwise

    def _opened(self) -> "sqlite3.Connection":
        import sqlite3

        # Not its parents: work in the background must not bring a git folder back that somebody removed.
        self.path.parent.mkdir(mode=0o700, exist_ok=True)
        # SQLite's further files take these permissions over.
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        if self.path.stat().st_uid != os.geteuid():
            raise PermissionError(1, "it belongs to somebody else")
        base = sqlite3.connect(self.path, timeout=_WAIT, isolation_level=None, check_same_thread=False)
        try:
            base.text_factory = bytes
            # A power cut may cost the file, which is then begun anew; a killed process costs nothing.
            base.execute("PRAGMA synchronous=OFF")
            _prepare(base)
        except BaseException:
            base.close()
            raise
        return base

    def _used(
        self, base: "sqlite3.Connection", key: str, reading: Callable[[tuple[object, ...]], _Got | None]
    ) -> _Got | None:
        """Return what *reading* makes of the row of *key*, and note that it was used."""
        row = base.execute("SELECT key, digest, content, used FROM entry WHERE key = ?", (key,)).fetchone()
        entry = reading(row) if row else None
        now = self._clock()
        if entry is not None and not (isinstance(row[3], float) and now - _USED_ANEW < row[3] <= now):
            with suppress(Exception):
                base.execute("UPDATE entry SET used = ? WHERE key = ?", (now, key))
        return entry

    def _write(self, base: "sqlite3.Connection", key: str, text: str, digest: str) -> None:
        if len(text) > _limit(base) // 8:
            return
        base.execute("INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?)", (key, self._clock(), digest, text))
        if _bytes(base) > _limit(base):
            _shrink(base)

    def _drop(self, base: "sqlite3.Connection", key: str) -> None:
        if base.execute("SELECT 1 FROM entry WHERE key = ?", (key,)).fetchone():
            base.execute("DELETE FROM entry WHERE key = ?", (key,))

    def _gave_up(self, error: BaseException) -> None:
        """Say why; set a file aside that is no ledger any more, so that the next run begins anew."""
        self._let_go()
        self.note = f"{self.path}: {getattr(error, 'strerror', None) or error}"
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _BROKEN:
            self.note += "; it was set aside and is begun anew"
            with suppress(OSError):
                self.path.replace(f"{self.path}.broken")
            for name in ("-wal", "-shm"):
                with suppress(OSError):
                    Path(f"{self.path}{name}").unlink()

    def _let_go(self) -> None:
        if self._base is not None:
            with suppress(Exception):
                self._base.close()
            self._base = None


def _prepare(base: "sqlite3.Connection") -> None:
    """Make the tables where there are none."""
    (version,) = base.execute("PRAGMA user_version").fetchone()
    if version == SCHEMA:
        return
    if version:
        raise OSError(0, f"written by another version of everycommit (format {version})")
    base.execute("PRAGMA auto_vacuum=INCREMENTAL")
    base.execute("PRAGMA journal_mode=WAL")
    base.execute("BEGIN IMMEDIATE")
    for statement in _TABLES.strip().splitlines():
        base.execute(statement)
    base.execute(f"PRAGMA user_version={SCHEMA}")
    base.execute("COMMIT")


def _entry(row: tuple[object, ...]) -> Entry | None:
    key, digest, content = row[:3]
    if isinstance(digest, bytes) and isinstance(content, bytes):
        return read(_text(key), content, digest)
    return None


def _answer(row: tuple[object, ...]) -> str | None:
    """Return the text of a row that is a kept answer; None for a verdict, and for what is not as it was written."""
    key, digest, content = row[:3]
    name = _text(key)
    if name.startswith(_ANSWER) and isinstance(digest, bytes) and isinstance(content, bytes):
        return answered(name, content, digest)
    return None


def _text(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _bytes(base: "sqlite3.Connection") -> int:
    """Return how many bytes are in use; those of dropped entries are used again."""
    pages, free, page = (
        int(base.execute(f"PRAGMA {name}").fetchone()[0]) for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * page


def _limit(base: "sqlite3.Connection") -> int:
    row = base.execute("SELECT value FROM meta WHERE name = 'limit'").fetchone()
    return max(LEAST, row[0]) if row and isinstance(row[0], int) else LIMIT


def _shrink(base: "sqlite3.Connection") -> None:
    """Drop the entries whose last use is longest ago until nine tenths of the limit are in use."""
    goal = _limit(base) * 9 // 10
    while _bytes(base) > goal:
        (count,) = base.execute("SELECT count(*) FROM entry").fetchone()
        if not count:
            break
        some = max(1, count // 10)
        base.execute("DELETE FROM entry WHERE rowid IN (SELECT rowid FROM entry ORDER BY used LIMIT ?)", (some,))
    base.execute("PRAGMA incremental_vacuum").fetchall()
