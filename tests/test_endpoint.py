"""The simulated endpoint itself: pace, slots, what it tells of itself, rules, scripts, records, faults."""

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from endpoint import HERE, Endpoint, simulated
from endpoint.faults import CHANGES, FAULTS, names
from wire import ANSWER, SHAPE


def sent(endpoint: Endpoint, path: str = "/v1/chat/completions", **body: Any) -> tuple[int, bytes]:
    """Ask with the standard library; return the status and the whole body."""
    parts = urlsplit(endpoint.url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    asked = {"model": "simulated", "messages": [{"role": "user", "content": "Hello there"}]} | body
    connection.request("POST" if body else "GET", path, body=json.dumps(asked) if body else None)
    response = connection.getresponse()
    raw = response.read()
    connection.close()
    return response.status, raw


def events(raw: bytes) -> list[Any]:
    lines = [line.removeprefix(b"data: ") for line in raw.split(b"\n") if line]
    assert lines[-1] == b"[DONE]"
    return [json.loads(line) for line in lines[:-1]]


def test_a_whole_answer(tmp_path: Path) -> None:
    with simulated(tmp_path, script=[ANSWER]) as endpoint:
        status, raw = sent(endpoint, max_tokens=100)

    found = json.loads(raw)
    assert status == 200
    assert found["choices"][0]["message"]["content"] == ANSWER
    assert found["choices"][0]["finish_reason"] == "stop"
    assert found["usage"]["total_tokens"] == found["usage"]["prompt_tokens"] + found["usage"]["completion_tokens"]


def test_a_streamed_answer(tmp_path: Path) -> None:
    with simulated(tmp_path, script=[ANSWER]) as endpoint:
        _, raw = sent(endpoint, stream=True, stream_options={"include_usage": True})

    found = events(raw)
    texts = [one["choices"][0]["delta"].get("content", "") for one in found if one["choices"]]
    assert "".join(texts) == ANSWER
    assert found[-2]["choices"][0]["finish_reason"] == "stop"
    assert found[-1]["usage"]["completion_tokens"] == len([text for text in texts if text])


def test_an_answer_ends_at_the_most_tokens(tmp_path: Path) -> None:
    with simulated(tmp_path, script=[ANSWER]) as endpoint:
        _, raw = sent(endpoint, max_completion_tokens=3)

    assert json.loads(raw)["choices"][0]["finish_reason"] == "length"
    assert json.loads(raw)["usage"]["completion_tokens"] == 3


def test_without_a_rule_the_answer_is_the_smallest_that_fits(tmp_path: Path) -> None:
    form = {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": SHAPE}}
    with simulated(tmp_path) as endpoint:
        _, raw = sent(endpoint, response_format=form)

    assert json.loads(json.loads(raw)["choices"][0]["message"]["content"]) == {"findings": []}


def test_a_script_is_answered_in_turn_and_its_end_again_and_again(tmp_path: Path) -> None:
    script = ["one", {"text": "two", "finish": "length"}, {"text": "three", "fault": "503"}]
    with simulated(tmp_path, script=script) as endpoint:
        answers = [sent(endpoint, max_tokens=9) for _ in range(4)]

    assert [status for status, _ in answers] == [200, 200, 503, 503]
    assert json.loads(answers[1][1])["choices"][0]["finish_reason"] == "length"


def test_a_rule_that_breaks_is_said(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("def rule(body):\n    raise ValueError\n")
    with simulated(tmp_path / "records", rule="broken:rule", also=[tmp_path]) as endpoint:
        status, raw = sent(endpoint, max_tokens=9)

    assert status == 500
    assert b"rule_broke" in raw


def test_it_tells_of_itself_as_llama_cpp_and_vllm_do(tmp_path: Path) -> None:
    with simulated(tmp_path, models=("one", "two"), context=8192, slots=2) as endpoint:
        models = json.loads(sent(endpoint, "/v1/models")[1])
        props = json.loads(sent(endpoint, "/props")[1])
        nothing = sent(endpoint, "/nothing")[0]

    assert [model["id"] for model in models["data"]] == ["one", "two"]
    assert models["data"][0]["max_model_len"] == 8192
    assert props["total_slots"] == 2
    assert props["default_generation_settings"]["n_ctx"] == 4096
    assert nothing == 404


def test_a_key_is_asked_for(tmp_path: Path) -> None:
    with simulated(tmp_path, key="opensesame") as endpoint:
        status, raw = sent(endpoint, max_tokens=9)

    assert status == 401
    assert b"invalid_api_key" in raw


def test_requests_are_recorded_as_they_came(tmp_path: Path) -> None:
    with simulated(tmp_path) as endpoint:
        sent(endpoint, "/v1/models")
        sent(endpoint, max_tokens=9)
        first, second = endpoint.requests()

        assert (first.method, first.path) == ("GET", "/v1/models")
        assert second.json["max_tokens"] == 9
        assert "host" in second.headers
        assert endpoint.asked() == [second]
        assert endpoint.fresh().requests() == []


def test_no_token_comes_before_it_is_due(tmp_path: Path) -> None:
    """The floor: first token, question and answer at their speeds. Whether it is slower is for the bench to say."""
    text = "a " * 100
    with simulated(tmp_path, script=[text], first_seconds=0.1, tokens_in=1000, tokens_out=1000) as endpoint:
        began = time.monotonic()
        _, raw = sent(endpoint, max_tokens=1000)
        seconds = time.monotonic() - began

    usage = json.loads(raw)["usage"]
    assert seconds >= 0.1 + usage["prompt_tokens"] / 1000 + (usage["completion_tokens"] - 1) / 1000


def test_more_questions_than_slots_wait_in_line(tmp_path: Path) -> None:
    with simulated(tmp_path, first_seconds=0.15, slots=2) as endpoint, ThreadPoolExecutor(6) as threads:
        began = time.monotonic()
        list(threads.map(lambda _: sent(endpoint, max_tokens=9), range(6)))

        assert time.monotonic() - began >= 3 * 0.15


def test_there_are_faults_enough_and_each_has_one_meaning() -> None:
    assert len(names()) >= 40
    assert not FAULTS.keys() & CHANGES.keys()


def test_a_fault_of_what_is_said_leaves_the_wire_as_it_is(tmp_path: Path) -> None:
    answer = json.dumps({"hunk": "h1", "findings": [{"title": "a"}]})
    with simulated(tmp_path, script=[answer]) as endpoint:
        answers = {fault: sent(endpoint, model=f"fault:{fault}", stream=True) for fault in CHANGES}

    for fault, (status, raw) in answers.items():
        told = "".join(one["choices"][0]["delta"].get("content", "") for one in events(raw))
        assert status == 200
        assert told != answer or fault == "refusal", fault


def test_it_starts_by_hand_and_says_where_it_listens(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "endpoint", "--tokens-out", "1200"],
        cwd=HERE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        url = json.loads(process.stdout.readline())["url"]
        status, _ = sent(Endpoint(url, tmp_path, process.pid), "/v1/models")
    finally:
        process.kill()
        process.wait()
        process.stdout.close()

    assert status == 200
