"""Tests are recorded behind the scenes after a commit, where the user wants it; anything newer comes first."""

import fcntl
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from flow.conftest import PRICES, PRICES_TEST, PYPROJECT, Shop
from support import give_python

MORE = "\n\ndef cheapest(prices: list[int]) -> int:\n    return min(prices)\n"
MORE_TEST = "from shop.prices import cheapest\n\n\ndef test_cheapest() -> None:\n    assert cheapest([2, 1]) == 1\n"
PATIENCE = 90.0
SLOW = """\
import time
from pathlib import Path


def test_slow() -> None:
    while not Path({go!r}).exists():
        time.sleep(0.02)
"""


class Recorded(Shop):
    """The project with a Python of its own, its hooks installed, and the user's wish to record."""

    @property
    def file(self) -> Path:
        return self.root / ".git/everycommit/recording"

    def wish(self, text: str = '[tests]\nrecord = "background"\n') -> "Recorded":
        config = Path(self.environ["XDG_CONFIG_HOME"]) / "everycommit"
        config.mkdir(parents=True, exist_ok=True)
        (config / "settings.toml").write_text(text)
        return self

    def put(self, message: str = "change", code: int = 0) -> str:
        done = self.attempt("commit", "-m", message)
        said = done.stdout + done.stderr
        assert done.returncode == code, said
        return said

    def map(self) -> str:
        return self.everycommit("tests", "show").stdout

    def until(self, holds: Callable[[], object]) -> None:
        end = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < end, self.everycommit("status").stdout
            time.sleep(0.1)

    def recorder(self) -> int | None:
        """Return the process that holds the file; None where nobody does."""
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if b"--after" in (entry / "cmdline").read_bytes() and (entry / "cwd").readlink() == self.root:
                    return int(entry.name)
            except OSError:
                continue
        return None


pytestmark = pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="looks for processes in /proc")


@pytest.fixture
def shop(tmp_path: Path) -> Recorded:
    made = Shop.make(tmp_path / "shop", tmp_path / "home")
    shop = Recorded(made.root, made.environ)
    give_python(shop)
    shop.stage("pyproject.toml", PYPROJECT).stage("src/shop/__init__.py", "").stage("src/shop/prices.py", PRICES)
    shop.stage("tests/test_prices.py", PRICES_TEST).commit("Start")
    shop.install()
    return shop


def test_after_a_commit_the_map_is_that_of_its_tree(shop: Recorded) -> None:
    shop.wish().stage("src/shop/prices.py", PRICES + MORE).stage("tests/test_more.py", MORE_TEST)

    shop.put()

    shop.until(lambda: f"2 tests of tree {shop.tree()[:12]}" in shop.map())
    shop.until(lambda: not shop.file.exists())
    shop.stage("src/shop/prices.py", PRICES + MORE.replace("min", "sorted")).git(
        "commit", "--quiet", "--no-verify", "-m", "x"
    )
    shop.git("reset", "--quiet", "--soft", "HEAD^")
    assert "tests" in shop.put(code=1)
    assert "1 of 2" in shop.everycommit("tests", "explain").stdout


def test_only_what_changed_is_recorded_the_next_time(shop: Recorded) -> None:
    shop.wish().stage("src/shop/prices.py", PRICES + MORE).stage("tests/test_more.py", MORE_TEST)
    shop.put()
    shop.until(lambda: "2 tests of tree" in shop.map() and not shop.file.exists())

    shop.stage("src/shop/prices.py", PRICES + MORE + "\n\nRATE = 19\n")
    shop.put()

    shop.until(lambda: shop.tree()[:12] in shop.map())


def test_nothing_is_recorded_unless_the_user_wants_it(shop: Recorded) -> None:
    """A repository cannot start work on somebody's machine."""
    text = PYPROJECT + '\n[tool.everycommit.tests]\nrecord = "background"\n'
    shop.stage("pyproject.toml", text)
    assert "your own settings or EVERYCOMMIT_TESTS_RECORD may" in shop.put(code=1)
    shop.stage("pyproject.toml", PYPROJECT + "\n# more\n").stage("src/shop/prices.py", PRICES + MORE)
    shop.put()
    assert shop.recorder() is None
    shop.wish()
    shop.environ["CI"] = "true"
    shop.stage("src/shop/prices.py", PRICES + MORE + MORE.replace("cheapest", "dear"))
    shop.put()

    assert shop.recorder() is None
    assert not shop.file.exists()


def test_a_commit_that_is_refused_starts_nothing(shop: Recorded) -> None:
    shop.wish().stage("src/shop/prices.py", PRICES.replace("+ 50", "+ 150"))
    shop.put(code=1)

    assert shop.recorder() is None


@pytest.fixture
def slow(shop: Recorded, tmp_path: Path) -> Recorded:
    """A commit whose recording waits for a file."""
    go = tmp_path / "go"
    go.touch()
    shop.wish().stage("tests/test_slow.py", SLOW.format(go=str(go)))
    done = shop.everycommit("run")
    assert done.returncode == 0, done.stdout
    go.unlink()
    # What was judged is known to Python, which then starts the recording.
    (shop.root / ".git/everycommit/known/facts").unlink(missing_ok=True)
    for file in (shop.root / ".git/everycommit/again").glob("*"):
        file.unlink()
    shop.put()
    shop.until(lambda: ": 1/2 " in shop.everycommit("status").stdout)
    return shop


def test_status_says_how_far_it_is_and_a_newer_run_comes_first(slow: Recorded) -> None:
    said = slow.everycommit("status").stdout
    assert f"Recording the tests of tree {slow.tree()[:12]} since " in said
    assert os.getpriority(os.PRIO_PROCESS, slow.recorder() or 0) == 19
    began = time.monotonic()

    slow.stage("README.md", "# Shop\n")
    slow.put()

    assert time.monotonic() - began < 30
    slow.until(lambda: slow.recorder() is None)
    assert "Not recorded: the tests of tree" in slow.everycommit("status").stdout
    assert "something newer was judged" in slow.everycommit("status").stdout


def test_one_that_is_killed_leaves_nothing_that_holds_anybody_up(slow: Recorded, tmp_path: Path) -> None:
    pid = slow.recorder()
    assert pid
    os.kill(pid, signal.SIGKILL)
    slow.until(lambda: slow.recorder() is None)

    with (slow.root / ".git/everycommit/tests.lock").open() as lock:
        slow.until(lambda: _free(lock.fileno()))
    assert "Not recorded" in slow.everycommit("status").stdout
    (tmp_path / "go").touch()
    assert slow.everycommit("tests", "map").returncode == 0
    slow.stage("README.md", "# Shop\n")
    slow.put()


def _free(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    fcntl.flock(lock, fcntl.LOCK_UN)
    return True
