"""A settings file as values by key, and its mistakes: a line each, with file, table, key and value."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from ..text import printable
from .fields import COMMAND, MODEL, SERVICES, Field, command_table, model_table, service_table, tables
from .schema import BUILT_IN
from .values import Mistake, checked, nearest, shown, toml

REPOSITORY = "pyproject.toml"
_OURS = "tool.everycommit"
_NAME = r"[a-z0-9-]+"
_BARE = r"[A-Za-z0-9_-]+"
_SPOT = r"(?s:(.*)) \(at (?:line (\d+), column (\d+)|(end of document))\)"


class Parsed(NamedTuple):
    """What a file says."""

    values: Mapping[str, Any]
    """By key, ``policy.max_added_lines``; only what is right."""
    mistakes: tuple[str, ...]
    present: bool
    """Whether the file has a table of ours; a file that is no TOML counts as one that had."""


NOTHING = Parsed({}, (), present=False)


def repository(content: bytes | None, read: Callable[[bytes], Mapping[str, Any]] | None = None) -> Parsed:
    """Return what a pyproject.toml says to us; *read* stands for ``document``."""
    # Importing tomllib costs nearly two bare starts of Python: a file that never names us is not parsed.
    if content is None or b"everycommit" not in content:
        return NOTHING
    try:
        found = (read or document)(content)
    except Mistake as mistake:
        return Parsed({}, (f"{REPOSITORY}: {mistake}",), present=True)
    tool = found.get("tool")
    if not isinstance(tool, dict) or "everycommit" not in tool:
        return NOTHING
    if not isinstance(tool["everycommit"], dict):
        return Parsed(
            {}, (f"{REPOSITORY} [tool].everycommit: {shown(tool['everycommit'])} is not a table",), present=True
        )
    return _Reader(REPOSITORY, _OURS, own=False).read(tool["everycommit"])


def user(label: str, content: bytes) -> Parsed:
    """Return what the user's settings file says; *label* names it in mistakes."""
    try:
        return _Reader(label, "", own=True).read(document(content))
    except Mistake as mistake:
        return Parsed({}, (f"{label}: {mistake}",), present=True)


def document(content: bytes) -> dict[str, Any]:
    """Return what a file of TOML holds.

    Raises:
        Mistake: It is none.
    """
    import tomllib

    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Mistake(f"line {line}: byte 0x{content[error.start]:02x} is not UTF-8") from error
    if text.startswith("\ufeff"):
        raise Mistake("line 1, column 1: begins with a byte order mark, which TOML does not allow")
    try:
        return tomllib.loads(text)
    except ValueError as error:
        raise Mistake(_where(str(error))) from error
    except RecursionError as error:
        raise Mistake("not valid TOML: nested too deeply") from error


def _where(message: str) -> str:
    found = re.fullmatch(_SPOT, message)
    if not found:
        return printable(f"not valid TOML: {message}")
    what, line, column, _ = found.groups()
    place = f"line {line}, column {column}" if line else "end of the file"
    return printable(f"{place}: not valid TOML: {what}")


