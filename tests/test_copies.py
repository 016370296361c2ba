"""An installed copy of the project's own code hides the snapshot: nothing was looked at, unless both are the same."""

import pytest

from everycommit.environment import Interpreter, find
from everycommit.gates.tests import Tests as Gate
from everycommit.result import Outcome
from judging import judging
from support import Repo, give_python

TEST = "import shop\nimport shop.deep\n\n\ndef test_it():\n    assert shop.ONE == 1\n"


@pytest.fixture
def project(repo: Repo) -> Repo:
    """A project in src/, whose environment holds a copy of it, as after ``pip install .``."""
    give_python(repo)
    [site] = (repo.root / ".venv/lib").glob("python*/site-packages")
    (site / "shop").mkdir()
    (site / "shop/__init__.py").write_text("ONE = 1\n")
    (site / "shop/deep.py").write_text("TWO = 2\n")
    repo.write(".gitignore", "__pycache__/\n.venv/\n")
    return (
        repo.stage("src/shop/__init__.py", "ONE = 1\n")
        .stage("src/shop/deep.py", "TWO = 2\n")
        .stage("test_it.py", TEST)
        .commit()
    )


def python(repo: Repo) -> Interpreter:
    return find(
        setting=None,
        top=repo.root,
        main_worktree=repo.root,
        environ=repo.environ,
        tracked=lambda _: False,
        accepted=lambda _: False,
    )


def judged(repo: Repo) -> tuple[Outcome, str | None]:
    with judging(repo, interpreter=lambda: python(repo)) as job:
        result = job.check(Gate())
    return result.outcome, result.reason


def test_a_copy_that_differs_is_no_pass(project: Repo) -> None:
    project.stage("src/shop/__init__.py", "ONE = 2\n")

    outcome, reason = judged(project)

    assert outcome is Outcome.INCONCLUSIVE
    assert reason is not None
    assert "site-packages/shop/__init__.py was imported, an installed copy of the project's code" in reason
    assert "deep.py" not in reason
    assert reason.endswith("install the project editable (pip install -e .)")


def test_a_copy_that_is_the_same_says_nothing(project: Repo) -> None:
    project.stage("test_it.py", f"{TEST}\n")

    assert judged(project) == (Outcome.PASSED, None)


def test_without_src_the_snapshot_comes_first(project: Repo) -> None:
    """pytest is started in it, so that the copy is not even looked at."""
    project.git("mv", "src/shop", "shop")
    project.stage("shop/deep.py", "TWO = 3\n").stage("test_it.py", TEST.replace("ONE == 1", "deep.TWO == 3"))

    assert judged(project) == (Outcome.PASSED, None)


def test_another_package_of_that_name_in_the_tree_is_no_copy(project: Repo) -> None:
    """Only a file at the same place in a package is one: not what lies in a folder of scripts."""
    project.git("mv", "src/shop/__init__.py", "src/shop/other.py")

    assert judged(project) == (Outcome.PASSED, None)
