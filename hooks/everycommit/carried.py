"""What of a recorded map still holds in a newer tree: the records of tests that nothing touches, told once more."""

from collections.abc import Iterator, Mapping
from typing import Any

from .testmap import NoMapError, TestMap, bits, unpacked

Lines = Mapping[str, Mapping[int, int]]
"""``{path of a changed file: {line then: line now}}``; what is not in it has no line now."""
_IMPORT = 1


def holding(recorded: TestMap, lines: Lines) -> set[str]:
    """Return the ids of the tests all of whose lines in changed files have a line now."""
    gone = 0
    for path, line, content in _rows(recorded):
        if path in lines and line not in lines[path]:
            gone |= content
    return {node for number, (node, _, _) in recorded.tests.items() if not gone >> number & 1}


def records(recorded: TestMap, kept: set[str], lines: Lines) -> Iterator[Mapping[str, Any]]:
    """Yield the record of each test of *kept* as the recorder tells it, its lines where they are now."""
    found: dict[int, dict[str, Any]] = {}
    for number, node, always, outcome in recorded.every("number, node, always, outcome", "test"):
        if node in kept:
            told = {"kind": "test", "id": node, "always": always, "outcome": outcome, "lines": {}, "names": []}
            found[number] = {**told, "opened": [], "statted": [], "listed": []}
    mask = sum(1 << number for number in found)
    for path, line, content in _rows(recorded):
        now = lines[path].get(line) if path in lines else line
        for number in bits(content & mask):
            if now is None:
                raise NoMapError(f"{path}:{line} is not there any more")
            found[number]["lines"].setdefault(path, []).append(now)
    for name, content in recorded.every("name, tests", "named"):
        for number in bits(unpacked(content) & mask):
            found[number]["names"].append(name)
    for kind, path, content in recorded.every("kind, path, tests", "touched"):
        for number in bits(unpacked(content) & mask):
            found[number][kind].append(path)
    # Under which names files were imported while tests ran: no matter in which.
    modules = dict(recorded.every("name, path", "module JOIN file ON file.number = module.file"))
    yield from ({**told, "modules": modules} for told in found.values())


def _rows(recorded: TestMap) -> Iterator[tuple[str, int, int]]:
    """Yield path, line and the tests that ran it, those that did so at import left out."""
    for path, line, content in recorded.every("path, line, tests", "line JOIN file ON file.number = line.file"):
        yield path, line, unpacked(content) & ~_IMPORT
