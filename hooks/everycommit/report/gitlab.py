"""``--format gitlab``: a Code Quality report. Source: https://docs.gitlab.com/ci/testing/code_quality/."""

import json
from collections.abc import Sequence

from ..result import ERROR, NOTE, WARNING, Verdict
from .entries import Entry, clean, entries, fingerprints, line, message, place

_SEVERITIES = {ERROR: "major", WARNING: "minor", NOTE: "info"}


def render(verdicts: Sequence[Verdict], *, exit: int) -> str:  # noqa: A002, ARG001 - every format takes it
    """Return a JSON array with an issue for each entry; no two have the same fingerprint, GitLab drops the second."""
    found = entries(verdicts)
    issues = [
        {
            "description": message(entry),
            "check_name": clean(entry.finding.rule),
            "fingerprint": name,
            "severity": _severity(entry),
            "location": {"path": place(entry), "lines": {"begin": line(entry)}},
        }
        for entry, name in zip(found, fingerprints(found), strict=True)
    ]
    return json.dumps(issues, ensure_ascii=True) + "\n"


def _severity(entry: Entry) -> str:
    severity = entry.finding.severity
    return "blocker" if entry.gate.blocks and severity == ERROR else _SEVERITIES[severity]
