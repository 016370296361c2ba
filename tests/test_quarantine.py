"""Nothing bends a diff in the quarantine, and it agrees with a comparison that does not use git's patch."""

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from everycommit.change import ABSENT, FileChange, Hunk
from everycommit.deadline import Deadline
from everycommit.errors import MissingObjects, RepositoryError, SnapshotError, TimeRanOut
from everycommit.repo import patch, quarantine
from everycommit.repo.quarantine import Quarantine
from everycommit.repo.repository import Repository, discover
from reading import added, diff, oid, opened, read, removed, under
from support import Repo, state

EXECUTABLE = 0o755


def index_tree(repository: Repository, quarantine: Quarantine) -> str:
    return quarantine.index_tree(repository.index)


@pytest.fixture
def edited(repo: Repo) -> Repo:
    """One commit, then ``a.py`` edited in a second."""
    return repo.stage("a.py", "one\ntwo\n").commit().stage("a.py", "one\n2\n").commit()


def changed(repo: Repo) -> FileChange:
    return diff(repo, "HEAD^", "HEAD")["a.py"]


def test_lines_and_counts_of_an_edit(edited: Repo) -> None:
    file = changed(edited)

    assert (file.status, file.added, file.removed, added(file), removed(file)) == ("M", 1, 1, ["2"], ["two"])


def test_equal_trees_have_no_files(edited: Repo) -> None:
    assert diff(edited, "HEAD", "HEAD") == {}


@pytest.mark.parametrize("attributes", ["*.py -diff\n", "*.py binary\n", "*.py diff=evil\n", "*.py -text diff=hex\n"])
def test_attributes_in_the_tree_hide_nothing(edited: Repo, attributes: str) -> None:
    edited.git("config", "diff.evil.textconv", "true")
    edited.git("config", "diff.evil.binary", "true")
    edited.git("config", "diff.hex.command", "true")
    edited.stage(".gitattributes", attributes).stage("a.py", "one\nthree\n").commit()

    assert added(changed(edited)) == ["three"]


def test_attributes_of_the_user_and_of_the_git_folder_hide_nothing(edited: Repo, tmp_path: Path) -> None:
    edited.write(".git/info/attributes", "*.py -diff\n")
    (tmp_path / "attributes").write_text("*.py binary\n")
    edited.git("config", "core.attributesFile", str(tmp_path / "attributes"))
    (tmp_path / "home/config/git").mkdir(parents=True)
    (tmp_path / "home/config/git/attributes").write_text("*.py binary\n")

    assert added(changed(edited)) == ["2"]


@pytest.mark.parametrize(
    "settings_of_user",
    [
        ("diff.noprefix", "true"),
        ("diff.mnemonicPrefix", "true"),
        ("diff.external", "/bin/false"),
        ("color.ui", "always"),
        ("color.diff", "always"),
        ("core.abbrev", "4"),
        ("core.quotePath", "false"),
        ("diff.context", "0"),
        ("diff.interHunkContext", "9"),
        ("diff.renames", "copies"),
        ("diff.algorithm", "patience"),
        ("diff.suppressBlankEmpty", "true"),
        ("diff.orderFile", "/dev/null"),
        ("diff.ignoreSubmodules", "all"),
        ("core.bigFileThreshold", "1"),
        ("diff.wsErrorHighlight", "all"),
        ("diff.colorMoved", "zebra"),
        ("core.whitespace", "cr-at-eol"),
    ],
)
def test_settings_of_the_user_change_nothing(edited: Repo, settings_of_user: tuple[str, str]) -> None:
    before = diff(edited, "HEAD^", "HEAD")
    hunks = list(before["a.py"].hunks)
    edited.git("config", *settings_of_user)
    edited.environ["GIT_CONFIG_PARAMETERS"] = f"'{settings_of_user[0]}={settings_of_user[1]}'"

    after = diff(edited, "HEAD^", "HEAD")

    assert after == before
    assert list(after["a.py"].hunks) == hunks


@pytest.mark.parametrize("name", ["GIT_DIFF_OPTS", "GIT_EXTERNAL_DIFF", "GIT_LITERAL_PATHSPECS", "GIT_TRACE"])
def test_variables_change_nothing(edited: Repo, name: str) -> None:
    edited.environ[name] = {"GIT_DIFF_OPTS": "-u0", "GIT_EXTERNAL_DIFF": "/bin/false"}.get(name, "1")

    (hunk,) = changed(edited).hunks

    assert [line.kind for line in hunk.lines] == [" ", "-", "+"]


