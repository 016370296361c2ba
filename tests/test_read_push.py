"""A push answers for its own commits, ref by ref."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from everycommit.change import Candidate
from everycommit.errors import UsageError
from everycommit.repo import read as readers
from everycommit.repo.quarantine import Quarantine
from everycommit.repo.repository import Repository
from reading import added, files, oid, read, run_as_hook
from support import Repo

ZERO = "0" * 40
Pushed = tuple[tuple[Candidate, ...], tuple[str, ...]]


def pushed(*lines: str, remote: str = "origin") -> Callable[[Repository, Quarantine], Pushed]:
    return lambda repository, quarantine: readers.pushed(repository, quarantine, remote, lines)


def line(repo: Repo, branch: str = "main", *, remote: str = ZERO, ref: str | None = None) -> str:
    return f"refs/heads/{branch} {oid(repo, branch)} {ref or f'refs/heads/{branch}'} {remote}"


@pytest.fixture
def upstream(repo: Repo) -> Repo:
    return repo.stage("a.py", "one\n").commit().stage("a.py", "two\n").commit()


@pytest.fixture
def clone(upstream: Repo, tmp_path: Path) -> Repo:
    """A clone with remote-tracking refs and ``origin/HEAD``."""
    upstream.git("clone", "--quiet", f"file://{upstream.root}", str(tmp_path / "clone"))
    return Repo(tmp_path / "clone", upstream.environ)


def one(found: Pushed) -> Candidate:
    (candidate,), notes = found
    assert notes == ()
    return candidate


def test_new_commits_on_a_known_branch(clone: Repo) -> None:
    old = oid(clone)
    clone.stage("b.py", "b\n").commit().stage("c.py", "c\n").commit()

    found = one(read(clone, pushed(line(clone, remote=old))))

    assert set(files(found)) == {"b.py", "c.py"}
    assert (found.ref, found.occasion, found.foreign) == ("refs/heads/main", "push", False)
    assert (found.base_commit, found.target_commit) == (old, oid(clone))
    assert found.change.parents == (clone.tree(old),)


def test_the_pushed_commit_counts_and_not_the_checkout(clone: Repo) -> None:
    clone.git("checkout", "-q", "-b", "feature")
    clone.stage("b.py", "b\n").commit()
    pushed_line = line(clone, "feature")
    clone.git("checkout", "-q", "main")
    clone.stage("c.py", "c\n").write("a.py", "dirty\n")

    assert set(files(one(read(clone, pushed(pushed_line))))) == {"b.py"}


def test_a_new_branch_starts_where_it_left_what_the_remote_has(clone: Repo) -> None:
    clone.git("checkout", "-q", "-b", "feature", "HEAD^")
    clone.stage("b.py", "b\n").commit()

    found = one(read(clone, pushed(line(clone, "feature"))))

    assert set(files(found)) == {"b.py"}
    assert found.base_commit == oid(clone, "main^")


def test_after_a_rebase_a_forced_push_answers_for_its_own_commits_only(upstream: Repo, clone: Repo) -> None:
    clone.git("checkout", "-q", "-b", "feature")
    clone.stage("mine.py", "mine\n").commit()
    clone.git("push", "-q", "origin", "feature")
    old = oid(clone, "feature")
    upstream.stage("theirs.py", "1\n" * 1500).commit()
    clone.git("fetch", "-q")
    clone.git("rebase", "-q", "origin/main")

    found = one(read(clone, pushed(line(clone, "feature", remote=old))))

    assert set(files(found)) == {"mine.py"}


def test_upstream_merged_into_a_branch_is_not_the_branchs(upstream: Repo, clone: Repo) -> None:
    clone.git("checkout", "-q", "-b", "feature")
    clone.stage("mine.py", "mine\n").commit()
    upstream.stage("theirs.py", "theirs\n").commit()
    clone.git("fetch", "-q")
    clone.git("merge", "-q", "--no-edit", "origin/main")
    clone.stage("more.py", "more\n").commit()

    found = one(read(clone, pushed(line(clone, "feature"))))

    assert set(files(found)) == {"mine.py", "more.py"}
    assert found.base_commit == oid(clone, "origin/main")


def stacked(upstream: Repo, clone: Repo) -> str:
    """Build a branch on a pushed branch, with upstream merged in; return its line."""
    clone.git("checkout", "-q", "-b", "base")
    clone.stage("base.py", "base\n").commit()
    clone.git("push", "-q", "origin", "base")
    clone.git("checkout", "-q", "-b", "top")
    clone.stage("top.py", "top\n").commit()
    upstream.stage("theirs.py", "theirs\n").commit()
    clone.git("fetch", "-q")
    clone.git("merge", "-q", "--no-edit", "origin/main")
    return line(clone, "top")


def test_of_boundaries_side_by_side_the_remotes_head_decides(upstream: Repo, clone: Repo) -> None:
    found = one(read(clone, pushed(stacked(upstream, clone))))

    assert found.base_commit == oid(clone, "origin/main")
    assert set(files(found)) == {"base.py", "top.py"}


def test_without_a_remote_head_it_is_where_all_boundaries_meet(upstream: Repo, clone: Repo) -> None:
    top = stacked(upstream, clone)
    clone.git("remote", "set-head", "origin", "--delete")

    found = one(read(clone, pushed(top)))

    assert found.base_commit == oid(clone, "main")
    assert set(files(found)) == {"base.py", "top.py", "theirs.py"}


def test_boundaries_that_never_met_leave_the_whole_tree(clone: Repo) -> None:
    main = oid(clone, "main")
    clone.git("remote", "set-head", "origin", "--delete")
    clone.git("checkout", "-q", "--orphan", "alone")
    clone.commit().git("push", "-q", "origin", "alone")
    clone.git("merge", "-q", "--no-edit", "--allow-unrelated-histories", "-s", "ours", main)
    clone.stage("b.py", "b\n").commit()

    found = one(read(clone, pushed(line(clone, "alone"))))

    assert (found.base_commit, found.change.parents) == (None, ())
    assert set(files(found)) == {"a.py", "b.py"}
    assert "judged as a whole" in found.notes[0]


def test_the_first_push_of_all_is_judged_as_a_whole(upstream: Repo) -> None:
    found = one(read(upstream, pushed(line(upstream))))

    assert (found.change.whole, found.base_commit) == (True, None)
    assert added(files(found)["a.py"]) == ["two"]
    assert found.notes == (
        "'refs/heads/main' shares no commit with what the remote is known to have: judged as a whole",
    )


@pytest.mark.parametrize("remote", ["https://example.com/x.git", "/some/where", "git@example.com:x/[y]*.git", ""])
def test_a_push_to_a_bare_url_starts_at_what_the_remote_says(upstream: Repo, remote: str) -> None:
    old = oid(upstream)
    upstream.stage("b.py", "b\n").commit()

    found = one(read(upstream, pushed(line(upstream, remote=old), remote=remote)))

    assert (set(files(found)), found.base_commit) == ({"b.py"}, old)


def test_a_remote_commit_that_is_not_here_does_not_matter(clone: Repo) -> None:
    clone.stage("b.py", "b\n").commit()

    found = one(read(clone, pushed(line(clone, remote="1" * 40))))

    assert (set(files(found)), found.base_commit) == ({"b.py"}, oid(clone, "origin/main"))


def test_every_ref_has_a_change(clone: Repo) -> None:
    clone.git("checkout", "-q", "-b", "one")
    clone.stage("one.py", "1\n").commit().git("checkout", "-q", "-b", "two", "main")
    clone.stage("two.py", "2\n").commit()

    found, notes = read(clone, pushed(line(clone, "one"), line(clone, "two"), ""))

    assert [(candidate.ref, list(files(candidate))) for candidate in found] == [
        ("refs/heads/one", ["one.py"]),
        ("refs/heads/two", ["two.py"]),
    ]
    assert notes == ()


def test_equal_pairs_are_judged_once_and_name_both_refs(clone: Repo) -> None:
    clone.stage("b.py", "b\n").commit()
    clone.git("branch", "copy")
    clone.git("tag", "-a", "-m", "tag", "v1")
    tag = f"refs/tags/v1 {oid(clone, 'v1')} refs/tags/v1 {ZERO}"

    (found,), notes = read(clone, pushed(line(clone), line(clone, "copy"), tag))

    assert (found.ref, notes) == ("refs/heads/main, refs/heads/copy, refs/tags/v1", ())
    assert (found.target_commit, found.foreign) == (oid(clone), False)


def test_what_is_not_judged_is_named(clone: Repo) -> None:
    clone.stage("b.py", "b\n").commit()
    clone.git("tag", "-a", "-m", "tag", "blob", "HEAD:b.py")
    lines = [
        f"(delete) {ZERO} refs/heads/gone {'1' * 40}",
        f"refs/notes/commits {oid(clone)} refs/notes/commits {ZERO}",
        f"refs/tags/blob {oid(clone, 'blob')} refs/tags/blob {ZERO}",
        f"refs/heads/ghost {'2' * 40} refs/heads/ghost {ZERO}",
        f"refs/heads/old {oid(clone, 'HEAD^')} refs/heads/old {ZERO}",
    ]

    found, notes = read(clone, pushed(*lines))

    assert found == ()
    assert notes == (
        "'refs/heads/gone' is deleted: nothing to judge",
        "'refs/notes/commits' is not judged: it is neither a branch nor a tag",
        "'refs/tags/blob' is not judged: it points to blob",
        "'refs/heads/ghost' is not judged: it points to what is not here",
        "'refs/heads/old' brings no new commits: nothing to judge",
    )


def test_nothing_pushed_is_nothing(clone: Repo) -> None:
    assert read(clone, pushed()) == ((), ())


def test_a_local_ref_may_be_what_the_user_typed(clone: Repo) -> None:
    clone.stage("b.py", "b\n").commit()

    found = one(read(clone, pushed(f"HEAD@{{2 days ago}} {oid(clone)} refs/heads/x {ZERO}\n")))

    assert (found.ref, found.foreign) == ("refs/heads/x", False)


def test_a_commit_of_nobody_here_is_foreign(clone: Repo) -> None:
    clone.git("checkout", "-q", "--detach")
    clone.stage("b.py", "b\n").commit()
    theirs = oid(clone)
    clone.git("checkout", "-q", "main")

    assert one(read(clone, pushed(f"{theirs} {theirs} refs/heads/x {ZERO}"))).foreign


@pytest.mark.parametrize("bad", ["hello", "a b c d", f"refs/heads/x {ZERO} refs/heads/x", f"x {'g' * 40} y {ZERO}"])
def test_a_line_that_git_would_not_write_is_said(clone: Repo, bad: str) -> None:
    with pytest.raises(UsageError, match=rf"'{bad}' is not a line of pre-push: <local ref> <local oid>"):
        read(clone, pushed(bad))


def test_a_sha256_push(tmp_path: Path) -> None:
    repo = Repo.make(tmp_path / "repo", tmp_path / "home", object_format="sha256").stage("a", "1\n").commit()
    old = oid(repo)
    repo.stage("a", "2\n").commit()

    found, notes = read(repo, pushed(f"refs/heads/main {oid(repo)} refs/heads/main {old}", remote="/x"))

    assert (added(files(found[0])["a"]), notes) == (["2"], ())
    deleted = f"(delete) {'0' * 64} refs/heads/gone {old}"
    assert read(repo, pushed(deleted)) == ((), ("'refs/heads/gone' is deleted: nothing to judge",))


def test_a_hook_of_a_real_push_sees_every_ref(clone: Repo) -> None:
    clone.stage("b.py", "b\n").commit().git("branch", "feature")
    clone.stage("c.py", "c\n").commit().git("tag", "v1", "HEAD^")
    clone.git("push", "-q", "origin", "main:refs/heads/gone")
    clone.stage("d.py", "d\n").commit()
    body = (
        "found, notes = read.pushed(repository, quarantine, sys.argv[1], sys.stdin.read().splitlines())\n"
        "report['refs'] = {one.ref: [file.path for file in one.change.files] for one in found}\n"
        "report['notes'] = notes"
    )
    out = run_as_hook(clone, "pre-push", body)
    hook = clone.path(".git/hooks/pre-push")
    hook.write_text(hook.read_text().rstrip() + ' "$@"\n')

    done = clone.attempt("push", "origin", "main:refs/heads/next", "feature", "v1", ":gone", "HEAD:refs/odd/ref")

    assert done.returncode == 0, done.stderr
    report = json.loads(out.read_text())
    assert report["refs"] == {"refs/heads/next": ["d.py"]}
    assert sorted(report["notes"]) == [
        "'refs/heads/feature' brings no new commits: nothing to judge",
        "'refs/heads/gone' is deleted: nothing to judge",
        "'refs/odd/ref' is not judged: it is neither a branch nor a tag",
        "'refs/tags/v1' brings no new commits: nothing to judge",
    ]
