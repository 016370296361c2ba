"""Whether files may change as they are about to: the policy's hard limits over the working tree as it would be then."""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ..change import Blobs, Candidate, Change
from ..config.schema import Config
from ..record import replace
from ..repo.repository import Repository
from ..result import ERROR, Finding
from ..rules.catalog import find
from ..rules.names import ACCEPTED
from ..rules.settings import loosening
from .event import DELETE, Edit, Refusal
from .ours import READ_BY_NAME, Meant, refusal

_FAMILIES = ("deletion", "paths")
_ALWAYS = frozenset(f"policy/{name}" for name in ("protected-path", "frozen-path", "out-of-scope"))
_SIZES = {"policy/added-lines": "added", "policy/removed-lines": "removed"}
_LARGEST = 50_000_000
_LONGEST_PATH = 4096
_NOT_LOOSER = "Take it back: an agent may tighten settings; a person loosens them, in a commit by itself."
_MOST = 2000
"""Files of one call that are looked at; what deletes more is refused by its number alone, where that is limited."""

Contents = Mapping[str, bytes | None]


class _Looked(NamedTuple):
    change: Change
    blobs: Blobs


class Planned(NamedTuple):
    """What is about to be written."""

    contents: Contents
    """By path from the root; None: the file goes."""
    refused: Refusal | None = None
    """Where it is not a matter of contents."""


def planned(repository: Repository, cwd: Path, edits: Sequence[Edit], environ: Mapping[str, str]) -> Planned:
    """Return what *edits*, whose paths start at *cwd*, come to in *repository*."""
    contents: dict[str, bytes | None] = {}
    for edit in edits:
        for full in _paths(edit, cwd, environ):
            path = repository.inside(full)
            before = contents[path] if path in contents else _read(full, edit.kind)
            after = edit.after(before)
            refused = refusal(repository, Meant(full, path, edit, before, after), environ)
            if refused:
                return Planned(contents, refused)
            if path is not None and (after != before or path in contents) and _can_be_in_a_commit(path, full):
                contents[path] = after
    return Planned(contents)


class Tree(NamedTuple):
    """The working tree as it is or would be, and the settings that judge it."""

    candidate: Candidate
    config: Config
    only_gone: bool = False
    """Whether what is about to happen only takes files away."""


def wrong(tree: Tree, contents: Contents, blobs: Blobs, before: Callable[[], Tree]) -> list[Finding]:
    """Return what refuses *tree*, the one with *contents*, and does not refuse it as it is *before*."""
    found = [one for one in _found(tree, blobs) if one.path is None or one.path in contents]
    always = [one for one in found if one.rule in _ALWAYS]
    if always or not found:
        return always
    older = before()
    known = {(one.rule, one.path, one.message, one.source) for one in _found(older, blobs)}
    return [one for one in found if _worse(one, known, tree.candidate.change, older.candidate.change)]


def _worse(finding: Finding, known: set[tuple[str, str | None, str, str]], change: Change, older: Change) -> bool:
    if (finding.rule, finding.path, finding.message, finding.source) in known:
        return False
    counts = _SIZES.get(finding.rule)
    # Over the limit already, what makes it smaller is the way back.
    return counts is None or getattr(change, counts) > getattr(older, counts)


def _found(tree: Tree, blobs: Blobs) -> list[Finding]:
    config, change = tree.config, tree.candidate.change
    loosened = loosening(change, config.loosened, blobs, occasion=tree.candidate.occasion, refuse=True)
    found = [
        *(replace(one, hint=_NOT_LOOSER) for one in loosened),
        *find(
            change,
            blobs,
            config.settings.policy,
            sizes=not (change.whole or config.adopting),
            families=_FAMILIES if tree.only_gone else (*_FAMILIES, "secrets"),
        ),
    ]
    found = [one for one in found if one.severity == ERROR]
    if found and blobs.entries(change.target, [ACCEPTED]):
        from ..gates.accepted import accepted

        found = [*accepted(_Looked(change, blobs), found, time.strftime("%Y-%m-%d"))[0]]
    return [one for one in found if one.severity == ERROR]


def not_ignored(repository: Repository, blobs: Blobs, contents: Contents) -> Contents:
    """Return *contents* without files that git ignores: they are in no commit."""
    # What HEAD has is in every commit; git need not be asked.
    tracked = blobs.entries(repository.base_tree, [*contents])
    ignored = repository.ignored(path for path in contents if path not in tracked)
    return {path: content for path, content in contents.items() if path not in ignored}


def _paths(edit: Edit, cwd: Path, environ: Mapping[str, str]) -> Iterator[Path]:
    """Yield the files that an edit names: its own path, those of its wildcards, those below a folder that goes."""
    text = edit.path
    if not _is_path(text):
        return
    if text.startswith("~/") and environ.get("HOME"):
        text = environ["HOME"] + text[1:]
    try:
        for full in _named(cwd / text):
            yield from _meant(full, edit.kind)
    except OSError:
        # A part of it is longer than a name may be, or a link leads in a circle: nobody can write there.
        return


def _named(full: Path) -> list[Path]:
    if not any(char in str(full) for char in "*?[") or full.exists():
        return [full]
    import glob

    return [Path(path) for path in sorted(glob.glob(str(full)))][:_MOST]  # noqa: PTH207 - as a shell does


def _meant(full: Path, kind: str) -> Iterator[Path]:
    """Yield what is written or deleted under the name *full*."""
    # Writing through a link writes what it points to; deleting a link deletes the link.
    place = Path(os.path.realpath(full.parent), full.name)
    if kind != DELETE:
        yield Path(os.path.realpath(place))
        return
    yield place
    if place.is_dir() and not place.is_symlink():
        yield from _below(place)


def _is_path(text: str) -> bool:
    """Tell whether *text* can be one, and holds nothing that a shell would put something else for."""
    try:
        return len(os.fsencode(text)) < _LONGEST_PATH and not any(char in text for char in "\0$`")
    except UnicodeEncodeError:
        return False


def _below(folder: Path) -> Iterator[Path]:
    number = 0
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != ".git"]
        for name in names:
            yield Path(place, name)
            number += 1
            if number >= _MOST:
                return


def _can_be_in_a_commit(path: str, full: Path) -> bool:
    # os.path, unlike pathlib, raises nothing.
    return ".git" not in path.split("/") and (os.path.islink(full) or not os.path.isdir(full))  # noqa: PTH112, PTH114


def _read(full: Path, kind: str) -> bytes | None:
    """Return what a file holds, None where it is not there; of one that goes that much is enough."""
    if kind == DELETE and full.name not in READ_BY_NAME:
        return b"" if os.path.lexists(full) else None
    try:
        if not full.is_file():
            return None
        with full.open("rb") as file:
            return file.read(_LARGEST)
    except OSError:
        return None