def test_replace_refs_are_not_followed(edited: Repo) -> None:
    edited.git("replace", oid(edited, "HEAD:a.py"), oid(edited, "HEAD^:a.py"))
    edited.git("replace", oid(edited), oid(edited, "HEAD^"))

    with opened(edited) as (repository, _):
        assert repository.head_tree == edited.text("--no-replace-objects", "rev-parse", "HEAD^{tree}")
        assert repository.head_tree is not None
    base, target = (edited.text("--no-replace-objects", "rev-parse", f"{rev}^{{tree}}") for rev in ("HEAD^", "HEAD"))

    def reader(_: Repository, quarantine: Quarantine) -> list[str]:
        return added(quarantine.diff(base, target)[0])

    assert read(edited, reader) == ["2"]


ODD_NAMES = [
    b"with space",
    b'quo"te',
    b"new\nline",
    b"-dash",
    b"--option",
    b"latin\xe9",
    b"bad\xff\xfe",
    b":0:a.py",
    b":(top)x",
    b"*.py",
    b"back\\slash",
    b"tab\there",
    b"a b/b c",
    b"a/b/a",
    b"{old => new}",
    b" lead",
    b"trail ",
    b"\xe2\x80\xa8sep",
    b"#hash",
    b"'single'",
]


def test_odd_names_come_through_and_back(repo: Repo) -> None:
    for name in ODD_NAMES:
        repo.stage(name, b"one\n")
    repo.commit()
    for name in ODD_NAMES:
        repo.stage(name, b"one\ntwo of " + name.replace(b"\n", b"") + b"\n")

    def reader(repository: Repository, quarantine: Quarantine) -> dict[bytes, list[str]]:
        target = quarantine.index_tree(repository.index)
        files = quarantine.diff(repository.base_tree, target)
        entries = quarantine.entries(target, [file.path for file in files])
        assert {path: entry[1] for path, entry in entries.items()} == {file.path: file.id for file in files}
        return {os.fsencode(file.path): added(file) for file in files}

    found = read(repo, reader)

    assert set(found) == set(ODD_NAMES)
    assert all(len(lines) == 1 for lines in found.values())
    assert found[b"bad\xff\xfe"][0].encode("utf-8", "surrogateescape") == b"two of bad\xff\xfe"


def test_a_rename_with_an_edit_is_one_file(repo: Repo) -> None:
    text = "".join(f"line {number}\n" for number in range(20))
    repo.stage("old dir/a", text).commit()
    repo.git("mv", "old dir/a", "b\nc")
    repo.stage("b\nc", text + "more\n").commit()

    files = diff(repo, "HEAD^", "HEAD")

    assert set(files) == {"b\nc"}
    file = files["b\nc"]
    assert (file.status, file.source, file.old_path, added(file)) == ("R", "old dir/a", "old dir/a", ["more"])


def test_empty_files_are_never_called_renamed(repo: Repo) -> None:
    repo.stage("a/__init__.py", "").commit()
    repo.git("rm", "-q", "a/__init__.py")
    repo.stage("b/__init__.py", "").commit()

    statuses = {path: file.status for path, file in diff(repo, "HEAD^", "HEAD").items()}

    assert statuses == {"a/__init__.py": "D", "b/__init__.py": "A"}


def test_a_mode_change_has_no_lines(repo: Repo) -> None:
    repo.stage("run", "x\n").commit()
    repo.path("run").chmod(EXECUTABLE)
    repo.git("add", "run")
    repo.commit()

    file = diff(repo, "HEAD^", "HEAD")["run"]

    assert (file.old_mode, file.mode, file.old_id == file.id, list(file.hunks)) == ("100644", "100755", True, [])
    assert file.unread is None


def test_a_file_that_becomes_a_link_has_both_halves(repo: Repo) -> None:
    repo.stage("x", "one\ntwo\n").commit()
    repo.path("x").unlink()
    repo.path("x").symlink_to("one")
    repo.git("add", "x")
    repo.commit()

    file = diff(repo, "HEAD^", "HEAD")["x"]

    assert (file.status, file.was_file, file.is_file, file.mode) == ("T", True, False, "120000")
    assert (removed(file), added(file), file.removed, file.added) == (["one", "two"], ["one"], 2, 1)


