"""Old and new contents of the files of a change, held against each other."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from ..rules.python_source import differing, trees
from .flat import Unit, edits, units
from .seen import Moves, Seen
from .taken import lost_return, taken
from .turned import no_longer_async, swapped_names, turned

if TYPE_CHECKING:
    import ast

_Key = tuple[str, int]


def compared(files: Mapping[str, tuple[str, str]]) -> Iterator[tuple[str, Seen]]:
    """Yield path and what was seen, of *files*: ``{path: (old text, new text)}``.

    All of a change at once: a check that goes here and comes there was moved.
    """
    found = []
    came: Counter[str] = Counter()
    taken_before, taken_now = set[str](), set[str]()
    for path, (old, new) in files.items():
        gone_blocks, came_blocks = differing(old, new)
        was, now = trees(gone_blocks, old), trees(came_blocks, new)
        if was is None or now is None:
            continue
        before, after = _units(was), _units(now)
        both = [(before[key], after[key]) for key in before.keys() & after.keys()]
        runs = [edit for one, other in both for edit in edits(one, other)]
        found.append((path, runs, both))
        taken_before |= _parameters(was)
        taken_now |= _parameters(now)
        came.update(entry.key for edit in runs for entry in edit.came)
        came.update(entry.key for key in after.keys() - before.keys() for entry in after[key].entries)
    if not found:
        return
    moves = Moves(came, _given_up(files.values()), frozenset(taken_before - taken_now))
    for path, runs, both in found:
        for edit in runs:
            yield from ((path, one) for one in taken(edit, moves))
            yield from ((path, one) for one in turned(edit, moves))
            yield from ((path, one) for one in swapped_names(edit, files[path][1]))
        for one, other in both:
            yield from ((path, seen) for seen in (lost_return(one, other), no_longer_async(one, other)) if seen)


def _units(parsed: "Sequence[tuple[ast.Module, int]]") -> dict[_Key, Unit]:
    """Return the functions by name; the second of a name is another."""
    found: dict[_Key, Unit] = {}
    seen: Counter[str] = Counter()
    for tree, above in parsed:
        for unit in units(tree, above):
            found[unit.name, seen[unit.name]] = unit
            seen[unit.name] += 1
    return found


def _given_up(texts: Iterable[tuple[str, str]]) -> frozenset[str]:
    """Return the words of the old texts that no new one has."""
    pairs = [(set(re.findall(r"\w+", old)), set(re.findall(r"\w+", new))) for old, new in texts]
    return frozenset(word for old, _ in pairs for word in old).difference(*(new for _, new in pairs))


def _parameters(parsed: "Sequence[tuple[ast.Module, int]]") -> set[str]:
    import ast

    return {one.arg for tree, _ in parsed for one in ast.walk(tree) if isinstance(one, ast.arg)}