class _Reader:
    """Walks one document, collecting values and mistakes."""

    def __init__(self, label: str, prefix: str, *, own: bool) -> None:
        self.label = label
        self.prefix = prefix
        self.own = own
        self.values: dict[str, Any] = {}
        self.mistakes: list[str] = []

    def read(self, document: Mapping[str, Any]) -> Parsed:
        known = tables()
        for name, value in document.items():
            if name == COMMAND:
                self._commands(value)
            elif name == MODEL:
                self._models(value)
            elif name == SERVICES:
                self._services(value)
            elif name in known and name:
                self._table(name, known[name], value)
            else:
                self._setting("", name, {**known[""]}, value, others=(*known, MODEL, COMMAND, SERVICES))
        return Parsed(self.values, tuple(self.mistakes), present=True)

    def _table(self, table: str, fields: Mapping[str, Field], value: object) -> None:
        for name, inner in self._items(table, value):
            self._setting(table, name, fields, inner)

    def _commands(self, value: object) -> None:
        for name, table in self._items(COMMAND, value):
            if not re.fullmatch(_NAME, name):
                self._wrong(COMMAND, name, "a command's name is made of a-z, 0-9 and -")
            elif name in BUILT_IN:
                self._wrong(COMMAND, name, "a gate of this name is built in; choose another name")
            else:
                self._command(f"{COMMAND}.{name}", table)

    def _command(self, key: str, value: object) -> None:
        self._table(key, command_table(), value)
        if isinstance(value, dict) and "run" not in value:
            self._wrong(key, "run", "missing; name the program and its arguments")
        if f"{key}.run" not in self.values:
            # Half a command is none: what is left of it must not turn into one without a program.
            self.values = {name: kept for name, kept in self.values.items() if not name.startswith(f"{key}.")}

    def _services(self, value: object) -> None:
        from .services import wrong

        for name, table in self._items(SERVICES, value):
            if not re.fullmatch(_NAME, name):
                self._wrong(SERVICES, name, "a service's name is made of a-z, 0-9 and -")
                continue
            key, before = f"{SERVICES}.{name}", len(self.mistakes)
            self._table(key, service_table(), table)
            if isinstance(table, dict) and len(self.mistakes) == before:
                found = {part: self.values.get(f"{key}.{part}") for part in service_table()}
                for part, what in wrong(found):
                    self._wrong(key, part, what)
            if len(self.mistakes) > before:
                self.values = {one: kept for one, kept in self.values.items() if not one.startswith(f"{key}.")}

    def _models(self, value: object) -> None:
        if not self.own:
            self._wrong(
                "",
                MODEL,
                "a repository may not say where a model listens; your own settings may (`everycommit models add`), "
                "and a repository may name one of your models: review.finder, review.judge",
            )
            return
        from .models import RESERVED

        for name, table in self._items(MODEL, value):
            if not re.fullmatch(_NAME, name):
                self._wrong(MODEL, name, "a model's name here is made of a-z, 0-9 and -")
            elif name in RESERVED:
                self._wrong(MODEL, name, "this name has a meaning of its own; choose another one")
            else:
                self._model(f"{MODEL}.{name}", table)

    def _model(self, key: str, value: object) -> None:
        from .models import wrong

        before = len(self.mistakes)
        self._table(key, model_table(), value)
        if len(self.mistakes) == before:
            found = {name: self.values.get(f"{key}.{name}") for name in model_table()}
            for name, what in wrong(found):
                self._wrong(key, name, what)
        if len(self.mistakes) > before:
            self.values = {name: kept for name, kept in self.values.items() if not name.startswith(f"{key}.")}

    def _items(self, table: str, value: object) -> Iterator[tuple[str, Any]]:
        if isinstance(value, dict):
            yield from value.items()
        else:
            above, _, name = table.rpartition(".")
            self._wrong(above, name, f"{shown(value)} is not a table")

    def _setting(
        self, table: str, name: str, fields: Mapping[str, Field], value: object, *, others: tuple[str, ...] = ()
    ) -> None:
        field = fields.get(name)
        if field is None:
            self._wrong(table, name, f"no such setting{nearest(name, [*fields, *filter(None, others)])}")
        elif field.merge == "user_only" and not self.own:
            # A model's table has its own name in between, which no variable has.
            variable = "_".join(["EVERYCOMMIT", *filter(None, [table.partition(".")[0]]), name]).upper()
            self._wrong(table, name, f"a repository may not say this; your own settings or {variable} may")
        else:
            try:
                self.values[f"{table}.{name}" if table else name] = checked(field, value)
            except Mistake as mistake:
                self._wrong(table, name, str(mistake))

    def _wrong(self, table: str, name: str, what: str) -> None:
        header = ".".join(part for part in (self.prefix, _dotted(table)) if part)
        key = name if re.fullmatch(_BARE, name) else toml(name)
        place = f"{self.label} [{header}].{key}" if header else f"{self.label}: {key}"
        self.mistakes.append(f"{place}: {what}")


def _dotted(table: str) -> str:
    return printable(table)