def test_a_link_that_changes_its_target_is_a_line(repo: Repo) -> None:
    repo.path("l").symlink_to("old")
    repo.git("add", "l")
    repo.commit()
    repo.path("l").unlink()
    repo.path("l").symlink_to("new")
    repo.git("add", "l")
    repo.commit()

    file = diff(repo, "HEAD^", "HEAD")["l"]

    assert (file.status, removed(file), added(file)) == ("M", ["old"], ["new"])


def test_a_gitlink_is_listed_with_its_commits(repo: Repo) -> None:
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},sub")
    repo.commit()
    repo.git("update-index", "--cacheinfo", f"160000,{'2' * 40},sub")
    repo.commit()

    file = diff(repo, "HEAD^", "HEAD")["sub"]

    assert (file.mode, file.old_id, file.id, file.is_file) == ("160000", "1" * 40, "2" * 40, False)


def test_a_file_in_the_place_of_a_gitlink(repo: Repo) -> None:
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},sub")
    repo.commit()
    repo.git("update-index", "--force-remove", "sub")
    repo.stage("sub", b"bin\0ary\n").commit()

    file = diff(repo, "HEAD^", "HEAD")["sub"]

    assert (file.status, file.old_mode, file.mode) == ("T", "160000", "100644")


def test_crlf_and_lone_cr_stay_in_the_line(repo: Repo) -> None:
    repo.stage("a", b"one\r\ntwo\r\n").commit()
    repo.stage("a", b"one\r\ntw\ro\r\n").commit()

    file = diff(repo, "HEAD^", "HEAD")["a"]

    assert (removed(file), added(file)) == (["two\r"], ["tw\ro\r"])


def test_no_newline_at_the_end_is_read(repo: Repo) -> None:
    repo.stage("a", b"one\ntwo").commit()
    repo.stage("a", b"one\ntwo\n").commit()

    file = diff(repo, "HEAD^", "HEAD")["a"]

    assert (removed(file), added(file), file.unread) == (["two"], ["two"], None)


def test_binary_files_have_no_lines_and_are_not_unread(repo: Repo) -> None:
    repo.stage("a", b"\0one\n").commit()
    repo.stage("a", b"\0two\n").commit()

    file = diff(repo, "HEAD^", "HEAD")["a"]

    assert (file.binary, file.unread, list(file.hunks)) == (True, None, [])


def test_a_line_of_60_mb_is_not_read_and_that_is_said(repo: Repo) -> None:
    repo.stage("a", b"x\n").commit()
    repo.stage("a", b"x" * 60_000_000 + b"\n").stage("b", b"\0" + b"x" * 2_000_000).commit()

    files = diff(repo, "HEAD^", "HEAD")

    assert (files["a"].binary, files["a"].unread) == (True, "larger than 1 MiB")
    assert (files["b"].binary, files["b"].unread) == (True, None)


def test_a_big_file_that_goes_is_said_too(repo: Repo) -> None:
    repo.stage("a", b"x\n" * 1_000_000).commit()
    repo.git("rm", "-q", "a")
    repo.commit()

    assert diff(repo, "HEAD^", "HEAD")["a"].unread == "larger than 1 MiB"


def test_of_many_big_files_all_are_said_though_few_are_looked_at(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine, "_BIG_FILES_LOOKED_AT", 2)
    for number in range(4):
        repo.stage(f"f{number}", b"\0" + b"x" * 1_100_000 + bytes([number]))
    repo.commit()

    def reader(repository: Repository, quarantine: Quarantine) -> list[str | None]:
        return [file.unread for file in quarantine.diff(repository.empty_tree, repository.base_tree)]

    assert read(repo, reader) == [None, None, "larger than 1 MiB", "larger than 1 MiB"]


def test_past_the_limit_counts_stay_and_hunks_are_said_to_be_missing(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quarantine, "READ_AT_MOST", 20_000)
    repo.commit()
    for number in range(50):
        repo.stage(f"f{number:02}", "".join(f"{number} {line}\n" for line in range(100)))
    repo.commit()

    files = list(diff(repo, "HEAD^", "HEAD").values())

    assert [file.added for file in files] == [100] * 50
    whole = [file for file in files if file.unread is None]
    assert 0 < len(whole) < 50
    assert files[: len(whole)] == whole
    assert all(len(file.added_lines()) == 100 for file in whole)
    assert {file.unread for file in files[len(whole) :]} == {patch.TOO_LARGE}


