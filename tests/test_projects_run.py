"""Several projects in one repository, judged through the command line: a step each, and only those that are reached."""

import io
import json
import sys
from dataclasses import replace
from typing import Any

import pytest

from everycommit.cli.call import Call
from everycommit.cli.judge import Wish, place, prepared
from everycommit.cli.show import Silent
from everycommit.gates.typecheck import Types
from everycommit.projects.member import Member
from everycommit.repo.read import staged
from everycommit.result import Outcome
from judging import judging
from support import Repo, give_python
from test_environment import venv

ONE = "def one() -> int:\n    return 1\n"
TWO = "from acme.core import one\n\n\ndef two() -> int:\n    return one() + 1\n"


def manifest(name: str, *, pythonpath: str, more: str = "") -> str:
    return (
        f"[project]\nname = '{name}'\nversion = '1'\n{more}\n[tool.pytest.ini_options]\npythonpath = [{pythonpath}]\n"
    )


@pytest.fixture
def shop(repo: Repo) -> Repo:
    """A workspace: a namespace over core and api, which needs core; a flat web with tests beside the code, apart."""
    repo.environ["VIRTUAL_ENV"] = sys.prefix
    needs = "dependencies = ['acme-core']\n[tool.uv.sources]\nacme-core = {workspace = true}"
    repo.stage("pyproject.toml", "[tool.uv.workspace]\nmembers = ['packages/*']\n")
    repo.stage("packages/core/pyproject.toml", manifest("acme-core", pythonpath="'src'"))
    repo.stage("packages/core/src/acme/core.py", ONE)
    repo.stage("packages/core/tests/test_it.py", "from acme.core import one\n\n\ndef test_it():\n    assert one()\n")
    repo.stage("packages/api/pyproject.toml", manifest("acme-api", pythonpath="'src', '../core/src'", more=needs))
    repo.stage("packages/api/src/acme/api.py", TWO)
    repo.stage("packages/api/tests/test_it.py", "from acme.api import two\n\n\ndef test_it():\n    assert two() == 2\n")
    repo.stage("packages/web/pyproject.toml", "[tool.poetry]\nname = 'web'\n")
    repo.stage("packages/web/web/__init__.py", "X = 1\n")
    repo.stage("packages/web/web/test_web.py", "from web import X\n\n\ndef test_x():\n    assert X\n")
    return repo.commit("start")


def judged(repo: Repo, *argv: str, code: int) -> dict[str, dict[str, Any]]:
    """Run the tests; return what each project came to."""
    done = repo.everycommit("run", "tests", "--format", "json", *argv)
    assert done.returncode == code, done.stdout + done.stderr
    (verdict,) = json.loads(done.stdout)["verdicts"]
    return {gate["project"]: gate for gate in verdict["gates"]}


def outcomes(found: dict[str, dict[str, Any]]) -> dict[str, str]:
    return {project.rpartition("/")[2]: gate["reason"] or gate["outcome"] for project, gate in found.items()}


def planned(repo: Repo, *, at: str = "commit", **settings: str) -> dict[str, str]:
    """Return of each project why its tests are not run, or ``runs``; for what is staged, and nothing is run."""
    call = Call(
        stdin=io.StringIO(),
        stdout=io.StringIO(),
        stderr=io.StringIO(),
        environ=repo.environ | settings,
        cwd=repo.root,
    )
    with place(call) as here:
        candidate = replace(staged(here.repository, here.quarantine), occasion=at)
        with prepared(here, candidate, call, Wish(gates=["tests"]), watch=Silent(), gone=lambda: False) as ready:
            return {
                step.job.project.rpartition("/")[2]: str(step.ended.reason) if step.ended else "runs"
                for step in ready.steps
            }


def test_a_change_in_one_project_runs_its_tests_alone(shop: Repo) -> None:
    shop.stage("packages/web/web/__init__.py", "X = 2\n")

    found = judged(shop, code=0)

    assert outcomes(found) == {"api": "not touched", "core": "not touched", "web": "passed"}
    assert found["packages/web"]["counts"] == {"selected": 1, "total": 1}


