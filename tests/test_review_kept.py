"""Answers kept hunk by hunk: the same lines are not asked again, wherever they come."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from everycommit.gates.review.kept import Known, asked
from everycommit.gates.review.parts import Piece
from everycommit.gates.review.pieces import digest
from everycommit.kept import Kept
from everycommit.ledger import Forgetful
from reviewing import piece, voted_one

TEXT = " def page(items, size):\n-    last = size\n+    last = size - 1\n     return items[:last]"
FOUND = voted_one(only_stripped=True, demoted="it is meant so")
ASKED = asked(model="m", prompt="1", samples=3)


def told(name: str, text: str = TEXT, **more: Any) -> Piece:
    made = piece(name, text, **{"start": 10} | more)
    return replace(made, digest=digest(made))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Kept]:
    made = Kept(tmp_path)
    yield made
    made.close()


@pytest.fixture
def known(ledger: Kept) -> Known:
    return Known(ledger, ASKED)


def test_what_was_found_comes_back_in_another_run_under_another_name(known: Known) -> None:
    known.keep(told("h1"), [FOUND])

    assert known.found(told("h77")) == (replace(FOUND, piece="h77"),)


def test_nothing_found_is_an_answer_too(known: Known) -> None:
    known.keep(told("h1"), [])

    assert known.found(told("h1")) == ()
    assert known.found(told("h1", path="src/other.py")) is None


def test_a_finding_moves_with_its_lines(known: Known) -> None:
    known.keep(
        told("h1"), [FOUND, replace(FOUND, line=None, quote="nowhere"), replace(FOUND, line=10, quote="last = size")]
    )

    found = known.found(told("h2", start=40))

    assert found is not None
    assert [one.line for one in found] == [41, None, 40]


def test_a_finding_around_the_hunk_moves_too(known: Known) -> None:
    known.keep(told("h1", around=" import os"), [replace(FOUND, line=1, quote="import os")])

    found = known.found(told("h2", around=" import os", start=30))

    assert found is not None
    assert [one.line for one in found] == [1]


@pytest.mark.parametrize(
    "other",
    [
        told("h1", TEXT.replace("size - 1", "size - 2")),
        told("h1", path="src/nav2.py"),
        told("h1", around=" import os"),
        told("h1", section="Page"),
        replace(told("h1"), digest=""),
    ],
)
def test_another_piece_is_asked_about(known: Known, other: Piece) -> None:
    known.keep(told("h1"), [FOUND])

    assert known.found(other) is None


def test_another_question_is_asked(ledger: Kept, known: Known) -> None:
    known.keep(told("h1"), [FOUND])

    for other in ({"model": "n"}, {"prompt": "2"}, {"samples": 1}, {"guidelines": "x"}):
        word = asked(**{"model": "m", "prompt": "1", "samples": 3} | other)
        assert Known(ledger, word).found(told("h1")) is None


def test_a_canary_and_a_piece_without_a_digest_are_not_kept(known: Known) -> None:
    for odd in (replace(told("h1"), canary=True), replace(told("h1"), digest="")):
        known.keep(odd, [FOUND])

    assert known.found(told("h1")) is None


def test_without_a_ledger_nothing_is_known() -> None:
    for answers in (None, Forgetful()):
        known = Known(answers, ASKED)
        known.keep(told("h1"), [FOUND])

        assert known.found(told("h1")) is None
        assert known.settled(told("h1"), [FOUND]) == (FOUND,)


def test_lines_that_nobody_touched_raise_nothing_new_when_what_stands_around_them_was_mended(known: Known) -> None:
    """A mend next door asks about them anew: what was said before is shown again, the rest is listed."""
    new = replace(FOUND, line=12, quote="return items[:last]", category="null", title="crash", scenario="items is None")
    known.keep(told("h1"), [FOUND])
    mended = told("h5", around=" import os")

    again, listed = known.settled(mended, [replace(FOUND, title="last item lost", votes=3), new])
    known.keep(mended, [again, listed])
    later = known.settled(told("h5", around=" import sys"), [new])

    assert not again.aside
    assert listed.aside
    assert known.found(mended) == (replace(again, piece="h5"), replace(listed, piece="h5"))
    assert [one.aside for one in later] == [True], "what was only listed does not come up by a further mend"


def test_a_touched_hunk_may_raise_anything(known: Known) -> None:
    known.keep(told("h1"), [])

    assert known.settled(told("h1", TEXT.replace("size - 1", "size - 2")), [FOUND]) == (FOUND,)


FIELDS = {
    "quote": "last = size - 1",
    "category": "boundary",
    "severity": "error",
    "title": "t",
    "scenario": "s",
    "claim": "other",
    "symbol": "",
    "demoted": "",
    "votes": 2,
    "samples": 3,
    "row": 2,
    "only_stripped": False,
    "aside": False,
}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"version": 1}',
        '{"version": 2, "found": []}',
        '{"version": 1, "found": 7}',
        '{"version": 1, "found": [7]}',
        "[" * 100_000,
        json.dumps({"version": 1, "found": [FIELDS] * 1001}),
        json.dumps({"version": 1, "found": [FIELDS | {"severity": "grave"}]}),
        json.dumps({"version": 1, "found": [FIELDS | {"votes": "2"}]}),
        json.dumps({"version": 1, "found": [FIELDS | {"votes": True}]}),
        json.dumps({"version": 1, "found": [FIELDS | {"row": 2.0}]}),
        json.dumps({"version": 1, "found": [FIELDS | {"title": None}]}),
        json.dumps({"version": 1, "found": [FIELDS | {"more": 1}]}),
    ],
)
def test_an_entry_that_is_not_ours_is_a_miss(ledger: Kept, known: Known, text: str) -> None:
    ledger.keep_answer(known._key("piece", told("h1").digest), text)

    assert known.found(told("h1")) is None


def test_a_row_that_is_not_there_has_no_line(ledger: Kept, known: Known) -> None:
    text = json.dumps({"version": 1, "found": [FIELDS | {"row": 99, "quote": "nowhere"}]})
    ledger.keep_answer(known._key("piece", told("h1").digest), text)

    (one,) = known.found(told("h1")) or ()

    assert one.line is None
