"""The readers: each turns a place in the user's repository into a change, a pair of trees."""

from collections.abc import Sequence

from ..change import Candidate, Change
from ..errors import RepositoryError, UsageError
from .push import pushed
from .quarantine import Quarantine
from .repository import Repository
from .revisions import candidate, commits, foreign, is_oid, merge_bases
from .worktree import working_tree

__all__ = ["all_files", "between", "merging", "one_commit", "pushed", "staged", "working_tree"]

BY_PATHS = (
    "this merge is judged by the files that differ from every parent: "
    "git's own automatic merge of them could not be made (it takes git 2.38 and two related parents)"
)


def staged(repository: Repository, quarantine: Quarantine) -> Candidate:
    """Read what would be committed: the index against HEAD; the first commit is against the empty tree.

    While a merge is being concluded, see ``merging``. What lies only in the working tree is never seen.

    Raises:
        RepositoryError: The index has unmerged paths or is damaged.
    """
    return merging(repository, quarantine, _merge_heads(repository))


def merging(repository: Repository, quarantine: Quarantine, heads: Sequence[str]) -> Candidate:
    """Read the index as the merge of HEAD and *heads* (commits): git's automatic merge is the base.

    So ``files`` is what the person did, and ``landing`` what arrives on the branch. Where that merge cannot be made
    (git before 2.38, an octopus, unrelated histories), ``files`` are those that differ from every parent, against HEAD.
    Without *heads* it is an ordinary commit. git names the heads of a clean merge to its hook in ``GITHEAD_<oid>``.
    """
    target = quarantine.index_tree(repository.index)
    if heads and repository.head is not None:
        return _merged(quarantine, (repository.head, *heads), target, None, is_foreign=False)
    return candidate(
        quarantine,
        repository.base_tree,
        target,
        occasion="commit",
        whole=repository.head is None,
        base_commit=repository.head,
    )


def one_commit(repository: Repository, quarantine: Quarantine, rev: str) -> Candidate:
    """Read what commit *rev* did to its first parent; a merge as ``merging`` does.

    Raises:
        UsageError: *rev* is no commit.
        MissingObjects: Its parent is not in this shallow clone.
    """
    oid = repository.head if rev == "HEAD" and repository.head else commits(repository, [rev])[0]
    tree, parents = quarantine.commit(oid)
    is_foreign = foreign(repository, oid)
    if len(parents) > 1:
        return _merged(quarantine, parents, tree, oid, is_foreign=is_foreign)
    return candidate(
        quarantine,
        quarantine.tree_of(parents[0]) if parents else repository.empty_tree,
        tree,
        occasion="commit",
        whole=not parents,
        base_commit=parents[0] if parents else None,
        target_commit=oid,
        is_foreign=is_foreign,
    )


def between(repository: Repository, quarantine: Quarantine, spec: str) -> Candidate:
    """Read ``A..B``, from A to B, or ``A...B``, from where B left A to B. A side left out is HEAD.

    Raises:
        UsageError: It is no range, or a side is no commit.
        MissingObjects: The common ancestor is not in this shallow clone.
    """
    dots = "..." if "..." in spec else ".."
    left, found, right = spec.partition(dots)
    if not found:
        raise UsageError(f"'{spec}' is not a range; write A..B (from A to B) or A...B (from where B left A)")
    base, target = commits(repository, [left or "HEAD", right or "HEAD"])
    notes = []
    if dots == "...":
        bases = merge_bases(repository, base, target)
        if not bases:
            raise UsageError(
                f"'{spec}': the two sides have no common ancestor; write '{left}..{right}' to compare them"
            )
        if len(bases) > 1:
            notes.append(f"'{spec}' has {len(bases)} common ancestors; {bases[0][:12]} is taken, as `git diff` does")
        base = bases[0]
    return candidate(
        quarantine,
        quarantine.tree_of(base),
        quarantine.tree_of(target),
        occasion="ci",
        base_commit=base,
        target_commit=target,
        is_foreign=foreign(repository, target),
        notes=notes,
    )


def all_files(repository: Repository, quarantine: Quarantine, commit: str | None = None) -> Candidate:
    """Read everything that *commit*, HEAD by default, holds, as if it were new; line counts, no lines.

    Raises:
        UsageError: Nothing was committed yet.
    """
    if repository.head is None or repository.head_tree is None:
        raise UsageError(
            "nothing was committed yet, so there are no files to judge; `everycommit run` judges the index"
        )
    elsewhere = commit is not None and commit != repository.head
    return candidate(
        quarantine,
        repository.empty_tree,
        quarantine.tree_of(commit) if elsewhere and commit else repository.head_tree,
        occasion="commit",
        whole=True,
        patch=False,
        target_commit=commit or repository.head,
        is_foreign=elsewhere and commit is not None and foreign(repository, commit),
    )


def _merge_heads(repository: Repository) -> list[str]:
    path = repository.git_dir / "MERGE_HEAD"
    try:
        heads = path.read_text(errors="replace").split()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RepositoryError(f"'{path}' cannot be read: {error.strerror}") from error
    for head in heads:
        if not is_oid(head):
            raise RepositoryError(f"'{path}' holds '{head}', which is no commit; `git merge --abort` starts over")
    return heads


def _merged(
    quarantine: Quarantine, parents: Sequence[str], target: str, commit: str | None, *, is_foreign: bool
) -> Candidate:
    trees = tuple(quarantine.tree_of(parent) for parent in parents)
    landing = quarantine.diff(trees[0], target)
    automatic = quarantine.automatic_merge(*parents) if len(parents) == 2 else None
    notes: tuple[str, ...] = ()
    if automatic is None:
        base, notes = trees[0], (BY_PATHS,)
        touched = [
            {path for file in quarantine.diff(tree, target, patch=False) for path in (file.path, file.source)}
            for tree in trees[1:]
        ]
        files = tuple(file for file in landing if all(file.path in paths for paths in touched))
    else:
        base = automatic
        files = landing if automatic == trees[0] else quarantine.diff(automatic, target)
    return Candidate(
        change=Change(base=base, target=target, parents=trees, files=files, landing=landing),
        occasion="commit",
        base_commit=parents[0],
        target_commit=commit,
        foreign=is_foreign,
        notes=notes,
    )
