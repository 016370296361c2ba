"""Base judges, target may only tighten: for every setting and every pair of values."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everycommit.config.fields import Field, command_table, field_of, keys, tables
from everycommit.config.load import load
from everycommit.config.merge import looser, merged, together
from everycommit.config.schema import MERGES, Config, ProjectSettings
from everycommit.config.values import written as toml
from everycommit.rules.globs import matches
from everycommit.rules.names import OWN, SEVERITIES, SOFTEST
from everycommit.rules.severity import Side, severity_at

EVERY = {**keys(), **{f"command.docs.{name}": field for name, field in command_table().items()}}
GLOBS = ("a", "b", "*.lock", "c/**")
PATHS = ("a", "b", "x.lock", "c/d", "e", None)
"""One that each glob alone holds for, one that none does, and a finding without a path."""
RULES = ("debug-print", "secret", "commented-code", "binary-file", "merge-marker")
REPOSITORY = {key: field for key, field in keys().items() if field.merge != "user_only"}


@pytest.mark.parametrize("key", EVERY)
def test_every_setting_has_a_merge_order_that_fits_its_kind(key: str) -> None:
    field = EVERY[key]

    assert field.merge in MERGES
    assert (field.merge == "min") <= (field.kind in {"limit", "number"})
    assert field.across in {"", "min", "max", "union"}
    assert (field.across == "max") <= (field.kind == "word" or field.name == "rounds")
    assert (field.across == "min") <= (field.kind == "limit")
    # A word that the user alone says, or that says how a program is to be read, is neither strict nor loose.
    strict = field.kind == "word" and field.merge not in {"user_only", "base"}
    assert (field.merge == "max") == (strict or field.name in {"budget", "rounds"})
    assert (field.merge in {"union", "intersection"}) <= (field.kind == "list")
    assert (field.merge == "every") == (field.kind == "only")
    assert (field.merge == "strictest") == (field.kind == "rules")
    assert bool(field.choices) <= (field.kind in {"word", "list"})
    assert field.empty_is_all <= (field.merge == "union")
    assert field.help.endswith(".")


def test_every_field_of_the_schema_is_a_setting() -> None:
    assert set(tables()) == {"", "policy", "lint", "types", "tests", "review", "snapshot", "agent", "run"}
    assert len({f"EVERYCOMMIT_{key.upper().replace('.', '_')}" for key in EVERY}) == len(EVERY)


def values(field: Field) -> st.SearchStrategy[Any]:
    scalars: dict[str, Callable[[], st.SearchStrategy[Any]]] = {
        "limit": lambda: st.none() | st.integers(0, 2000),
        "amount": lambda: st.none() | st.floats(0.5, 1000),
        "number": lambda: st.integers(1, 100),
        "seconds": lambda: st.floats(0.5, 1000),
        "switch": st.booleans,
        "word": lambda: st.sampled_from(field.choices),
        "text": lambda: st.none() | st.sampled_from(["x", "y"]),
        "only": lambda: st.lists(st.sampled_from(GLOBS), unique=True).map(lambda globs: (tuple(globs),) * bool(globs)),
        "rules": sides,
        "projects": projects,
    }
    if field.kind in scalars:
        return scalars[field.kind]()
    least = 1 if field.name == "run" else 0
    items = field.choices or (("PATH", "TOKEN") if field.name == "env" else GLOBS)
    return st.lists(st.sampled_from(items), unique=True, min_size=least).map(tuple)


def projects() -> st.SearchStrategy[tuple[ProjectSettings, ...]]:
    roots = st.lists(st.sampled_from(["a", "b/c", "d"]), unique=True)
    return roots.map(lambda names: tuple(ProjectSettings(root=name, depends=("d",)) for name in names))


def sides() -> st.SearchStrategy[tuple[Side, ...]]:
    """What one file can say of the rules: at most one side."""
    globs = st.lists(st.sampled_from(GLOBS), unique=True, max_size=2).map(tuple)
    levels = st.lists(st.tuples(st.sampled_from(SEVERITIES), globs), min_size=1, max_size=3).map(tuple)
    table = st.dictionaries(st.sampled_from(RULES), levels, min_size=1, max_size=2)
    return st.just(()) | table.map(lambda side: (side,))


@st.composite
def files(draw: st.DrawFn) -> dict[str, Any]:
    chosen = draw(st.lists(st.sampled_from(sorted(REPOSITORY)), unique=True, max_size=6))
    out = {key: draw(values(keys()[key])) for key in chosen}
    for name in draw(st.lists(st.sampled_from(["docs", "js"]), unique=True)):
        parts = {"run", *draw(st.lists(st.sampled_from(sorted(command_table())), unique=True))}
        out |= {f"command.{name}.{part}": draw(values(command_table()[part])) for part in sorted(parts)}
    return out


def written(found: dict[str, Any]) -> bytes:
    return "".join(
        ["[tool.everycommit]\n", *(f"{key} = {toml(field_of(key), value)}\n" for key, value in found.items())]
    ).encode()


def allows(field: Field, value: Any) -> Any:
    """Return what *value* lets through, so that less is stricter: written without the code under test."""
    if field.merge == "min":
        return float("inf") if value is None else value
    if field.merge == "max":
        # A budget that never ends defers nothing.
        return -field.choices.index(value) if field.choices else 1 / (value or float("inf"))
    if field.merge == "union":
        everything = frozenset(("all", *GLOBS, *field.choices))
        return frozenset() if field.empty_is_all and not value else everything - set(value)
    if field.merge == "every":
        return frozenset(path for path in PATHS[:-1] if all(matches(path or "", globs) for globs in value))
    if field.merge == "strictest":
        return frozenset(let_through(value))
    return frozenset(value)


def let_through(sides: tuple[Side, ...]) -> Iterator[tuple[str, str | None, str, str]]:
    """Yield each rule, path and own severity with every severity above the one that judges there."""
    for rule in RULES:
        for path in PATHS:
            for own in {OWN[rule], SOFTEST.get(rule, OWN[rule])}:
                for said in SEVERITIES[SEVERITIES.index(severity_at(sides, f"policy/{rule}", path, own)) + 1 :]:
                    yield rule, path, own, said


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
        if field.merge not in {"base", "target"}:
            assert allows(field, now) <= allows(field, before), key
        elif field.merge == "base" and not field.across:
            assert now == before, key


@given(files(), files())
def test_what_judges_is_as_strict_as_target_too(base: dict[str, Any], target: dict[str, Any]) -> None:
    config = load(base=written(base), target=written(target), user=None, environ={}, flags={})

    for key, field in REPOSITORY.items():
        now, after = judging(config, target, key)
        if field.merge == "target":
            assert now == after, key
        elif field.merge != "base" and (field.merge != "union" or key in target):
            assert allows(field, now) <= allows(field, after), key


@given(files(), files())
def test_exactly_what_target_loosens_is_listed(base: dict[str, Any], target: dict[str, Any]) -> None:
    config = load(base=written(base), target=written(target), user=None, environ={}, flags={})

    listed = {".".join(one.key.split(".")[:2]) if "rules." in one.key else one.key for one in config.loosened}
    for key, field in REPOSITORY.items():
        before, after = base.get(key, field.default), target.get(key, field.default)
        if field.merge == "base":
            assert (key in listed) == (before != after), key
            continue
        loose = field.merge != "target" and not allows(field, after) <= allows(field, before)
        if field.merge in {"every", "strictest"}:
            # Globs are compared as texts: what looks like a place of its own counts as one.
            assert (key in listed) >= loose, key
        else:
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


@pytest.mark.parametrize(
    ("base", "target", "loosened"),
    [
        ('debug-print = "error"', 'debug-print = "warning"', ['"error" -> "warning"']),
        ('debug-print = "error"', "", ['"error" -> its own, "warning"']),
        ("", 'debug-print = "off"', ['its own, "warning" -> "off"']),
        ("", 'debug-print = {severity = "off", paths = ["x/**"]}', ["its own"]),
        ('debug-print = {severity = "off", paths = ["x/**"]}', "", []),
        (
            'debug-print = {severity = "off", paths = ["x/**", "y/**"]}',
            'debug-print = {severity = "off", paths = ["y/**"]}',
            [],
        ),
        ("", 'debug-print = "error"', []),
        ('debug-print = "off"', "", []),
        ('binary-file = "warning"', "", ['its own, "warning"']),
        (
            'debug-print = [{severity = "off", paths = ["x/**"]}, "error"]',
            'debug-print = ["error", {severity = "off", paths = ["x/**"]}]',
            [],
        ),
    ],
)
def test_which_words_on_a_rule_loosen(base: str, target: str, loosened: list[str]) -> None:
    head = "[tool.everycommit]\n[tool.everycommit.policy.rules]\n"

    config = load(base=f"{head}{base}\n".encode(), target=f"{head}{target}\n".encode(), user=None, environ={}, flags={})

    said = [f"{one.base} -> {one.target}" for one in config.loosened]
    assert len(said) == len(loosened)
    assert all(part in line for part, line in zip(loosened, said, strict=True))
    assert all(one.key.startswith("policy.rules.") for one in config.loosened)


def test_many_globs_are_compared_by_the_extremes() -> None:
    def off(numbers: range) -> bytes:
        globs = ", ".join(f'"{number}"' for number in numbers)
        return f"[tool.everycommit.policy]\nrules.secret = {{severity = 'off', paths = [{globs}]}}\n".encode()

    def loosened(base: bytes, target: bytes) -> int:
        return len(load(base=base, target=target, user=None, environ={}, flags={}).loosened)

    assert loosened(off(range(20)), off(range(30))) == 1
    assert loosened(off(range(20)), b"[tool.everycommit]\n") == 0


def test_only_lets_through_what_both_sides_let_through() -> None:
    def only(*globs: str) -> bytes:
        return f"[tool.everycommit.policy]\nonly = {list(globs)}\n".encode()

    def judging_of(base: bytes, target: bytes) -> tuple[tuple[tuple[str, ...], ...], int]:
        config = load(base=base, target=target, user=None, environ={}, flags={})
        return config.settings.policy.only, len(config.loosened)

    assert judging_of(only("src/**"), only("src/nav/**")) == ((("src/**",), ("src/nav/**",)), 1)
    assert judging_of(only("a", "b"), only("a")) == ((("a",),), 0)
    assert judging_of(only("a"), only("a", "b")) == ((("a",),), 1)
    assert judging_of(only("a"), b"[tool.everycommit]\n") == ((("a",),), 1)
    assert judging_of(b"[tool.everycommit]\n", only("a")) == ((("a",),), 0)
