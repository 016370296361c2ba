"""Pieces, questions and answers of a review in few words."""

import json
from typing import Any

from everycommit.gates.review.parts import Piece, Question, Row, Said, Voted
from everycommit.model.client import Ask, Message, Reply

FENCE = "5eed" * 8


def rows(text: str, start: int = 1) -> tuple[Row, ...]:
    """Return the rows of a hunk's *text*, each line with its sign first; numbers count from *start*."""
    found, number = [], start
    for line in text.strip("\n").split("\n"):
        kind = line[:1] or " "
        found.append(Row(kind=kind, number=None if kind == "-" else number, text=line[1:]))
        number += kind != "-"
    return tuple(found)


def piece(name: str, text: str, *, path: str = "src/nav.py", start: int = 1, around: str = "", **more: Any) -> Piece:
    return Piece(id=name, path=path, rows=rows(text, start), around=rows(around) if around else (), **more)


def question(*pieces: Piece, sample: int = 0, stripped: bool = False) -> Question:
    ask = Ask(messages=(Message("user", "read this"),), max_tokens=1000)
    return Question(ask=ask, pieces=pieces, fence=FENCE, sample=sample, stripped=stripped)


def reply(text: str, **more: Any) -> Reply:
    fields: dict[str, Any] = {"text": text, "finish": "stop", "rung": "json_schema strict", "seconds": 0.1}
    return Reply(**fields | more)


def receipt(one: Piece, quote: str | None = None) -> dict[str, str]:
    """Return the receipt that an honest reader writes: the longest line."""
    longest = max((row.text for row in one.rows), key=len)
    return {"hunk": one.id, "quote": longest if quote is None else quote}


def finding(hunk: str, quote: str, **more: Any) -> dict[str, Any]:
    return {
        "hunk": hunk,
        "quote": quote,
        "category": "logic",
        "severity": "error",
        "title": "the last item is left out",
        "scenario": "a list of one item gives an empty page",
        "claim": "other",
        "symbol": "",
    } | more


def written(
    asked: Question,
    findings: Any = (),
    *,
    receipts: Any = None,
    **more: Any,
) -> str:
    """Return an answer in our form; by default with an honest receipt for each piece."""
    given = [receipt(one) for one in asked.pieces] if receipts is None else receipts
    return json.dumps({"fence": asked.fence, "receipts": given, "findings": findings} | more)


def said(**more: Any) -> Said:
    fields: dict[str, Any] = {
        "piece": "h1",
        "path": "src/nav.py",
        "line": 10,
        "quote": "return items[:-1]",
        "category": "logic",
        "severity": "error",
        "title": "the last item is left out",
        "scenario": "a list of one item gives an empty page",
        "claim": "other",
        "symbol": "",
        "sample": 0,
        "stripped": False,
    }
    return Said(**fields | more)


def voted_one(**more: Any) -> Voted:
    fields: dict[str, Any] = {
        "piece": "h1",
        "path": "src/nav.py",
        "line": 11,
        "quote": "last = size - 1",
        "category": "boundary",
        "severity": "error",
        "title": "the last item is left out",
        "scenario": "a page of one item is empty",
        "claim": "other",
        "symbol": "",
        "votes": 2,
        "samples": 3,
    }
    return Voted(**fields | more)
