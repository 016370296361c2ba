"""What both transports promise, asked of a simulated endpoint: the wire, the ladder, retries, errors, what leaves."""

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from endpoint import Endpoint, simulated
from everycommit.deadline import Deadline
from everycommit.errors import AnswerError, EndpointError, TimeRanOut, WithheldError
from wire import ANSWER, KEY, SHAPE, TRANSPORTS, client, profile, question, soon


@pytest.fixture(params=TRANSPORTS)
def transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    with simulated(tmp_path_factory.mktemp("endpoint"), script=[ANSWER]) as started:
        yield started


@pytest.fixture
def endpoint(shared: Endpoint) -> Endpoint:
    return shared.fresh()


def test_an_answer_comes_with_what_is_known_of_it(endpoint: Endpoint, transport: str) -> None:
    with client(profile(endpoint.url, transport)) as asked:
        reply = asked.ask(question(shape=SHAPE), deadline=soon())

    assert (reply.text, reply.finish, reply.refusal, reply.model) == (ANSWER, "stop", None, "simulated")
    assert (reply.rung, reply.tries) == ("json_schema strict", 1)
    assert (reply.prompt_tokens or 0) > 10
    assert (reply.completion_tokens or 0) > 10
    assert reply.first_seconds is not None
    assert 0 < reply.first_seconds <= reply.seconds < 10
    assert reply.sent_bytes == len(endpoint.asked()[0].body)


def test_pieces_are_handed_on_and_make_up_the_answer(endpoint: Endpoint, transport: str) -> None:
    pieces: list[str] = []

    with client(profile(endpoint.url, transport)) as asked:
        reply = asked.ask(question(), deadline=soon(), on_text=pieces.append)

    assert len(pieces) > 5
    assert "".join(pieces) == reply.text == ANSWER


def test_the_question_goes_out_as_it_is(endpoint: Endpoint, transport: str) -> None:
    text = "tabs\tquotes\" and 'these' and 漢字 and \U0001f600"

    with client(profile(endpoint.url, transport)) as asked:
        asked.ask(question(text, temperature=0.5, seed=7, shape=SHAPE), deadline=soon())

    (request,) = endpoint.asked()
    assert request.path == "/v1/chat/completions"
    assert request.json["messages"] == [
        {"role": "system", "content": "You review."},
        {"role": "user", "content": text},
    ]
    assert (request.json["model"], request.json["temperature"], request.json["seed"]) == ("simulated", 0.5, 7)
    assert request.json["max_tokens"] == 500
    assert request.json["response_format"]["json_schema"]["schema"] == SHAPE
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["accept-encoding"] == "identity"


def test_without_a_shape_the_answer_is_free_text(endpoint: Endpoint, transport: str) -> None:
    with client(profile(endpoint.url, transport)) as asked:
        reply = asked.ask(question(), deadline=soon())

    assert reply.rung == "text"
    assert "response_format" not in endpoint.asked()[0].json


def test_bytes_that_are_no_unicode_are_sent_as_question_marks(endpoint: Endpoint, transport: str) -> None:
    with client(profile(endpoint.url, transport)) as asked:
        asked.ask(question("caf\udce9"), deadline=soon())

    assert endpoint.asked()[0].json["messages"][1]["content"] == "caf?"


@pytest.mark.parametrize(
    ("rejects", "rung", "asks"),
    [
        ({"strict": 400}, "json_schema", 2),
        ({"json_schema": 422}, "json_object schema", 3),
        ({"json_schema": 500}, "json_object schema", 3),
        ({"json_schema": 400, "schema": 400}, "json_object", 4),
        ({"json_schema": 400, "json_object": 404}, "text", 5),
    ],
)
def test_a_form_that_the_server_does_not_know_is_a_rung_down_and_remembered(
    tmp_path: Path, transport: str, rejects: dict[str, int], rung: str, asks: int
) -> None:
    """It is no fault: not tried again, not counted as a try."""
    with (
        simulated(tmp_path, rejects=rejects) as endpoint,
        client(profile(endpoint.url, transport)) as asked,
    ):
        first = asked.ask(question(shape=SHAPE), deadline=soon())
        second = asked.ask(question(shape=SHAPE), deadline=soon())

        assert (first.rung, first.tries, second.rung) == (rung, 1, rung)
        assert len(endpoint.asked()) == asks + 1


