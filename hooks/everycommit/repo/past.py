"""Commits of the past, and the trees that one file of theirs makes."""

import os
from collections.abc import Sequence
from typing import NamedTuple

from ..errors import RepositoryError
from .quarantine import Quarantine
from .repository import Repository


class Past(NamedTuple):
    """A commit with one parent."""

    oid: str
    parent: str
    subject: str
    files: tuple[tuple[int, str], ...]
    """``(lines added and removed, path)`` of its text files; of a binary one -1."""


def past(repository: Repository, most: int) -> list[Past]:
    """Return the last *most* commits of HEAD that have one parent, the newest first.

    Raises:
        RepositoryError: The history cannot be read.
    """
    out = repository.git.out(
        *("-c", "core.quotePath=true", "log", "--no-merges", "--no-renames", "--no-ext-diff", "--no-textconv"),
        *("--no-show-signature", f"--max-count={most}", "--format=%x01%H%x00%P%x00%s", "--numstat", "HEAD", "--"),
    )
    found = []
    for part in os.fsdecode(out).split("\x01")[1:]:
        head, _, rest = part.partition("\n")
        oid, parents, subject = [*head.split("\0"), "", ""][:3]
        files = [line.split("\t") for line in rest.splitlines() if line.count("\t") == 2]
        if " " not in parents and parents:
            found.append(Past(oid, parents, subject, tuple((_lines(one), one[2]) for one in files)))
    return found


def _lines(numbers: Sequence[str]) -> int:
    added, removed = numbers[:2]
    return -1 if "-" in {added, removed} else int(added) + int(removed)


def taken_over(quarantine: Quarantine, tree: str, path: str, other: str) -> str:
    """Return *tree* with *path* as the tree *other* has it.

    Raises:
        RepositoryError: The path is no regular file in *other*, or the tree cannot be written.
    """
    entry = quarantine.entries(other, [path]).get(path)
    if entry is None or not entry[0].startswith("100"):
        raise RepositoryError(f"'{path}' is no file in {other[:12]}")
    index = quarantine.folder / f"past-{os.urandom(4).hex()}"
    env = {"GIT_INDEX_FILE": str(index)}
    try:
        quarantine.git.out("read-tree", tree, env=env)
        quarantine.git.out("update-index", "--add", "--cacheinfo", f"{entry[0]},{entry[1]},{path}", env=env)
        return quarantine.written_tree(index)
    finally:
        index.unlink(missing_ok=True)
