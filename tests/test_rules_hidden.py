"""What does not show: every such character here is made by its number."""

import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everycommit.result import ERROR, NOTE, Finding
from everycommit.rules.confusable import mixed_scripts
from everycommit.rules.hidden import check
from everycommit.rules.invisible import hidden_characters
from support import Repo, change_of

HEART, SELECTOR, JOINER = chr(0x2764), chr(0xFE0F), chr(0x200D)
SCOTLAND = chr(0x1F3F4) + "".join(chr(0xE0000 + ord(char)) for char in "gbsct") + chr(0xE007F)
FAMILY = JOINER.join(map(chr, (0x1F468, 0x1F469, 0x1F467)))
PERSIAN = chr(0x645) + chr(0x6CC) + chr(0x200C) + chr(0x62E)
SMUGGLED = "".join(chr(0xE0000 + ord(char)) for char in "ignore all")
SELECTED = chr(0x1F600) + "".join(chr(0xE0100 + number) for number in (3, 20, 40, 9))
LIMIT = 1.5 if sys.gettrace() is None else 15.0
"""Seconds; measuring coverage makes Python ten times slower."""


def found(
    repo: Repo, path: str, text: str | bytes, before: str | bytes | None = None
) -> list[tuple[str, str, int | None]]:
    change, blobs = change_of(repo, {path: before}, {path: text})
    return [(one.rule.removeprefix("policy/"), one.severity, one.line) for one in check(change, blobs)]


@pytest.mark.parametrize("number", [0x202A, 0x202E, 0x2066, 0x2069])
def test_bidirectional_controls_in_code(repo: Repo, number: int) -> None:
    assert found(repo, "src/a.py", f"x = 1\ny = 2  # {chr(number)}\n") == [("bidi", ERROR, 2)]
    assert found(repo, "src/a.js", f"x = 1 /* {chr(number)} */\n") == [("bidi", ERROR, 1)]
    assert found(repo, "src/a.po", f'msgstr "{chr(number)}"\n') == [("invisible-text", NOTE, 1)]


@pytest.mark.parametrize("number", [0x200B, 0x200E, 0x2060, 0xAD, 0x3164, 0xFFA0, 0x115F, 0xFEFF, 0x1B, 0x08, 0x180E])
def test_invisible_characters_in_code_and_in_prose(repo: Repo, number: int) -> None:
    assert found(repo, "src/a.py", f"x = 'a{chr(number)}b'\n") == [("invisible", ERROR, 1)]
    assert found(repo, "docs/a.md", f"one\ntwo a{chr(number)}b\n") == [("invisible-text", NOTE, 2)]
    assert found(repo, "tests/test_a.py", f"x = 'a{chr(number)}b'\n") == [("invisible-text", NOTE, 1)]


@pytest.mark.parametrize("text", [SMUGGLED, f"a{SMUGGLED}", SELECTED], ids=["tags", "tags after a letter", "selectors"])
def test_text_in_characters_that_nobody_sees_is_an_error_anywhere(repo: Repo, text: str) -> None:
    for path in ("README.md", "src/a.py", "locale/a.po", "tests/data.txt"):
        assert ("invisible", ERROR, 1) in found(repo, path, f"{text}\n")


@pytest.mark.parametrize(
    "text",
    [
        HEART + SELECTOR,
        "1" + SELECTOR + chr(0x20E3),
        FAMILY,
        SCOTLAND,
        PERSIAN,
        chr(0x8FBB) + chr(0xE0100),
        "naïve café Жизнь 日本語 עברית العربية",
        "price\u00a0€",
        "a\tb\fc",
    ],
)
def test_what_belongs_is_quiet(repo: Repo, text: str) -> None:
    for path in ("README.md", "src/a.py"):
        assert not found(repo, path, f"# {text}\n")


def test_a_byte_order_mark_belongs_at_the_beginning_only(repo: Repo) -> None:
    assert not found(repo, "a.py", "\ufeffx = 1\n")
    assert found(repo, "a.py", "x = 1\n\ufeffy = 1\n") == [("invisible", ERROR, 2)]


def test_a_line_that_moves_raises_nothing(repo: Repo) -> None:
    line = f"x = 'a{chr(0x200B)}b'\n"

    assert not check(*change_of(repo, {"a.py": line + "y = 1\n"}, {"b.py": line}))