def test_where_the_list_alone_passes_the_limit_counts_stay(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine, "READ_AT_MOST", 1000)
    repo.commit()
    for number in range(50):
        repo.stage(f"f{number:02}", f"{number}\n")
    repo.commit()

    files = diff(repo, "HEAD^", "HEAD")

    assert {(file.added, file.unread) for file in files.values()} == {(1, patch.TOO_LARGE)}
    assert len(files) == 50


def test_without_a_patch_there_are_counts(edited: Repo) -> None:
    file = diff(edited, "HEAD^", "HEAD", patch=False)["a.py"]

    assert (file.added, file.removed, file.unread, list(file.hunks)) == (1, 1, patch.NOT_ASKED, [])


def test_a_deadline_that_passed_ends_the_diff(edited: Repo) -> None:
    with opened(edited) as (repository, opened_quarantine), pytest.raises(TimeRanOut):
        opened_quarantine.diff(repository.empty_tree, repository.base_tree, deadline=Deadline.after(-1))


def test_a_tree_that_is_not_here_is_said(edited: Repo) -> None:
    with opened(edited) as (repository, opened_quarantine):
        with pytest.raises(RepositoryError, match="damaged: `git fsck`"):
            opened_quarantine.tree_of("1" * 40)
        with pytest.raises(RepositoryError, match="damaged: `git fsck`"):
            opened_quarantine.read("1" * 40)
        with pytest.raises(RepositoryError, match="damaged: `git fsck`"):
            opened_quarantine.commit("1" * 40)
        with pytest.raises(RepositoryError, match="damaged: `git fsck`"):
            opened_quarantine.entries("1" * 40, ["a"])
        with pytest.raises(RepositoryError, match="damaged: `git fsck`"):
            opened_quarantine.diff("1" * 40, repository.base_tree)


def test_sizes_leave_out_what_is_not_here(edited: Repo) -> None:
    blob = oid(edited, "HEAD:a.py")

    def reader(_: Repository, quarantine: Quarantine) -> tuple[dict[str, int], dict[str, int], bytes]:
        return quarantine.sizes([blob, "1" * 40]), quarantine.sizes([]), quarantine.read(blob)

    assert read(edited, reader) == ({blob: 6}, {}, b"one\n2\n")


def test_entries_name_what_stands_in_the_tree(repo: Repo) -> None:
    repo.stage("a/b/c", "c\n").stage("a/run", "x\n").stage("z", "z\n")
    repo.git("update-index", "--chmod=+x", "a/run")
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},sub")
    repo.commit()

    def reader(repository: Repository, quarantine: Quarantine) -> dict[str, tuple[str, str]]:
        assert quarantine.entries(repository.empty_tree, ["a"]) == {}
        paths = ["a/b/c", "a/run", "z", "sub", "a", "no", "a/no", "z/under", "sub/under"]
        return quarantine.entries(repository.base_tree, paths)

    found = read(repo, reader)

    assert {path: mode for path, (mode, _) in found.items()} == {
        "a/b/c": "100644",
        "a/run": "100755",
        "z": "100644",
        "sub": "160000",
        "a": "040000",
    }
    assert found["a/b/c"][1] == oid(repo, "HEAD:a/b/c")


def test_an_overlay_lays_drops_and_replaces(repo: Repo) -> None:
    repo.stage("a", "a\n").stage("gone", "g\n").stage("folder/x", "x\n").stage("file", "f\n").commit()
    blob = oid(repo, "HEAD:a")

    def reader(repository: Repository, quarantine: Quarantine) -> list[str]:
        entries = {
            "gone": None,
            "new/deep\nname": ("100755", blob),
            "folder": ("100644", blob),
            "file/below": ("100644", blob),
        }
        tree = quarantine.overlay(repository.base_tree, entries)
        assert quarantine.overlay(tree, {}) == tree
        assert not list(quarantine.folder.glob("overlay*"))
        return quarantine.git.text("ls-tree", "-r", "-z", "--name-only", tree).split("\0")[:-1]

    assert read(repo, reader) == ["a", "file/below", "folder", "new/deep\nname"]


