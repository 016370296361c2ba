"""Which commands judge a project that is not Python, seen in its files: the recipes of docs/commands.md."""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from ..record import dataclass

FILES = ("package.json", "Makefile")
"""The files whose content tells which."""
_NPX = ("npx", "--no-install")
_SCRIPTS = ("**/*.js", "**/*.mjs", "**/*.cjs", "**/*.jsx", "**/*.ts", "**/*.mts", "**/*.cts", "**/*.tsx")
_TESTED = (*_SCRIPTS, "**/*.json", "**/*.snap")
_MANAGERS = {"pnpm-lock.yaml": "pnpm", "yarn.lock": "yarn", "bun.lock": "bun", "bun.lockb": "bun"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A ``[tool.everycommit.command.NAME]``."""

    name: str
    run: tuple[str, ...]
    files: tuple[str, ...]
    format: str = "text"
    report: str | None = None
    link: str | None = None
    """The folder that git ignores and that it needs."""


ESLINT = Recipe(
    name="eslint",
    run=(*_NPX, "eslint", "--format", "json", "{files}"),
    files=_SCRIPTS,
    format="eslint",
    link="node_modules",
)
TSC = Recipe(
    name="tsc",
    run=(*_NPX, "tsc", "--noEmit", "--pretty", "false"),
    files=("**/*.ts", "**/*.mts", "**/*.cts", "**/*.tsx", "**/tsconfig*.json", "package.json"),
    format="lines",
    link="node_modules",
)
VITEST = Recipe(
    name="vitest",
    run=(*_NPX, "vitest", "run", "--reporter=junit", "--outputFile=vitest.xml"),
    files=_TESTED,
    format="junit",
    report="vitest.xml",
    link="node_modules",
)
PRETTIER = Recipe(
    name="prettier",
    run=(*_NPX, "prettier", "--list-different", "{files}"),
    files=(*_SCRIPTS, "**/*.css", "**/*.scss"),
    format="paths",
    link="node_modules",
)
CLIPPY = Recipe(
    name="clippy",
    run=("cargo", "clippy", "--all-targets", "--message-format", "short"),
    files=("**/*.rs", "**/Cargo.toml", "Cargo.lock"),
    format="lines",
)
CARGO = Recipe(name="cargo-test", run=("cargo", "test", "--quiet"), files=("**/*.rs", "**/Cargo.toml", "Cargo.lock"))
VET = Recipe(name="vet", run=("go", "vet", "./..."), files=("**/*.go", "go.mod", "go.sum"), format="lines")
GO = Recipe(name="go-test", run=("go", "test", "./..."), files=("**/*.go", "go.mod", "go.sum", "**/testdata/**"))
SHELLCHECK = Recipe(
    name="shellcheck", run=("shellcheck", "--format", "checkstyle", "{files}"), files=("**/*.sh",), format="checkstyle"
)


def recipes(paths: Collection[str], texts: Mapping[str, str]) -> tuple[Recipe, ...]:
    """Return what *paths* (from the root) and the contents of ``FILES`` ask for; only what is at the root counts."""
    found = [*_of_node(paths, _package(texts.get("package.json", "")))]
    if "Cargo.toml" in paths:
        found += [CLIPPY, CARGO]
    if "go.mod" in paths:
        found += [VET, GO]
    if ".shellcheckrc" in paths:
        found.append(SHELLCHECK)
    if not found and re.search(r"^test\s*:(?!=)", texts.get("Makefile", ""), re.MULTILINE):
        found.append(Recipe(name="test", run=("make", "test"), files=()))
    return tuple(found)


def _of_node(paths: Collection[str], package: Mapping[str, Any]) -> Iterator[Recipe]:
    def configured(*beginnings: str) -> bool:
        return any("/" not in path and path.startswith(beginnings) for path in paths)

    uses = {*_names(package, "devDependencies"), *_names(package, "dependencies")}
    scripts = package.get("scripts")
    if "eslint" in uses and (configured("eslint.config.", ".eslintrc") or "eslintConfig" in package):
        yield ESLINT
    if "typescript" in uses and "tsconfig.json" in paths:
        yield TSC
    if "prettier" in uses and (configured(".prettierrc", "prettier.config.") or "prettier" in package):
        yield PRETTIER
    if "vitest" in uses:
        yield VITEST
    elif (
        isinstance(scripts, dict)
        and isinstance(scripts.get("test"), str)
        and "no test specified" not in scripts["test"]
    ):
        manager = next((name for lock, name in _MANAGERS.items() if lock in paths), "npm")
        yield Recipe(name="test", run=(manager, "test"), files=(*_TESTED, "**/*.css"), link="node_modules")


def _package(text: str) -> Mapping[str, Any]:
    """Return what a package.json says; nothing where it cannot be read: npm will say why."""
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _names(package: Mapping[str, Any], table: str) -> Collection[str]:
    found = package.get(table)
    return found.keys() if isinstance(found, dict) else ()
