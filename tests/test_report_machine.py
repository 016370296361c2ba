"""The machine format, key by key."""

import base64
import json
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from everycommit import __version__
from everycommit.report.machine import render
from everycommit.report.read import read as read_back
from everycommit.result import Verdict, exit_code, stamped
from everycommit.shards import Part, Sharded
from verdicts import (
    FAILED_TEST,
    FOUND,
    JUDGED,
    POLICY,
    TESTS_FAILED,
    TWO,
    TYPE_ERROR,
    TYPES_FAILED,
    UNUSED,
    VERDICTS,
    change,
    file,
    gate,
    verdict,
)

OUTCOMES = {"passed", "failed", "inconclusive", "deferred", "skipped"}
TEXT, NUMBER, FLAG = (str,), (int,), (bool,)
MAYBE_TEXT, MAYBE_NUMBER, MAYBE_SECONDS = (str, type(None)), (int, type(None)), (float, int, type(None))

Shape = dict[str, Any]
FILE: Shape = {
    "path": TEXT,
    "path_bytes": MAYBE_TEXT,
    "old_path": MAYBE_TEXT,
    "old_path_bytes": MAYBE_TEXT,
    "status": TEXT,
    "old_mode": TEXT,
    "mode": TEXT,
    "added": NUMBER,
    "removed": NUMBER,
    "binary": FLAG,
}
FINDING: Shape = {
    "path": MAYBE_TEXT,
    "path_bytes": MAYBE_TEXT,
    "line": MAYBE_NUMBER,
    "end_line": MAYBE_NUMBER,
    "column": MAYBE_NUMBER,
    "rule": TEXT,
    "severity": TEXT,
    "new": FLAG,
    "message": TEXT,
    "source": TEXT,
    "hint": MAYBE_TEXT,
    "fingerprint": TEXT,
}
GATE: Shape = {
    "gate": TEXT,
    "project": TEXT,
    "outcome": TEXT,
    "blocks": FLAG,
    "reason": MAYBE_TEXT,
    "summary": TEXT,
    "seconds": (float,),
    "reused": FLAG,
    "judged_at": MAYBE_SECONDS,
    "tool": MAYBE_TEXT,
    "counts": (dict,),
    "older": NUMBER,
    "findings": [FINDING],
    "repair": [TEXT],
    "notes": [TEXT],
    "part": (dict, type(None)),
    "explained": (dict, type(None)),
}
USED: Shape = {
    "profile": TEXT,
    "model": TEXT,
    "role": TEXT,
    "questions": NUMBER,
    "failed": NUMBER,
    "tokens_in": NUMBER,
    "cached": NUMBER,
    "tokens_out": NUMBER,
    "seconds": (float,),
    "cost": MAYBE_SECONDS,
}
CHANGE: Shape = {
    "base": TEXT,
    "target": TEXT,
    "parents": [TEXT],
    "added": NUMBER,
    "removed": NUMBER,
    "files": [FILE],
    "landing": (list, type(None)),
}
VERDICT: Shape = {
    "occasion": TEXT,
    "ref": MAYBE_TEXT,
    "base_commit": MAYBE_TEXT,
    "target_commit": MAYBE_TEXT,
    "outcome": TEXT,
    "blocks": FLAG,
    "seconds": (float,),
    "notes": [TEXT],
    "shard": (dict, type(None)),
    "change": CHANGE,
    "gates": [GATE],
    "models": [USED],
}
WHOLE: Shape = {"version": NUMBER, "tool": TEXT, "exit": NUMBER, "verdicts": [VERDICT]}

FIRST = {
    "": {"version", "tool", "exit", "verdicts"},
    "verdict": {"occasion", "ref", "base_commit", "target_commit", "outcome", "blocks", "seconds", "change", "gates"},
    "change": {"base", "target", "added", "removed", "files"},
    "file": {"path", "path_bytes", "old_path", "status", "old_mode", "mode", "added", "removed", "binary"},
    "gate": {
        "gate", "project", "outcome", "blocks", "reason", "seconds", "reused", "tool", "counts", "findings",
    },
    "finding": {"path", "line", "end_line", "column", "rule", "severity", "new", "message", "fingerprint"},
}  # fmt: skip
"""Keys of version 1 on the day that it was promised: none may go."""


