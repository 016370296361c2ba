"""The repository is found, or it is said why not and what to do."""

import os
import shutil
from pathlib import Path

import pytest

from everycommit.errors import RepositoryError, UsageError
from everycommit.repo.repository import Repository, discover
from reading import run_as_hook
from support import Repo, state


def found(repo: Repo, cwd: Path | None = None, **env: str) -> Repository:
    return discover(cwd or repo.root, repo.environ | env)


def test_all_places_are_absolute(repo: Repo) -> None:
    repo.stage("sub/a", "a\n").commit()

    repository = found(repo)

    assert repository.top == repository.main_worktree == repo.root
    assert repository.git_dir == repository.common_dir == repo.root / ".git"
    assert repository.objects == repo.root / ".git/objects"
    assert repository.index == repo.root / ".git/index"
    assert repository.head == repo.text("rev-parse", "HEAD")
    assert repository.head_tree == repository.base_tree == repo.tree()
    assert (repository.object_format, repository.shallow) == ("sha1", False)


def test_a_folder_below_finds_the_same(repo: Repo) -> None:
    repo.stage("sub/deep/a", "a\n").commit()

    below, top = found(repo, repo.root / "sub/deep"), found(repo)

    assert (below.top, below.git_dir, below.common_dir, below.objects, below.index) == (
        top.top,
        top.git_dir,
        top.common_dir,
        top.objects,
        top.index,
    )


def test_a_link_to_the_repository_leads_to_the_real_path(repo: Repo, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(repo.root)

    assert found(repo, tmp_path / "link").top == repo.root


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_the_empty_tree_is_gits(tmp_path: Path, object_format: str) -> None:
    repo = Repo.make(tmp_path / "repo", tmp_path / "home", object_format=object_format)

    repository = found(repo)

    assert repository.object_format == object_format
    assert repository.empty_tree == repo.text("hash-object", "-t", "tree", "/dev/null")


def test_an_unborn_head_is_none(repo: Repo) -> None:
    repository = found(repo)

    assert (repository.head, repository.head_tree) == (None, None)
    assert repository.base_tree == repository.empty_tree


def test_a_detached_head_is_found(repo: Repo) -> None:
    repo.stage("a", "a\n").commit()
    repo.git("checkout", "--quiet", "--detach")

    assert found(repo).head == repo.text("rev-parse", "HEAD")


def test_a_file_that_is_called_head_is_not_taken_for_it(repo: Repo) -> None:
    repo.write("HEAD", "x\n").write("HEAD^{tree}", "x\n")

    assert found(repo).head is None

    repo.stage("HEAD", "y\n").commit()
    assert found(repo).head == repo.text("rev-parse", "--verify", "HEAD")


def test_a_linked_worktree_knows_the_main_one(repo: Repo, tmp_path: Path) -> None:
    repo.stage("a", "a\n").commit()
    repo.git("worktree", "add", "--quiet", "-b", "other", str(tmp_path / "linked"))

    repository = found(repo, tmp_path / "linked")

    assert repository.top == tmp_path / "linked"
    assert repository.main_worktree == repo.root
    assert repository.git_dir == repo.root / ".git/worktrees/linked"
    assert repository.common_dir == repo.root / ".git"
    assert repository.index == repository.git_dir / "index"
    assert repository.git.text("symbolic-ref", "HEAD") == "refs/heads/other"


def test_a_worktree_of_a_bare_repository_has_no_main_one(repo: Repo, tmp_path: Path) -> None:
    repo.stage("a", "a\n").commit()
    repo.git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare"))
    bare = Repo(tmp_path / "bare", repo.environ)
    bare.git("worktree", "add", "--quiet", str(tmp_path / "linked"), "main")

    repository = found(repo, tmp_path / "linked")

    assert repository.main_worktree == repository.top == tmp_path / "linked"


def test_a_submodule_is_a_repository_of_its_own(repo: Repo, tmp_path: Path) -> None:
    inner = Repo.make(tmp_path / "inner", tmp_path / "home").stage("a", "a\n").commit()
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.root), "sub")

    repository = found(repo, repo.root / "sub")

    assert repository.top == repository.main_worktree == repo.root / "sub"
    assert repository.git_dir == repo.root / ".git/modules/sub"


