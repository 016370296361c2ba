"""The judged project may have an older or newer Python than we do: what runs in it is ours, too.

The oldest and the newest Python of this machine; ``EVERYCOMMIT_TEST_PYTHONS=all`` takes each.
"""

import ast
import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from everycommit.gates import mypy
from everycommit.gates.pytest import OLDEST
from everycommit.gates.tests import Tests as Gate
from everycommit.gates.typecheck import Types
from everycommit.result import Outcome
from interpreters import there
from judging import judging, own_python
from support import Repo, clean_environment

INSIDE = Path(__file__).resolve().parent.parent / "hooks/everycommit/inside"


def asked_for() -> list[tuple[int, int]]:
    found = sorted(there())
    every = os.environ.get("EVERYCOMMIT_TEST_PYTHONS") == "all"
    return found if every else sorted({*found[:1], *found[-1:]})


SETUP = 'from setuptools import setup\nsetup(name="shop", version="1", packages=["shop"], package_dir={"": "src"})\n'
CODE = "def one() -> int:\n    return 1\n\n\ndef two() -> int:\n    return 2\n"
TEST = (
    "from shop import one, two\n\n\ndef test_one():\n    assert one() == 1\n\n\n"
    "def test_two():\n    assert two() == 2\n"
)


@pytest.fixture
def shop(repo: Repo, request: pytest.FixtureRequest) -> Repo:
    """A project with an editable install of its own in an environment of the Python that is asked for."""
    settings = "[tool.everycommit.tests]\nserver = true\n"
    build = '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
    repo.stage("pyproject.toml", build + settings).stage("setup.py", SETUP)
    repo.stage("src/shop/__init__.py", CODE).stage("tests/test_shop.py", TEST)
    repo.stage(".gitignore", ".venv/\n*.egg-info/\n__pycache__/\n").commit()
    subprocess.run([there()[request.param], "-m", "venv", repo.root / ".venv"], check=True, env=repo.environ)
    pip = [str(repo.root / ".venv/bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for words in (["pytest", "setuptools", "wheel"], ["--no-build-isolation", "--no-deps", "--editable", "."]):
        done = subprocess.run(
            [*pip, *words], cwd=repo.root, env=clean_environment(repo.root), capture_output=True, text=True, check=False
        )
        if done.returncode:
            pytest.skip(f"no pytest to be had: {done.stderr.strip().splitlines()[-1:]}")
    return repo


@pytest.mark.slow
@pytest.mark.skipif(not there(), reason="there is no Python but the one of these tests")
@pytest.mark.parametrize("shop", asked_for(), indirect=True, ids=lambda version: ".".join(map(str, version)))
def test_another_python_is_judged_recorded_and_served_like_ours(shop: Repo) -> None:
    shop.stage("src/shop/__init__.py", CODE + "# more\n")
    done = shop.everycommit("run", "types", "tests")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "types tests 2" in done.stdout

    done = shop.everycommit("tests", "map")
    assert "2 tests recorded" in done.stdout, done.stdout + done.stderr

    shop.stage("src/shop/__init__.py", CODE.replace("return 2", "return 3"))
    done = shop.everycommit("run", "tests")
    assert done.returncode == 1
    assert "1 of 1 selected failed (2 in all)" in done.stdout
    assert "tests/test_shop.py:9: error  tests/failed  test_two: assert 3 == 2" in done.stdout

    # The editable install leads to the working tree, which has it.
    shop.git("reset", "--quiet", "--hard")
    shop.write("src/shop/more.py", "x = 1\n").stage(
        "tests/test_more.py", "from shop.more import x\ndef test_x():\n    assert x\n"
    )
    done = shop.everycommit("run", "tests")
    assert done.returncode == 1
    assert (
        "tests/test_more.py:1: error  tests/collection  ModuleNotFoundError: No module named 'shop.more'" in done.stdout
    )


@pytest.mark.parametrize("file", sorted(INSIDE.glob("*.py")), ids=lambda path: path.stem)
def test_what_runs_inside_is_written_for_the_oldest(file: Path) -> None:
    text = file.read_text()
    ast.parse(text, feature_version=OLDEST)
    # Annotations that only newer Pythons can evaluate must not be.
    assert not re.search(r"^(?:def|    def) .*(?:\||list\[|dict\[|tuple\[)", text, re.MULTILINE) or (
        "from __future__ import annotations" in text
    )


def test_a_python_that_is_too_old_is_one_sentence(repo: Repo) -> None:
    repo.stage("a.py", "x = 1\n").stage("test_a.py", "def test_a():\n    pass\n")
    python = replace(own_python(repo.root), version="3.6.15", origin=".venv")
    without_mypy = replace(python, distributions={})

    with judging(repo, interpreter=lambda: python) as judged:
        tests = judged.check(Gate())
    with judging(repo, interpreter=lambda: without_mypy) as judged:
        types = judged.check(Types())

    said = ".venv has Python 3.6, and {} or later is needed: name one as interpreter"
    assert (tests.outcome, tests.reason) == (Outcome.INCONCLUSIVE, said.format("3.8"))
    assert (types.outcome, types.reason) == (Outcome.INCONCLUSIVE, said.format("3.7"))
    assert mypy.OLDEST < OLDEST
