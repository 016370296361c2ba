"""Contents of submodules come from the store that the clone has, at the recorded commit."""

import os
import shutil
from pathlib import Path

import pytest

from everycommit.config.schema import CommandSettings
from everycommit.errors import SnapshotError, TimeRanOut, ToolError
from everycommit.gates.command import Command
from everycommit.gates.policy import Policy
from everycommit.gates.tests import Tests as Gate
from everycommit.gates.typecheck import Types
from everycommit.record import replace
from everycommit.repo import submodules
from everycommit.result import Outcome
from judging import judging
from support import Repo, state
from test_lfs import pointer, stored
from test_snapshot import Place

FILES = ("-c", "protocol.file.allow=always")
ABSENT = "a submodule's commit is not present here, such as libs/tax: `git submodule update --init --recursive`"


@pytest.fixture
def tax(tmp_path: Path) -> Repo:
    """A repository that others take in."""
    repo = Repo.make(tmp_path / "tax", tmp_path / "tax-home")
    repo.stage("tax.py", "RATE = 19\n").stage("deep/data.txt", "one\n").commit()
    return repo


@pytest.fixture
def place(repo: Repo, tax: Repo, tmp_path: Path) -> Place:
    repo.git(*FILES, "submodule", "--quiet", "add", str(tax.root), "libs/tax")
    repo.commit("with a submodule")
    return Place(repo, tmp_path / "cache")


def moved(repo: Repo) -> None:
    """Commit in the submodule, and stage where it is now."""
    (repo.root / "libs/tax/tax.py").write_text("RATE = 21\n")
    repo.git("-C", "libs/tax", "commit", "--quiet", "-am", "more")
    repo.git("add", "libs/tax")


def laid(place: Place, *, link: tuple[str, ...] = ()) -> tuple[dict[str, str], str, tuple[str, ...]]:
    """Return the files below ``libs``, what is lacking, and the notes."""
    with place.opened(link=link) as snapshots:
        snapshot = snapshots.target()
        top = snapshot.path / "libs"
        files = {str(path.relative_to(top)): path.read_text() for path in top.rglob("*") if path.is_file()}
        return files, snapshot.lacking, snapshots.notes()


def test_contents_are_those_of_the_recorded_commit_and_not_of_the_working_tree(place: Place) -> None:
    (place.repo.root / "libs/tax/tax.py").write_text("RATE = 0\n")
    (place.repo.root / "libs/tax/new.py").write_text("")
    before = state(place.repo)

    for _ in range(2):
        assert laid(place) == ({"tax/tax.py": "RATE = 19\n", "tax/deep/data.txt": "one\n"}, "", ())

    assert state(place.repo) == before


def test_what_tests_left_in_a_submodule_is_gone_the_next_time(place: Place) -> None:
    with place.opened() as snapshots:
        folder = snapshots.target().path / "libs/tax"
        (folder / "tax.py").write_text("RATE = 7\n")
        (folder / "left").mkdir()
        (folder / "left/over").touch()

    assert laid(place)[0] == {"tax/tax.py": "RATE = 19\n", "tax/deep/data.txt": "one\n"}


def inodes(place: Place) -> dict[str, int]:
    with place.opened() as snapshots:
        top = snapshots.target().path / "libs/tax"
        return {str(path.relative_to(top)): path.lstat().st_ino for path in top.rglob("*") if path.is_file()}


def test_what_is_laid_out_at_the_recorded_commit_is_not_written_again(place: Place) -> None:
    first = inodes(place)
    place.repo.stage("README.md", "more\n")

    assert inodes(place) == first
    assert inodes(place) == first


def test_what_a_test_changed_took_away_or_gave_a_new_mode_is_laid_out_again(place: Place) -> None:
    whole = {"tax/tax.py": "RATE = 19\n", "tax/deep/data.txt": "one\n"}

    def changed(path: Path) -> None:
        before = path.stat()
        path.write_text("RATE = 20\n")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    for harm in (
        changed,
        Path.unlink,
        lambda path: path.chmod(0o600),
        lambda path: shutil.rmtree(path.parent / "deep"),
    ):
        laid(place)
        with place.opened() as snapshots:
            harm(snapshots.target().path / "libs/tax/tax.py")
        assert laid(place) == (whole, "", ())