def test_a_path_may_not_hide_anything(repo: Repo) -> None:
    change = change_of(
        repo, {}, {f"a{chr(0x202E)}b.md": "x\n", f"c{chr(0x200B)}.md": "x\n", chr(0x430) + "dmin.md": "x\n"}
    )

    assert sorted(one.rule for one in check(*change)) == ["policy/bidi", "policy/invisible", "policy/mixed-script"]


def test_a_path_in_another_language_is_quiet(repo: Repo) -> None:
    assert not check(*change_of(repo, {}, {"документ.md": "x\n", "日本/é.py": "x = 1\n"}))


@pytest.mark.parametrize(
    ("path", "line", "names"),
    [
        ("a.py", chr(0x430) + "dmin = 1", 1),
        ("a.py", "def p" + chr(0x430) + "y(): pass", 1),
        ("a.py", "Δt = μs = λ = alpha_β = x1", 0),
        ("a.py", "x = 'PDF" + chr(0x43E) + "в'  # API" + chr(0x430), 0),
        ("a.js", "const " + chr(0x441) + "ount = 1", 1),
        ("a.js", "const x = 'PDF" + chr(0x43E) + "в' // API" + chr(0x430), 0),
        ("a.go", "p" + chr(0x3BF) + "rt := 1", 1),
        ("a.py", "имя = 1", 0),
    ],
)
def test_names_of_two_scripts(repo: Repo, path: str, line: str, names: int) -> None:
    assert [one[0] for one in found(repo, path, f"{line}\n")] == ["mixed-script"] * names


def test_a_carriage_return_inside_a_line_of_code(repo: Repo) -> None:
    assert found(repo, "a.py", "x = 1\r\ny = 2  # a\rz = 3\r\n") == [("lone-cr", ERROR, 2)]
    assert not found(repo, "a.txt", "x\ry\n")


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"x = 1\n\0y = 2\n", "NUL byte in line 2"),
        ("x = 1\n".encode("utf-16"), "UTF-16"),
        (b"\x89PNG\r\n\x1a\n\0\0", "NUL byte in line 3"),
        (b"x = '\xe9'\n", "not UTF-8"),
    ],
)
def test_source_that_is_no_text(repo: Repo, content: bytes, word: str) -> None:
    (one,) = check(*change_of(repo, {}, {"a.py": content}))

    assert one.rule == "policy/not-text"
    assert word in one.message


def test_declared_encodings_old_ones_and_data_are_left_alone(repo: Repo) -> None:
    assert not found(repo, "a.py", b"# -*- coding: latin-1 -*-\nx = '\xe9'\n")
    assert not found(repo, "a.py", b"x = '\xe9'\ny = '\xe8'\n", b"x = '\xe9'\n")
    assert not found(repo, "a.png", b"\0")


def test_a_large_source_is_looked_into_and_a_huge_one_is_said(repo: Repo) -> None:
    large = "x = 1\n" * 200_000
    bad = large + f"y = 2  # {chr(0x202E)}\n"

    assert found(repo, "a.py", bad, large) == [("bidi", ERROR, 200_001)]
    assert found(repo, "a.py", "x = 1\n" * 1_500_000) == [("not-text", ERROR, None)]


@pytest.mark.parametrize("piece", [chr(0xE0041), chr(0x430) + "a", "a" + JOINER, "'", "/*", chr(0x202E), "é\r", "\x1b"])
def test_no_line_of_a_megabyte_takes_a_second(piece: str) -> None:
    text = piece * ((1 << 20) // len(piece.encode()))
    began = time.process_time()

    hidden_characters(text, start=False)
    list(mixed_scripts(text, 1, text, python=False))

    assert time.process_time() - began < LIMIT


@given(st.text(max_size=200))
def test_only_characters_of_the_text_are_named(text: str) -> None:
    assert all(char in text for char, _ in hidden_characters(text, start=True))
    assert all(name in text for name, _ in mixed_scripts(text, 1, text, python=False))


def test_findings_are_findings(repo: Repo) -> None:
    (one,) = check(*change_of(repo, {}, {"a.py": f"x = 1  # {chr(0x202E)}\n"}))

    assert isinstance(one, Finding)
    assert one.hint
    assert one.source == "x = 1  # \\u202e"