def test_the_rung_that_a_profile_knows_is_the_first(endpoint: Endpoint, transport: str) -> None:
    with client(profile(endpoint.url, transport, rung="json_object")) as asked:
        reply = asked.ask(question(shape=SHAPE), deadline=soon())

    assert reply.rung == "json_object"
    assert endpoint.asked()[0].json["response_format"] == {"type": "json_object"}


@pytest.mark.parametrize("name", ["temperature", "seed", "stream_options"])
def test_a_parameter_that_the_server_does_not_know_is_left_out(tmp_path: Path, transport: str, name: str) -> None:
    with (
        simulated(tmp_path, rejects={name: 400}) as endpoint,
        client(profile(endpoint.url, transport)) as asked,
    ):
        reply = asked.ask(question(temperature=0.0, seed=1), deadline=soon())

        assert reply.text == "ok"
        assert name not in endpoint.asked()[1].json


def test_a_server_that_wants_max_completion_tokens_gets_it(tmp_path: Path, transport: str) -> None:
    said = "Unsupported parameter: 'max_tokens' is not supported. Use 'max_completion_tokens' instead."
    with (
        simulated(tmp_path, rejects={"max_tokens": 400}, words={"max_tokens": said}) as endpoint,
        client(profile(endpoint.url, transport)) as asked,
    ):
        asked.ask(question(), deadline=soon())

        last = endpoint.asked()[-1].json
        assert last["max_completion_tokens"] == 500
        assert "max_tokens" not in last


def test_a_server_that_does_not_stream_answers_in_one_piece(tmp_path: Path, transport: str) -> None:
    with (
        simulated(tmp_path, script=[ANSWER], rejects={"stream": 400}) as endpoint,
        client(profile(endpoint.url, transport)) as asked,
    ):
        pieces: list[str] = []
        reply = asked.ask(question(), deadline=soon(), on_text=pieces.append)

        assert reply.text == ANSWER
        assert pieces == [ANSWER]
        assert reply.first_seconds is None
        assert (reply.prompt_tokens or 0) > 5


@pytest.mark.parametrize("fault", ["429_soon", "500", "503", "reset_at_once", "refused"])
def test_what_may_go_better_another_time_is_tried_again(tmp_path: Path, transport: str, fault: str) -> None:
    with (
        simulated(tmp_path, script=[ANSWER]) as endpoint,
        client(profile(endpoint.url, transport, f"fault:{fault}*2")) as asked,
    ):
        reply = asked.ask(question(), deadline=soon())

    assert (reply.text, reply.tries) == (ANSWER, 3)


@pytest.mark.parametrize("fault", ["401", "402", "403", "404", "413", "redirect", "429"])
def test_what_will_not_go_better_is_asked_once(endpoint: Endpoint, transport: str, fault: str) -> None:
    with client(profile(endpoint.url, transport, f"fault:{fault}")) as asked, pytest.raises(EndpointError):
        asked.ask(question(), deadline=soon())

    assert len(endpoint.asked()) == 1


def test_an_answer_that_has_begun_is_not_asked_for_again(endpoint: Endpoint, transport: str) -> None:
    pieces: list[str] = []

    with client(profile(endpoint.url, transport, "fault:reset")) as asked, pytest.raises(EndpointError):
        asked.ask(question(), deadline=soon(), on_text=pieces.append)

    assert pieces
    assert len(endpoint.asked()) == 1


def test_a_wait_that_does_not_fit_is_not_waited(endpoint: Endpoint, transport: str) -> None:
    with (
        client(profile(endpoint.url, transport, "fault:429")) as asked,
        pytest.raises(
            EndpointError, match=r"429 .*rate_limit_exceeded.* it asks to wait an hour or more, and .* s are left"
        ),
    ):
        asked.ask(question(), deadline=soon(5))


def test_a_redirect_is_not_followed(tmp_path: Path, transport: str) -> None:
    with simulated(tmp_path / "other") as other:
        elsewhere = other.url.replace("127.0.0.1", "localhost") + "/chat/completions"
        with (
            simulated(tmp_path / "endpoint", elsewhere=elsewhere) as endpoint,
            client(profile(endpoint.url, transport, "fault:redirect")) as asked,
            pytest.raises(EndpointError, match=r"307.*not followed"),
        ):
            asked.ask(question(), deadline=soon())

        assert other.requests() == []


