"""Writes the map of tests: what a recording saw, and what each file says without being run."""

import ast
import json
import time
import zlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .selection.resolve import Modules, last_part_of
from .selection.source import Source, source
from .testmap import TABLES, VERSION, NoMapError, packed

if TYPE_CHECKING:
    import sqlite3


def written(
    path: Path,
    records: Iterable[Mapping[str, Any]],
    files: Mapping[str, tuple[str, bytes]],
    meta: Mapping[str, str],
    file_of: Callable[[str], str],
) -> int:
    """Write a map of *records* (as ``inside/everycommit_record.py`` tells them); return how many tests it holds.

    *files* are the tree's Python files by path, each with its object name and content; *file_of* turns a node id into
    the path of its file from the root.

    Raises:
        OSError: It cannot be written.
        NoMapError: What was recorded is incomplete.
    """
    import sqlite3

    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    base = sqlite3.connect(new, isolation_level=None)
    try:
        base.execute("PRAGMA journal_mode=OFF")
        base.execute("PRAGMA synchronous=OFF")
        base.executescript(TABLES)
        base.execute("BEGIN")
        records = list(records)
        imported = {name: path for record in records for name, path in record.get("modules", {}).items()}
        numbers = _write_files(base, files, imported)
        count = _write_records(base, records, numbers, file_of)
        told = {**meta, "version": str(VERSION), "tests": str(count), "at": repr(time.time())}
        base.executemany("INSERT INTO meta VALUES (?, ?)", told.items())
        base.execute("COMMIT")
        base.close()
        new.replace(path)
    except BaseException:
        base.close()
        new.unlink(missing_ok=True)
        raise
    return count


def _write_files(
    base: "sqlite3.Connection", files: Mapping[str, tuple[str, bytes]], imported: Mapping[str, str]
) -> dict[str, int]:
    numbers = {path: number for number, path in enumerate(sorted(files), 1)}
    modules = Modules(numbers, {name: [path] for name, path in imported.items()})
    named = [(name, numbers[path]) for name, path in imported.items() if path in numbers]
    base.executemany("INSERT INTO module VALUES (?, ?)", named)
    for path, number in numbers.items():
        name, content = files[path]
        row = (number, path, last_part_of(path), name, zlib.compress(content, 1))
        base.execute("INSERT INTO file VALUES (?, ?, ?, ?, ?)", row)
        try:
            said = source(ast.parse(content), path, modules)
        except (SyntaxError, ValueError, RecursionError):
            continue
        _write_source(base, number, path, said)
    return numbers


def _write_source(base: "sqlite3.Connection", number: int, path: str, said: Source) -> None:
    for one in said.statements:
        row = base.execute("INSERT INTO statement (file, content) VALUES (?, ?)", (number, json.dumps(one)))
        listed = [(name, row.lastrowid) for name in {*one.mentions}]
        base.executemany("INSERT INTO stating VALUES (?, ?)", listed)
        if one.kind in {"other", "block"} or (one.kind == "alias" and one.scope):
            tokens = [(f".{name}" if one.scope else f"{path}:{name}",) for name in one.binds]
            base.executemany("INSERT OR IGNORE INTO assigned VALUES (?)", tokens)
    # What a function rebinds may change whatever it is bound to at first.
    base.executemany("INSERT OR IGNORE INTO assigned VALUES (?)", [(f"{path}:{name}",) for name in said.rebound])
    base.executemany(
        "INSERT OR IGNORE INTO mention VALUES (?, ?, ?, ?)",
        [(name, number, first, last) for name, first, last in said.mentions],
    )
    base.executemany(
        "INSERT INTO function VALUES (?, ?, ?, ?, ?)",
        [(one.name, number, one.first, one.last, json.dumps(one)) for one in said.functions],
    )
    base.executemany(
        "INSERT INTO class VALUES (?, ?, ?)", [(one.name, number, json.dumps(one)) for one in said.classes]
    )


def _write_imports(base: "sqlite3.Connection", record: Mapping[str, Any], numbers: Mapping[str, int]) -> None:
    """Write what ran at import, and during which statements; number 0 stands for none."""
    for path, line, places in record.get("under", ()):
        if path in numbers:
            rows = [(numbers[path], line, numbers.get(place, 0), at) for place, at in places]
            base.executemany("INSERT OR IGNORE INTO under VALUES (?, ?, ?, ?)", rows)
    for name, places in record.get("asked", {}).items():
        rows_ = [(name, numbers.get(place, 0), at) for place, at in places]
        base.executemany("INSERT OR IGNORE INTO asked VALUES (?, ?, ?)", rows_)


def _write_records(  # noqa: C901 - one pass over what may be millions of lines
    base: "sqlite3.Connection",
    records: Iterable[Mapping[str, Any]],
    numbers: Mapping[str, int],
    file_of: Callable[[str], str],
) -> int:
    lines: dict[tuple[int, int], int] = {}
    named: dict[str, int] = {}
    touched: dict[tuple[str, str], int] = {}
    nodes: dict[str, int] = {}
    complete = False
    for record in records:
        if record["kind"] == "import":
            bit, complete = 1, True
            _write_imports(base, record, numbers)
            if record["always"]:
                base.execute("INSERT INTO meta VALUES ('always', ?)", (record["always"],))
        else:
            twice = record["id"] in nodes
            number = nodes.setdefault(record["id"], len(nodes) + 1)
            bit = 1 << number
            always = "another test has the same name" if twice else record["always"]
            row = (number, record["id"], file_of(record["id"]), always, record["outcome"])
            base.execute("INSERT OR REPLACE INTO test VALUES (?, ?, ?, ?, ?)", row)
        for path, ran in record.get("lines", {}).items():
            file = numbers.get(path)
            if file is None:
                continue
            for line in ran:
                key = (file, line)
                lines[key] = lines.get(key, 0) | bit
        if bit != 1:
            for name in (*record.get("names", ()), *record.get("own", ())):
                named[name] = named.get(name, 0) | bit
        for kind in ("opened", "statted", "listed"):
            for path in record.get(kind, ()):
                touched[kind, path] = touched.get((kind, path), 0) | bit
    if not complete:
        raise NoMapError("the recording did not come to its end")
    base.executemany("INSERT INTO line VALUES (?, ?, ?)", [(*key, packed(bits)) for key, bits in lines.items()])
    base.executemany("INSERT INTO named VALUES (?, ?)", [(key, packed(bits)) for key, bits in named.items()])
    base.executemany("INSERT INTO touched VALUES (?, ?, ?)", [(*key, packed(bits)) for key, bits in touched.items()])
    return len(nodes)
