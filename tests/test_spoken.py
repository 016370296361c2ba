"""What tools write, read back: recorded words of real ones, our own reports, and input that means harm."""

import json
from typing import Any

import pytest

from everycommit.config.schema import COMMAND_FORMATS
from everycommit.gates.spoken.formats import _READERS, TEXT, read
from everycommit.gates.spoken.said import LONGEST, MOST, Said, UnreadableError, number, rule, severity
from everycommit.report.formats import rendered
from everycommit.report.style import PLAIN
from everycommit.result import Finding, GateResult, Outcome, Verdict
from given import change, changed

# eslint 9.39, one line.
ESLINT = (
    '[{"filePath":"/snap/src/add.js","messages":[{"ruleId":"no-unused-vars","severity":2,"message":"\'unused\' is '
    'assigned a value but never used.","line":2,"column":11,"nodeType":"Identifier","endLine":2,"endColumn":17},'
    '{"ruleId":null,"fatal":true,"severity":1,"message":"odd"}],"errorCount":1}]'
)
# vitest 3.2.
VITEST = """<?xml version="1.0" encoding="UTF-8" ?>
<testsuites name="vitest tests" tests="2" failures="1" errors="0" time="0.01">
    <testsuite name="src/add.test.js" tests="2" failures="1" errors="0" skipped="0" time="0.01">
        <testcase classname="src/add.test.js" name="is fine" time="0.01"></testcase>
        <testcase classname="src/add.test.js" name="adds" time="0.01">
            <failure message="expected 2 to be 3 // Object.is equality" type="AssertionError">
AssertionError: expected 2 to be 3 // Object.is equality

 \u276f src/add.test.js:3:40
            </failure>
        </testcase>
    </testsuite>
</testsuites>"""
# shellcheck 0.11.
SHELLCHECK = """<?xml version='1.0' encoding='UTF-8'?>
<checkstyle version='4.3'>
<file name='tool.sh' >
<error line='2' column='6' severity='info' message='Double quote to prevent globbing.' source='ShellCheck.SC2086' />
</file>
</checkstyle>"""
# tsc 5.9, gcc 12, mypy 1.18, go vet 1.23, flake8 7, a path with a space, and lines that are nobody's.
LINES = """\
src/t.ts(1,14): error TS2322: Type 'string' is not assignable to type 'number'.
a.c:3:7: warning: unused variable 'x' [-Wunused-variable]
src/a.py:4: error: Incompatible types in assignment  [assignment]
./main.go:9:2: unreachable code
a.py:1:1: F401 'os' imported but unused
my file.md:7 note: trailing space (MD009)
Found 2 errors in 1 file.
    at Object.<anonymous> (/x/y.js:3:1)
http://example.com/page: 404
"""


def test_the_names_are_those_of_the_settings() -> None:
    assert (TEXT, *_READERS) == COMMAND_FORMATS


def test_eslint() -> None:
    assert read("eslint", ESLINT.encode()) == [
        Said("/snap/src/add.js", 2, "'unused' is assigned a value but never used.", 11, "error", "no-unused-vars"),
        Said("/snap/src/add.js", None, "odd", None, "warning", ""),
    ]


def test_junit_of_vitest_and_of_pytest() -> None:
    ours = '<testsuite name="pytest"><testcase classname="t.A" name="test_a" file="t.py" line="4"><error message="no"/>'

    assert read("junit", VITEST.encode()) == [
        Said(
            "src/add.test.js",
            3,
            "src/add.test.js adds: expected 2 to be 3 // Object.is equality",
            None,
            "error",
            "failure",
        )
    ]
    assert read("junit", f"{ours}</testcase></testsuite>".encode()) == [
        Said("t.py", 4, "t.A test_a: no", None, "error", "error")
    ]


def test_checkstyle_of_shellcheck() -> None:
    assert read("checkstyle", SHELLCHECK.encode()) == [
        Said("tool.sh", 2, "Double quote to prevent globbing.", 6, "note", "ShellCheck.SC2086")
    ]