def test_a_broken_test_of_a_project_that_needs_the_changed_one_is_found(shop: Repo) -> None:
    shop.stage("packages/core/src/acme/core.py", ONE.replace("1", "3"))

    done = shop.everycommit("run", "tests")

    assert done.returncode == 1
    assert "packages/api/tests/test_it.py:5: error  tests/failed  test_it: assert 4 == 2" in done.stdout
    assert "✓ tests packages/core 1 test" in done.stdout
    assert "tests packages/web  not run: not touched" in done.stdout
    assert "Refused: tests packages/api." in done.stdout


def test_what_lies_outside_of_every_project_runs_once_and_with_all(shop: Repo) -> None:
    shop.stage("tests/test_all.py", "def test_all():\n    assert True\n")

    found = judged(shop, code=0)

    assert outcomes(found) == {".": "passed", "api": "passed", "core": "passed", "web": "passed"}
    assert [gate["counts"]["total"] for gate in found.values()] == [1, 1, 1, 1]


def test_a_shared_file_reaches_all_and_a_page_none(shop: Repo) -> None:
    shop.stage("packages/web/README.md", "x\n")
    assert planned(shop) == {".": "only files changed that no test depends on"}

    shop.stage("uv.lock", "x\n")

    assert planned(shop) == {"api": "runs", "core": "runs", "web": "runs"}


@pytest.mark.parametrize(
    ("path", "reached"),
    [
        ("packages/web/vendored", {"web"}),
        ("packages/core/src/acme/tax", {"core", "api"}),
        ("libs/tax", {"core", "api", "web"}),
    ],
)
def test_a_moved_submodule_reaches_the_project_that_it_lies_in_and_those_that_need_it(
    shop: Repo, path: str, reached: set[str]
) -> None:
    shop.stage(".gitmodules", f'[submodule "tax"]\n\tpath = {path}\n\turl = ../tax\n')
    for commit in ("1" * 40, "2" * 40):
        shop.commit("before")
        shop.git("update-index", "--add", "--cacheinfo", f"160000,{commit},{path}")

    found = planned(shop)

    assert {project for project, why in found.items() if why == "runs" and project != "."} == reached


def test_a_page_that_a_project_tests_reaches_it(shop: Repo) -> None:
    shop.stage("packages/web/tox.ini", "[pytest]\naddopts = --doctest-glob=*.md\n").commit()

    shop.stage("packages/web/docs/README.md", "x\n")

    assert planned(shop) == {"api": "not touched", "core": "not touched", "web": "runs"}


def test_ci_runs_all_unless_it_is_set(shop: Repo) -> None:
    shop.stage("packages/web/web/__init__.py", "X = 2\n")
    web = {"api": "not touched", "core": "not touched", "web": "runs"}

    assert planned(shop, at="ci") == {"api": "runs", "core": "runs", "web": "runs"}
    assert planned(shop, at="ci", EVERYCOMMIT_TESTS_SELECT_CI="affected") == web
    assert planned(shop, at="push") == web


def test_what_the_settings_name_is_judged_apart_and_reached_by_what_it_depends_on(shop: Repo) -> None:
    named = "[[tool.everycommit.project]]\nroot = 'docs/site'\ndepends = ['packages/we*']\n"
    shop.stage("pyproject.toml", named).stage("docs/site/test_site.py", "").commit()
    shop.stage("packages/web/web/__init__.py", "X = 2\n")

    assert planned(shop) == {"site": "runs", "api": "not touched", "core": "not touched", "web": "runs"}


def test_a_person_can_ask_for_one_project_and_it_is_said_to_be_a_part(shop: Repo) -> None:
    shop.stage("packages/web/web/__init__.py", "X = 2\n")

    left = "left out by you (--project packages/core)"
    assert outcomes(judged(shop, "--project", "packages/core/", code=0)) == {"api": left, "core": "passed", "web": left}
    wrong = shop.everycommit("run", "--project", "packages/cor")
    assert (wrong.returncode, wrong.stderr) == (
        2,
        "everycommit: --project 'packages/cor': no such project; did you mean 'packages/core'?\n",
    )


def test_a_project_without_pytest_is_inconclusive_with_the_way_on(shop: Repo) -> None:
    venv(shop.root / "packages/web/.venv")
    shop.stage("packages/web/web/__init__.py", "X = 2\n")

    reason = judged(shop, code=2)["packages/web"]["reason"]

    assert "pytest is not installed in packages/web/.venv" in reason
    assert "packages/web/.venv/bin/python -m pip install pytest" in reason