def test_a_question_that_was_cut_is_no_answer(tmp_path: Path, transport: str) -> None:
    """Ollama drops the beginning of what is longer than its context, and says nothing."""
    text = "\n".join(f"value_{number} = compute(left, right)" for number in range(500))
    with (
        simulated(tmp_path, cuts_at=1000) as endpoint,
        client(profile(endpoint.url, transport)) as asked,
        pytest.raises(AnswerError, match=r"read only 1000 tokens .* at least \d{4}"),
    ):
        asked.ask(question(text), deadline=soon())


def test_nothing_is_said_about_keys_and_questions(endpoint: Endpoint, transport: str) -> None:
    for fault, code in (("echoed_key", "401"), ("echoed_prompt", "400"), ("escapes", "400")):
        with (
            client(profile(endpoint.url, transport, f"fault:{fault}")) as asked,
            pytest.raises(EndpointError, match=code) as caught,
        ):
            asked.ask(question("The unmistakable words of a question"), deadline=soon())

        said = str(caught.value)
        assert KEY not in said
        assert "unmistakable" not in said
        assert said.isprintable()
        assert caught.value.__cause__ is None


def test_a_long_question_is_refused_in_the_servers_own_words(tmp_path: Path, transport: str) -> None:
    with (
        simulated(tmp_path, context=100) as endpoint,
        client(profile(endpoint.url, transport)) as asked,
        pytest.raises(EndpointError, match=r"exceed_context_size_error: .* available context size"),
    ):
        asked.ask(question("word " * 200), deadline=soon())


def test_nobody_listens(transport: str) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{held.getsockname()[1]}/v1"

        with (
            client(profile(url, transport)) as asked,
            pytest.raises(EndpointError, match=r"refused; is the model's server running\?"),
        ):
            asked.ask(question(), deadline=soon())


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://models.example.com/v1", "in the clear"),
        ("http://10.0.0.7:8000/v1", "in the clear"),
        ("https://user:word@models.example.com/v1", "a user or a password"),
        ("ftp://models.example.com", "no address"),
        ("models", "no address"),
        ("https://models.example.com:port/v1", "no address"),
        ("https:///v1", "no address"),
        ("https://[::1/v1", "no address"),
        ("https://models.exa\x1bmple.com/v1", "no address"),
    ],
)
def test_addresses_that_are_not_asked(transport: str, url: str, words: str) -> None:
    with pytest.raises(EndpointError, match=words) as caught, client(profile(url, transport)):
        pass

    assert "word@" not in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("key", ["", "two\nlines", "schlüssel"])
def test_a_key_that_no_header_can_carry(transport: str, key: str) -> None:
    with (
        pytest.raises(EndpointError, match="the key of profile 'tested' holds characters"),
        client(profile("https://models.example.com/v1", transport), key=key),
    ):
        pass


def test_a_deadline_that_has_passed_sends_nothing(endpoint: Endpoint, transport: str) -> None:
    with client(profile(endpoint.url, transport)) as asked, pytest.raises(TimeRanOut):
        asked.ask(question(), deadline=Deadline(time.monotonic() - 1))

    assert endpoint.asked() == []


def test_a_secret_keeps_the_question_here(endpoint: Endpoint, transport: str) -> None:
    token = "glpat" + "-" + "x7Kq9Zt2Lm4Vb8Rw1Yc5"

    with (
        client(profile(endpoint.url, transport)) as asked,
        pytest.raises(WithheldError, match="GitLab personal token, 26 characters") as caught,
    ):
        asked.ask(question(f'client = Client("{token}")'), deadline=soon())

    assert token not in str(caught.value)
    assert endpoint.asked() == []


def test_our_own_key_keeps_the_question_here(endpoint: Endpoint, transport: str) -> None:
    with client(profile(endpoint.url, transport)) as asked, pytest.raises(WithheldError, match="own key"):
        asked.ask(question(f"key is {KEY}"), deadline=soon())

    assert endpoint.asked() == []


