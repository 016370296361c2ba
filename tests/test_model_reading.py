"""Events, JSON and answers as they come off the wire, cut in any place; a server's words; the least of tokens."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everycommit.errors import AnswerError
from everycommit.model.events import LONGEST_EVENT, events, parsed
from everycommit.model.pipe import ask_of, ask_told, profile_of, profile_told, reply_of, reply_told
from everycommit.model.profile import Key, Profile, Speed
from everycommit.model.reading import ErrorSent, Reading, least_tokens, longest_text
from everycommit.model.told import error_body, question, word
from wire import SHAPE
from wire import question as asking


@given(
    st.lists(st.text(alphabet="a\u6f22\x1f {}", max_size=9), max_size=6),
    st.integers(1, 7),
    st.sampled_from(["\n", "\r\n"]),
)
def test_events_are_the_same_however_they_are_cut(data: list[str], size: int, end: str) -> None:
    text = "".join(f": comment{end}event: x{end}data: {one}{end}{end}" for one in data).encode()
    pieces = [text[place : place + size] for place in range(0, len(text), size)]

    assert list(events(pieces)) == [one.encode() for one in data]


def test_data_of_several_lines_and_without_an_end() -> None:
    assert list(events([b"data: a\ndata:b\n\n\n\ndata: c\n"])) == [b"a\nb", b"c"]


def test_an_event_of_many_lines_is_bounded_too() -> None:
    with pytest.raises(AnswerError, match=str(LONGEST_EVENT)):
        list(events([b"data: " + b"a" * 1000 + b"\n"] * 2000))


@pytest.mark.parametrize("raw", [b"[]", b"1", b"null", b'"a"'])
def test_json_that_is_no_object_is_none(raw: bytes) -> None:
    with pytest.raises(AnswerError, match="no JSON object"):
        parsed(raw)


def reading(**more: Any) -> Reading:
    return Reading(asking(**more), None, began=0.0)


def chunk(finish: str | None = None, **delta: Any) -> dict[str, Any]:
    return {"choices": [{"delta": delta, "finish_reason": finish}]}


@pytest.mark.parametrize(
    ("usage", "prompt", "cached"),
    [
        ({"prompt_tokens": 90, "prompt_tokens_details": {"cached_tokens": 80}}, 90, 80),
        ({"prompt_tokens": 90, "prompt_tokens_details": None}, 90, None),
        ({"prompt_tokens": 0}, None, None),
        ({"prompt_tokens": True}, None, None),
        ({"prompt_tokens": -3}, None, None),
        ({"prompt_tokens": "90"}, None, None),
        ([], None, None),
    ],
)
def test_counts_are_taken_where_they_are_counts(usage: Any, prompt: int | None, cached: int | None) -> None:
    taken = reading()
    taken.take(chunk("stop", content="a") | {"usage": usage}, "delta")

    reply = taken.reply(rung="text", tries=1)

    assert (reply.prompt_tokens, reply.cached_tokens) == (prompt, cached)


def test_thoughts_are_no_text_but_the_first_token() -> None:
    taken = reading()
    taken.take(chunk(reasoning_content="hm"), "delta")
    assert taken.begun
    taken.take(chunk("stop", content="a"), "delta")

    assert taken.reply(rung="text", tries=1).text == "a"


def test_what_is_cached_counts_as_read() -> None:
    """Some servers count only what they read anew."""
    taken = reading(text="word " * 200)
    usage = {"prompt_tokens": 20, "prompt_tokens_details": {"cached_tokens": 190}}
    taken.take(chunk("stop", content="a") | {"usage": usage}, "delta")

    assert taken.reply(rung="text", tries=1).prompt_tokens == 20


def test_an_answer_ends_where_its_stream_does() -> None:
    taken = reading()
    taken.stream([b'data: {"choices": [{"delta": {"content": "a"}}]}\n\n', b"data: [DONE]\n\n", b"data: not read\n\n"])

    assert taken.reply(rung="text", tries=1).finish == "stop"


@pytest.mark.parametrize(
    "found",
    [{"choices": {}}, {"choices": [7]}, {"model": 3, "choices": []}, {"choices": [{"finish_reason": 1}]}],
)
def test_what_is_no_answer(found: dict[str, Any]) -> None:
    with pytest.raises(AnswerError):
        reading().take(found, "delta")


def test_more_than_was_allowed_is_no_answer() -> None:
    taken = reading()
    with pytest.raises(AnswerError, match="more than the 500 tokens"):
        taken.take(chunk(content="a" * (longest_text(asking()) + 1)), "delta")


def test_an_error_in_place_of_an_answer() -> None:
    with pytest.raises(ErrorSent):
        reading().take({"error": {"message": "broke"}}, "delta")


@pytest.mark.parametrize(
    ("text", "most"),
    [
        *[("", 0), ("return value", 2), ("=" * 500, 1), (" " * 500 + "x", 1), ("漢字" * 10, 2), ("a1b2", 4)],
        *[("_name(other)", 3), ("don't", 1), ("a.b.c", 3), ("f(x)\n", 3), ("123456789", 1)],
    ],
)
def test_the_least_tokens_of_a_text_are_not_many(text: str, most: int) -> None:
    assert least_tokens([text]) <= most


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({"error": {"message": "Slow down.", "code": "rate_limit"}}, "rate_limit: Slow down"),
        ({"error": "no such model"}, "no such model"),
        ({"detail": "Not Found"}, "Not Found"),
        ({"error": {"code": 500, "type": "server_error", "message": None}}, "server_error"),
        ({"error": {"code": "a b c", "message": "x\n\n  y\x1b[2J"}}, "x y\\x1b[2J"),
        ({"error": {"message": "the words of a question are here"}}, ""),
        ({"error": {"message": "your key-1234 is wrong", "code": "key-1234"}}, ""),
        ({"error": {"message": "connect to postgres://app:q7Xw2" + "Rt9ZkLm4Vb8@db.internal/x"}}, "connect to postgres://app:***@db.internal/x"),
        ({"error": {"message": "a" * 500}}, "a" * 160),
        ([], ""),
        (None, ""),
        ({"error": 7}, ""),
    ],
)  # fmt: skip
def test_a_servers_word(found: Any, said: str) -> None:
    asked = question(["These are the words of a question that is", "asked"])

    assert word(found, question=asked, key="key-1234") == said


def test_what_is_no_json_says_nothing() -> None:
    assert error_body(b"<html>") is None
    assert error_body(b"[" * 100_000) is None
    assert error_body(b'{"a": 1}') == {"a": 1}


def test_what_goes_through_the_pipe_comes_out_the_same() -> None:
    speed = Speed(first_seconds=0.1, tokens_in=10.5, tokens_out=3.0)
    for who in (
        Profile(name="p", url="https://models.example/v1", model="m", key=Key(kind="command", name="a b"), speed=speed),
        Profile(name="p", url="https://models.example/v1", model="m"),
    ):
        assert profile_of(json.loads(json.dumps(profile_told(who)))) == who
    asked = asking("漢字 \udce9", shape=SHAPE, files=("a", "b"), temperature=0.5)
    assert ask_of(json.loads(json.dumps(ask_told(asked)))) == asked
    taken = reading()
    taken.take(chunk("stop", content="\ud800"), "delta")
    reply = taken.reply(rung="text", tries=1)
    assert reply_of(json.loads(json.dumps(reply_told(reply)))) == reply
