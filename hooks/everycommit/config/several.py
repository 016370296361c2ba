"""``[[tool.everycommit.project]]``: what it takes, and how it is written."""

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from .fields import project_table
from .schema import ProjectSettings
from .values import Mistake, checked, nearest, shown, toml


def projects(value: object) -> tuple[ProjectSettings, ...]:
    """Return the tables as projects, in order.

    Raises:
        Mistake: One of them is no table, names no folder or the same as another one, or has a wrong setting.
    """
    if not isinstance(value, list):
        raise Mistake(f"{shown(value)} is not a list of tables; write [[tool.everycommit.project]]")
    found: dict[str, ProjectSettings] = {}
    for number, one in enumerate(value, 1):
        project = _project(one, f"project {number}")
        if project.root in found:
            raise Mistake(f"root '{project.root}' is named twice")
        found[project.root] = project
    return tuple(found.values())


def written_project(project: ProjectSettings) -> str:
    """Return *project* as an inline table."""
    return f"{{{', '.join(_pairs(project))}}}"


def _pairs(project: ProjectSettings) -> Iterator[str]:
    yield f"root = {toml(project.root)}"
    if project.depends:
        yield f"depends = {toml(project.depends)}"
    if project.python is not None:
        yield f"python = {toml(project.python)}"


def _project(value: object, which: str) -> ProjectSettings:
    if not isinstance(value, Mapping):
        raise Mistake(f"{which}: {shown(value)} is not a table")
    known = project_table()
    found: dict[str, Any] = {}
    for name, inner in value.items():
        if name not in known:
            raise Mistake(f"{which}: '{name}': no such setting{nearest(name, list(known))}")
        if name == "root":
            found[name] = _root(inner, which)
            continue
        try:
            found[name] = checked(known[name], inner)
        except Mistake as mistake:
            raise Mistake(f"{which}: {name}: {mistake}") from mistake
    if "root" not in found:
        raise Mistake(f"{which}: root is missing; name its folder from the repository's root")
    return ProjectSettings(**found)


def _root(value: object, which: str) -> str:
    if not isinstance(value, str) or not value.strip("/.") or "\0" in value:
        raise Mistake(f"{which}: root {shown(value)} is no folder below the repository's root")
    root = posixpath.normpath(value)
    if root.startswith(("/", "../")) or root == "..":
        raise Mistake(f"{which}: root {shown(value)} lies outside the repository; write it from its root")
    return root
