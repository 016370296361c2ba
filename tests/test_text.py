"""Text of others never acts on a terminal."""

import os
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from everycommit.text import printable


def test_escapes_and_controls_are_shown() -> None:
    assert printable("a\x1b[31mb\x07\x7f\r") == "a\\x1b[31mb\\x07\\x7f\\r"


def test_one_byte_terminal_escapes_are_shown() -> None:
    """0x9b alone starts a control sequence on many terminals."""
    assert printable("\x9b31m") == "\\x9b31m"


def test_newline_tab_and_other_scripts_are_kept() -> None:
    text = "größe\t= 2\n名前 🙂"

    assert printable(text) == text


def test_text_that_hides_or_reorders_is_shown() -> None:
    assert printable("a\u202eb\u200bc\U000e0041") == "a\\u202eb\\u200bc\\U000e0041"


def test_a_byte_that_is_not_utf_8_is_shown_as_that_byte() -> None:
    assert printable(os.fsdecode(b"caf\xe9.py")) == "caf\\xe9.py"


@given(st.text(st.characters()))
def test_what_comes_back_is_harmless_and_encodable(text: str) -> None:
    shown = printable(text)

    shown.encode()
    assert not {char for char in shown if unicodedata.category(char) in {"Cc", "Cs"}} - {"\n", "\t"}
    assert printable(shown) == shown
