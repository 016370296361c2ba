"""What a commit has no time for goes on in the background, through the installed hook; nothing is lost or held."""

import fcntl
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from flow.conftest import PRICES, PYPROJECT, Shop
from support import give_python

WAITS = """\
import time
from pathlib import Path

from shop import prices


def test_waits() -> None:
    while not Path({go!r}).exists():
        time.sleep(0.02)
    assert getattr(prices, "RATE", 0) < 100
"""
BAD = "RATE = 100\n"
PATIENCE = 30.0


class Slow(Shop):
    """The project with a test that ends when it is told to, and a second for a commit."""

    @property
    def go(self) -> Path:
        return self.root.parent / "go"

    @property
    def folder(self) -> Path:
        return self.root / ".git/everycommit/background"

    def change(self, text: str = "RATE = 19\n") -> "Slow":
        """Stage a change of code."""
        self.stage("src/shop/prices.py", f"{PRICES}\n\n{text}")
        return self

    def left(self, *argv: str, code: int = 0) -> str:
        """Commit; expect that tests go on. Would not come back before they end if they held our output."""
        done = self.attempt("commit", "-m", "change", *argv)
        said = done.stdout + done.stderr
        assert done.returncode == code, said
        # How far pytest came by then is the machine's affair.
        assert re.search(
            r"  … tests    (\d of 2 done in \d+s; the rest|not done in \d+s; it) goes on in the background", said
        ), said
        return said

    def status(self, *argv: str, cwd: Path | None = None) -> tuple[int, str]:
        done = self.everycommit("status", *argv, cwd=cwd)
        assert not done.stderr, done.stderr
        return done.returncode, done.stdout

    def runs(self, *argv: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.everycommit("status", "--format", "json", *argv).stdout)["runs"]
        return found

    def worker(self) -> int:
        """Return the process that goes on in the background."""
        (run,) = self.runs()
        assert run["state"] == "pending", run
        pid: int = run["pid"]
        return pid

    def ended(self) -> tuple[int, str]:
        """Let the tests end; return what status says after them."""
        self.go.touch()
        return self.status("--wait")


def soon(holds: Callable[[], bool]) -> bool:
    """Wait until something holds; return whether it did in time."""
    until = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() >= until:
            return False
        time.sleep(0.02)
    return True


def lives(pid: int) -> bool:
    """Tell whether a process, which is not our child, runs."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.fixture
def slow(shop: Shop) -> Iterator[Slow]:
    """The first commit is there, the hook installed."""
    made = Slow(shop.root, shop.environ)
    give_python(made)
    made.stage("pyproject.toml", PYPROJECT.replace("budget = 200", "budget = 1"))
    made.stage("tests/test_waits.py", WAITS.format(go=str(made.go))).commit("Slow tests")
    yield made
    made.go.touch()
    made.everycommit("status", "--all", "--stop")


def test_what_is_not_done_goes_on_and_is_known_at_the_push(slow: Slow) -> None:
    said = slow.change().left()

    assert "✓ lint" in said
    assert (
        "Not finished: tests. Allowed as judged so far; `everycommit status` shows the rest, push waits for it." in said
    )
    assert "✓ tests" not in said
    code, told = slow.status()
    assert code == 2
    assert "Goes on in the background: tests, " in told
    code, told = slow.ended()
    assert (code, "Verified: all passed in the end, after " in told) == (0, True), told
    slow.git("init", "--quiet", "--bare", "../remote")
    slow.git("remote", "add", "origin", "../remote")
    slow.git("push", "--quiet", "--no-verify", "origin", "HEAD^:refs/heads/main")
    pushed = slow.attempt("push", "origin", "main")
    assert pushed.returncode == 0, pushed.stdout
    assert "tests known" in pushed.stdout


def test_the_hook_knows_without_python_what_passed_in_the_end(slow: Slow) -> None:
    slow.go.touch()
    assert slow.change("RATE = 1\n").everycommit("run").returncode == 0  # makes folders
    time.sleep(1.1)
    slow.go.unlink()
    slow.change().left()
    slow.ended()
    assert soon((slow.root / ".git/everycommit/known/facts").exists)

    again = slow.attempt("commit", "--amend", "-m", "Another message")

    assert "✓ known, judged " in again.stdout + again.stderr


def test_a_failure_in_the_background_is_said_until_it_was_shown(slow: Slow) -> None:
    slow.change(BAD).left()
    pid = slow.worker()
    slow.go.touch()
    assert soon(lambda: not lives(pid))

    for number in range(2):
        done = slow.stage("README.md", f"# Shop {number}\n").attempt("commit", "-m", "Words")
        said = done.stdout + done.stderr
        assert done.returncode == 0
        assert said.count("note: tests failed in the background, on the change of ") == 1, said
    code, told = slow.status()
    assert code == 1
    assert "tests/test_waits.py:10: error  tests/failed  test_waits: " in told
    commit = slow.text("rev-parse", "HEAD~2")[:12]
    assert f"Failed in the background: tests. `everycommit run --commit {commit} tests` repeats it." in told
    assert slow.status()[0] == 1  # still there to read, not said any more
    done = slow.stage("README.md", "# Shop\n").attempt("commit", "-m", "Words")
    assert "in the background" not in done.stdout + done.stderr


def test_a_failure_in_the_background_is_forgotten_once_the_tree_was_judged_anew(slow: Slow) -> None:
    slow.change(BAD).left()
    assert slow.ended()[0] == 1

    assert slow.everycommit("run", "--commit", "HEAD", "tests").returncode == 1

    assert slow.status() == (0, "Nothing goes on in the background.\n")


def test_a_newer_change_ends_what_goes_on(slow: Slow) -> None:
    slow.change().left()
    first = slow.worker()

    slow.change("RATE = 7\n").left()

    assert soon(lambda: not lives(first))
    (run,) = slow.runs()
    assert run["target"] == slow.tree()
    assert run["pid"] != first
    assert slow.ended()[0] == 0


def test_a_commit_of_words_lets_it_go_on(slow: Slow) -> None:
    """It has nothing to judge that takes long, and its tree's tests are those of the tree before."""
    slow.change().left()
    worker = slow.worker()

    slow.stage("README.md", "# More\n")
    assert slow.attempt("commit", "-m", "Words").returncode == 0

    assert slow.worker() == worker


