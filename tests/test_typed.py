"""What mypy found in a tree is kept: of a change on top of a judged tree, only the change is run."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from everycommit.config.schema import Settings
from everycommit.entries import findings_of, findings_text
from everycommit.environment import Interpreter
from everycommit.gates.base import Gate
from everycommit.gates.typecheck import Types
from everycommit.gates.typed import Typed
from everycommit.kept import Kept
from everycommit.ledger import Answers, doubt
from everycommit.proc import Children, Done
from everycommit.result import Finding
from judging import Judging, judging, lines, own_python, replaced, with_mypy
from support import Repo

GOOD = lines("def add(a: int, b: int) -> int:", "    return a + b")
BAD = lines("def add(a: int, b: int) -> int:", '    return "sum"')
WORSE = BAD + lines("", "", "def less(a: int) -> int:", '    return "less"')
OLD = ("a.py", 2, "types/return-value", False)
NEW = ("a.py", 6, "types/return-value", True)


@dataclass
class Counted:
    """Starts programs as *children* does, and counts those that are mypy."""

    children: Children
    runs: int = 0

    def run(self, argv: Sequence[str], **more: Any) -> Done:
        self.runs += "--cache-dir" in argv
        return self.children.run(argv, **more)


@contextmanager
def counting(repo: Repo, *, settings: Settings | None = None, python: Interpreter | None = None) -> Iterator[Any]:
    """Give the judging of what is staged with the ledger of the clone, and the count of mypy's runs."""
    # Without the editable install of ours, whose code lies elsewhere: that is no environment that can be repeated.
    used = python or replace(own_python(repo.root), prefix=repo.root)
    with judging(repo, settings=settings, interpreter=lambda: used) as judged:
        assert isinstance(judged.job.children, Children)
        counted = Counted(judged.job.children)
        answers: Answers = Kept(repo.root / ".git")
        yield Judging(replace(judged.job, children=counted, answers=answers), judged.said), counted


def told(repo: Repo, **more: Any) -> tuple[list[tuple[str | None, int | None, str, bool]], int]:
    """Return what the gate tells of what is staged, and how often mypy ran for it."""
    with counting(repo, **more) as (judged, counted):
        return judged.told(Types()), counted.runs


@pytest.fixture
def judged_before(repo: Repo) -> Repo:
    """A repository whose HEAD, with an error, was judged when it was a change; another error is staged."""
    repo.stage("a.py", GOOD).commit()
    repo.stage("a.py", BAD)
    assert told(repo) == ([("a.py", 2, "types/return-value", True)], 2)
    repo.commit()
    return repo.stage("a.py", WORSE)


def test_on_top_of_a_judged_tree_mypy_runs_once(judged_before: Repo) -> None:
    assert told(judged_before) == ([OLD, NEW], 1)


def test_a_judged_tree_without_an_error_is_known_too(repo: Repo) -> None:
    repo.stage("README.md", "x\n").commit()
    repo.stage("a.py", GOOD)
    assert told(repo) == ([], 1)
    repo.commit()

    repo.stage("a.py", BAD)

    assert told(repo) == ([("a.py", 2, "types/return-value", True)], 1)


def test_what_was_found_in_a_base_is_kept_as_well(repo: Repo) -> None:
    repo.stage("a.py", BAD).commit()
    repo.stage("a.py", WORSE)

    first, again = told(repo), told(repo)

    assert first == ([OLD, NEW], 2)
    assert again == ([OLD, NEW], 1)


def test_the_words_are_those_of_a_run(judged_before: Repo) -> None:
    with counting(judged_before) as (judged, counted):
        findings = judged.check(Types()).findings
        [parent] = judged.job.change.parents
        known = Types().older(judged.job, parent, findings)
        afresh = Types().older(replace(judged.job, answers=None), parent, findings)

    assert known == afresh
    assert counted.runs == 2


def _other_settings(repo: Repo) -> dict[str, Any]:
    repo.stage("mypy.ini", "[mypy]\nfiles = a.py\n")
    return {}


def _other_paths(_: Repo) -> dict[str, Any]:
    return {"settings": replaced(Settings(), "types", paths=("a.py",))}


def _other_environment(repo: Repo) -> dict[str, Any]:
    repo.environ["LANG"] = "C"
    return {}


def _other_python(repo: Repo) -> dict[str, Any]:
    python = own_python(repo.root)
    return {"python": replace(python, prefix=repo.root, distributions={**python.distributions, "new": "1.0"})}


def _damaged(repo: Repo) -> dict[str, Any]:
    import sqlite3

    with sqlite3.connect(repo.root / ".git/everycommit/ledger.sqlite") as base:
        changed = base.execute("UPDATE entry SET content = content || ' ' WHERE key LIKE 'answer:%'").rowcount
    base.close()
    assert changed
    return {}


@pytest.mark.parametrize("change", [_other_settings, _other_paths, _other_environment, _other_python, _damaged])
def test_whatever_it_depends_on_makes_mypy_run_again(judged_before: Repo, change: Any) -> None:
    more = change(judged_before)

    _, runs = told(judged_before, **more)

    # Other settings of the project are judged under those of the base as well.
    assert runs == (3 if change is _other_settings else 2)


def test_a_run_that_read_the_working_tree_is_not_kept(repo: Repo, tmp_path: Path) -> None:
    """What it found belongs to no tree."""
    repo.stage("a.py", GOOD)
    python = with_mypy(tmp_path, repo.root, f"echo 'LOG:  Parsing {repo.root}/lone.py (lone)' >&2")
    with counting(repo, python=python) as (judged, _):
        result = Types().check(judged.job)

        assert result.reason is not None
        assert "lone.py" in result.reason
        assert Typed(judged.job, Types().inputs(judged.job)).found(judged.job.change.target) is None


def test_where_nothing_may_be_looked_up_nothing_is_kept(judged_before: Repo) -> None:
    gate: Gate = Types()
    with counting(judged_before) as (judged, _):
        silent = replace(judged.job, answers=None)
        unsure = Typed(judged.job, {**gate.inputs(judged.job), "python": doubt("no Python")})
        unsure.keep("1" * 40, ())

        assert unsure.found("1" * 40) is None
        assert Typed(silent, gate.inputs(silent)).found(judged.job.change.parents[0]) is None
        assert Typed(judged.job, gate.inputs(judged.job)).found(judged.job.change.parents[0]) is not None


@pytest.mark.parametrize("text", ["", "[]", "[1]", "[2, []]", "[1, [{}]]", '[1, ["x"]]', "{}", "[1, 5]", "nonsense"])
def test_a_text_that_holds_no_findings_is_none(text: str) -> None:
    assert findings_of(text) is None


def test_odd_findings_come_back_or_are_not_kept() -> None:
    odd = Finding(path="\udcff.py", line=1, rule="types/x", message="名 \x1b", source="x", hint=None)
    torn = replace(odd, message="\ud83d\ude00")

    text = findings_text([odd])

    assert text is not None
    assert text.isascii()
    assert findings_of(text) == (odd,)
    assert findings_text([torn]) is None
