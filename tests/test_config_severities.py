"""What `policy.rules` takes, in files and in the environment, and how it is shown."""

import pytest

from everycommit.config import parse
from everycommit.config.fields import field_of
from everycommit.config.load import load
from everycommit.config.schema import Config
from everycommit.config.values import written
from everycommit.errors import SettingsErrors

RULES = "pyproject.toml [tool.everycommit.policy].rules: "


def rules(text: str) -> str:
    return f"[tool.everycommit.policy.rules]\n{text}\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('debug-prnt = "off"', "\"debug-prnt\": no such rule; did you mean 'debug-print'?"),
        ('"policy/secrets" = "off"', "\"policy/secrets\": no such rule; did you mean 'secret'?"),
        ('zzzz = "off"', '"zzzz": no such rule; everycommit explain names them'),
        (
            'secret = "eror"',
            "secret: \"eror\" is not one of 'error', 'warning', 'note', 'off'; did you mean 'error'?",
        ),
        (
            "secret = true",
            (
                "secret: true is not one of 'error', 'warning', 'note', 'off'; "
                'or {severity = "off", paths = ["scripts/**"]}'
            ),
        ),
        ('secret = {severity = "off", paths = []}', "secret: paths: [] holds nowhere; leave it out for everywhere"),
        ('secret = {severity = "off", paths = "src"}', 'secret: paths: "src" is not a list of globs'),
        ('secret = {severity = "off", path = ["src"]}', "secret: a table is not one of"),
        ("secret = []", "secret: [] is not one of"),
        (
            'settings-loosened = "off"',
            "settings-loosened: cannot be set here: a change may not say how its own loosening is judged",
        ),
        ('file-deleted = "off"', "file-deleted: cannot be set here: policy.deletions and policy.deletable say it"),
    ],
)
def test_a_mistake_names_the_rule(text: str, line: str) -> None:
    (mistake,) = parse.repository(rules(text).encode()).mistakes

    assert mistake.startswith(RULES + line)


def test_rules_that_are_no_table() -> None:
    assert parse.repository(b"[tool.everycommit.policy]\nrules = 3").mistakes == (
        f"{RULES}3 is not a table of severities by rule",
    )


def judging(text: str, **environ: str) -> Config:
    return load(base=None, target=text.encode(), user=None, environ=environ, flags={}, whole=True)


def test_it_is_shown_as_it_may_be_written() -> None:
    text = (
        '{debug-print = "off", secret = {severity = "warning", paths = ["tests/**"]}, '
        'bidi = ["note", {severity = "off", paths = ["a"]}]}'
    )

    config = judging(f"[tool.everycommit.policy]\nrules = {text}")

    assert written(field_of("policy.rules"), config.settings.policy.rules) == text
    assert written(field_of("policy.rules"), ()) == "{}"
    assert written(field_of("policy.only"), (("a", "b"), ("c",))) == '["a", "b"] and ["c"]'


def test_the_long_name_of_a_rule_counts_as_the_short_one() -> None:
    config = judging(rules('"policy/debug-print" = "error"'))

    assert config.settings.policy.rules == ({"debug-print": (("error", ()),)},)


def test_the_environment_sets_them_too() -> None:
    config = judging("", EVERYCOMMIT_POLICY_RULES="debug-print=off, secret=error", EVERYCOMMIT_POLICY_ONLY="a,b/**")

    assert config.settings.policy.rules == ({"debug-print": (("off", ()),), "secret": (("error", ()),)},)
    assert config.settings.policy.only == (("a", "b/**"),)


def test_a_wrong_word_in_the_environment_is_a_mistake() -> None:
    with pytest.raises(SettingsErrors, match="environment EVERYCOMMIT_POLICY_RULES: secret: "):
        judging("", EVERYCOMMIT_POLICY_RULES="secret")


def test_an_empty_table_says_nothing() -> None:
    assert judging(rules("")).settings.policy.rules == ()
