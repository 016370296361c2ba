"""Votes: the same finding in other words, and an order that does not matter."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everycommit.gates.review.parts import CATEGORIES, SEVERITIES, Answer, Said, Voted
from everycommit.gates.review.vote import shown, voted
from reviewing import said

NONE = Voted(
    piece="h1",
    path="a",
    line=1,
    quote="x",
    category="logic",
    severity="warning",
    title="t",
    scenario="s",
    claim="other",
    symbol="",
    votes=1,
    samples=3,
)


def answers(*samples: Sequence[Said], stripped: int | None = None, seen: Sequence[frozenset[str]] = ()) -> list[Answer]:
    """Return an answer a sample; each saw ``h1`` and ``h2`` unless *seen* says otherwise."""
    return [
        Answer(
            sample=number,
            stripped=number == stripped,
            seen=seen[number] if seen else frozenset({"h1", "h2"}),
            said=tuple(replace(one, sample=number, stripped=number == stripped) for one in found),
        )
        for number, found in enumerate(samples)
    ]


def votes(*samples: Sequence[Said], **more: object) -> list[tuple[int | None, int, int]]:
    return [(one.line, one.votes, one.samples) for one in voted(answers(*samples, **more))]  # type: ignore[arg-type]


def test_three_samples_that_say_the_same_are_three_votes() -> None:
    (one,) = voted(answers([said()], [said()], [said()]))

    assert (one.votes, one.samples) == (3, 3)
    assert (one.path, one.line, one.title) == ("src/nav.py", 10, said().title)


def test_other_words_for_the_same_place_are_the_same_finding() -> None:
    first = said(title="the last item is left out", scenario="a list of one item gives an empty page")
    second = said(
        title="off-by-one: last item dropped", scenario="items[:-1] drops the final item", category="boundary"
    )
    third = said(line=11, title="last item lost", scenario="the page never holds the last item of the list")

    assert votes([first], [second], [third]) == [(10, 3, 3)]


def test_another_matter_near_by_is_another_finding() -> None:
    other = said(line=12, title="file handle leaks", scenario="open() without close", category="resource")

    assert votes([said(), other], [said()], [other]) == [(10, 2, 3), (12, 2, 3)]


def test_another_matter_on_the_same_line_is_another_finding() -> None:
    other = said(title="secrets reach the log", scenario="password printed", category="security")

    assert [one.category for one in voted(answers([said(), other], [said()], [other]))] == ["security", "logic"]


def test_equal_words_far_away_are_the_same_and_in_another_piece_are_not() -> None:
    assert votes([said()], [said(line=40)], []) == [(10, 2, 3)]
    assert votes([said()], [said(piece="h2", path="b.py")], []) == [(10, 1, 3), (10, 1, 3)]
    assert votes([said()], [said(line=40, category="null")], []) == [(10, 1, 3), (40, 1, 3)]


def test_the_same_claim_about_the_same_name_is_the_same_finding() -> None:
    one = said(claim="undefined_name", symbol="nav", title="nav unknown", scenario="NameError", category="api")
    other = said(claim="undefined_name", symbol="nav", title="missing variable", scenario="crash", category="logic")

    assert votes([one], [other]) == [(10, 2, 2)]
    assert votes([one], [replace(other, symbol="page")]) == [(10, 1, 2), (10, 1, 2)]


def test_a_finding_without_a_line_joins_one_in_like_words() -> None:
    lost = said(line=None, quote="return items[-1:]")
    other = said(line=None, quote="x", title="socket stays open", scenario="leak")

    assert votes([said()], [lost], [lost]) == [(10, 3, 3)]
    assert votes([said()], [other], [other]) == [(None, 2, 3), (10, 1, 3)]


def test_a_sample_has_one_vote_however_often_it_says_it() -> None:
    assert votes([said(), said(line=11), said(title="last item left out here")], [], []) == [(10, 1, 3)]


def test_only_samples_that_saw_the_piece_count() -> None:
    seen = [frozenset({"h1"}), frozenset({"h1", "h2"}), frozenset[str]()]

    assert votes([said()], [said()], [said()], seen=seen) == [(10, 2, 2)]
    assert votes([said(piece="h2")], [], [], seen=seen) == []


def test_severity_is_voted_too() -> None:
    def severity(*words: str) -> str:
        (one,) = voted(answers(*([said(severity=word)] for word in words)))
        return one.severity

    assert severity("error", "error", "note") == "error"
    assert severity("error", "note", "note") == "note"
    assert severity("error", "warning", "note") == "warning"
    assert severity("error", "warning") == "warning"
    assert severity("note") == "note"


@pytest.mark.parametrize(
    ("severity", "given", "samples", "expected"),
    [("error", 2, 3, True), ("error", 1, 3, False), ("error", 1, 1, True), ("note", 2, 3, False), ("note", 3, 3, True)],
)
def test_shown_are_those_with_the_votes_of_their_severity(
    severity: str, given: int, samples: int, *, expected: bool
) -> None:
    one = replace(NONE, severity=severity, votes=given, samples=samples)

    assert shown(one, {"error": 2, "note": 3}) is expected


def test_what_only_the_stripped_view_has_is_marked_and_shown() -> None:
    (one,) = voted(answers([], [], [said()], stripped=2))

    assert one.only_stripped
    assert shown(one, neutralised={"h1"})
    assert not shown(one, neutralised={"h2"}), "both views were the same: it is one vote of three"
    assert not shown(replace(one, severity="note"), neutralised={"h1"})


def test_what_another_view_has_too_is_not_marked_nor_what_nobody_else_saw() -> None:
    alone = [frozenset[str](), frozenset[str](), frozenset({"h1"})]

    assert not voted(answers([said()], [], [said()], stripped=2))[0].only_stripped
    assert not voted(answers([], [], [said()], stripped=2, seen=alone))[0].only_stripped


WORDS = ["last", "item", "page", "empty", "list", "guard", "socket", "leaks", "handle", "missing", "check"]
SAIDS = st.builds(
    said,
    piece=st.sampled_from(["h1", "h2"]),
    line=st.one_of(st.none(), st.integers(1, 12)),
    category=st.sampled_from(CATEGORIES[:3]),
    severity=st.sampled_from(SEVERITIES),
    title=st.lists(st.sampled_from(WORDS), max_size=3).map(" ".join),
    scenario=st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join),
    claim=st.sampled_from(["other", "undefined_name"]),
    symbol=st.sampled_from(["", "nav"]),
)


@given(st.lists(st.lists(SAIDS, max_size=6), min_size=1, max_size=4), st.data())
def test_no_order_of_samples_or_findings_changes_anything(samples: list[list[Said]], data: st.DataObject) -> None:
    shuffled = [data.draw(st.permutations(found)) for found in data.draw(st.permutations(samples))]

    once, again = voted(answers(*samples)), voted(answers(*shuffled))

    assert once == again
    assert all(1 <= one.votes <= one.samples == len(samples) for one in once)
