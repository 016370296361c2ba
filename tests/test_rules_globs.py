"""Patterns match whole paths from the root, part by part, and never slowly."""

import os
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from everycommit.rules.globs import matches


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("*.lock", "poetry.lock", True),
        ("*.lock", "sub/poetry.lock", False),
        ("**/*.lock", "poetry.lock", True),
        ("**/*.lock", "a/b/poetry.lock", True),
        ("docs/**", "docs/a.md", True),
        ("docs/**", "docs/a/b.md", True),
        ("docs/**", "docs", False),
        ("docs/**", "src/docs/a.md", False),
        ("docs/", "docs/a/b.md", True),
        ("/docs/*", "docs/a.md", True),
        ("./docs/*", "docs/a.md", True),
        ("docs/*", "docs/a/b.md", False),
        ("**/docs/**", "a/docs/b", True),
        ("**/docs/**", "docs/b", True),
        ("a/**/b", "a/b", True),
        ("a/**/b", "a/x/y/b", True),
        ("a/**/b", "a/xb", False),
        ("a/**/**/b", "a/x/b", True),
        ("a/**/b/**/c", "a/b/x/b/c", True),
        ("a/**/b/**/c", "a/x/c/b", False),
        ("**", "a/b/c", True),
        ("**/**", "a", True),
        ("a**b", "a--b", True),
        ("a**b", "a/b", False),
        ("*", ".hidden", True),
        ("?.py", "a.py", True),
        ("?.py", "ab.py", False),
        ("a?b", "a/b", False),
        ("[ab].py", "b.py", True),
        ("[!ab].py", "b.py", False),
        ("[!ab].py", "c.py", True),
        ("a[!b]c", "a/c", False),
        ("[a-c]*x*[0-9]", "bxx7", True),
        ("[z-a]", "z", False),
        ("[", "[", True),
        ("[ab", "[ab", True),
        ("[]]", "]", True),
        ("[!]]", "x", True),
        ("[*]", "*", True),
        ("[*]", "x", False),
        ("a+(b)|c.$", "a+(b)|c.$", True),
        ("*a*b*", "xaxbx", True),
        ("*ab*ab", "abab", True),
        ("*ab*ab", "aab", False),
        ("", "a", False),
        ("/", "a", True),
        ("*.py", "a\n.py", True),
        ("**/x", "a\nb/x", True),
        ("*", "a\n", True),
        ("-*", "-rf", True),
        ("* *", "a b", True),
        ("LICENSE*", "LICENSE", True),
        ("größe/*", "größe/ü", True),
    ],
)
def test_pattern(pattern: str, path: str, expected: bool) -> None:  # noqa: FBT001
    assert matches(path, [pattern]) is expected


def test_a_name_that_is_not_utf_8_is_a_name() -> None:
    path = os.fsdecode(b"caf\xe9/x.py")

    assert matches(path, ["caf?/*.py"])
    assert matches(path, ["**"])


def test_one_of_several_is_enough_and_none_matches_nothing() -> None:
    assert matches("a.md", ["*.py", "*.md"])
    assert not matches("a.md", [])


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*a" * 30 + "x", "a" * 4000),
        ("**/a/" * 30 + "x", "a/" * 2000 + "y"),
        ("**/*a*a*a*a*a*a/" * 5 + "x", "a/" * 2000 + "y"),
    ],
)
def test_no_pattern_is_slow(pattern: str, path: str) -> None:
    began = time.perf_counter()

    assert not matches(path, [pattern])

    assert time.perf_counter() - began < 1


def slow(parts: list[str], pattern: list[str]) -> bool:
    """Match the plain way, by trying everything: an oracle without regular expressions."""
    if not pattern:
        return not parts
    if pattern[0] == "**":
        least = 1 if len(pattern) == 1 else 0
        return any(slow(parts[skip:], pattern[1:]) for skip in range(least, len(parts) + 1))
    return bool(parts) and letters(parts[0], pattern[0]) and slow(parts[1:], pattern[1:])


def letters(text: str, pattern: str) -> bool:
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(letters(text[skip:], pattern[1:]) for skip in range(len(text) + 1))
    return bool(text) and pattern[0] in {text[0], "?"} and letters(text[1:], pattern[1:])


part = st.text("ab.", min_size=1, max_size=4).filter(lambda text: text != ".")
glob = st.text("ab.*?", min_size=1, max_size=5).filter(lambda text: text != ".") | st.just("**")


@given(st.lists(part, min_size=1, max_size=5), st.lists(glob, min_size=1, max_size=5))
@example(["a", "a", "b"], ["**", "a", "**", "b"])
def test_matching_agrees_with_trying_everything(path: list[str], pattern: list[str]) -> None:
    assert matches("/".join(path), ["/".join(pattern)]) is slow(path, pattern)