def test_what_a_test_left_in_a_submodule_is_removed_without_writing_the_rest_again(place: Place) -> None:
    first = inodes(place)
    with place.opened() as snapshots:
        folder = snapshots.target().path / "libs/tax"
        (folder / "left/deep").mkdir(parents=True)
        (folder / "left/deep/over").touch()
        (folder / "__pycache__").mkdir()
        (folder / "__pycache__/tax.pyc").touch()
        (folder / "deep/link").symlink_to("/")

    assert inodes(place) == first


def test_a_run_that_was_killed_leaves_nothing_that_is_trusted(place: Place) -> None:
    laid(place)
    with place.opened() as snapshots:
        slot = snapshots.target().path.parent
        # As if it had ended here: contents were taken aside, and nothing was written down.
        (slot / "modules.json").unlink()
        (slot / "aside").mkdir()
        (slot / "aside/0").mkdir()

    assert laid(place) == ({"tax/tax.py": "RATE = 19\n", "tax/deep/data.txt": "one\n"}, "", ())
    (slot / "modules.json").write_text('{"version": 1, "modules": {"libs/tax": ["x"]}}')
    assert laid(place)[0] == {"tax/tax.py": "RATE = 19\n", "tax/deep/data.txt": "one\n"}


def test_a_link_that_a_test_left_in_the_way_leads_nobody_to_the_working_tree(place: Place) -> None:
    laid(place)
    before = state(place.repo)
    with place.opened() as snapshots:
        tree = snapshots.target().path
    for path in ("libs/tax", "libs"):
        shutil.rmtree(tree / path)
        (tree / path).symlink_to(place.repo.root / path)

        assert laid(place)[0] == {"tax/tax.py": "RATE = 19\n", "tax/deep/data.txt": "one\n"}

    assert state(place.repo) == before
    assert (place.repo.root / "libs/tax/tax.py").read_text() == "RATE = 19\n"