def test_a_look_back_lets_it_go_on(slow: Slow) -> None:
    slow.change().left()
    worker = slow.worker()

    assert slow.everycommit("run", "--commit", "HEAD^", "tests", "--timeout", "3").returncode == 2

    assert slow.worker() == worker


def test_an_agents_stop_lets_it_go_on(slow: Slow) -> None:
    """What an agent is told of its working tree is no step of its own."""
    slow.change().left()
    pid = slow.worker()
    slow.write("src/shop/prices.py", "import os\n")
    event = {"hook_event_name": "Stop", "session_id": "s", "cwd": str(slow.root)}

    done = subprocess.run(
        [sys.executable, "-m", "everycommit", "agent", "claude"],
        cwd=slow.root,
        env=slow.environ | {"EVERYCOMMIT_AGENT_SECONDS": "2"},
        input=json.dumps(event),
        capture_output=True,
        text=True,
        check=True,
    )

    assert "lint/F401" in json.loads(done.stdout)["reason"]
    assert slow.worker() == pid
    slow.go.touch()
    assert slow.ended()[0] == 0


def test_a_run_judges_what_is_staged_and_ends_what_goes_on(slow: Slow) -> None:
    slow.change().left()
    worker = slow.worker()

    slow.change("RATE = 7\n").everycommit("run", "--timeout", "3")

    assert not lives(worker)
    assert slow.runs()[0]["state"] == "superseded"


def test_what_is_asked_for_afresh_is_not_waited_for(slow: Slow) -> None:
    slow.change().left()
    worker = slow.worker()

    slow.everycommit("run", "--commit", "HEAD", "--fresh", "--timeout", "3")

    assert not lives(worker)


def test_the_same_change_again_is_left_to_what_goes_on(slow: Slow) -> None:
    slow.change().left()
    worker = slow.worker()

    done = slow.attempt("commit", "--amend", "-m", "Another message")

    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "… tests    goes on in the background since " in said
    assert slow.worker() == worker


def test_a_killed_worker_is_said_to_have_died_and_holds_nothing(slow: Slow) -> None:
    slow.change().left()
    worker = slow.worker()

    os.kill(worker, signal.SIGKILL)

    assert soon(lambda: not lives(worker))
    code, told = slow.status()
    assert code == 2
    assert re.search(r"\? tests    (after \d of 2: )?what judged it died", told), told
    assert re.search(r"NOT VERIFIED: tests \(.*what judged it died\)\. `everycommit run --commit \w+ tests`", told), (
        told
    )
    slow.go.touch()
    assert slow.everycommit("run", "--commit", "HEAD").returncode == 0
    assert slow.status() == (0, "Nothing goes on in the background.\n")
    cache = Path(slow.environ["XDG_CACHE_HOME"]) / "everycommit"
    assert not list((cache / "runs").iterdir())
    assert len(list(cache.glob("worktrees/*/target-*"))) == 1, "its snapshot was taken by somebody"


