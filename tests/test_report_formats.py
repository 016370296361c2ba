"""The forms for other readers: each read by what reads it for real, or by its description."""

import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import junitparser
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from everycommit.report import github, gitlab, markdown, sarif
from everycommit.report.formats import FORMATS, rendered
from everycommit.report.style import PLAIN
from everycommit.result import NOTE, WARNING, Finding, Verdict, exit_code
from support import Repo
from verdicts import (
    POLICY,
    REVIEW_WARNED,
    TESTS_FAILED,
    THREE,
    TWO,
    TYPE_ERROR,
    TYPES_FAILED,
    VERDICTS,
    change,
    file,
    gate,
    verdict,
)

REFUSED = verdict(THREE, POLICY, TYPES_FAILED, TESTS_FAILED, REVIEW_WARNED)
DOUBTED = verdict(TWO, POLICY, gate("types", "inconclusive", reason="mypy broke", blocks=True))
MACHINES = [name for name in FORMATS if name not in {"text", "concise", "markdown"}]


def written(name: str, *verdicts: Verdict) -> str:
    return rendered(name, verdicts, exit=exit_code(verdicts), style=PLAIN, repeat="everycommit run")


def commands(text: str) -> list[tuple[str, dict[str, str], str]]:
    """Read workflow commands as GitHub's runner does."""
    out = []
    for line in text.removesuffix("\n").split("\n") if text else ():
        level, words, data = re.fullmatch(r"::(\w+) ?([^:]*)::(.*)", line).groups()  # type: ignore[union-attr]
        properties = dict(word.split("=", 1) for word in words.split(",") if word)
        plain = {name: _decoded(value) for name, value in properties.items()}
        out.append((level, plain, _decoded(data)))
    return out


def _decoded(text: str) -> str:
    for code, sign in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, sign)
    return text


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_names_what_refuses(name: str) -> None:
    text = written(name, REFUSED)

    assert "types/arg-type" in text.replace("\\", "")
    assert "test_order" in text.replace("\\", "")


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in {"json", "json-lines", "text"}])
def test_what_was_not_verified_is_in_every_format(name: str) -> None:
    """A reader that shows findings alone would take silence for a pass."""
    text = written(name, DOUBTED)

    assert "types/not-verified" in text
    assert "mypy broke" in text


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(verdicts=st.lists(VERDICTS, max_size=3), name=st.sampled_from(FORMATS))
def test_whatever_a_verdict_holds_each_format_carries(verdicts: Sequence[Verdict], name: str) -> None:
    text = written(name, *verdicts)

    raw = text.encode("utf-8")
    if name in {"json", "sarif", "gitlab", "rdjson"}:
        json.loads(raw)
    elif name == "json-lines":
        assert [json.loads(line)["type"] for line in text.splitlines()][-1] == "end"
    elif name == "junit":
        ET.fromstring(raw)  # noqa: S314 - our own
    elif name == "github":
        commands(text)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(verdicts=st.lists(VERDICTS, max_size=3))
