"""Trees as folders: exact, warm, ours alone, whatever tests leave behind and whenever we are killed."""

import os
import py_compile
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from everycommit.config.schema import SnapshotSettings
from everycommit.deadline import Deadline
from everycommit.errors import EverycommitError, MissingObjects, SnapshotError, TimeRanOut, ToolError
from everycommit.repo.cache import run_folder
from everycommit.repo.quarantine import Quarantine
from everycommit.repo.repository import discover
from everycommit.repo.slot import prune
from everycommit.repo.snapshot import Snapshot, Snapshots
from support import Repo, state

HOLDER = """
import os, sys, time
from pathlib import Path
sys.path.insert(0, {tests!r})
from test_snapshot import Place
from support import Repo
place = Place(Repo(Path({root!r}), {environ!r}), Path({cache!r}))
with place.taken({tree!r}) as snapshot:
    print(snapshot.path, flush=True)
    {act}
"""


class Place:
    """A repository and a cache."""

    def __init__(self, repo: Repo, cache: Path) -> None:
        self.repo = repo
        self.cache = cache

    @contextmanager
    def opened(
        self,
        target: str | None = None,
        *,
        link: tuple[str, ...] = (),
        git: bool = False,
        staged: bool = False,
        seconds: float = 60,
    ) -> Iterator[Snapshots]:
        """Open a run whose target is a tree, HEAD's unless told."""
        repository = discover(self.repo.root, self.repo.environ)
        with run_folder(self.cache) as folder:
            quarantine = Quarantine(repository, folder)
            tree = quarantine.index_tree(repository.index) if staged else target or self.repo.tree()
            try:
                with Snapshots(
                    repository,
                    quarantine,
                    self.cache,
                    SnapshotSettings(link=link, git=git),
                    target=tree,
                    deadline=Deadline.after(seconds),
                ) as snapshots:
                    yield snapshots
            finally:
                quarantine.close()

    @contextmanager
    def taken(
        self,
        target: str | None = None,
        *,
        link: tuple[str, ...] = (),
        git: bool = False,
        staged: bool = False,
    ) -> Iterator[Snapshot]:
        """Take the snapshot of a target and hold it to be exactly that tree."""
        with self.opened(target, link=link, git=git, staged=staged) as snapshots:
            snapshot = snapshots.target()
            if not link and not git and not staged:
                assert laid(snapshot.path) == listed(self.repo, snapshot.tree)
            yield snapshot

    def holder(self, act: str, tree: str | None = None) -> "subprocess.Popen[str]":
        """Start a process of its own that takes a snapshot, prints its path and acts."""
        script = HOLDER.format(
            tests=str(Path(__file__).parent),
            root=str(self.repo.root),
            environ=self.repo.environ,
            cache=str(self.cache),
            tree=tree or self.repo.tree(),
            act=act,
        )
        return subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)


@pytest.fixture
def place(repo: Repo, tmp_path: Path) -> Place:
    return Place(repo, tmp_path / "cache")


def listed(repo: Repo, tree: str) -> dict[str, object]:
    """Return ``{path: what has to be there}`` of a tree without end-of-line attributes, folders included."""
    found: dict[str, object] = {}
    entries = [entry.split("\t", 1) for entry in os.fsdecode(repo.git("ls-tree", "-r", "-z", tree)).split("\0")[:-1]]
    blobs = contents(repo, [facts.split(" ")[2] for facts, _ in entries if not facts.startswith("160000")])
    for facts, path in entries:
        mode, _, oid = facts.split(" ")
        if mode == "160000":
            found[path] = "folder"
        else:
            found[path] = ("link", blobs[oid]) if mode == "120000" else (mode == "100755", blobs[oid])
        for folder in Path(path).parents:
            if folder != Path():
                found[os.fspath(folder)] = "folder"
    return found


def contents(repo: Repo, oids: list[str]) -> dict[str, bytes]:
    answer = repo.git("cat-file", "--batch", stdin="".join(f"{oid}\n" for oid in oids).encode())
    found = {}
    for oid in oids:
        header, _, rest = answer.partition(b"\n")
        size = int(header.split(b" ")[2])
        found[oid], answer = rest[:size], rest[size + 1 :]
    return found


def laid(top: Path, *, bytecode: bool = False) -> dict[str, object]:
    """Return the same of what lies below *top*, without bytecode unless asked."""
    found: dict[str, object] = {}
    for folder, folders, names in os.walk(top):
        if not bytecode:
            folders[:] = [name for name in folders if name != "__pycache__"]
        for name in folders + names:
            path = Path(folder, name)
            mode = path.lstat().st_mode
            key = os.fspath(path.relative_to(top))
            if stat.S_ISLNK(mode):
                found[key] = ("link", os.fsencode(path.readlink()))
            elif stat.S_ISDIR(mode):
                found[key] = "folder"
            elif stat.S_ISREG(mode):
                found[key] = (bool(mode & 0o100), path.read_bytes())
            else:
                found[key] = mode
    return found


def project(repo: Repo) -> Repo:
    """Commit a small project with folders in folders."""
    repo.stage("README", "read\n").stage("src/pkg/__init__.py", "").stage("src/pkg/nav.py", "x = 1\n")
    repo.stage("src/pkg/deep/er/a.py", "a = 1\n").stage("tests/test_nav.py", "def test(): pass\n")
    repo.stage("run.sh", "#!/bin/sh\n")
    repo.git("update-index", "--chmod=+x", "run.sh")
    return repo.commit()


def slots(cache: Path) -> list[str]:
    return sorted(path.name for path in (cache / "worktrees").glob("*/*-*"))


