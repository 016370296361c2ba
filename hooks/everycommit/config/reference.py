"""The reference of all settings, made from the dataclasses: ``docs/settings.md``."""

from collections.abc import Iterable, Iterator, Mapping

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
from .values import EXPECTED, toml, written

PROJECT = "project"
ORDERS = {
    "min": "the smaller number judges; raising it loosens",
    "max": "the stricter word judges, the last of the list being the strictest",
    "union": "what either side names judges; dropping an entry loosens",
    "intersection": "only what both sides name counts; adding an entry loosens",
    "every": "a path has to be in every side's list, the empty one allowing all; adding an entry loosens",
    "strictest": "where both sides say how severe a rule is at a path, the stricter judges; a softer word loosens",
    "base": "the value before the change judges; any other loosens",
    "target": "the value of the change judges; that it changes is said",
    "user_only": "never read from a repository",
}
_TITLES = {
    "": schema.Settings,
    "policy": schema.PolicySettings,
    "lint": schema.LintSettings,
    "types": schema.TypesSettings,
    "tests": schema.TestsSettings,
    "review": schema.ReviewSettings,
    "run": schema.RunSettings,
    "snapshot": schema.SnapshotSettings,
    "agent": schema.AgentSettings,
    PROJECT: schema.ProjectSettings,
    MODEL: schema.ModelSettings,
    COMMAND: schema.CommandSettings,
    SERVICES: schema.ServiceSettings,
}
_OPENING = """\
# Settings

Made from the dataclasses in `hooks/everycommit/config/schema.py`; change them there.

No setting is needed to begin. A repository writes its own into `pyproject.toml`, you write yours, for all
repositories, into `~/.config/everycommit/settings.toml` with the same keys and without the `tool.everycommit`:

```toml
# pyproject.toml                        # ~/.config/everycommit/settings.toml
[tool.everycommit]                      # timeout = 120
commit = ["policy", "lint", "types"]
[tool.everycommit.policy]               # [policy]
max_added_lines = 300                   # max_added_lines = 300
```

Weakest first: the default, your file, the repository, the environment, a flag. Every key is also a variable:
`policy.max_added_lines` is `EVERYCOMMIT_POLICY_MAX_ADDED_LINES`, a list is comma separated, and an empty variable
counts as not set; services have none. `everycommit settings` shows what judges now and where each value comes from. A
list replaces the default and does not add to it.

A name that does not exist, a value of the wrong type or a wrong word is an error with the nearest right name; all
mistakes are shown at once.

## A change does not loosen what judges it

The settings before the change judge it, and the change may only tighten them. How two values become one is the
setting's merge order:

"""
_LOOSENING = """
A setting that the change loosens is the finding `policy/settings-loosened`: a warning where the commit touches
`pyproject.toml` alone, and at push and in CI; an error where it comes with other changes. A mistake in the settings
*before* the change is a note and counts as not set, so that the commit which mends it can pass. In a first commit,
and where `[tool.everycommit]` comes for the first time, the change's own settings judge it, and limits on size are off.

## Globs

`*` and `?` stay inside one part of a path, `**` stands for any number of folders, `[ab]` for one character. A pattern
matches the whole path from the repository's root: `*.lock` means the root's, `**/*.lock` those of every folder,
`docs/**` all below `docs`. Names that begin with a dot are names like any other.
"""


def markdown() -> str:
    """Return the page."""
    merges = "".join(f"- `{name}`: {text}.\n" for name, text in ORDERS.items())
    every = {
        **tables(),
        PROJECT: project_table(),
        MODEL: model_table(),
        COMMAND: command_table(),
        SERVICES: service_table(),
    }
    parts = "".join(_section(table, fields) for table, fields in every.items())
    return _OPENING + merges + _LOOSENING + parts


def _section(table: str, fields: Mapping[str, Field]) -> str:
    title, _, rest = (_TITLES[table].__doc__ or "").strip().removesuffix(".").partition(":")
    about = f"\n{rest.strip()[:1].upper()}{rest.strip()[1:]}.\n" if rest else ""
    return f"\n## {title.replace('``', '`')}\n{about}" + "".join(_entries(table, fields.values()))


def _entries(table: str, fields: Iterable[Field]) -> Iterator[str]:
    prefix = f"{table}.NAME." if table in {COMMAND, MODEL, SERVICES} else f"{table}." if table else ""
    for field in fields:
        yield f"\n### `{prefix}{field.name}`\n\n{field.help}\n\n"
        yield f"- Takes {_takes(field)}.\n- Default: {_default(field)}.\n- Merge order: {_merge(field)}.\n"
        if field.across:
            yield f"- Layers: `{field.across}`, so that none takes back what another one says.\n"


def _takes(field: Field) -> str:
    words = ", ".join(f"`{toml(choice)}`" for choice in field.choices)
    if field.kind == "word":
        return f"one of {words}"
    return f"a list of {words}" if words else EXPECTED[field.kind]


def _merge(field: Field) -> str:
    return f"`{field.merge}`, the empty list being the strictest" if field.empty_is_all else f"`{field.merge}`"


def _default(field: Field) -> str:
    if field.name in {"run", "root", "url", "model", "command"}:
        return "none, it has to be there"
    return f"`{written(field, field.default)}`"