def read(*verdicts: Verdict, code: int = 0) -> Any:
    return json.loads(render(verdicts, exit=code))


def check(value: Any, shape: Any, at: str = "") -> None:
    """Hold *value* against *shape*: the keys, their order, and the type of each."""
    if isinstance(shape, dict):
        assert list(value) == list(shape), at
        for key, inner in shape.items():
            check(value[key], inner, f"{at}.{key}")
    elif isinstance(shape, list):
        assert type(value) is list, at
        for item in value:
            check(item, shape[0], f"{at}[]")
    else:
        assert type(value) in shape, f"{at}: {value!r}"


def refused() -> Verdict:
    tests = replace(TESTS_FAILED, tool="pytest 9.0.3", counts={"selected": 14, "total": 312})
    return verdict(
        TWO,
        POLICY,
        replace(TYPES_FAILED, findings=stamped([TYPE_ERROR, replace(UNUSED, new=False)])),
        tests,
        seconds=2.4142,
        used=(FOUND, JUDGED),
    )


def test_the_shape_is_the_one_that_was_promised() -> None:
    whole = read(refused(), code=1)

    check(whole, WHOLE)
    assert (whole["version"], whole["tool"], whole["exit"]) == (1, f"everycommit {__version__}", 1)


def test_no_key_of_version_1_is_lost() -> None:
    for name, shape in {
        "": WHOLE,
        "verdict": VERDICT,
        "change": CHANGE,
        "file": FILE,
        "gate": GATE,
        "finding": FINDING,
    }.items():
        assert FIRST[name] <= set(shape)


def test_the_page_describes_every_key_and_no_other() -> None:
    page = (Path(__file__).parent.parent / "docs/json.md").read_text(encoding="utf-8")
    described = {
        key for row in re.findall(r"^\| (`[^|]*) \|", page, re.MULTILINE) for key in re.findall(r"`(\w+)`", row)
    }

    part = dict.fromkeys(Part._fields)
    told = dict.fromkeys(["where", "python", "all", "reached"])
    shapes: list[dict[str, Any]] = [WHOLE, VERDICT, CHANGE, FILE, GATE, FINDING, USED, part, told]
    assert described == {key for shape in shapes for key in shape}


def test_values_are_the_verdicts_own() -> None:
    (judged,) = read(refused(), code=1)["verdicts"]

    policy, types, tests = judged["gates"]
    assert (judged["outcome"], judged["blocks"], judged["seconds"]) == ("failed", True, 2.414)
    assert (judged["change"]["added"], judged["change"]["removed"]) == (14, 3)
    assert [item["path"] for item in judged["change"]["files"]] == ["shop/prices.py", "tests/test_prices.py"]
    assert (policy["outcome"], policy["findings"], policy["seconds"]) == ("passed", [], 0.01)
    assert [(item["new"], item["line"], item["column"]) for item in types["findings"]] == [
        (True, 42, 12),
        (False, 3, 8),
    ]
    assert types["older"] == 1
    assert types["findings"][0]["fingerprint"] == stamped([TYPE_ERROR])[0].fingerprint
    assert (tests["tool"], tests["counts"]) == ("pytest 9.0.3", {"selected": 14, "total": 312})
    assert tests["findings"][0]["message"] == FAILED_TEST.message


def test_each_model_says_what_it_did() -> None:
    found, judged = read(refused(), code=1)["verdicts"][0]["models"]

    assert found == {
        "profile": "fast",
        "model": "small-8b",
        "role": "finder",
        "questions": 12,
        "failed": 1,
        "tokens_in": 41200,
        "cached": 9000,
        "tokens_out": 3100,
        "seconds": 1.14,
        "cost": 0.0213,
    }
    assert (judged["role"], judged["cost"]) == ("judge", None)


