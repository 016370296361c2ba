"""The JSON Schema says of each setting what the loader says of it."""

import importlib
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from everycommit.config import schema
from everycommit.config.fields import keys
from everycommit.config.json_schema import json_schema
from everycommit.config.parse import repository, user
from support import Repo

jsonschema = importlib.import_module("jsonschema")
TOP = Path(__file__).resolve().parent.parent
PAGES = [TOP / "README.md", *sorted((TOP / "docs").glob("*.md")), TOP / "pyproject.toml"]


def mistakes(table: Any, *, own: bool = False) -> list[str]:
    """What a validator says, a line each."""
    return [error.message for error in jsonschema.Draft7Validator(json_schema(own=own)).iter_errors(table)]


def nodes(node: Any) -> list[dict[str, Any]]:
    """Every object of a schema."""
    inside = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return [node] * isinstance(node, dict) + [one for value in inside for one in nodes(value)]


@pytest.mark.parametrize("own", [False, True])
def test_it_is_a_schema_as_schemastore_wants_it(*, own: bool) -> None:
    """draft-07 and no other, an id on its host, described and typed throughout, closed, without bare references."""
    found = json_schema(own=own)

    jsonschema.Draft7Validator.check_schema(found)
    assert found["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert re.fullmatch(r"https://json\.schemastore\.org/[a-z-]+\.json", found["$id"])
    assert (found["title"], found["type"], found["additionalProperties"]) == ("everycommit", "object", False)
    unknown = {"$schema", "$id", "title", "description", "type", "properties", "definitions", "x-taplo-info"}
    assert found.keys() <= unknown | {"additionalProperties"}
    for node in nodes(found):
        for name, one in (node.get("properties") or {}).items() if "type" in node and node["type"] == "object" else ():
            assert one["description"], name
            assert one["description"][0] not in "`'\"", name
            assert not one["description"].endswith("."), name
            assert {"type", "anyOf", "allOf", "enum"} & one.keys(), name
            assert "$ref" not in one  # beside a reference draft-07 reads nothing else
    for name, one in found["properties"].items():
        if "default" in one:
            assert mistakes({name: one["default"]}, own=True) == [], name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_block_of_the_documents_is_right(page: Path) -> None:
    blocks = (
        re.findall(r"```toml\n(.*?)```", page.read_text(), re.DOTALL) if page.suffix == ".md" else [page.read_text()]
    )
    for block in blocks:
        table = tomllib.loads(block).get("tool", {}).get("everycommit", {})
        assert mistakes(table) == [], block


def test_every_setting_is_in_it_and_those_of_the_user_only_in_the_users() -> None:
    ours, theirs = json_schema()["properties"], json_schema(own=True)["properties"]

    for key, field in keys().items():
        table, _, name = key.rpartition(".")
        held = [(one[table]["properties"] if table else one) for one in (ours, theirs)]
        assert (name in held[0], name in held[1]) == (field.merge != "user_only", True), key
    assert ("model" in ours, "model" in theirs) == (False, True)


SAMPLES: list[Any] = [
    *(
        True,
        False,
        0,
        1,
        -1,
        1.5,
        10**6,
        "",
        "word",
        "warn",
        "auto",
        "\u00e9",
        [],
        ["**/*.py"],
        [""],
        ["policy"],
        [1],
        {},
    ),
    {"debug-print": "error"},
    {"policy/debug-print": [{"severity": "off", "paths": ["a/**"]}, "note"]},
    {"debug-print": {"paths": ["a"]}},
    {"debug-prin": "error"},
    {"added-lines": "hard"},
]


@pytest.mark.parametrize("key", sorted(keys()))
def test_it_takes_what_the_loader_takes_and_nothing_else(key: str) -> None:
    """For each setting a row of right and wrong values: the two never differ."""
    field = keys()[key]
    for sample in (*SAMPLES, *field.choices[:1], list(field.choices)):
        table, _, name = key.rpartition(".")
        held = {table: {name: sample}} if table else {name: sample}
        text = written(held)
        loader = user("settings.toml", text.encode()).mistakes
        assert bool(mistakes(held, own=True)) is bool(loader), (key, sample, loader)


def written(held: dict[str, Any]) -> str:
    """One setting as TOML."""
    ((name, value),) = held.items()
    if isinstance(value, dict) and name in json_schema(own=True)["properties"] and name in TABLES:
        return f"[{name}]\n{written(value)}"
    return f"{name} = {inline(value)}\n"


TABLES = {"policy", "lint", "types", "tests", "review", "snapshot"}


def inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {inline(one)}" for key, one in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(inline, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


@pytest.mark.parametrize(
    ("text", "is_right"),
    [
        ('[command.docs]\nrun = ["make"]\nat = ["push"]\nenv = ["A_B"]\n', True),
        ('[command.docs]\nat = ["push"]\n', False),
        ("[command.docs]\nrun = []\n", False),
        ('[command.Docs]\nrun = ["make"]\n', False),
        ('[command.lint]\nrun = ["make"]\n', False),
        ('[command.docs]\nrun = ["make"]\nenv = ["GIT_DIR"]\n', False),
        ('[command.docs]\nrun = ["make"]\nenvs = []\n', False),
        ('[model.fast]\nurl = "http://127.0.0.1:1/v1"\nmodel = "m"\n', True),
        ('[model.fast]\nmodel = "m"\n', False),
        ('[model.auto]\nurl = "http://127.0.0.1:1/v1"\nmodel = "m"\n', False),
    ],
)
def test_commands_and_models_are_taken_as_the_loader_takes_them(text: str, *, is_right: bool) -> None:
    assert (not user("settings.toml", text.encode()).mistakes) is is_right
    assert (not mistakes(tomllib.loads(text), own=True)) is is_right
    if "model" in text:
        assert mistakes(tomllib.loads(text))
        assert repository(f"[tool.everycommit]\n{text.replace('[model', '[tool.everycommit.model')}".encode()).mistakes


def test_the_command_prints_it(repo: Repo) -> None:
    ours, theirs = repo.everycommit("config", "schema"), repo.everycommit("config", "schema", "--user")

    assert json.loads(ours.stdout) == json.loads(json.dumps(json_schema()))
    assert json.loads(theirs.stdout)["$id"] != json.loads(ours.stdout)["$id"]
    assert schema.Settings().timeout == json.loads(ours.stdout)["properties"]["timeout"]["default"]
