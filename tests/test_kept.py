"""The ledger on disk: shared, bounded, and a miss whenever anything about it is odd."""

import os
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from everycommit.entries import Entry
from everycommit.kept import LEAST, LIMIT, Kept
from everycommit.ledger import Anew, Forgetful
from everycommit.result import Finding, GateResult, Outcome
from hammer import hammered

FINDING = Finding(path="src/\udcff.py", line=3, rule="lint/F401", message="`os` imported but unused")
RESULT = GateResult(gate="lint", outcome=Outcome.FAILED, findings=(FINDING,), inputs={"target": "c" * 40})
KEY, OTHER = "a" * 64, "b" * 64


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    made = Kept(tmp_path)
    yield made
    made.close()


def again(kept: Kept) -> Kept:
    """Return the ledger as the next run opens it."""
    kept.close()
    return Kept(kept.path.parent.parent)


def test_a_verdict_comes_back_with_the_time_it_was_judged(kept: Kept) -> None:
    before = time.time()
    kept.put(KEY, replace(RESULT, blocks=True, seconds=1.5))

    found = again(kept).get(KEY)

    assert found is not None
    assert found.judged_at is not None
    assert before <= found.judged_at <= time.time()
    assert replace(found, judged_at=None) == replace(RESULT, seconds=1.5, inputs={})
    assert again(kept).get(OTHER) is None


def test_an_answer_comes_back_as_it_was_and_is_no_verdict(kept: Kept) -> None:
    assert kept.answer(KEY) is None
    kept.keep_answer(KEY, '{"found": []}')
    kept.keep_answer(OTHER, "not ascii: \xe4")
    kept.put(KEY, RESULT)

    opened = again(kept)

    assert opened.answer(KEY) == '{"found": []}'
    assert opened.answer(OTHER) is None
    assert opened.get(f"answer:{KEY}") is None
    assert [entry.key for entry in opened.entries() if isinstance(entry, Entry)] == [KEY]
    assert opened.size().entries == 2


@pytest.mark.parametrize("column", ["key", "digest", "content"])
def test_an_answer_that_is_not_as_it_was_written_is_a_miss(kept: Kept, column: str) -> None:
    kept.keep_answer(KEY, '{"found": []}')
    kept.close()
    with sqlite3.connect(kept.path) as base:
        base.execute(f"UPDATE entry SET {column} = replace({column}, substr({column}, -3, 1), 'z')")  # noqa: S608
    base.close()

    assert kept.answer(KEY) is None
    assert len([name for name in kept.entries() if isinstance(name, str)]) == 1


def test_answers_are_dropped_with_the_rest_those_first_that_nobody_used(kept: Kept) -> None:
    kept.set_limit(LEAST)
    for number in range(60):
        kept.keep_answer(f"{number:064}", "x" * 4000)

    opened = again(kept)

    assert opened.size().bytes <= LEAST
    assert opened.answer(f"{59:064}") == "x" * 4000
    assert opened.answer(f"{0:064}") is None
    opened.keep_answer(KEY, "x" * LEAST)
    assert opened.answer(KEY) is None, "one answer never takes the place of all others"


def test_anew_looks_no_answer_up_and_keeps_what_comes(kept: Kept) -> None:
    kept.keep_answer(KEY, "old")

    Anew(kept).keep_answer(KEY, "new")

    assert Anew(kept).answer(KEY) is None
    assert kept.answer(KEY) == "new"
    assert Forgetful().answer(KEY) is None
    Forgetful().keep_answer(KEY, "x")


def test_looking_into_an_empty_ledger_makes_no_file(kept: Kept) -> None:
    assert kept.get(KEY) is None
    kept.forget(KEY)

    assert not kept.path.exists()


def test_only_its_owner_can_read_it(kept: Kept) -> None:
    kept.put(KEY, RESULT)

    assert {path.stat().st_mode & 0o077 for path in (kept.path.parent, *kept.path.parent.iterdir())} == {0}


def test_what_is_forgotten_is_gone(kept: Kept) -> None:
    kept.put(KEY, RESULT)
    kept.put(OTHER, RESULT)

    kept.forget(KEY)

    assert (kept.get(KEY), kept.get(OTHER) is None) == (None, False)


