"""Lock files: which manifests they belong to, and the versions that they hold."""

import re
from collections.abc import Mapping

LOCKS: Mapping[str, tuple[str, ...]] = {
    "poetry.lock": ("pyproject.toml",),
    "uv.lock": ("pyproject.toml",),
    "pdm.lock": ("pyproject.toml",),
    "pylock.toml": ("pyproject.toml",),
    "Pipfile.lock": ("Pipfile",),
    "package-lock.json": ("package.json",),
    "npm-shrinkwrap.json": ("package.json",),
    "yarn.lock": ("package.json",),
    "pnpm-lock.yaml": ("package.json", "pnpm-workspace.yaml"),
    "bun.lock": ("package.json",),
    "Cargo.lock": ("Cargo.toml",),
    "go.sum": ("go.mod",),
    "composer.lock": ("composer.json",),
    "Gemfile.lock": ("Gemfile",),
    "flake.lock": ("flake.nix",),
}
_TOML = frozenset({"poetry.lock", "uv.lock", "pdm.lock", "pylock.toml", "Cargo.lock"})


def manifests_of(manifest: str) -> list[str]:
    """Return the names of the locks that belong to a *manifest* of that name."""
    return [lock for lock, manifests in LOCKS.items() if manifest in manifests]


def locked(path: str, text: str | None) -> dict[str, str]:
    """Return ``{package: version}`` of a lock whose form is read here; empty for the others and where it is broken."""
    name = path.rpartition("/")[2]
    if not text:
        return {}
    if name in _TOML:
        return dict(re.findall(r'^name = "([^"\n]+)"\r?\nversion = "([^"\n]+)"', text, re.MULTILINE))
    if name == "go.sum":
        return dict(re.findall(r"^(\S+) (v[^\s/]+) h1:", text, re.MULTILINE))
    if name in {"package-lock.json", "npm-shrinkwrap.json"}:
        return _npm(text)
    return {}


def _npm(text: str) -> dict[str, str]:
    import json

    try:
        packages = json.loads(text).get("packages", {})
        return {
            place.rpartition("node_modules/")[2]: str(entry.get("version", ""))
            for place, entry in packages.items()
            if place
        }
    except (ValueError, AttributeError, RecursionError):
        return {}
