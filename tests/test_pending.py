"""Records of what goes on in the background: exact both ways, never wrongly alive, and nothing bad is lost."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from everycommit import pending
from everycommit.pending import ENDED, STOPPED, SUPERSEDED, UNDER_WAY, Record
from everycommit.report.background import Run, as_json, exit_code, render
from everycommit.result import Finding, GateResult, Outcome
from verdicts import gate, screen

DONE = gate("lint", judged_at=5.0)
LATER = gate("tests", "deferred", reason="2 of 9 done in 10s; the rest goes on", counts={"done": 2, "total": 9})
FAILED = gate(
    "tests",
    "failed",
    summary="1 of 9 failed",
    findings=(Finding(path="tests/test_a.py", line=3, rule="tests/failed", message="test_a: assert 1 == 2"),),
)
NAMES = iter(range(1000))


def record(*results: GateResult, state: str = ENDED, target: str = "t" * 40, since: float = 100.0) -> Record:
    return Record(
        token=f"{next(NAMES):016x}",
        pid=os.getpid(),
        occasion="commit",
        base="b" * 40,
        target=target,
        base_commit=None,
        since=since,
        until=since + 300,
        state=state,
        at=since + 20,
        results=results or (DONE, gate("tests")),
    )


@contextmanager
def living(git_dir: Path, one: Record) -> Iterator[None]:
    """Be the worker of *one*."""
    lock = pending.hold(git_dir, one.token)
    assert lock is not None
    pending.write(git_dir, one)
    yield
    os.close(lock)


def kept(git_dir: Path, *records: Record) -> None:
    pending.folder(git_dir).mkdir(parents=True, exist_ok=True)
    for one in records:
        pending.write(git_dir, one)


def test_a_record_comes_back_as_it_was(tmp_path: Path) -> None:
    one = record(DONE, FAILED, state=STOPPED)
    kept(tmp_path, one)

    (found,) = pending.records(tmp_path)

    assert found == replace(one, results=(DONE, replace(FAILED, judged_at=one.at)))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 1}', '{"version": 2}', "null", "\xff"])
def test_what_is_no_record_is_passed_over(tmp_path: Path, text: str) -> None:
    one = record()
    kept(tmp_path, one)
    (path,) = pending.folder(tmp_path).glob("*.json")
    pending.folder(tmp_path).joinpath("000-other.json").write_text(text, encoding="latin-1")
    good = path.read_text()

    assert [found.token for found in pending.records(tmp_path)] == [one.token]
    path.write_text(good.replace('"pid": ', '"pid": "x", "was": '))
    assert pending.records(tmp_path) == []
    path.write_text(good.replace('"seen": false', '"seen": 0'))
    assert pending.records(tmp_path) == []


def test_it_lives_as_long_as_its_worker_holds_the_lock(tmp_path: Path) -> None:
    one, dead = record(LATER, state=UNDER_WAY), record(LATER, state=UNDER_WAY, since=50.0)
    assert pending.current(tmp_path) is None
    with living(tmp_path, one):
        kept(tmp_path, dead)
        assert pending.current(tmp_path) == pending.records(tmp_path)[0]
        assert [pending.alive(tmp_path, each) for each in (one, dead, replace(one, state=ENDED))] == [
            True,
            False,
            False,
        ]
        assert pending.hold(tmp_path, "other") is None, "one a working tree"

    assert pending.current(tmp_path) is None
    assert not pending.alive(tmp_path / "elsewhere", one)


def test_two_who_look_at_once_take_nobody_for_a_worker(tmp_path: Path) -> None:
    one = record(LATER, state=UNDER_WAY)
    with living(tmp_path, one):
        pass
    with (pending.folder(tmp_path) / "lock").open() as other:
        fcntl.flock(other, fcntl.LOCK_SH)

        assert not pending.alive(tmp_path, one)


def test_who_is_told_to_end_learns_why(tmp_path: Path) -> None:
    one = record(LATER, state=UNDER_WAY)
    with living(tmp_path, one):
        assert pending.told_to_end(tmp_path, one.token) is None
        pending.tell_to_end(tmp_path, one, STOPPED)

        assert pending.told_to_end(tmp_path, one.token) == STOPPED
        assert not pending.ended(tmp_path, one, gone=lambda: True, until=float("inf"))
    assert pending.ended(tmp_path, one, gone=lambda: False, until=0.0)
    pending.drop(tmp_path, one)
    assert [path.name for path in pending.folder(tmp_path).iterdir()] == ["lock"]


def test_what_did_not_end_well_is_said_until_it_was_seen(tmp_path: Path) -> None:
    bad = record(FAILED, since=1.0)
    died = record(LATER, state=UNDER_WAY, since=2.0)
    good, gone = record(since=3.0), record(LATER, state=SUPERSEDED, since=4.0)
    assert pending.unseen(tmp_path) == []
    kept(tmp_path, bad, died, good, gone)

    assert [one.token for one in pending.unseen(tmp_path)] == [died.token, bad.token]

    for one in pending.records(tmp_path):
        pending.seen(tmp_path, one)
    assert pending.unseen(tmp_path) == []


def test_what_was_shown_with_the_verdict_is_no_news(tmp_path: Path) -> None:
    doubt = gate("types", "inconclusive", reason="late")
    kept(
        tmp_path,
        replace(record(FAILED, DONE, since=1.0), shown=("tests",)),
        replace(record(FAILED, doubt, since=2.0), shown=("tests",)),
        replace(record(FAILED, doubt, since=3.0), shown=("types",)),
        replace(record(FAILED, LATER, state=SUPERSEDED, since=4.0), shown=("tests",)),
    )

    assert [[one.label for one in record.news] for record in pending.unseen(tmp_path)] == [["tests"], ["types"]]


def test_a_superseded_run_that_had_failed_by_then_is_said(tmp_path: Path) -> None:
    kept(tmp_path, record(FAILED, LATER, state=SUPERSEDED))

    assert len(pending.unseen(tmp_path)) == 1


def test_only_what_tells_something_is_kept(tmp_path: Path) -> None:
    bad = [record(FAILED, since=float(number)) for number in range(pending.KEPT + 1)]
    kept(tmp_path, *bad, record(since=50.0), replace(record(FAILED, since=51.0), seen=True), record(since=52.0))

    pending.tidy(tmp_path)

    assert [one.since for one in pending.records(tmp_path)] == [
        52.0,
        *(float(20 - it) for it in range(pending.KEPT - 1)),
    ]


def test_a_tree_that_was_judged_anew_settles_what_was_open(tmp_path: Path) -> None:
    kept(tmp_path, record(FAILED), record(FAILED, target="o" * 40, since=2.0))

    pending.settled(tmp_path, "t" * 40, [DONE, gate("tests", "inconclusive", reason="late")])
    assert len(pending.records(tmp_path)) == 2
    pending.settled(tmp_path, "t" * 40, [DONE, gate("tests")])

    assert [one.target for one in pending.records(tmp_path)] == ["o" * 40]


def test_findings_are_kept_short(tmp_path: Path) -> None:
    long = Finding(path="a.py", line=1, rule="lint/F401", message="x" * 5000)
    many = gate("lint", "failed", findings=(replace(long, new=False),) * 30 + (long,) * 30)
    kept(tmp_path, record(many))

    (found,) = pending.records(tmp_path)

    assert sum(one.new for one in found.results[0].findings) == 30
    assert len(found.results[0].findings) == 40
    assert {len(one.message) for one in found.results[0].findings} == {600}


def run(one: Record, *, alive: bool = False, commit: str | None = "c" * 40) -> Run:
    return Run(one, alive, Path("/work tree"), commit, "Round prices")


def shown(one: Run) -> str:
    return render([one], style=screen(100), worktrees=False)


def test_each_state_has_its_words_and_its_code() -> None:
    passed, failed = run(record()), run(record(DONE, FAILED))
    goes_on = run(record(DONE, LATER, state=UNDER_WAY), alive=True)
    died = run(record(DONE, LATER, state=UNDER_WAY))
    gone = run(record(DONE, LATER, state=SUPERSEDED))

    assert [one.state for one in (passed, failed, goes_on, died, gone)] == [
        "passed",
        "failed",
        "pending",
        "inconclusive",
        "superseded",
    ]
    assert [exit_code([one]) for one in (passed, failed, goes_on, died, gone)] == [0, 1, 2, 2, 0]
    assert exit_code([died, failed]) == 1
    assert exit_code([]) == 0
    assert "Verified: all passed in the end, after 20.0s." in shown(passed)
    assert "tests/test_a.py:3: error  tests/failed  test_a: assert 1 == 2" in shown(failed)
    assert "Failed in the background: tests. `everycommit run --commit cccccccccccc tests` repeats it." in shown(failed)
    assert "  … tests    2 of 9 done in 10s; the rest goes on" in shown(goes_on)
    assert "Goes on in the background: tests, " in shown(goes_on)
    assert "  ? tests    after 2 of 9: what judged it died" in shown(died)
    assert "NOT VERIFIED: tests (after 2 of 9: what judged it died)." in shown(died)
    assert "Ended early: a newer change took its place." in shown(gone)


def test_a_failure_beside_something_open_names_both() -> None:
    one = run(record(FAILED, gate("types", "deferred", reason="not done"), state=STOPPED), commit=None)

    said = shown(one)

    assert "a change that is not committed" in said
    assert "Failed in the background: tests. Not verified: types. `everycommit run tests types` repeats it." in said


def test_working_trees_are_named_where_several_are_shown() -> None:
    said = render([run(record()), run(record())], style=screen(100), worktrees=True)

    assert said.count("in /work tree") == 2
    assert render([], style=screen(100), worktrees=True) == "Nothing goes on in the background.\n"


def test_a_machine_reads_what_a_person_does() -> None:
    import json

    whole = json.loads(as_json([run(record(DONE, FAILED)), run(record())], code=1))

    assert (whole["version"], whole["exit"]) == (1, 1)
    bad, good = whole["runs"]
    assert (bad["state"], bad["repeat"]) == ("failed", "everycommit run --commit cccccccccccc tests")
    assert bad["gates"][1]["findings"][0]["path"] == "tests/test_a.py"
    assert (good["state"], good["repeat"], good["pid"], good["seconds"]) == ("passed", None, None, 20.0)
    assert good["worktree"] == "/work tree"
    assert Outcome(good["gates"][0]["outcome"]) is Outcome.PASSED
