"""A bench finds what a model can, says what it could not measure, and keeps within its bounds."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from everycommit.deadline import Deadline
from everycommit.errors import EndpointError, ModelError
from everycommit.model.bench import Benched, Limits, expected, measure, overlapping, written_a_second
from everycommit.model.client import Ask, Reply
from everycommit.model.profile import Profile, Speed

PROFILE = Profile(name="m", url="http://127.0.0.1:1/v1", model="m", rung="text")
BESIDE = 192
"""Tokens of an answer that is written beside others, by a model as fast as this one."""
TRUE = Speed(first_seconds=0.01, tokens_in=50_000.0, tokens_out=3_820.0)


@dataclass
class Paced:
    """A model of known speed and slots; says that time has passed, and waits only where questions run side by side."""

    slots: int = 4
    rung: str = "json_schema"
    text: str = '{"city": "Paris"}'
    wrong: dict[str, Any] = field(default_factory=dict)
    error: Callable[[Ask], Exception | None] = lambda _: None
    props: str = '{"default_generation_settings": {"n_ctx": 4096}, "total_slots": 4}'
    asked: list[Ask] = field(default_factory=list)
    profiles: list[Profile] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._free = threading.Semaphore(self.slots)

    def ask(
        self, profile: Profile, ask: Ask, *, deadline: Deadline, on_text: Callable[[str], None] | None = None
    ) -> Reply:
        self.asked.append(ask)
        self.profiles.append(profile)
        if error := self.error(ask):
            raise error
        tokens_in = len(ask.messages[0].content.split())
        tokens_out = ask.max_tokens if ask.max_tokens > 8 else 2
        with self._free:
            if on_text:
                on_text("1")
            if ask.max_tokens == BESIDE:
                time.sleep(0.05)
        values: dict[str, Any] = {
            "prompt_tokens": tokens_in,
            "completion_tokens": tokens_out,
            "first_seconds": TRUE.seconds(tokens_in=tokens_in, tokens_out=0),
            "seconds": TRUE.seconds(tokens_in=tokens_in, tokens_out=tokens_out - 1),
            "rung": self.rung,
        }
        return Reply(text=self.text, finish="stop", **values | self.wrong)

    def get(self, profile: Profile, path: str, *, deadline: Deadline) -> tuple[int, str]:
        if path == "/models":
            raise EndpointError("gone")
        return (200, self.props) if path == "//props" else (404, "{}")


def bench(model: Paced, **limits: Any) -> tuple[Benched, list[str]]:
    said: list[str] = []
    count = iter(range(10**6))
    found = measure(PROFILE, model, limits=Limits(**limits), say=said.append, salt=lambda: f"w{next(count)}")
    return found, said


def test_a_bench_finds_the_speed_the_form_the_context_and_the_slots() -> None:
    model = Paced()

    found, said = bench(model)

    known = found.known
    assert known.speed is not None
    assert known.speed.first_seconds == pytest.approx(TRUE.first_seconds, rel=0.1)
    assert known.speed.tokens_in == pytest.approx(TRUE.tokens_in, rel=0.05)
    assert known.speed.tokens_out == pytest.approx(TRUE.tokens_out)
    assert (known.rung, known.context, known.slots) == ("json_schema", 4096, 4)
    assert found.notes == ()
    assert set(known.counts.values()) == {5}
    assert "reading" in said
    assert all(profile.rung is None for profile in model.profiles), "what was known must not decide how it is asked"


def test_what_it_will_use_is_told_about_right_beforehand() -> None:
    found, _ = bench(Paced(slots=8))

    tokens_in, tokens_out = expected()
    assert 0.4 * tokens_in < found.tokens_in < 3 * tokens_in
    assert 0.4 * tokens_out < found.tokens_out <= 1.2 * tokens_out


def test_no_question_is_asked_twice_so_that_no_cache_answers() -> None:
    model = Paced()

    bench(model)

    texts = [ask.messages[0].content for ask in model.asked]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("slots", [1, 2])
def test_only_what_really_ran_side_by_side_counts(slots: int) -> None:
    model = Paced(slots=slots)

    found, _ = bench(model)

    assert found.known.slots == slots
    assert sum(ask.max_tokens == BESIDE for ask in model.asked) == (2 if slots == 1 else 6)


def test_a_part_that_would_take_too_many_tokens_is_left_out_and_said() -> None:
    found, said = bench(Paced(), tokens=1000)

    assert "reading: not measured, it would take more than 1,000 tokens" in found.notes
    assert "reading" not in said
    assert found.tokens_in + found.tokens_out < 1000
    assert found.known.speed is not None


def test_a_part_that_fails_is_said_and_the_others_stay() -> None:
    def breaks(ask: Ask) -> Exception | None:
        return EndpointError("429") if ask.max_tokens == BESIDE else None

    found, _ = bench(Paced(error=breaks))

    assert found.notes == ("2 questions at once: not measured, 429",)
    assert found.known.slots == 4
    assert found.known.speed is not None


def test_where_the_first_question_brings_nothing_there_is_no_bench() -> None:
    with pytest.raises(EndpointError, match="401"):
        bench(Paced(error=lambda _: EndpointError("401")))
    with pytest.raises(ModelError, match="declined: no"):
        bench(Paced(wrong={"refusal": "no"}))


def test_a_server_that_answers_in_one_piece_has_no_speed() -> None:
    found, _ = bench(Paced(wrong={"first_seconds": None}))

    assert found.known.speed is None
    assert len([note for note in found.notes if "answers in one piece" in note]) == 4


def test_a_server_that_cuts_questions_is_found_out() -> None:
    found, _ = bench(Paced(wrong={"prompt_tokens": 400}))

    assert any("it counted 400 tokens of a question of 1,500 words: the server cuts" in note for note in found.notes)


@pytest.mark.parametrize("text", ["Paris", '{"town": "Paris"}', "[" * 100_000, '{"city": 7}'])
def test_an_answer_without_the_form_is_said(text: str) -> None:
    found, _ = bench(Paced(text=text, rung="json_object"))

    assert "asked by json_object it did not keep to the form" in found.notes[0]


def test_a_context_that_is_not_told_is_said() -> None:
    found, _ = bench(Paced(props="{}"))

    assert found.known.context is None
    assert "the server does not tell its context: give the profile `context`, else 8,192 tokens count" in found.notes


def test_side_by_side_is_at_one_moment() -> None:
    assert overlapping([(0, 2), (1, 3), (2.5, 4)]) == 2
    assert overlapping([(0, 1), (2, 3)]) == 1
    assert overlapping([]) == 0


def test_an_answer_of_one_token_tells_no_speed() -> None:
    assert written_a_second(Reply(text="", finish="", seconds=1, first_seconds=0.5, completion_tokens=1)) is None
    assert written_a_second(Reply(text="", finish="", seconds=1, completion_tokens=9)) is None
