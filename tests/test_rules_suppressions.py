"""Comments that make a checker look away."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from everycommit.rules import suppressions
from everycommit.rules.python_source import comments
from everycommit.rules.rule import Rule
from rules import LONG, example_holds, findings, messages, rules, seconds
from support import Repo

LINE, FILE = "suppression-added", "suppression-whole-file"


@pytest.mark.parametrize("rule", suppressions.RULES, ids=lambda rule: rule.id)
def test_each_rule_finds_its_bad_example_and_not_its_good_one(repo: Repo, rule: Rule) -> None:
    example_holds(repo, suppressions, rule)


@pytest.mark.parametrize(
    ("path", "line", "rule", "said"),
    [
        ("a.py", "x = 1  # noqa", LINE, "'noqa'"),
        ("a.py", "x = 1  #NOQA:E501", LINE, "'noqa E501'"),
        ("a.py", "x = 1  # text # noqa: E501, F401", LINE, "'noqa E501, F401'"),
        ("a.py", "x = 1  # type: ignore", LINE, "'type: ignore'"),
        ("a.py", "x = 1  # type:ignore[arg-type, misc]", LINE, "'type: ignore arg-type, misc'"),
        ("a.pyi", "x = 1  # pyright: ignore[reportAny]", LINE, "'pyright reportAny'"),
        ("a.py", "x = 1  # nosec B101", LINE, "'nosec B101'"),
        ("a.py", "x = 1  # pragma: no cover", LINE, "'no cover'"),
        ("a.py", "x = 1  # pylint: disable=invalid-name", LINE, "'pylint invalid-name'"),
        ("a.py", "x = 1  # ty: ignore[a]", LINE, "'ty a'"),
        ("a.py", "# noinspection PyTypeChecker", LINE, "'noinspection PyTypeChecker'"),
        ("a.py", "# ruff: noqa", FILE, "'noqa'"),
        ("a.py", "# ruff: noqa: E501", FILE, "'noqa E501'"),
        ("a.py", "# flake8: noqa", FILE, "'noqa'"),
        ("a.py", "# mypy: ignore-errors", FILE, "'mypy ignore-errors'"),
        ("a.py", "# mypy: disable-error-code=misc", FILE, "'mypy disable-error-code=misc'"),
        ("a.py", "# mypy: allow-untyped-defs", FILE, "'mypy allow-untyped-defs'"),
        ("a.py", "# pylint: skip-file", FILE, "'pylint'"),
        ("a.py", "# pyright: basic", FILE, "'pyright basic'"),
        ("a.js", "run() // eslint-disable-line no-eval", LINE, "'eslint no-eval'"),
        ("a.ts", "// eslint-disable-next-line", LINE, "'eslint'"),
        ("a.tsx", "{/* @ts-expect-error: later */}", LINE, "'typescript'"),
        ("a.ts", "/* eslint-disable */", FILE, "'eslint'"),
        ("a.ts", " * @ts-nocheck", FILE, "'typescript'"),
        ("a.ts", "// biome-ignore lint/style: later", LINE, "'biome lint/style:'"),
        ("a.go", "run() //nolint:errcheck", LINE, "'golangci-lint errcheck'"),
        ("a.rs", "#![allow(dead_code)]", FILE, "'rustc dead_code'"),
        ("a.rs", "#[allow(dead_code)]", LINE, "'rustc dead_code'"),
        ("a.sh", "# shellcheck disable=SC2086", LINE, "'shellcheck SC2086'"),
        ("a.cpp", "f(); // NOLINT(bugprone)", LINE, "'clang-tidy bugprone'"),
    ],
)
def test_what_the_checkers_read(repo: Repo, path: str, line: str, rule: str, said: str) -> None:
    [found] = findings(repo, suppressions, {path: "one\n"}, {path: f"one\n{line}\n"})

    assert (found.rule, found.line) == (f"policy/{rule}", 2)
    assert found.message.startswith(f"{said} keeps a checker off this ")


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("a.py", "text = 'a # noqa'"),
        ("a.py", 'text = """\n# type: ignore\n"""'),
        ("a.py", "text = f'{x} # nosec'"),
        ("a.py", "text = 'it\\'s # noqa'"),
        ("a.py", "# why noqa is not the way"),
        ("a.py", "# noqualifier"),
        ("a.py", "# the type: ignored"),
        ("a.py", "# mypy: disallow-any-expr"),
        ("a.py", "# mypy: strict"),
        ("a.py", "# pyright: strict"),
        ("a.py", "noqa = 1; ignore = 2"),
        ("a.ts", 'const text = "// @ts-ignore"'),
        ("a.ts", "const text = `/* eslint-disable */`"),
        ("a.ts", "// about @ts-ignore"),
        ("a.md", "# noqa"),
        ("a.go", 'text := "nolint"'),
    ],
)
def test_words_are_no_suppressions(repo: Repo, path: str, line: str) -> None:
    assert rules(repo, suppressions, {path: "one\n"}, {path: f"one\n{line}\n"}) == []


def test_what_moves_is_not_added(repo: Repo) -> None:
    before = {"a.py": "import os  # noqa: F401\n", "b.py": "B = 1\n"}

    assert rules(repo, suppressions, before, {"a.py": "A = 1\n", "b.py": "B = 1\nimport os  # noqa: F401\n"}) == []
    assert rules(repo, suppressions, before, {"a.py": "import os, re  # noqa: F401\n", "b.py": "B = 1\n"}) == []
    assert rules(repo, suppressions, before, {"b.py": "B = 1\n"}) == []


def test_another_code_is_no_more_but_all_codes_are(repo: Repo) -> None:
    before = {"a.py": "import os  # noqa: F401\n"}

    assert messages(repo, suppressions, before, {"a.py": "import os  # noqa: F811\n"}) == []
    assert messages(repo, suppressions, before, {"a.py": "import os  # noqa: F401, F811\n"}) == [
        "'noqa F811' keeps a checker off this line"
    ]
    assert messages(repo, suppressions, before, {"a.py": "import os  # noqa\n"}) == [
        "'noqa' keeps a checker off this line, whatever it finds"
    ]


def test_comments_are_found_by_a_tokenizer_s_measure(repo: Repo) -> None:
    """The lexer agrees with the standard library's on this very module."""
    import io
    import tokenize
    from pathlib import Path

    text = Path(__file__).read_text()
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)

    expected = [(token.start[0], token.string[1:]) for token in tokens if token.type == tokenize.COMMENT]

    assert list(comments(text)) == expected


@pytest.mark.parametrize(
    "piece", ["'", '"', '"""', "'''", "\\", '\\"""', "# noqa ", "/*", "`", "noqa:E1,", "# type: ignore["]
)
@pytest.mark.parametrize("path", ["a.py", "a.ts"])
def test_no_line_of_a_megabyte_takes_long(repo: Repo, piece: str, path: str) -> None:
    text = piece * (900_000 // len(piece)) + " # noqa\n// @ts-ignore\n"

    assert seconds(repo, suppressions, {path: "x\n"}, {path: text}) < LONG


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(alphabet=st.sampled_from("'\"#\\\n noqa:E1typeignore[]\r\t\0{}"), max_size=80))
def test_no_text_breaks_the_rules(repo: Repo, text: str) -> None:
    """Findings lie inside the file whatever stands around the comments."""
    findings(repo, suppressions, {"a.py": "x\n"}, {"a.py": f"{text} # noqa\n"})
