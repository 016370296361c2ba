"""Findings in plain text: ``path:line:column: message`` as compilers have it, and bare lists of files."""

import re
from collections.abc import Iterator

from .said import Said, number, rule, severity, text

# tsc: `a.ts(3,7): error TS2322: words`; rustc: `a.rs:3:7: error[E0308]: words`;
# most others: `a.c:3:7: warning: words [rule]`, column and severity or not.
_PLACE = re.compile(
    r"^(?P<path>[^\s:(][^:(\n]*?)(?::(?P<line>\d+)(?::(?P<column>\d+))?|\((?P<row>\d+),(?P<at>\d+)\)):?\s+"
    r"(?P<rest>\S.*)$"
)
_WORD = re.compile(
    r"^(?P<word>[A-Za-z]+)\b(?:\[(?P<code>[\w-]+)\])?:?\s*(?:(?P<rule>[A-Z]+\d+)\s*:\s*)?(?P<message>.+)$"
)
_RULE = re.compile(r"\s*[\[(](?P<rule>[\w@-][\w@./:-]*)[\])]$")


def lines(output: str) -> Iterator[Said]:
    """Yield a finding for each line that begins with a place; other lines are nobody's."""
    for line in output.splitlines():
        found = _PLACE.match(line.rstrip())
        if found is None:
            continue
        rest, name = found["rest"], ""
        word = _WORD.match(rest)
        grave = severity(word["word"]) if word else None
        if word and grave:
            rest, name = word["message"], word["rule"] or word["code"] or ""
        last = _RULE.search(rest)
        if last and not name:
            rest, name = rest[: last.start()], last["rule"]
        place = number(found["line"] or found["row"])
        yield Said(found["path"], place, text(rest), number(found["column"] or found["at"]), grave, rule(name))


def paths(output: str) -> Iterator[Said]:
    """Yield a finding for each line, which names a file: what `prettier --list-different` and `gofmt -l` write."""
    for line in output.splitlines():
        if line.strip():
            yield Said(line.strip(), None, "the tool names this file")
