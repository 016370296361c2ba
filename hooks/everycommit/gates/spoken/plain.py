"""Findings in plain text: ``path:line:column: message`` as compilers have it, and bare lists of files."""

import re
from collections.abc import Iterator

from ...result import ERROR
from .said import Said, number, rule, severity, text

# tsc: `a.ts(3,7): error TS2322: words`; rustc: `a.rs:3:7: error[E0308]: words`; mypy with ends: `a.py:3:7:3:9: words`;
# csc: `a.cs(3,7,3,9): words`; most others: `a.c:3:7: warning: words [rule]`, column and severity or not.
# A path may hold pairs of brackets (`app/(shop)/page.tsx`), and the time of a log is none.
_PLACE = re.compile(
    r"^(?!(?:\d{4}-\d\d-\d\d[T ])?\d\d:\d\d:\d\d\b)"
    r"(?P<path>(?:[^\s:(]|\([^:()\n]*\))(?:[^:(\n]|\([^:()\n]*\))*?)"
    r"(?::(?P<line>\d+)(?::(?P<column>\d+)(?::\d+:\d+)?)?|\((?P<row>\d+)(?:,(?P<at>\d+)(?:,\d+){0,2})?\)):?\s+"
    r"(?:-\s+)?(?P<rest>\S.*)$"
)
# A sentence may begin with `Error`: it is a severity before a colon, a dash or a rule, and in brackets (yamllint).
_WORD = re.compile(
    r"^(?:fatal\s+)?(?:\[(?P<bracketed>[A-Za-z]+)\]|(?P<word>[A-Za-z]+)(?:\[(?P<code>[\w-]+)\])?"
    r"(?::|\s+-\s|(?=\s+[A-Z]+\d)))\s*(?:(?P<rule>[A-Z]+\d+)\s*:\s*)?(?P<message>.+)$"
)
# What tsc says of its settings has no place.
_NOWHERE = re.compile(r"^error (?P<rule>TS\d+): (?P<message>\S.*)$")
_RULE = re.compile(r"\s*[\[(](?P<rule>[\w@-][\w@./:-]*)[\])]$")


def lines(output: str) -> Iterator[Said]:
    """Yield a finding for each line that begins with a place, and for tsc's of none; other lines are nobody's."""
    for line in output.splitlines():
        found = _PLACE.match(line.rstrip())
        if found is None:
            nowhere = _NOWHERE.match(line.rstrip())
            if nowhere:
                yield Said(None, None, text(nowhere["message"]), None, ERROR, rule(nowhere["rule"]))
            continue
        rest, name = found["rest"], ""
        word = _WORD.match(rest)
        grave = severity(word["word"] or word["bracketed"]) if word else None
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
