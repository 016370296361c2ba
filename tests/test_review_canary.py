"""A hunk of ours with a plain defect, placed among the others."""

import ast
from collections.abc import Sequence
from random import Random

import pytest

from everycommit.gates.review.canary import Canary, canary, pool
from everycommit.gates.review.parts import Answer, Piece, Row, Said
from everycommit.gates.review.strip import without_words
from everycommit.rules.secret_scan import secrets_in


def fixed(seed: int = 1) -> Random:
    return Random(seed)  # noqa: S311 - names of pieces


def piece(path: str, id_: str = "h100") -> Piece:
    return Piece(id=id_, path=path, rows=(Row(kind="+", number=1, text="x"),))


def said(found: Canary, line: int | None, *, of: str | None = None) -> Said:
    return Said(
        piece=of or found.piece.id,
        path=found.piece.path,
        line=line,
        quote="",
        category="logic",
        severity="error",
        title="",
        scenario="",
        claim="other",
        symbol="",
        sample=0,
        stripped=False,
    )


def side(rows: Sequence[Row], gone: str) -> str:
    return "\n".join(row.text for row in rows if row.kind != gone)


def test_the_pool_holds_fifty_and_more_each_with_one_defect() -> None:
    blocks = pool()

    assert len({lines for _, lines in blocks}) == len(blocks) >= 50
    for _, lines in blocks:
        marks = [line[:1] for line in lines.split("\n")]
        assert {*marks} <= {" ", "+", "-", ">", "<", ""}
        assert sum(mark in "<>" for mark in marks if mark) == 1, lines
        assert "-" in marks or "<" in marks


def test_every_python_canary_parses_before_and_after() -> None:
    """A hunk that is no program would be known for one of ours, or be reported for that."""
    seen = set()
    for seed in range(300):
        rows = canary([piece("a.py")], fixed(seed)).piece.rows
        seen.add(len(rows))
        for gone in "+-":
            ast.parse(side(rows, gone))
        assert side(rows, "+") != side(rows, "-")
        assert not any("$" in row.text for row in rows)
    assert len(seen) > 4


@pytest.mark.parametrize("path", ["src/a.py", "a.tsx", "cmd/a.go"])
def test_it_is_of_the_language_of_the_others(path: str) -> None:
    found = [canary([piece(path)], fixed(seed)).piece.path for seed in range(20)]

    ends = {one.rpartition(".")[2] for one in found}
    assert ends == {"py" if path.endswith("py") else "ts" if path.endswith("tsx") else "go"}
    assert len({*found}) > 10


def test_nothing_about_it_is_the_same_twice() -> None:
    made = [canary([piece("a.rs")], fixed(seed)) for seed in range(60)]

    assert len({one.piece.rows for one in made}) == 60
    assert len({one.piece.id for one in made}) > 40
    assert {one.piece.path.rpartition(".")[2] for one in made} == {"py", "ts", "go"}


def test_it_takes_no_name_that_the_change_has() -> None:
    others = [piece("a.py", f"h{number}") for number in range(100, 1090)]

    assert canary(others, fixed()).piece.id not in {one.id for one in others}


def test_a_finding_near_its_defect_reports_it_and_nothing_else_does() -> None:
    found = canary([piece("a.py")], fixed())

    assert found.reported(Answer(sample=0, said=(said(found, found.line + 1),)))
    assert not found.reported(Answer(sample=0, said=(said(found, found.line + 40),)))
    assert not found.reported(Answer(sample=0, said=(said(found, None),)))
    assert not found.reported(Answer(sample=0, said=(said(found, found.line, of="h100"),)))
    assert not found.reported(Answer(sample=0))


def test_the_defect_is_where_it_is_said_to_be() -> None:
    for seed in range(100):
        found = canary([piece("a.py")], fixed(seed))
        changed = [row.number for row in found.piece.rows if row.kind == "+"]
        assert found.line in changed or not changed


def test_it_can_be_stripped_and_is_never_withheld() -> None:
    for seed in range(100):
        found = canary([], fixed(seed)).piece
        assert [row.number for row in without_words(found).rows] == [row.number for row in found.rows]
        assert secrets_in(side(found.rows, ""), unquoted=True) == []