def test_it_dies_with_the_repository(slow: Slow) -> None:
    slow.change().left()
    worker = slow.worker()
    shutil.rmtree(slow.root)

    assert soon(lambda: not lives(worker))

    assert not slow.root.exists()
    slow.root.mkdir()  # for the end of this test
    slow.git("init", "--quiet")


def test_each_worktree_has_its_own(slow: Slow, tmp_path: Path) -> None:
    slow.git("worktree", "add", "--quiet", "../linked", "-b", "linked")
    linked = Slow(tmp_path / "linked", slow.environ)
    slow.change().left()

    linked.change("RATE = 7\n").left()

    assert [run["worktree"] for run in slow.runs()] == [str(slow.root)]
    both = slow.runs("--all")
    assert [(run["worktree"], run["state"]) for run in both] == [
        (str(slow.root), "pending"),
        (str(linked.root), "pending"),
    ]
    _, told = slow.status("--all")
    assert f"in {linked.root}" in told
    slow.go.touch()
    assert slow.status("--all", "--wait")[0] == 0


def test_a_push_waits_for_what_goes_on(slow: Slow) -> None:
    slow.git("init", "--quiet", "--bare", "../remote")
    slow.git("remote", "add", "origin", "../remote")
    slow.git("push", "--quiet", "--no-verify", "origin", "main")
    slow.change().left()

    with subprocess.Popen(
        ["git", "push", "origin", "main"], cwd=slow.root, env=slow.environ, stdout=subprocess.PIPE, text=True
    ) as push:
        assert soon(lambda: bool(children(push.pid)))
        time.sleep(1)
        assert push.poll() is None
        slow.go.touch()
        said, _ = push.communicate(timeout=PATIENCE)

    assert push.returncode == 0, said
    assert "s for tests, which went on in the background" in said
    assert "tests known" in said


def test_an_interrupted_wait_of_a_push_pushes_nothing_and_leaves_the_work_alone(slow: Slow) -> None:
    slow.git("init", "--quiet", "--bare", "../remote")
    slow.git("remote", "add", "origin", "../remote")
    slow.git("push", "--quiet", "--no-verify", "origin", "main")
    slow.change().left()
    worker = slow.worker()
    push = started(slow, "push", "origin", "main")
    assert soon(lambda: "everycommit" in "".join(children(push.pid).values()))
    time.sleep(1)

    os.killpg(push.pid, signal.SIGINT)

    assert push.wait(PATIENCE) != 0
    assert slow.worker() == worker


def children(pid: int) -> Mapping[int, str]:
    """Return the command lines of the processes that *pid* started."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                if int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1]) == pid:
                    found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
    return found


def started(slow: Slow, *argv: str, **env: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        ["git", *argv],
        cwd=slow.root,
        env=slow.environ | env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads here
    )


@pytest.mark.parametrize("way", ["ctrl-C", "git alone", "the waiting one alone"])
def test_ended_within_the_budget_nothing_goes_on(slow: Slow, tmp_path: Path, way: str) -> None:
    marker = tmp_path / "marker"
    marker.mkdir()
    head = slow.text("rev-parse", "HEAD")
    git = started(slow.change(), "commit", "-m", "never", TMPDIR=str(marker), EVERYCOMMIT_BUDGET="100")
    assert soon(lambda: any("-m pytest" in line for line in of(marker).values())), of(marker)
    (waiting,) = (pid for pid, line in children(git.pid).items() if "hook pre-commit" in line)
    assert any("hook pre-commit" in line for line in children(waiting).values()), "another process does the work"

    if way == "ctrl-C":
        os.killpg(git.pid, signal.SIGINT)
    else:
        os.kill(git.pid if way == "git alone" else waiting, signal.SIGKILL)

    assert git.wait(PATIENCE) != 0
    assert soon(lambda: not of(marker)), of(marker)
    assert slow.text("rev-parse", "HEAD") == head
    assert slow.status() == (0, "Nothing goes on in the background.\n")


def of(marker: Path) -> Mapping[int, str]:
    """Return the living processes whose environment holds *marker*."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and lives(int(folder.name)):
            try:
                if bytes(marker) in (folder / "environ").read_bytes():
                    found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
    return found


