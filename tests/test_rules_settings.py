"""A loosened setting is found at its line, and refused where it comes with other changes."""

import pytest

from everycommit.config.schema import Loosening
from everycommit.result import ERROR, WARNING
from everycommit.rules.settings import line_of, loosening
from given import Objects, change, changed

ADDED = Loosening(key="policy.max_added_lines", base="200", target="400")
FILE = "pyproject.toml"


def objects(text: str) -> Objects:
    made = Objects()
    made.put(text.encode(), FILE)
    return made


def test_nothing_loosened_is_nothing_found_and_nothing_read() -> None:
    assert loosening(change(changed(FILE, 1)), (), Objects(), occasion="commit") == []


def test_it_is_found_at_its_line() -> None:
    blobs = objects("[project]\n[tool.everycommit.policy]\nmax_files = 3\nmax_added_lines = 400\n")

    [finding] = loosening(change(changed(FILE, 1)), [ADDED], blobs, occasion="commit")

    assert (finding.path, finding.line, finding.rule) == (FILE, 4, "policy/settings-loosened")
    assert finding.message == "loosens policy.max_added_lines from 200 to 400; this change is judged by the first"


@pytest.mark.parametrize(
    ("paths", "occasion", "severity"),
    [
        ([FILE], "commit", WARNING),
        ([FILE, "a.py"], "commit", ERROR),
        ([FILE, "a.py"], "push", WARNING),
        ([FILE, "a.py"], "ci", WARNING),
        ([], "commit", WARNING),
        (["a.py"], "commit", WARNING),
    ],
)
def test_severity(paths: list[str], occasion: str, severity: str) -> None:
    """In a merge the settings may have come with others' work: the author's part does not touch them."""
    [finding] = loosening(change(*(changed(path, 1) for path in paths)), [ADDED], Objects(), occasion=occasion)

    assert finding.severity == severity
    assert (finding.hint is not None) == (severity == ERROR)


def test_moving_the_file_away_touches_the_settings() -> None:
    moved = changed("old.toml", old="2" * 40, old_path=FILE)

    [finding] = loosening(change(moved, changed("a.py")), [ADDED], Objects(), occasion="commit")

    assert finding.severity == ERROR
    assert finding.line is None


def test_a_dropped_command_is_said_as_that() -> None:
    gone = Loosening(key="command.docs.run", base='["make", "docs"]', target="[]")

    [finding] = loosening(change(changed(FILE)), [gone], Objects(), occasion="commit")

    assert finding.message == 'drops command.docs; it still judges this change: ["make", "docs"]'


def test_a_long_value_is_cut_and_cannot_act_on_the_terminal() -> None:
    long = Loosening(key="policy.uncounted", base="[]", target='["\x1b' + "x" * 100)

    [finding] = loosening(change(changed(FILE)), [long], Objects(), occasion="commit")

    assert "\x1b" not in finding.message
    assert "x…; this change" in finding.message


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[tool.everycommit]\npolicy.max_added_lines = 4", 2),
        ("[tool]\neverycommit.policy.max_added_lines = 4", 2),
        ('[ tool . "everycommit" . policy ] # ours\n  "max_added_lines" = 4', 2),
        ("[tool.everycommit.policy]\nmax_files = 3\n[other]\nmax_added_lines = 4", 1),
        ("[tool.everycommit]\npolicy = { max_added_lines = 4 }", None),
        ("[other]\nmax_added_lines = 4", None),
        ("max_added_lines = 4", None),
        ("", None),
    ],
)
def test_line_of(text: str, line: int | None) -> None:
    assert line_of("policy.max_added_lines", text.split("\n")) == line


def test_line_of_a_top_setting_and_of_a_command() -> None:
    lines = ["[tool.everycommit]", "commit = []", "[tool.everycommit.command.docs]", "run = []"]

    assert line_of("commit", lines) == 2
    assert line_of("command.docs.run", lines) == 4
    assert line_of("push", lines) == 1
