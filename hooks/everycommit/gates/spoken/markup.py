"""Findings in XML: checkstyle and JUnit, which many tools write.

A document with a DOCTYPE is refused: nothing in these formats needs one, and entities can name files or grow for ever.
Source: https://checkstyle.org (its XMLLogger); the JUnit XML that Jenkins reads.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...result import ERROR
from .said import Said, UnreadableError, number, rule, severity, text
from .structured import address

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_AT = re.compile(r"(?:^|\s)(?P<path>[^\s:()]+\.\w+):(?P<line>\d+)\b")


def _root(output: str) -> "Element":
    import xml.etree.ElementTree as ET

    if "<!DOCTYPE" in output.upper() or "<!ENTITY" in output.upper():
        raise UnreadableError("it has a DOCTYPE, which is not read")
    try:
        return ET.fromstring(output.strip())  # noqa: S314 - no DOCTYPE, so no entities
    except (ET.ParseError, ValueError) as error:
        raise UnreadableError(f"no XML: {error}" if output.strip() else "nothing was written") from error


def checkstyle(output: str) -> Iterator[Said]:
    """Yield the errors of all files.

    Raises:
        UnreadableError: It is no checkstyle report.
    """
    root = _root(output)
    if root.tag != "checkstyle":
        raise UnreadableError(f"no checkstyle report: it begins with <{root.tag[:40]}>")
    for file in root.iter("file"):
        for one in file.iter("error"):
            yield Said(
                address(file.get("name")),
                number(one.get("line")),
                text(one.get("message")),
                number(one.get("column")),
                severity(one.get("severity")),
                rule(one.get("source")),
            )


def junit(output: str) -> Iterator[Said]:
    """Yield the tests that failed or broke.

    Raises:
        UnreadableError: It is no JUnit report.
    """
    root = _root(output)
    if root.tag not in {"testsuites", "testsuite"}:
        raise UnreadableError(f"no JUnit report: it begins with <{root.tag[:40]}>")
    suites = [root] if root.tag == "testsuite" else list(root.iter("testsuite"))
    for suite in suites:
        for case in suite.findall("testcase"):
            for kind in ("failure", "error"):
                for one in case.findall(kind):
                    yield _failed(suite, case, one, kind)


def _failed(suite: "Element", case: "Element", one: "Element", kind: str) -> Said:
    words = text(one.get("message") or (one.text or "").strip().partition("\n")[0])
    at = _AT.search(one.text or "")
    path = case.get("file") or suite.get("file") or (at["path"] if at else None)
    line = number(case.get("line")) or (number(at["line"]) if at and path == at["path"] else None)
    name = " ".join(filter(None, (case.get("classname"), case.get("name"))))
    return Said(address(path), line, text(f"{name}: {words}" if words else name), None, ERROR, kind)
