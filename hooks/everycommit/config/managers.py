"""The hook managers: which of them a repository has, told from its files."""

import re
from collections.abc import Mapping
from typing import NamedTuple

_LEFTHOOK = tuple(
    f"{folder}{dot}lefthook.{ending}"
    for ending in ("yml", "yaml", "toml", "json", "jsonc")
    for folder, dot in (("", ""), ("", "."), (".config/", ""))
)
PACKAGE = "package.json"
HUSKY = ".husky/pre-commit"
_PLACES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("pre-commit", (".pre-commit-config.yaml", ".pre-commit-config.yml")),
    ("prek", ("prek.toml",)),
    ("lefthook", _LEFTHOOK),
    ("husky", (HUSKY,)),
    ("overcommit", (".overcommit.yml",)),
    ("hk", ("hk.pkl", ".config/hk.pkl")),
)
LINT_STAGED = tuple(
    f"{name}{ending}"
    for name, endings in (
        (".lintstagedrc", ("", ".json", ".yaml", ".yml", ".js", ".cjs", ".mjs", ".ts", ".cts", ".mts")),
        ("lint-staged.config", (".js", ".cjs", ".mjs", ".ts", ".cts", ".mts")),
    )
    for ending in endings
)
FILES = (*(path for _, paths in _PLACES for path in paths), PACKAGE)
"""The files whose content tells of a manager."""
ONE_REF = frozenset({"pre-commit", "prek"})
"""These read git's list of pushed refs and let a hook see one of them."""
NO_REFS = frozenset({"lefthook", "overcommit", "hk"})
"""These decide from the checkout whether a push needs their hooks, or hand no refs to a command."""

_TYPES = "--hook-type pre-commit --hook-type pre-merge-commit --hook-type pre-push"
INSTALL: Mapping[str, str] = {
    "pre-commit": f"pre-commit install {_TYPES}",
    "prek": f"prek install {_TYPES}",
    "lefthook": "lefthook install",
    "husky": "npm install",
    "overcommit": "overcommit --install",
    "hk": "hk install",
}
"""The command by which each writes its hooks for git: a fresh clone has none."""


class Manager(NamedTuple):
    """A hook manager that the repository has."""

    name: str
    """pre-commit, prek, lefthook, husky, overcommit, hk or core.hooksPath."""
    file: str
    """Where it is configured, from the root; of husky and core.hooksPath the script for pre-commit, there or not."""
    named: bool = False
    """Whether that names everycommit."""
    separate: bool = False
    """Whether it names several of our gates one by one, and not all as one."""
    beside: str = ""
    """``lint-staged`` where husky starts it."""

    @property
    def swallows(self) -> bool:
        """Tell whether a push is not seen whole under it."""
        return self.name in ONE_REF | NO_REFS


def managers(
    files: Mapping[str, str], paths: frozenset[str] = frozenset(), *, hooks_path: str = ""
) -> tuple[Manager, ...]:
    """Return the managers that *files*, texts by path, and *paths*, the listing, tell of.

    *hooks_path* is the folder in the working tree that core.hooksPath names; husky's own is none.

    Source: the documentation of each; what ``pre-commit sample-config``, ``prek init``, ``lefthook install`` and
    ``husky init`` write. overcommit (Ruby) and hk are known by the names of their documented files alone.
    """
    found = []
    for name, places in _PLACES:
        file = next((place for place in places if place in files), "")
        if name == "husky" and not file and (hooks_path.startswith(".husky") or _starts_husky(files.get(PACKAGE, ""))):
            file = HUSKY
        if not file:
            continue
        told = _told(files.get(file, ""))
        known = "prek" if name == "pre-commit" and "prek.j178.dev" in files[file] else name
        beside = "lint-staged" if name == "husky" and _has_lint_staged(files, paths) else ""
        ids = set(re.findall(r"\beverycommit-[a-z]+\b", told))
        whole = re.search(r"\beverycommit\b(?!-)", re.sub(r"(repo|entry): *\S*everycommit\S*", "", told))
        found.append(Manager(known, file, "everycommit" in told, len(ids) > 1 and not whole, beside))
    if hooks_path and not hooks_path.startswith(".husky"):
        script = f"{hooks_path}/pre-commit"
        found.append(Manager("core.hooksPath", script, _is_called(files.get(script, ""))))
    return tuple(found)


def _told(text: str) -> str:
    """Return *text* without the lines that are comments."""
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith(("#", "//")))


def _is_called(script: str) -> bool:
    """Tell whether a tracked script starts everycommit; one that `everycommit install` wrote is not the project's."""
    return "everycommit" in _told(script) and "# everycommit hook " not in script


def _starts_husky(package: str) -> bool:
    return re.search(r'"(prepare|postinstall)"\s*:\s*"[^"]*\bhusky\b', package) is not None


def _has_lint_staged(files: Mapping[str, str], paths: frozenset[str]) -> bool:
    return bool(paths & set(LINT_STAGED)) or '"lint-staged"' in files.get(PACKAGE, "")