def slot_of(snapshot: Snapshot) -> Path:
    return snapshot.path.parent


# What is laid out


def test_a_tree_is_laid_out_exactly_and_nothing_of_the_users_is_touched(place: Place) -> None:
    repo = project(place.repo)
    repo.write("README", "unstaged\n").write("untracked", "x").stage("src/pkg/nav.py", "x = 2\n")
    before = state(repo)

    with place.taken(staged=True) as snapshot:
        assert (snapshot.path / "src/pkg/nav.py").read_text() == "x = 2\n"
        assert (snapshot.path / "README").read_text() == "read\n"
        assert not (snapshot.path / "untracked").exists()
        assert os.access(snapshot.path / "run.sh", os.X_OK)
        assert snapshot.caches.is_dir()
        assert snapshot.path not in snapshot.caches.parents
        assert snapshot.notes == ()

    assert state(repo) == before


def test_only_what_changed_is_written_again(place: Place) -> None:
    repo = project(place.repo)
    with place.taken() as snapshot:
        before = {name: (snapshot.path / name).stat() for name in ("README", "src/pkg/nav.py", "tests/test_nav.py")}
    repo.stage("src/pkg/nav.py", "x = 2\n").commit()

    with place.taken() as snapshot:
        after = {name: (snapshot.path / name).stat() for name in before}

    same = [name for name in before if before[name].st_ctime_ns == after[name].st_ctime_ns]
    assert same == ["README", "tests/test_nav.py"]


def test_names_modes_and_links_of_every_kind(place: Place) -> None:
    repo = place.repo
    odd = [
        "a b",
        "quo'te\"s",
        "new\nline",
        "-dash",
        "tab\there",
        "*?[x]\\",
        "é",
        ":(glob)x",
        "a\u200bb",
        "CaSe/x",
        "case.x",
    ]
    for name in odd:
        repo.stage(name, name).stage(f"in {name}/{name}", name)
    repo.stage(b"caf\xe9/\xff", "latin")
    repo.path("link").symlink_to("README")
    repo.path("nowhere").symlink_to("/no/such/place")
    repo.path("to folder").symlink_to("CaSe")
    repo.git("add", "link", "nowhere", "to folder")
    repo.commit()

    with place.taken():
        pass
    repo.stage("in *?[x]\\/more", "x").stage(b"caf\xe9/more", "x").commit()
    with place.taken() as snapshot:
        (snapshot.path / "in *?[x]\\" / "left").write_text("x")
        (snapshot.path / os.fsdecode(b"caf\xe9") / "left").write_text("x")
    with place.taken():
        pass


def test_files_and_folders_change_places(place: Place) -> None:
    repo = place.repo
    repo.stage("a/b/c", "x").stage("d", "y").commit()
    first = repo.tree()
    repo.git("rm", "-q", "-r", "a", "d")
    repo.stage("a", "file now").stage("d/e/f", "folder now").commit()
    second = repo.tree()
    repo.git("rm", "-q", "-r", "a", "d")
    repo.path("a").symlink_to("d")
    repo.stage("d", "z").git("add", "a")
    third = repo.commit().tree()

    for tree in (first, second, third, first, third, second, first):
        with place.taken(tree):
            pass


def test_the_empty_tree(place: Place) -> None:
    empty = place.repo.text("hash-object", "-t", "tree", "-w", "--stdin")
    project(place.repo)

    for tree in (empty, place.repo.tree(), empty):
        with place.taken(tree):
            pass


def test_a_sha256_repository(tmp_path: Path) -> None:
    repo = project(Repo.make(tmp_path / "new", tmp_path / "home", object_format="sha256"))
    place = Place(repo, tmp_path / "cache")

    with place.taken():
        pass
    repo.stage("more", "x").commit()
    with place.taken(git=True) as snapshot:
        assert (snapshot.path / "more").exists()


def test_the_users_settings_do_not_count(place: Place, tmp_path: Path) -> None:
    repo = project(place.repo)
    marker = tmp_path / "ran"
    (tmp_path / "home").mkdir(exist_ok=True)
    repo.stage(".gitattributes", "*.py filter=evil\n").commit()
    for key, value in {
        "filter.evil.smudge": f"touch {marker}; cat",
        "core.autocrlf": "true",
        "core.hooksPath": str(tmp_path / "hooks"),
        "core.sparseCheckout": "true",
        "core.fsmonitor": f"touch {marker}",
        "submodule.recurse": "true",
    }.items():
        repo.git("config", key, value)
        repo.git("config", "--file", str(tmp_path / "home/.gitconfig"), key, value)
    assert (tmp_path / "home/.gitconfig").read_text()
    (tmp_path / "hooks").mkdir()
    (tmp_path / "hooks/post-index-change").write_text(f"#!/bin/sh\ntouch {marker}\n")
    (tmp_path / "hooks/post-index-change").chmod(0o755)
    repo.environ.pop("GIT_CONFIG_GLOBAL")
    (repo.root / ".git/info/sparse-checkout").write_text("nothing\n")

    with place.taken():
        assert not marker.exists()