def test_a_merge_lists_what_arrives() -> None:
    by_hand, arriving = file("a.py", 1), file("b.py", 2)

    merged, plain = read(
        verdict(change(by_hand, landing=(by_hand, arriving)), POLICY), verdict(change(by_hand), POLICY)
    )["verdicts"]

    assert [item["path"] for item in merged["change"]["landing"]] == ["a.py", "b.py"]
    assert plain["change"]["landing"] is None


def test_a_path_that_is_not_utf_8_has_its_bytes() -> None:
    raw = b"caf\xe9/\xe5\x90\x8d.py"
    path = os.fsdecode(raw)
    renamed = file("new.py", status="R", old_path=path)
    lint = gate("lint", "failed", findings=(replace(UNUSED, path=path, message=f"{path} is odd"),))

    (judged,) = read(verdict(change(file(path), renamed), lint))["verdicts"]

    odd, moved = judged["change"]["files"]
    assert odd["path"] == "caf\ufffd/名.py"
    assert base64.b64decode(odd["path_bytes"]) == raw
    assert (moved["path_bytes"], base64.b64decode(moved["old_path_bytes"])) == (None, raw)
    (finding,) = judged["gates"][0]["findings"]
    assert base64.b64decode(finding["path_bytes"]) == raw
    assert finding["message"] == "caf\ufffd/名.py is odd"


def test_a_path_in_another_script_is_exact() -> None:
    (judged,) = read(verdict(change(file("名.py")), POLICY))["verdicts"]

    assert (judged["change"]["files"][0]["path"], judged["change"]["files"][0]["path_bytes"]) == ("名.py", None)


def test_a_path_that_no_bytes_decode_to_is_still_valid() -> None:
    (judged,) = read(verdict(change(file("a\ud800")), POLICY))["verdicts"]

    assert (judged["change"]["files"][0]["path"], judged["change"]["files"][0]["path_bytes"]) == ("a\ufffd", None)


def test_one_line_of_ascii() -> None:
    text = render([verdict(change(file("名\n.py")), POLICY)], exit=0)

    assert text.isascii()
    assert text.count("\n") == 1
    assert text.endswith("}\n")


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(VERDICTS, max_size=3))
def test_any_verdict_is_valid_and_keeps_its_shape(verdicts: list[Verdict]) -> None:
    text = render(verdicts, exit=0)

    whole = json.loads(text)
    check(whole, WHOLE)
    assert not re.search("[\ud800-\udfff]", json.dumps(whole, ensure_ascii=False))
    assert {item["outcome"] for item in whole["verdicts"]} <= OUTCOMES


PARTS = st.none() | st.builds(
    Part,
    by=st.none() | st.integers(1, 9),
    all=st.integers(0, 99),
    own=st.integers(0, 99),
    all_sum=st.just("0" * 64),
    own_sum=st.just("f" * 64),
    why=st.text(st.characters(codec="utf-8")),
    seconds=st.dictionaries(st.text(st.characters(codec="utf-8")), st.floats(0, 1e5)),
)
SHARDED = st.none() | st.builds(
    Sharded, number=st.integers(1, 9), of=st.integers(1, 9), settings=st.just("a"), durations=st.just("")
)


@given(st.lists(VERDICTS, max_size=3), PARTS, SHARDED)
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_what_is_read_back_is_written_the_same(verdicts: list[Verdict], part: Part | None, of: Sharded | None) -> None:
    verdicts = [replace(one, shard=of, gates=tuple(replace(gate, part=part) for gate in one.gates)) for one in verdicts]
    text = render(verdicts, exit=exit_code(verdicts))

    tool, back = read_back(text.encode())

    assert tool == f"everycommit {__version__}"
    assert render(back, exit=exit_code(back)) == text


@pytest.mark.parametrize(
    "text",
    [b"", b"[]", b"{}", b"\xff", b'{"version": 2}', b'{"version": 1, "tool": "x", "verdicts": [1]}', b"[" * 99999],
)
def test_what_no_run_wrote_is_no_result(text: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        read_back(text)
