"""Comments that make a checker look away, read by the checkers' own grammar."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..change import Blobs, Change, FileChange
from ..result import ERROR, WARNING, Finding
from ..text import printable
from .places import Contents
from .python_source import comments, is_python, text_of
from .rule import Rule

_LONGEST = 2000
"""Characters of a line that are looked at."""
_WORDS = (
    "noqa",
    "ignore",
    "nosec",
    "pragma",
    "pylint",
    "mypy:",
    "pyright:",
    "pyre-",
    "noinspection",
    "nosemgrep",
    "disable",
    "@ts-",
    "nolint",
    "allow(",
)


class _Grammar(NamedTuple):
    tool: str
    pattern: re.Pattern[str]
    whole: bool = False
    """Whether it holds for the whole file."""


def _grammar(tool: str, pattern: str, *, whole: bool = False) -> _Grammar:
    return _Grammar(tool, re.compile(pattern, re.IGNORECASE if "noqa" in pattern else 0), whole)


def _python() -> tuple[_Grammar, ...]:
    """Return what Python's checkers read in a comment; the text begins behind the ``#``. First match counts."""
    return (
        _grammar("noqa", r"^\s*(?:ruff|flake8)\s*:\s*noqa(?::\s*(?P<codes>[A-Z][0-9A-Z,\s]*))?", whole=True),
        _grammar("ruff", r"^\s*ruff\s*:\s*(?:disable|ignore|file-ignore)\s*\[(?P<codes>[^\]]{1,200})\]", whole=True),
        _grammar("noqa", r"(?:^|#)\s*noqa\b(?:\s*:\s*(?P<codes>[A-Z]+[0-9]+(?:[,\s]+[A-Z]+[0-9]+)*))?"),
        _grammar("type: ignore", r"(?:^|#)\s*type:\s*ignore(?:\[(?P<codes>[^\]]{0,200})\])?(?=\s|#|$)"),
        _grammar("mypy", r"^\s*mypy:\s*(?P<codes>(?:ignore|disable|allow|no-|follow|implicit)[^#]{0,200})", whole=True),
        _grammar("pyright", r"(?:^|#)\s*pyright:\s*ignore(?:\[(?P<codes>[^\]]{0,200})\])?"),
        _grammar("pyright", r"^\s*pyright:\s*(?P<codes>basic|\w+\s*=\s*(?:false|none))", whole=True),
        _grammar("pyre", r"^\s*pyre-(?:ignore-all-errors|unsafe)", whole=True),
        _grammar("pyre", r"(?:^|#)\s*pyre-(?:ignore|fixme)(?:\[(?P<codes>[^\]]{0,200})\])?"),
        _grammar("ty", r"(?:^|#)\s*ty:\s*ignore(?:\[(?P<codes>[^\]]{0,200})\])?"),
        _grammar("nosec", r"(?:^|#)\s*nosec\b(?:[:\s]+(?P<codes>B\d+(?:[,\s]+B\d+)*))?"),
        _grammar("pragma", r"(?:^|#)\s*pragma:?\s*(?P<codes>no\s?cover|no\s?branch)", whole=False),
        _grammar("pylint", r"^\s*pylint:\s*skip-file", whole=True),
        _grammar("pylint", r"(?:^|#)\s*pylint:\s*disable(?:-next)?\s*=\s*(?P<codes>[\w\-, ]{1,200})"),
        _grammar("nosemgrep", r"(?:^|#)\s*nosemgrep\b"),
        _grammar("noinspection", r"^\s*noinspection\s+(?P<codes>[\w,]{1,200})"),
    )


