"""`everycommit ledger`: what is kept, why a verdict is not known, and its size."""

import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from everycommit.entries import Entry
from everycommit.kept import Kept
from everycommit.result import Finding, GateResult, Outcome
from support import Repo

RESULT = GateResult(
    gate="lint", outcome=Outcome.PASSED, summary="1 file", inputs={"target": "c" * 40, "parents": "b" * 40}
)
KEY, OTHER = "a" * 64, "b" * 64


@pytest.fixture
def kept(repo: Repo) -> Kept:
    """The ledger of the repository, two entries in it, closed."""
    ledger = Kept(repo.root / ".git")
    ledger.put(KEY, RESULT)
    failed = (Finding(path="a.py", rule="types/misc", message="no"),)
    ledger.put(
        OTHER, replace(RESULT, gate="types", project="packages/a", outcome=Outcome.FAILED, findings=failed, inputs={})
    )
    ledger.close()
    return ledger


def said(repo: Repo, *argv: str, code: int = 0) -> str:
    done = repo.everycommit("ledger", *argv)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout or done.stderr


def test_list_shows_what_is_kept_newest_first(repo: Repo, kept: Kept) -> None:
    types, lint = said(repo, "list").splitlines()

    assert "types packages/a failed   nothing -> ?" in types
    assert "lint     passed   bbbbbbbbbb -> cccccccccc" in lint
    assert lint.endswith("B  1 file")
    entries = json.loads(said(repo, "list", "--format", "json"))["entries"]
    assert [entry["key"] for entry in entries] == [OTHER, KEY]
    assert entries[1]["inputs"] == {"target": "c" * 40, "parents": "b" * 40}


def test_an_empty_ledger_says_so(repo: Repo) -> None:
    assert said(repo, "list") == "Nothing was judged yet.\n"
    assert said(repo, "check") == "0 entries, 0 not as written; the file is whole\n"
    assert said(repo, "size") == "0 entries, 0 B\n"
    assert not (repo.root / ".git/everycommit/ledger.sqlite").exists()


def test_check_names_what_is_not_as_written(repo: Repo, kept: Kept) -> None:
    assert said(repo, "check") == "2 entries, 0 not as written; the file is whole\n"
    with sqlite3.connect(kept.path) as base:
        base.execute("UPDATE entry SET digest = 'x' WHERE key = ?", (KEY,))
    base.close()

    assert said(repo, "check", code=1).endswith(f"not as written, never used: {KEY}\n")
    assert json.loads(said(repo, "check", "--format", "json", code=1)) == {"entries": 2, "broken": [KEY], "file": True}


def test_size_shows_and_sets_the_limit(repo: Repo, kept: Kept) -> None:
    assert said(repo, "size").endswith(" of 32.0 MB\n")
    assert said(repo, "size", "--max", "500K").endswith(" of 500.0 KB\n")
    assert json.loads(said(repo, "size", "--format", "json"))["limit"] == 512_000


@pytest.mark.parametrize(
    ("text", "words"), [("much", "not a number of bytes"), ("3", "holds nothing"), ("", "not a num")]
)
def test_a_limit_that_is_none_is_refused(repo: Repo, text: str, words: str) -> None:
    assert words in said(repo, "size", "--max", text, code=2)


def test_clear_forgets_all(repo: Repo, kept: Kept) -> None:
    assert said(repo, "clear") == "Forgotten: every change is judged anew.\n"

    assert said(repo, "list") == "Nothing was judged yet.\n"


def test_a_ledger_that_cannot_be_read_says_why(repo: Repo, kept: Kept) -> None:
    with sqlite3.connect(kept.path) as base:
        base.execute("PRAGMA user_version = 9")
    base.close()

    for what in ("list", "check", "size"):
        assert "another version of everycommit (format 9)" in repo.everycommit("ledger", what).stderr
        said(repo, what, code=2)


def test_explain_says_what_changed_against_the_nearest_entry(repo: Repo) -> None:
    repo.stage("a.py", "X = 1\n").commit().stage("a.py", "X = 2\n")
    assert "nothing is kept of this gate" in said(repo, "explain", "lint")
    repo.everycommit("run", "lint")
    assert said(repo, "explain", "lint").startswith("lint     known      passed, judged ")
    judged = repo.text("write-tree")
    repo.stage("a.py", "X = 3\n")

    text = said(repo, "explain", "policy", "lint")
    row = json.loads(said(repo, "explain", "lint", "--format", "json"))["gates"][0]

    assert text.splitlines()[0] == "policy   -          judged each time: that costs less than looking it up"
    assert f"target: '{judged}' -> '{repo.text('write-tree')}'" in text
    assert (row["known"], row["why"]) == (False, "changed: target")
    assert row["changed"] == {"target": [judged, repo.text("write-tree")]}


def test_explain_of_a_commit_a_skipped_gate_and_a_doubt(repo: Repo) -> None:
    settings = "[tool.everycommit.snapshot]\nlink = ['no']\n[tool.ruff]\nextend = '/etc/passwd'\n"
    repo.stage("pyproject.toml", settings).stage("README.md", "x\n").commit().stage("README.md", "y\n").commit()
    repo.stage("a.py", "X = 1\n").commit()

    assert "not run: no Python file changed" in said(repo, "explain", "lint", "--commit", "HEAD~1")
    doubt = said(repo, "explain", "lint", "--commit", "HEAD")
    assert doubt == "lint     not known  never kept: the settings name '/etc/passwd', which lies outside the tree\n"


def test_entries_are_the_same_for_command_and_gates(repo: Repo, kept: Kept) -> None:
    entries = [entry for entry in Kept(Path(repo.root, ".git")).entries() if isinstance(entry, Entry)]

    assert {entry.key: entry.result.gate for entry in entries} == {KEY: "lint", OTHER: "types"}
