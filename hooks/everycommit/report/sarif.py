"""``--format sarif``: SARIF 2.1.0, within what GitHub's code scanning takes.

Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html; limits:
https://docs.github.com/en/code-security/reference/code-scanning/sarif-support-for-code-scanning.
"""

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

from .. import __version__
from ..result import ERROR, NOTE, WARNING, Finding, Verdict
from .entries import NOT_VERIFIED, Entry, clean, entries, fingerprints, message, older, place
from .words import counted

SHOWN = 5000
"""Results of a run that GitHub shows; it takes 25,000 and drops the rest."""
SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {ERROR: "error", WARNING: "warning", NOTE: "note"}
_ROOT = "%SRCROOT%"


def render(verdicts: Sequence[Verdict], *, exit: int) -> str:  # noqa: A002
    """Return one run with a result for each entry, those that stop the action first.

    What was left out is counted in a notification of the invocation, and so is a gate that was not verified: the
    invocation then says that it was not successful.
    """
    found = entries(verdicts)
    shown = found[:SHOWN]
    rules = list(dict.fromkeys(clean(entry.finding.rule) for entry in shown))
    places = {rule: number for number, rule in enumerate(rules)}
    run = {
        "tool": {
            "driver": {
                "name": "everycommit",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": [{"id": rule, "name": _name(rule)} for rule in rules],
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the repository."}}},
        "invocations": [
            {
                "executionSuccessful": all(entry.finding.rule.rpartition("/")[2] != NOT_VERIFIED for entry in found),
                "exitCode": exit,
                "toolExecutionNotifications": _notifications(verdicts, found),
            }
        ],
        "results": [_result(entry, name, places) for entry, name in zip(shown, fingerprints(shown), strict=True)],
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, ensure_ascii=True) + "\n"


def _result(entry: Entry, name: str, places: Mapping[str, int]) -> dict[str, Any]:
    finding, rule = entry.finding, clean(entry.finding.rule)
    region = {"region": _region(finding)} if finding.line else {}
    return {
        "ruleId": rule,
        "ruleIndex": places[rule],
        "level": _LEVELS[finding.severity],
        "message": {"text": message(entry) or rule},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": _uri(entry), "uriBaseId": _ROOT}, **region}}],
        "partialFingerprints": {"everycommit/v1": name},
    }


def _region(finding: Finding) -> dict[str, int]:
    region = {"startLine": finding.line or 1}
    if finding.end_line and finding.end_line >= region["startLine"]:
        region["endLine"] = finding.end_line
    if finding.column:
        region["startColumn"] = finding.column
    return region


def _uri(entry: Entry) -> str:
    """Return the path as a relative URI; bytes that are not UTF-8 are those of the file's name."""
    from urllib.parse import quote

    path = entry.finding.path if entry.finding.path is not None else place(entry)
    try:
        raw = os.fsencode(path)
    except UnicodeEncodeError:  # not from git: no file name decodes to this
        raw = clean(path).encode()
    uri = quote(raw)
    # The first part of a relative reference must not look like a scheme. Source: RFC 3986, 4.2.
    return f"./{uri}" if "%3A" in uri.partition("/")[0] or uri.startswith("/") else uri


def _notifications(verdicts: Sequence[Verdict], found: Sequence[Entry]) -> list[dict[str, Any]]:
    told = [
        (clean(entry.finding.message), _LEVELS[entry.finding.severity])
        for entry in found
        if entry.finding.rule.rpartition("/")[2] == NOT_VERIFIED
    ]
    told += [(clean(note), "note") for verdict in verdicts for note in verdict.notes]
    if older(verdicts):
        told.append((f"{counted(older(verdicts), 'older finding')} in these files, not listed", "note"))
    if len(found) > SHOWN:
        told.append((f"{counted(len(found) - SHOWN, 'more finding')}, not listed", "warning"))
    return [{"level": level, "message": {"text": text or "?"}} for text, level in told]


def _name(rule: str) -> str:
    """Return the rule's id as one word in Pascal case, as SARIF wants names: ``PolicyAddedLines``."""
    words = "".join(sign if sign.isalnum() else " " for sign in rule).split()
    return "".join(word[:1].upper() + word[1:] for word in words) or "Rule"