def test_contents_that_cannot_be_set_aside_are_laid_out_anew(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    with place.opened() as snapshots:
        (snapshots.target().path / "libs/tax/left").touch()
    rename = Path.rename

    def refused(path: Path, to: Path) -> Path:
        if to.parent.name == "aside":
            raise PermissionError(13, "Permission denied")
        return rename(path, to)

    monkeypatch.setattr(Path, "rename", refused)

    assert laid(place) == ({"tax/tax.py": "RATE = 19\n", "tax/deep/data.txt": "one\n"}, "", ())


def test_lfs_files_of_a_submodule_come_from_its_own_store(place: Place, tax: Repo) -> None:
    content = b"many bytes"
    module = place.repo.root / "libs/tax"
    for name, text in ((".gitattributes", "*.bin filter=lfs\n"), ("a.bin", pointer(content)), ("b.txt", "one\n")):
        (module / name).write_text(text)
    place.repo.git("-C", "libs/tax", "-c", "filter.lfs.clean=cat", "add", ".")
    place.repo.git("-C", "libs/tax", "commit", "--quiet", "-m", "large")
    place.repo.git("add", "libs/tax")
    place.repo.commit()

    files, lacking, _ = laid(place)
    assert files["tax/a.bin"] == pointer(content)
    assert lacking.startswith("1 LFS file is not present here, such as libs/tax/a.bin: `git -C libs/tax lfs fetch`")

    stored(place.repo.root / ".git/modules/libs/tax/lfs", content)
    assert [laid(place)[0]["tax/a.bin"] for _ in range(2)] == ["many bytes"] * 2
    assert laid(place)[1] == ""

    store = place.repo.root / "elsewhere"
    shutil.move(place.repo.root / ".git/modules/libs/tax/lfs", store)
    place.repo.git("-C", "libs/tax", "config", "lfs.storage", str(store))
    shutil.rmtree(place.cache)
    assert laid(place)[0]["tax/a.bin"] == "many bytes"


def test_types_do_not_wait_for_lfs_files_of_a_submodule(place: Place) -> None:
    module = place.repo.root / "libs/tax"
    (module / ".gitattributes").write_text("*.bin filter=lfs\n")
    (module / "a.bin").write_text(pointer(b"x"))
    place.repo.git("-C", "libs/tax", "-c", "filter.lfs.clean=cat", "add", ".")
    place.repo.git("-C", "libs/tax", "commit", "--quiet", "-m", "large")
    place.repo.git("add", "libs/tax")
    place.repo.stage("a.py", "one = 1\n").stage("test_a.py", "def test_a():\n    pass\n")

    with judging(place.repo) as judged:
        assert judged.check(Types()).outcome is Outcome.PASSED
        assert judged.check(Gate()).outcome is Outcome.INCONCLUSIVE


def test_a_submodule_that_moves_or_goes_is_followed(place: Place) -> None:
    laid(place)
    moved(place.repo)
    place.repo.commit("moved")
    assert laid(place)[0]["tax/tax.py"] == "RATE = 21\n"

    place.repo.git("rm", "--quiet", "libs/tax")
    place.repo.stage("libs/tax/tax.py", "RATE = 5\n").commit("taken in")
    assert laid(place) == ({"tax/tax.py": "RATE = 5\n"}, "", ())


def test_a_content_has_its_own_time(place: Place) -> None:
    """mypy and Python trust a file of the same size and second."""

    def when() -> int:
        with place.opened() as snapshots:
            return (snapshots.target().path / "libs/tax/tax.py").stat().st_mtime_ns

    first = when()
    again = when()
    moved(place.repo)
    place.repo.commit("moved")

    assert first == again != when()


def test_no_filter_hook_or_command_of_a_submodule_runs(place: Place, tax: Repo, tmp_path: Path) -> None:
    repo, ran = place.repo, tmp_path / "ran"
    tax.stage(".gitattributes", "*.py filter=evil\n").commit()
    repo.git("-C", "libs/tax", "pull", "--quiet", str(tax.root), "HEAD")
    repo.git("add", "libs/tax")
    repo.git("config", "-f", ".gitmodules", "submodule.libs/tax.update", f"!touch '{ran}'")
    repo.git("add", ".gitmodules")
    repo.commit("moved")
    for name in ("clean", "smudge", "process"):
        repo.git("-C", "libs/tax", "config", f"filter.evil.{name}", f"touch '{ran}'")

    assert laid(place)[0]["tax/tax.py"] == "RATE = 19\n"
    assert not ran.exists()


def test_a_repository_that_became_a_submodule_where_it_stood_is_found(repo: Repo, tax: Repo, tmp_path: Path) -> None:
    shutil.copytree(tax.root, repo.root / "libs/tax")
    repo.git(*FILES, "submodule", "--quiet", "add", str(tax.root), "libs/tax")
    repo.commit("with a submodule")

    assert (repo.root / "libs/tax/.git").is_dir()
    assert laid(Place(repo, tmp_path / "cache"))[0]["tax/tax.py"] == "RATE = 19\n"


def test_submodules_in_submodules_are_laid_out_to_a_depth(
    place: Place, tax: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = Repo.make(tmp_path / "inner", tmp_path / "inner-home")
    inner.stage("inner.py", "X = 1\n").commit()
    tax.git(*FILES, "submodule", "--quiet", "add", str(inner.root), "own/inner")
    tax.commit("with a submodule")
    place.repo.git(*FILES, "submodule", "--quiet", "update", "--init", "--recursive", "--remote")
    place.repo.git(*FILES, "-C", "libs/tax", "submodule", "--quiet", "update", "--init")
    place.repo.git("add", "libs/tax")
    place.repo.commit("moved")

    whole = laid(place)
    monkeypatch.setattr(submodules, "_DEEPEST", 1)
    shutil.rmtree(place.cache)
    flat = laid(place)

    assert whole[0]["tax/own/inner/inner.py"] == "X = 1\n"
    assert whole[1:] == ("", ())
    assert flat[1:] == ("", ("submodule contents are not laid out: libs/tax/own/inner",))
    assert "tax/own/inner/inner.py" not in flat[0]


@pytest.mark.parametrize("name", ["../../../tax/.git", "/etc", "a/../../b", "..\\b"])
def test_a_name_that_leads_elsewhere_is_none(place: Place, name: str) -> None:
    place.repo.stage(".gitmodules", f'[submodule "{name}"]\n\tpath = libs/tax\n\turl = x\n'.replace("\\", "\\\\"))
    place.repo.commit()

    assert laid(place) == ({}, "", ("submodule contents are not laid out: libs/tax",))


def test_a_link_to_a_store_is_not_followed(place: Place, tax: Repo) -> None:
    store = place.repo.root / ".git/modules/libs/tax"
    shutil.move(store, tax.root.parent / "elsewhere")
    store.symlink_to(tax.root.parent / "elsewhere")

    assert laid(place)[:2] == ({}, ABSENT)


@pytest.mark.parametrize("instead", ["", ".gitmodules/a"])
def test_a_submodule_that_nobody_names_stays_empty(place: Place, instead: str) -> None:
    place.repo.git("rm", "--quiet", ".gitmodules")
    if instead:
        place.repo.stage(instead, "no settings\n")
    place.repo.commit()

    assert laid(place) == ({}, "", ("submodule contents are not laid out: libs/tax",))


def test_the_setting_takes_the_working_trees(place: Place) -> None:
    (place.repo.root / "libs/tax/tax.py").write_text("RATE = 0\n")

    assert laid(place, link=("libs/tax",))[0]["tax/tax.py"] == "RATE = 0\n"


def test_without_the_commit_what_runs_the_project_is_a_doubt_and_the_policy_goes_on(place: Place) -> None:
    repo = place.repo
    repo.stage("test_tax.py", "from libs.tax.tax import RATE\n\n\ndef test_rate():\n    assert RATE == 19\n")
    store = repo.root / ".git/modules/libs/tax"
    store.rename(store.with_name("away"))

    with judging(repo) as judged:
        command = Command("docs", CommandSettings(run=("true",)))
        assert Gate().check(judged.job).reason == ABSENT
        assert command.check(replace(judged.job, accepted=lambda _: True)).reason == ABSENT
        assert Types().check(judged.job).reason == ABSENT
        assert Policy().check(judged.job).outcome is Outcome.PASSED

    store.with_name("away").rename(store)
    with judging(repo) as judged:
        assert Gate().check(judged.job).outcome is Outcome.PASSED


def test_a_commit_that_the_store_has_not_is_lacking_and_nothing_is_half_there(place: Place) -> None:
    unknown = "1" * 40
    place.repo.git("update-index", "--cacheinfo", f"160000,{unknown},libs/tax")
    place.repo.commit("moved")

    assert laid(place) == ({}, ABSENT, (ABSENT,))


def test_a_moved_submodule_alone_has_types_checked(place: Place) -> None:
    repo = place.repo
    repo.stage("pyproject.toml", '[tool.mypy]\nfiles = ["one.py"]\nmypy_path = "libs/tax"\n')
    repo.stage("one.py", "from tax import RATE\n\nX: int = RATE\n").commit()
    (repo.root / "libs/tax/tax.py").write_text('RATE = "much"\n')
    repo.git("-C", "libs/tax", "commit", "--quiet", "-am", "more")
    repo.git("add", "libs/tax")

    with judging(repo) as judged:
        assert Types().skip(judged.job) is None
        result = Types().check(judged.job)
        assert [(one.path, one.line) for one in result.findings] == [("one.py", 3)]
        assert not Types().older(judged.job, judged.job.change.parents[0], result.findings)


def test_types_are_not_compared_with_a_tree_whose_submodules_are_not_here(place: Place) -> None:
    repo = place.repo
    repo.stage("pyproject.toml", '[tool.mypy]\nfiles = ["one.py"]\n').stage("one.py", "X: int = 1\n")
    repo.git("update-index", "--cacheinfo", f"160000,{'1' * 40},libs/tax")
    repo.git("commit", "--quiet", "-m", "a commit that is not here")
    repo.git("add", "libs/tax")
    repo.stage("one.py", 'X: int = "one"\n')

    with judging(repo) as judged:
        found = Types().check(judged.job).findings
        with pytest.raises(ToolError, match="mypy in the tree before this change: a submodule's commit is not present"):
            Types().older(judged.job, judged.job.change.parents[0], found)


def test_a_moved_submodule_is_judged_with_its_new_contents_and_has_another_key(place: Place) -> None:
    repo = place.repo
    repo.stage("test_tax.py", "from libs.tax.tax import RATE\n\n\ndef test_rate():\n    assert RATE == 19\n")
    with judging(repo) as judged:
        before = Gate().inputs(judged.job)
    moved(repo)

    with judging(repo) as judged:
        assert Gate().check(judged.job).outcome is Outcome.FAILED
        assert Gate().inputs(judged.job) != before


def test_a_tree_that_cannot_be_written_and_a_deadline_are_one_sentence(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    def late(*_: object) -> None:
        raise TimeRanOut("time ran out")

    monkeypatch.setattr(submodules, "_stamp", full)
    with place.opened() as snapshots, pytest.raises(SnapshotError, match="submodules cannot be laid out: No space"):
        snapshots.target()
    monkeypatch.setattr(submodules, "_stamp", late)
    with place.opened() as snapshots, pytest.raises(TimeRanOut):
        snapshots.target()
