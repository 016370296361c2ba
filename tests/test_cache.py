"""The cache folder, and a run's own folder in it."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from everycommit.errors import SnapshotError
from everycommit.repo import cache
from everycommit.repo.cache import cache_folder, locked, remove, run_folder

ROOT_SEES_ALL = pytest.mark.skipif(os.getuid() == 0, reason="nothing is forbidden to root")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file: no folder can be made below it, not by root either."""
    (tmp_path / "file").write_text("")
    return tmp_path / "file"


def test_the_setting_wins_then_the_environment_then_the_usual_place(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path / "home")}
    usual = "home/Library/Caches/everycommit" if sys.platform == "darwin" else "home/.cache/everycommit"
    assert cache_folder(None, environ) == tmp_path / usual

    environ["XDG_CACHE_HOME"] = str(tmp_path / "xdg")
    assert cache_folder(None, environ) == tmp_path / "xdg/everycommit"

    environ["EVERYCOMMIT_CACHE_DIR"] = str(tmp_path / "named")
    assert cache_folder(None, environ) == tmp_path / "named"

    assert cache_folder(str(tmp_path / "set"), environ) == tmp_path / "set"
    assert cache_folder("~/set", environ) == tmp_path / "home/set"


def test_it_is_private_and_marked_for_backups(tmp_path: Path) -> None:
    folder = cache_folder(str(tmp_path / "cache"), {})

    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f06886806bc55\n")


def test_a_relative_xdg_folder_is_ignored(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "XDG_CACHE_HOME": "relative"}

    assert tmp_path in cache_folder(None, environ).parents


@pytest.mark.parametrize("home", [None, "", "relative", "{file}"])
def test_without_a_usable_home_there_is_a_private_temporary_folder(
    tmp_path: Path, file: Path, home: str | None
) -> None:
    environ = {"TMPDIR": str(tmp_path)}
    if home is not None:
        environ["HOME"] = home.format(file=file)

    folder = cache_folder(None, environ)

    assert folder == tmp_path / f"everycommit-{os.getuid()}"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert cache_folder(None, environ) == folder


def test_a_temporary_folder_that_others_can_write_is_refused(tmp_path: Path) -> None:
    (tmp_path / f"everycommit-{os.getuid()}").mkdir(mode=0o777)
    (tmp_path / f"everycommit-{os.getuid()}").chmod(0o777)

    with pytest.raises(SnapshotError, match="open to others; set EVERYCOMMIT_CACHE_DIR"):
        cache_folder(None, {"TMPDIR": str(tmp_path)})


def test_a_temporary_folder_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / f"everycommit-{os.getuid()}").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(SnapshotError, match="somebody else"):
        cache_folder(None, {"TMPDIR": str(tmp_path)})


def test_nowhere_to_write_is_one_sentence(file: Path) -> None:
    with pytest.raises(SnapshotError, match=r"Not a directory; set EVERYCOMMIT_CACHE_DIR .* `everycommit doctor`"):
        cache_folder(None, {"HOME": str(file), "TMPDIR": str(file)})


def test_a_chosen_folder_that_cannot_be_written_is_not_silently_another(tmp_path: Path, file: Path) -> None:
    environ = {"HOME": str(tmp_path), "EVERYCOMMIT_CACHE_DIR": str(file / "below")}

    with pytest.raises(SnapshotError, match=r"below', which EVERYCOMMIT_CACHE_DIR names: Not a directory"):
        cache_folder(None, environ)
    with pytest.raises(SnapshotError, match="the setting 'cache_dir' is 'relative', which is not an absolute path"):
        cache_folder("relative", environ)


@ROOT_SEES_ALL
def test_a_chosen_read_only_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir(mode=0o500)

    with pytest.raises(SnapshotError, match="Permission denied"):
        cache_folder(str(tmp_path / "cache"), {})


def test_a_read_only_folder_is_no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)

    with pytest.raises(SnapshotError, match="Permission denied"):
        cache_folder(str(tmp_path / "cache"), {})


def test_a_run_folder_is_empty_but_for_its_lock_and_goes_at_the_end(tmp_path: Path) -> None:
    with run_folder(tmp_path) as folder:
        assert [path.name for path in folder.iterdir()] == ["lock"]
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "objects").mkdir()
        (folder / "objects/a").write_text("x")

    assert list((tmp_path / "runs").iterdir()) == []


