"""``everycommit watch`` on a real terminal: what it shows, what its keys do, and what it leaves behind."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from everycommit.cli.watch import editor
from support import EVERYCOMMIT, Repo

SETTINGS = '[tool.everycommit]\ncommit = ["policy", "lint"]\n'
SECONDS = 60
LEFT = "\x1b[?1049l"


class Terminal:
    """A watch on a terminal of its own."""

    def __init__(self, repo: Repo, *argv: str, columns: int = 80, lines: int = 24, **env: str) -> None:
        self.ours, theirs = pty.openpty()
        self.size(columns, lines)
        self.before = termios.tcgetattr(theirs)
        self.process = subprocess.Popen(
            [*EVERYCOMMIT, "watch", *argv],
            cwd=repo.root,
            env=repo.environ | {"TERM": "xterm", "LANG": "C.UTF-8", "NO_COLOR": "1"} | env,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        self.theirs = theirs
        self.said = ""

    def size(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self.ours, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def press(self, keys: str) -> None:
        os.write(self.ours, keys.encode())

    @property
    def screen(self) -> str:
        """What is on the screen now, but for a frame that is under way."""
        *_, last = re.split(r"\x1b\[H", self.said.rpartition("\x1b[J")[0])
        return re.sub(r"\x1b\[[0-9;]*m|\x1b\[K|\r", "", last)

    def shows(self, *words: str, but: str = "\0") -> str:
        """Wait until all *words* are on the screen, and *but* is not; return it."""
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            self.read(0.05)
            if all(word in self.screen for word in words) and but not in self.screen:
                return self.screen
        raise AssertionError(f"{words} did not come: {self.said[-3000:]}")

    def read(self, seconds: float) -> None:
        if select.select([self.ours], [], [], seconds)[0]:
            try:
                self.said += os.read(self.ours, 65536).decode(errors="replace")
            except OSError:
                return

    def ended(self) -> int:
        """Wait for the end; return the exit code."""
        until = time.monotonic() + SECONDS
        while self.process.poll() is None and time.monotonic() < until:
            self.read(0.05)
        code = self.process.wait(1)
        self.read(0.1)
        return code


@contextmanager
def watching(repo: Repo, *argv: str, columns: int = 80, lines: int = 24, **env: str) -> Iterator[Terminal]:
    terminal = Terminal(repo, *argv, columns=columns, lines=lines, **env)
    try:
        yield terminal
    finally:
        terminal.process.kill()
        terminal.process.wait()
        os.close(terminal.ours)
        os.close(terminal.theirs)


@pytest.fixture
def shop(repo: Repo) -> Repo:
    repo.stage("pyproject.toml", SETTINGS).stage("src/a.py", "X = 1\n").commit()
    return repo.write("src/a.py", "import os\n\nX = 2\nprint(X)\n")


def test_the_tree_is_judged_again_whenever_it_rests(shop: Repo) -> None:
    with watching(shop) as terminal:
        first = terminal.shows("would be refused", "lint/F401", "policy/debug-print")
        assert first.splitlines()[0].startswith("everycommit watch  repo (main)")
        assert "✗ lint" in first
        assert "4 of 600 lines" in first
        assert "1 | import os" in first

        shop.write("src/a.py", "X = 2\n")
        assert "lint/F401" not in terminal.shows("would pass", "no findings")

        shop.write("src/a.py", "X = 1\n")
        terminal.shows("nothing changed")
        shop.everycommit("scope", "--only", "docs/**")
        shop.write("src/a.py", "X = 2\n")
        terminal.shows("policy/out-of-scope", "scope  only docs/**")
        shop.everycommit("scope", "clear")
        terminal.shows("would pass", but="scope  ")
        shop.write("src/a.py", "X = (\n")
        terminal.shows("would be refused", "lint/syntax-error")
        shop.git("commit", "--quiet", "--no-verify", "--all", "-m", "as it is")
        terminal.shows("nothing changed")
        terminal.press("q")
        assert terminal.ended() == 0


def test_keys_choose_explain_and_help(shop: Repo) -> None:
    with watching(shop) as terminal:
        assert "\u203a src/a.py:1 error" in terminal.shows("lint/F401", "debug-print")
        terminal.press("j")
        assert "Take it out" in terminal.shows("\u203a src/a.py:4 warning policy/debug-print")
        terminal.press("jje")
        terminal.shows("policy/debug-print", "esc back", but="lint/F401")
        terminal.press("\x1b")
        terminal.shows("lint/F401")
        terminal.press("k?")
        terminal.shows("everycommit watch judges the working tree", "esc back")
        terminal.press("\x1b[B\x1b[A\x1b[99~\x1b")
        terminal.press("e")
        terminal.shows("lint/F401", "imported but unused", "ruff rule F401")
        terminal.press("\x1br")
        terminal.shows("would be refused", "\u203a src/a.py:1 error lint/F401")
        terminal.press("\x04")
        assert terminal.ended() == 0


def test_the_editor_opens_the_finding_at_its_line(shop: Repo, tmp_path: Path) -> None:
    script = tmp_path / "vim"
    script.write_text(f'#!/bin/sh\necho "$@" >{tmp_path}/opened\nstty size >{tmp_path}/size\n')
    script.chmod(0o755)
    with watching(shop, EDITOR=str(script)) as terminal:
        terminal.shows("lint/F401", "debug-print")
        terminal.press("jo")
        while not (tmp_path / "size").exists():
            terminal.read(0.05)
        assert (tmp_path / "opened").read_text() == f"+4 {shop.root}/src/a.py\n"
        terminal.shows("\u203a src/a.py:4")
        terminal.press("q")
        assert terminal.ended() == 0
    with watching(shop, EDITOR="/nowhere/ed") as terminal:
        terminal.shows("lint/F401")
        terminal.press("o")
        terminal.shows("'/nowhere/ed' could not be started; VISUAL or EDITOR says which editor is yours")


@pytest.mark.parametrize(
    ("environ", "line"),
    [
        ({}, ["vi", "+7", "a.py"]),
        ({"EDITOR": "nano -w"}, ["nano", "-w", "+7", "a.py"]),
        ({"EDITOR": "nano", "VISUAL": "code --wait"}, ["code", "--wait", "--goto", "a.py:7"]),
        ({"EDITOR": "/usr/bin/subl"}, ["/usr/bin/subl", "a.py:7"]),
        ({"EDITOR": "ed"}, ["ed", "a.py"]),
    ],
)
def test_each_editor_is_told_the_line_its_own_way(environ: dict[str, str], line: list[str]) -> None:
    assert editor(environ, Path("a.py"), 7) == line


def test_a_finding_is_accepted_with_a_reason_where_it_is_staged(shop: Repo) -> None:
    shop.write("src/a.py", "X = 2\nprint(X)\n")
    with watching(shop) as terminal:
        terminal.shows("debug-print", "would pass")
        terminal.press("a")
        while "Why is it right here?" not in terminal.said:
            terminal.read(0.05)
        terminal.press("\n")
        terminal.shows("nothing was accepted: it takes a reason")
        terminal.press("a")
        time.sleep(0.3)
        terminal.press("the page is text\n")
        terminal.shows("not accepted: nothing is staged")
        shop.git("add", "src/a.py")
        terminal.press("a")
        time.sleep(0.3)
        terminal.press("the page is text\n")
        until = time.monotonic() + SECONDS
        while not (shop.root / ".everycommit/accepted.toml").exists() and time.monotonic() < until:
            terminal.read(0.05)
        assert "the page is text" in (shop.root / ".everycommit/accepted.toml").read_text()
        terminal.press("q")
        assert terminal.ended() == 0


@pytest.mark.parametrize("how", ["q", "^C", "SIGTERM", "SIGHUP"])
def test_every_way_out_gives_the_terminal_back(shop: Repo, how: str) -> None:
    with watching(shop) as terminal:
        terminal.shows("lint/F401")
        assert termios.tcgetattr(terminal.theirs) != terminal.before
        if how in {"q", "^C"}:
            # The terminal sends ^C to the group that has it; here nobody has.
            terminal.press("q") if how == "q" else terminal.process.send_signal(signal.SIGINT)
        else:
            terminal.process.send_signal(getattr(signal, how))
        assert terminal.ended() == 0
        assert termios.tcgetattr(terminal.theirs) == terminal.before
        assert terminal.said.rstrip().endswith(LEFT)
        assert terminal.said.count("\x1b[?1049h") == terminal.said.count(LEFT) == 1


def test_what_was_stopped_goes_on_where_it_was(shop: Repo) -> None:
    with watching(shop) as terminal:
        terminal.shows("lint/F401")
        terminal.process.send_signal(signal.SIGTSTP)
        until = time.monotonic() + SECONDS
        while termios.tcgetattr(terminal.theirs) != terminal.before and time.monotonic() < until:
            terminal.read(0.05)
        time.sleep(0.3)
        terminal.read(0.1)
        assert termios.tcgetattr(terminal.theirs) == terminal.before
        assert terminal.said.endswith(LEFT)
        terminal.said = ""
        terminal.process.send_signal(signal.SIGCONT)
        terminal.shows("lint/F401")
        terminal.press("q")
        assert terminal.ended() == 0


@pytest.mark.parametrize(("columns", "lines"), [(40, 10), (200, 50), (24, 5), (80, 2)])
def test_a_window_of_any_size_is_kept_to(shop: Repo, columns: int, lines: int) -> None:
    with watching(shop) as terminal:
        terminal.shows("lint/F401")
        terminal.size(columns, lines)
        terminal.said = ""
        terminal.process.send_signal(signal.SIGWINCH)
        until = time.monotonic() + SECONDS
        while "\x1b[J" not in terminal.said and time.monotonic() < until:
            terminal.read(0.05)
        shown = terminal.screen.split("\n")
        assert 1 <= len(shown) <= lines
        assert all(len(line) < columns for line in shown)
        terminal.press("q")
        assert terminal.ended() == 0


def test_what_cannot_be_judged_is_said_and_got_over(shop: Repo) -> None:
    with watching(shop) as terminal:
        terminal.shows("lint/F401")
        good = (shop.root / "pyproject.toml").read_text()
        shop.write("pyproject.toml", "[tool.everycommit]\ntimeout = 'soon'\n")
        terminal.shows("NOT VERIFIED", "timeout")
        shop.write("pyproject.toml", good)
        terminal.shows("would be refused", "lint/F401")


def test_without_a_terminal_each_verdict_is_a_report(shop: Repo) -> None:
    with subprocess.Popen(
        [*EVERYCOMMIT, "watch", "lint"], cwd=shop.root / "src", env=shop.environ, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        told = []
        for line in process.stdout:
            told.append(line)
            if "Refused: lint" in line:
                break
        shop.write("src/a.py", "X = 2\n")
        told.append(process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0

    assert any("lint/F401" in line for line in told)
    assert told[-1].startswith("everycommit  1 file +1 -1  lint")


def test_outside_of_a_repository_it_says_so(tmp_path: Path, repo: Repo) -> None:
    done = subprocess.run(
        [*EVERYCOMMIT, "watch"], cwd=tmp_path, env=repo.environ, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (
        2,
        "everycommit: there is no working tree here to watch; go into a repository\n",
    )


@pytest.mark.skipif(sys.platform != "linux", reason="counts by /proc")
def test_a_tree_that_rests_costs_next_to_nothing(shop: Repo) -> None:
    with watching(shop) as terminal:
        terminal.shows("lint/F401")
        time.sleep(1)

        def spent() -> float:
            words = Path(f"/proc/{terminal.process.pid}/stat").read_text().rpartition(")")[2].split()
            return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

        before = spent()
        time.sleep(3)
        assert spent() - before < 1.0
