"""What leaves: made-up credentials in every place of a question, and the log of what was sent."""

import json
import multiprocessing
from collections.abc import Iterator
from pathlib import Path

import pytest

from credentials import REAL, pem
from endpoint import Endpoint, simulated
from everycommit.errors import WithheldError
from everycommit.model import egress
from everycommit.model.client import Ask, Message
from everycommit.model.egress import Log, scan, state_folder
from everycommit.model.profile import Profile
from wire import SHAPE, client, profile, soon

KEY_BLOCK = pem("OPENSSH PRIVATE KEY")
PLANTED = {**REAL, "private key": KEY_BLOCK}
PLACES = {
    "alone": "{}",
    "a line of a diff": "  12 |+|     client = Client({}, retries=3)",
    "in quotes": "  12 |+|     token = '{}'\n  13 |+|     other = \"{}\"",
    "an address": "  12 |+|     url = f'https://example.org/hook?token={}&x=1'",
    "in JSON": '  12 |+|     {{"token": "{}", "n": 1}}',
    "behind a tab and before a return": "\t{}\r\n",
    "a comment": "# was {}, do not use",
}


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    with simulated(tmp_path_factory.mktemp("endpoint")) as started:
        yield started


def test_there_are_credentials_enough() -> None:
    assert len(PLANTED) >= 55


@pytest.mark.parametrize("transport", ["chat", "sdk"])
def test_no_credential_is_in_what_arrives(endpoint: Endpoint, transport: str) -> None:
    """Each of them in each place of a message, in the system's words, and in a schema."""
    asked = endpoint.fresh()
    refused = 0
    with client(profile(endpoint.url, transport)) as asking:
        for token in PLANTED.values():
            for text in {place.format(*[token] * 2) for place in PLACES.values()}:
                shapes = {"type": "object", "properties": {}, "description": text}
                for ask in (
                    Ask(messages=(Message("user", f"before\n{text}\nafter"),), max_tokens=9),
                    Ask(messages=(Message("system", text), Message("user", "x")), max_tokens=9),
                    Ask(messages=(Message("user", "x"),), max_tokens=9, shape=shapes),
                ):
                    with pytest.raises(WithheldError) as caught:
                        asking.ask(ask, deadline=soon(30))
                    assert token not in str(caught.value)
                    refused += 1

    assert asked.requests() == []
    assert refused >= 55 * 3


@pytest.mark.parametrize("transport", ["chat", "sdk"])
def test_what_was_redacted_or_is_an_example_goes_out(endpoint: Endpoint, transport: str) -> None:
    texts = ("token = '***'", "AKIAIOSFODNN7EXAMPLE", "ghp_" + "x" * 36, "password = 'hunter2'", "https://user:***@db")
    asked = endpoint.fresh()
    with client(profile(endpoint.url, transport)) as asking:
        for text in texts:
            asking.ask(Ask(messages=(Message("user", text),), max_tokens=9), deadline=soon(30))

    assert [request.json["messages"][0]["content"] for request in asked.asked()] == list(texts)


def test_our_own_code_can_be_asked_about() -> None:
    """The last gate must not stop what is no secret: no false alarm in all that we wrote."""
    package = Path(egress.__file__).parent.parent
    texts = [path.read_text() for path in sorted(package.rglob("*.py"))]

    assert sum(text.count("\n") for text in texts) > 10_000
    for text in texts:
        scan(json.dumps({"messages": [{"content": text}]}).encode(), None)


def test_a_key_is_found_in_the_form_its_reader_sees() -> None:
    """Quotes and lines are escaped on the wire, so the words are looked at as well as the bytes."""
    with pytest.raises(WithheldError, match="own key"):
        scan(json.dumps({"a": [{'ke"y\n-of-mine': 1}]}).encode(), 'ke"y\n-of-mine')
    scan(json.dumps({"a": SHAPE}).encode(), 'ke"y')


def test_the_log_is_bounded_and_keeps_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(egress, "_MOST", 4000)
    log = Log(tmp_path / "sent.jsonl")

    for number in range(100):
        log.add(host="models.example", model="m", body=b"x" * number, files=[f"{one}.py" for one in range(60)])

    new, old = (tmp_path / "sent.jsonl").read_text(), (tmp_path / "sent.old.jsonl").read_text()
    assert len(new) <= 4000
    assert len(old) <= 4000
    told = json.loads(new.splitlines()[-1])
    assert told["bytes"] == 99
    assert (len(told["files"]), told["more_files"]) == (50, 10)


def _add(path: Path) -> None:
    for _ in range(60):
        Log(path).add(host="models.example", model="m", body=b"", files=())


def test_several_runs_write_one_log(tmp_path: Path) -> None:
    path = tmp_path / "deep/down/sent.jsonl"
    context = multiprocessing.get_context("spawn")
    running = [context.Process(target=_add, args=(path,)) for _ in range(3)]
    for process in running:
        process.start()
    for process in running:
        process.join()

    lines = path.read_text().splitlines()
    assert len(lines) == 180
    assert all(json.loads(line)["host"] == "models.example" for line in lines)


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    Log(tmp_path / "file/sent.jsonl").add(host="h", model="m", body=b"", files=())
    Log(None).add(host="h", model="m", body=b"", files=())

    assert (tmp_path / "file").read_text() == ""


def test_the_users_folder_of_what_is_remembered() -> None:
    assert state_folder({"XDG_STATE_HOME": "/s", "HOME": "/h"}) == Path("/s/everycommit")
    assert state_folder({"XDG_STATE_HOME": "relative", "HOME": "/h"}) == Path("/h/.local/state/everycommit")
    assert state_folder({}) is None


def test_a_profile_shows_no_key() -> None:
    assert "sk-" not in repr(Profile(name="p", url="https://models.example/v1", model="m"))
