"""Settings of checkers, workflows and hooks that a change loosens."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from everycommit.rules import tool_settings
from everycommit.rules.rule import Rule
from rules import LONG, example_holds, findings, messages, rules, seconds
from support import Repo

WEAKER, EXCEPTION, STEP = "gate-config-weakened", "gate-exception-added", "gate-step-weakened"
TOML = """[project]
name = "x"

[tool.ruff]
line-length = 100

[tool.ruff.lint]
select = ["E", "F", "B"]
ignore = ["E501"]
mccabe.max-complexity = 10

[tool.ruff.lint.per-file-ignores]
"tests/**" = ["S101"]

[tool.mypy]
strict = true
warn_unreachable = true
disable_error_code = []

[[tool.mypy.overrides]]
module = "a.*"
ignore_missing_imports = true

[tool.pytest.ini_options]
addopts = "--strict-markers -ra --cov-fail-under=90"
filterwarnings = ["error"]
xfail_strict = true
testpaths = ["tests"]

[tool.coverage.run]
branch = true
source = ["x"]

[tool.coverage.report]
fail_under = 95
exclude_also = ["if TYPE_CHECKING:"]

[tool.pyright]
typeCheckingMode = "strict"
"""
INI = """[flake8]
select = E,F
ignore = E501
max-complexity = 10
per-file-ignores =
    tests/*: S101

[mypy]
strict = True
disallow_untyped_defs = true

[mypy-a.*]
ignore_errors = false

[tool:pytest]
addopts =
    --strict-markers
    -ra
filterwarnings =
    error

[coverage:report]
fail_under = 95
omit =
    a/*
"""
FLOW = """on:
  pull_request:
jobs:
  test:
    steps:
      - name: run pytest
        run: pip install pytest
      - run: pytest -q
      - run: ruff check .
"""
HOOKS = """repos:
- repo: a
  hooks:
  - id: mypy
  - id: flake8
"""


@pytest.mark.parametrize("rule", tool_settings.RULES, ids=lambda rule: rule.id)
def test_each_rule_finds_its_bad_example_and_not_its_good_one(repo: Repo, rule: Rule) -> None:
    example_holds(repo, tool_settings, rule)


def judged(repo: Repo, path: str, before: str, old: str, new: str) -> list[str]:
    assert old in before
    return rules(repo, tool_settings, {path: before}, {path: before.replace(old, new)})


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ('select = ["E", "F", "B"]', 'select = ["E"]', WEAKER),
        ('ignore = ["E501"]', 'ignore = ["E501", "F401"]', EXCEPTION),
        ('ignore = ["E501"]', 'ignore = ["ALL"]', WEAKER),
        ("line-length", 'extend-exclude = ["src/x"]\nline-length', EXCEPTION),
        ("max-complexity = 10", "max-complexity = 30", WEAKER),
        ('"tests/**" = ["S101"]', '"tests/**" = ["S101", "F"]', EXCEPTION),
        ("strict = true\nwarn", "strict = false\nwarn", WEAKER),
        ("strict = true\nwarn", "warn", WEAKER),
        ("warn_unreachable = true", "warn_unreachable = false", WEAKER),
        ("strict = true\nwarn", "strict = true\nignore_errors = true\nwarn", WEAKER),
        ("strict = true\nwarn", 'strict = true\nfollow_imports = "skip"\nwarn', WEAKER),
        ("strict = true\nwarn", "strict = true\ndisallow_any_generics = false\nwarn", EXCEPTION),
        ("strict = true\nwarn", "strict = true\nignore_missing_imports = true\nwarn", EXCEPTION),
        ("disable_error_code = []", 'disable_error_code = ["misc"]', EXCEPTION),
        ("ignore_missing_imports = true", "ignore_errors = true", EXCEPTION),
        ("ignore_missing_imports = true", "disallow_untyped_defs = false", EXCEPTION),
        ("--strict-markers ", "", WEAKER),
        ("-ra", "-ra --deselect tests/a.py", WEAKER),
        ("-ra", "-ra -k 'not slow'", WEAKER),
        ("-ra", "-ra --ignore=tests/a", WEAKER),
        ("-ra", "-ra -p no:randomly", WEAKER),
        ("-ra", "-ra -m 'not slow'", EXCEPTION),
        ("fail-under=90", "fail-under=50", WEAKER),
        (" --cov-fail-under=90", "", WEAKER),
        ('filterwarnings = ["error"]', "filterwarnings = []", WEAKER),
        ('["error"]', '["error", "ignore::DeprecationWarning"]', EXCEPTION),
        ("xfail_strict = true", "xfail_strict = false", WEAKER),
        ("branch = true", "branch = false", WEAKER),
        ("fail_under = 95", "fail_under = 90.5", WEAKER),
        ("fail_under = 95\n", "", WEAKER),
        ('"if TYPE_CHECKING:"', '"if TYPE_CHECKING:", "def "', EXCEPTION),
        ('"strict"', '"basic"', WEAKER),
        ('\n[tool.pyright]\ntypeCheckingMode = "strict"\n', "", WEAKER),
    ],
)
def test_looser_settings_in_pyproject(repo: Repo, old: str, new: str, rule: str) -> None:
    assert judged(repo, "pyproject.toml", TOML, old, new) == [rule]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('name = "x"', 'name = "y"'),
        ("line-length = 100", "line-length = 120"),
        ('select = ["E", "F", "B"]', 'select = ["B", "E", "F", "S"]'),
        ('select = ["E", "F", "B"]', 'select = ["ALL"]'),
        ('select = ["E", "F", "B"]\nignore = ["E501"]', 'select = ["E", "F", "B", "S"]\nignore = ["E501", "S101"]'),
        ('select = ["E", "F", "B"]', 'select = ["E"]\nextend-select = ["F", "B"]'),
        ('ignore = ["E501"]', "ignore = []"),
        ("warn_unreachable = true", "warn_unreachable = true\nwarn_no_return = true"),
        ('module = "a.*"', 'module = ["a.*", "b.*"]'),
        ("fail_under = 95", "fail_under = 100"),
        ("-ra", "-q"),
        ('["error"]', '["error", "ignore:old:DeprecationWarning:a"]'),
        ('testpaths = ["tests"]', 'testpaths = ["tests", "more"]'),
        ('source = ["x"]', 'source = ["src/x"]'),
        ('exclude_also = ["if TYPE_CHECKING:"]', 'exclude_lines = ["if TYPE_CHECKING:"]'),
        (
            '[tool.pyright]\ntypeCheckingMode = "strict"',
            '[tool.pyright]\ntypeCheckingMode = "strict"\n[tool.bandit]\nskips = ["B101"]',
        ),
        ("[tool.ruff]", "[tool.ruff"),
    ],
)
def test_settings_that_are_no_looser(repo: Repo, old: str, new: str) -> None:
    assert judged(repo, "pyproject.toml", TOML, old, new) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("select = E,F", "select = E", [WEAKER]),
        ("ignore = E501", "ignore = E501, W605", [EXCEPTION]),
        ("max-complexity = 10", "max-complexity = 20", [WEAKER]),
        ("tests/*: S101", "tests/*: S101, F401\n    a.py: E", [EXCEPTION]),
        ("strict = True\n", "strict = False\n", [WEAKER]),
        ("ignore_errors = false", "ignore_errors = true", [EXCEPTION]),
        ("    --strict-markers\n", "", [WEAKER]),
        ("    -ra", "    -ra\n    --deselect=tests/a.py", [WEAKER]),
        ("    error\n", "    default\n", [WEAKER]),
        ("fail_under = 95", "fail_under = 9", [WEAKER]),
        ("    a/*", "    a/*\n    b/*", [EXCEPTION]),
        ("ignore = E501", "ignore =\n    E501", []),
        ("[mypy]", "# text\n[mypy]", []),
    ],
)
def test_looser_settings_in_ini_files(repo: Repo, old: str, new: str, expected: list[str]) -> None:
    assert judged(repo, "setup.cfg", INI, old, new) == expected


def test_other_files_of_tools(repo: Repo) -> None:
    assert judged(repo, "ruff.toml", '[lint]\nselect = ["E", "F"]\n', ', "F"', "") == [WEAKER]
    assert judged(repo, ".coveragerc", "[report]\nfail_under = 90\n", "90", "80") == [WEAKER]
    assert judged(repo, "mypy.ini", "[mypy]\nstrict = True\n", "True", "False") == [WEAKER]
    assert judged(repo, "packages/a/.flake8", "[flake8]\nselect = E,F\n", ",F", "") == [WEAKER]


def test_settings_may_move_to_another_file(repo: Repo) -> None:
    table = "[tool.mypy]\nstrict = true\n"

    after: dict[str, str | bytes | None] = {
        "pyproject.toml": "[tool.x]\na = 1\n",
        "mypy.ini": "[mypy]\nstrict = true\n",
    }

    assert rules(repo, tool_settings, {"pyproject.toml": table + "[tool.x]\na = 1\n"}, after) == []


def test_flake8_may_give_way_to_ruff(repo: Repo) -> None:
    after: dict[str, str | bytes | None] = {"pyproject.toml": '[tool.ruff.lint]\nselect = ["E"]\n'}

    assert rules(repo, tool_settings, {".flake8": "[flake8]\nselect = E\n", "pyproject.toml": ""}, after) == []
    assert rules(repo, tool_settings, {".flake8": "[flake8]\nselect = E\n"}, {"a": ""}) == [WEAKER]


def test_a_finding_stands_at_the_setting(repo: Repo) -> None:
    after = TOML.replace('ignore = ["E501"]', 'ignore = ["E501", "F401"]')
    gone = TOML.replace("fail_under = 95\n", "")

    [added] = findings(repo, tool_settings, {"pyproject.toml": TOML}, {"pyproject.toml": after})
    [removed] = findings(repo, tool_settings, {"pyproject.toml": TOML}, {"pyproject.toml": gone})

    assert (added.line, added.message) == (9, "ruff: ignore now holds 'F401'")
    assert (removed.line, removed.message) == (34, "coverage: report.fail_under goes from 95 to no limit")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("run: pytest -q", "run: pytest -q || true", "a failure no longer counts (|| true)"),
        (
            "run: pytest -q",
            "run: pytest -q\n        continue-on-error: true",
            "a failure no longer counts (continue-on-error)",
        ),
        ("- run: pytest -q", "- if: false\n        run: pytest -q", "the step never runs"),
        ("- run: pytest -q", "- if: ${{ false }}\n        run: pytest -q", "the step never runs"),
        ("ruff check .", "ruff check --exit-zero .", "what the checker finds no longer counts (--exit-zero)"),
        ("pytest -q", "pytest -q --deselect tests/a.py", "tests are left out"),
        ("      - run: pytest -q\n", "", "pytest is no longer run"),
        ("      - run: ruff check .\n", "      # - run: ruff check .\n", "ruff is no longer run"),
    ],
)
def test_a_workflow_that_checks_less(repo: Repo, old: str, new: str, said: str) -> None:
    path = ".github/workflows/test.yml"

    assert old in FLOW
    assert messages(repo, tool_settings, {path: FLOW}, {path: FLOW.replace(old, new)}) == [said]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("pytest -q", "pytest -q -n 2"),
        ("      - run: pytest -q\n      - run: ruff check .\n", "      - run: tox\n"),
        ("run: pytest -q", "run: pytest -q\n      - run: rm -rf x || true"),
        ("      - run: ruff", "      # continue-on-error: true\n      - run: ruff"),
    ],
)
def test_a_workflow_that_checks_as_before(repo: Repo, old: str, new: str) -> None:
    path = ".github/workflows/test.yml"

    assert messages(repo, tool_settings, {path: FLOW}, {path: FLOW.replace(old, new)}) == []


def test_a_step_may_move_and_a_workflow_may_go_with_nothing_to_say(repo: Repo) -> None:
    one, two = ".github/workflows/test.yml", ".github/workflows/other.yml"

    assert messages(repo, tool_settings, {one: FLOW}, {two: FLOW + "# x\n" * 30}) == []
    assert sorted(messages(repo, tool_settings, {one: FLOW}, {"a": ""})) == [
        "pytest is no longer run",
        "ruff is no longer run",
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("  - id: mypy\n", "", ["the hook mypy is gone"]),
        ("  - id: flake8\n", "  - id: ruff\n", []),
        ("  - id: mypy\n  - id: flake8\n", "  - id: flake8\n  - id: mypy\n", []),
        ("id: mypy\n", "id: mypy\n    stages: [manual]\n", ["a hook runs only when it is called by hand"]),
        ("repo: a", "repo: b", []),
    ],
)
def test_hooks_of_pre_commit(repo: Repo, old: str, new: str, expected: list[str]) -> None:
    path = ".pre-commit-config.yaml"

    assert messages(repo, tool_settings, {path: HOOKS}, {path: HOOKS.replace(old, new)}) == expected


def test_a_deleted_hook_script(repo: Repo) -> None:
    assert messages(repo, tool_settings, {".husky/pre-commit": "npm test\n"}, {"a": ""}) == [
        "a hook is deleted",
        "npm test is no longer run",
    ]


def test_many_lines_of_one_snapshot_count_as_many_snapshots(repo: Repo) -> None:
    before = "".join(f"line {number}\n" for number in range(400))

    assert rules(repo, tool_settings, {"a.snap": before}, {"a.snap": before.replace("line", "row")}) == [
        "snapshots-updated"
    ]
    assert rules(repo, tool_settings, {"a.snap": before}, {"a.snap": before + "more\n"}) == []
    assert rules(repo, tool_settings, {}, {"a.snap": before}) == []


@pytest.mark.parametrize("piece", ["[", "a.", "|| ", "pytest ", "- id: a", "ignore = [", "\n[a]\nb = 1", "'"])
@pytest.mark.parametrize("path", ["pyproject.toml", "setup.cfg", ".github/workflows/a.yml", ".pre-commit-config.yaml"])
def test_a_megabyte_does_not_take_long(repo: Repo, path: str, piece: str) -> None:
    before: dict[str, str | bytes | None] = {path: "a = 1\n"}
    after: dict[str, str | bytes | None] = {path: piece * (900_000 // len(piece)) + "\n"}

    assert seconds(repo, tool_settings, before, after) < LONG
    assert (WEAKER in rules(repo, tool_settings, before, after)) is (path in {"pyproject.toml", "setup.cfg"})


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from([("pyproject.toml", TOML), ("setup.cfg", INI), (".github/workflows/a.yml", FLOW)]),
    cut=st.integers(0, 900),
    drop=st.integers(0, 60),
    more=st.text(alphabet=st.sampled_from("[]=\"',:#\n \t{}-aé1.\0\r"), max_size=20),
)
def test_no_damage_to_settings_breaks_the_rules(
    repo: Repo, name: tuple[str, str], cut: int, drop: int, more: str
) -> None:
    """Whatever is cut out and put in, there is no crash and findings lie inside the file."""
    path, text = name
    after = text[:cut] + more + text[cut + drop :]

    findings(repo, tool_settings, {path: text}, {path: after})
    findings(repo, tool_settings, {path: after}, {path: text})
