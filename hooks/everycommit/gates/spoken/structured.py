"""Findings in JSON: SARIF, rdjson and what eslint writes.

Source: SARIF 2.1.0, OASIS standard; https://github.com/reviewdog/reviewdog/tree/master/proto/rdf;
https://eslint.org/docs/latest/use/formatters/#json.
"""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

from ...result import ERROR, WARNING
from .said import Said, UnreadableError, items, number, rule, severity, table, text


def document(output: str) -> Any:
    """Return the JSON of *output*.

    Raises:
        UnreadableError: It is none.
    """
    try:
        return json.loads(output)
    except (ValueError, RecursionError) as error:
        shown = output.strip()[:60]
        raise UnreadableError(f"no JSON: {shown!r}" if shown else "nothing was written") from error


def sarif(output: str) -> Iterator[Said]:
    """Yield the results of all runs.

    Raises:
        UnreadableError: It is no SARIF log.
    """
    whole = table(document(output))
    if "runs" not in whole:
        raise UnreadableError("no SARIF log: it has no runs")
    for run in items(whole["runs"]):
        driver = table(table(table(run).get("tool")).get("driver"))
        levels = {
            one.get("id"): table(one.get("defaultConfiguration")).get("level")
            for one in map(table, items(driver.get("rules")))
        }
        for found in map(table, items(table(run).get("results"))):
            if items(found.get("suppressions")) or found.get("baselineState") == "absent":
                continue
            place = table(table(next(iter(items(found.get("locations"))), None)).get("physicalLocation"))
            region = table(place.get("region"))
            level = found.get("level") or levels.get(found.get("ruleId")) or "warning"
            yield Said(
                address(table(place.get("artifactLocation")).get("uri")),
                number(region.get("startLine")),
                text(table(found.get("message")).get("text")),
                number(region.get("startColumn")),
                severity(level),
                rule(found.get("ruleId")),
            )


def rdjson(output: str) -> Iterator[Said]:
    """Yield the diagnostics of an rdjson document, or of rdjsonl, one a line.

    Raises:
        UnreadableError: It is neither.
    """
    try:
        whole = document(output)
        found = items(table(whole).get("diagnostics")) if "diagnostics" in table(whole) else [whole]
        grave = table(whole).get("severity")
    except UnreadableError:
        found, grave = [document(line) for line in output.splitlines() if line.strip()], None
        if not found:
            raise
    for one in map(table, found):
        if "message" not in one:
            raise UnreadableError("no rdjson: a diagnostic has no message")
        place = table(one.get("location"))
        start = table(table(place.get("range")).get("start"))
        code = one.get("code")
        yield Said(
            address(place.get("path")),
            number(start.get("line")),
            text(one.get("message")),
            number(start.get("column")),
            severity(one.get("severity") or grave),
            rule(table(code).get("value") if isinstance(code, dict) else code),
        )


def eslint(output: str) -> Iterator[Said]:
    """Yield the messages of eslint's ``--format json``, which stylelint's and others' follow.

    Raises:
        UnreadableError: It is none.
    """
    whole = document(output)
    if not isinstance(whole, list):
        raise UnreadableError("no list of files")
    for file in map(table, whole):
        for one in map(table, items(file.get("messages"))):
            grave = {2: ERROR, 1: WARNING}.get(one.get("severity", 2), ERROR)
            yield Said(
                address(file.get("filePath")),
                number(one.get("line")),
                text(one.get("message")),
                number(one.get("column")),
                grave,
                rule(one.get("ruleId")),
            )


def address(value: object) -> str | None:
    """Return the path that a text or a ``file:`` URI names; None for any other."""
    if not isinstance(value, str) or not value or "\0" in value:
        return None
    if value.startswith("file:"):
        return unquote(urlsplit(value).path) or None
    return None if "://" in value else unquote(value) if "%" in value else value
