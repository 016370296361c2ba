"""Where projects lie in a tree: by their own manifests, by a workspace of uv, by what the settings name.

It is worked out of the target tree alone, so that the same tree is judged the same everywhere.
"""

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..errors import SettingsErrors
from ..rules.globs import matches
from .tree import Tree, above, table, texts

MANIFESTS = ("pyproject.toml", "setup.cfg", "setup.py")
# Where a manifest is somebody's sample or somebody else's code.
_NOT_OURS = frozenset(
    {
        *("test", "tests", "testing", "testdata", "fixtures", "doc", "docs", "example", "examples", "samples"),
        *("benchmark", "benchmarks", "template", "templates", "vendor", "vendored", "_vendor", "third_party"),
        *("node_modules", "site-packages", "build", "dist"),
    }
)
_HEADS = rb"^\s*\[\s*(?:project|build-system|tool\s*\.\s*poetry)\s*[\].]"


def may_hold_several(listing: bytes) -> bool:
    """Tell whether a listing of paths, each ended by a NUL, has a manifest below the root."""
    return re.search(rb"/(?:pyproject\.toml|setup\.cfg|setup\.py)\0", listing) is not None


def roots(tree: Tree, named: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the folders of the projects below the root, sorted; *named* are those that the settings name.

    Raises:
        SettingsErrors: A folder that is named is not there.
    """
    named = tuple(named)
    for root in named:
        if not any(path.startswith(f"{root}/") for path in tree.paths):
            raise SettingsErrors(
                [f"pyproject.toml [tool.everycommit].project: root '{root}': there is no such folder in this tree"]
            )
    top = tree.document("pyproject.toml")
    folders: dict[str, set[str]] = {}
    for path in tree.paths:
        folder, name = posixpath.split(path)
        if folder and name in MANIFESTS:
            folders.setdefault(folder, set()).add(name)
    members = _members(top, folders)
    own = [folder for folder in folders if _is_place(folder, tree)]
    contents = tree.contents([f"{folder}/{name}" for folder in own for name in sorted(folders[folder])])
    alone = not _is_project({name: tree.content(name) or b"" for name in MANIFESTS if name in tree.paths}, setup=True)
    found = {
        folder
        for folder in own
        if _is_project({name: contents.get(f"{folder}/{name}", b"") for name in folders[folder]}, setup=alone)
    }
    return tuple(sorted({*found, *members, *named}))


def _is_place(folder: str, tree: Tree) -> bool:
    """Tell whether a project may lie in *folder*: no sample, and no package of the project around it."""
    parts = folder.split("/")
    if any(part.startswith(".") or part.lower() in _NOT_OURS for part in parts):
        return False
    return f"{folder}/__init__.py" not in tree.paths


def _is_project(manifests: Mapping[str, bytes], *, setup: bool) -> bool:
    """Tell whether *manifests*, contents by name, make a project; *setup*: what says so for setuptools alone counts."""
    if re.search(_HEADS, manifests.get("pyproject.toml", b""), re.MULTILINE):
        return True
    return setup and ("setup.py" in manifests or b"[metadata]" in manifests.get("setup.cfg", b""))


def _members(top: Mapping[str, Any], folders: Mapping[str, set[str]]) -> list[str]:
    """Return the members of a workspace of uv. Source: https://docs.astral.sh/uv/concepts/projects/workspaces/."""
    workspace = table(top, "tool", "uv", "workspace")
    inside = [posixpath.normpath(glob) for glob in texts(workspace.get("members"))]
    outside = [posixpath.normpath(glob) for glob in texts(workspace.get("exclude"))]
    return [
        folder
        for folder, names in folders.items()
        if "pyproject.toml" in names and matches(folder, inside) and not matches(folder, outside)
    ]


def excluded(roots: Sequence[str], project: str) -> tuple[str, ...]:
    """Return those of *roots* that lie in *project* and in no other between."""
    inside = [root for root in roots if root != project and (project == "." or root.startswith(f"{project}/"))]
    return tuple(root for root in inside if not any(folder in inside for folder in above(root)))
