"""The schema as a list: every setting by its key, with its kind, default, merge order and words."""

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from ..record import MISSING, fields, is_dataclass
from ..rules.severity import Side
from .schema import CommandSettings, ModelSettings, ProjectSettings, ServiceSettings, Settings

COMMAND, MODEL, SERVICES = "command", "model", "services"
_KINDS: dict[Any, str] = {
    bool: "switch",
    float: "seconds",
    float | None: "amount",
    int | None: "limit",
    int: "number",
    str: "word",
    str | None: "text",
    tuple[str, ...]: "list",
    tuple[tuple[str, ...], ...]: "only",
    tuple[Side, ...]: "rules",
    tuple[tuple[str, str], ...]: "texts",
    tuple[ProjectSettings, ...]: "projects",
}


class Field(NamedTuple):
    """One setting."""

    name: str
    kind: str
    """switch, seconds, amount, limit, number, word, text, list, only, rules, texts or projects."""
    default: Any
    merge: str
    choices: tuple[str, ...]
    help: str
    empty_is_all: bool
    """Whether an empty list stands for everything, so that it is the strictest of a union."""
    across: str
    """The order in which layers become one; empty where the later one replaces the earlier."""


@cache
def tables() -> Mapping[str, Mapping[str, Field]]:
    """Return the settings of each table by name, in the schema's order; the top table is ``""``."""
    found = {"": _fields(Settings)}
    for field in fields(Settings):
        if is_dataclass(field.type):
            found[field.name] = _fields(field.type)
    return found


@cache
def command_table() -> Mapping[str, Field]:
    """Return the settings of a command by name."""
    return _fields(CommandSettings)


@cache
def model_table() -> Mapping[str, Field]:
    """Return the settings of a model by name."""
    return _fields(ModelSettings)


@cache
def service_table() -> Mapping[str, Field]:
    """Return the settings of a service by name."""
    return _fields(ServiceSettings)


@cache
def project_table() -> Mapping[str, Field]:
    """Return the settings of a project by name."""
    return _fields(ProjectSettings)


@cache
def keys() -> Mapping[str, Field]:
    """Return every setting but those of commands, services and models by its key, ``policy.max_added_lines``."""
    return {
        f"{table}.{name}" if table else name: field
        for table, found in tables().items()
        for name, field in found.items()
    }


def field_of(key: str) -> Field:
    """Return the setting with *key*; ``command.NAME.run`` and ``model.NAME.url`` count for every name."""
    table, _, rest = key.partition(".")
    several = {COMMAND: command_table, SERVICES: service_table, MODEL: model_table}.get(table)
    return several()[rest.split(".")[1]] if several else keys()[key]


def command_name(key: str) -> str | None:
    """Return the command that *key* belongs to, None where it belongs to none."""
    return key.split(".")[1] if key.startswith(f"{COMMAND}.") else None


def service_name(key: str) -> str | None:
    """Return the service that *key* belongs to, None where it belongs to none."""
    return key.split(".")[1] if key.startswith(f"{SERVICES}.") else None


def built(values: Mapping[str, Any]) -> Settings:
    """Return the settings that *values* make, by key; what is not in it has its default."""
    from . import schema

    top: dict[str, Any] = {}
    below: dict[str, dict[str, Any]] = {}
    commands: dict[str, dict[str, Any]] = {}
    models: dict[str, dict[str, Any]] = {}
    services: dict[str, dict[str, Any]] = {}
    for key, value in values.items():
        table, _, name = key.rpartition(".")
        if not table:
            top[name] = value
        elif command := command_name(key):
            commands.setdefault(command, {})[name] = value
        elif service := service_name(key):
            services.setdefault(service, {})[name] = value
        elif table.startswith(f"{MODEL}."):
            models.setdefault(table.partition(".")[2], {})[name] = value
        else:
            below.setdefault(table, {})[name] = value
    types: dict[str, Any] = {field.name: field.type for field in fields(schema.Settings)}
    made = {table: types[table](**found) for table, found in below.items()}
    return Settings(
        **top,
        **made,
        model={name: ModelSettings(**found) for name, found in models.items()},
        command={name: CommandSettings(**found) for name, found in sorted(commands.items())},
        # In the order of the file: one that is started later may need those before it.
        services={name: ServiceSettings(**found) for name, found in services.items()},
    )


def _fields(table: Any) -> dict[str, Field]:
    return {
        field.name: Field(
            name=field.name,
            kind=_KINDS[field.type],
            default=field.default,
            merge=field.metadata["merge"],
            choices=field.metadata["choices"],
            help=field.metadata["help"],
            empty_is_all=field.metadata["empty_is_all"],
            across=field.metadata["across"],
        )
        for field in fields(table)
        if field.default is not MISSING
    }
