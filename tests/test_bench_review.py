"""bench/review.py over a few real changes: each is judged by the real gate, is kept, and is read once."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from endpoint import Endpoint, simulated
from support import clean_environment

SCRIPT = Path(__file__).parent.parent / "bench/review.py"
LOAD = "def load(items, key):\n    if key not in items:\n        return None\n    return items[key].value\n"
SOUND = "def size(text):\n    return len(text)\n"


def case(name: str, before: str, after: str, *, path: str = "src/app.py", **more: Any) -> Mapping[str, Any]:
    return {"id": name, "path": path, "before": {path: before}, "after": {path: after}, "balanced": False} | more


BUG = case(
    "guard",
    LOAD,
    LOAD.replace("    if key not in items:\n        return None\n", ""),
    kind="bug",
    lines=[[1, 2]],
    category="null",
    visibility="local",
    source={"date": "2025-01-02"},
)
CLEAN = case(
    "clean", SOUND, SOUND.replace("len(text)", "len(text) + 0"), kind="clean", lines=[[2, 2]], category="clean"
)


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    place = tmp_path / "cases.jsonl"
    place.write_text("".join(f"{json.dumps(one)}\n" for one in (BUG, CLEAN)))
    return place


@pytest.fixture(scope="module")
def flagging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    with simulated(tmp_path_factory.mktemp("flagging"), rule="flagging:answer") as endpoint:
        yield endpoint


def bench(cases: Path, *argv: str, env: Mapping[str, str] | None = None, code: int = 0) -> str:
    """Run the bench; return all that it says."""
    environ = clean_environment(cases.parent, EVERYCOMMIT_BENCH=str(cases.parent / "bench"), **(env or {}))
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--cases", str(cases), *argv],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout if not code else done.stderr


def kept(results: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in results.read_text().splitlines()]


def env(endpoint: Endpoint) -> dict[str, str]:
    return {"EVERYCOMMIT_MODEL_URL": endpoint.url, "EVERYCOMMIT_MODEL": "small-8b"}


def row(out: str, name: str) -> list[str]:
    (line,) = (line for line in out.splitlines() if line.startswith(f"| {name} |"))
    return [cell.strip() for cell in line.strip("|").split("|")][1:]


def test_the_static_reader_is_scored_by_place(cases: Path) -> None:
    out = bench(cases, "--reader", "static")

    assert out.startswith("static; 2 of 2 cases read to the end\n")
    assert row(out, "all")[:3] == [
        "1/1 = 1.00 (0.21 to 1.00)",
        "0/1 = 0.00 (0.00 to 0.79)",
        "1/1 = 1.00 (0.21 to 1.00)",
    ]
    assert row(out, "2025 on")[0] == row(out, "category null")[0] == row(out, "visibility local")[0]
    assert row(out, "review/guard-removed") == ["1", "0", "0"]


def test_a_run_that_was_broken_off_goes_on_where_it_was(cases: Path) -> None:
    results = cases.with_name("results.jsonl")
    bench(cases, "--out", str(results))
    first, second = results.read_text().splitlines()
    # Nothing is found by what stands there: were it read again, it would be.
    without = json.dumps(json.loads(first) | {"findings": []})
    results.write_text(f"{without}\n{second[: len(second) // 2]}")

    out = bench(cases, "--out", str(results))

    assert row(out, "all")[0].startswith("0/1")
    assert [one["id"] for one in kept(results)] == ["guard", "clean"]


def test_what_was_not_reviewed_is_asked_again(cases: Path) -> None:
    results = cases.with_name("results.jsonl")
    bench(cases, "--out", str(results))
    first, second = kept(results)
    results.write_text(
        f"{json.dumps(first | {'findings': [], 'open': '0 of 1 hunks: no answer'})}\n{json.dumps(second)}\n"
    )

    out = bench(cases, "--out", str(results))

    assert row(out, "all")[0].startswith("1/1")
    assert [one["id"] for one in kept(results)] == ["guard", "clean", "guard"]


def test_results_of_another_run_are_not_mixed_in(cases: Path, flagging: Endpoint) -> None:
    results = cases.with_name("results.jsonl")
    bench(cases, "--out", str(results))

    said = bench(cases, "--profile", "env", "--out", str(results), code=1, env=env(flagging))

    assert "holds a run of 'static', not of 'model, env'" in said


def test_a_model_is_asked_through_the_whole_review(cases: Path, flagging: Endpoint) -> None:
    results = cases.with_name("results.jsonl")
    out = bench(cases, "--profile", "env", "--samples", "2", "--repeats", "2", "--out", str(results), env=env(flagging))

    assert row(out, "all")[:2] == ["1/1 = 1.00 (0.21 to 1.00)", "1/1 = 1.00 (0.21 to 1.00)"]
    assert "over 2 readings: 0/2 = 0.00 (0.00 to 0.66) verdicts that differ" in out
    # Two samples and a question to the judge for each finding.
    assert all(one["questions"] > 2 and one["tokens_in"] > 1000 for one in kept(results))
    assert {one["reading"] for one in kept(results)} == {0, 1}
    # What a rule sees counts for the model where that says it, too.
    found = [one for read in kept(results) for one in read["findings"]]
    assert all("A model: " in one["hint"] for one in found if one["rule"] == "review/guard-removed")


def test_the_same_model_is_asked_one_plain_question_a_file(cases: Path, flagging: Endpoint) -> None:
    asked = flagging.fresh()
    out = bench(cases, "--profile", "env", "--bare", env=env(flagging))

    assert out.startswith("model, bare, env; 2 of 2 cases read to the end\n")
    texts = [one.json["messages"][0]["content"] for one in asked.asked()]
    assert len(texts) == 2
    assert "    2      return items[key].value" in texts[0]
    assert "      -    if key not in items:" in texts[0]
    assert row(out, "all")[:2] == ["0/1 = 0.00 (0.00 to 0.79)", "1/1 = 1.00 (0.21 to 1.00)"]


def test_what_was_not_reviewed_is_in_no_share(cases: Path) -> None:
    nobody = {"EVERYCOMMIT_MODEL_URL": "http://127.0.0.1:9/v1", "EVERYCOMMIT_MODEL": "small-8b"}
    out = bench(cases, "--profile", "env", env=nobody)

    assert "0 of 2 cases read to the end" in out
    assert "not reviewed, and in no row below: 2" in out
    assert "counted as not found: 0/1 = 0.00" in out
    assert "| all |" not in out


def test_an_unknown_model_is_said_at_once(cases: Path) -> None:
    assert "'nobody': no such model" in bench(cases, "--profile", "nobody", code=1)
    assert "--reader model takes a --profile" in bench(cases, "--reader", "model", code=2)
