"""The JSON Schema of the settings, made from the dataclasses: for editors that complete and check TOML.

Source: draft-07, which SchemaStore asks for; its tools' tables in pyproject.toml have ids ``partial-TOOL.json``.
"""

from collections.abc import Mapping
from typing import Any

from ..rules.names import ELSEWHERE, OWN, SEVERITIES
from . import schema
from .fields import (
    COMMAND,
    MODEL,
    SERVICES,
    Field,
    command_table,
    model_table,
    project_table,
    service_table,
    tables,
)
from .reference import ORDERS
from .schema import BUILT_IN
from .values import DAY, toml

_DRAFT = "http://json-schema.org/draft-07/schema#"
_ID = "https://json.schemastore.org/partial-everycommit.json"
_USER_ID = "https://json.schemastore.org/everycommit-settings.json"
_NAME = "^[a-z0-9-]+$"
_VARIABLE = "^(?!GIT_|EVERYCOMMIT_)[A-Za-z_][A-Za-z0-9_]*$"
_NEEDED = {COMMAND: ("run",), SERVICES: ("command",), MODEL: ("url", "model")}
_ROOT = {"type": "string", "minLength": 1}
_ABOUT = {
    "policy": schema.PolicySettings,
    "lint": schema.LintSettings,
    "types": schema.TypesSettings,
    "tests": schema.TestsSettings,
    "review": schema.ReviewSettings,
    "run": schema.RunSettings,
    "snapshot": schema.SnapshotSettings,
    "agent": schema.AgentSettings,
    MODEL: schema.ModelSettings,
    "project": schema.ProjectSettings,
    COMMAND: schema.CommandSettings,
    SERVICES: schema.ServiceSettings,
}


def json_schema(*, own: bool = False) -> dict[str, Any]:
    """Return the schema of ``[tool.everycommit]``; *own*: of the user's settings file, which may say more."""
    properties: dict[str, Any] = {}
    for table, fields in tables().items():
        held = _properties(fields, own=own)
        properties |= {table: _table(table, held)} if table else held
    properties[COMMAND] = _named(COMMAND, command_table(), own=own, but=BUILT_IN)
    properties[SERVICES] = _named(SERVICES, service_table(), own=own, but=())
    if own:
        from .models import RESERVED

        properties[MODEL] = _named(MODEL, model_table(), own=own, but=RESERVED)
    where = "in the user's settings file" if own else "in pyproject.toml, [tool.everycommit]"
    return {
        "$schema": _DRAFT,
        "$id": _USER_ID if own else _ID,
        "title": "everycommit",
        "description": f"Settings of everycommit {where}: what judges each change before it lands",
        "type": "object",
        "additionalProperties": False,
        "definitions": _definitions(),
        "properties": properties,
        "x-taplo-info": {
            "authors": ["everycommit"],
            "patterns": [
                r"^(.*/)?everycommit/settings\.toml$" if own else r"^(.*(/|\\)pyproject\.toml|pyproject\.toml)$"
            ],
        },
    }


def _table(table: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "description": _about(table),
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
    }


def _named(
    table: str, fields: Mapping[str, Field], *, own: bool, but: "tuple[str, ...] | frozenset[str]"
) -> dict[str, Any]:
    inner = _table(table, _properties(fields, own=own)) | {"required": list(_NEEDED[table])}
    return {
        "description": _about(table),
        "type": "object",
        "propertyNames": {"pattern": _NAME, **({"not": {"enum": sorted(but)}} if but else {})},
        "additionalProperties": inner,
    }


def _about(table: str) -> str:
    text = (_ABOUT[table].__doc__ or "").partition(":")[2].strip().removesuffix(".")
    return f"{text[:1].upper()}{text[1:]}".replace("``", "`")


def _properties(fields: Mapping[str, Field], *, own: bool) -> dict[str, Any]:
    return {
        name: {"description": _words(field), **_value(field), **_default(field)}
        for name, field in fields.items()
        if own or field.merge != "user_only"
    }


def _words(field: Field) -> str:
    return f"{field.help.removesuffix('.')}. Merge order {field.merge}: {ORDERS[field.merge]}"


def _default(field: Field) -> dict[str, Any]:
    if field.name in {"run", "url", "model", "command"} or field.kind in {"rules", "texts"}:
        return {}
    return {"default": _plain(field.default)}


def _plain(value: object) -> object:
    """Return a default as a file would have it: none is false, a tuple a list."""
    return False if value is None else list(value) if isinstance(value, tuple) else value


def _value(field: Field) -> dict[str, Any]:
    found: dict[str, Any] = {
        "switch": {"type": "boolean"},
        "seconds": {"type": "number", "exclusiveMinimum": 0, "maximum": DAY},
        "amount": _or_none({"type": "number", "minimum": 0}),
        "limit": _or_none({"type": "integer", "minimum": 0}),
        "number": {"type": "integer", "minimum": 1},
        "word": {"type": "string", "enum": list(field.choices)},
        "text": _or_none({"type": "string", "minLength": 1}),
        "list": _list(field),
        "only": _list(field),
        "rules": _rules() if field.kind == "rules" else {},
        "texts": _texts(),
        "projects": _projects() if field.kind == "projects" else {},
    }
    one: dict[str, Any] = found[field.kind]
    return one


def _or_none(one: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [one, {"description": "None", "type": "boolean", "const": False}]}


def _list(field: Field) -> dict[str, Any]:
    item: dict[str, Any] = {"type": "string"}
    if field.choices:
        item["enum"] = list(field.choices)
    elif field.name in {"env", "sees"}:
        item["pattern"] = _VARIABLE
    elif field.name not in {"args", "run", "key_command", "command", "ready_command"}:
        item["minLength"] = 1
    return {"type": "array", "items": item, **({"minItems": 1} if field.name in {"run", "command"} else {})}


def _projects() -> dict[str, Any]:
    table = _table("project", _properties(project_table(), own=True)) | {"required": ["root"]}
    table["properties"]["root"] = {"description": table["properties"]["root"]["description"], **_ROOT}
    return {"type": "array", "items": table}


def _texts() -> dict[str, Any]:
    return {"type": "object", "propertyNames": {"pattern": _VARIABLE}, "additionalProperties": {"type": "string"}}


def _rules() -> dict[str, Any]:
    """Return a table of severities by rule, which can be written with and without ``policy/``."""
    settable = [name for name in OWN if name not in ELSEWHERE]
    level = {"$ref": "#/definitions/level"}
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            name: {"description": f"Its own severity is {toml(OWN[name])}", "allOf": [level]} for name in settable
        },
        "patternProperties": {f"^policy/({'|'.join(settable)})$": level},
    }


def _definitions() -> dict[str, Any]:
    """Return what the severity of a rule can be: a word, or a word with where it holds, or several of these."""
    severity = {"$ref": "#/definitions/severity"}
    one = {"anyOf": [severity, {"$ref": "#/definitions/placed"}]}
    return {
        "severity": {"description": "From the loosest to the strictest", "type": "string", "enum": list(SEVERITIES)},
        "placed": {
            "type": "object",
            "additionalProperties": False,
            "required": ["severity"],
            "properties": {
                "severity": {"description": "How severe it is there", "allOf": [severity]},
                "paths": {
                    "description": "Globs of where it holds",
                    "type": "array",
                    "minItems": 1,
                    "items": {"type": "string", "minLength": 1},
                },
            },
        },
        "level": {"anyOf": [*one["anyOf"], {"type": "array", "minItems": 1, "items": one}]},
    }
