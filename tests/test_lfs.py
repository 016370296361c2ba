"""Git LFS: contents come from the store of this machine, and no filter runs."""

import os
import shutil
from hashlib import sha256
from pathlib import Path

import pytest

from everycommit.config.schema import CommandSettings
from everycommit.deadline import Deadline
from everycommit.errors import SnapshotError, TimeRanOut, ToolError
from everycommit.gates.command import Command
from everycommit.gates.policy import Policy
from everycommit.gates.tests import Tests as Gate
from everycommit.record import replace
from everycommit.repo.lfs import filled
from everycommit.repo.repository import discover
from everycommit.repo.slot import take
from everycommit.result import Outcome
from judging import judging
from support import Repo, state
from test_snapshot import Place

ATTRIBUTES = "*.bin filter=lfs diff=lfs merge=lfs -text\n"


@pytest.fixture
def place(repo: Repo, tmp_path: Path) -> Place:
    repo.stage(".gitattributes", ATTRIBUTES)
    return Place(repo, tmp_path / "cache")


def pointer(content: bytes) -> str:
    return (
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256(content).hexdigest()}\nsize {len(content)}\n"
    )


def stored(store: Path, content: bytes) -> Path:
    """Put *content* into an LFS store; return where."""
    oid = sha256(content).hexdigest()
    path = store / "objects" / oid[:2] / oid[2:4] / oid
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_contents_come_from_the_store_and_no_filter_runs(place: Place, tmp_path: Path) -> None:
    repo = place.repo
    repo.write("a.bin", pointer(b"first")).write("tool.bin", pointer(b"\0" * 3_000_000))
    repo.path("tool.bin").chmod(0o755)
    repo.write("real.bin", "no pointer").write("a.txt", pointer(b"first"))
    stored(repo.root / ".git/lfs", b"first")
    stored(repo.root / ".git/lfs", b"\0" * 3_000_000)
    entries = []
    for path in ("a.bin", "tool.bin", "real.bin", "a.txt"):
        oid = repo.text("hash-object", "-w", "--no-filters", path)
        entries += ["--cacheinfo", f"{'100755' if path == 'tool.bin' else '100644'},{oid},{path}"]
    repo.git("update-index", "--add", *entries)
    repo.commit()
    ran = tmp_path / "ran"
    for name in ("clean", "smudge", "process"):
        repo.git("config", f"filter.lfs.{name}", f"touch '{ran}'")
    repo.git("config", "filter.lfs.required", "true")
    before = state(repo)

    for _ in range(2):
        with place.opened() as snapshots:
            snapshot = snapshots.target()
            assert (snapshot.path / "a.bin").read_bytes() == b"first"
            assert (snapshot.path / "tool.bin").read_bytes() == b"\0" * 3_000_000
            assert os.access(snapshot.path / "tool.bin", os.X_OK)
            assert (snapshot.path / "real.bin").read_text() == "no pointer"
            assert (snapshot.path / "a.txt").read_text() == pointer(b"first")
            assert (snapshot.notes, snapshot.lacking) == ((), "")
            (snapshot.path / "a.bin").write_bytes(b"broken by a test")
    assert state(repo) == before
    assert not ran.exists()


def test_a_store_elsewhere_is_found(place: Place, tmp_path: Path) -> None:
    place.repo.stage("a.bin", pointer(b"first")).commit()
    place.repo.git("config", "lfs.storage", str(tmp_path / "store"))
    stored(tmp_path / "store", b"first")

    with place.opened() as snapshots:
        assert (snapshots.target().path / "a.bin").read_bytes() == b"first"


def test_damaged_and_absent_contents_and_what_only_looks_like_a_pointer(place: Place) -> None:
    repo = place.repo
    store = repo.root / ".git/lfs"
    stored(store, b"short").write_bytes(b"shor")
    stored(store, b"other").write_bytes(b"OTHER")
    folder = stored(store, b"folder")
    folder.unlink()
    folder.mkdir()
    for name in ("short", "other", "folder", "absent"):
        repo.stage(f"{name}.bin", pointer(name.encode()))
    repo.stage("half.bin", "version https://git-lfs.github.com/spec/v1\n")
    repo.stage("long.bin", pointer(b"long") + "x" * 1024).stage("z.bin", pointer(b"z")).commit()
    stored(store, b"z")

    with place.opened() as snapshots:
        snapshot = snapshots.target()

        said = (
            "4 LFS files are not present here, such as absent.bin: `git lfs fetch`; `git lfs fsck` finds damaged ones"
        )
        assert (snapshot.lacking, snapshots.notes()) == (said, (said,))
        assert (snapshot.path / "other.bin").read_text() == pointer(b"other")
        assert (snapshot.path / "z.bin").read_bytes() == b"z"


