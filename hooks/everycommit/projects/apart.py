"""Which projects a tool judges apart: not those that the tool's settings at the root name paths of.

A root whose pytest or mypy settings list the members' folders is run from there by its people; so it is here.
"""

import posixpath
import re
from collections.abc import Callable, Iterator, Sequence

from ..rules.globs import matches
from .tree import Tree, above, table, texts

_INI = r"(?m)^{}[ \t]*[=:](.*(?:\n[ \t]+.*)*)"


def with_own_tests(tree: Tree, roots: Sequence[str], args: Sequence[str], named: Sequence[str]) -> tuple[str, ...]:
    """Return those of *roots* whose tests run apart; *args* are pytest's from the settings, *named* always do."""
    asked = [*_testpaths(tree), *(arg for arg in args if not arg.startswith("-"))]
    return _apart(tree, roots, [arg.partition("::")[0] for arg in asked], named)


def with_own_types(tree: Tree, roots: Sequence[str], paths: Sequence[str], named: Sequence[str]) -> tuple[str, ...]:
    """Return those of *roots* that mypy checks apart; *paths* are the setting ``types.paths``."""
    if paths:
        return tuple(root for root in roots if root in named)
    if not _mypy_names_files(tree, "."):
        return tuple(roots)
    return tuple(root for root in roots if root in named or _has_mypy_settings(tree, root))


def _apart(tree: Tree, roots: Sequence[str], asked: Sequence[str], named: Sequence[str]) -> tuple[str, ...]:
    globs = [glob for glob in map(posixpath.normpath, asked) if glob != "."]
    hit = {path for path in _folders(tree) if matches(path, globs)} | {*globs}
    return tuple(root for root in roots if root in named or not any(_touch(root, place) for place in hit))


def _touch(root: str, place: str) -> bool:
    """Tell whether one of two folders lies in the other."""
    return root == place or root.startswith(f"{place}/") or place.startswith(f"{root}/")


def _folders(tree: Tree) -> set[str]:
    return {folder for path in tree.paths for folder in above(path)}


def _testpaths(tree: Tree) -> list[str]:
    """Return the setting ``testpaths`` at the root, of the file that pytest takes.

    Source: pytest 9, ``_pytest/config/findpaths.py``: a pytest.ini counts even when it is empty.
    """
    for name, head, read in _PYTEST:
        content = tree.content(name)
        if content is None:
            continue
        found = read(tree, name, head)
        if found is not None:
            return found
    return []


def _of_toml(tree: Tree, name: str, head: str) -> list[str] | None:
    found = table(tree.document(name), *head.split("."))
    if head == "tool.pytest" and "ini_options" in found:
        found = table(found, "ini_options")
    return texts(found.get("testpaths")) if found else None


def _of_ini(tree: Tree, name: str, head: str) -> list[str] | None:
    text = (tree.content(name) or b"").decode(errors="replace")
    section = re.search(rf"(?ms)^\[{re.escape(head)}\](.*?)(?=^\[|\Z)", text)
    if section is None:
        return [] if name.endswith("pytest.ini") else None
    return [word for value in re.findall(_INI.format("testpaths"), section[1]) for word in value.split()]


_Read = Callable[[Tree, str, str], list[str] | None]
_PYTEST: tuple[tuple[str, str, _Read], ...] = (
    ("pytest.toml", "pytest", _of_toml),
    (".pytest.toml", "pytest", _of_toml),
    ("pytest.ini", "pytest", _of_ini),
    (".pytest.ini", "pytest", _of_ini),
    ("pyproject.toml", "tool.pytest", _of_toml),
    ("tox.ini", "pytest", _of_ini),
    ("setup.cfg", "tool:pytest", _of_ini),
)


def _mypy(tree: Tree, root: str) -> Iterator[str | dict[str, object]]:
    """Yield mypy's settings in folder *root*: the section's text, or the table."""
    start = "" if root == "." else f"{root}/"
    for name in ("mypy.ini", ".mypy.ini", "setup.cfg"):
        text = (tree.content(start + name) or b"").decode(errors="replace")
        section = re.search(r"(?ms)^\[mypy\](.*?)(?=^\[|\Z)", text)
        if section:
            yield section[1]
    found = table(tree.document(f"{start}pyproject.toml"), "tool", "mypy")
    if found:
        yield found


def _has_mypy_settings(tree: Tree, root: str) -> bool:
    return any(True for _ in _mypy(tree, root))


def _mypy_names_files(tree: Tree, root: str) -> bool:
    names = ("files", "packages", "modules")
    return any(
        any(found.get(name) for name in names)
        if isinstance(found, dict)
        else any(re.search(_INI.format(name), found) for name in names)
        for found in _mypy(tree, root)
    )
