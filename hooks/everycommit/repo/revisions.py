"""What revisions stand for, and how commits lie to each other: the questions that need the user's refs."""

import re
from collections.abc import Sequence

from ..change import Candidate, Change
from ..errors import MissingObjects, UsageError
from .quarantine import Quarantine
from .repository import Repository

_FOUND = r"([0-9a-f]{40,64}) (commit|tree|blob|tag)"
_OID = r"[0-9a-f]{40}|[0-9a-f]{64}"


def is_oid(text: str) -> bool:
    """Tell whether *text* is a whole object name."""
    return re.fullmatch(_OID, text) is not None


def looked_up(repository: Repository, revs: Sequence[str]) -> list[tuple[str, str] | None]:
    """Return (object name, type) for each of *revs*, None where there is no such thing.

    They are handed over on stdin: one that begins with a dash is no option.
    """
    if not revs:
        return []
    asked = "".join(f"{rev}\n" for rev in revs).encode(errors="surrogateescape")
    answer = repository.git.text("cat-file", "--batch-check=%(objectname) %(objecttype)", stdin=asked)
    matches = (re.fullmatch(_FOUND, line) for line in answer.split("\n"))
    return [(match[1], match[2]) if match else None for match in matches]


def commits(repository: Repository, revs: Sequence[str]) -> list[str]:
    """Return the commit that each of *revs* stands for; a tag stands for what it points to.

    Raises:
        UsageError: One of them is no commit.
    """
    for rev in revs:
        if not rev.strip() or "\n" in rev or "\0" in rev:
            raise UsageError(f"'{rev}' is not a revision")
    found = looked_up(repository, revs)
    tags = [position for position, item in enumerate(found) if item and item[1] == "tag"]
    peeled = looked_up(repository, [f"{found[position][0]}^{{}}" for position in tags])  # type: ignore[index]
    for position, item in zip(tags, peeled, strict=True):
        found[position] = item
    out = []
    for rev, item in zip(revs, found, strict=True):
        if item is None:
            raise UsageError(f"there is no commit '{rev}'{_no_commit(repository, rev)}")
        if item[1] != "commit":
            raise UsageError(f"'{rev}' is a {item[1]}, not a commit")
        out.append(item[0])
    return out


def _no_commit(repository: Repository, rev: str) -> str:
    if repository.head is None and rev.startswith(("HEAD", "@")):
        return ": nothing was committed yet"
    if repository.shallow:
        return " in this shallow clone; `git fetch --unshallow` gets the whole history"
    return "; `git log --oneline --all` shows those there are"


def foreign(repository: Repository, oid: str) -> bool:
    """Tell whether commit *oid* is neither HEAD's past nor on a local branch."""
    if repository.head is not None and (
        oid == repository.head or repository.git.run("merge-base", "--is-ancestor", oid, repository.head).code == 0
    ):
        return False
    return not repository.git.out("for-each-ref", "--count=1", "--contains", oid, "refs/heads")


def merge_bases(repository: Repository, one: str, other: str) -> list[str]:
    """Return the best common ancestors, git's choice first.

    Raises:
        MissingObjects: There is none in this shallow clone.
    """
    bases = repository.git.text("merge-base", "--all", one, other, ok=(0, 1)).split()
    if not bases and repository.shallow:
        raise MissingObjects(
            f"no common ancestor of '{one[:12]}' and '{other[:12]}' in this shallow clone; "
            "get more history with `git fetch --deepen=100` or all of it with `git fetch --unshallow`"
        )
    return bases


def candidate(
    quarantine: Quarantine,
    base: str,
    target: str,
    *,
    occasion: str,
    whole: bool = False,
    patch: bool = True,
    ref: str | None = None,
    base_commit: str | None = None,
    target_commit: str | None = None,
    is_foreign: bool = False,
    notes: Sequence[str] = (),
) -> Candidate:
    """Return the change from tree *base* to tree *target* with where it came from; *whole* if nothing is older."""
    files = quarantine.diff(base, target, patch=patch)
    change = Change(base=base, target=target, parents=() if whole else (base,), files=files, landing=files)
    return Candidate(
        change=change,
        occasion=occasion,
        ref=ref,
        base_commit=base_commit,
        target_commit=target_commit,
        foreign=is_foreign,
        notes=tuple(notes),
    )