def test_judging_anew_looks_nothing_up_and_replaces(kept: Kept) -> None:
    kept.put(KEY, RESULT)
    anew = Anew(kept)

    assert anew.get(KEY) is None
    anew.put(KEY, replace(RESULT, summary="now"))
    assert getattr(kept.get(KEY), "summary", None) == "now"
    anew.forget(KEY)
    assert kept.get(KEY) is None


def test_an_entry_holds_until_its_end_and_none_comes_from_the_future(tmp_path: Path) -> None:
    now = 1000.0
    kept = Kept(tmp_path, clock=lambda: now)
    kept.put(KEY, replace(RESULT, valid_until=1010.0))
    kept.put(OTHER, RESULT)

    assert kept.get(KEY)
    now = 1010.0
    assert kept.get(KEY) is None
    now = 900.0
    assert kept.get(OTHER) is None


def test_two_ledgers_of_one_clone_share(kept: Kept) -> None:
    other = Kept(kept.path.parent.parent)
    assert other.get(KEY) is None

    kept.put(KEY, RESULT)
    other.put(OTHER, RESULT)

    assert other.get(KEY)
    assert kept.get(OTHER)
    other.close()


def test_the_least_recently_used_go_first(tmp_path: Path) -> None:
    now = 10_000.0
    kept = Kept(tmp_path, clock=lambda: now)
    kept.set_limit(LEAST)
    large = replace(RESULT, summary="x" * 200)
    kept.put(KEY, large)
    for number in range(100):
        now += 3601
        kept.put(f"{number:064}", large)
        assert kept.get(KEY), "used within the hour before"
        assert kept.size().bytes <= LEAST

    left = [number for number in range(100) if kept.get(f"{number:064}")]

    assert 10 < len(left) < 60
    assert left == list(range(100 - len(left), 100))
    assert kept.path.stat().st_size <= 2 * LEAST
    assert kept.size() == (len(left) + 1, kept.size().bytes, LEAST)


def test_an_entry_that_would_fill_the_ledger_is_not_kept(kept: Kept) -> None:
    kept.set_limit(LEAST)

    kept.put(KEY, replace(RESULT, summary="x" * LEAST))

    assert kept.get(KEY) is None


def test_a_limit_that_is_none_is_the_default(kept: Kept) -> None:
    assert kept.size() == (0, kept.size().bytes, LIMIT)
    kept.set_limit(3)
    assert kept.size().limit == LEAST


def test_a_file_that_is_no_database_is_set_aside_and_begun_anew(kept: Kept) -> None:
    kept.path.parent.mkdir()
    kept.path.write_bytes(b"once upon a time " * 100)

    assert kept.get(KEY) is None
    kept.put(KEY, RESULT)

    assert kept.note is not None
    assert "set aside" in kept.note
    assert Path(f"{kept.path}.broken").read_bytes().startswith(b"once upon")
    fresh = again(kept)
    fresh.put(KEY, RESULT)
    assert fresh.get(KEY)
    fresh.close()


def test_a_byte_that_is_not_as_it_was_written_is_a_miss_and_no_error(tmp_path: Path) -> None:
    """Over every part of the file: header, tables, entries."""
    (tmp_path / "made").mkdir()
    made = Kept(tmp_path / "made")
    made.put(KEY, RESULT)
    true = made.get(KEY)
    made.close()
    whole = made.path.read_bytes()
    used = [place for place in range(len(whole)) if whole[place]]
    tried = used[:: max(1, len(used) // 400)]

    for place in tried:
        kept = Kept(tmp_path / "flipped")
        kept.clear()
        kept.path.parent.mkdir(parents=True, exist_ok=True)
        kept.path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x41]) + whole[place + 1 :])
        found = kept.get(KEY)
        assert found is None or found == true, f"byte {place} of {len(whole)}"
        kept.put(OTHER, RESULT)
        list(kept.entries())
        kept.sound()
        kept.close()

    assert len(tried) > 100