def test_what_left_is_written_down_without_its_content(endpoint: Endpoint, transport: str, tmp_path: Path) -> None:
    from hashlib import sha256

    log = tmp_path / "state/sent.jsonl"

    with client(profile(endpoint.url, transport), log=log) as asked:
        asked.ask(question("The unmistakable words", files=("src/a.py",)), deadline=soon())

    (line,) = log.read_text().splitlines()
    told, sent = json.loads(line), endpoint.asked()[0].body
    assert told["host"] in endpoint.url
    assert (told["bytes"], told["sha256"]) == (len(sent), sha256(sent).hexdigest())
    assert (told["files"], told["model"]) == (["src/a.py"], "simulated")
    assert "unmistakable" not in line
    assert log.stat().st_mode & 0o777 == 0o600


WAITING = 0.4
SAID = {
    "429_date": "asks to wait an hour or more",
    "empty_choices": "sent no answer",
    "cut": "stopped in the middle",
    "empty": "sent an empty answer",
    "error_in_stream": "broke off with an error: overloaded",
    "endless_json": "sent more than",
    "comment_flood": "sent more than",
    "wire_nan": "NaN is no JSON",
    "wire_duplicate": "a key stands twice",
    "silent": "no answer in time",
    "dripped_headers": "no answer in time",
    "gzip_bomb": "packed answer",
    "html": "'text/html' in place of an answer",
    "no_content": "answered 204",
    "short_body": "peer closed connection",
    "wrong_types": "is no text",
}


@pytest.mark.parametrize("fault", SAID)
def test_a_fault_is_said(endpoint: Endpoint, transport: str, fault: str) -> None:
    """All of them, in time and in bounds, are in test_model_faults; here their words."""
    with (
        client(profile(endpoint.url, transport, f"fault:{fault}")) as asked,
        pytest.raises((EndpointError, AnswerError, TimeRanOut), match=SAID[fault]),
    ):
        asked.ask(question(), deadline=soon(WAITING if "in time" in SAID[fault] else 10))


def test_there_is_no_time_for_another_try(endpoint: Endpoint, transport: str) -> None:
    with (
        client(profile(endpoint.url, transport, "fault:500")) as asked,
        pytest.raises(EndpointError, match=r"answered 500 .*, and there is no time for another try"),
    ):
        asked.ask(question(), deadline=soon(0.3))


def test_warming_opens_a_connection_and_raises_nothing(endpoint: Endpoint, transport: str) -> None:
    with client(profile(endpoint.url, transport)) as asked:
        asked.warm(deadline=soon())
        asked.ask(question(), deadline=soon())
    with client(profile("http://127.0.0.1:9/v1", transport)) as asked:
        asked.warm(deadline=soon())

    assert [request.method for request in endpoint.requests()] == ["HEAD", "POST"]


def test_a_page_that_is_too_long_is_not_read(endpoint: Endpoint, transport: str) -> None:
    with client(profile(endpoint.url, transport)) as asked, pytest.raises(AnswerError, match="more than 10 bytes"):
        asked.get("/models", deadline=soon(), most=10)


def test_a_certificate_of_nobody_is_not_trusted(tmp_path: Path, transport: str) -> None:
    certificate = trustme.CA().issue_cert("localhost")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    cert.write_bytes(b"".join(blob.bytes() for blob in certificate.cert_chain_pems))
    key.write_bytes(certificate.private_key_pem.bytes())

    with (
        simulated(tmp_path / "tls", tls_cert=str(cert), tls_key=str(key)) as started,
        client(profile(started.url.replace("127.0.0.1", "localhost"), transport)) as asked,
        pytest.raises(EndpointError, match=r"cannot be trusted: .* SSL_CERT_FILE names"),
    ):
        asked.ask(question(), deadline=soon())


def test_many_questions_at_once(tmp_path: Path, transport: str) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with (
        simulated(tmp_path, rule="echoes:echoed", also=[_echoes(tmp_path)], slots=4) as endpoint,
        client(profile(endpoint.url, transport)) as asked,
        ThreadPoolExecutor(12) as threads,
    ):
        texts = [f"question number {number}" for number in range(24)]
        replies = list(threads.map(lambda text: asked.ask(question(text), deadline=soon(20)), texts))

    assert [reply.text for reply in replies] == texts


def _echoes(folder: Path) -> Path:
    (folder / "rules").mkdir(parents=True)
    (folder / "rules/echoes.py").write_text("def echoed(body):\n    return body['messages'][-1]['content']\n")
    return folder / "rules"
