"""Verdicts in few words, and hypothesis strategies over all that a verdict can hold."""

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from everycommit.change import Change, FileChange
from everycommit.report.style import Style
from everycommit.result import ERROR, NOTE, WARNING, Finding, GateResult, Outcome, Used, Verdict

BASE, TARGET, PARENT = "a" * 40, "b" * 40, "c" * 40


def file(path: str, added: int = 0, removed: int = 0, **more: Any) -> FileChange:
    ids = {"old_id": "0" * 40, "id": "1" * 40}
    return FileChange(
        **{"status": "M", "old_mode": "100644", "mode": "100644", **ids, **more},
        path=path,
        added=added,
        removed=removed,
    )


def change(
    *files: FileChange, parents: tuple[str, ...] = (PARENT,), landing: tuple[FileChange, ...] | None = None
) -> Change:
    return Change(base=BASE, target=TARGET, parents=parents, files=files, landing=files if landing is None else landing)


def gate(name: str, outcome: str = "passed", **more: Any) -> GateResult:
    return GateResult(gate=name, outcome=Outcome(outcome), **more)


def verdict(judged: Change, *gates: GateResult, occasion: str = "commit", **more: Any) -> Verdict:
    return Verdict(occasion=occasion, change=judged, gates=gates, **more)


def screen(width: int = 80, *, color: bool = False, ascii: bool = False) -> Style:  # noqa: A002
    """A terminal of *width* columns."""
    return Style(color=color, ascii=ascii, width=width, terminal=True, encoding="ascii" if ascii else "utf-8")


TWO = change(file("shop/prices.py", 10, 3), file("tests/test_prices.py", 4))
THREE = change(file("src/nav.py", 30, 3), file("tests/test_nav.py", 11, 4), file("docs/nav.md"))

POLICY = gate("policy", summary="41 of 400 lines", seconds=0.01)
LINT = gate("lint", summary="3 files", seconds=0.05)
TYPES = gate("types", summary="212 files", seconds=0.62)
TESTS = gate("tests", summary="14 of 14 passed (312 in all)", brief="14/312", seconds=1.9)

TYPE_ERROR = Finding(
    path="src/nav.py",
    line=42,
    column=12,
    rule="types/arg-type",
    message='Argument 1 to "icon" has type "str | None"; expected "str"',
    source="    return icon(name)",
)
FAILED_TEST = Finding(
    path="tests/test_nav.py", line=18, rule="tests/failed", message="test_order: assert ['b', 'a'] == ['a', 'b']"
)
WARNED = Finding(
    path="src/nav.py",
    line=57,
    rule="review/boundary",
    severity=WARNING,
    message="the last icon is never drawn: the loop ends at len(icons) - 1",
    source="    for i in range(len(icons) - 1):",
    hint='with icons = ["home"] nothing is drawn',
)
UNUSED = Finding(path="src/nav.py", line=3, column=8, rule="lint/F401", message="`os` imported but unused")

TYPES_FAILED = replace(TYPES, outcome=Outcome.FAILED, blocks=True, findings=(TYPE_ERROR,))
TESTS_FAILED = gate(
    "tests",
    "failed",
    summary="1 of 14 selected failed (312 in all)",
    seconds=1.9,
    blocks=True,
    findings=(FAILED_TEST,),
)
REVIEW_WARNED = gate("review", summary="9 of 9 hunks", seconds=2.1, findings=(WARNED,))

FOUND = Used(
    profile="fast",
    model="small-8b",
    role="finder",
    questions=12,
    failed=1,
    tokens_in=41_200,
    cached=9_000,
    tokens_out=3_100,
    seconds=1.14,
    cost=0.0213,
)
JUDGED = Used(profile="large", model="big", role="judge", questions=1, tokens_in=900, tokens_out=80, seconds=0.8)

TEXTS = st.text(st.characters(), max_size=40) | st.sampled_from(
    ["", "\x1b[31m", "a\nb", "x`y z", "名前" * 30, "w " * 60]
)
NUMBERS = st.none() | st.integers(1, 10**6)
FINDINGS = st.builds(
    Finding,
    path=st.none() | TEXTS,
    line=NUMBERS,
    end_line=NUMBERS,
    column=NUMBERS,
    rule=TEXTS,
    severity=st.sampled_from([ERROR, WARNING, NOTE]),
    message=TEXTS,
    new=st.booleans(),
    source=TEXTS,
    hint=st.none() | TEXTS,
    fingerprint=st.just("0" * 32),
)
GATES = st.builds(
    GateResult,
    gate=TEXTS,
    outcome=st.sampled_from(Outcome),
    project=st.just(".") | TEXTS,
    reason=st.none() | TEXTS | st.just("skipped by you (SKIP=everycommit)"),
    left_out=st.booleans(),
    findings=st.lists(FINDINGS, max_size=4).map(tuple),
    summary=TEXTS,
    brief=TEXTS,
    counts=st.dictionaries(TEXTS, st.integers(), max_size=2),
    tool=st.none() | TEXTS,
    seconds=st.floats(0, 1e5),
    reused=st.booleans(),
    blocks=st.booleans(),
    notes=st.lists(TEXTS, max_size=2).map(tuple),
    repair=st.lists(TEXTS, max_size=2).map(tuple),
)
COUNTS = st.integers(0, 10**7)
USED = st.builds(
    Used,
    profile=TEXTS,
    model=TEXTS,
    role=st.sampled_from(["finder", "judge"]),
    questions=COUNTS,
    failed=COUNTS,
    tokens_in=COUNTS,
    cached=COUNTS,
    tokens_out=COUNTS,
    seconds=st.floats(0, 1e5),
    cost=st.none() | st.floats(0, 1e5),
)
CHANGES = st.sampled_from([TWO, THREE, change(), change(file("a"), parents=()), change(file("a"), landing=())])
VERDICTS = st.builds(
    Verdict,
    occasion=st.sampled_from(["commit", "push", "ci"]),
    change=CHANGES,
    gates=st.lists(GATES, max_size=4).map(tuple),
    ref=st.none() | TEXTS,
    base_commit=st.none() | st.just("d" * 40),
    target_commit=st.none() | st.just("e" * 40),
    seconds=st.floats(0, 1e5),
    notes=st.lists(TEXTS, max_size=2).map(tuple),
    used=st.lists(USED, max_size=2).map(tuple),
)