def test_an_entry_of_which_a_byte_changed_is_named_by_its_key(kept: Kept) -> None:
    kept.put(KEY, RESULT)
    kept.put(OTHER, RESULT)
    kept.close()
    with sqlite3.connect(kept.path) as base:
        base.execute("UPDATE entry SET content = replace(content, 'unused', 'useful') WHERE key = ?", (KEY,))
    base.close()

    found = list(kept.entries())

    assert [entry if isinstance(entry, str) else entry.key for entry in found] == [OTHER, KEY]
    assert isinstance(found[0], Entry)
    assert kept.get(KEY) is None
    assert kept.sound()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entry SET content = 3",
        "UPDATE entry SET content = x'ff00fe'",
        "UPDATE entry SET digest = NULL",
        "UPDATE entry SET used = 'long ago'",
        "INSERT INTO meta VALUES ('limit', 'much')",
    ],
)
def test_values_of_other_kinds_are_no_error(kept: Kept, statement: str) -> None:
    kept.put(KEY, RESULT)
    kept.close()
    with sqlite3.connect(kept.path) as base:
        base.execute(statement)
    base.close()

    kept.get(KEY)
    kept.put(OTHER, RESULT)

    assert kept.get(OTHER)
    assert kept.note is None


def test_a_ledger_of_another_version_is_left_alone(kept: Kept) -> None:
    kept.put(KEY, RESULT)
    kept.close()
    with sqlite3.connect(kept.path) as base:
        base.execute("PRAGMA user_version = 7")
    base.close()
    before = kept.path.read_bytes()

    assert kept.get(KEY) is None
    kept.put(KEY, RESULT)

    assert kept.path.read_bytes() == before
    assert kept.note is not None
    assert "another version" in kept.note


def test_a_ledger_whose_tables_are_gone_is_begun_anew(kept: Kept) -> None:
    kept.put(KEY, RESULT)
    kept.close()
    with sqlite3.connect(kept.path) as base:
        base.execute("DROP TABLE entry")
    base.close()

    assert kept.get(KEY) is None
    fresh = again(kept)
    fresh.put(KEY, RESULT)

    assert fresh.get(KEY)
    fresh.close()


def test_a_lock_that_somebody_holds_is_no_wait(kept: Kept) -> None:
    """Reading goes on beside a writer; writing is given up after a tenth of a second, once."""
    kept.put(KEY, RESULT)
    holder = sqlite3.connect(kept.path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    began = time.monotonic()

    assert kept.get(KEY)
    for number in range(20):
        kept.put(f"{number:064}", RESULT)

    assert time.monotonic() - began < 1
    assert kept.note is not None
    assert "locked" in kept.note
    holder.close()
    assert again(kept).get(KEY)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    kept = Kept(tmp_path)

    kept.put(KEY, RESULT)

    assert kept.get(KEY) is None
    tmp_path.chmod(0o700)


def test_a_place_that_is_no_folder_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "everycommit").write_text("in the way")
    kept = Kept(tmp_path)

    kept.put(KEY, RESULT)

    assert kept.get(KEY) is None
    assert kept.note is not None


def test_somebody_elses_ledger_is_not_believed(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    kept.put(KEY, RESULT)
    fresh = again(kept)
    monkeypatch.setattr(os, "geteuid", lambda: 12345)

    assert fresh.get(KEY) is None
    assert fresh.note is not None
    assert "belongs to somebody else" in fresh.note


def test_a_full_disk_is_no_error(kept: Kept) -> None:
    """SQLite's own limit on the number of pages fails as a full disk does."""
    kept.put(KEY, RESULT)
    assert kept._base is not None
    kept._base.execute("PRAGMA max_page_count = 5")

    for number in range(50):
        kept.put(f"{number:064}", replace(RESULT, summary="x" * 2000))

    assert kept.note is not None
    assert "full" in kept.note
    assert again(kept).get(KEY)


def test_clearing_removes_all_files(kept: Kept) -> None:
    kept.put(KEY, RESULT)
    Path(f"{kept.path}.broken").write_text("x")

    kept.clear()

    assert list(kept.path.parent.iterdir()) == []


def test_processes_that_are_killed_while_they_write_tear_nothing(tmp_path: Path) -> None:
    """The long form of it is bench/ledger.py."""
    found = hammered(tmp_path, seconds=4, processes=4)

    assert found.broken == []
    assert found.sound
    assert not found.set_aside
    assert found.kills > 3
    assert found.hits > 10
    assert found.entries > 10


def test_a_git_folder_that_was_removed_is_not_brought_back(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "gone")

    kept.put(KEY, RESULT)

    assert kept.get(KEY) is None
    assert not (tmp_path / "gone").exists()
