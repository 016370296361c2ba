"""The form of an answer, as JSON schema in the subset that every server knows (see ``model.client.Ask.shape``).

There is no field for approval, for a fix or for confidence: asking for a fix in the same question makes a model call
correct code wrong, and what a model says of its own sureness tells nothing.
"""

from collections.abc import Mapping
from typing import Any

from .parts import CATEGORIES, CLAIMS, SEVERITIES


def _record(**fields: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": [*fields], "additionalProperties": False}


def _list(of: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": of}


def _one_of(words: tuple[str, ...]) -> dict[str, Any]:
    return {"type": "string", "enum": [*words]}


TEXT = {"type": "string"}
ANSWER = _record(
    fence=TEXT,
    receipts=_list(_record(hunk=TEXT, quote=TEXT)),
    findings=_list(
        _record(
            hunk=TEXT,
            quote=TEXT,
            category=_one_of(CATEGORIES),
            severity=_one_of(SEVERITIES),
            title=TEXT,
            scenario=TEXT,
            claim=_one_of(CLAIMS),
            symbol=TEXT,
        )
    ),
)
"""What a finder answers: the fence of the question; for each hunk a receipt, its id and one of its lines word for word;
the findings. ``symbol`` is the name that a claim is about, empty where there is none."""
HOLDS = ("yes", "no", "unsure")
JUDGEMENT = _record(fence=TEXT, quote=TEXT, why=TEXT, holds=_one_of(HOLDS))
"""What a judge answers of one finding: a line of the code that decides it, why, and only then whether it holds."""