def test_a_python_that_the_settings_name_for_a_project_has_to_be_accepted(shop: Repo) -> None:
    bare = venv(shop.root.parent / "bare") / "bin" / "python"
    named = f"[[tool.everycommit.project]]\nroot = 'packages/web'\npython = '{bare}'\n"
    shop.stage("pyproject.toml", named).commit()
    shop.stage("packages/web/web/__init__.py", "X = 2\n")

    reason = judged(shop, code=2)["packages/web"]["reason"]
    assert f"[tool.everycommit].project: python = '{bare}' was not accepted on this machine" in reason

    assert shop.everycommit("trust", "--yes").returncode == 0
    assert "pytest is not installed" in judged(shop, code=2)["packages/web"]["reason"]


def test_a_folder_that_the_settings_name_and_nobody_has_is_said(shop: Repo) -> None:
    shop.stage("pyproject.toml", "[[tool.everycommit.project]]\nroot = 'packages/wev'\n")

    assert planned(shop) == {
        ".": "pyproject.toml [tool.everycommit].project: root 'packages/wev': there is no such folder in this tree"
    }


def test_each_project_has_a_map_of_its_own_and_is_known_by_itself(shop: Repo) -> None:
    give_python(shop)
    shop.git("rm", "-rq", "packages/api")
    shop.commit("without api")
    recorded = shop.everycommit("tests", "map")
    assert [line.split(" recorded")[0] for line in recorded.stdout.splitlines()] == [
        "packages/core: 1 tests",
        "packages/web: 1 tests",
    ], recorded.stderr
    shop.stage("packages/web/web/__init__.py", "X = 2\n")

    shown, explained = shop.everycommit("tests", "show"), shop.everycommit("tests", "explain")

    assert [line.partition(" of tree")[0] for line in shown.stdout.splitlines()] == [
        "packages/core: 1 tests",
        "packages/web: 1 tests",
    ]
    assert explained.stdout.splitlines()[:2] == [
        "packages/core: no tests: not touched",
        "packages/web: 1 of 1 recorded tests, and those that are new",
    ]
    judged(shop, code=0)
    assert {project: gate["reused"] for project, gate in judged(shop, code=0).items()} == {
        "packages/core": False,
        "packages/web": True,
    }


def test_init_and_doctor_say_which_projects_there_are(shop: Repo) -> None:
    venv(shop.root / "packages/web/.venv")
    said = "3 projects below the root: packages/api, packages/core, packages/web"

    assert said in shop.everycommit("init").stdout
    doctor = shop.everycommit("doctor").stdout

    assert f"{said}; types and tests run in each that a change reaches" in doctor
    assert "packages/web: packages/web/.venv (Python" in doctor
    assert "packages/api:" not in doctor


def test_doctor_says_what_the_settings_name_and_cannot_be_used(shop: Repo) -> None:
    named = "[[tool.everycommit.project]]\nroot = 'packages/web'\npython = 'nowhere'\n"
    shop.stage("pyproject.toml", named)
    assert "packages/web: pyproject.toml [tool.everycommit].project: python = 'nowhere'" in (
        shop.everycommit("doctor").stdout
    )

    shop.stage("pyproject.toml", named.replace("/web", "/wev"))

    assert "root 'packages/wev': there is no such folder in this tree" in shop.everycommit("doctor").stdout


def test_types_of_a_project_are_checked_from_its_folder(repo: Repo) -> None:
    """Its own settings, its packages, and none of those that are judged apart."""
    repo.stage("a/pyproject.toml", "[project]\nname = 'a'\n[tool.mypy]\nstrict = true\n").stage("b.py", "X: int = 1\n")
    repo.stage("a/src/pkg/__init__.py", "def free(x):\n    return x\n").stage("a/inner/__init__.py", "")
    member = Member(root="a", inner=("a/inner",))

    with judging(repo, project="a", member=member) as judging_:
        result = judging_.check(Types())

    assert result.outcome is Outcome.FAILED
    assert [(found.path, found.rule) for found in result.findings] == [
        ("a/src/pkg/__init__.py", "types/no-untyped-def")
    ]
    assert result.counts == {"files": 1}
