"""What the selection of affected tests had left out and a push found: noted, said, shown, bounded."""

import json
import sqlite3
from pathlib import Path

import pytest

from everycommit import misses
from support import Repo, give_python
from test_tests_map import CODE, SETTINGS, TEST, said

WRONG = CODE.replace("return 2", "return 3")


@pytest.fixture
def pushed(tmp_path: Path, repo: Repo) -> Repo:
    """A project with hooks, a map and a remote, which has its first commit."""
    give_python(repo)
    repo.stage("code_.py", CODE).stage("tests/test_code.py", TEST).stage("pyproject.toml", SETTINGS).commit()
    repo.git("init", "--quiet", "--bare", str(tmp_path / "remote"))
    repo.git("remote", "add", "origin", str(tmp_path / "remote"))
    repo.git("push", "--quiet", "origin", "main")
    said(repo, "install")
    said(repo, "tests", "map")
    return repo


def forget_lines(repo: Repo) -> None:
    """Take out of the map that any test ran a line of the module."""
    with sqlite3.connect(repo.root / ".git/everycommit/tests.sqlite") as base:
        base.execute("DELETE FROM line WHERE file = (SELECT number FROM file WHERE path = 'code_.py')")
    base.close()


def test_a_failure_that_the_selection_left_out_is_said_at_push_and_kept(pushed: Repo) -> None:
    forget_lines(pushed)
    assert "No test failed at push" in said(pushed, "ledger", "misses")

    pushed.stage("code_.py", WRONG)
    commit = pushed.attempt("commit", "-m", "wrong")
    push = pushed.attempt("push", "origin", "main")

    assert commit.returncode == 0, commit.stdout + commit.stderr
    assert push.returncode != 0
    told = push.stdout + push.stderr
    assert "leaves out tests/test_code.py::test_two, which failed here: that is a bug of everycommit" in told
    shown = said(pushed, "ledger", "misses")
    head = pushed.text("rev-parse", "HEAD")
    assert f"{head[:10]}  tests/test_code.py::test_two\n    test_two: assert 3 == 2" in shown
    assert "changed since: code_.py\n" in shown
    (miss,) = json.loads(said(pushed, "ledger", "misses", "--format", "json"))["misses"]
    assert (miss["commit"], miss["test"], miss["changed"]) == (head, "tests/test_code.py::test_two", ["code_.py"])
    assert (miss["tree"], miss["map_tree"]) == (pushed.tree(), pushed.tree("HEAD^"))

    # The same again is the same miss.
    pushed.attempt("push", "origin", "main")
    assert len(json.loads(said(pushed, "ledger", "misses", "--format", "json"))["misses"]) == 1
    assert said(pushed, "ledger", "misses", "--clear") == "Forgotten: no misses.\n"
    assert "No test failed at push" in said(pushed, "ledger", "misses")


def nothing_missed(repo: Repo) -> None:
    push = repo.attempt("push", "origin", "main")
    assert push.returncode != 0, push.stderr
    assert "tests/failed" in push.stdout + push.stderr
    assert "leaves out" not in push.stdout + push.stderr
    assert "No test failed at push" in said(repo, "ledger", "misses")


def test_a_failure_that_the_selection_has_is_no_miss(pushed: Repo) -> None:
    pushed.stage("code_.py", WRONG).commit()

    nothing_missed(pushed)


def test_without_a_map_nothing_was_left_out(pushed: Repo) -> None:
    (pushed.root / ".git/everycommit/tests.sqlite").unlink()
    pushed.stage("code_.py", WRONG).commit()

    nothing_missed(pushed)


def test_what_fails_now_and_then_is_no_miss(pushed: Repo) -> None:
    mark = pushed.root.parent / "mark"
    flaky = (
        "import os\n\n\ndef test_now_and_then():\n"
        f"    if os.path.exists({str(mark)!r}):\n        os.unlink({str(mark)!r})\n        assert 0\n"
    )
    pushed.stage("tests/test_flaky.py", flaky).commit()
    said(pushed, "tests", "map")
    pushed.git("push", "--quiet", "--no-verify", "origin", "main")
    pushed.stage("code_.py", "# nothing\n" + CODE).commit()
    mark.touch()

    nothing_missed(pushed)


def test_an_old_failure_is_no_miss(pushed: Repo) -> None:
    forget_lines(pushed)
    pushed.stage("code_.py", WRONG).commit()
    pushed.git("push", "--quiet", "--no-verify", "origin", "main")
    pushed.stage("code_.py", "# nothing\n" + WRONG).stage(
        "tests/test_new.py", "def test_new():\n    assert 0\n"
    ).commit()

    nothing_missed(pushed)


def some(number: int) -> misses.Miss:
    return misses.of(f"t.py::test_{number}", "m", commit=None, trees=("a", "b"), map_at=1.0, paths=["x"] * 60)


def test_the_list_is_bounded_and_what_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    for start in range(0, 600, 100):
        misses.noted(tmp_path, [some(number) for number in range(start, start + 100)])

    kept = misses.listed(tmp_path)
    assert len(kept) <= misses.MOST
    assert kept[-1].test == "t.py::test_599"
    assert (len(kept[-1].changed), kept[-1].more) == (50, 10)
    path = misses.place(tmp_path)
    path.write_bytes(b"{\n[1]\n\xff\n" + b'{"test": 1}\n' + path.read_bytes()[:-9])
    assert len(misses.listed(tmp_path)) == len(kept) - 1
    misses.clear(tmp_path)
    misses.clear(tmp_path)
    assert misses.listed(tmp_path) == []


def test_a_place_that_cannot_be_written_loses_the_note_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "everycommit").write_text("a file")

    misses.noted(tmp_path, [some(1)])

    assert misses.listed(tmp_path) == []
