"""How severe a rule is at a path, by what settings say of it.

A *side* is what one place (base's settings, target's) says: ``{rule: levels}``; levels are tried in order and the
first that holds for the path speaks; where none does, the rule's own severity stands. Of several sides the strictest
judges.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from .globs import matches
from .names import OWN, SEVERITIES, SOFTEST, short

Level = tuple[str, tuple[str, ...]]
"""A severity and the globs where it holds; no globs: everywhere."""
Side = Mapping[str, tuple[Level, ...]]

_ATOMS = 8
"""So many different globs of a rule are compared case by case; above that by the extremes."""


def severity_at(sides: Sequence[Side], rule: str, path: str | None, own: str) -> str:
    """Return the severity of a finding of *rule* at *path* that has its *own*: off, note, warning or error."""
    name = short(rule)
    said = [_first(side.get(name, ()), path) or own for side in sides] or [own]
    return max(said, key=SEVERITIES.index)


def looser_rules(base: Sequence[Side], target: Sequence[Side]) -> Iterator[str]:
    """Yield the rules that *target* may judge looser somewhere than *base*.

    Globs are compared as texts: one that happens to lie inside another counts as a place of its own. So nothing that
    is looser is missed, and now and then something that is not is named.
    """
    for name in dict.fromkeys(name for side in (*base, *target) for name in side):
        if _looser(_levels(base, name), _levels(target, name), name):
            yield name


def _levels(sides: Sequence[Side], name: str) -> tuple[tuple[Level, ...], ...]:
    return tuple(side.get(name, ()) for side in sides) or ((),)


def _looser(base: Sequence[tuple[Level, ...]], target: Sequence[tuple[Level, ...]], name: str) -> bool:
    if base == target:
        return False
    atoms = sorted({glob for levels in (*base, *target) for _, globs in levels for glob in globs})
    own, softest = OWN[name], SOFTEST.get(name, OWN[name])
    owns = dict.fromkeys((own, softest))
    if len(atoms) > _ATOMS:
        strictest = max((own, *(level for levels in base for level, _ in levels)), key=SEVERITIES.index)
        loosest = min((softest, *(level for levels in target for level, _ in levels)), key=SEVERITIES.index)
        return SEVERITIES.index(loosest) < SEVERITIES.index(strictest)
    for holds in product((False, True), repeat=len(atoms)):
        here = {atom for atom, held in zip(atoms, holds, strict=True) if held}
        if any(_rank(target, here, one) < _rank(base, here, one) for one in owns):
            return True
    return False


def _rank(sides: Sequence[tuple[Level, ...]], here: set[str], own: str) -> int:
    said = (next((level for level, globs in levels if not globs or here.intersection(globs)), own) for levels in sides)
    return max(map(SEVERITIES.index, said))


def _first(levels: Sequence[Level], path: str | None) -> str | None:
    return next(
        (level for level, globs in levels if not globs or (path is not None and matches(path, globs))),
        None,
    )
