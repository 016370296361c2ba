"""Commits, merges, ranges and all files: which pair of trees they are, also from inside git's own hooks."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from everycommit.change import Candidate
from everycommit.errors import MissingObjects, RepositoryError, UsageError
from everycommit.repo import read as readers
from everycommit.repo.quarantine import Quarantine
from everycommit.repo.repository import Repository
from reading import added, files, landing, oid, opened, permissions_bind, read, removed, run_as_hook, under
from support import Repo, state

REPORT = """\
found = read.staged(repository, quarantine)
report['paths'] = sorted(file.path for file in found.change.files)
report['added'] = {file.path: [line.text for line in file.added_lines()] for file in found.change.files}
report['base'], report['target'] = found.change.base, found.change.target
report['parents'] = list(found.change.parents)"""


def one_commit(rev: str) -> Callable[[Repository, Quarantine], Candidate]:
    return lambda repository, quarantine: readers.one_commit(repository, quarantine, rev)


def between(spec: str) -> Callable[[Repository, Quarantine], Candidate]:
    return lambda repository, quarantine: readers.between(repository, quarantine, spec)


def merging(*heads: str) -> Callable[[Repository, Quarantine], Candidate]:
    return lambda repository, quarantine: readers.merging(repository, quarantine, heads)


def seen_by_hook(repo: Repo, *commit: str, name: str = "pre-commit", body: str = REPORT) -> dict[str, Any]:
    """Run ``git commit`` with a hook that reads; return what it saw."""
    out = run_as_hook(repo, name, body)
    done = repo.attempt(*commit, GIT_EDITOR="true")
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(out.read_text())
    assert report["untouched"]
    return report


def test_only_the_index_counts(repo: Repo) -> None:
    repo.stage("a.py", "one\n").commit()
    repo.stage("a.py", "one\ntwo\n").write("a.py", "one\ntwo\nthree\n").write("untracked", "x\n")

    found = read(repo, readers.staged)

    assert list(files(found)) == ["a.py"]
    assert found.change.touches("a.py", 2)
    assert not found.change.touches("a.py", 3)
    assert (found.change.base, found.change.parents) == (repo.tree(), (repo.tree(),))
    assert found.change.target == repo.text("write-tree")
    assert (found.base_commit, found.target_commit, found.occasion) == (oid(repo), None, "commit")
    assert (found.foreign, found.notes, found.change.landing) == (False, (), found.change.files)


def test_the_first_commit_is_against_the_empty_tree(repo: Repo) -> None:
    repo.stage("a.py", "one\n")

    found = read(repo, readers.staged)

    assert (found.change.parents, found.base_commit, found.change.whole) == ((), None, True)
    assert added(files(found)["a.py"]) == ["one"]


def test_nothing_staged_is_an_empty_change(repo: Repo) -> None:
    repo.stage("a.py", "one\n").commit()

    assert read(repo, readers.staged).change.empty


def test_a_repository_without_anything_is_an_empty_change(repo: Repo) -> None:
    assert read(repo, readers.staged).change.empty


def test_it_reads_from_a_folder_below(repo: Repo) -> None:
    repo.stage("sub/a.py", "one\n").commit().stage("sub/a.py", "two\n")

    assert list(files(read(repo, readers.staged, cwd=repo.root / "sub"))) == ["sub/a.py"]


def test_a_deletion_and_an_intent_to_add(repo: Repo) -> None:
    repo.stage("a.py", "one\n").stage("b.py", "two\n").commit()
    repo.git("rm", "-q", "a.py")
    repo.write("new.py", "x\n").git("add", "-N", "new.py")

    found = files(read(repo, readers.staged))

    assert list(found) == ["a.py"]
    assert found["a.py"].deleted


@pytest.mark.parametrize("attributes", ["*.py -diff\n", "*.py binary\n", "*.py text eol=crlf -diff\n"])
def test_attributes_that_are_staged_or_lie_there_hide_nothing(repo: Repo, attributes: str) -> None:
    repo.stage("a.py", "one\n").commit().stage("a.py", "two\n").stage(".gitattributes", attributes)

    assert added(files(read(repo, readers.staged))["a.py"]) == ["two"]
    assert added(files(read(repo, readers.working_tree))["a.py"]) == ["two"]


def test_a_hook_of_the_first_commit_sees_it(repo: Repo) -> None:
    repo.stage("a.py", "one\n")

    report = seen_by_hook(repo, "commit", "-m", "first")

    assert (report["paths"], report["parents"]) == (["a.py"], [])
    assert report["target"] == repo.tree()


def test_a_hook_of_commit_a_sees_what_is_committed(repo: Repo) -> None:
    repo.stage("a.py", "one\n").stage("b.py", "one\n").commit()
    repo.stage("a.py", "two\n").write("b.py", "two\n")

    report = seen_by_hook(repo, "commit", "-a", "-m", "all")

    assert (report["paths"], report["target"]) == (["a.py", "b.py"], repo.tree())


def test_a_hook_of_a_partial_commit_sees_only_the_paths(repo: Repo) -> None:
    repo.stage("a.py", "one\n").stage("b.py", "one\n").commit()
    repo.stage("a.py", "two\n").write("b.py", "two\n")

    report = seen_by_hook(repo, "commit", "-m", "only", "--only", "--", "b.py")

    assert (report["paths"], report["target"]) == (["b.py"], repo.tree())


def test_a_hook_of_commit_p_sees_the_picked_hunk(repo: Repo) -> None:
    lines = [f"line {number}\n" for number in range(30)]
    repo.stage("a.py", "".join(lines)).commit()
    repo.write("a.py", "".join(["first\n", *lines[1:-1], "last\n"]))
    out = run_as_hook(repo, "pre-commit", REPORT)

    repo.git("commit", "-p", "-m", "picked", stdin=b"y\nn\n")

    report = json.loads(out.read_text())
    assert report["added"] == {"a.py": ["first"]}
    assert (report["untouched"], report["target"]) == (True, repo.tree())


def test_a_hook_of_an_amend_sees_what_is_added(repo: Repo) -> None:
    repo.stage("a.py", "one\n").commit().stage("a.py", "two\n").commit()
    repo.stage("b.py", "new\n")

    report = seen_by_hook(repo, "commit", "--amend", "--no-edit")

    assert (report["paths"], report["target"]) == (["b.py"], repo.tree())


def test_a_hook_in_a_linked_worktree_sees_its_index(repo: Repo, tmp_path: Path) -> None:
    repo.stage("a.py", "one\n").commit()
    repo.git("worktree", "add", "--quiet", "-b", "other", str(tmp_path / "linked"))
    linked = Repo(tmp_path / "linked", repo.environ)
    linked.stage("sub/b.py", "two\n")
    repo.stage("not-this", "x\n")

    report = seen_by_hook(Repo(linked.root / "sub", repo.environ), "commit", "-m", "linked")

    assert (report["paths"], report["target"]) == (["sub/b.py"], linked.tree())


def test_a_hook_of_a_revert_in_progress_is_an_ordinary_commit(repo: Repo) -> None:
    repo.stage("a.py", "one\n").commit().stage("a.py", "two\n").commit()
    repo.git("revert", "--no-commit", "HEAD")

    report = seen_by_hook(repo, "commit", "-m", "back")

    assert report["added"] == {"a.py": ["one"]}
    assert len(report["parents"]) == 1


@pytest.fixture
def forked(repo: Repo) -> Repo:
    """``main`` and ``other`` each changed a file of their own and the middle of ``both``."""
    repo.stage("a.py", "a\n").stage("b.py", "b\n").stage("both", "1\n2\n3\n").commit()
    repo.git("checkout", "-q", "-b", "other")
    repo.stage("b.py", "b of other\n").stage("both", "1\nother\n3\n").commit()
    repo.git("checkout", "-q", "main")
    return repo.stage("a.py", "a of main\n").stage("both", "1\nmain\n3\n").commit()


def test_a_resolved_merge_is_judged_against_gits_own_merge(forked: Repo) -> None:
    heads = (forked.tree("HEAD"), forked.tree("other"))
    forked.git("merge", "other", code=1)
    forked.stage("both", "1\nmine\n3\n").stage("a.py", "a of main\nmore\n")

    found = read(forked, readers.staged)

    assert set(files(found)) == {"both", "a.py"}
    assert added(files(found)["both"]) == ["mine"]
    assert "=======" in removed(files(found)["both"])
    assert added(files(found)["a.py"]) == ["more"]
    assert set(landing(found)) == {"a.py", "b.py", "both"}
    assert added(landing(found)["both"]) == ["mine"]
    assert found.change.parents == heads
    assert (found.base_commit, found.notes) == (oid(forked), ())


def test_a_merge_taken_as_git_made_it_has_no_files_but_lands(forked: Repo) -> None:
    forked.git("checkout", "-q", "-B", "main", "main^")
    forked.stage("a.py", "a of main\n").commit()
    forked.git("merge", "--no-commit", "other")

    found = read(forked, readers.staged)

    assert (found.change.files, set(landing(found))) == ((), {"b.py", "both"})
    assert not found.change.empty


def test_a_hook_before_a_clean_merge_knows_the_other_side(forked: Repo) -> None:
    forked.git("checkout", "-q", "-B", "main", "main^")
    forked.stage("a.py", "a of main\n").commit()
    body = (
        "heads = [name.removeprefix('GITHEAD_') for name in os.environ if name.startswith('GITHEAD_')]\n"
        "found = read.merging(repository, quarantine, heads)\n"
        "report['heads'], report['parents'] = heads, list(found.change.parents)\n"
        "report['files'] = [file.path for file in found.change.files]\n"
        "report['landing'] = [file.path for file in found.change.landing]"
    )
    parents = [forked.tree("main"), forked.tree("other")]

    report = seen_by_hook(forked, "merge", "--no-edit", "other", name="pre-merge-commit", body=body)

    assert report["heads"] == [oid(forked, "other")]
    assert (report["files"], report["landing"], report["parents"]) == ([], ["b.py", "both"], parents)


def test_merging_without_heads_is_an_ordinary_commit(forked: Repo) -> None:
    forked.stage("a.py", "x\n")

    found = read(forked, merging())

    assert found.change.parents == (forked.tree(),)


def test_an_octopus_is_judged_by_the_files_that_differ_from_every_parent(forked: Repo) -> None:
    forked.git("checkout", "-q", "-b", "third", "main^")
    forked.stage("c.py", "c\n").commit().git("checkout", "-q", "-b", "fourth", "main^")
    forked.stage("d.py", "d\n").commit().git("checkout", "-q", "main")
    forked.git("merge", "--no-commit", "third", "fourth")
    forked.stage("a.py", "by hand\n")
    assert len(forked.path(".git/MERGE_HEAD").read_text().split()) == 2

    found = read(forked, readers.staged)

    assert set(files(found)) == {"a.py"}
    assert set(landing(found)) == {"a.py", "c.py", "d.py"}
    assert len(found.change.parents) == 3
    assert found.notes == (readers.BY_PATHS,)
    assert found.change.base == forked.tree("main")


def test_a_merge_of_unrelated_histories_is_judged_by_paths(repo: Repo) -> None:
    repo.stage("a.py", "a\n").commit().git("checkout", "-q", "--orphan", "other")
    repo.git("rm", "-q", "-r", "-f", ".")
    repo.stage("b.py", "b\n").commit().git("checkout", "-q", "main")
    repo.git("merge", "--no-commit", "--allow-unrelated-histories", "other")
    repo.stage("both.py", "new\n")

    found = read(repo, readers.staged)

    assert (set(files(found)), found.notes) == ({"both.py"}, (readers.BY_PATHS,))


def test_a_file_renamed_and_edited_in_a_merge_by_paths_is_the_persons(repo: Repo) -> None:
    text = "".join(f"line {number}\n" for number in range(20))
    repo.stage("a.py", text).commit().git("checkout", "-q", "--orphan", "other")
    repo.stage("x", "x\n").commit().git("checkout", "-q", "main")
    repo.git("merge", "--no-commit", "--allow-unrelated-histories", "other")
    repo.git("mv", "a.py", "b.py")

    found = read(repo, readers.staged)

    assert files(found)["b.py"].old_path == "a.py"
    assert "x" not in files(found)


def test_an_older_git_judges_a_merge_by_paths(forked: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Quarantine, "automatic_merge", lambda *_: None)
    forked.git("merge", "other", code=1)
    forked.stage("both", "1\nmine\n3\n")

    found = read(forked, readers.staged)

    assert (set(files(found)), found.notes) == ({"both"}, (readers.BY_PATHS,))


def test_an_unfinished_merge_names_the_paths(forked: Repo) -> None:
    forked.git("merge", "other", code=1)

    with pytest.raises(RepositoryError, match="unmerged paths: 'both'"):
        read(forked, readers.staged)


def test_a_merge_head_that_is_no_commit_is_said(forked: Repo) -> None:
    forked.path(".git/MERGE_HEAD").write_text("nonsense\n")

    with pytest.raises(RepositoryError, match=r"MERGE_HEAD' holds 'nonsense', which is no commit; `git merge --abort`"):
        read(forked, readers.staged)


def test_a_merge_head_that_cannot_be_read_is_said(forked: Repo) -> None:
    forked.path(".git/MERGE_HEAD").mkdir()

    with opened(forked) as place, pytest.raises(RepositoryError, match=r"MERGE_HEAD' cannot be read: Is a directory"):
        readers.staged(*place)


def test_a_merge_in_a_shallow_clone_is_read(forked: Repo, tmp_path: Path) -> None:
    forked.git("clone", "--quiet", "--depth=2", "--no-single-branch", f"file://{forked.root}", str(tmp_path / "clone"))
    clone = Repo(tmp_path / "clone", forked.environ)
    clone.git("merge", "origin/other", code=1)
    clone.stage("both", "1\nmine\n3\n")

    found = read(clone, readers.staged)

    assert (set(files(found)), found.notes) == ({"both"}, ())


def test_one_commit_is_against_its_first_parent(repo: Repo) -> None:
    repo.stage("a.py", "one\n").commit().stage("a.py", "two\n").commit().stage("a.py", "three\n").commit()

    found = read(repo, one_commit("HEAD~1"))

    assert (added(files(found)["a.py"]), removed(files(found)["a.py"])) == (["two"], ["one"])
    assert (found.base_commit, found.target_commit) == (oid(repo, "HEAD~2"), oid(repo, "HEAD~1"))
    assert found.change.parents == (repo.tree("HEAD~2"),)


def test_the_first_commit_of_all_is_against_the_empty_tree(repo: Repo) -> None:
    repo.stage("a.py", "one\n").commit()

    found = read(repo, one_commit("HEAD"))

    assert (found.change.whole, found.base_commit, list(files(found))) == (True, None, ["a.py"])


def test_one_merge_commit_is_judged_as_a_merge(forked: Repo) -> None:
    forked.git("merge", "other", code=1)
    forked.stage("both", "1\nmine\n3\n").commit()

    found = read(forked, one_commit("HEAD"))

    assert (set(files(found)), set(landing(found))) == ({"both"}, {"both", "b.py"})
    assert (found.base_commit, found.target_commit) == (oid(forked, "HEAD^1"), oid(forked))


def test_a_tag_stands_for_its_commit(repo: Repo) -> None:
    repo.stage("a.py", "one\n").commit()
    repo.git("tag", "-a", "-m", "tag", "v1")
    repo.git("tag", "-a", "-m", "tag of a tag", "v2", "v1")

    assert read(repo, one_commit("v2")).target_commit == oid(repo)


def test_a_commit_of_no_local_branch_is_foreign(forked: Repo) -> None:
    forked.git("checkout", "-q", "--detach", "main")
    forked.stage("a.py", "detached\n").commit()
    mine = oid(forked)
    forked.git("checkout", "-q", "--detach", "main")
    forked.stage("a.py", "foreign\n").commit()
    theirs = oid(forked)
    forked.git("checkout", "-q", "--detach", mine)

    assert read(forked, one_commit(theirs)).foreign
    assert not read(forked, one_commit("HEAD")).foreign
    assert not read(forked, one_commit("HEAD^")).foreign
    assert not read(forked, one_commit("other")).foreign
    assert read(forked, between(f"main..{theirs}")).foreign


@pytest.mark.parametrize("rev", ["no-such", "-x", "--all", "--output=/tmp/x", "HEAD~99", "0" * 40, "1234567", "a b"])
def test_what_is_no_revision_is_said_with_its_name(repo: Repo, rev: str) -> None:
    repo.stage("a.py", "one\n").commit()

    with pytest.raises(UsageError, match=f"there is no commit '{rev}'; `git log --oneline --all`"):
        read(repo, one_commit(rev))


@pytest.mark.parametrize("rev", ["", " ", "HEAD\nHEAD"])
def test_what_cannot_be_a_revision_is_said(repo: Repo, rev: str) -> None:
    repo.stage("a.py", "one\n").commit()

    with pytest.raises(UsageError, match="is not a revision"):
        read(repo, one_commit(rev))


@pytest.mark.parametrize(("rev", "kind"), [("HEAD^{tree}", "tree"), ("HEAD:a.py", "blob"), ("blobs-tag", "blob")])
def test_what_is_no_commit_is_said_with_its_kind(repo: Repo, rev: str, kind: str) -> None:
    repo.stage("a.py", "one\n").commit()
    repo.git("tag", "-a", "-m", "tag", "blobs-tag", "HEAD:a.py")

    with pytest.raises(UsageError, match=rf"is a {kind}, not a commit"):
        read(repo, one_commit(rev))


def test_head_before_the_first_commit_is_said(repo: Repo) -> None:
    with pytest.raises(UsageError, match="there is no commit 'HEAD': nothing was committed yet"):
        read(repo, one_commit("HEAD"))


def test_a_range_is_from_one_tree_to_the_other(forked: Repo) -> None:
    found = read(forked, between("main..other"))

    assert set(files(found)) == {"a.py", "b.py", "both"}
    assert (found.base_commit, found.target_commit) == (oid(forked, "main"), oid(forked, "other"))
    assert (found.occasion, found.change.parents) == ("ci", (forked.tree("main"),))


def test_a_range_of_three_dots_is_from_where_they_parted(forked: Repo) -> None:
    found = read(forked, between("main...other"))

    assert set(files(found)) == {"b.py", "both"}
    assert (found.base_commit, found.notes) == (oid(forked, "main^"), ())


@pytest.mark.parametrize(("spec", "paths"), [("other..", {"a.py", "b.py", "both"}), ("...other", {"b.py", "both"})])
def test_a_side_left_out_is_head(forked: Repo, spec: str, paths: set[str]) -> None:
    assert set(files(read(forked, between(spec)))) == paths


def test_what_is_no_range_is_said(forked: Repo) -> None:
    with pytest.raises(UsageError, match=r"'main' is not a range; write A\.\.B"):
        read(forked, between("main"))


def test_a_side_that_is_not_there_is_said(forked: Repo) -> None:
    with pytest.raises(UsageError, match="there is no commit 'nowhere'"):
        read(forked, between("main..nowhere"))


def test_sides_without_a_common_ancestor_are_said(forked: Repo) -> None:
    forked.git("checkout", "-q", "--orphan", "alone")
    forked.commit()

    with pytest.raises(UsageError, match=r"no common ancestor; write 'main\.\.alone'"):
        read(forked, between("main...alone"))


def test_of_several_ancestors_gits_choice_is_taken_and_said(forked: Repo) -> None:
    forked.git("checkout", "-q", "-b", "one", "main")
    forked.git("merge", "-q", "-s", "ours", "-m", "x", "other")
    forked.git("checkout", "-q", "-b", "two", "other")
    forked.git("merge", "-q", "-s", "ours", "-m", "x", "main")
    forked.stage("c.py", "c\n").commit()

    found = read(forked, between("one...two"))

    assert found.base_commit == forked.text("merge-base", "one", "two")
    assert "2 common ancestors" in found.notes[0]


def test_a_shallow_clone_without_the_ancestor_is_told_how_to_get_it(forked: Repo, tmp_path: Path) -> None:
    forked.git("clone", "--quiet", "--depth=1", "--no-single-branch", f"file://{forked.root}", str(tmp_path / "clone"))
    clone = Repo(tmp_path / "clone", forked.environ)

    with pytest.raises(MissingObjects, match=r"shallow clone; .*`git fetch --deepen=100`.*`git fetch --unshallow`"):
        read(clone, between("origin/main...origin/other"))
    with pytest.raises(MissingObjects, match=r"shallow clone: .*`git fetch --unshallow`"):
        read(clone, one_commit("HEAD"))
    with pytest.raises(UsageError, match=r"no commit 'HEAD~5' in this shallow clone; `git fetch --unshallow`"):
        read(clone, one_commit("HEAD~5"))


def test_all_files_are_everything_that_head_holds(repo: Repo) -> None:
    repo.stage("a.py", "one\n").stage("b", b"\0").commit().stage("c.py", "staged\n")

    found = read(repo, readers.all_files)

    assert set(files(found)) == {"a.py", "b"}
    assert (found.change.parents, found.change.whole, found.change.landing) == ((), True, found.change.files)
    assert (files(found)["a.py"].added, list(files(found)["a.py"].hunks)) == (1, [])
    assert (found.base_commit, found.target_commit) == (None, oid(repo))


def test_all_files_before_the_first_commit_are_said_not_to_be(repo: Repo) -> None:
    with pytest.raises(UsageError, match="nothing was committed yet"):
        read(repo, readers.all_files)


@pytest.mark.parametrize(
    "kind", [("index", "4"), ("split",), ("sparse",), ("skip-worktree",), ("locked",), ("sha256",), ("replaced",)]
)
def test_staged_is_right_whatever_the_kind_of_index(tmp_path: Path, kind: tuple[str, ...]) -> None:
    object_format = "sha256" if kind[0] == "sha256" else "sha1"
    repo = Repo.make(tmp_path / "repo", tmp_path / "home", object_format=object_format)
    for folder in ("in", "out"):
        repo.stage(f"{folder}/a.py", "one\n")
    repo.commit()
    if kind[0] == "index":
        repo.git("update-index", "--index-version", kind[1])
    elif kind[0] == "split":
        repo.git("update-index", "--split-index")
    elif kind[0] == "sparse":
        repo.git("sparse-checkout", "init", "--cone", "--sparse-index")
        repo.git("sparse-checkout", "set", "in")
    elif kind[0] == "skip-worktree":
        repo.git("update-index", "--skip-worktree", "out/a.py")
        repo.path("out/a.py").unlink()
    repo.stage("in/a.py", "two\n")
    if kind[0] == "locked":
        repo.path(".git/index.lock").write_bytes(b"")
    elif kind[0] == "replaced":
        repo.git("replace", oid(repo, "HEAD:in/a.py"), repo.text("hash-object", "-w", str(repo.path("in/a.py"))))

    found = read(repo, readers.staged)

    assert {path: added(file) for path, file in files(found).items()} == {"in/a.py": ["two"]}


@permissions_bind
def test_a_repository_that_cannot_be_written_is_read(repo: Repo) -> None:
    repo.stage("a.py", "one\n").commit().stage("a.py", "two\n")
    folders = [Path(folder) for folder, _, _ in os.walk(repo.root)]
    for folder in folders:
        folder.chmod(0o555)

    try:
        assert added(files(read(repo, readers.staged))["a.py"]) == ["two"]
    finally:
        for folder in folders:
            folder.chmod(0o755)


def test_an_index_elsewhere_is_the_one_that_is_read(repo: Repo, tmp_path: Path) -> None:
    repo.stage("a.py", "one\n").commit().stage("a.py", "two\n")
    aside = under(repo, GIT_INDEX_FILE=str(tmp_path / "aside"))
    aside.git("read-tree", "HEAD")
    aside.stage("b.py", "three\n")

    assert list(files(read(aside, readers.staged))) == ["b.py"]
    assert list(files(read(repo, readers.staged))) == ["a.py"]


def test_reading_many_times_leaves_the_state_alone(forked: Repo) -> None:
    forked.git("merge", "other", code=1)
    forked.stage("both", "1\nmine\n3\n")
    before = state(forked)

    for reader in (readers.staged, one_commit("other"), between("main...other"), readers.all_files):
        read(forked, reader)

    assert state(forked) == before
