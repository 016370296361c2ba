"""The wire against a real llama.cpp server with a real model: what is asked is understood, what is answered is read."""

import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from everycommit.deadline import Deadline
from everycommit.errors import EndpointError, TimeRanOut
from everycommit.gates.review.shape import ANSWER
from everycommit.model import reading
from everycommit.model.worker import Worker
from everycommit.proc import Children
from llamacpp import NotHereError, served
from wire import SHAPE, profile, question, soon

pytestmark = pytest.mark.slow
MODEL = "smollm2"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    try:
        with served() as address:
            yield address
    except NotHereError as why:
        pytest.skip(f"no llama.cpp here: {why}")


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    environ = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"]}
    with Children() as children:
        made = Worker(children, environ=environ, deadline=Deadline.after(240))
        yield made
        made.close()


@pytest.fixture(params=["chat", "sdk"])
def transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_chat_in_pieces_with_a_count_of_tokens(url: str, worker: Worker, transport: str) -> None:
    pieces: list[str] = []
    asked = question("Name a colour.", max_tokens=24, temperature=0.0, seed=1)

    reply = worker.ask(profile(url, transport, MODEL), asked, deadline=soon(60), on_text=pieces.append)

    assert reply.text
    assert "".join(pieces) == reply.text
    assert reply.finish in {"stop", "length"}
    assert reply.model == MODEL
    assert reply.first_seconds is not None
    assert 0 < reply.first_seconds <= reply.seconds
    assert (reply.prompt_tokens or 0) >= reading.least_tokens(message.content for message in asked.messages)
    assert 1 <= (reply.completion_tokens or 0) <= 24


def test_the_answer_has_the_form_that_was_asked_for(url: str, worker: Worker, transport: str) -> None:
    reply = worker.ask(
        profile(url, transport, MODEL),
        question("List two colours.", shape=SHAPE, max_tokens=200, temperature=0.0),
        deadline=soon(60),
    )

    assert reply.rung == "json_schema strict"
    if reply.finish == "stop":
        assert list(json.loads(reply.text)) == ["findings"]
    assert reply.text.lstrip().startswith("{")


def test_the_form_of_a_review_is_understood(url: str, worker: Worker, transport: str) -> None:
    """Every keyword of our schema is one that the server can make a grammar of."""
    reply = worker.ask(
        profile(url, transport, MODEL), question(shape=ANSWER, max_tokens=40, temperature=0.0), deadline=soon(60)
    )

    assert reply.rung == "json_schema strict"
    assert '"fence"' in reply.text[:40]


@pytest.mark.parametrize("rung", ["json_object schema", "json_object", "text"])
def test_lower_rungs_are_understood_too(url: str, worker: Worker, rung: str) -> None:
    asked = question("Answer with one JSON object.", shape=SHAPE, max_tokens=40, temperature=0.0)

    reply = worker.ask(profile(url, model=MODEL, rung=rung, name=rung), asked, deadline=soon(60))

    assert reply.rung == rung
    assert rung == "text" or reply.text.lstrip().startswith("{")


def test_an_answer_that_is_too_long_ends_with_length(url: str, worker: Worker, transport: str) -> None:
    reply = worker.ask(
        profile(url, transport, MODEL), question("Tell me a long story.", max_tokens=8), deadline=soon(60)
    )

    assert reply.finish == "length"
    assert reply.completion_tokens == 8


def test_a_question_beyond_its_context_is_refused_and_not_cut(url: str, worker: Worker, transport: str) -> None:
    with pytest.raises(EndpointError, match=r"answered 400 \(exceed_context_size_error"):
        worker.ask(profile(url, transport, MODEL), question("word " * 6000), deadline=soon(60))


def test_a_deadline_in_the_middle_of_an_answer(url: str, worker: Worker, transport: str) -> None:
    endless = question("Tell me a long story.", max_tokens=2000, temperature=0.0, seed=1)

    with pytest.raises(TimeRanOut):
        worker.ask(profile(url, transport, MODEL), endless, deadline=soon(0.2))


def test_more_questions_than_slots(url: str, worker: Worker) -> None:
    with ThreadPoolExecutor(4) as threads:
        replies = list(
            threads.map(
                lambda number: worker.ask(
                    profile(url, model=MODEL), question(f"Is {number} even?", max_tokens=8), deadline=soon(60)
                ),
                range(6),
            )
        )

    assert all(reply.completion_tokens for reply in replies)


def test_it_tells_its_models_and_its_limits(url: str, worker: Worker) -> None:
    status, models = worker.get(profile(url, model=MODEL), "/models", deadline=soon(20))
    _, props = worker.get(profile(url, model=MODEL), "//props", deadline=soon(20))

    assert status == 200
    assert [one["id"] for one in json.loads(models)["data"]] == [MODEL]
    assert json.loads(props)["total_slots"] == 2


def test_the_least_of_tokens_is_below_a_real_tokenizers_count_and_near_it(url: str) -> None:
    """A sound bound: no whole question is taken for a cut one, and one cut by a third is found out."""
    package = Path(reading.__file__).parent.parent
    counted = least = 0
    for path in [path for path in sorted(package.rglob("*.py")) if path.stat().st_size][::12]:
        text = path.read_text()
        request = Request(  # noqa: S310 - loopback
            url.removesuffix("/v1") + "/tokenize",
            json.dumps({"content": text}).encode(),
            {"Content-Type": "application/json"},
        )
        with urlopen(request) as response:  # noqa: S310
            tokens = len(json.load(response)["tokens"])
        assert reading.least_tokens([text]) <= tokens, path
        counted, least = counted + tokens, least + reading.least_tokens([text])

    assert least > 0.66 * counted