def test_line_ends_follow_the_attributes(place: Place) -> None:
    repo = place.repo
    repo.stage("a.bat", "one\ntwo\n").stage("b.txt", "one\n").stage("sub/c.bat", "one\n").commit()
    repo.stage(".gitattributes", "*.bat text eol=crlf\n").commit()
    with_attributes = repo.tree()
    without = repo.tree("HEAD^")
    repo.stage("sub/.gitattributes", "*.bat -text\n").commit()
    nested = repo.tree()

    for tree, top, below in (
        (with_attributes, b"one\r\ntwo\r\n", b"one\r\n"),
        (without, b"one\ntwo\n", b"one\n"),
        (with_attributes, b"one\r\ntwo\r\n", b"one\r\n"),
        (nested, b"one\r\ntwo\r\n", b"one\n"),
    ):
        with place.opened(tree) as snapshots:
            snapshot = snapshots.target()
            assert (snapshot.path / "a.bat").read_bytes() == top
            assert (snapshot.path / "sub/c.bat").read_bytes() == below
            assert (snapshot.path / "b.txt").read_bytes() == b"one\n"


# What was left behind


def _modified(top: Path, _: Path) -> None:
    (top / "src/pkg/nav.py").write_text("x = 9\n")


def _same_time_and_size(top: Path, _: Path) -> None:
    path = top / "src/pkg/nav.py"
    times = path.stat()
    path.write_text("x = 9\n")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def _deleted(top: Path, _: Path) -> None:
    (top / "src/pkg/nav.py").unlink()


def _folder_deleted(top: Path, _: Path) -> None:
    shutil.rmtree(top / "src")


def _all_deleted(top: Path, _: Path) -> None:
    shutil.rmtree(top)


def _modes(top: Path, _: Path) -> None:
    (top / "src/pkg/nav.py").chmod(0o755)
    (top / "run.sh").chmod(0o644)
    (top / "README").chmod(0)


def _files_left(top: Path, _: Path) -> None:
    for name in (
        "left",
        "src/left",
        "src/pkg/deep/er/left",
        ".hidden",
        "src/pkg/nav.pyc",
        "conftest.py",
        "README.orig",
    ):
        (top / name).write_text("x")


def _folders_left(top: Path, _: Path) -> None:
    (top / "build/lib/pkg").mkdir(parents=True)
    (top / "build/lib/pkg/nav.py").write_text("x = 0\n")
    (top / "src/pkg/empty").mkdir()
    (top / "src/pkg/deep/er/__pycache__/sub").mkdir(parents=True)
    (top / "src/pkg/deep/er/__pycache__/note.txt").write_text("x")


def _ignored_left(top: Path, _: Path) -> None:
    (top / ".gitignore").write_text("*\n")
    (top / "src/secret.py").write_text("x")


def _repositories_left(top: Path, _: Path) -> None:
    for folder in (".", "src", "src/pkg/deep", "new"):
        (top / folder).mkdir(exist_ok=True)
        subprocess.run(["git", "init", "-q"], cwd=top / folder, check=True)
    (top / "new/file").write_text("x")
    (top / "tests/.git").write_text("gitdir: /no/such/place\n")


def _special_left(top: Path, _: Path) -> None:
    os.mkfifo(top / "pipe")
    (top / "src/pkg/deep/er/a.py").unlink()
    os.mkfifo(top / "src/pkg/deep/er/a.py")
    here = Path.cwd()
    os.chdir(top / "src")  # a socket's path is short
    with socket.socket(socket.AF_UNIX) as left:
        left.bind("socket")
    os.chdir(here)


def _links_left(top: Path, outside: Path) -> None:
    (top / "left").symlink_to(outside)
    (top / "src/pkg/left").symlink_to(outside / "precious")
    (top / "README").unlink()
    (top / "README").symlink_to(outside / "precious")


def _folder_for_file(top: Path, _: Path) -> None:
    (top / "src/pkg/nav.py").unlink()
    (top / "src/pkg/nav.py/more").mkdir(parents=True)
    (top / "src/pkg/nav.py/more/x").write_text("x")


def _file_for_folder(top: Path, _: Path) -> None:
    shutil.rmtree(top / "src/pkg")
    (top / "src/pkg").write_text("x")


def _link_for_folder(top: Path, outside: Path) -> None:
    shutil.rmtree(top / "src/pkg")
    (top / "src/pkg").symlink_to(outside)


def _moved_and_linked(top: Path, _: Path) -> None:
    (top / "src").rename(top / "moved")
    (top / "src").symlink_to("moved")


def _deep_moved_and_linked(top: Path, _: Path) -> None:
    (top / "src/pkg/deep").rename(top / "src/pkg/moved")
    (top / "src/pkg/deep").symlink_to("moved")


def _moved_out_and_linked(top: Path, outside: Path) -> None:
    (top / "src").rename(outside / "src")
    (top / "src").symlink_to(outside / "src")


def _read_only(top: Path, _: Path) -> None:
    (top / "src/pkg/left").write_text("x")
    (top / "closed/in").mkdir(parents=True)
    for folder in ("closed/in", "closed", "src/pkg"):
        (top / folder).chmod(0o500)
    (top / "tests").chmod(0)


DAMAGES: list[Callable[[Path, Path], None]] = [
    _modified,
    _same_time_and_size,
    _deleted,
    _folder_deleted,
    _all_deleted,
    _modes,
    _files_left,
    _folders_left,
    _ignored_left,
    _repositories_left,
    _special_left,
    _links_left,
    _folder_for_file,
    _file_for_folder,
    _link_for_folder,
    _moved_and_linked,
    _deep_moved_and_linked,
    _moved_out_and_linked,
    _read_only,
]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__.strip("_"))
@pytest.mark.parametrize("after", ["same tree", "other tree", "settled"])
def test_what_was_left_behind_is_never_seen_by_the_next_run(
    place: Place, tmp_path: Path, damage: Callable[[Path, Path], None], after: str
) -> None:
    """Once on the same tree, once on one that differs there, once on a slot whose folders are old and trusted."""
    repo = project(place.repo)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("x")
    first = repo.tree()
    repo.stage("src/pkg/nav.py", "x = 2\n").stage("src/pkg/deep/er/b.py", "b = 1\n").stage(
        "src/new/c.py", "c\n"
    ).commit()
    if after == "settled":
        with place.taken(first) as snapshot:
            past = time.time() - 1000
            trust_folders(slot_of(snapshot))
            os.utime(snapshot.path, (past, past))
    with place.taken(first) as snapshot:
        damage(snapshot.path, outside)

    with place.taken(repo.tree() if after == "other tree" else first) as snapshot:
        assert stat.S_IMODE((snapshot.path / "README").stat().st_mode) & 0o600 == 0o600
        assert (snapshot.path / "src/pkg").stat().st_mode & 0o700 == 0o700

    assert (outside / "precious").read_text() == "x"
    with place.taken(first):
        pass


