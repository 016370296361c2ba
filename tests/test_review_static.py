"""The reader without a model: our rules and ruff's, old against new, and nothing that the lint says anyway."""

import pytest

from everycommit.config.schema import Settings
from everycommit.errors import ToolError
from everycommit.gates.review.static import RUFF, static
from everycommit.record import replace
from judging import judging
from support import Repo

POLICY_ONLY = replace(Settings(), commit=("policy",))
FILE = "import os\n\n\ndef size(path):\n    if not path:\n        return 0\n    return os.stat(path).st_size\n"


def found(
    repo: Repo, settings: Settings = POLICY_ONLY, *, project: str = "."
) -> list[tuple[str | None, int | None, str]]:
    with judging(repo, settings=settings, project=project) as judged:
        return [(one.path, one.line, one.rule) for one in static(judged.job)]


def test_a_check_that_goes_and_a_name_that_nobody_defines(repo: Repo) -> None:
    repo.stage("src/a.py", FILE).commit()
    repo.stage("src/a.py", FILE.replace("    if not path:\n        return 0\n", "").replace("stat(path", "stat(pfad"))

    assert found(repo) == [("src/a.py", 4, "review/guard-removed"), ("src/a.py", 5, "review/F821")]
    repo.stage("src/a.py", FILE.replace("    if not path:\n        return 0\n", ""))
    assert found(repo) == [("src/a.py", 4, "review/guard-removed")]


def test_what_ruff_said_before_is_not_new_wherever_it_stands_now(repo: Repo) -> None:
    old = "def f():\n    return missing\n"
    repo.stage("a.py", old).commit().stage("a.py", "import os\n\n\n" + old + "\n\ndef g():\n    return missing\n")

    assert found(repo) == [("a.py", 9, "review/F821")]


def test_what_the_lint_of_the_project_says_is_said_once(repo: Repo) -> None:
    repo.stage("a.py", "x = 1\n").commit().stage("a.py", "x = 1\nprint(y)\nassert (x, 'one')\n")
    lint = replace(Settings(), commit=("lint",))

    assert found(repo, lint) == []
    repo.stage("ruff.toml", 'lint.select = ["E"]\n')
    assert found(repo, lint) == [("a.py", 2, "review/F821"), ("a.py", 3, "review/F631")]


def test_the_settings_of_the_project_do_not_count_and_its_noqa_does(repo: Repo) -> None:
    repo.stage("ruff.toml", 'exclude = ["*"]\n').stage("a.py", "x = 1\n").commit()
    repo.stage("a.py", "x = 1\nprint(y)\nprint(z)  # noqa: F821\n")

    assert found(repo) == [("a.py", 2, "review/F821")]


def test_new_files_broken_files_and_other_projects(repo: Repo) -> None:
    repo.stage("a/x.py", "x = 1\n").stage("b/y.py", "y = 1\n").commit()
    repo.stage("a/x.py", "x = 1\nprint(n)\n").stage("b/y.py", "y = (\n").stage("b/new.py", "print(m)\n")
    repo.stage("b/picture.py", "\0\n").stage("b/notes.md", "a\n")

    assert found(repo, project="a") == [("a/x.py", 2, "review/F821")]
    assert found(repo, project="b") == [("b/new.py", 1, "review/F821")]


def test_a_test_may_do_what_other_code_may_not(repo: Repo) -> None:
    text = "import subprocess\n\n\ndef test_a(words):\n    subprocess.run(words, shell=True)\n"
    repo.stage("README", "x").commit().stage("tests/test_a.py", text).stage("src/a.py", text)

    assert found(repo) == [("src/a.py", 5, "review/S602"), ("tests/test_a.py", 5, "review/S602")]


def test_a_change_of_prose_starts_nothing(repo: Repo) -> None:
    repo.stage("README.md", "one\n").commit().stage("README.md", "two\n")

    with judging(repo, settings=POLICY_ONLY) as judged:
        job = replace(judged.job, children=None)  # type: ignore[arg-type]

        assert static(job) == []


def test_all_files_have_nothing_to_compare_with(repo: Repo) -> None:
    repo.stage("a.py", "print(y)\n")

    with judging(repo, settings=POLICY_ONLY) as judged:
        assert static(replace(judged.job, change=replace(judged.job.change, parents=()))) == []


def test_every_rule_that_is_asked_for_is_one_of_ruffs(repo: Repo) -> None:
    """A rule that ruff drops would make it end with an error, and the reader be in doubt."""
    repo.stage("a.py", "x = 1\n").commit().stage("a.py", "x = 2\n")

    assert found(repo) == []
    assert len(set(RUFF)) == len(RUFF)


def test_a_ruff_that_breaks_is_said(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("everycommit.gates.review.static.RUFF", ("NONE123",))
    repo.stage("a.py", "x = 1\n").commit().stage("a.py", "x = 2\n")

    with pytest.raises(ToolError, match="ruff"):
        found(repo)