def _script() -> tuple[_Grammar, ...]:
    """Return the same for JavaScript and TypeScript; the text begins behind ``//`` or ``/*``."""
    return (
        _grammar("eslint", r"^[\s*]*eslint-disable-(?:next-)?line\b\s*(?P<codes>[@\w/\-, ]{0,200})"),
        _grammar("eslint", r"^[\s*]*eslint-disable\b\s*(?P<codes>[@\w/\-, ]{0,200})", whole=True),
        _grammar("typescript", r"^[\s*]*@ts-nocheck\b", whole=True),
        _grammar("typescript", r"^[\s*]*@ts-(?:ignore|expect-error)\b"),
        _grammar("biome", r"^[\s*]*biome-ignore-all\s+(?P<codes>\S{1,200})", whole=True),
        _grammar("biome", r"^[\s*]*biome-ignore\s+(?P<codes>\S{1,200})"),
        _grammar("coverage", r"^[\s*]*(?:istanbul|c8|v8)\s+ignore\b"),
    )


def _others(path: str) -> tuple[str, tuple[_Grammar, ...]] | None:
    """Return how a comment begins in a file of another language, and what its checkers read there."""
    end = path.rpartition(".")[2]
    if end == "go":
        return "//", (_grammar("golangci-lint", r"^nolint\b(?::(?P<codes>[\w,]{1,200}))?"),)
    if end == "rs":
        return "#", (
            _grammar("rustc", r"^!\[allow\((?P<codes>[^)]{1,200})", whole=True),
            _grammar("rustc", r"^\[allow\((?P<codes>[^)]{1,200})"),
        )
    if end in {"sh", "bash"}:
        return "#", (_grammar("shellcheck", r"^\s*shellcheck\s+disable=(?P<codes>[\w,]{1,200})"),)
    if end in {"c", "cc", "cpp", "h", "hpp"}:
        return "//", (_grammar("clang-tidy", r"^\s*NOLINT(?:NEXTLINE|BEGIN)?\b(?:\((?P<codes>[^)]{1,200})\))?"),)
    return None


class _Found(NamedTuple):
    tool: str
    code: str
    """Empty for all codes."""
    whole: bool
    file: FileChange
    line: int
    source: str