def trust_folders(slot: Path) -> None:
    """Let the slot believe that its folders did not change for long."""
    import json

    kept = json.loads((slot / "state.json").read_text())
    for folder, facts in kept["seen"].items():
        facts[0] = (slot / "tree" / folder).lstat().st_ctime_ns
    (slot / "state.json").write_text(json.dumps(kept))


def test_unchanged_folders_are_not_read_again(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    project(place.repo)
    with place.taken() as snapshot:
        trust_folders(slot_of(snapshot))
        (snapshot.path / "tests/left").write_text("x")
    read: list[str] = []
    scan = os.scandir

    def noted(path: str) -> "os._ScandirIterator[str]":
        read.append(os.fspath(path))
        return scan(path)

    monkeypatch.setattr("everycommit.repo.sweep.os.scandir", noted)

    with place.opened() as snapshots:
        top = snapshots.target().path

    assert [path for path in read if path.startswith(str(top))] == [str(top / "tests")]


def test_a_removed_package_is_gone_with_its_bytecode(place: Place) -> None:
    """A folder with bytecode alone could still be imported, as a namespace package."""
    repo = project(place.repo)
    with place.taken() as snapshot:
        for folder in ("src/pkg", "src/pkg/deep/er"):
            (snapshot.path / folder / "__pycache__").mkdir()
            (snapshot.path / folder / "__pycache__/a.cpython-311.pyc").write_bytes(bytes(16))
    with place.taken() as snapshot:
        trust_folders(slot_of(snapshot))
    repo.git("rm", "-q", "-r", "src")
    repo.commit()

    with place.taken() as snapshot:
        assert not (snapshot.path / "src").exists()


def test_bytecode_stays_unless_python_would_not_compare_it(place: Place) -> None:
    repo = project(place.repo)
    with place.taken() as snapshot:
        source = snapshot.path / "src/pkg/nav.py"
        kept = Path(py_compile.compile(str(source), doraise=True) or "")
        folder = kept.parent
        for name, mode in (
            ("unchecked", py_compile.PycInvalidationMode.UNCHECKED_HASH),
            ("checked", py_compile.PycInvalidationMode.CHECKED_HASH),
        ):
            py_compile.compile(str(source), str(folder / f"{name}.pyc"), doraise=True, invalidation_mode=mode)
        (folder / "note.txt").write_text("x")
        (folder / "link.pyc").symlink_to(kept)
        os.mkfifo(folder / "pipe.pyc")
        (folder / "deeper").mkdir()

    for _ in range(2):
        with place.taken():
            assert sorted(path.name for path in folder.iterdir()) == sorted(["checked.pyc", kept.name])
    repo.stage("src/pkg/__pycache__/tracked.pyc", "x").commit()
    with place.opened() as snapshots:
        assert laid(snapshots.target().path, bytecode=True) == listed(repo, repo.tree())


# Times


def import_x(snapshot: Snapshot) -> str:
    done = subprocess.run(
        [sys.executable, "-c", "import nav; print(nav.x)"],
        cwd=snapshot.path / "src/pkg",
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": os.environ["PATH"]},
    )
    return done.stdout.strip()


def test_bytecode_of_an_older_content_is_never_run(place: Place) -> None:
    """Equal length, many within one second: Python compares whole seconds and the size."""
    repo = project(place.repo)

    for number in range(8):
        repo.stage("src/pkg/nav.py", f"x = {number}\n").commit()
        with place.taken() as snapshot:
            assert import_x(snapshot) == str(number)
            (snapshot.path / "src/pkg/nav.py").write_text("x = 9\n")
            import_x(snapshot)


def test_no_content_gets_a_second_that_another_had(place: Place) -> None:
    repo = project(place.repo)
    had: dict[int, set[str]] = {}

    for number in range(12):
        repo.stage("src/pkg/nav.py", f"x = {number % 10}\n").commit()
        with place.taken() as snapshot:
            path = snapshot.path / "src/pkg/nav.py"
            assert had.setdefault(int(path.stat().st_mtime), {path.read_text()}) == {path.read_text()}
            path.write_text("x = *\n")
            had.setdefault(int(path.stat().st_mtime), set()).add(path.read_text())
        time.sleep(0.15)


def test_mypy_sees_an_edit_of_equal_length_within_the_same_second(place: Place) -> None:
    repo = place.repo
    good, bad = "def f() -> int:\n    return 1\n", "def f() -> str:\n    return 1\n"
    assert len(good) == len(bad)
    found = []

    for content in (good, bad, good):
        repo.stage("a.py", content).commit()
        with place.taken() as snapshot:
            trees = [snapshot.path / "a.py"]
            done = subprocess.run(
                [sys.executable, "-m", "mypy", "--cache-dir", str(snapshot.caches / "mypy"), "a.py"],
                cwd=snapshot.path,
                capture_output=True,
                text=True,
                check=False,
            )
            found.append(done.returncode)
            # As if all had happened within one second, the usual case for a fast machine.
            second = trees[0].stat().st_mtime
            clock = slot_of(snapshot) / "clock"
        clock.write_text(f"{int(max(second, time.time()))} free")

    assert found == [0, 1, 0]


def test_files_with_a_time_of_ours_are_not_written_again_and_again(place: Place) -> None:
    repo = project(place.repo)
    with place.taken() as snapshot:
        clock = slot_of(snapshot) / "clock"
    for number in range(60):
        repo.stage(f"many/{number}", str(number))
    repo.commit()
    clock.write_text(f"{int(time.time()) + 5} free")

    with place.taken() as snapshot:
        first = {path.name: path.stat() for path in (snapshot.path / "many").iterdir()}
    with place.taken() as snapshot:
        second = {path.name: path.stat() for path in (snapshot.path / "many").iterdir()}

    assert {int(found.st_mtime) - int(clock.read_text().split()[0]) for found in first.values()} <= {0, 1}
    assert {name: found.st_ino for name, found in first.items()} == {
        name: found.st_ino for name, found in second.items()
    }


def test_after_a_run_that_died_no_second_of_its_life_is_used(place: Place) -> None:
    repo = project(place.repo)
    dead = place.holder("(snapshot.path / 'src/pkg/nav.py').write_text('x = 9\\n'); os.kill(os.getpid(), 9)")
    dead.communicate(timeout=30)
    repo.stage("src/pkg/nav.py", "x = 2\n").commit()
    now = int(time.time())

    with place.taken() as snapshot:
        assert (snapshot.path / "src/pkg/nav.py").stat().st_mtime > now


# Damaged slots


def _truncated(slot: Path) -> None:
    os.truncate(slot / "git/index", 40)


def _garbled(slot: Path) -> None:
    (slot / "git/index").write_bytes(b"nonsense" * 100)


def _stale_lock(slot: Path) -> None:
    (slot / "git/index.lock").write_bytes(b"")


def _no_objects(slot: Path) -> None:
    shutil.rmtree(slot / "git/objects")


def _odd_config(slot: Path) -> None:
    (slot / "git/config").write_text("[core\n")


def _no_git(slot: Path) -> None:
    shutil.rmtree(slot / "git")


def _git_is_a_file(slot: Path) -> None:
    shutil.rmtree(slot / "git")
    (slot / "git").write_text("x")


def _tree_is_a_file(slot: Path) -> None:
    shutil.rmtree(slot / "tree")
    (slot / "tree").write_text("x")


def _no_state(slot: Path) -> None:
    (slot / "state.json").unlink()


def _odd_state(slot: Path) -> None:
    (slot / "state.json").write_text('{"version": 1, "tree": "x", "seen": {"": 5}}')


def _other_version(slot: Path) -> None:
    (slot / "state.json").write_text('{"version": 0}')


def _odd_clock(slot: Path) -> None:
    (slot / "clock").write_text("yesterday")


def _empty_slot(slot: Path) -> None:
    shutil.rmtree(slot)


@pytest.mark.parametrize(
    "damage",
    [
        _truncated,
        _garbled,
        _stale_lock,
        _no_objects,
        _odd_config,
        _no_git,
        _git_is_a_file,
        _tree_is_a_file,
        _no_state,
        _odd_state,
        _other_version,
        _odd_clock,
        _empty_slot,
    ],
    ids=lambda damage: damage.__name__.strip("_"),
)
def test_a_damaged_slot_mends_itself(place: Place, damage: Callable[[Path], None]) -> None:
    repo = project(place.repo)
    with place.taken() as snapshot:
        slot = slot_of(snapshot)
        (snapshot.path / "left").write_text("x")
    damage(slot)
    repo.stage("src/pkg/nav.py", "x = 2\n").commit()

    with place.taken() as snapshot:
        assert slot_of(snapshot) == slot
    with place.taken():
        pass


def test_without_a_clock_the_tools_caches_go(place: Place) -> None:
    """They know files by times; without the clock those may come again."""
    project(place.repo)
    with place.taken() as snapshot:
        (snapshot.caches / "mypy").write_text("x")
    with place.taken() as snapshot:
        assert (snapshot.caches / "mypy").exists()
    (slot_of(snapshot) / "clock").unlink()

    with place.taken() as snapshot:
        assert not (snapshot.caches / "mypy").exists()


def test_objects_that_went_with_an_older_run_do_not_matter(place: Place) -> None:
    """The slot's index knows trees and files of a quarantine that is gone."""
    repo = project(place.repo)
    for number in range(3):
        repo.stage("src/pkg/nav.py", f"x = {number}\n").stage(f"src/pkg/deep/{number}.py", f"# {number}\n")
        with place.taken(staged=True) as snapshot:
            assert (snapshot.path / "src/pkg/nav.py").read_text() == f"x = {number}\n"
        if number:
            # What only that tree held is in no repository any more.
            repo.git("rm", "-q", "--cached", f"src/pkg/deep/{number - 1}.py")
            repo.git("prune", "--expire=now")

    with place.taken() as snapshot:
        assert (snapshot.path / "src/pkg/nav.py").read_text() == "x = 1\n"


# Runs beside each other, and runs that die


def test_two_processes_at_once_take_two_slots(place: Place) -> None:
    project(place.repo)
    other = place.holder("time.sleep(60)")
    assert other.stdout is not None
    theirs = Path(other.stdout.readline().strip())

    with place.taken() as snapshot:
        assert snapshot.path != theirs
        assert slots(place.cache) == ["target-1", "target-2"]
        assert laid(theirs) == laid(snapshot.path)
    other.kill()
    other.communicate()
    with place.taken() as snapshot:
        assert snapshot.path == theirs


def test_a_slot_stays_taken_while_a_child_of_a_dead_run_lives(place: Place) -> None:
    project(place.repo)
    dead = place.holder(
        "import subprocess; print(subprocess.Popen(['sleep', '60'], pass_fds=[snapshot.lock],"
        " stdout=subprocess.DEVNULL).pid, flush=True); os.kill(os.getpid(), 9)"
    )
    theirs, pid = dead.communicate(timeout=30)[0].split()

    with place.taken() as snapshot:
        assert snapshot.path != Path(theirs)
    os.kill(int(pid), signal.SIGKILL)
    time.sleep(0.2)
    with place.taken() as snapshot:
        assert snapshot.path == Path(theirs)


def test_killed_in_the_middle_of_laying_out_the_next_run_is_right(place: Place) -> None:
    repo = place.repo
    for number in range(400):
        repo.write(f"d{number % 20}/f{number}", f"{number}\n" * 200)
    repo.git("add", "-A")
    first = repo.commit().tree()
    for number in range(0, 400, 2):
        repo.write(f"d{number % 20}/f{number}", f"other {number}\n" * 200)
    repo.write("e/new", "x").git("rm", "-q", "-r", "d3")
    repo.git("add", "-A")
    second = repo.commit().tree()

    for attempt in range(20):
        tree = (first, second)[attempt % 2]
        running = place.holder("pass", tree)
        time.sleep(0.1 + 0.012 * attempt)
        running.kill()
        running.communicate()
        with place.taken(tree if attempt % 3 else first):
            pass


def test_at_most_three_slots_of_a_role_stay(place: Place) -> None:
    project(place.repo)
    others = [place.holder("time.sleep(60)") for _ in range(4)]
    for other in others:
        assert other.stdout is not None
        other.stdout.readline()
    with place.taken():
        assert len(slots(place.cache)) == 5
    for other in others:
        other.kill()
        other.communicate()

    with place.opened() as one, place.opened() as two, place.opened() as three, place.opened() as four:
        for snapshots in (one, two, three, four):
            snapshots.target()
    with place.taken():
        pass

    assert len(slots(place.cache)) <= 4


def test_each_tree_is_laid_out_once_whoever_asks(place: Place) -> None:
    repo = project(place.repo)
    older = repo.tree()
    repo.stage("README", "new\n").commit()
    taken: list[Snapshot] = []

    with place.opened() as snapshots:
        threads = [
            threading.Thread(
                target=lambda n=number: taken.append(snapshots.older(older) if n % 2 else snapshots.target())
            )
            for number in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        assert snapshots.older(repo.tree()) is snapshots.target()
        assert laid(snapshots.older(older).path) == listed(repo, older)

    assert len(taken) == 8
    assert len(set(taken)) == 2
    assert slots(place.cache) == ["older-1", "target-1"]


def test_an_overlay_is_a_tree_of_its_own(place: Place) -> None:
    repo = project(place.repo)
    blob = repo.text("hash-object", "-w", "README")

    with place.opened() as snapshots:
        tree = snapshots.overlay(repo.tree(), {"run.sh": None, "src/pkg/nav.py": ("100644", blob)})
        snapshot = snapshots.older(tree)
        assert not (snapshot.path / "run.sh").exists()
        assert (snapshot.path / "src/pkg/nav.py").read_text() == "read\n"


def test_after_the_end_nothing_is_given(place: Place) -> None:
    project(place.repo)
    with place.opened() as snapshots:
        pass

    with pytest.raises(SnapshotError, match="over"):
        snapshots.target()
    with place.taken():
        assert slots(place.cache) == ["target-1"]


# The cache as a whole


def test_worktrees_that_are_no_more_are_removed(place: Place, tmp_path: Path) -> None:
    project(place.repo)
    gone = Place(project(Repo.make(tmp_path / "gone", tmp_path / "home")), place.cache)
    with gone.taken():
        pass
    (place.cache / "worktrees/unfinished").mkdir()
    (place.cache / "worktrees/long-unfinished").mkdir()
    os.utime(place.cache / "worktrees/long-unfinished", (1, 1))
    shutil.rmtree(gone.repo.root)

    with place.taken() as snapshot:
        left = {path.name for path in (place.cache / "worktrees").iterdir()}

    assert left == {"unfinished", slot_of(snapshot).parent.name}


def test_a_slot_in_use_is_not_removed(place: Place, tmp_path: Path) -> None:
    project(place.repo)
    with place.taken() as snapshot:
        moved = place.repo.root.rename(tmp_path / "moved")
        prune(place.cache)
        assert (snapshot.path / "README").exists()
        moved.rename(place.repo.root)


def test_linked_worktrees_have_slots_of_their_own(place: Place, tmp_path: Path) -> None:
    project(place.repo).git("worktree", "add", "-q", str(tmp_path / "linked"), "-b", "other")
    linked = Place(Repo(tmp_path / "linked", place.repo.environ), place.cache)

    with place.taken() as one, linked.taken() as other:
        assert slot_of(one).parent != slot_of(other).parent


# What goes wrong


def test_a_cache_that_cannot_be_written_is_one_sentence(place: Place) -> None:
    project(place.repo)
    place.cache.mkdir()
    (place.cache / "worktrees").write_text("")

    with (
        place.opened() as snapshots,
        pytest.raises(SnapshotError, match=r"worktrees.*Not a directory; set EVERYCOMMIT_CACHE_DIR .*doctor"),
    ):
        snapshots.target()


def test_a_full_disk_is_one_sentence_and_keeps_nothing_half(place: Place) -> None:
    """A limit on the size of files fails as a full disk does: git cannot write."""
    repo = project(place.repo)
    repo.stage("big", os.urandom(400_000)).commit()
    script = HOLDER.format(
        tests=str(Path(__file__).parent),
        root=str(repo.root),
        environ=repo.environ,
        cache=str(place.cache),
        tree=repo.tree(),
        act="pass",
    ).replace(
        "place = Place", "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\nplace = Place"
    )

    env = {name: value for name, value in os.environ.items() if not name.startswith("COV")}  # it writes files too
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60, env=env
    )

    assert "SnapshotError: the snapshot '" in done.stderr.splitlines()[-1]
    assert "set EVERYCOMMIT_CACHE_DIR to a folder" in done.stderr.splitlines()[-1]
    assert not list(place.cache.glob("worktrees/*/target-1/tree"))
    with place.taken():
        pass


def test_what_cannot_be_removed_is_said(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    project(place.repo)
    with place.taken() as snapshot:
        (snapshot.path / "left").write_text("x")
    monkeypatch.setattr("everycommit.repo.sweep.remove", lambda _: False)
    monkeypatch.setattr("everycommit.repo.slot.remove", lambda _: False)

    with place.opened() as snapshots:
        with pytest.raises(SnapshotError, match="cannot be removed"):
            snapshots.target()
        with pytest.raises(SnapshotError, match="cannot be removed"):
            snapshots.target()


def test_a_slot_that_cannot_be_emptied_is_said_and_let_go(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    project(place.repo)
    with place.taken() as snapshot:
        (slot_of(snapshot) / "clock").write_text("")
    (slot_of(snapshot) / "clock").write_text("")
    monkeypatch.setattr("everycommit.repo.slot.remove", lambda _: False)
    with place.opened() as snapshots, pytest.raises(SnapshotError, match="protected or in use; set EVERYCOMMIT"):
        snapshots.target()
    monkeypatch.undo()

    with place.taken() as again:
        assert again.path == snapshot.path


def test_missing_objects_are_said_as_such(place: Place, tmp_path: Path) -> None:
    origin = project(place.repo)
    origin.git("config", "uploadpack.allowFilter", "true")
    origin.git("clone", "-q", "--no-checkout", "--filter=blob:none", f"file://{origin.root}", str(tmp_path / "partial"))
    partial = Place(Repo(tmp_path / "partial", origin.environ), place.cache)

    with partial.opened() as snapshots, pytest.raises(MissingObjects):
        snapshots.target()


def test_time_that_ran_out_is_said_and_the_next_run_is_right(place: Place) -> None:
    project(place.repo)

    with place.opened(seconds=0) as snapshots, pytest.raises(TimeRanOut):
        snapshots.target()
    with place.taken():
        pass


# What the project needs besides


def test_linked_files_and_small_folders_are_copies(place: Place) -> None:
    repo = project(place.repo)
    repo.write("src/pkg/_version.py", "v = 1\n").write("node_modules/a/b.js", "x").write("data/sub/c", "x")
    before = state(repo)
    wanted = ("src/pkg/_version.py", "node_modules", "data/sub/c", "data/sub/c", "no/such/thing")

    for _ in range(2):
        with place.taken(link=wanted) as snapshot:
            assert (snapshot.path / "src/pkg/_version.py").read_text() == "v = 1\n"
            assert not (snapshot.path / "src/pkg/_version.py").is_symlink()
            assert (snapshot.path / "src/pkg/_version.py").stat().st_mtime_ns == (
                repo.path("src/pkg/_version.py").stat().st_mtime_ns
            )
            assert (snapshot.path / "node_modules/a/b.js").read_text() == "x"
            (snapshot.path / "node_modules/a/b.js").write_text("broken")
            (snapshot.path / "node_modules/new").write_text("left")
            assert snapshot.notes == (
                "'no/such/thing', which the setting 'snapshot.link' names, is not in the working tree",
            )
            (snapshot.path / "src/pkg/_version.py").write_text("broken")

    with place.taken():
        assert state(repo) == before


def test_what_lies_in_a_linked_folder_may_be_named_too(place: Place) -> None:
    project(place.repo).write("data/sub/c", "x").write("data/d", "x")

    with place.taken(link=("data/sub/c", "data/d", "data", "data/sub")) as snapshot:
        assert snapshot.notes == ()
        assert laid(snapshot.path / "data") == {"d": (False, b"x"), "sub": "folder", "sub/c": (False, b"x")}


def test_linked_folders_that_are_large_or_lead_outside_are_links(place: Place, tmp_path: Path) -> None:
    repo = project(place.repo)
    repo.write("large/a", "x").write("leads/a", "x").write("within/a/b", "x").write("within/__pycache__/a.pyc", "x")
    os.truncate(repo.path("large/a"), 20_000_001)
    for number in range(501):
        repo.write(f"many/{number}", "")
    repo.path("leads/out").symlink_to(tmp_path)
    repo.path("within/to").symlink_to("a/b")
    os.mkfifo(repo.write("odd/a", "").path("odd/pipe"))

    with place.taken(link=("large", "many", "leads", "odd", "within")) as snapshot:
        for name in ("large", "many", "leads", "odd"):
            assert (snapshot.path / name).readlink() == repo.path(name)
        assert laid(snapshot.path / "within", bytecode=True) == {
            "a": "folder",
            "a/b": (False, b"x"),
            "to": ("link", b"a/b"),
        }


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/etc", "not a path in the working tree"),
        ("../other", "not a path in the working tree"),
        ("a/../../b", "not a path in the working tree"),
        (".git", "not a path in the working tree"),
        ("", "not a path in the working tree"),
        ("README", "is tracked by git"),
        ("src", "is tracked by git"),
        ("README/below", "'README' is not a folder in the tree"),
        ("out/below", "'out' is not a folder in the tree"),
        ("pipe", "neither a file nor a folder"),
    ],
)
def test_what_cannot_be_linked_is_said(place: Place, tmp_path: Path, path: str, said: str) -> None:
    repo = project(place.repo)
    repo.path("out").symlink_to(tmp_path)
    repo.git("add", "out")
    repo.commit()
    os.mkfifo(repo.path("pipe"))

    with place.opened(link=(path,)) as snapshots, pytest.raises(ToolError, match=said):
        snapshots.target()


@pytest.mark.skipif(os.getuid() == 0, reason="nothing is forbidden to root")
def test_a_link_that_cannot_be_read_is_said(place: Place) -> None:
    project(place.repo).write("closed", "x").path("closed").chmod(0)

    with place.opened(link=("closed",)) as snapshots, pytest.raises(SnapshotError, match="cannot be taken"):
        snapshots.target()


def test_a_link_that_cannot_be_copied_is_said(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    project(place.repo).write("closed", "x")

    def refuses(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("shutil.copyfile", refuses)

    with place.opened(link=("closed",)) as snapshots, pytest.raises(SnapshotError, match="cannot be taken"):
        snapshots.target()


def test_a_throw_away_repository(place: Place) -> None:
    repo = project(place.repo)
    before = state(repo)

    def git(snapshot: Snapshot, *argv: str) -> str:
        env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CEILING_DIRECTORIES": str(slot_of(snapshot))}
        done = subprocess.run(["git", *argv], cwd=snapshot.path, env=env, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    for _ in range(2):
        with place.taken(git=True) as snapshot:
            assert git(snapshot, "status", "--porcelain") == ""
            assert git(snapshot, "branch", "--show-current") == "main"
            assert git(snapshot, "rev-parse", "HEAD^{tree}") == snapshot.tree
            assert git(snapshot, "rev-list", "--count", "HEAD") == "1"
            (snapshot.path / "more").write_text("x")
            git(snapshot, "add", "-A")
            git(snapshot, "commit", "-qm", "a test's own")
            git(snapshot, "fsck", "--strict")

    with place.taken():
        assert state(repo) == before


def test_a_throw_away_repository_that_cannot_be_made_is_said(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    project(place.repo)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("everycommit.repo.gitfolder.lay_out", full)
    with place.opened(git=True) as snapshots, pytest.raises(SnapshotError, match="No space left on device; set"):
        snapshots.target()
    monkeypatch.undo()
    monkeypatch.setattr("everycommit.repo.gitfolder._WHO", {"GIT_COMMITTER_DATE": "nonsense"})
    with place.opened(git=True) as snapshots, pytest.raises(SnapshotError, match="cannot make the repository"):
        snapshots.target()


def test_without_a_repository_of_its_own_git_finds_none_from_the_snapshot(place: Place) -> None:
    project(place.repo)

    with place.taken() as snapshot:
        env: Mapping[str, str] = {"PATH": os.environ["PATH"], "GIT_CEILING_DIRECTORIES": str(slot_of(snapshot))}
        done = subprocess.run(
            ["git", "rev-parse"], cwd=snapshot.path / "src/pkg", env=env, capture_output=True, text=True, check=False
        )

    assert "not a git repository" in done.stderr


def test_submodules_are_named_and_kept_empty(place: Place, tmp_path: Path) -> None:
    repo = project(place.repo)
    plain = repo.tree()
    for path in ("vendor/b", "vendor/a", "top"):
        repo.git("update-index", "--add", "--cacheinfo", f"160000,{repo.text('rev-parse', 'HEAD')},{path}")
    repo.git("commit", "-qm", "submodules")
    said = "submodule contents are not laid out: top, vendor/a, vendor/b"

    with place.taken() as snapshot:
        assert snapshot.notes == (said,)
        subprocess.run(["git", "init", "-q"], cwd=snapshot.path / "top", check=True)
        (snapshot.path / "vendor/a/left").write_text("x")
        (snapshot.path / "vendor/a/__pycache__").mkdir()
        shutil.rmtree(snapshot.path / "vendor/b")
    for _ in range(2):
        with place.opened() as snapshots:
            assert laid(snapshots.target().path, bytecode=True) == listed(repo, repo.tree())
            assert snapshots.notes() == (said,)
    repo.write("vendor/a/code.py", "x")
    for _ in range(2):
        with place.taken(link=("vendor/a",)) as snapshot:
            assert (snapshot.path / "vendor/a/code.py").exists()
    with place.taken(), place.opened(plain) as snapshots:
        assert laid(snapshots.target().path) == listed(repo, plain)
    with place.taken(plain) as snapshot:
        assert snapshot.notes == ()
    assert repo.path("vendor/a/code.py").exists()


def test_every_error_is_one_of_ours(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks later gets the same sentence; nothing is tried twice."""
    project(place.repo)
    calls: list[str] = []

    def refuses(*_: object) -> None:
        calls.append("x")
        raise SnapshotError("no")

    monkeypatch.setattr("everycommit.repo.snapshot.laid_out", refuses)
    with place.opened() as snapshots:
        for _ in range(3):
            with pytest.raises(EverycommitError, match="no"):
                snapshots.target()

    assert calls == ["x"]
