"""The part of a tree that a command says it looks at: what its kept verdict depends on in place of the whole."""

import json
import posixpath
from collections.abc import Iterable, Mapping, Sequence

from ..change import GITLINK, LINK
from ..digest import sha256
from ..errors import EverycommitError
from ..ledger import doubt
from ..rules.globs import matches
from ..text import printable
from .base import Job

# How git writes a file into the tree depends on them, wherever they lie.
_ATTRIBUTES = ".gitattributes"


def part(job: Job, tree: str, globs: Sequence[str], words: Iterable[str], folder: str | None) -> str:
    """Return a word for the files of *tree* that *globs* name and those that *words* of the command line name.

    The command runs in *folder*. Without *globs*, and where a link or a submodule among them leads elsewhere, it is
    the word for all of *tree*; a doubt where nothing is named, as that would never change.
    """
    if not globs:
        return tree
    try:
        files = job.blobs.files(tree)
    except EverycommitError as error:
        return doubt(str(error))
    named = {path for path in files if matches(path, globs)}
    if not named:
        return doubt(f"no file is one of {printable(', '.join(globs))} (inputs)")
    if any(files[path][0] in {LINK, GITLINK} for path in named):
        return tree
    named |= _called(files, words, folder)
    named |= {path for path in files if posixpath.basename(path) == _ATTRIBUTES}
    listed = json.dumps([[path, *files[path]] for path in sorted(named)])
    return f"part {sha256(listed.encode()).hexdigest()}"


def nameless(job: Job, globs: Sequence[str]) -> tuple[str, ...]:
    """Return a note where some of *globs* name no file of the target: most likely they are misspelt."""
    if not globs:
        return ()
    try:
        files = job.blobs.files(job.change.target)
    except EverycommitError:
        return ()
    idle = [glob for glob in globs if not any(matches(path, (glob,)) for path in files)]
    return (f"no file is one of {printable(', '.join(idle))} (inputs)",) if idle else ()


def _called(files: Mapping[str, object], words: Iterable[str], folder: str | None) -> set[str]:
    """Return the files of the tree that the command line names: a script, its settings."""
    places = [posixpath.normpath(posixpath.join(folder or "", word)) for word in words]
    return {place for place in places if place in files}
