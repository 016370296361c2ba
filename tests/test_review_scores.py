"""Scores: what a share of few is worth, what counts as found."""

import pytest

from everycommit.gates.review.scores import Share, Spoken, near, score


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [  # Source: Wilson's interval as R's binom::binom.wilson gives it.
        (0, 10, 0.0, 0.2775),
        (5, 10, 0.2366, 0.7634),
        (10, 10, 0.7225, 1.0),
        (30, 32, 0.7985, 0.9827),
        (1, 1, 0.2065, 1.0),
    ],
)
def test_an_interval_is_wilsons(hits: int, of: int, low: float, high: float) -> None:
    assert Share(hits, of).interval == pytest.approx((low, high), abs=5e-5)


def test_nothing_counted_says_nothing() -> None:
    nothing = Share(0, 0)

    assert (nothing.value, nothing.interval, str(nothing)) == (None, (0.0, 1.0), "-")


def test_a_share_is_written_with_its_interval() -> None:
    assert str(Share(3, 4)) == "3/4 = 0.75 (0.30 to 0.95)"


@pytest.mark.parametrize(("line", "found"), [(6, False), (7, True), (10, True), (15, True), (16, False), (None, False)])
def test_a_finding_counts_within_three_lines_of_a_range(line: int | None, *, found: bool) -> None:
    assert near([[10, 12], [30, 30]], line) is found


def test_findings_beside_the_defect_and_of_sound_changes_are_false_alarms() -> None:
    found = score(
        [
            Spoken(bug=True, hit=1, far=0),
            Spoken(bug=True, hit=1, far=2),
            Spoken(bug=True, hit=0, far=1),
            Spoken(bug=True, hit=0, far=0),
            Spoken(bug=False, hit=0, far=3),
            Spoken(bug=False, hit=0, far=0),
        ]
    )

    assert tuple(found.recall) == (2, 4)
    assert tuple(found.alarms) == (1, 2)
    assert tuple(found.precision) == (2, 8)
    assert found.f1 == pytest.approx(2 * 0.5 * 0.25 / 0.75)


def test_who_says_nothing_has_no_precision_and_no_f1() -> None:
    found = score([Spoken(bug=True, hit=0, far=0)])

    assert found.precision.value is None
    assert found.f1 == pytest.approx(0.0)
