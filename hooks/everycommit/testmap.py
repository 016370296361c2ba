"""The map of tests on disk: who ran, mentioned and opened what, by name and by line. SQLite, one file a project.

It is written whole, beside its place, and put there by a rename: a reader has the old one or the new one. Whatever is
wrong with it, it is no map: then all tests run.
"""

import json
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import EverycommitError
from .selection.resolve import Modules
from .selection.source import Class, Function, Statement

if TYPE_CHECKING:
    pass

VERSION = 2
TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE test (number INTEGER PRIMARY KEY, node TEXT, path TEXT, always TEXT, outcome TEXT);
CREATE INDEX test_path ON test (path);
CREATE TABLE file (number INTEGER PRIMARY KEY, path TEXT UNIQUE, leaf TEXT, id TEXT, content BLOB);
CREATE INDEX file_leaf ON file (leaf);
CREATE TABLE line (file INTEGER, line INTEGER, tests BLOB, PRIMARY KEY (file, line)) WITHOUT ROWID;
CREATE TABLE named (name TEXT PRIMARY KEY, tests BLOB) WITHOUT ROWID;
CREATE TABLE touched (kind TEXT, path TEXT, tests BLOB, PRIMARY KEY (kind, path)) WITHOUT ROWID;
CREATE TABLE statement (number INTEGER PRIMARY KEY, file INTEGER, content TEXT);
CREATE INDEX statement_file ON statement (file);
CREATE TABLE stating (name TEXT, statement INTEGER, PRIMARY KEY (name, statement)) WITHOUT ROWID;
CREATE TABLE mention (name TEXT, file INTEGER, first INTEGER, last INTEGER,
                      PRIMARY KEY (name, file, first, last)) WITHOUT ROWID;
