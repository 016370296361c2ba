"""Labelled changes out of a project's own history: fixes taken back, and commits that stayed quiet.

Both labels are guesses by a subject line: what a reader says more often of the first than of the second it says of
something, and no more is claimed.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from random import Random
from typing import NamedTuple, Protocol

BUG, CLEAN = "bug", "clean"
_FIX = r"(?i)\b(fix|fixe[sd]|bug|crash|regress\w*|leak|race|incorrect|wrong|broken|deadlock|off.by.one|overflow)\b"
_NEITHER = (
    r"(?i)\b(typo|lint|mypy|typing|type hint|flake|ruff|black|docs?|docstring|tests?|ci|warning|format|spelling|comment"
    r"|merge|revert|version|release|changelog|rename|readme|deprecat\w*)\b"
)
_NOT_SOURCE = r"(^|/)(tests?|docs|examples?|bench\w*)/|test_|_test\.|conftest|setup\.py|=>"
_LINES, _LINES_OF_A_FIX = 60, 25
QUIET_FOR = 10
"""Later commits of the same file among which a fix makes a commit no quiet one."""


class Commit(Protocol):
    """What is looked at of a commit."""

    @property
    def oid(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def files(self) -> tuple[tuple[int, str], ...]: ...


class Labelled(NamedTuple):
    """A commit whose change, or what takes it back, is read."""

    kind: str
    """``bug``: a fix, to be taken back; ``clean``: as it is."""
    oid: str
    path: str
    """The one file of source code that it changes."""


def labelled(commits: Iterable[Commit], quiet_for: int = QUIET_FOR) -> Iterator[Labelled]:
    """Yield those of *commits*, the newest first, that change one Python file outside of tests by a few lines.

    A subject that speaks of a fix makes a ``bug``; one that speaks neither of a fix nor of tests, docs or style makes a
    ``clean``, where none of the next *quiet_for* commits of that file speaks of a fix.
    """
    later: dict[str, list[bool]] = {}
    for commit in commits:
        fix = bool(re.search(_FIX, commit.subject))
        source = [one for one in commit.files if one[1].endswith(".py") and not re.search(_NOT_SOURCE, one[1])]
        if len(source) == 1 and not re.search(_NEITHER, commit.subject):
            lines, path = source[0]
            next_ones = later.get(path, [])[-quiet_for:] if quiet_for else []
            if 0 < lines <= (_LINES_OF_A_FIX if fix else _LINES) and (fix or not any(next_ones)):
                yield Labelled(BUG if fix else CLEAN, commit.oid, path)
        for _, path in commit.files:
            later.setdefault(path, []).append(fix)


def chosen(found: Sequence[Labelled], each: int, seed: int = 7) -> list[Labelled]:
    """Return at most *each* of a kind, chosen at random and always the same ones, in the order of *found*."""
    random = Random(seed)  # noqa: S311 - a sample, and the same one again
    out: set[Labelled] = set()
    for kind in (BUG, CLEAN):
        own = [one for one in found if one.kind == kind]
        out |= {*random.sample(own, min(each, len(own)))}
    return [one for one in found if one in out]