_SCRIPTS = (".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".mts", ".cts", ".vue", ".svelte")


def check(change: Change, blobs: Blobs) -> list[Finding]:
    """Return a finding for each suppression that *change* adds and does not take away elsewhere."""
    contents = Contents(blobs)
    added: list[_Found] = []
    for file in change.files:
        if file.added and file.is_file and not file.binary and not file.unread:
            added += _in_lines(file, contents, new=True)
    if not added:
        return []
    removed = [
        one
        for file in change.files
        if file.removed and file.was_file and not file.binary and not file.unread
        for one in _in_lines(file, contents, new=False)
    ]
    return [_finding(group) for group in _grouped(_more(added, removed))]


def _grouped(found: Sequence[_Found]) -> list[list[_Found]]:
    """Return the codes of one comment together."""
    groups: dict[tuple[str, int, str, bool], list[_Found]] = {}
    for one in found:
        groups.setdefault((one.file.path, one.line, one.tool, one.whole), []).append(one)
    return list(groups.values())


def _more(added: Sequence[_Found], removed: Sequence[_Found]) -> list[_Found]:
    """Return those of *added* that were nowhere before; another code for the same tool in its place is no more."""
    same = Counter((one.tool, one.code, one.whole) for one in removed)
    rest = []
    for one in added:
        if same[one.tool, one.code, one.whole] > 0:
            same[one.tool, one.code, one.whole] -= 1
        else:
            rest.append(one)
    swapped = Counter[tuple[str, bool]]()
    for (tool, code, whole), number in same.items():
        if number > 0:
            swapped[tool, whole] += number if code else 0
    out = []
    for one in rest:
        if one.code and swapped[one.tool, one.whole] > 0:
            swapped[one.tool, one.whole] -= 1
        else:
            out.append(one)
    return out


def _in_lines(file: FileChange, contents: Contents, *, new: bool) -> Iterator[_Found]:
    """Yield the suppressions on the changed lines of one side."""
    path = file.path if new else file.source
    if not (is_python(path) or path.endswith(_SCRIPTS) or _others(path)):
        return
    lines = file.added_lines() if new else file.removed_lines()
    joined = "\n".join(line.text for line in lines).lower()
    words = [word for word in _WORDS if word in joined]  # one look at all lines, as most hold none
    said = {
        (line.new if new else line.old) or 0: line.text[:_LONGEST]
        for line in (lines if words else ())
        if any(word in line.text[:_LONGEST].lower() for word in words)
    }
    if not said:
        return
    if is_python(path):
        grammars = _python()
        content = contents.new(file) if new else contents.old(file)
        found = [(line, text) for line, text in comments(text_of(content)) if line in said]
    elif path.endswith(_SCRIPTS):
        grammars = _script()
        found = [(line, text) for line, whole in said.items() for text in _script_comments(whole)]
    else:
        opener, grammars = _others(path) or ("", ())
        found = [(line, whole.partition(opener)[2]) for line, whole in said.items() if opener in whole]
    for line, text in found:
        for tool, code, whole in _suppressed(text[:_LONGEST], grammars):
            yield _Found(tool, code, whole, file, line, said[line])


def _suppressed(text: str, grammars: Sequence[_Grammar]) -> Iterator[tuple[str, str, bool]]:
    tools: set[str] = set()
    for grammar in grammars:
        if grammar.tool in tools or not (found := grammar.pattern.search(text)):
            continue
        tools.add(grammar.tool)
        codes = (found.groupdict().get("codes") or "").replace(",", " ").split()
        if grammar.tool in {"pragma", "mypy"} and codes:
            codes = [" ".join(codes)]
        yield from ((grammar.tool, code, grammar.whole) for code in dict.fromkeys(codes or [""]))


_COMMENT_OR_STRING = re.compile(
    r"""//(?P<line>.*)|/\*(?P<block>[^*]*+(?:\*(?!/)[^*]*+)*+)|"(?>[^"\\]|\\.)*+"?|'(?>[^'\\]|\\.)*+'?|`(?>[^`\\]|\\.)*+`?"""
)


def _script_comments(line: str) -> Iterator[str]:
    stripped = line.lstrip()
    if stripped.startswith("*"):  # inside a block comment, by the usual layout
        yield stripped[1:]
        return
    for found in _COMMENT_OR_STRING.finditer(line):
        text = found["line"] if found["line"] is not None else found["block"]
        if text is not None:
            yield text


def _finding(group: Sequence[_Found]) -> Finding:
    one = group[0]
    codes = ", ".join(found.code for found in group if found.code)
    what = codes if one.tool == "pragma" else f"{one.tool} {codes}".rstrip()
    return Finding(
        path=one.file.path,
        line=one.line,
        rule=f"policy/suppression-{'whole-file' if one.whole else 'added'}",
        severity=ERROR if one.whole else WARNING,
        message=printable(
            f"'{what[:120]}' keeps a checker off this {'whole file' if one.whole else 'line'}"
            + ("" if codes else ", whatever it finds")
        ),
        hint="Mend what the checker found; else name the one code, and the reason in the same comment.",
        source=one.source[:300],
    )


RULES = (
    Rule(
        "policy/suppression-added",
        WARNING,
        "A comment keeps a checker off a line: noqa, type: ignore, nosec, no cover, eslint-disable-line, @ts-ignore, …",
        "It is the shortest way past a checker. In a string it is text; where one moves, none is added.",
        {"src/nav.py": ("import os\n", "import os  # noqa: F401\n")},
        {"src/nav.py": ('TEXT = ""\n', 'TEXT = "a # noqa comment"\n')},
        "Mend what the checker found; else name the one code, and the reason in the same comment.",
    ),
    Rule(
        "policy/suppression-whole-file",
        ERROR,
        "A comment keeps a checker off a whole file: ruff: noqa, mypy: ignore-errors, eslint-disable, @ts-nocheck, …",
        "Everything that is written into the file from now on is unchecked as well.",
        {"src/nav.py": ("import os\n", "# mypy: ignore-errors\nimport os\n")},
        {"src/nav.py": ("import os\n", "# mypy: disallow-any-expr\nimport os\n")},
        "Mend what the checker found, or suppress single lines.",
    ),
)