def test_the_index_of_the_commit_in_progress_counts_from_the_current_folder(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")

    relative = found(repo, GIT_INDEX_FILE=".git/next-index-1.lock")
    absolute = found(repo, GIT_INDEX_FILE=str(repo.root / ".git/index.lock"))

    assert relative.index == repo.root / ".git/next-index-1.lock"
    assert absolute.index == repo.root / ".git/index.lock"


def test_gits_own_variables_lead_from_anywhere(repo: Repo, tmp_path: Path) -> None:
    repo.stage("a", "a\n").commit()
    (tmp_path / "elsewhere").mkdir()

    repository = found(repo, tmp_path / "elsewhere", GIT_DIR="../repo/.git", GIT_WORK_TREE="../repo")

    assert repository.top == repo.root
    assert repository.head == repo.text("rev-parse", "HEAD")
    assert repository.git.text("ls-files") == "a"


def test_object_folders_that_git_handed_over_are_made_absolute(repo: Repo, tmp_path: Path) -> None:
    repo.stage("a", "a\n").commit()
    objects = tmp_path / "objects"
    objects.mkdir()

    repository = found(
        repo,
        GIT_OBJECT_DIRECTORY="../objects",
        GIT_ALTERNATE_OBJECT_DIRECTORIES=".git/objects::" + '"/odd/name"',
    )

    assert repository.objects == objects
    assert repository.environ["GIT_ALTERNATE_OBJECT_DIRECTORIES"] == f'{repo.root}/.git/objects::"/odd/name"'
    assert repository.git.text("cat-file", "-t", "HEAD") == "commit"


def test_a_newline_in_the_path_is_no_trouble(tmp_path: Path) -> None:
    repo = Repo.make(tmp_path / "two\nlines", tmp_path / "home")

    assert found(repo).top == repo.root
    assert found(repo).head is None

    repo.stage("a", "a\n").commit()
    assert found(repo).head == repo.text("rev-parse", "HEAD")
    assert found(repo).index == repo.root / ".git/index"


def test_inside_a_hook_of_a_linked_worktree_the_worktree_is_found(repo: Repo, tmp_path: Path) -> None:
    repo.stage("a", "a\n").commit()
    repo.git("worktree", "add", "--quiet", "-b", "other", str(tmp_path / "linked"))
    out = run_as_hook(repo, "pre-commit", "report['top'] = str(repository.top)\nreport['head'] = repository.head")
    linked = Repo(tmp_path / "linked", repo.environ)

    assert linked.stage("b", "b\n").attempt("commit", "-m", "b").returncode == 0

    assert str(tmp_path / "linked") in out.read_text()


def test_no_repository_is_said(repo: Repo, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()

    with pytest.raises(UsageError, match=r"elsewhere' is not in a git repository; .*`git init`"):
        found(repo, tmp_path / "elsewhere")


def test_a_bare_repository_is_refused(tmp_path: Path) -> None:
    repo = Repo.make(tmp_path / "bare", tmp_path / "home", bare=True)

    with pytest.raises(UsageError, match="bare' is a bare repository, without a working tree"):
        found(repo)
    with pytest.raises(UsageError, match="bare' is a bare repository, without a working tree"):
        found(repo, GIT_DIR=".")


def test_the_git_folder_is_refused(repo: Repo) -> None:
    with pytest.raises(UsageError, match=r"'.*/\.git' is inside a git folder, not in a working tree"):
        found(repo, repo.root / ".git")


def test_a_folder_that_went_is_said(repo: Repo, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="gone' is not a folder"):
        found(repo, tmp_path / "gone")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_repository_of_somebody_else_comes_with_gits_remedy(repo: Repo) -> None:
    os.chown(repo.root, 12345, 12345)
    os.chown(repo.root / ".git", 12345, 12345)

    with pytest.raises(UsageError, match=r"belongs to somebody else.*git config --global --add safe\.directory .*repo"):
        found(repo)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_trust_given_on_the_command_line_counts(repo: Repo) -> None:
    """`git -c safe.directory=... commit` reaches the hook in GIT_CONFIG_PARAMETERS."""
    os.chown(repo.root, 12345, 12345)
    os.chown(repo.root / ".git", 12345, 12345)

    assert found(repo, GIT_CONFIG_PARAMETERS="'safe.directory'='*'").top == repo.root


def test_no_home_is_no_trouble(repo: Repo) -> None:
    repo.stage("a", "a\n").commit()
    environ = {name: value for name, value in repo.environ.items() if name not in {"HOME", "XDG_CONFIG_HOME"}}

    assert discover(repo.root, environ).head is not None


def test_a_branch_that_points_at_nothing_is_not_taken_for_unborn(repo: Repo) -> None:
    repo.stage("a", "a\n").commit()
    head = repo.text("rev-parse", "HEAD")
    (repo.root / ".git/objects" / head[:2] / head[2:]).unlink()

    with pytest.raises(RepositoryError, match=r"'.*repo'"):
        found(repo)


def test_a_damaged_ref_is_not_taken_for_unborn(repo: Repo) -> None:
    repo.stage("a", "a\n").commit()
    repo.path(".git/refs/heads/main").write_text("garbage\n")

    with pytest.raises(RepositoryError, match=r"cannot be read.*`git fsck` says more"):
        found(repo)


def test_a_detached_head_that_is_damaged_is_said(repo: Repo) -> None:
    repo.stage("a", "a\n").commit()
    repo.path(".git/HEAD").write_text("1" * 40 + "\n")

    with pytest.raises(RepositoryError):
        found(repo)


def test_an_extension_that_git_does_not_know_is_named(repo: Repo) -> None:
    repo.git("config", "core.repositoryFormatVersion", "1")
    repo.git("config", "extensions.fromTheFuture", "yes")

    with pytest.raises(RepositoryError, match=r"extension found: fromthefuture"):
        found(repo)


def test_a_damaged_config_is_named(repo: Repo) -> None:
    repo.path(".git/config").write_text("[core\n")

    with pytest.raises(RepositoryError, match=r"bad config line 1"):
        found(repo)


def test_an_old_git_is_named(repo: Repo, tmp_path: Path) -> None:
    folder = tmp_path / "old"
    folder.mkdir()
    program = folder / "git"
    program.write_text('#!/bin/sh\ncase "$*" in *version) echo "git version 2.17.1";; *) exit 128;; esac\n')
    program.chmod(0o755)

    with pytest.raises(UsageError, match=r"git is 2\.17, and everycommit needs git 2\.30 or newer"):
        found(repo, PATH=f"{folder}:{os.environ['PATH']}")


def test_an_object_format_that_nobody_knows_is_refused(repo: Repo, tmp_path: Path) -> None:
    real = shutil.which("git")
    folder = tmp_path / "new"
    folder.mkdir()
    program = folder / "git"
    program.write_text(f'#!/bin/sh\n"{real}" "$@" | sed s/^sha1$/blake3/\n')
    program.chmod(0o755)
    repo.stage("a", "a\n").commit()

    with pytest.raises(RepositoryError, match="object format 'blake3' is not known"):
        found(repo, PATH=f"{folder}:{os.environ['PATH']}")


def test_looking_touches_nothing(repo: Repo) -> None:
    repo.stage("a", "a\n").commit().write("a", "b\n")
    before = state(repo)

    found(repo)

    assert state(repo) == before