def test_lines_of_compilers_and_linters() -> None:
    assert read("lines", LINES.encode()) == [
        Said("src/t.ts", 1, "Type 'string' is not assignable to type 'number'.", 14, "error", "TS2322"),
        Said("a.c", 3, "unused variable 'x'", 7, "warning", "-Wunused-variable".strip("-")),
        Said("src/a.py", 4, "Incompatible types in assignment", None, "error", "assignment"),
        Said("./main.go", 9, "unreachable code", 2, None, ""),
        Said("a.py", 1, "F401 'os' imported but unused", 1, None, ""),
        Said("my file.md", 7, "trailing space", None, "note", "MD009"),
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("app/(shop)/a.tsx(3,7): error TS2304: No x.", Said("app/(shop)/a.tsx", 3, "No x.", 7, "error", "TS2304")),
        ("(shop)/[id].tsx:3:7 - error TS1: No x.", Said("(shop)/[id].tsx", 3, "No x.", 7, "error", "TS1")),
        ("error TS18003: No inputs.", Said(None, None, "No inputs.", None, "error", "TS18003")),
        ("a.cs(1,3,1,9): warning CS0168: Unused.", Said("a.cs", 1, "Unused.", 3, "warning", "CS0168")),
        ("a.c(3): warning C4101: Unused.", Said("a.c", 3, "Unused.", None, "warning", "C4101")),
        ("a.py:4:5:4:9: error: Bad.  [misc]", Said("a.py", 4, "Bad.", 5, "error", "misc")),
        ("a.c:3:7: fatal error: no.h: Missing", Said("a.c", 3, "no.h: Missing", 7, "error", "")),
        ("a.go:1:2: Error return is lost (errcheck)", Said("a.go", 1, "Error return is lost", 2, None, "errcheck")),
        ("a.go:1:2: note that it is old", Said("a.go", 1, "note that it is old", 2, None, "")),
        ("a.tf:3:1: Warning - unused (rule_x)", Said("a.tf", 3, "unused", 1, "warning", "rule_x")),
        ("a.md:3 error MD022 Blanks", Said("a.md", 3, "MD022 Blanks", None, "error", "")),
        ("a.yaml:3:1: [warning] wide (line-length)", Said("a.yaml", 3, "wide", 1, "warning", "line-length")),
        ("a.py:1:0: C0114: No docstring (no-doc)", Said("a.py", 1, "C0114: No docstring", None, None, "no-doc")),
        ("12:30:45: starting", None),
        ("2026-01-02T12:30:45: starting", None),
        ("2026-01-02 12:30:45 starting", None),
        ("error: could not compile `shop`", None),
        ("a (see b.c:3: words)", None),
    ],
)
def test_lines_in_the_words_of_many_tools(line: str, said: Said | None) -> None:
    assert read("lines", line.encode()) == ([said] if said else [])


def test_paths_name_files() -> None:
    assert [one.path for one in read("paths", b"a.js\n\n  b c.js  \n")] == ["a.js", "b c.js"]


def test_sarif_takes_the_rules_level_and_leaves_out_what_is_suppressed() -> None:
    def result(**more: Any) -> dict[str, Any]:
        place = {"artifactLocation": {"uri": "src/a%20b.py"}, "region": {"startLine": 3, "startColumn": 2}}
        return {"ruleId": "R1", "message": {"text": "words"}, "locations": [{"physicalLocation": place}], **more}

    rules = [{"id": "R1", "defaultConfiguration": {"level": "note"}}]
    results = [
        result(),
        result(level="error", ruleId="R2"),
        result(ruleId="R3", locations=[]),
        result(suppressions=[{"kind": "inSource"}]),
        result(baselineState="absent"),
    ]
    log = {"version": "2.1.0", "runs": [{"tool": {"driver": {"rules": rules}}, "results": results}]}

    assert read("sarif", json.dumps(log).encode()) == [
        Said("src/a b.py", 3, "words", 2, "note", "R1"),
        Said("src/a b.py", 3, "words", 2, "error", "R2"),
        Said(None, None, "words", None, "warning", "R3"),
    ]


