"""What the simulated endpoint answers in review_speed.py: an honest reader of a change that holds two defects."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from endpoint.answers import tokens
from everycommit.model.client import Ask, Message
from readers import Scripted, taken_apart

FILES = 10
PATHS = tuple(f"src/shop/m{number}.py" for number in range(FILES))
DEFECTS = {
    "range(len(items) - 1)": {"title": "the last item is never counted"},
    "price / count": {"title": "no items, and this divides by zero", "scenario": "with count = 0 it raises"},
}
COUNTS = "answers.txt"
"""In the endpoint's folder: tokens of each answer, a line each."""


def answer(body: Mapping[str, Any]) -> str:
    """Return the answer to a request's *body*."""
    messages = tuple(Message(one["role"], one["content"]) for one in body["messages"])
    judging = "holds" in str(body.get("response_format", ""))
    asked = taken_apart(Ask(messages=messages, max_tokens=1, shape={"holds": ""} if judging else {}))
    text = Scripted(paths=PATHS, defects=DEFECTS).answer(asked)
    with Path(COUNTS).open("a") as file:
        file.write(f"{'judge' if judging else 'finder'} {len(tokens(text))}\n")
    return text
