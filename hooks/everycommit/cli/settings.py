"""Show each setting that judges the staged change: its value, where it comes from, and how it merges.

Outside a repository it shows your own settings. The pages of docs/settings.md explain each of them.
"""

import argparse
import json
from collections.abc import Iterator
from typing import Any

from ..config.fields import COMMAND, MODEL, SERVICES, Field, command_table, keys, model_table, service_table, tables
from ..config.load import load, user_settings
from ..config.schema import Config
from ..config.values import nearest, toml, written
from ..errors import UsageError
from ..repo.repository import discover
from ..text import printable
from .call import Call
from .staged import settings_files

VERSION = 1
_HEADER = ("setting", "value", "from", "merge")
_WIDEST = 60


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("keys", nargs="*", metavar="KEY", help="only these: policy, policy.max_added_lines")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="text is for people")


def main(args: argparse.Namespace, call: Call) -> int:
    """Print the settings; return 0."""
    config, notes = judging(call)
    wanted = tuple(args.keys)
    for key in wanted:
        if not any(_is_in(row[0], (key,)) for row in _rows(config)):
            raise UsageError(f"{toml(key)}: no such setting{nearest(key, [*tables(), *keys()])}")
    call.stdout.write(_json(config, notes, wanted) if args.format == "json" else _text(config, notes, wanted))
    return 0


def judging(call: Call) -> tuple[Config, list[str]]:
    """Return what judges the staged change, and what there is to say of it."""
    user = user_settings(call.environ)
    try:
        repository = discover(call.cwd, call.environ)
    except UsageError as error:
        config = load(base=None, target=None, user=user, environ=call.environ, flags={})
        return config, [f"no repository's settings: {error}", *config.notes]
    head, index = settings_files(repository)
    whole = repository.head is None
    config = load(base=head, target=index, user=user, environ=call.environ, flags={}, whole=whole)
    return config, list(config.notes)


def _is_in(key: str, wanted: tuple[str, ...]) -> bool:
    """Tell whether *key* is one of *wanted*, or in a table that is; all are where nothing is wanted."""
    return not wanted or any(key == one or key.startswith(f"{one}.") for one in wanted)


def _rows(config: Config) -> Iterator[tuple[str, Any, str, Field]]:
    """Yield key, value, source and schema of every setting, in the schema's order."""
    settings = config.settings
    for key, field in keys().items():
        table, _, name = key.rpartition(".")
        holder = getattr(settings, table) if table else settings
        yield key, getattr(holder, name), _source(config, key), field
    several: Any = (
        (MODEL, settings.model, model_table()),
        (COMMAND, settings.command, command_table()),
        (SERVICES, settings.services, service_table()),
    )
    for table, found, fields in several:
        for owner, held in found.items():
            for name, field in fields.items():
                key = f"{table}.{owner}.{name}"
                yield key, getattr(held, name), _source(config, key), field


def _source(config: Config, key: str) -> str:
    return config.sources.get(key, "default")


def _text(config: Config, notes: list[str], wanted: tuple[str, ...]) -> str:
    found = [row for row in _rows(config) if _is_in(row[0], wanted)]
    rows = [_HEADER, *((key, _shown(field, value), source, field.merge) for key, value, source, field in found)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = [
        "  ".join((*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3])) for row in rows
    ]
    if config.loosened:
        lines += ["", "The staged change loosens these; the first value judges it:"]
        lines += [f"  {one.key}  {one.base} -> {one.target}" for one in config.loosened]
    lines += ["", *notes] if notes else []
    return "".join(f"{printable(line)}\n" for line in lines)


def _shown(field: Field, value: Any) -> str:
    text = written(field, value)
    if len(text) <= _WIDEST or field.kind != "list":
        return text
    return (
        f"{toml(value[:2])[:-1]}, ...]  ({len(value)})" if len(toml(value[:2])) <= _WIDEST else f"[...]  ({len(value)})"
    )


def _json(config: Config, notes: list[str], wanted: tuple[str, ...]) -> str:
    page = {
        "version": VERSION,
        "adopting": config.adopting,
        "settings": [
            {"key": key, "value": value, "toml": written(field, value), "source": source, "merge": field.merge}
            for key, value, source, field in _rows(config)
            if _is_in(key, wanted)
        ],
        "loosened": [{"key": one.key, "base": one.base, "target": one.target} for one in config.loosened],
        "notes": notes,
    }
    return json.dumps(page, indent=1) + "\n"
