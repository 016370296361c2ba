"""A tree as the projects in it are looked for: its paths, and contents on demand."""

import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ..record import dataclass

Contents = Callable[[Sequence[str]], Mapping[str, bytes]]
"""Returns what stands under those of the paths that are files."""


@dataclass(frozen=True, slots=True)
class Tree:
    """All paths of a tree, from its root, and what reads some of them."""

    paths: frozenset[str]
    contents: Contents

    def content(self, path: str) -> bytes | None:
        return self.contents([path]).get(path) if path in self.paths else None

    def document(self, path: str) -> dict[str, Any]:
        """Return what the TOML file *path* says; empty where it says nothing, or is no TOML."""
        import tomllib

        try:
            return tomllib.loads((self.content(path) or b"").decode())
        except (ValueError, RecursionError):
            return {}


def owner(path: str, roots: frozenset[str]) -> str:
    """Return the innermost of *roots* that *path* lies in; ``.`` where it lies in none."""
    return next((folder for folder in (path, *above(path)) if folder in roots), ".")


def above(path: str) -> Iterator[str]:
    """Yield the folders that *path* lies in, the innermost first, the root left out."""
    path = posixpath.dirname(path)
    while path:
        yield path
        path = posixpath.dirname(path)


def table(holder: object, *names: str) -> dict[str, Any]:
    """Return the table under *names*, empty where there is none."""
    for name in names:
        holder = holder.get(name) if isinstance(holder, dict) else None
    return holder if isinstance(holder, dict) else {}


def texts(holder: object) -> list[str]:
    """Return the texts of a list, or the one that stands in place of a list."""
    if isinstance(holder, str):
        return holder.split()
    return [one for one in holder if isinstance(one, str)] if isinstance(holder, list) else []