@pytest.mark.parametrize("arguments", [("--index-version", "4"), ("--split-index",), ("--untracked-cache",)])
def test_kinds_of_indexes_are_read(repo: Repo, arguments: Sequence[str]) -> None:
    for number in range(50):
        repo.stage(f"dir{number % 5}/f{number}", f"{number}\n")
    repo.commit()
    repo.git("update-index", *arguments)
    repo.stage("dir1/f1", "new\n").stage("added", "x\n")
    shared = {path: path.stat().st_mtime_ns for path in repo.path(".git").glob("sharedindex.*")}

    tree = read(repo, index_tree)

    assert {path: path.stat().st_mtime_ns for path in repo.path(".git").glob("sharedindex.*")} == shared
    assert tree == repo.text("write-tree")


def test_a_split_index_of_a_linked_worktree_is_read(repo: Repo, tmp_path: Path) -> None:
    repo.stage("a", "a\n").commit()
    repo.git("worktree", "add", "--quiet", str(tmp_path / "linked"))
    linked = Repo(tmp_path / "linked", repo.environ)
    linked.git("update-index", "--split-index")
    linked.stage("b", "b\n")

    assert read(linked, index_tree) == linked.text("write-tree")


def test_half_of_a_split_index_that_expired_meanwhile_is_no_error(repo: Repo) -> None:
    repo.stage("link", "a\n").git("update-index", "--split-index")
    repo.stage("b", "b\n").path(".git/sharedindex.gone").symlink_to("nowhere")

    assert read(repo, index_tree) == repo.text("write-tree")


def test_a_sparse_index_is_read(repo: Repo) -> None:
    for folder in ("in", "out", "out/deep"):
        repo.stage(f"{folder}/f", f"{folder}\n")
    repo.commit()
    repo.git("sparse-checkout", "init", "--cone", "--sparse-index")
    repo.git("sparse-checkout", "set", "in")
    repo.stage("in/f", "new\n")
    assert not repo.path("out").exists()

    tree = read(repo, index_tree)

    assert tree == repo.text("write-tree")
    assert set(diff(repo, "HEAD", tree)) == {"in/f"}


def test_skip_worktree_files_are_in_the_tree(repo: Repo) -> None:
    repo.stage("a", "a\n").stage("b", "b\n").commit()
    repo.git("update-index", "--skip-worktree", "a")
    repo.path("a").unlink()

    assert read(repo, index_tree) == repo.tree()


def test_an_intent_to_add_is_not_in_the_tree(repo: Repo) -> None:
    repo.stage("a", "a\n").commit()
    repo.write("b", "b\n").git("add", "--intent-to-add", "b")

    assert read(repo, index_tree) == repo.tree()


def test_no_index_is_the_empty_tree(repo: Repo) -> None:
    assert read(repo, lambda repository, quarantine: quarantine.index_tree(repository.index) == repository.empty_tree)


def test_an_index_that_somebody_locked_is_read(edited: Repo) -> None:
    edited.path(".git/index.lock").write_bytes(b"")

    assert read(edited, index_tree) == edited.tree()


def test_unmerged_paths_are_named(repo: Repo) -> None:
    for number in range(7):
        repo.stage(f"f{number}", "base\n")
    repo.commit()
    repo.git("checkout", "-q", "-b", "other")
    for number in range(7):
        repo.stage(f"f{number}", "other\n")
    repo.commit().git("checkout", "-q", "main")
    for number in range(7):
        repo.stage(f"f{number}", "main\n")
    repo.commit()
    repo.git("merge", "other", code=1)

    with (
        opened(repo) as (repository, opened_quarantine),
        pytest.raises(
            RepositoryError,
            match=r"unmerged paths: 'f0', 'f1', 'f2', 'f3', 'f4' and 2 more; resolve and `git add` them",
        ),
    ):
        opened_quarantine.index_tree(repository.index)


def test_a_damaged_index_is_said(edited: Repo) -> None:
    edited.path(".git/index").write_bytes(b"DIRC garbage")

    with opened(edited) as (repository, opened_quarantine), pytest.raises(RepositoryError, match=r"index"):
        opened_quarantine.index_tree(repository.index)


def test_an_index_that_is_no_file_is_said(edited: Repo) -> None:
    with (
        opened(under(edited, GIT_INDEX_FILE=str(edited.root))) as (repository, opened_quarantine),
        pytest.raises(RepositoryError, match="cannot be read: Is a directory"),
    ):
        opened_quarantine.index_tree(repository.index)


