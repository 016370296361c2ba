"""What only the package openai knows: the Responses API and Azure's ways in, with our limits and our last gate."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from endpoint import Endpoint, simulated
from everycommit.errors import AnswerError, EndpointError, TimeRanOut, WithheldError
from everycommit.model.egress import Log
from everycommit.model.sdk import Sdk
from wire import ANSWER, KEY, SHAPE, client, profile, question, soon


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    with simulated(tmp_path_factory.mktemp("endpoint"), script=[ANSWER]) as started:
        yield started


@pytest.fixture
def endpoint(shared: Endpoint) -> Endpoint:
    return shared.fresh()


def test_a_question_to_the_responses_api(endpoint: Endpoint) -> None:
    pieces: list[str] = []

    with client(profile(endpoint.url, "sdk", api="responses")) as asked:
        reply = asked.ask(question(shape=SHAPE, temperature=0.2, seed=3), deadline=soon(), on_text=pieces.append)

    (request,) = endpoint.asked()
    assert (reply.text, reply.finish, reply.model, reply.rung) == (ANSWER, "stop", "simulated", "json_schema strict")
    assert "".join(pieces) == ANSWER
    assert (reply.prompt_tokens or 0) > 5
    assert (reply.completion_tokens or 0) > 5
    assert reply.cached_tokens == 0
    assert reply.sent_bytes == len(request.body)
    assert request.path == "/v1/responses"
    assert request.json["store"] is False
    assert request.json["max_output_tokens"] == 500
    assert request.json["text"]["format"] == {
        "type": "json_schema",
        "name": "answer",
        "schema": SHAPE,
        "strict": True,
    }
    assert [message["role"] for message in request.json["input"]] == ["system", "user"]


def test_a_responses_api_that_does_not_stream(tmp_path: Path) -> None:
    with (
        simulated(tmp_path, script=[ANSWER], rejects={"stream": 400}) as endpoint,
        client(profile(endpoint.url, "sdk", api="responses")) as asked,
    ):
        reply = asked.ask(question(), deadline=soon())

    assert (reply.text, reply.finish) == (ANSWER, "stop")
    assert (reply.prompt_tokens or 0) > 5


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("fault", "finish", "refusal"),
    [("length", "length", None), ("content_filter", "content_filter", None), ("refusal", "stop", "I cannot help")],
)
def test_ends_of_the_responses_api(
    tmp_path: Path, fault: str, finish: str, refusal: str | None, *, stream: bool
) -> None:
    with (
        simulated(tmp_path, script=[ANSWER], rejects={} if stream else {"stream": 400}) as endpoint,
        client(profile(endpoint.url, "sdk", f"fault:{fault}", api="responses")) as asked,
    ):
        reply = asked.ask(question(), deadline=soon())

    assert reply.finish == finish
    assert (reply.refusal or "").startswith(refusal or "")
    assert bool(reply.refusal) == bool(refusal)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("401", EndpointError),
        ("reset", EndpointError),
        ("error_in_stream", AnswerError),
        ("not_json", AnswerError),
        ("gzip_bomb", AnswerError),
        ("half_open", TimeRanOut),
        ("endless_line", AnswerError),
    ],
)
def test_faults_of_the_responses_api(endpoint: Endpoint, fault: str, kind: type[Exception]) -> None:
    with client(profile(endpoint.url, "sdk", f"fault:{fault}", api="responses")) as asked, pytest.raises(kind):
        asked.ask(question(), deadline=soon(1))


@pytest.mark.parametrize(
    "event",
    [
        '{"type": "error", "code": "server_error", "message": "it broke"}',
        '{"type": "response.failed", "response": {"error": {"code": "server_error", "message": "it broke"}}}',
    ],
)
def test_an_error_in_the_middle_of_the_responses_api(endpoint: Endpoint, event: str) -> None:
    from everycommit.model import responses
    from everycommit.model.reading import ErrorSent, Reading

    with pytest.raises(ErrorSent):
        responses.stream([b"data: " + event.encode() + b"\n\n"], Reading(question(), None, began=0.0))


def test_odd_things_of_the_responses_api_are_no_answer() -> None:
    import json

    from everycommit.model.responses import whole

    for odd in ({"output": 7}, {"output": [3, {"content": "a"}]}, {"usage": [1]}, {"incomplete_details": 1}):
        assert json.loads(whole(json.dumps(odd).encode()))["choices"][0]["message"]["content"] == ""


def test_nothing_of_this_machine_is_told(endpoint: Endpoint) -> None:
    with client(profile(endpoint.url, "sdk")) as asked:
        asked.ask(question(), deadline=soon())

    headers = endpoint.asked()[0].headers
    assert not [name for name in headers if name.startswith("x-stainless")]
    assert headers["accept-encoding"] == "identity"


def test_without_a_key_none_is_sent(endpoint: Endpoint) -> None:
    with client(profile(endpoint.url, "sdk"), key=None) as asked:
        asked.ask(question(), deadline=soon())

    assert "authorization" not in endpoint.asked()[0].headers


def test_a_secret_in_the_exact_bytes_of_openai_keeps_them_here(endpoint: Endpoint) -> None:
    token = "glpat" + "-" + "x7Kq9Zt2Lm4Vb8Rw1Yc5"

    with client(profile(endpoint.url, "sdk", api="responses")) as asked, pytest.raises(WithheldError):
        asked.ask(question(token), deadline=soon())

    assert endpoint.requests() == []


def test_azure_is_asked_in_its_own_way() -> None:
    """No such host here: what openai would be told is looked at."""
    old = Sdk(
        profile("https://mine.openai.azure.com/?api-version=2024-10-21", "sdk", "deployed"),
        KEY,
        environ={},
        log=Log(None),
    )
    new = Sdk(profile("https://mine.openai.azure.com/openai/v1", "sdk"), KEY, environ={}, log=Log(None))

    assert type(old._client).__name__ == "AzureOpenAI"
    assert str(old._client.base_url) == "https://mine.openai.azure.com/openai/"
    assert type(new._client).__name__ == "OpenAI"
    assert old._headers["api-key"] == KEY
    assert "Authorization" not in old._headers
    for made in (old, new):
        made.close()