CREATE TABLE function (name TEXT, file INTEGER, first INTEGER, last INTEGER, content TEXT);
CREATE INDEX function_name ON function (name);
CREATE INDEX function_file ON function (file);
CREATE TABLE class (name TEXT, file INTEGER, content TEXT);
CREATE INDEX class_name ON class (name);
CREATE TABLE assigned (name TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE module (name TEXT, file INTEGER, PRIMARY KEY (name, file)) WITHOUT ROWID;
CREATE TABLE under (file INTEGER, line INTEGER, place INTEGER, at INTEGER,
                    PRIMARY KEY (file, line, place, at)) WITHOUT ROWID;
CREATE INDEX under_place ON under (place, at);
CREATE TABLE asked (name TEXT, place INTEGER, at INTEGER, PRIMARY KEY (name, place, at)) WITHOUT ROWID;
"""


class NoMapError(EverycommitError):
    """There is no map, or none that can be trusted; the words say why."""


def place(common_dir: Path, project: str) -> Path:
    """Return where the map of *project* lies."""
    if project == ".":
        return common_dir / "everycommit" / "tests.sqlite"
    # It takes long to load.
    import hashlib

    ending = f"-{hashlib.sha256(project.encode(errors='surrogateescape')).hexdigest()[:12]}"
    return common_dir / "everycommit" / f"tests{ending}.sqlite"


def packed(bits: int) -> bytes:
    """Return a bitmap for the disk; its checksum tells of a damaged one."""
    return zlib.compress(bits.to_bytes((bits.bit_length() + 7) // 8, "little"), 1)


def unpacked(content: bytes) -> int:
    return int.from_bytes(zlib.decompress(content), "little")


class TestMap:
    """Implements ``selection.reach.Map`` over the file *path*. For one thread.

    Raises:
        NoMapError: It is not there, of another version, or broken; any look-up may find it broken.
    """

    __test__ = False

    def __init__(self, path: Path) -> None:
        import sqlite3

        self.path = path
        if not path.is_file():
            raise NoMapError("no map of the tests yet; `everycommit tests map` records one")
        self._base = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
        self._failed: type[Exception] = sqlite3.Error
        self._lines: dict[tuple[str, int, int], int] = {}
        self._known: dict[tuple[str, object], list[Any]] = {}
        self._statements: dict[str, list[Statement]] = {}
        try:
            self.meta = {str(name): str(value) for name, value in self._rows("SELECT name, value FROM meta")}
            self._check("version", str(VERSION))
            self.tests: dict[int, tuple[str, str, str | None]] = {
                number: (node, place_, always)
                for number, node, place_, always in self._rows("SELECT number, node, path, always FROM test")
            }
            self._check("tests", str(len(self.tests)))
        except BaseException:
            self.close()
            raise

    def _check(self, name: str, value: str) -> None:
        if self.meta.get(name) != value:
            raise NoMapError(f"the map of the tests has other {name}; `everycommit tests map` records one")

    def close(self) -> None:
        with suppress(Exception):
            self._base.close()

    def _rows(self, statement: str, *values: object) -> list[Any]:
        try:
            return self._base.execute(statement, values).fetchall()
        except self._failed as error:
            raise NoMapError(f"the map of the tests is broken ({error}); `everycommit tests map` records one") from None

    def every(self, columns: str, table: str) -> list[Any]:
        """Return *columns* of each row of *table*."""
        return self._rows(f"SELECT {columns} FROM {table}")  # noqa: S608 - both are written in our code

    def _read(self, statement: str, value: str, read: Callable[[str], Any]) -> list[Any]:
        """Return path and content of each row, read once: one name is met on many ways."""
        key = (statement, value)
        if key not in self._known:
            self._known[key] = [(path, read(content)) for path, content in self._rows(statement, value)]
        return self._known[key]

    def _bits(self, rows: Iterable[tuple[bytes]]) -> int:
        found = 0
        try:
            for (content,) in rows:
                found |= unpacked(content)
        except (zlib.error, TypeError):
            raise NoMapError("the map of the tests is damaged; `everycommit tests map` records one") from None
        return found

    def always(self) -> int:
        """Return the tests that run whatever changed."""
        return sum(1 << number for number, (_, _, always) in self.tests.items() if always)

    def everyone(self) -> int:
        last = max(self.tests, default=0)
        # They are numbered from 1 on.
        return (1 << (last + 1)) - 2 if last == len(self.tests) else sum(1 << number for number in self.tests)

    def source(self, path: str) -> tuple[str, bytes] | None:
        """Return the object name and the content of the recorded file *path*."""
        rows = self._rows("SELECT id, content FROM file WHERE path = ?", path)
        try:
            return (rows[0][0], zlib.decompress(rows[0][1])) if rows else None
        except (zlib.error, TypeError):
            raise NoMapError("the map of the tests is damaged; `everycommit tests map` records one") from None

    def ran(self, path: str, first: int, last: int) -> int:
        key = (path, first, last)
        if key not in self._lines:
            self._lines[key] = self._bits(
                self._rows(
                    "SELECT tests FROM line WHERE file = (SELECT number FROM file WHERE path = ?) "
                    "AND line BETWEEN ? AND ?",
                    path,
                    first,
                    last,
                )
            )
        return self._lines[key]

    def named(self, name: str) -> int:
        return self._bits(self._rows("SELECT tests FROM named WHERE name = ?", name))

    def touched(self, kind: str, path: str) -> int:
        return self._bits(self._rows("SELECT tests FROM touched WHERE kind = ? AND path = ?", kind, path))

    def beneath(self, folder: str) -> int:
        start = "" if folder == "." else f"{folder}/"
        return sum(1 << number for number, (_, at, _) in self.tests.items() if at == folder or at.startswith(start))

    def stating(self, name: str) -> list[tuple[str, Statement]]:
        return self._read(
            "SELECT file.path, statement.content FROM stating JOIN statement ON statement.number = stating.statement "
            "JOIN file ON file.number = statement.file WHERE stating.name = ?",
            name,
            _statement,
        )

    def statements(self, path: str) -> list[Statement]:
        if path not in self._statements:
            rows = self._rows(
                "SELECT content FROM statement WHERE file = (SELECT number FROM file WHERE path = ?) ORDER BY number",
                path,
            )
            self._statements[path] = [_statement(content) for (content,) in rows]
        return self._statements[path]

    def mentioning(self, name: str) -> list[tuple[str, int, int]]:
        return self._rows(
            "SELECT file.path, first, last FROM mention JOIN file ON file.number = mention.file WHERE name = ?", name
        )

    def functions(self, name: str) -> list[tuple[str, Function]]:
        return self._read(
            "SELECT file.path, function.content FROM function JOIN file ON file.number = function.file "
            "WHERE function.name = ?",
            name,
            _function,
        )

    def functions_at(self, path: str, line: int) -> list[Function]:
        rows = self._rows(
            "SELECT content FROM function WHERE file = (SELECT number FROM file WHERE path = ?) "
            "AND first <= ? AND last >= ?",
            path,
            line,
            line,
        )
        return [_function(content) for (content,) in rows]

    def classes(self, name: str) -> list[tuple[str, Class]]:
        return self._read(
            "SELECT file.path, class.content FROM class JOIN file ON file.number = class.file WHERE class.name = ?",
            name,
            _class,
        )

    def modules(self) -> Modules:
        return _Recorded(self._rows)

    def assigned(self, token: str) -> bool:
        return bool(self._rows("SELECT 1 FROM assigned WHERE name = ?", token))

    def under(self, path: str, first: int, last: int) -> list[tuple[str, int]]:
        return [
            (place or "", at)
            for place, at in self._rows(
                "SELECT DISTINCT file.path, at FROM under LEFT JOIN file ON number = place "
                "WHERE under.file = (SELECT number FROM file WHERE path = ?) AND line BETWEEN ? AND ?",
                path,
                first,
                last,
            )
        ]

    def within(self, path: str, line: int) -> list[tuple[str, int]]:
        return self._rows(
            "SELECT file.path, line FROM under JOIN file ON number = under.file "
            "WHERE place = (SELECT number FROM file WHERE path = ?) AND at = ?",
            path,
            line,
        )

    def asked(self, name: str) -> list[tuple[str, int]]:
        return [
            (place or "", at)
            for place, at in self._rows(
                "SELECT file.path, at FROM asked LEFT JOIN file ON number = place WHERE name = ?", name
            )
        ]


class _Recorded(Modules):
    """The modules of a map, looked up as they are asked for."""

    def __init__(self, rows: Callable[..., list[Any]]) -> None:
        super().__init__((), {})
        self._rows = rows

    def ending(self, name: str) -> list[str]:
        found = [path for (path,) in self._rows("SELECT path FROM file WHERE leaf = ?", name)]
        return found + super().ending(name)

    def imported(self, dotted: str) -> set[str]:
        rows = self._rows("SELECT path FROM module JOIN file ON number = file WHERE name = ?", dotted)
        return {path for (path,) in rows}


def bits(tests: int) -> Iterator[int]:
    """Yield the numbers of the tests in a bitmap."""
    while tests:
        low = tests & -tests
        yield low.bit_length() - 1
        tests ^= low


def _statement(content: str) -> Statement:
    first, last, scope, kind, *rest = _loaded(content)
    return Statement(first, last, scope, kind, *map(tuple, rest))


def _function(content: str) -> Function:
    name, scope, first, last, mutates, calls = _loaded(content)
    return Function(name, scope, first, last, tuple(mutates), tuple(calls))


def _class(content: str) -> Class:
    name, scope, first, last, bases, plain = _loaded(content)
    return Class(name, scope, first, last, tuple(bases), plain)


def _loaded(content: str) -> list[Any]:
    try:
        found: list[Any] = json.loads(content)
    except (ValueError, TypeError):
        raise NoMapError("the map of the tests is damaged; `everycommit tests map` records one") from None
    return found