def test_what_gitlab_takes_has_its_keys_and_no_fingerprint_twice(verdicts: Sequence[Verdict]) -> None:
    issues = json.loads(gitlab.render(verdicts, exit=0))

    names = [issue["fingerprint"] for issue in issues]
    assert len(set(names)) == len(names)
    for issue in issues:
        assert set(issue) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert issue["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert isinstance(issue["location"]["path"], str)
        assert issue["location"]["lines"]["begin"] >= 1


def test_github_gets_ten_of_a_level_and_the_rest_as_a_number() -> None:
    many = tuple(replace(TYPE_ERROR, line=number) for number in range(1, 31))
    noted = tuple(Finding(path="a.py", line=1, rule="lint/X", severity=NOTE, message="m") for _ in range(20))
    told = commands(github.render([verdict(TWO, replace(TYPES_FAILED, findings=many + noted))], exit=1))

    levels = [level for level, _, _ in told]
    assert (levels.count("error"), levels.count("notice")) == (10, 10)
    assert told[-1][2] == "31 more findings not shown here: GitHub shows 10 of a level"


def test_github_reads_back_every_sign_that_has_a_meaning_there() -> None:
    odd = Finding(path="a,b:c%.py", line=3, rule="lint/F401", message="50% of\r\nit: a, b")

    (told,) = commands(github.render([verdict(TWO, gate("lint", "failed", blocks=True, findings=(odd,)))], exit=1))

    assert told == (
        "error",
        {"title": "everycommit lint/F401", "file": "a,b:c%.py", "line": "3"},
        "50% of\r\nit: a, b",
    )


def test_sarif_counts_what_its_reader_would_drop_and_says_what_was_not_verified() -> None:
    many = tuple(replace(TYPE_ERROR, line=number) for number in range(1, 5103))
    doubt = gate("lint", "inconclusive", reason="ruff broke")

    run = json.loads(sarif.render([verdict(TWO, replace(TYPES_FAILED, findings=many), doubt)], exit=1))["runs"][0]

    told = [one["message"]["text"] for one in run["invocations"][0]["toolExecutionNotifications"]]
    assert len(run["results"]) == 5000
    assert told == ["lint could not be verified: ruff broke", "103 more findings, not listed"]
    assert not run["invocations"][0]["executionSuccessful"]


def test_sarif_has_relative_uris_of_the_true_bytes() -> None:
    names = ["src/a b.py", "x:y.py", "caf\udce9.py", "/odd"]
    findings = tuple(replace(TYPE_ERROR, path=name) for name in names)

    run = json.loads(sarif.render([verdict(TWO, replace(TYPES_FAILED, findings=findings))], exit=1))["runs"][0]

    uris = [one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in run["results"]]
    assert sorted(uris) == ["./%2Fodd".replace("%2F", "/"), "./x%3Ay.py", "caf%E9.py", "src/a%20b.py"]


def test_junit_is_read_by_a_reader_of_junit() -> None:
    read = junitparser.JUnitXml.fromstring(written("junit", REFUSED, DOUBTED).encode())

    assert (read.failures, read.errors) == (2, 1)
    suites = {suite.name: suite for suite in read if isinstance(suite, junitparser.TestSuite)}
    (case,) = suites["tests"]
    assert case.name == "tests/test_nav.py:18 tests/failed"
    assert case.result[0].message.startswith("test_order")


def test_rdjson_has_the_keys_of_its_description() -> None:
    told: dict[str, Any] = json.loads(written("rdjson", REFUSED))

    first = told["diagnostics"][0]
    assert told["source"]["name"] == "everycommit"
    assert first["location"] == {"path": "src/nav.py", "range": {"start": {"line": 42, "column": 12}}}
    assert (first["severity"], first["code"]["value"]) == ("ERROR", "types/arg-type")


def test_markdown_lets_nothing_of_a_message_become_markup() -> None:
    odd = Finding(path="a`|.py", line=1, rule="lint/X", severity=WARNING, message="[x](y) | @all <b> #1\nmore")

    text = markdown.render([verdict(TWO, gate("lint", findings=(odd,)))], exit=0)

    assert r"\[x\](y) \| \@all \<b\> \#1 (1 more line)" in text
    assert "`a'¦.py:1`" in text


def test_markdown_stays_below_the_limit_of_a_summary() -> None:
    many = tuple(replace(TYPE_ERROR, line=number, message="m" * 1000) for number in range(1, 1500))

    text = markdown.render([verdict(TWO, replace(TYPES_FAILED, findings=many))], exit=1)

    assert len(text) < 1_000_000
    assert re.search(r"\n[\d,]+ more findings not shown\.\n$", text)


def test_older_findings_are_counted_not_listed() -> None:
    old = replace(TYPE_ERROR, new=False)

    text = written("concise", verdict(change(file("a.py", 1)), gate("types", findings=(old,))))

    assert text == "passed: 0 findings, 1 older one not shown; exit 0\n"


@pytest.mark.slow
def test_microsofts_own_validator_takes_our_sarif(tmp_path: Path) -> None:
    if shutil.which("npm") is None:
        pytest.skip("no npm here")
    argv = ["npm", "install", "--silent", "--no-audit", "--no-fund", "@microsoft/sarif-multitool-linux@5.7.0"]
    if subprocess.run(argv, cwd=tmp_path, capture_output=True, check=False, timeout=240).returncode:
        pytest.skip("the npm registry does not answer")
    tool = tmp_path / "node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool"
    tool.chmod(0o755)
    (tmp_path / "ours.sarif").write_text(written("sarif", REFUSED, DOUBTED, verdict(change(), gate("lint"))))

    argv = [str(tool), "validate", "ours.sarif", "--output", "told.sarif", "--level", "Error", "--quiet", "true"]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)

    results = json.loads((tmp_path / "told.sarif").read_text(encoding="utf-8-sig"))["runs"][0]["results"]
    assert not [one["message"] for one in results if one.get("level", "error") == "error"], done.stdout


def linted(repo: Repo) -> Repo:
    repo.stage("a.py", "A = 1\n").commit()
    return repo.stage("a.py", "import os\n")


def test_several_formats_are_written_at_once(repo: Repo, tmp_path: Path) -> None:
    place = tmp_path / "out.sarif"

    done = linted(repo).everycommit("run", "lint", "--output", f"sarif={place}", "--output", "github=-")

    assert done.returncode == 1
    assert done.stdout.startswith("::error title=everycommit lint/")
    assert json.loads(place.read_text())["version"] == "2.1.0"
    assert [path.name for path in tmp_path.iterdir() if "out" in path.name] == ["out.sarif"]


@pytest.mark.parametrize(
    ("argv", "word"),
    [
        (["--output", "sarif"], "give FORMAT=FILE"),
        (["--output", "sarfi=x"], "did you mean 'sarif'?"),
        (["--output", "sarif=gone/x"], "make it first"),
        (["--output", "sarif=."], "is a folder"),
        (["--output", "sarif=-", "--format", "json"], "standard output can have one format, not json and sarif"),
    ],
)
def test_a_place_that_cannot_be_written_is_said_before_anything_is_judged(
    repo: Repo, argv: list[str], word: str
) -> None:
    done = linted(repo).everycommit("run", "lint", *argv)

    assert done.returncode == 2
    assert word in done.stderr
    assert not done.stdout


def test_a_device_is_written_to_and_never_replaced(repo: Repo) -> None:
    done = linted(repo).everycommit("run", "lint", "--output", "concise=/dev/stderr", "--format", "json")

    assert "a.py:1:8: error lint/" in done.stderr
    assert json.loads(done.stdout)["exit"] == 1


def test_in_a_github_job_nothing_that_a_tool_says_is_a_command(repo: Repo) -> None:
    done = linted(repo).everycommit("run", "lint", GITHUB_ACTIONS="true")

    first, *_, last = done.stdout.splitlines()
    token = first.removeprefix("::stop-commands::")
    assert len(token) == 32
    assert last == f"::{token}::"
