"""Which projects one project needs, by what its files say: every mention counts, for a need too many only costs time.

- The name of another project's distribution anywhere in a manifest or a list of requirements: a dependency of a
  workspace, one with a path or an address, an optional one, one of a group.
- A path from there into another project's folder: ``-e ../core``, ``path = "../core"``, ``file:../core``.
- What the settings name: ``depends``.
- An import of a module that lies in another project.
"""

import posixpath
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from ..rules.globs import matches
from .found import MANIFESTS
from .tree import Tree, owner, table

_LISTS = (".txt", ".in")
_WORD = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_PATH = r"(?:\.\.?/)+[\w.@/-]*|\.\.(?![\w.])"
_IMPORT = (
    rb"(?m)^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import|import[ \t]+([^\n#;]+))"
    rb"|(?:import_module|__import__|importorskip)\(\s*['\"]([\w.]+)"
)
_CODE = (".py", ".pyi")
_SOURCES = frozenset({"src", "lib", "python", "source"})
"""Folders that are no package, but hold some."""
# Every project has these for itself.
_OWN = frozenset(
    {
        *("tests", "test", "docs", "doc", "examples", "example", "scripts", "benchmarks"),
        *("conftest", "setup", "noxfile", "__init__", "__main__"),
    }
)


def said(tree: Tree, roots: Sequence[str], depends: Mapping[str, Sequence[str]]) -> dict[str, frozenset[str]]:
    """Return which of *roots* each of them needs by its manifests and by *depends*, globs by root."""
    files: dict[str, list[str]] = {root: [] for root in roots}
    there = frozenset(roots)
    for path in tree.paths:
        root = owner(path, there)
        if root != "." and _tells(path, root):
            files[root].append(path)
    contents = tree.contents([path for paths in files.values() for path in paths])
    names = _names(roots, contents)
    found = {}
    for root in roots:
        texts = [(path, contents.get(path, b"").decode(errors="replace")) for path in files[root]]
        needed = {names[word] for _, text in texts for word in _words(text) if word in names}
        needed |= {owner(place, there) for path, text in texts for place in _places(path, text)}
        needed |= {one for one in roots if matches(one, tuple(depends.get(root, ())))}
        found[root] = frozenset(needed - {root, "."})
    return found


def imports(tree: Tree, roots: Sequence[str], whose: Collection[str]) -> dict[str, frozenset[str]]:
    """Return which of *roots* each of *whose* imports a module of."""
    there = frozenset(roots)
    provided: dict[str, set[str]] = {}
    code: dict[str, list[str]] = {root: [] for root in whose}
    for path in tree.paths:
        if not path.endswith(_CODE):
            continue
        root = owner(path, there)
        if root == ".":
            continue
        if root in code:
            code[root].append(path)
        name = _top(path[len(root) + 1 :])
        if name not in _OWN:
            provided.setdefault(name, set()).add(root)
    found = {}
    for root, paths in code.items():
        names = {name for content in tree.contents(paths).values() for name in _imported(content)}
        needed = {one for name in names for one in provided.get(name, ())}
        found[root] = frozenset(needed - {root})
    return found


def _tells(path: str, root: str) -> bool:
    """Tell whether *path* is a manifest or a list of requirements of the project in *root*."""
    below = path[len(root) + 1 :]
    name = posixpath.basename(below)
    if "/" not in below and (name in MANIFESTS or name == "Pipfile"):
        return True
    return name.endswith(_LISTS) and ("require" in below or "constrain" in below)


def _names(roots: Iterable[str], contents: Mapping[str, bytes]) -> dict[str, str]:
    """Return the project that each name of a distribution means; a folder's name counts as well."""
    import tomllib

    names = {_normal(posixpath.basename(root)): root for root in roots}
    for root in roots:
        try:
            said = tomllib.loads(contents.get(f"{root}/pyproject.toml", b"").decode())
        except (ValueError, RecursionError):
            said = {}
        given = [table(said, "project").get("name"), table(said, "tool", "poetry").get("name")]
        for name in ("setup.cfg", "setup.py"):
            text = contents.get(f"{root}/{name}", b"").decode(errors="replace")
            given += re.findall(r"\bname\s*=\s*['\"]?([\w.-]+)", text)
        names |= {_normal(name): root for name in given if isinstance(name, str)}
    return names


def _words(text: str) -> set[str]:
    return {_normal(word) for word in re.findall(_WORD, text)}


def _places(path: str, text: str) -> Iterator[str]:
    """Yield the paths from the repository's root that the file *path* mentions as paths from its own folder."""
    folder = posixpath.dirname(path)
    for place in re.findall(_PATH, text):
        whole = posixpath.normpath(posixpath.join(folder, place))
        if not whole.startswith(".."):
            yield whole


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _top(below: str) -> str:
    """Return the name under which the file, from its project's folder, is imported."""
    parts = below.split("/")
    while len(parts) > 1 and parts[0] in _SOURCES:
        parts = parts[1:]
    return parts[0] if len(parts) > 1 else parts[0].partition(".")[0]


def _imported(content: bytes) -> Iterator[str]:
    for absolute, several, called in re.findall(_IMPORT, content):
        for one in several.split(b",") if several else [absolute or called]:
            name = one.strip().partition(b" ")[0].partition(b".")[0].decode(errors="replace")
            if name:
                yield name
