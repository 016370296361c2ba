"""Verdicts as text: exactly what was written comes back, or nothing."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everycommit.entries import Entry, read, told, written
from everycommit.result import Finding, GateResult, Outcome
from verdicts import GATES

ODD = Finding(path="src/\udcff\udc80.py", line=3, rule="lint/F401", message="`x\u2028` \x1b[31m 名", hint=None)
RESULT = GateResult(
    gate="lint",
    outcome=Outcome.FAILED,
    findings=(ODD,),
    counts={"files": 2},
    inputs={"target": "c" * 40},
    judged_at=5.5,
)
KEY = "a" * 64


def text_of(result: GateResult) -> tuple[bytes, bytes]:
    found = written(KEY, result)
    assert found is not None
    return found[0].encode("ascii"), found[1].encode("ascii")


def test_odd_paths_and_messages_come_back_exactly() -> None:
    entry = read(KEY, *text_of(RESULT))

    assert entry == Entry(KEY, replace(RESULT, inputs={}), {"target": "c" * 40})


@given(GATES)
def test_whatever_a_gate_can_say_comes_back_or_is_not_kept(result: GateResult) -> None:
    result = replace(result, judged_at=1.0)

    found = written(KEY, result)

    if found is not None:
        entry = read(KEY, found[0].encode(), found[1].encode())
        assert entry is not None
        assert entry.result == replace(result, reused=False, blocks=False, inputs={})


@given(st.integers(0, 10**6), st.integers(1, 255))
def test_no_changed_byte_is_read_as_a_verdict(place: int, flip: int) -> None:
    text, digest = text_of(RESULT)
    whole = bytearray(KEY.encode() + digest + text)
    whole[place % len(whole)] ^= flip

    key, digest, text = bytes(whole[:64]), bytes(whole[64 : 64 + len(digest)]), bytes(whole[64 + len(digest) :])

    assert read(key.decode(errors="replace"), text, digest) is None


def forged(**changes: object) -> Entry | None:
    """Return what is read of an entry with *changes* and a digest that fits."""
    from everycommit.entries import _digest

    content = json.loads(text_of(RESULT)[0])
    for name, value in changes.items():
        table, _, field = name.partition("__")
        if field:
            content[table][field] = value
        else:
            content[table] = value
    text = json.dumps(content)
    return read(KEY, text.encode(), _digest(f"{KEY}\n{text}").encode())


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 2},
        {"key": "b" * 64},
        {"result": []},
        {"inputs": 3},
        {"inputs": {"target": 3}},
        {"result__outcome": "splendid"},
        {"result__findings": [{"path": "a.py"}]},
        {"result__findings": [3]},
        {"result__notes": [3]},
        {"result__counts": {"files": "2"}},
        {"result__gate": None},
        {"result__judged_at": None},
        {"result__blocks": False},
    ],
)
def test_an_entry_of_another_form_is_none(changes: dict[str, object]) -> None:
    assert forged() is not None
    assert forged(**changes) is None


def test_what_json_would_change_is_not_kept() -> None:
    """Two lone surrogates in a row become one character; a float may be none of JSON's."""
    assert written(KEY, replace(RESULT, summary="\ud83d\ude00")) is None
    assert written(KEY, replace(RESULT, seconds=float("nan"))) is None


def test_long_inputs_are_kept_as_digests() -> None:
    assert told({"a": "short", "b": "long" * 50})["a"] == "short"
    assert told({"b": "long" * 50})["b"].startswith("sha256:")
    assert told({"b": "long" * 50}) != told({"b": "long" * 51})
