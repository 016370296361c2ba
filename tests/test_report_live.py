"""The live view on a real terminal, read back through a small screen of our own."""

import io
import os
import pty
import re
import select
import struct
import termios
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from fcntl import ioctl
from typing import TextIO

import pytest

from everycommit.report.live import Live
from everycommit.report.style import Style
from everycommit.result import Outcome
from verdicts import LINT, POLICY, TESTS, TYPES_FAILED, gate, screen

GATES = ("policy", "lint", "types", "tests")


@dataclass
class Screen:
    """As much of a terminal as the live view may use; anything else that comes is an error."""

    width: int
    height: int
    rows: list[str] = field(default_factory=lambda: [""])
    row: int = 0
    column: int = 0

    def feed(self, text: str) -> None:
        for token in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|[\s\S]", text):
            if token.startswith("\x1b"):
                self._escape(token)
            elif token == "\r":
                self.column = 0
            elif token == "\n":
                self.row += 1
                self.rows += [""] * (self.row + 1 - len(self.rows))
            else:
                assert token.isprintable(), ascii(token)
                assert self.column < self.width, "a line wrapped"
                line = self.rows[self.row].ljust(self.column)
                self.rows[self.row] = line[: self.column] + token + line[self.column + 1 :]
                self.column += 1

    def _escape(self, token: str) -> None:
        if token.endswith("m"):
            return
        if token.endswith("A"):
            top = max(0, len(self.rows) - self.height)
            self.row = max(top, self.row - int(token[2:-1]))
        elif token == "\x1b[2K":
            self.rows[self.row] = ""
        else:
            assert token == "\x1b[J", ascii(token)
            self.rows[self.row] = self.rows[self.row][: self.column]
            del self.rows[self.row + 1 :]

    @property
    def text(self) -> list[str]:
        return [line.rstrip() for line in self.rows]


@dataclass
class Terminal:
    """A pseudo terminal: ``stream`` is the program's side."""

    stream: TextIO
    ours: int
    screen: Screen

    def read(self) -> str:
        """Take in what was written until now."""
        taken = b""
        while select.select([self.ours], [], [], 0.05)[0]:
            taken += os.read(self.ours, 65536)
        text = taken.decode()
        self.screen.feed(text)
        return text

    def wait_for(self, text: str) -> list[str]:
        """Return the screen once *text* stands on it."""
        until = time.monotonic() + 10
        while time.monotonic() < until:
            self.read()
            if any(text in line for line in self.screen.text):
                return self.screen.text
        raise AssertionError(f"{text!r} never came: {self.screen.text}")


@contextmanager
def opened(width: int, height: int) -> Iterator[Terminal]:
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
    with os.fdopen(theirs, "w", encoding="utf-8") as stream:
        yield Terminal(stream, ours, Screen(width, height))
    os.close(ours)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    """80 columns, 24 lines, with a line of somebody else's on it."""
    with opened(80, 24) as made:
        made.stream.write("before\n")
        made.stream.flush()
        yield made


def test_gates_are_shown_while_they_run_and_gone_when_they_ended(terminal: Terminal) -> None:
    with Live(terminal.stream, screen()) as live:
        live.started(GATES)
        live.ended(POLICY)
        live.said("tests", "9/14  test_nav.py")
        live.ended(TYPES_FAILED)
        seen = terminal.wait_for("9/14")
    terminal.stream.write("after\n")
    terminal.stream.flush()
    terminal.read()

    before, policy, lint, types, tests, *_ = seen
    assert before == "before"
    assert policy == "  ✓ policy   41 of 400 lines"
    assert re.fullmatch(r"  [⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] lint( +\d\.\ds)?", lint)
    assert re.fullmatch(r"  ✗ types    212 files, 1 new finding +0\.6s", types)
    assert re.fullmatch(r"  [⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] tests    9/14  test_nav\.py( +\d\.\ds)?", tests)
    assert terminal.screen.text == ["before", "after", ""]


def test_it_moves_and_counts_the_seconds(terminal: Terminal) -> None:
    with Live(terminal.stream, screen()) as live:
        live.started(["tests"])
        first = terminal.wait_for("0.2s")[1]
        second = terminal.wait_for("0.4s")[1]

    assert first.split()[0] != second.split()[0]


def test_redrawing_keeps_to_ten_times_a_second(terminal: Terminal) -> None:
    with Live(terminal.stream, screen()) as live:
        live.started(GATES)
        for number in range(1000):
            live.said("tests", f"{number}/1000")
            time.sleep(0.0005)

        text = terminal.read()

    assert text.count("\x1b[J") <= 10


def test_a_quick_run_draws_nothing(terminal: Terminal) -> None:
    with Live(terminal.stream, screen()) as live:
        live.started(GATES)
        live.ended(POLICY)

    assert terminal.read() == "before\r\n"


def test_an_error_leaves_a_clean_screen(terminal: Terminal) -> None:
    def broken() -> None:
        with Live(terminal.stream, screen()) as live:
            live.started(GATES)
            terminal.wait_for("tests")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken()

    terminal.read()
    assert terminal.screen.text == ["before", ""]


def test_no_mode_of_the_terminal_is_changed(terminal: Terminal) -> None:
    """What was never changed needs no putting back, even after kill -9."""
    with Live(terminal.stream, screen(color=True)) as live:
        live.started(GATES)
        terminal.wait_for("tests")
        text = terminal.read()

    assert "\x1b[?" not in text + terminal.read()


