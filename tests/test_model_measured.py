"""Speeds are kept a user, corrected by every call, and nonsense changes nothing."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everycommit.model.choice import CAUTIOUS
from everycommit.model.client import Ask, Message, Reply
from everycommit.model.measured import NAME, Known, Measured, learned
from everycommit.model.profile import Profile, Speed

ASK = Ask(messages=(Message("user", "?"),), max_tokens=100)
SHAPED = Ask(messages=(Message("user", "?"),), max_tokens=100, shape={"type": "object"})
PROFILE = Profile(name="fast", url="http://127.0.0.1:1/v1/", model="m")
TRUE = Speed(first_seconds=0.15, tokens_in=2000.0, tokens_out=1200.0)


def reply(tokens_in: int, tokens_out: int, *, speed: Speed = TRUE, **more: Any) -> Reply:
    """The answer of a model that is exactly as fast as *speed* says."""
    first = speed.seconds(tokens_in=tokens_in, tokens_out=0)
    values = {
        "prompt_tokens": tokens_in,
        "completion_tokens": tokens_out,
        "first_seconds": first,
        "seconds": first + tokens_out / speed.tokens_out,
    }
    return Reply(text="", finish="stop", **values | more)


def test_calls_find_the_speed_of_a_model_that_nobody_measured() -> None:
    known = Known()

    for number in range(40):
        known = learned(known, ASK, reply(20 if number % 2 else 8000, 400))

    assert known.speed is not None
    assert known.speed.first_seconds == pytest.approx(TRUE.first_seconds, rel=0.3)
    assert known.speed.tokens_in == pytest.approx(TRUE.tokens_in, rel=0.3)
    assert known.speed.tokens_out == pytest.approx(TRUE.tokens_out, rel=0.01)


def test_a_model_that_became_slower_is_known_to_be_so_after_some_calls() -> None:
    known = Known(speed=TRUE, counts={"tokens_out": 50})

    for _ in range(10):
        known = learned(known, ASK, reply(20, 400, speed=Speed(first_seconds=0.15, tokens_in=2000, tokens_out=300)))

    assert known.speed is not None
    assert 300 < known.speed.tokens_out < 420


def test_one_odd_call_moves_a_known_speed_a_little() -> None:
    known = learned(Known(speed=TRUE, counts={"tokens_out": 50}), ASK, reply(20, 400, seconds=10.0))

    assert known.speed is not None
    assert 900 < known.speed.tokens_out < TRUE.tokens_out


def test_what_the_server_had_in_its_cache_was_not_read() -> None:
    known = Known(speed=TRUE, counts={"tokens_in": 5, "first_seconds": 5})

    after = learned(known, ASK, reply(20, 400, prompt_tokens=8020, cached_tokens=8000))

    assert after.speed is not None
    assert after.speed.tokens_in == TRUE.tokens_in


def test_an_answer_in_one_piece_tells_how_fast_it_was_written() -> None:
    after = learned(Known(speed=TRUE), ASK, reply(20, 400, first_seconds=None))

    assert after.speed is not None
    assert after.speed.tokens_out == pytest.approx(TRUE.tokens_out)


@pytest.mark.parametrize(
    "more",
    [
        {"first_seconds": -1.0},
        {"first_seconds": math.nan},
        {"first_seconds": 1e9},
        {"completion_tokens": 3},
        {"completion_tokens": None},
        {"seconds": 0.0},
        {"completion_tokens": 10**9},
        {"seconds": math.inf},
    ],
)
def test_nonsense_is_ignored(more: dict[str, Any]) -> None:
    known = Known(speed=TRUE, counts=dict.fromkeys(("first_seconds", "tokens_in", "tokens_out"), 5))
    usual = learned(known, ASK, reply(20, 400)).speed

    speed = learned(known, ASK, reply(20, 400, **more)).speed

    assert speed is not None
    assert usual is not None
    for part in ("first_seconds", "tokens_in", "tokens_out"):
        assert getattr(speed, part) == pytest.approx(getattr(usual, part), rel=0.01)


@given(
    first=st.none() | st.floats(),
    seconds=st.floats(),
    tokens=st.tuples(*[st.none() | st.integers(-10, 10**9)] * 3),
)
def test_whatever_an_answer_says_a_speed_stays_one(
    first: float | None, seconds: float, tokens: tuple[int | None, int | None, int | None]
) -> None:
    odd = Reply(
        text="",
        finish="stop",
        first_seconds=first,
        seconds=seconds,
        prompt_tokens=tokens[0],
        cached_tokens=tokens[1],
        completion_tokens=tokens[2],
    )

    speed = learned(learned(Known(), ASK, odd), ASK, odd).speed or CAUTIOUS

    assert 0 <= speed.seconds(tokens_in=1000, tokens_out=1000) < math.inf


def test_the_rung_that_a_server_knows_is_kept_and_only_where_one_was_asked_for() -> None:
    known = learned(Known(), SHAPED, reply(20, 400, rung="json_object"))

    assert known.rung == "json_object"
    assert learned(known, ASK, reply(20, 400, rung="text")).rung == "json_object"
    assert learned(known, SHAPED, reply(20, 400, rung="xml")).rung == "json_object"


def test_what_was_learned_is_there_in_the_next_run(tmp_path: Path) -> None:
    measured = Measured(tmp_path)
    measured.learn(PROFILE, SHAPED, reply(20, 400, rung="json_schema"))
    measured.keep()

    known = Measured(tmp_path).of("http://127.0.0.1:1/v1", "m")

    assert known.rung == "json_schema"
    assert known.speed is not None
    assert known.speed.tokens_out == pytest.approx(TRUE.tokens_out)
    assert known.at is not None
    assert Measured(tmp_path).of("http://127.0.0.1:1/v1", "another") == Known()
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_two_runs_at_once_do_not_take_from_each_other(tmp_path: Path) -> None:
    one, other = Measured(tmp_path), Measured(tmp_path)
    assert one.of(PROFILE.url, "a") == other.of(PROFILE.url, "a") == Known()

    for measured, model in ((one, "a"), (other, "b")):
        measured.learn(Profile(name=model, url=PROFILE.url, model=model), ASK, reply(20, 400))
        measured.keep()

    kept = Measured(tmp_path)
    assert kept.of(PROFILE.url, "a").speed
    assert kept.of(PROFILE.url, "b").speed


def test_a_bench_is_kept_whole_and_can_be_forgotten(tmp_path: Path) -> None:
    found = Known(speed=TRUE, context=4096, slots=8, rung="text", counts={"tokens_out": 5})
    Measured(tmp_path).put(PROFILE.url, "m", found)

    kept = Measured(tmp_path).of(PROFILE.url, "m")
    assert (kept.speed, kept.context, kept.slots, kept.rung, kept.counts) == (TRUE, 4096, 8, "text", {"tokens_out": 5})

    Measured(tmp_path).forget(PROFILE.url, "m")
    Measured(tmp_path).forget(PROFILE.url, "nobody")
    assert Measured(tmp_path).of(PROFILE.url, "m") == Known()


def test_nothing_learned_writes_nothing(tmp_path: Path) -> None:
    Measured(tmp_path).keep()

    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_costs_what_was_learned_and_nothing_else(tmp_path: Path) -> None:
    measured = Measured(tmp_path / "gone")
    measured.learn(PROFILE, ASK, reply(20, 400))

    measured.keep()

    assert measured.of(PROFILE.url, "m") == Known()


def entry(**more: Any) -> dict[str, Any]:
    speed = {"first_seconds": 0.1, "tokens_in": 10, "tokens_out": 10}
    return {"speed": speed, "counts": {}, "context": 1, "slots": 1, "rung": "text", "at": 1.0} | more


@pytest.mark.parametrize(
    "page",
    [
        "",
        "[]",
        "{",
        "[" * 100_000,
        json.dumps({"version": 2, "models": {}}),
        json.dumps({"version": 1, "models": []}),
        json.dumps({"version": 1, "models": {"http://127.0.0.1:1/v1 m": 7}}),
        json.dumps({"version": 1, "models": {"http://127.0.0.1:1/v1 m": {}}}),
    ],
    ids=range(8),
)
def test_a_file_that_is_not_ours_says_nothing(page: str, tmp_path: Path) -> None:
    (tmp_path / NAME).write_text(page)

    assert Measured(tmp_path).of(PROFILE.url, "m") == Known()


@pytest.mark.parametrize(
    ("wrong", "part"),
    [
        ({"speed": {"first_seconds": 1, "tokens_in": 0, "tokens_out": 1}}, "speed"),
        ({"speed": {"first_seconds": -1, "tokens_in": 1, "tokens_out": 1}}, "speed"),
        ({"speed": {"first_seconds": True, "tokens_in": 1, "tokens_out": 1}}, "speed"),
        ({"speed": [1, 2, 3]}, "speed"),
        ({"context": -1}, "context"),
        ({"slots": "4"}, "slots"),
        ({"rung": "xml"}, "rung"),
        ({"at": "today"}, "at"),
    ],
)
def test_a_part_that_cannot_be_is_left_out_and_the_others_stay(
    wrong: dict[str, Any], part: str, tmp_path: Path
) -> None:
    page = {"version": 1, "models": {"http://127.0.0.1:1/v1 m": entry(**wrong)}}
    (tmp_path / NAME).write_text(json.dumps(page))

    known = Measured(tmp_path).of(PROFILE.url, "m")

    missing = {name for name in ("speed", "context", "slots", "rung", "at") if getattr(known, name) is None}
    assert missing == {part}