def test_a_tree_that_cannot_be_written_is_one_sentence(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.repo.stage("a.bin", pointer(b"first")).commit()
    stored(place.repo.root / ".git/lfs", b"first")

    def refuses(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "chmod", refuses)

    with place.opened() as snapshots, pytest.raises(SnapshotError, match="LFS files cannot be laid out: No space left"):
        snapshots.target()


def test_without_the_contents_what_runs_the_project_is_a_doubt_and_the_policy_goes_on(repo: Repo) -> None:
    repo.stage(".gitattributes", ATTRIBUTES).stage("a.bin", pointer(b"first")).commit()
    repo.stage("test_a.py", 'def test_a():\n    assert open("a.bin").read() == "first"\n')
    said = "1 LFS file is not present here, such as a.bin: `git lfs fetch`; `git lfs fsck` finds damaged ones"

    with judging(repo) as judged:
        command = Command("docs", CommandSettings(run=("true",)))
        assert Gate().check(judged.job).reason == said
        assert command.check(replace(judged.job, accepted=lambda _: True)).reason == said
        assert Policy().check(judged.job).outcome is Outcome.PASSED

    stored(repo.root / ".git/lfs", b"first")
    with judging(repo) as judged:
        assert Gate().check(judged.job).outcome is Outcome.PASSED


def test_the_deadline_ends_it(place: Place, tmp_path: Path) -> None:
    repository = discover(place.repo.root, place.repo.environ)
    stored(place.repo.root / ".git/lfs", b"first")
    slot = take(tmp_path / "cache", repository, "target")
    slot.tree.mkdir(parents=True)
    (slot.tree / "a.bin").write_text(pointer(b"first"))

    with pytest.raises(TimeRanOut, match="LFS files"):
        filled(slot, ["a.bin"], lambda: repository.common_dir / "lfs", Deadline.after(0))
    slot.release()


def test_a_failure_is_not_compared_with_a_tree_whose_contents_are_not_here(repo: Repo) -> None:
    repo.stage(".gitattributes", ATTRIBUTES).stage("a.bin", pointer(b"older"))
    repo.stage("test_a.py", 'def test_a():\n    assert open("a.bin").read() == "older"\n').commit()
    repo.stage("a.bin", pointer(b"newer"))
    stored(repo.root / ".git/lfs", b"newer")

    with judging(repo) as judged:
        found = Gate().check(judged.job).findings
        with pytest.raises(
            ToolError, match=r"the tree before this change: 1 LFS file is not present here, such as a\.bin"
        ):
            Gate().older(judged.job, judged.job.change.parents[0], found)
    assert [one.rule for one in found] == ["tests/failed"]


@pytest.mark.skipif(shutil.which("git-lfs") is None, reason="git-lfs is not installed")
def test_the_real_git_lfs_writes_what_is_read_here(repo: Repo, tmp_path: Path) -> None:
    repo.git("lfs", "install", "--local", "--skip-repo")
    repo.git("lfs", "track", "*.bin")
    repo.stage("test_a.py", "def test_a():\n    assert open('data/a.bin').read() == 'first' * 1000\n")
    repo.git("add", ".gitattributes")
    repo.stage("data/a.bin", "first" * 1000).commit()
    assert b"oid sha256:" in repo.git("show", "HEAD:data/a.bin")
    clone = Repo(tmp_path / "clone", repo.environ | {"GIT_LFS_SKIP_SMUDGE": "1"})
    repo.git("clone", "--quiet", str(repo.root), str(clone.root))
    clone.git("lfs", "install", "--local", "--skip-repo")
    clone.stage("test_a.py", "# more\n" + clone.path("test_a.py").read_text())

    def judged() -> tuple[Outcome, str | None]:
        with judging(clone) as judging_:
            result = judging_.check(Gate())
        return result.outcome, result.reason

    absent = "1 LFS file is not present here, such as data/a.bin: `git lfs fetch`; `git lfs fsck` finds damaged ones"
    assert judged() == (Outcome.INCONCLUSIVE, absent)

    clone.git("lfs", "fetch")
    assert judged() == (Outcome.PASSED, None)

    # What is staged, through its filter, and not what lies beside it.
    clone.stage("data/a.bin", "second" * 1000)
    clone.write("data/a.bin", "first" * 1000)
    assert judged()[0] is Outcome.FAILED
