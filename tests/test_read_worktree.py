"""The working tree is read as it lies there, without a change to it, to the index or to the objects."""

import os
import stat
from hashlib import sha1
from pathlib import Path

import pytest

from everycommit.change import Candidate
from everycommit.repo import read as readers
from everycommit.repo import worktree
from everycommit.repo.quarantine import Quarantine
from everycommit.repo.repository import Repository
from reading import added, files, oid, opened, permissions_bind, read, removed
from support import Repo, state


def test_staged_unstaged_and_untracked_are_in_and_ignored_is_not(repo: Repo) -> None:
    repo.stage("a.py", "one\n").stage("b.py", "one\n").stage(".gitignore", "*.log\n").commit()
    repo.stage("a.py", "staged\n").write("a.py", "later\n").write("b.py", "two\n")
    repo.write("new/c.py", "three\n").write("x.log", "noise\n")

    found = read(repo, readers.working_tree)

    assert {path: added(file) for path, file in files(found).items()} == {
        "a.py": ["later"],
        "b.py": ["two"],
        "new/c.py": ["three"],
    }
    assert (found.base_commit, found.target_commit, found.notes) == (oid(repo), None, ())
    assert (found.change.base, found.change.parents) == (repo.tree(), (repo.tree(),))


def test_the_target_is_the_tree_that_add_all_would_make(repo: Repo) -> None:
    repo.stage("a.py", "one\n").stage("gone", "x\n").stage("d/e", "x\n").commit()
    repo.write("a.py", "two\n").write("new file", "x\n")
    repo.path("gone").unlink()
    repo.path("link").symlink_to("a.py")
    repo.write("run", "x\n").path("run").chmod(0o755)

    target = read(repo, readers.working_tree).change.target

    repo.git("add", "--all")
    assert target == repo.text("write-tree")


def test_nothing_changed_is_an_empty_change(repo: Repo) -> None:
    repo.stage("a.py", "one\n").commit()

    assert read(repo, readers.working_tree).change.empty


def test_a_touched_file_is_not_changed(repo: Repo) -> None:
    repo.stage("a.py", "one\n").commit()
    os.utime(repo.path("a.py"), (1, 1))

    assert read(repo, readers.working_tree).change.empty


def test_an_edit_in_the_same_moment_and_of_the_same_size_is_seen(repo: Repo) -> None:
    """Index and file have one time, so git looks into the file; where the index is newer, it trusts size and times."""
    repo.stage("a.py", "old\n").commit().stage("a.py", "new\n")
    old, new = oid(repo, "HEAD:a.py"), repo.text("hash-object", "a.py")
    index = repo.path(".git/index")
    content = index.read_bytes()[:-20].replace(bytes.fromhex(new), bytes.fromhex(old))
    index.write_bytes(content + sha1(content, usedforsecurity=False).digest())
    times = repo.path("a.py").stat().st_mtime_ns

    os.utime(index, ns=(times, times))
    assert added(files(read(repo, readers.working_tree))["a.py"]) == ["new"]

    os.utime(index, ns=(times + 10**10, times + 10**10))
    assert read(repo, readers.working_tree).change.empty


def test_before_the_first_commit_everything_is_new(repo: Repo) -> None:
    assert read(repo, readers.working_tree).change.empty

    repo.write("a.py", "one\n")
    found = read(repo, readers.working_tree)

    assert (list(files(found)), found.change.whole, found.base_commit) == (["a.py"], True, None)


def test_deleted_files_are_deleted(repo: Repo) -> None:
    repo.stage("a.py", "one\n").stage("d/b.py", "two\n").commit()
    repo.path("a.py").unlink()
    repo.path("d/b.py").unlink()
    repo.path("d").rmdir()

    assert all(file.deleted for file in read(repo, readers.working_tree).change.files)
    assert len(read(repo, readers.working_tree).change.files) == 2


def test_a_folder_in_a_files_place_and_a_file_in_a_folders(repo: Repo) -> None:
    repo.stage("a", "file\n").stage("b/c", "in folder\n").commit()
    repo.path("a").unlink()
    repo.path("b/c").unlink()
    repo.path("b").rmdir()
    repo.write("a/x", "new\n").write("b", "now a file\n")

    found = files(read(repo, readers.working_tree))

    assert {path: file.status for path, file in found.items()} == {"a": "D", "a/x": "A", "b": "A", "b/c": "D"}


def test_a_link_in_a_folders_place_is_not_followed(repo: Repo, tmp_path: Path) -> None:
    repo.stage("d/a.py", "one\n").commit()
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/a.py").write_text("secret\n")
    repo.path("d/a.py").unlink()
    repo.path("d").rmdir()
    repo.path("d").symlink_to(tmp_path / "outside")

    found = files(read(repo, readers.working_tree))

    assert found["d/a.py"].deleted
    assert added(found["d"]) == [str(tmp_path / "outside")]


