"""`everycommit tests`: record, show, explain; through the installed hook."""

import json
import re

import pytest

from support import Repo, give_python

CODE = "def one():\n    return 1\n\n\ndef two():\n    return 2\n"
TEST = (
    "import code_\n\n\ndef test_one():\n    assert code_.one() == 1\n\n\ndef test_two():\n    assert code_.two() == 2\n"
)
SETTINGS = """\
[tool.pytest.ini_options]
pythonpath = ["."]

[tool.everycommit]
commit = ["tests"]
push = ["tests"]

[tool.everycommit.tests]
select_commit = "affected"
"""


@pytest.fixture
def project(repo: Repo) -> Repo:
    """A project with a Python of its own, in which nothing points out of the working tree."""
    give_python(repo)
    repo.stage("code_.py", CODE).stage("tests/test_code.py", TEST).stage("pyproject.toml", SETTINGS).commit()
    return repo


def said(repo: Repo, *argv: str, code: int = 0) -> str:
    done = repo.everycommit(*argv)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_without_a_map_all_run_and_the_way_on_is_said(project: Repo) -> None:
    assert "no map of the tests yet; `everycommit tests map` records one" in said(project, "tests", "show", code=2)

    project.stage("code_.py", CODE.replace("return 2", "return 1 + 1"))

    assert "all tests: no map of the tests yet" in said(project, "tests", "explain")
    assert "tests 2  ✓" in said(project, "run")


def test_with_a_map_a_commit_runs_what_it_can_affect_and_a_push_all(project: Repo) -> None:
    assert said(project, "tests", "map").startswith("2 tests recorded in ")
    assert said(project, "tests", "show").startswith("2 tests of tree ")

    project.stage("code_.py", CODE.replace("return 2", "return 1 + 1"))

    assert "test_two\n    two (code_.py:5)" in said(project, "tests", "explain")
    assert "tests 1/2  ✓" in said(project, "run")
    assert "tests 2  ✓" in said(project, "run", "--at", "push")
    project.stage("code_.py", CODE.replace("return 2", "return 3"))
    assert "1 of 1 selected failed (2 in all)" in said(project, "run", code=1)


def test_a_comment_needs_no_test(project: Repo) -> None:
    said(project, "tests", "map")

    project.stage("code_.py", "# nothing\n" + CODE)

    assert said(project, "tests", "explain").startswith("0 of 2 recorded tests")
    assert "tests 0/2  ✓" in said(project, "run")


def test_explain_says_what_ran_with_what_where_and_how_the_change_reaches_each_test(project: Repo) -> None:
    said(project, "tests", "map")
    project.stage("code_.py", CODE.replace("return 2", "return 1 + 1"))

    fresh = said(project, "run", "policy", "lint", "types", "tests", "--explain")
    known = said(project, "run", "policy", "lint", "types", "tests", "--explain")
    whole = said(project, "run", "--at", "push", "--explain", "--skip", "tests")
    found = json.loads(said(project, "run", "tests", "--explain", "--format", "json"))

    assert "\npolicy  passed: 1 of 600 lines; on the diff alone" in fresh
    assert re.search(r"\nlint +passed: 1 file; ruff [\d.]+ in ", fresh)
    assert re.search(r"\ntests +passed: 1 of 2: code_.py -> tests/test_code.py \(1\); pytest [\d.]+ in .venv ", fresh)
    assert "        two (code_.py:5)\n          tests/test_code.py::test_two\n" in fresh
    assert re.search(r"\nlint, types, tests ran in /.*/tree\n$", fresh)
    assert re.search(r"tests +passed: 1 of 2: .*; known, judged at \d\d:\d\d\n", known)
    assert "ran in" not in known
    assert "tests  not run: skipped by you (--skip tests)" in whole
    assert found["verdicts"][0]["gates"][0]["explained"]["reached"] == [
        {"test": "tests/test_code.py::test_two", "way": "two (code_.py:5)"}
    ]
    assert "explain" not in said(project, "run", "tests")


def test_explain_says_why_all_tests_run_and_shows_a_bounded_part_of_many_ways(project: Repo) -> None:
    assert "all tests: no map of the tests yet" in explained(project, "code_.py", CODE + "\n")
    said(project, "tests", "map")
    assert "all tests: pyproject.toml changed" in explained(project, "pyproject.toml", SETTINGS + "# x\n")


def explained(repo: Repo, path: str, content: str) -> str:
    repo.stage(path, content)
    try:
        return said(repo, "run", "tests", "--explain")
    finally:
        repo.git("reset", "--quiet", "--hard")