def test_a_folder_that_cannot_be_written_is_said(edited: Repo, tmp_path: Path) -> None:
    repository = discover(edited.root, edited.environ)
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(SnapshotError, match=r"file.*cannot be written: Not a directory"):
        Quarantine(repository, tmp_path / "file")


def test_a_sha256_repository_is_read(tmp_path: Path) -> None:
    repo = Repo.make(tmp_path / "repo", tmp_path / "home", object_format="sha256")
    repo.stage("a.py", "one\n").commit().stage("a.py", "two\n").stage("d/x", "x\n").commit()

    files = diff(repo, "HEAD^", "HEAD")

    assert (added(files["a.py"]), removed(files["a.py"])) == (["two"], ["one"])
    assert len(files["a.py"].id) == 64

    def reader(repository: Repository, quarantine: Quarantine) -> bytes:
        return quarantine.read(quarantine.entries(repository.base_tree, ["d/x"])["d/x"][1])

    assert read(repo, reader) == b"x\n"


def test_objects_come_from_alternates_too(repo: Repo, tmp_path: Path) -> None:
    repo.stage("a.py", "one\n").commit()
    repo.git("clone", "--quiet", "--shared", ".", str(tmp_path / "clone"))
    clone = Repo(tmp_path / "clone", repo.environ)
    clone.stage("a.py", "two\n").commit()

    assert removed(diff(clone, "HEAD^", "HEAD")["a.py"]) == ["one"]


def test_objects_that_git_keeps_aside_for_a_hook_are_seen(repo: Repo, tmp_path: Path) -> None:
    repo.stage("a.py", "one\n").commit()
    aside = tmp_path / "aside"
    aside.mkdir()
    env = {
        "GIT_OBJECT_DIRECTORY": str(aside),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(repo.root / ".git/objects"),
        "GIT_INDEX_FILE": str(tmp_path / "index"),
    }
    hooked = under(repo, **env)
    hooked.git("read-tree", "HEAD")
    hooked.write("a.py", "two\n").git("add", "a.py")
    tree = hooked.text("write-tree")

    with opened(hooked) as (repository, opened_quarantine):
        assert opened_quarantine.alternates == (aside, repo.root / ".git/objects")
        assert opened_quarantine.index_tree(repository.index) == tree
        assert added(opened_quarantine.diff(repository.base_tree, tree)[0]) == ["two"]


@pytest.mark.parametrize("name", ['"quoted"', "two\nlines", "#hash", "col:on", "back\\slash", '"new\nline"\\'])
def test_a_repository_at_an_odd_path_is_read(tmp_path: Path, name: str) -> None:
    repo = Repo.make(tmp_path / name, tmp_path / "home").stage("a.py", "one\n").commit()

    def reader(repository: Repository, quarantine: Quarantine) -> list[str]:
        return added(quarantine.diff(repository.empty_tree, repository.base_tree)[0])

    assert read(repo, reader) == ["one"]


