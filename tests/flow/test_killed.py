"""Whatever ends the hook, and whenever: nothing of the user's changes, nothing of ours lives on, the next run holds."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support import state

from .conftest import PRICES, Shop

MOMENTS = 30
WAYS = [
    (number, group)
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    for group in (False, True)
]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="finds the processes of a run in /proc"),
]


def ours(marker: str) -> dict[int, str]:
    """Return the living processes (pid to command line) whose environment holds *marker*."""
    found = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        try:
            if marker.encode() in (folder / "environ").read_bytes() and "Z" not in _status(folder):
                found[int(folder.name)] = (
                    (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                )
        except OSError:
            continue  # it ended, or is not ours to read
    return found


def _status(folder: Path) -> str:
    return (folder / "stat").read_text().rsplit(")", 1)[1].split()[0]


def hook_of(git: int) -> int | None:
    """Return the process that git waits for: the hook, which exec turned from sh into Python."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                if int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1]) == git:
                    return int(folder.name)
            except OSError:
                continue
    return None


@pytest.fixture
def busy(typed_shop: Shop) -> Shop:
    """A staged change that keeps every gate busy: a slow test, a type check, a program started by a test."""
    shop = typed_shop
    shop.stage(
        "tests/test_slow.py",
        "import subprocess\nimport sys\n\n\ndef test_slow() -> None:\n"
        "    subprocess.run([sys.executable, '-c', 'import time; time.sleep(1)'], check=True)\n",
    )
    shop.stage("src/shop/prices.py", PRICES + "\n\nRATE = 19\n")
    return shop


def test_killed_at_any_moment_nothing_is_lost(busy: Shop, tmp_path: Path) -> None:
    marker = str(tmp_path / "marker")
    Path(marker).mkdir()
    environ = busy.environ | {"TMPDIR": marker}
    assert busy.attempt("commit", "--dry-run").returncode == 0  # git itself writes the trees of the index
    assert busy.everycommit("run").returncode == 0  # fills the tools' caches
    whole = _seconds_of_a_run(busy)
    before = state(busy)
    index = (busy.root / ".git/index").read_bytes()
    head = busy.text("rev-parse", "HEAD")
    hit = 0

    for moment in range(MOMENTS):
        number, group = WAYS[moment % len(WAYS)]
        _forget(busy)
        git = subprocess.Popen(
            ["git", "commit", "-m", "never"],
            cwd=busy.root,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_interruptible,  # noqa: PLW1509 - no threads here
        )
        time.sleep(whole * (moment + 0.5) / MOMENTS)
        hook = git.pid if group else hook_of(git.pid)
        killed = hook is not None and git.poll() is None
        if hook is not None and killed:
            (os.killpg if group else os.kill)(hook, number)
        code = git.wait(timeout=30)
        said = f"moment {moment}, signal {number.name}, {'group' if group else 'alone'}, git ended with {code}"
        deadline = time.monotonic() + max(1.0, whole)  # a second, unless the machine is busy
        while ours(marker) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not ours(marker), f"{said}: {ours(marker)}"
        (busy.root / ".git/index.lock").unlink(missing_ok=True)  # git's own, where git itself was killed
        if code == 0:
            # The run was over sooner than the one that was timed: the commit is there, and is taken back.
            busy.git("update-ref", "HEAD", head)
            before = state(busy)
            continue
        hit += 1
        after = state(busy)
        changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
        assert changed <= {"git index"}, f"{said}: {changed}"
        assert _entries(busy) == _entries(busy, index), said

    assert hit >= MOMENTS * 2 // 3, f"only {hit} of {MOMENTS} signals met a run"
    busy.stage("src/shop/prices.py", PRICES.replace("+ 50", "+ 500"))
    assert "tests/failed" in busy.everycommit("run").stdout
    left = list((Path(busy.environ["XDG_CACHE_HOME"]) / "everycommit/runs").iterdir())
    assert left == []


def _interruptible() -> None:
    """Undo what a shell does to commands in its background, CI's say: they ignore SIGINT, and so do their children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _forget(shop: Shop) -> None:
    """Drop the verdicts that are known, so that the next run has everything to do."""
    for path in (shop.root / ".git/everycommit").glob("ledger*"):
        path.unlink()


def _seconds_of_a_run(shop: Shop) -> float:
    _forget(shop)
    began = time.monotonic()
    assert shop.everycommit("run").returncode == 0
    return time.monotonic() - began


def _entries(shop: Shop, index: bytes | None = None) -> bytes:
    if index is None:
        return shop.git("ls-files", "-s")
    copy = shop.log / "index"
    copy.write_bytes(index)
    return Shop(shop.root, shop.environ | {"GIT_INDEX_FILE": str(copy)}).git("ls-files", "-s")


def test_git_killed_alone_takes_the_hook_with_it(busy: Shop, tmp_path: Path) -> None:
    marker = str(tmp_path / "marker")
    Path(marker).mkdir()
    git = subprocess.Popen(
        ["git", "commit", "-m", "never"],
        cwd=busy.root,
        env=busy.environ | {"TMPDIR": marker},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=_interruptible,  # noqa: PLW1509 - no threads here
    )
    time.sleep(0.7)

    git.kill()
    git.wait()

    deadline = time.monotonic() + 5.0
    while ours(marker) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not ours(marker)