def test_it_goes_when_the_run_fails(tmp_path: Path) -> None:
    with pytest.raises(KeyError), run_folder(tmp_path):
        raise KeyError

    assert list((tmp_path / "runs").iterdir()) == []


def test_folders_of_dead_runs_are_swept_and_those_of_living_ones_stay(tmp_path: Path) -> None:
    script = (
        "import sys, time\nfrom pathlib import Path\nfrom everycommit.repo.cache import run_folder\n"
        "with run_folder(Path(sys.argv[1])) as folder:\n    print(folder, flush=True)\n    time.sleep(60)\n"
    )
    others = [
        subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    folders = [Path(other.stdout.readline().strip()) for other in others if other.stdout]
    others[0].kill()
    others[0].communicate()

    with run_folder(tmp_path):
        assert not folders[0].exists()
        assert folders[1].exists()

    others[1].kill()
    others[1].communicate()
    with run_folder(tmp_path):
        assert not folders[1].exists()


def test_a_folder_that_is_just_being_made_is_left_alone(tmp_path: Path) -> None:
    young, old = tmp_path / "runs/.young", tmp_path / "runs/.old"
    for folder in (young, old):
        folder.mkdir(parents=True)
    long_ago = time.time() - 2 * cache.STALE
    os.utime(old, (long_ago, long_ago))

    with run_folder(tmp_path):
        assert young.exists()
        assert not old.exists()


def test_strange_things_among_the_runs_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "runs/no-lock").mkdir(parents=True)
    (tmp_path / "runs/a-file").write_text("")

    with run_folder(tmp_path) as folder:
        assert folder.exists()


def test_many_runs_at_once_do_not_take_each_others_folder(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom pathlib import Path\nfrom everycommit.repo.cache import run_folder\n"
        "for _ in range(60):\n    with run_folder(Path(sys.argv[1])) as folder:\n"
        "        (folder / 'mine').write_text('x')\n        assert (folder / 'mine').read_text() == 'x'\n"
    )
    runs = [
        subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]

    assert [run.communicate(timeout=60)[1] for run in runs] == [""] * 4
    assert list((tmp_path / "runs").iterdir()) == []


def test_a_run_folder_that_cannot_be_made_is_one_sentence(file: Path) -> None:
    with pytest.raises(SnapshotError, match=r"cannot make the folder .*Not a directory; set EVERYCOMMIT_CACHE_DIR"):
        run_folder(file).__enter__()


def test_a_lock_is_held_once_and_by_whoever_inherited_it(tmp_path: Path) -> None:
    lock = locked(tmp_path / "lock")
    assert lock is not None
    assert locked(tmp_path / "lock") is None

    child = subprocess.Popen(["sleep", "60"], pass_fds=[lock])
    os.close(lock)
    assert locked(tmp_path / "lock") is None

    child.kill()
    child.wait()
    again = locked(tmp_path / "lock")
    assert again is not None
    os.close(again)


def test_the_lock_of_a_removed_file_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl

    path = tmp_path / "lock"
    take = fcntl.flock

    def removed_in_between(fd: int, how: int) -> None:
        path.unlink()
        take(fd, how)

    monkeypatch.setattr("fcntl.flock", removed_in_between)

    with pytest.raises(FileNotFoundError):
        locked(path)


def test_remove_takes_all_and_follows_no_link(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("x")
    top = tmp_path / "top"
    (top / "a/b").mkdir(parents=True)
    (top / "a/b/file").write_text("x")
    (top / "a/link").symlink_to(outside)
    (top / "link").symlink_to(outside / "precious")
    os.mkfifo(top / "a/pipe")
    (top / "a/b").chmod(0)
    (top / "a").chmod(0o500)

    assert remove(top)

    assert not top.exists()
    assert (outside / "precious").read_text() == "x"
    assert outside.stat().st_mode & 0o700 == 0o700


def test_remove_says_what_it_could_not_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/file").write_text("")

    def refuses(self: Path, **_: object) -> None:
        raise PermissionError(1, "Operation not permitted", str(self))

    monkeypatch.setattr(Path, "unlink", refuses)

    assert not remove(tmp_path / "a")
    assert remove(tmp_path / "not-there")