def test_links_are_read_as_links(repo: Repo) -> None:
    repo.path("l").symlink_to("nowhere")
    repo.git("add", "l")
    repo.commit()
    repo.path("l").unlink()
    repo.path("l").symlink_to("elsewhere\nnow")
    repo.path("loop").symlink_to("loop")

    found = files(read(repo, readers.working_tree))

    assert (found["l"].mode, added(found["l"])) == ("120000", ["elsewhere", "now"])
    assert added(found["loop"]) == ["loop"]


def test_the_executable_bit_is_read(repo: Repo) -> None:
    repo.stage("run", "x\n").commit()
    repo.path("run").chmod(0o755)

    found = files(read(repo, readers.working_tree))["run"]

    assert (found.old_mode, found.mode) == ("100644", "100755")


def test_where_file_modes_mean_nothing_the_indexs_mode_stays(repo: Repo) -> None:
    repo.stage("run", "x\n").stage("plain", "x\n")
    repo.git("update-index", "--chmod=+x", "run")
    repo.commit().git("config", "core.fileMode", "false")
    repo.path("plain").chmod(0o755)
    repo.write("run", "y\n").write("new", "z\n").path("new").chmod(0o755)

    found = files(read(repo, readers.working_tree))

    assert {path: file.mode for path, file in found.items()} == {"run": "100755", "new": "100644"}


def test_where_there_are_no_links_a_file_stands_for_one(repo: Repo) -> None:
    repo.path("l").symlink_to("old")
    repo.git("add", "l")
    repo.commit().git("config", "core.symlinks", "false")
    repo.path("l").unlink()
    repo.write("l", "new")

    found = files(read(repo, readers.working_tree))["l"]

    assert (found.mode, added(found)) == ("120000", ["new"])


def test_odd_names_are_read(repo: Repo) -> None:
    names = [b"new\nline", b"-dash", b"latin\xe9", b":0:a.py", b"*.py", b'quo"te', b"sp ace", b"a\tb", b"\\"]
    for name in names:
        repo.write(name, name)

    found = read(repo, readers.working_tree)

    assert {os.fsencode(path) for path in files(found)} == set(names)


def test_filters_and_attributes_of_the_working_tree_are_not_run(repo: Repo, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    repo.stage("a.py", "one\n").stage("b.py", b"crlf\r\n").commit()
    repo.git("config", "filter.evil.clean", f"touch {mark}; cat")
    repo.git("config", "core.fsmonitor", f"touch {mark}")
    repo.write(".gitattributes", "*.py filter=evil\n").write("a.py", "two\n").write("c.py", b"x\r\n")

    found = read(repo, readers.working_tree)

    assert (added(files(found)["a.py"]), added(files(found)["c.py"])) == (["two"], ["x\r"])
    assert not mark.exists()


def test_embedded_repositories_are_named_and_not_entered(repo: Repo, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    inner = Repo.make(repo.root / "inner", tmp_path / "home").stage("x", "x\n").commit()
    inner.git("config", "core.fsmonitor", f"touch {mark}")
    repo.write("a.py", "one\n")

    found = read(repo, readers.working_tree)

    assert list(files(found)) == ["a.py"]
    assert found.notes == ("'inner/' is not judged: it is a repository inside this one",)
    assert not mark.exists()


def test_a_submodule_keeps_the_indexs_commit(repo: Repo, tmp_path: Path) -> None:
    inner = Repo.make(tmp_path / "inner", tmp_path / "home").stage("x", "x\n").commit()
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.root), "sub")
    repo.commit()
    Repo(repo.root / "sub", repo.environ).stage("x", "y\n").commit().write("untracked", "x\n")

    assert read(repo, readers.working_tree).change.empty


def test_a_file_that_became_a_repository_keeps_its_content_and_is_named(repo: Repo, tmp_path: Path) -> None:
    repo.stage("sub", "a file\n").commit()
    repo.path("sub").unlink()
    Repo.make(repo.root / "sub", tmp_path / "home").stage("x", "x\n").commit()

    found = read(repo, readers.working_tree)

    assert found.change.empty
    assert found.notes == ("'sub' is not judged: it is neither a file nor a link",)


def test_files_over_the_cap_are_named_and_not_read(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worktree, "LARGEST", 10)
    repo.stage("tracked", "old\n").commit()
    repo.write("tracked", "x" * 11).write("new", "x" * 11).write("fits", "x" * 10)

    found = read(repo, readers.working_tree)

    assert list(files(found)) == ["fits"]
    assert sorted(found.notes) == [
        "'new' is not judged: it is larger than 50 MB",
        "'tracked' is not judged: it is larger than 50 MB",
    ]


def test_pipes_and_sockets_are_named_and_not_waited_for(repo: Repo) -> None:
    repo.stage("a", "x\n").commit()
    repo.path("a").unlink()
    os.mkfifo(repo.path("a"))

    found = read_without_state(repo)

    assert found.change.empty
    assert found.notes == ("'a' is not judged: it is neither a file nor a link",)


def read_without_state(repo: Repo) -> Candidate:
    """Read where the guard of the state would wait for a pipe."""
    with opened(repo) as place:
        return readers.working_tree(*place)