def test_what_cannot_be_written_down_is_waited_for(slow: Slow, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    marker.mkdir()
    slow.folder.parent.mkdir(exist_ok=True)
    slow.folder.write_text("no folder")
    git = started(slow.change(), "commit", "-m", "change", TMPDIR=str(marker))
    assert soon(lambda: any("-m pytest" in line for line in of(marker).values())), of(marker)
    time.sleep(1.5)
    assert git.poll() is None
    assert slow.status() == (0, "Nothing goes on in the background.\n")

    slow.go.touch()

    assert git.wait(PATIENCE) == 0
    assert not of(marker)


def test_a_lock_that_the_shell_holds_for_its_programs_is_not_kept(slow: Slow, tmp_path: Path) -> None:
    script = f"exec 9>'{tmp_path}/lock'; flock 9; git commit -m change"
    with Path(tmp_path, "lock").open("w") as lock:
        done = subprocess.run(
            ["sh", "-c", script], cwd=slow.change().root, env=slow.environ, capture_output=True, text=True, check=False
        )
        assert "goes on in the background" in done.stdout + done.stderr

        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)

    assert slow.worker()


def test_settings_can_refuse_what_is_not_finished(slow: Slow) -> None:
    user = Path(slow.environ["XDG_CONFIG_HOME"], "everycommit/settings.toml")
    user.parent.mkdir(parents=True)
    user.write_text('deferred = "refuse"\n')

    said = slow.change().left(code=1)

    assert 'Not finished: tests. Refused by your settings (`deferred = "refuse"`);' in said
    code, told = slow.ended()
    assert (code, "a change that is not committed" in told) == (0, True)
    assert slow.attempt("commit", "-m", "change").returncode == 0


def test_what_goes_on_can_be_ended(slow: Slow) -> None:
    slow.change().left()
    worker = slow.worker()

    assert slow.status("--stop") == (0, "Stopped: tests. What was not done is not verified; push judges it.\n")

    assert not lives(worker)
    code, told = slow.status()
    assert code == 2
    assert re.search(r"\? tests    (after \d of 2: )?you stopped it", told), told
    assert slow.status("--stop") == (0, "Nothing goes on in the background.\n")


def test_a_run_has_a_budget_where_it_is_asked_for(slow: Slow) -> None:
    done = slow.change().everycommit("run", "--budget", "1", "--format", "json")

    assert done.returncode == 0, done.stdout
    (verdict,) = json.loads(done.stdout)["verdicts"]
    assert verdict["outcome"] == "deferred"
    assert {gate["gate"]: gate["outcome"] for gate in verdict["gates"]} == {
        "policy": "passed",
        "lint": "passed",
        "tests": "deferred",
    }
    assert slow.worker()
    slow.go.touch()
    assert slow.everycommit("run").returncode == 0  # waits for it, and looks it up


def test_only_a_commit_may_be_left_to_the_background(slow: Slow) -> None:
    done = slow.everycommit("run", "--at", "push", "--budget", "1")

    assert done.returncode == 2
    assert done.stderr == (
        "everycommit: --budget with --at push: only a commit may leave something to the background\n"
    )


def test_a_hook_whose_git_went_away_while_python_started_ends(slow: Slow) -> None:
    done = slow.change().everycommit("hook", "pre-commit", EVERYCOMMIT_HOOK=str(2**22 + 1))

    assert done.returncode == 130


@pytest.mark.skipif(sys.platform != "linux", reason="makes a terminal the controlling one")
def test_the_bell_rings_at_the_end_on_the_terminal_of_the_commit(slow: Slow) -> None:
    user = Path(slow.environ["XDG_CONFIG_HOME"], "everycommit/settings.toml")
    user.parent.mkdir(parents=True)
    user.write_text("bell = true\n")
    ours, theirs = pty.openpty()

    def at_the_terminal() -> None:
        fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)

    # The shell stays, as a person's does: with it the terminal would be hung up.
    shell = subprocess.Popen(
        ["sh", "-c", "git commit -m change; read word"],
        cwd=slow.change().root,
        env=slow.environ | {"TERM": "xterm"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=at_the_terminal,  # noqa: PLW1509 - no threads here
    )
    os.close(theirs)
    said = b""
    while b"push waits for it" not in said:
        said += os.read(ours, 65536)
    assert b"\a" not in said

    slow.go.touch()

    while b"\a" not in said:
        said += os.read(ours, 65536)
    os.write(ours, b"\n")
    assert shell.wait(PATIENCE) == 0
    os.close(ours)
    assert slow.status()[0] == 0
