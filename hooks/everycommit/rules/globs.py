"""Glob patterns over paths from the repository's root.

- ``*`` and ``?`` stay inside one part of the path; ``[ab]``, ``[!ab]`` and ``[a-z]`` name one character.
- ``**`` as a whole part stands for any number of folders, none too; ``docs/**`` is everything below ``docs``.
- A pattern matches the whole path from the root: ``*.lock`` means the root's, ``**/*.lock`` those of any folder.
- A name that begins with a dot is a name like any other; ``/`` at the end means the folder's content.

``fnmatch`` lets ``*`` cross ``/``, ``PurePath.match`` (3.11) knows no ``**``, ``glob.translate`` comes with 3.13:
only a character class is left to ``fnmatch`` here.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

_DEEP = "**"
_FOLDERS = "(?:[^/]+/)*"


def matches(path: str, patterns: Sequence[str]) -> bool:
    """Tell whether one of *patterns* matches *path*."""
    return bool(patterns) and _compiled(tuple(patterns)).fullmatch(path) is not None


@lru_cache(maxsize=64)
def _compiled(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{_translated(pattern)})" for pattern in patterns), re.DOTALL)


def _translated(pattern: str) -> str:
    """Return the regular expression of one pattern.

    All but the last run between wildcards sits in an atomic group: its first place is as good as any later one, so
    nothing is tried twice and no pattern of a repository can make matching slow.
    """
    if pattern.endswith("/"):
        pattern += _DEEP
    parts = [part for part in pattern.split("/") if part not in {"", "."}]
    if not parts:
        return "(?!)"
    runs = [list(run) for run in _runs(parts)]
    first, *rest = ["/".join(map(_part, run)) for run in runs]
    if not rest:
        return first
    *middle, last = rest
    deep = "".join(f"(?>(?:[^/]+/)*?{run}/)" for run in middle if run)
    return (f"{first}/" if first else "") + deep + (_FOLDERS + last if last else ".+")


def _runs(parts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield what stands between the ``**`` parts; empty at an end where the pattern begins or ends with one."""
    cuts = [-1, *(place for place, part in enumerate(parts) if part == _DEEP), len(parts)]
    for before, after in pairwise(cuts):
        yield parts[before + 1 : after]


def _part(part: str) -> str:
    """Return the regular expression of what stands between two slashes."""
    pieces = [""]
    for step in _steps(part):
        if step == "*":
            pieces.append("")
        else:
            pieces[-1] += step
    first, *rest = pieces
    if not rest:
        return first
    *middle, last = rest
    return first + "".join(f"(?>[^/]*?{piece})" for piece in middle if piece) + "[^/]*" + last


def _steps(part: str) -> Iterator[str]:
    place = 0
    while place < len(part):
        char, end = part[place], _class_end(part, place)
        if end:
            yield _class(part[place:end])
            place = end
            continue
        yield "*" if char == "*" else "[^/]" if char == "?" else re.escape(char)
        place += 1


def _class_end(part: str, place: int) -> int:
    """Return where the character class that opens at *place* is over; 0 where none opens or it never ends."""
    if part[place] != "[":
        return 0
    inside = place + 2 if part[place + 1 : place + 2] == "!" else place + 1
    return part.find("]", inside + 1) + 1


def _class(text: str) -> str:
    import fnmatch

    # fnmatch wraps it as (?s:...)\Z and knows what to do with [z-a] and [a&&b]; it does not know that / is special.
    return "(?!/)" + fnmatch.translate(text)[4:-3]
