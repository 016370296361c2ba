"""How a stream is looked at, and how text is fitted to it."""

import io
import os
import pty
import struct
import sys
import termios
from collections.abc import Iterator
from fcntl import ioctl
from typing import TextIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everycommit.report.style import Style, cells, style_for, wrapped
from verdicts import screen

XTERM = {"TERM": "xterm-256color"}


@pytest.fixture
def terminal() -> Iterator[TextIO]:
    """A real terminal of 91 columns."""
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 91, 0, 0))
    with os.fdopen(theirs, "w", encoding="utf-8") as stream:
        yield stream
    os.close(ours)


def pipe(encoding: str = "utf-8") -> TextIO:
    return io.TextIOWrapper(io.BytesIO(), encoding=encoding)


def test_a_terminal_has_colour_and_its_own_width(terminal: TextIO) -> None:
    assert style_for(terminal, XTERM) == Style(color=True, ascii=False, width=91, terminal=True, encoding="utf-8")


def test_a_pipe_has_neither_colour_nor_screen() -> None:
    assert style_for(pipe(), XTERM) == Style(color=False, ascii=False, width=100, terminal=False, encoding="utf-8")


@pytest.mark.parametrize(
    ("environ", "color"),
    [
        (XTERM | {"NO_COLOR": "1"}, False),
        (XTERM | {"NO_COLOR": ""}, True),
        (XTERM | {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, True),
        ({}, False),
    ],
)
def test_colour_on_a_terminal(terminal: TextIO, environ: dict[str, str], *, color: bool) -> None:
    assert style_for(terminal, environ).color is color


@pytest.mark.parametrize(("forced", "color"), [("1", True), ("3", True), ("0", False), ("", False), ("false", False)])
def test_colour_through_a_pipe_is_forced(forced: str, *, color: bool) -> None:
    assert style_for(pipe(), {"FORCE_COLOR": forced}).color is color


def test_a_dumb_terminal_is_written_to_like_a_pipe(terminal: TextIO) -> None:
    assert not style_for(terminal, {"TERM": "dumb"}).terminal


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_an_encoding_without_the_symbols_gets_ascii(encoding: str) -> None:
    assert style_for(pipe(encoding), {}).ascii


@pytest.mark.parametrize(
    ("environ", "is_ascii"),
    [
        ({"LC_ALL": "C"}, True),
        ({"LC_ALL": "POSIX", "LANG": "en_US.UTF-8"}, True),
        ({"LC_ALL": "C.UTF-8"}, False),
        ({"LC_ALL": "", "LC_CTYPE": "C"}, True),
        ({"LANG": "C", "LC_CTYPE": "de_DE.UTF-8"}, False),
        ({}, False),
    ],
)
def test_the_c_locale_gets_ascii(environ: dict[str, str], *, is_ascii: bool) -> None:
    assert style_for(pipe(), environ).ascii is is_ascii


def test_an_encoding_that_nobody_knows_gets_ascii() -> None:
    class Odd(io.StringIO):
        encoding = "x-unknown"

    style = style_for(Odd(), {})

    assert (style.ascii, style.encoding) == (True, "ascii")


@pytest.mark.parametrize(
    ("columns", "width"), [("40", 40), ("0", 100), ("-3", 100), ("", 100), ("²", 100), ("9" * 30, 100)]
)
def test_columns_are_believed_where_they_can_be(columns: str, width: int) -> None:
    assert style_for(pipe(), {"COLUMNS": columns}).width == width


def test_a_terminal_that_does_not_know_its_width_has_80() -> None:
    class Blind(io.StringIO):
        def isatty(self) -> bool:
            return True

    assert style_for(Blind(), XTERM).width == 80


def test_text_that_fits_is_left_alone() -> None:
    assert screen().cut("名前", 4) == "名前"
    assert screen().cut("abc", 0) == ""


def test_wide_and_combining_characters_are_measured() -> None:
    assert cells("ab") == 2
    assert cells("名前") == 4
    assert cells("e\u0301") == 1


def test_a_path_is_shortened_in_the_middle() -> None:
    assert screen().middle("src/very/deep/folder/module.py", 20) == "src/ve…der/module.py"
    assert screen(ascii=True).middle("src/very/deep/folder/module.py", 20) == "src/v...er/module.py"
    assert screen().middle("module.py", 20) == "module.py"
    assert screen().middle("module.py", 2) == "m…"


@given(st.text(st.sampled_from("ab/名é"), max_size=40), st.integers(0, 30), st.booleans())
def test_what_is_shortened_fits(text: str, width: int, is_ascii: bool) -> None:  # noqa: FBT001
    style = screen(ascii=is_ascii)

    assert cells(style.middle(text, width)) <= width
    assert cells(style.cut(text, width)) <= width


def test_wrapping_breaks_at_spaces_and_not_between_backticks() -> None:
    assert wrapped("run `everycommit run types` again", 16) == ["run", "`everycommit run types`", "again"]
    assert wrapped("a ` alone breaks", 8) == ["a `", "alone", "breaks"]
    assert wrapped("    indented text stays", 14, first=9) == ["    indented", "text stays"]
    assert wrapped("", 10) == [""]


def test_a_line_stays_one_line_and_a_text_keeps_its_lines() -> None:
    style = screen()

    assert style.line("a\nb\tc") == "a\\nb\\tc"
    assert style.text("a\nb\tc") == "a\nb   c"


def test_text_fits_the_encoding() -> None:
    assert Style(color=False, ascii=True, width=80, encoding="latin-1").text("é名") == "é\\u540d"


def test_importing_the_style_starts_nothing_heavy() -> None:
    import subprocess

    program = (
        "import sys; before = set(sys.modules); from everycommit.report import terminal, live, style; "
        "heavy = {'subprocess', 'unicodedata', 'textwrap', 'json', 'logging'}; "
        "print(*sorted(heavy & (set(sys.modules) - before)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == ""
