"""``--format rdjson``: Reviewdog Diagnostic Format.

Source: https://github.com/reviewdog/reviewdog/tree/master/proto/rdf.
"""

import json
from collections.abc import Sequence
from typing import Any

from ..result import ERROR, NOTE, WARNING, Finding, Verdict
from .entries import clean, entries, message, place

_SEVERITIES = {ERROR: "ERROR", WARNING: "WARNING", NOTE: "INFO"}


def render(verdicts: Sequence[Verdict], *, exit: int) -> str:  # noqa: A002, ARG001 - every format takes it
    """Return one object with a diagnostic for each entry."""
    whole = {
        "source": {"name": "everycommit"},
        "diagnostics": [
            {
                "message": message(entry),
                "location": {"path": place(entry), **_range(entry.finding)},
                "severity": _SEVERITIES[entry.finding.severity],
                "code": {"value": clean(entry.finding.rule)},
            }
            for entry in entries(verdicts)
        ],
    }
    return json.dumps(whole, ensure_ascii=True) + "\n"


def _range(finding: Finding) -> dict[str, Any]:
    if finding.line is None:
        return {}
    start = {"line": finding.line} | ({"column": finding.column} if finding.column else {})
    # A range has its end behind it: a last line alone would say that its whole length is meant.
    end = {"end": {"line": finding.end_line}} if finding.end_line and finding.end_line > finding.line else {}
    return {"range": {"start": start, **end}}
