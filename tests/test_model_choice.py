"""The strongest model that is fast enough is asked; large ones judge, fast ones find."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everycommit.model.choice import CAUTIOUS, FINDER, JUDGE, candidates, chosen
from everycommit.model.profile import Profile, Speed

QUICK = Speed(first_seconds=0.2, tokens_in=5000.0, tokens_out=1000.0)
SLOW = Speed(first_seconds=2.0, tokens_in=1000.0, tokens_out=50.0)


def profile(name: str, **more: Any) -> Profile:
    return Profile(name=name, url="http://127.0.0.1/v1", model="m", **{"context": 32768, "speed": QUICK, **more})


FAST = profile("fast")
LARGE = profile("large", strong=True, speed=SLOW)


def name(
    *profiles: Profile, role: str = FINDER, tokens_in: int = 4000, tokens_out: int = 500, seconds: float = 60
) -> str | None:
    choice = chosen(profiles, role, tokens_in=tokens_in, tokens_out=tokens_out, seconds=seconds)
    return choice and choice.profile.name


def test_a_prediction_is_first_token_reading_and_writing() -> None:
    choice = chosen([LARGE], JUDGE, tokens_in=4000, tokens_out=500, seconds=60)

    assert choice is not None
    assert choice.seconds == pytest.approx(2 + 4 + 10)
    assert choice.fits


def test_large_ones_judge_and_fast_ones_find() -> None:
    assert name(FAST, LARGE, role=FINDER) == "fast"
    assert name(FAST, LARGE, role=JUDGE) == "large"


def test_a_large_one_that_is_too_slow_for_what_is_left_does_not_judge() -> None:
    assert name(FAST, LARGE, role=JUDGE, seconds=15) == "fast"
    assert name(FAST, LARGE, role=JUDGE, tokens_in=400, tokens_out=100, seconds=15) == "large"


def test_alone_each_does_both() -> None:
    assert name(LARGE, role=FINDER) == "large"
    assert name(FAST, role=JUDGE) == "fast"


def test_the_rank_that_the_user_gave_counts_first() -> None:
    best = profile("best", rank=2, strong=True)

    assert name(FAST, best, role=FINDER) == "best"
    assert name(LARGE, profile("chosen", rank=2), role=JUDGE) == "chosen"


def test_among_equals_the_fastest_is_taken() -> None:
    assert name(profile("slow", speed=SLOW), FAST) == "fast"


def test_one_that_nobody_measured_counts_as_a_slow_one() -> None:
    unknown = profile("unknown", speed=None)

    assert name(unknown, FAST) == "fast"
    assert name(unknown, profile("slower", speed=Speed(first_seconds=9, tokens_in=9, tokens_out=9))) == "unknown"
    choice = chosen([unknown], FINDER, tokens_in=500, tokens_out=40, seconds=60)
    assert choice is not None
    assert choice.seconds == CAUTIOUS.seconds(tokens_in=500, tokens_out=40)


def test_where_nobody_fits_the_fastest_is_taken_and_it_shows() -> None:
    choice = chosen([LARGE, FAST], JUDGE, tokens_in=4000, tokens_out=500, seconds=0.1)

    assert choice is not None
    assert choice.profile is FAST
    assert not choice.fits


def test_a_question_beyond_its_context_does_not_fit_a_model() -> None:
    assert name(profile("small", context=4096, rank=9), FAST, tokens_in=4000, tokens_out=500) == "fast"


def test_nobody_is_chosen_from_nobody() -> None:
    assert name() is None


@pytest.mark.parametrize(
    ("wish", "names"),
    [
        ("auto", ["fast", "large"]),
        ("large", ["large"]),
        ("somebody-elses", ["fast", "large"]),
        (None, []),
    ],
)
def test_who_is_named_is_alone_among_the_candidates(wish: str | None, names: list[str]) -> None:
    assert [one.name for one in candidates([FAST, LARGE], wish)] == names


@pytest.mark.parametrize("wish", ["auto", "large"])
def test_the_environments_profile_leaves_no_other_a_word(wish: str) -> None:
    assert [one.name for one in candidates([FAST, LARGE, profile("env")], wish)] == ["env"]
    assert candidates([profile("env")], None) == ()


SPEEDS = st.none() | st.builds(
    Speed, first_seconds=st.floats(0, 9), tokens_in=st.floats(1, 9999), tokens_out=st.floats(1, 9999)
)
PROFILES = st.builds(profile, st.sampled_from("abcdef"), speed=SPEEDS, strong=st.booleans(), rank=st.integers(1, 3))


@given(st.lists(PROFILES, min_size=1, max_size=6), st.sampled_from([FINDER, JUDGE]), st.floats(0, 30))
def test_nobody_of_a_higher_rank_who_fits_is_passed_over(profiles: list[Profile], role: str, seconds: float) -> None:
    choice = chosen(profiles, role, tokens_in=1000, tokens_out=200, seconds=seconds)

    predicted = {id(one): (one.speed or CAUTIOUS).seconds(tokens_in=1000, tokens_out=200) for one in profiles}
    fitting = [one for one in profiles if predicted[id(one)] <= seconds]
    assert choice is not None
    assert choice.fits == bool(fitting)
    if fitting:
        assert choice.profile.rank == max(one.rank for one in fitting)
    else:
        assert choice.seconds == min(predicted.values())