def test_rdjson_whole_and_a_line_each() -> None:
    place = {"path": "a.py", "range": {"start": {"line": 4, "column": 1}}}
    one = {"message": "words", "location": place, "severity": "WARNING", "code": {"value": "X1"}}
    other = {"message": "more", "location": {"path": "file:///snap/b%20c.py"}}
    whole = {"severity": "ERROR", "diagnostics": [one, other]}

    assert read("rdjson", json.dumps(whole).encode()) == [
        Said("a.py", 4, "words", 1, "warning", "X1"),
        Said("/snap/b c.py", None, "more", None, "error", ""),
    ]
    lines = f"{json.dumps(one)}\n\n{json.dumps(other)}\n"
    assert [said.severity for said in read("rdjson", lines.encode())] == ["warning", None]
    assert len(read("rdjson", json.dumps(one).encode())) == 1


@pytest.mark.parametrize("name", ["sarif", "rdjson", "junit"])
def test_what_we_write_we_read(name: str) -> None:
    found = Finding(path="src/a b.py", line=3, column=2, rule="lint/F401", message="`os` imported", new=True)
    gate = GateResult(gate="lint", outcome=Outcome.FAILED, findings=(found,), blocks=True)
    verdict = Verdict(occasion="commit", change=change(changed("src/a b.py", 3)), gates=(gate,))
    report = rendered(name, [verdict], exit=1, style=PLAIN, repeat="everycommit run")

    (said,) = read(name, report.encode())

    assert "`os` imported" in said.message
    assert said.severity == "error"
    if name != "junit":
        assert (said.path, said.line, said.rule) == ("src/a b.py", 3, "lint/F401")


@pytest.mark.parametrize(
    ("name", "output"),
    [
        ("eslint", b""),
        ("eslint", b"Oops, something went wrong"),
        ("eslint", b"{}"),
        ("sarif", b'{"diagnostics": []}'),
        ("sarif", b"[" * 100_000),
        ("rdjson", b"words"),
        ("rdjson", b""),
        ("rdjson", b'{"location": {}}'),
        ("checkstyle", b""),
        ("checkstyle", b"<testsuite/>"),
        ("checkstyle", b"<checkstyle>"),
        ("junit", b"<checkstyle/>"),
        ("junit", b'<!DOCTYPE x [<!ENTITY a "b">]><testsuite/>'),
        ("junit", b"<!doctype x><testsuite/>"),
    ],
)
def test_what_is_not_of_the_format_is_said(name: str, output: bytes) -> None:
    with pytest.raises(UnreadableError):
        read(name, output)


@pytest.mark.parametrize("name", ["eslint", "sarif", "rdjson"])
@pytest.mark.parametrize(
    "value", [None, 1, True, "x", [], {}, [[]], [{"messages": 1}], {"runs": [1, {"results": [1]}]}]
)
def test_odd_json_breaks_nothing(name: str, value: object) -> None:
    try:
        found = read(name, json.dumps(value).encode())
    except UnreadableError:
        return
    assert all(isinstance(one, Said) for one in found)


def test_much_is_bounded() -> None:
    lines = b"a.py:1: " + b"x" * 10_000 + b"\n"

    found = read("lines", lines * (MOST + 10))

    assert len(found) == MOST
    assert len(found[0].message) == LONGEST


def test_numbers_rules_and_severities_are_those_that_a_report_can_carry() -> None:
    assert [number(one) for one in (3, "3", 0, -1, "x", True, None, 10**10, 1.5)] == [3, 3] + [None] * 7
    assert rule("a rule, with \x1b[31m all") == "a-rule-with-31m-all"
    assert len(rule("x" * 1000)) == 100
    assert [severity(one) for one in ("Error", "WARN", "info", "whatever", None)] == [
        "error",
        "warning",
        "note",
        None,
        None,
    ]