@pytest.mark.parametrize("width", [12, 29, 40, 80, 200])
def test_a_line_is_cut_and_never_wraps(width: int) -> None:
    """The screen fails the test when a line passes its last column."""
    with opened(width, 24) as terminal:
        with Live(terminal.stream, screen(width, color=True)) as live:
            live.started([*GATES, "a-command-with-a-very-long-name-for-a-gate"])
            live.said("tests", "9/14  tests/deep/folders/" + "and/more/" * 20 + "test_nav.py")
            live.ended(replace(LINT, summary="x" * 300))
            seen = terminal.wait_for("tests")
            time.sleep(0.25)
            terminal.read()
        terminal.read()

        assert len(seen) == 6
        if width >= 80:
            assert any("9/14" in line and "test_nav.py" in line for line in seen)
        assert terminal.screen.text == [""]


@pytest.mark.parametrize(("height", "expected"), [(4, "1 of 4 gates done; lint, types, tests"), (1, None)])
def test_a_low_window_gets_one_line_or_none(height: int, expected: str | None) -> None:
    with opened(80, height) as terminal:
        with Live(terminal.stream, screen()) as live:
            live.started(GATES)
            live.ended(POLICY)
            if expected:
                assert len(terminal.wait_for(expected)) == 2
            else:
                time.sleep(0.3)
                terminal.read()
                assert terminal.screen.text == [""]
        terminal.read()

        assert terminal.screen.text == [""]


def test_the_next_verdict_replaces_the_gates_of_the_last(terminal: Terminal) -> None:
    with Live(terminal.stream, screen()) as live:
        live.started(GATES)
        terminal.wait_for("policy")
        live.started(["lint"])
        time.sleep(0.25)
        terminal.read()

        assert [line.split()[1] for line in terminal.screen.text[1:-1]] == ["lint"]


def test_gates_of_several_projects_have_a_line_each(terminal: Terminal) -> None:
    with Live(terminal.stream, screen()) as live:
        live.started(["types a", "types b"])
        live.ended(replace(TYPES_FAILED, project="a"))
        live.ended(gate("types", summary="9 files", project="b", reused=True))
        seen = terminal.wait_for("9 files")

    assert "✗" in seen[1]
    assert re.fullmatch(r"  ✓ types b  9 files +known", seen[2])


def test_words_of_others_cannot_act_on_the_terminal(terminal: Terminal) -> None:
    with Live(terminal.stream, screen()) as live:
        live.started(["tests", "lint"])
        live.said("tests", "\x1b[2J\x07 a\nb\udcff")
        live.ended(gate("lint", "inconclusive", reason="\x1b]0;x\nsecond line"))
        seen = terminal.wait_for("\\x1b[2J")

    assert "\\x1b[2J\\x07 a\\nb\\xff" in seen[1]
    assert "second" not in "".join(seen)


def test_ascii_has_its_own_spinner(terminal: Terminal) -> None:
    with Live(terminal.stream, screen(ascii=True)) as live:
        live.started(["tests", "lint"])
        live.ended(LINT)
        seen = terminal.wait_for("lint")

    assert re.match(r"  [|/\\-]  tests", seen[1])
    assert seen[2].startswith("  ok lint     3 files")


def test_many_threads_may_speak_at_once(terminal: Terminal) -> None:
    with Live(terminal.stream, screen()) as live:
        names = [f"gate-{number}" for number in range(8)]
        live.started(names)

        def work(name: str) -> None:
            for number in range(200):
                live.said(name, f"{number}/200")
            live.ended(replace(TESTS, gate=name, outcome=Outcome.PASSED, summary="all"))

        threads = [threading.Thread(target=work, args=(name,)) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seen = terminal.wait_for("all")

    assert sum("✓" in line for line in seen) == 8


def test_a_pipe_sees_nothing_and_no_thread_starts() -> None:
    stream = io.StringIO()
    before = threading.active_count()

    with Live(stream, Style(color=True, ascii=False, width=80)) as live:
        live.started(GATES)
        live.said("tests", "9/14")
        live.ended(POLICY)
        time.sleep(0.2)

        assert threading.active_count() == before
    assert stream.getvalue() == ""


def test_closing_twice_and_speaking_after_the_end_do_no_harm(terminal: Terminal) -> None:
    live = Live(terminal.stream, screen())
    live.started(GATES)
    terminal.wait_for("tests")
    live.close()
    live.close()
    live.started(GATES)
    live.ended(POLICY)
    time.sleep(0.25)
    terminal.read()

    assert terminal.screen.text == ["before", ""]


def test_a_terminal_that_goes_away_does_not_stop_the_run() -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError

    live = Live(Gone(), screen())
    live.started(GATES)
    time.sleep(0.3)
    live.said("tests", "9/14")
    live.close()

    assert not any(thread.name == "live" for thread in threading.enumerate())


def test_a_stopped_terminal_does_not_hold_up_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """With ^S a write waits for ^Q; the report must not wait for a last frame."""
    monkeypatch.setattr("everycommit.report.live._JOIN", 0.1)
    go_on = threading.Event()
    inside = threading.Event()

    class Stopped(io.StringIO):
        def write(self, text: str) -> int:
            inside.set()
            go_on.wait(10)
            return 0

    live = Live(Stopped(), screen())
    live.started(GATES)
    assert inside.wait(10)
    began = time.monotonic()
    live.close()

    assert time.monotonic() - began < 2
    go_on.set()
