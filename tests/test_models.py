"""The models of a run: who is chosen, when the worker starts, and what each one did."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from everycommit.cli.asked import models as models_of_a_run
from everycommit.config.schema import ModelSettings, ReviewSettings, Settings
from everycommit.deadline import Deadline
from everycommit.errors import EndpointError
from everycommit.gates.base import Models as Asked
from everycommit.model.client import Ask, Message, Reply
from everycommit.model.measured import Known, Measured
from everycommit.model.models import Models, cost
from everycommit.model.profile import Key, Profile, Speed
from everycommit.model.profiles import CONTEXT, SLOTS, profiles
from everycommit.proc import Children

URL = "http://127.0.0.1:1/v1"
SLOW = Speed(first_seconds=2.0, tokens_in=1000.0, tokens_out=50.0)
QUICK = Speed(first_seconds=0.2, tokens_in=5000.0, tokens_out=1000.0)
ASK = Ask(messages=(Message("user", "?"),), max_tokens=100)
FAST = Profile(name="fast", url=URL, model="small", speed=QUICK, context=32768, price_in=1.0, price_out=4.0)
LARGE = Profile(name="large", url=URL, model="big", speed=QUICK, context=32768, strong=True)


@dataclass
class Scripted:
    """A worker that answers everything and remembers how it was used."""

    error: Exception | None = None
    started: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    closed: int = 0

    def start(self, profiles: Sequence[Profile]) -> None:
        self.started += [profile.name for profile in profiles]

    def ask(
        self, profile: Profile, ask: Ask, *, deadline: Deadline, on_text: Callable[[str], None] | None = None
    ) -> Reply:
        self.asked.append(profile.name)
        if self.error:
            raise self.error
        return Reply(
            text="",
            finish="stop",
            seconds=0.5,
            first_seconds=0.1,
            prompt_tokens=1000,
            cached_tokens=600,
            completion_tokens=200,
        )

    def close(self) -> None:
        self.closed += 1


def models(
    worker: Scripted, folder: Path, *found: Profile, finder: str | None = "auto", judge: str | None = "auto"
) -> Models:
    return Models(found or (FAST, LARGE), Measured(folder), lambda: worker, finder=finder, judge=judge)


def chosen(asked: Asked, role: str = "finder", seconds: float = 60) -> Profile:
    """Who is chosen; also that it is what gates are given."""
    found = asked.profile(role, tokens_in=4000, tokens_out=500, seconds=seconds)
    assert found is not None
    return found


def test_choosing_starts_nothing(tmp_path: Path) -> None:
    """All of a change may have been read before by who is chosen."""
    worker = Scripted()
    asked = models(worker, tmp_path)

    chosen(asked)
    chosen(asked, "judge")
    asked.close()

    assert (worker.started, worker.closed) == ([], 0)


def test_who_is_asked_gets_ready_together_with_who_would_judge(tmp_path: Path) -> None:
    worker = Scripted()
    asked = models(worker, tmp_path)

    asked.start(chosen(asked))
    assert worker.started == ["fast", "large"]
    asked.ask(chosen(asked), ASK, deadline=Deadline.after(5))
    asked.close()

    assert worker.started == ["fast", "large"]
    assert worker.closed == 1


def test_keys_of_models_that_nobody_needs_stay_where_they_are(tmp_path: Path) -> None:
    worker = Scripted()
    third = Profile(name="third", url=URL, model="small", speed=SLOW, context=32768)
    asked = models(worker, tmp_path, FAST, third)

    asked.ask(chosen(asked), ASK, deadline=Deadline.after(5))

    assert worker.started == ["fast"]


def test_each_does_what_it_was_chosen_for_and_that_is_counted(tmp_path: Path) -> None:
    worker = Scripted()
    asked = models(worker, tmp_path)

    for _ in range(3):
        asked.ask(chosen(asked), ASK, deadline=Deadline.after(5))
    asked.ask(chosen(asked, "judge"), ASK, deadline=Deadline.after(5))

    finder, judge = asked.used()
    assert (finder.profile, finder.role, finder.questions, finder.failed) == ("fast", "finder", 3, 0)
    assert (finder.tokens_in, finder.cached, finder.tokens_out) == (3000, 1800, 600)
    assert finder.cost == pytest.approx(0.003 + 0.0024)
    assert (judge.profile, judge.role, judge.questions, judge.cost) == ("large", "judge", 1, None)


def test_one_that_finds_and_judges_is_counted_for_each(tmp_path: Path) -> None:
    asked = models(Scripted(), tmp_path, FAST)

    for role in ("judge", "finder"):
        asked.ask(chosen(asked, role), ASK, deadline=Deadline.after(5))

    assert [(one.profile, one.role) for one in asked.used()] == [("fast", "finder"), ("fast", "judge")]


def test_a_question_without_an_answer_counts_and_teaches_nothing(tmp_path: Path) -> None:
    asked = models(Scripted(error=EndpointError("no connection")), tmp_path)

    with pytest.raises(EndpointError):
        asked.ask(chosen(asked), ASK, deadline=Deadline.after(5))
    asked.close()

    (used,) = asked.used()
    assert (used.questions, used.failed, used.tokens_in, used.cost) == (1, 1, 0, 0)
    assert not list(tmp_path.iterdir())


def test_answers_correct_what_is_known_of_the_model(tmp_path: Path) -> None:
    asked = models(Scripted(), tmp_path)
    asked.ask(chosen(asked), ASK, deadline=Deadline.after(5))
    asked.close()

    speed = Measured(tmp_path).of(URL, "small").speed
    assert speed is not None
    assert speed.tokens_out == pytest.approx(500)


def test_questions_of_many_threads_are_all_counted_and_start_one_worker(tmp_path: Path) -> None:
    worker = Scripted()
    asked = models(worker, tmp_path)
    threads = [threading.Thread(target=lambda: asked.ask(FAST, ASK, deadline=Deadline.after(5))) for _ in range(32)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [used.questions for used in asked.used()] == [32]
    assert sorted(worker.started) == ["fast", "large"]


def test_that_nobody_is_fast_enough_is_said_once(tmp_path: Path) -> None:
    asked = models(Scripted(), tmp_path)

    for _ in range(2):
        asked.ask(chosen(asked, seconds=0.1), ASK, deadline=Deadline.after(5))

    (said,) = asked.notes()
    assert said == (
        "no model is expected to answer as finder within the 0.1 s that were left; the fastest was taken, "
        "'fast' (1.5 s)"
    )


def test_a_name_that_the_user_does_not_have_is_said_where_somebody_is_asked(tmp_path: Path) -> None:
    asked = models(Scripted(), tmp_path, finder="theirs", judge=None)

    assert asked.notes() == ()
    asked.ask(chosen(asked), ASK, deadline=Deadline.after(5))
    assert asked.used()[0].profile == "fast"
    assert asked.notes() == (
        "review.finder names the model 'theirs', which you have not set up: another one was taken",
    )
    assert asked.profile("judge", tokens_in=1, tokens_out=1, seconds=1) is None


def test_the_environments_model_stands_for_any_name(tmp_path: Path) -> None:
    asked = models(Scripted(), tmp_path, FAST, Profile(name="env", url=URL, model="m"), finder="theirs")

    assert chosen(asked).name == chosen(asked, "judge").name == "env"
    assert asked.notes() == ()


def test_a_price_of_one_side_alone_is_a_price() -> None:
    priced = Profile(name="p", url=URL, model="m", price_out=2.0)

    assert cost(priced, 10**6, 10**6) == 2.0
    assert cost(LARGE, 10**6, 10**6) is None


# --- from settings -------------------------------------------------------------------------------------------------


def settings(**more: Any) -> Settings:
    return Settings(model={"fast": ModelSettings(**{"url": f"{URL}/", "model": "small", **more})})


def test_a_profile_has_what_was_measured_where_the_user_says_nothing(tmp_path: Path) -> None:
    Measured(tmp_path).put(URL, "small", Known(speed=QUICK, context=4096, slots=2, rung="text"))

    (found,) = profiles(settings(), Measured(tmp_path))
    assert found == Profile(
        name="fast", url=URL, model="small", rank=1, context=4096, slots=2, rung="text", speed=QUICK
    )
    (said,) = profiles(settings(context=16384, slots=1), Measured(tmp_path))
    assert (said.context, said.slots) == (16384, 1)
    (unknown,) = profiles(settings(model="other"), Measured(tmp_path))
    assert (unknown.context, unknown.slots, unknown.speed) == (CONTEXT, SLOTS, None)


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ({}, Key(kind="none")),
        ({"key_env": "K"}, Key(kind="environment", name="K")),
        ({"key_command": ("pass", "show", "a b")}, Key(kind="command", name="pass show 'a b'")),
        ({"keyring": "service"}, Key(kind="keyring", name="service")),
    ],
)
def test_a_key_is_named_and_never_held(more: dict[str, Any], key: Key, tmp_path: Path) -> None:
    (found,) = profiles(settings(**more), Measured(tmp_path))

    assert found.key == key


def test_half_a_model_is_none(tmp_path: Path) -> None:
    assert profiles(settings(url=None), Measured(tmp_path)) == ()


# --- in a run ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gates", "more"),
    [
        (["policy", "lint"], {}),
        (["review"], {"model": {}}),
        (["review"], {"review": ReviewSettings(egress="deny")}),
        (["review"], {"review": ReviewSettings(finder=None, judge=None)}),
    ],
)
def test_there_is_nobody_to_ask(gates: list[str], more: dict[str, Any], tmp_path: Path) -> None:
    assert in_a_run(gates, replace(settings(), **more), tmp_path) is None


def test_with_a_profile_and_the_gate_there_is_somebody_and_nothing_runs_yet(tmp_path: Path) -> None:
    asked = in_a_run(["policy", "review"], settings(), tmp_path)

    assert asked is not None
    asked.close()
    assert (asked.used(), asked.notes()) == ((), ())


def in_a_run(gates: list[str], settings: Settings, cache: Path) -> Models | None:
    with Children() as children:
        return models_of_a_run(gates, settings, cache=cache, children=children, environ={}, deadline=Deadline.after(5))
