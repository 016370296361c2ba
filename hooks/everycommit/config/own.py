"""The user's settings file, with a table more or less; every other byte of it stays."""

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..errors import UsageError
from .values import toml

_HEADER = r"[ \t]*\[{1,2}[ \t]*[^\]\n]+\]{1,2}[ \t]*(?:#[^\n]*)?"


def block(table: str, values: Mapping[str, Any]) -> str:
    """Return a table as a settings file writes it: ``model.fast`` and its values in order."""
    return f"[{table}]\n" + "".join(f"{key} = {toml(value)}\n" for key, value in values.items())


def with_table(content: bytes, table: str, values: Mapping[str, Any]) -> bytes:
    """Return *content* with *table* at its end, its line ends being those of the file.

    Raises:
        UsageError: The file is no TOML, or has its tables in a form that does not let one be added.
    """
    before = _document(content)
    newline = "\r\n" if b"\r\n" in content else "\n"
    gap = "" if not content.strip() else "\n" if content.endswith(b"\n") else "\n\n"
    after = content + (gap + block(table, values)).replace("\n", newline).encode()
    above, _, name = table.partition(".")
    wanted = before | {above: {**_table(before, above), name: _plain(values)}}
    found: dict[str, Any] = {}
    with suppress(UsageError):
        found = _document(after)
    if name in _table(before, above) or found != wanted:
        raise UsageError(f"the settings file does not let [{table}] be added at its end; add it by hand")
    return after


def without_table(content: bytes, table: str) -> bytes:
    """Return *content* without *table*: from its header to its last value; comments around it stay.

    Raises:
        UsageError: The file is no TOML, or writes the table in a form of its own.
    """
    before = _document(content)
    above, _, name = table.partition(".")
    rest = {key: value for key, value in _table(before, above).items() if key != name}
    wanted = {key: value for key, value in before.items() if key != above} | ({above: rest} if rest else {})
    after = _cut(content.decode(), above, name)
    found: dict[str, Any] = {}
    with suppress(UsageError):
        found = _document((after or "?").encode())
    if after is None or {key: value for key, value in found.items() if key != above or value} != wanted:
        raise UsageError(f"the settings file writes {table} in a form of its own; take it out by hand")
    return after.encode()


def tables(content: bytes, above: str) -> dict[str, dict[str, Any]]:
    """Return the tables below *above* as the file has them, right or wrong.

    Raises:
        UsageError: The file is no TOML.
    """
    return {name: held for name, held in _table(_document(content), above).items() if isinstance(held, dict)}


def write(path: Path, content: bytes) -> None:
    """Put *content* into the file at *path* whole or not at all; a link leads to the same file as before.

    Raises:
        UsageError: It cannot be written.
    """
    target = path.resolve()
    fresh = target.with_name(f".{target.name}.{os.urandom(4).hex()}")
    if target.exists() and not target.is_file():
        raise UsageError(f"'{path}' is no file: settings are not written there")
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = target.stat().st_mode & 0o7777 if target.exists() else 0o600
        try:
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(content)
            fresh.chmod(mode)
            fresh.replace(target)
        finally:
            fresh.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"'{path}' cannot be written: {error.strerror}; nothing was changed") from error


def _cut(text: str, above: str, name: str) -> str | None:
    """Return *text* without the lines of a table, None where it has no header of its own."""
    lines = text.splitlines(keepends=True)
    quoted = "|".join((re.escape(name), f'"{re.escape(name)}"', f"'{re.escape(name)}'"))
    own = rf"[ \t]*\[[ \t]*{above}[ \t]*\.[ \t]*(?:{quoted})[ \t]*\][ \t]*(?:#.*)?"
    start = next((place for place, line in enumerate(lines) if re.fullmatch(own, line.rstrip("\r\n"))), None)
    if start is None:
        return None
    end = next(
        (place for place in range(start + 1, len(lines)) if re.fullmatch(_HEADER, lines[place].rstrip("\r\n"))),
        len(lines),
    )
    # What stands above the next header, or at the end of the file, is not this table's.
    while end > start + 1 and lines[end - 1].lstrip()[:1] in {"", "#"}:
        end -= 1
    rest = lines[end:]
    if start and not lines[start - 1].strip() and (not rest or not rest[0].strip()):
        start -= 1
    return "".join([*lines[:start], *rest])


def _document(content: bytes) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(content.decode())
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the settings file is not valid TOML, mend it first: {error}") from error


def _table(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = document.get(name)
    return found if isinstance(found, dict) else {}


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}
