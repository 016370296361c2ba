"""Base judges, target may only tighten: for every setting and every pair of values."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everycommit.config.fields import Field, command_table, field_of, keys, tables
from everycommit.config.load import load
from everycommit.config.merge import looser, merged, together
from everycommit.config.schema import MERGES, Config
from everycommit.config.values import toml

EVERY = {**keys(), **{f"command.docs.{name}": field for name, field in command_table().items()}}
GLOBS = ("a", "b", "*.lock", "c/**")
REPOSITORY = {key: field for key, field in keys().items() if field.merge != "user_only"}


@pytest.mark.parametrize("key", EVERY)
def test_every_setting_has_a_merge_order_that_fits_its_kind(key: str) -> None:
    field = EVERY[key]

    assert field.merge in MERGES
    assert (field.merge == "min") <= (field.kind == "limit")
    assert (field.merge == "max") == (field.kind == "word")
    assert (field.merge in {"union", "intersection"}) <= (field.kind == "list")
    assert bool(field.choices) <= (field.kind in {"word", "list"})
    assert field.empty_is_all <= (field.merge == "union")
    assert field.help.endswith(".")


def test_every_field_of_the_schema_is_a_setting() -> None:
    assert set(tables()) == {"", "policy", "lint", "types", "tests", "snapshot"}
    assert len({f"EVERYCOMMIT_{key.upper().replace('.', '_')}" for key in EVERY}) == len(EVERY)


def values(field: Field) -> st.SearchStrategy[Any]:
    if field.kind == "limit":
        return st.none() | st.integers(0, 2000)
    if field.kind == "seconds":
        return st.floats(0.5, 1000)
    if field.kind == "switch":
        return st.booleans()
    if field.kind == "word":
        return st.sampled_from(field.choices)
    if field.kind == "text":
        return st.none() | st.sampled_from(["x", "y"])
    least = 1 if field.name == "run" else 0
    items = field.choices or (("PATH", "TOKEN") if field.name == "env" else GLOBS)
    return st.lists(st.sampled_from(items), unique=True, min_size=least).map(tuple)


@st.composite
def files(draw: st.DrawFn) -> dict[str, Any]:
    chosen = draw(st.lists(st.sampled_from(sorted(REPOSITORY)), unique=True, max_size=6))
    out = {key: draw(values(keys()[key])) for key in chosen}
    for name in draw(st.lists(st.sampled_from(["docs", "js"]), unique=True)):
        parts = {"run", *draw(st.lists(st.sampled_from(sorted(command_table())), unique=True))}
        out |= {f"command.{name}.{part}": draw(values(command_table()[part])) for part in sorted(parts)}
    return out


def written(found: dict[str, Any]) -> bytes:
    return "".join(["[tool.everycommit]\n", *(f"{key} = {toml(value)}\n" for key, value in found.items())]).encode()


def allows(field: Field, value: Any) -> Any:
    """Return what *value* lets through, so that less is stricter: written without the code under test."""
    if field.merge == "min":
        return float("inf") if value is None else value
    if field.merge == "max":
        return -field.choices.index(value)
    if field.merge == "union":
        everything = frozenset(("all", *GLOBS, *field.choices))
        return frozenset() if field.empty_is_all and not value else everything - set(value)
    return frozenset(value)


def value_of(config: Config, key: str) -> Any:
    table, _, name = key.rpartition(".")
    holder: Any = config.settings
    for part in table.split("."):
        holder = holder[part] if isinstance(holder, dict) else getattr(holder, part) if part else holder
    return getattr(holder, name)


def judging(config: Config, found: dict[str, Any], key: str) -> Any:
    return value_of(config, key), found.get(key, field_of(key).default)


@given(files(), files())
def test_what_judges_is_never_looser_than_base(base: dict[str, Any], target: dict[str, Any]) -> None:
    config = load(base=written(base), target=written(target), user=None, environ={}, flags={})

    commands = {name for name in ("docs", "js") if f"command.{name}.run" in base}
    for key in [*REPOSITORY, *(f"command.{name}.{part}" for name in commands for part in command_table())]:
        field = field_of(key)
        now, before = judging(config, base, key)
        if field.merge in {"min", "max", "union", "intersection"}:
            assert allows(field, now) <= allows(field, before), key
        elif field.merge == "base":
            assert now == before, key


@given(files(), files())
def test_what_judges_is_as_strict_as_target_too(base: dict[str, Any], target: dict[str, Any]) -> None:
    config = load(base=written(base), target=written(target), user=None, environ={}, flags={})

    for key, field in REPOSITORY.items():
        now, after = judging(config, target, key)
        if field.merge == "target":
            assert now == after, key
        elif field.merge != "union" or key in target:
            assert allows(field, now) <= allows(field, after), key


@given(files(), files())
def test_exactly_what_target_loosens_is_listed(base: dict[str, Any], target: dict[str, Any]) -> None:
    config = load(base=written(base), target=written(target), user=None, environ={}, flags={})

    listed = {one.key for one in config.loosened}
    for key, field in REPOSITORY.items():
        before, after = base.get(key, field.default), target.get(key, field.default)
        loose = field.merge != "target" and not allows(field, after) <= allows(field, before)
        assert (key in listed) == loose, key
    for name in ("docs", "js"):
        run = f"command.{name}.run"
        assert (run in listed) == (run in base and base[run] != target.get(run)), name


@given(st.sampled_from(sorted(EVERY)), st.data())
def test_merging_a_value_with_itself_changes_and_loosens_nothing(key: str, draw: st.DataObject) -> None:
    field = EVERY[key]
    if field.merge == "user_only":
        return
    value = draw.draw(values(field))

    assert merged(field, value, value) == value
    assert not looser(field, value, value)


@given(files(), st.binary(max_size=40))
def test_a_mistake_in_base_locks_nobody_out(target: dict[str, Any], noise: bytes) -> None:
    content = written(target)

    load(base=b"[tool.everycommit]\n" + noise, target=content, user=None, environ={}, flags={})
    load(base=noise + b"everycommit", target=content, user=None, environ={}, flags={})
    load(base=content + noise, target=content, user=None, environ={}, flags={})


def test_the_empty_list_of_a_commands_files_is_the_strictest() -> None:
    """Empty means always: a union by the letter would let target narrow it."""
    always: dict[str, Any] = {"command.docs.run": ("make",)}
    sometimes = {**always, "command.docs.files": ("docs/**",)}

    narrowed = together(always, sometimes)
    widened = together(sometimes, always)

    assert narrowed.values.get("command.docs.files", ()) == ()
    assert [one.key for one in narrowed.loosened] == ["command.docs.files"]
    assert widened.values["command.docs.files"] == ()
    assert widened.loosened == ()