def test_odd_object_folders_are_quoted(repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from everycommit.repo.bare import _quoted

    assert [_quoted(Path(name)) for name in ("/a b", "#x", '"q"', "/n\n\\")] == [
        b"/a b\n",
        b'"#x"\n',
        b'"\\"q\\""\n',
        b'"/n\\n\\\\"\n',
    ]


@pytest.fixture
def partial(repo: Repo, tmp_path: Path) -> Repo:
    """A clone without blobs, and nothing checked out."""
    repo.stage("a.py", "one\n").commit().stage("a.py", "two\n").commit()
    repo.git("config", "uploadpack.allowFilter", "true")
    repo.git("config", "uploadpack.allowAnySHA1InWant", "true")
    repo.git("clone", "--quiet", "--no-checkout", "--filter=blob:none", f"file://{repo.root}", str(tmp_path / "part"))
    return Repo(tmp_path / "part", repo.environ)


def test_a_partial_clone_is_told_how_to_get_what_is_missing(partial: Repo) -> None:
    base, target = partial.tree("HEAD^"), partial.tree("HEAD")

    with pytest.raises(MissingObjects) as caught:
        diff(partial, "HEAD^", "HEAD")

    assert f"this is a partial clone: get what the change needs with `git diff --stat {base} {target}`" in str(
        caught.value
    )
    command = re.search(r"`git (diff --stat \w+ \w+)`", str(caught.value))
    assert command is not None
    partial.git(*command[1].split())
    assert added(diff(partial, "HEAD^", "HEAD")["a.py"]) == ["two"]


def test_a_partial_clone_is_told_how_to_get_what_is_staged_over(partial: Repo) -> None:
    partial.git("read-tree", "HEAD")
    partial.stage("a.py", "three\n")

    def reader(repository: Repository, quarantine: Quarantine) -> tuple[FileChange, ...]:
        return quarantine.diff(repository.base_tree, quarantine.index_tree(repository.index))

    with pytest.raises(MissingObjects) as caught:
        read(partial, reader)

    command = re.search(r"`git (diff --stat --cached)`", str(caught.value))
    assert command is not None
    partial.git(*command[1].split())
    assert added(read(partial, reader)[0]) == ["three"]


def test_a_partial_clone_can_fetch_everything(partial: Repo) -> None:
    partial.git("fetch", "--quiet", "--refetch", "--no-filter")

    assert added(diff(partial, "HEAD^", "HEAD")["a.py"]) == ["two"]


def test_a_partial_clone_names_a_blob_that_is_asked_for(partial: Repo) -> None:
    blob = oid(partial, "HEAD:a.py")

    with opened(partial) as (_, opened_quarantine), pytest.raises(MissingObjects, match=f"'{blob}'.*partial clone"):
        opened_quarantine.read(blob)


def test_a_shallow_clone_is_told_how_to_get_a_parent(repo: Repo, tmp_path: Path) -> None:
    repo.stage("a", "1\n").commit().stage("a", "2\n").commit()
    repo.git("clone", "--quiet", "--depth=1", f"file://{repo.root}", str(tmp_path / "shallow"))
    parent = oid(repo, "HEAD^")

    with opened(Repo(tmp_path / "shallow", repo.environ)) as (repository, opened_quarantine):
        assert repository.shallow
        with pytest.raises(MissingObjects, match=r"shallow clone.*`git fetch --unshallow`.*--deepen"):
            opened_quarantine.tree_of(parent)


def test_a_repository_without_packs_is_not_partial(edited: Repo) -> None:
    (edited.root / ".git/objects/pack").rmdir()

    with opened(edited) as (_, opened_quarantine), pytest.raises(RepositoryError, match="git fsck"):
        opened_quarantine.read("1" * 40)


def test_twenty_thousand_staged_files_are_read(repo: Repo) -> None:
    blob = repo.write("x", "x\n").text("hash-object", "-w", "x")
    lines = [f"100644 blob {blob}\t{number % 100:03}/f{number}\0" for number in range(20_000)]
    repo.git("update-index", "-z", "--index-info", stdin="".join(lines).encode())

    def reader(repository: Repository, quarantine: Quarantine) -> tuple[FileChange, ...]:
        return quarantine.diff(repository.base_tree, quarantine.index_tree(repository.index))

    files = read(repo, reader)

    assert len(files) == 20_000
    assert sum(len(file.added_lines()) for file in files[:100]) == 100


NAMES = st.one_of(
    st.sampled_from(["a", "b", "d/a", "d/b", "d/e/f", "x y", "config", "HEAD", "objects/pack"]),
    st.text(
        st.characters(codec="utf-8", exclude_characters="/\0") | st.sampled_from(list('"\n\t\\ :*-\udcff\udc80')),
        min_size=1,
        max_size=6,
    ).filter(lambda name: name.strip(". ") and ".git" not in name.lower() and "git~" not in name.lower()),
)
LINES = st.lists(
    st.sampled_from([b"", b"one", b"two", b"-- a", b"++ b", b"@@ -1 +1 @@", b"diff --git a b", b"\\ No newline", b"\r"])
    | st.binary(max_size=5).map(lambda line: line.replace(b"\n", b"")),
    max_size=12,
).map(b"\n".join)
CONTENTS = st.one_of(LINES, LINES.map(lambda content: content + b"\n"), st.binary(max_size=30))
ENTRIES = st.tuples(st.sampled_from(["100644", "100755", "120000"]), CONTENTS)
TREES = st.dictionaries(NAMES, ENTRIES, max_size=6)


def laid_out(tree: dict[str, tuple[str, bytes]]) -> dict[bytes, tuple[str, bytes]]:
    """Return *tree* without the names that stand both for a file and for a folder."""
    names = {os.fsencode(name) for name in tree}
    folders = {b"/".join(name.split(b"/")[:depth]) for name in names for depth in range(1, name.count(b"/") + 1)}
    return {os.fsencode(name): entry for name, entry in tree.items() if os.fsencode(name) not in folders}


def written(repo: Repo, tree: dict[bytes, tuple[str, bytes]]) -> str:
    aside = under(repo, GIT_INDEX_FILE=str(repo.root / ".git/other-index"))
    (repo.root / ".git/other-index").unlink(missing_ok=True)
    lines = b""
    for name, (mode, content) in tree.items():
        blob = repo.git("hash-object", "-w", "--stdin", stdin=content).strip()
        lines += mode.encode() + b" " + blob + b"\t" + name + b"\0"
    aside.git("update-index", "-z", "--index-info", stdin=lines)
    return aside.text("write-tree")


def split(content: bytes) -> list[str]:
    """Return the lines of *content*; whether the last one has a newline is not told."""
    lines = content.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    return [line.decode("utf-8", "surrogateescape") for line in lines]


def applied(old: list[str], hunks: Sequence[Hunk]) -> list[str]:
    """Return *old* with *hunks* applied; fails where one does not fit."""
    new: list[str] = []
    position = 0
    for hunk in hunks:
        start = hunk.old_start - (hunk.old_count > 0)
        new += old[position:start]
        position = start
        for line in hunk.lines:
            if line.kind in " -":
                assert old[position] == line.text
                assert line.old == position + 1
                position += 1
            if line.kind in " +":
                assert line.new == len(new) + 1
                new.append(line.text)
    return new + old[position:]


@pytest.fixture(scope="module")
def anywhere(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Repo]:
    """One repository for all examples, made when the first one wants it: settings of the user are out by then."""
    made: list[Repo] = []

    def once() -> Repo:
        if not made:
            folder = tmp_path_factory.mktemp("anywhere")
            made.append(Repo.make(folder / "repo", folder / "home"))
        return made[0]

    return once


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(old=TREES, new=TREES)
def test_the_diff_agrees_with_a_comparison_of_the_blobs(
    anywhere: Callable[[], Repo], old: dict[str, tuple[str, bytes]], new: dict[str, tuple[str, bytes]]
) -> None:
    repo = anywhere()
    before, after = laid_out(old), laid_out({**{name: old[name] for name in list(old)[:2]}, **new})

    with opened(repo) as (_, opened_quarantine):
        files = opened_quarantine.diff(written(repo, before), written(repo, after))

    gone = {os.fsencode(file.source) for file in files if file.status in "DR"}
    come = {os.fsencode(file.path) for file in files if file.status in "AR"}
    assert gone == set(before) - set(after)
    assert come == set(after) - set(before)
    assert {os.fsencode(file.path) for file in files if file.status in "MT"} == {
        name for name in set(before) & set(after) if before[name] != after[name]
    }
    for file in files:
        old_mode, old_content = before.get(os.fsencode(file.source), (ABSENT, b""))
        mode, content = after.get(os.fsencode(file.path), (ABSENT, b""))
        if file.status == "A":
            old_mode, old_content = ABSENT, b""
        assert (file.old_mode, file.mode) == (old_mode, mode)
        kinds = {mode[:3], old_mode[:3]} - {"000"}
        assert (file.status == "T") == (len(kinds) == 2)
        nul = b"\0" in old_content or b"\0" in content
        assert file.unread is None
        if file.old_id != file.id or file.status == "T":
            assert file.binary == nul
        if file.binary:
            assert list(file.hunks) == []
            continue
        assert (file.added, file.removed) == (len(file.added_lines()), len(file.removed_lines()))
        if file.status == "T":
            assert (removed(file), added(file)) == (split(old_content), split(content))
        else:
            assert applied(split(old_content), file.hunks) == split(content)


def test_reading_leaves_the_state_alone(edited: Repo) -> None:
    before = state(edited)

    with opened(edited) as (repository, opened_quarantine):
        tree = opened_quarantine.index_tree(repository.index)
        opened_quarantine.overlay(tree, {"a.py": None})
        opened_quarantine.diff(repository.empty_tree, tree)

    assert state(edited) == before
