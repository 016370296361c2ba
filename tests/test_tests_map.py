"""`everycommit tests`: record, show, explain; through the installed hook."""

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
