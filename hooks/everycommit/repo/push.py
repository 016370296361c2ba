"""Reads what a push would put on the remote, from the lines that git hands to pre-push."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from ..change import Candidate
from ..errors import UsageError
from ..record import replace
from .quarantine import Quarantine
from .repository import Repository
from .revisions import candidate, foreign, is_oid, looked_up

_JUDGED = ("refs/heads/", "refs/tags/")


class _Line(NamedTuple):
    local_ref: str
    local: str
    remote_ref: str
    remote: str


def pushed(
    repository: Repository, quarantine: Quarantine, remote: str, lines: Sequence[str]
) -> tuple[tuple[Candidate, ...], tuple[str, ...]]:
    """Return a change for each ref with new commits, and a note for each ref that is not judged.

    *remote* is its name, or the URL where it has none; *lines* are ``local-ref local-oid remote-ref remote-oid``.
    The base is where the commits that the remote has not seen begin: after a rebase a push answers for its own commits
    only. Refs with equal pairs of trees share one change.

    Raises:
        UsageError: A line is not what git writes.
    """
    refs = [_line(line) for line in lines if line.strip()]
    notes = [note for note in map(_not_judged, refs) if note]
    refs = [ref for ref in refs if _not_judged(ref) is None]
    targets = looked_up(repository, [f"{ref.local}^{{}}" for ref in refs])
    known = _known(repository, remote, refs)
    found: dict[tuple[str, str], Candidate] = {}
    for ref, target in zip(refs, targets, strict=True):
        if target is None or target[1] != "commit":
            notes.append(
                f"'{ref.remote_ref}' is not judged: it points to {target[1] if target else 'what is not here'}"
            )
            continue
        new, base = _base(repository, remote, target[0], known)
        if not new:
            notes.append(f"'{ref.remote_ref}' brings no new commits: nothing to judge")
            continue
        _add(found, _pair(repository, quarantine, ref, base, target[0]))
    return tuple(found.values()), tuple(notes)


def _line(line: str) -> _Line:
    # The local ref is what the user wrote, and `HEAD@{1 day ago}` has spaces.
    parts = line.rstrip("\n").rsplit(" ", 3)
    if len(parts) != 4 or not is_oid(parts[1]) or not is_oid(parts[3]):
        raise UsageError(
            f"'{line.strip()}' is not a line of pre-push: <local ref> <local oid> <remote ref> <remote oid>"
        )
    return _Line(*parts)


def _not_judged(ref: _Line) -> str | None:
    if not ref.local.strip("0"):
        return f"'{ref.remote_ref}' is deleted: nothing to judge"
    if not ref.remote_ref.startswith(_JUDGED):
        return f"'{ref.remote_ref}' is not judged: it is neither a branch nor a tag"
    return None


def _known(repository: Repository, remote: str, refs: Sequence[_Line]) -> list[str]:
    """Return the arguments that stand for all the remote is known to have."""
    olds = [ref.remote for ref in refs if ref.remote.strip("0")]
    here = looked_up(repository, [f"{oid}^{{commit}}" for oid in olds])
    # A URL can hold what git would take for a pattern; it has no remote-tracking refs anyway.
    tracking = [] if re.search(r"[*?\[\\:]", remote) or not remote else [f"--remotes={remote}"]
    return [*tracking, *dict.fromkeys(item[0] for item in here if item)]


def _base(repository: Repository, remote: str, target: str, known: Sequence[str]) -> tuple[bool, str | None]:
    """Return whether *target* has commits that are not *known*, and the commit that they start from, None: a root."""
    listing = repository.git.text("rev-list", "--boundary", target, "--not", *known).split()
    boundaries = [oid[1:] for oid in listing if oid.startswith("-")]
    new = len(boundaries) < len(listing)
    if len(boundaries) < 2 or not new:
        return new, boundaries[0] if boundaries else None
    # Upstream was merged into the branch: the boundary that has seen all the others is where both sides meet.
    newest = repository.git.text("merge-base", "--independent", *boundaries).split()
    if len(newest) == 1:
        return True, newest[0]
    head = looked_up(repository, [f"refs/remotes/{remote}/HEAD"])[0]
    bases = repository.git.text("merge-base", target, head[0], ok=(0, 1)).split() if head else []
    bases = bases or repository.git.text("merge-base", "--octopus", *newest, ok=(0, 1)).split()
    return True, bases[0] if bases else None


def _pair(repository: Repository, quarantine: Quarantine, ref: _Line, base: str | None, target: str) -> Candidate:
    # A branch of ours is ours; anything else that can be pushed (`git push origin OID:refs/heads/x`) may not be.
    ours = ref.local_ref.startswith("refs/heads/")
    note = f"'{ref.remote_ref}' shares no commit with what the remote is known to have: judged as a whole"
    return candidate(
        quarantine,
        repository.empty_tree if base is None else quarantine.tree_of(base),
        quarantine.tree_of(target),
        occasion="push",
        whole=base is None,
        ref=ref.remote_ref,
        base_commit=base,
        target_commit=target,
        is_foreign=not ours and foreign(repository, target),
        notes=(note,) if base is None else (),
    )


def _add(found: dict[tuple[str, str], Candidate], new: Candidate) -> None:
    pair = (new.change.base, new.change.target)
    old = found.get(pair)
    if old is None:
        found[pair] = new
    else:
        found[pair] = replace(
            old,
            ref=f"{old.ref}, {new.ref}",
            foreign=old.foreign and new.foreign,
            notes=tuple(dict.fromkeys([*old.notes, *new.notes])),
        )