@permissions_bind
def test_a_file_that_cannot_be_read_is_named(repo: Repo) -> None:
    repo.write("a.py", "one\n").path("a.py").chmod(0)

    assert "cannot be read (Permission denied)" in read_without_state(repo).notes[0]


def test_a_file_that_vanishes_meanwhile_is_gone_and_one_that_becomes_a_link_is_named(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.stage("a", "x\n").stage("b", "x\n").stage("c", "x\n").commit()
    repo.write("a", "new\n").write("b", "new\n").write("c", "new\n").write("d", "new\n")
    content = worktree._content

    def meanwhile(path: Path) -> bytes:
        if path.name in {"a", "b", "d"}:
            path.unlink()
        if path.name == "b":
            path.symlink_to("c")
        return content(path)

    monkeypatch.setattr(worktree, "_content", meanwhile)
    found = read_without_state(repo)

    assert {path: file.status for path, file in files(found).items()} == {"a": "D", "c": "M"}
    assert found.notes == ("'b' is not judged: it cannot be read (Too many levels of symbolic links)",)


def test_unmerged_files_are_read_as_they_lie_there(repo: Repo) -> None:
    repo.stage("a", "base\n").stage("gone", "base\n").commit().git("checkout", "-q", "-b", "other")
    repo.stage("a", "other\n").stage("gone", "other\n").commit().git("checkout", "-q", "main")
    repo.stage("a", "main\n").git("rm", "-q", "gone")
    repo.commit().git("merge", "other", code=1)
    repo.path("gone").unlink()

    found = files(read(repo, readers.working_tree))

    assert "=======" in added(found["a"])
    assert "gone" not in found


def test_intent_to_add_is_read_from_the_file(repo: Repo) -> None:
    repo.stage("a", "x\n").commit()
    repo.write("b", "new\n").git("add", "-N", "b")

    assert added(files(read(repo, readers.working_tree))["b"]) == ["new"]


def test_skip_worktree_files_stay_as_the_index_has_them(repo: Repo) -> None:
    repo.stage("a", "x\n").stage("b", "x\n").commit()
    repo.git("update-index", "--skip-worktree", "a")
    repo.path("a").unlink()

    assert read(repo, readers.working_tree).change.empty


@pytest.mark.parametrize("kind", ["split", "sparse", "version4", "sha256", "linked"])
def test_kinds_of_indexes(tmp_path: Path, kind: str) -> None:
    repo = Repo.make(tmp_path / "repo", tmp_path / "home", object_format="sha256" if kind == "sha256" else "sha1")
    repo.stage("in/a", "one\n").stage("out/b", "one\n").stage("out/deep/c", "one\n").commit()
    if kind == "split":
        repo.git("update-index", "--split-index")
    elif kind == "sparse":
        repo.git("sparse-checkout", "init", "--cone", "--sparse-index")
        repo.git("sparse-checkout", "set", "in")
    elif kind == "version4":
        repo.git("update-index", "--index-version", "4")
    elif kind == "linked":
        repo.git("worktree", "add", "--quiet", str(tmp_path / "linked"))
        repo = Repo(tmp_path / "linked", repo.environ)
    repo.write("in/a", "two\n").write("in/new", "new\n")

    found = read(repo, readers.working_tree)

    assert {path: added(file) for path, file in files(found).items()} == {"in/a": ["two"], "in/new": ["new"]}


def test_a_conflicting_state_of_index_and_files_is_the_files(repo: Repo) -> None:
    repo.stage("a", "x\n").commit()
    repo.git("rm", "-q", "--cached", "a")
    repo.write("a", "back\n")

    found = files(read(repo, readers.working_tree))

    assert (found["a"].status, added(found["a"]), removed(found["a"])) == ("M", ["back"], ["x"])


def test_what_the_user_ignores_everywhere_is_ignored_here(repo: Repo, tmp_path: Path) -> None:
    (tmp_path / "ignore").write_text(".idea\n")
    repo.git("config", "core.excludesFile", str(tmp_path / "ignore"))
    repo.write(".git/info/exclude", "*.tmp\n").write(".idea/x", "x\n").write("a.tmp", "x\n").write("a", "x\n")

    assert list(files(read(repo, readers.working_tree))) == ["a"]


def test_objects_that_are_written_are_git_objects(repo: Repo) -> None:
    repo.write("a", "content\n").write("empty", "")

    def reader(repository: Repository, quarantine: Quarantine) -> tuple[bytes, bytes]:
        found = files(readers.working_tree(repository, quarantine))
        assert quarantine.git.run("fsck", "--strict", found["a"].id).code == 0
        return quarantine.read(found["a"].id), quarantine.read(found["empty"].id)

    assert read(repo, reader) == (b"content\n", b"")


def test_the_working_tree_keeps_its_state(repo: Repo) -> None:
    repo.stage("a", "x\n").commit().stage("a", "y\n").write("a", "z\n").write("b", "b\n")
    os.utime(repo.path("a"), (1, 1))
    before, modes = state(repo), stat.S_IMODE(repo.path("a").stat().st_mode)

    read(repo, readers.working_tree)

    assert (state(repo), stat.S_IMODE(repo.path("a").stat().st_mode)) == (before, modes)
