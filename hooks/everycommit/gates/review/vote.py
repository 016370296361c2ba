"""What several samples said, as one: the same finding in other words is the same finding, and who failed has no vote.

Nothing here depends on the order of samples or of what they say.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from .parts import CATEGORIES, SEVERITIES, Answer, Said, Voted

LEAST: Mapping[str, int] = {"error": 2, "warning": 2, "note": 2}
"""Votes from which a finding is shown, by its severity, where settings do not say otherwise."""
_NEAR = 3
"""Lines between two places that may be one: one quotes the condition, another what follows of it."""
_SAME_LINE, _SAME_KIND, _OTHER_KIND, _ANYWHERE = 0.15, 0.25, 0.4, 0.6
"""How alike words have to be: on the same line in another category, near by in the same, in another, far away."""
_Kind = TypeVar("_Kind", int, str)
_EMPTY = frozenset(
    {
        *("the", "and", "for", "are", "was", "not", "but", "has", "have", "had", "can"),
        *("may", "will", "would", "could", "should", "does", "did", "when", "where", "which", "that"),
        *("this", "with", "from", "into", "its", "than", "then", "there", "here", "been", "being"),
        *("also", "only", "any", "all", "one", "two", "code", "line", "value", "function", "method"),
        *("call", "called", "calls", "returns", "return", "instead", "because", "causes", "cause", "case"),
    }
)
"""Words that say nothing of a defect."""


def voted(answers: Sequence[Answer]) -> tuple[Voted, ...]:
    """Return what *answers* say, by path, line and text.

    What a sample says of a piece that it did not see is left out.
    """
    saw: dict[str, set[int]] = defaultdict(set)
    plain: set[str] = set()
    by_piece: dict[str, set[Said]] = defaultdict(set)
    for answer in answers:
        for piece in answer.seen:
            saw[piece].add(answer.sample)
        if not answer.stripped:
            plain |= answer.seen
        for one in answer.said:
            if one.piece in answer.seen:
                by_piece[one.piece].add(one)
    found = [
        _one(group, samples=len(saw[piece]), compared=piece in plain)
        for piece, said in by_piece.items()
        for group in _groups(sorted(said, key=_order))
    ]
    return tuple(
        sorted(found, key=lambda one: (one.path, one.line or 0, one.title, one.scenario, one.quote, one.piece))
    )


def shown(one: Voted, least: Mapping[str, int] = LEAST, *, neutralised: Container[str] = ()) -> bool:
    """Tell whether *one* has the votes that its severity needs, or all that there can be.

    What only the stripped view has can never have many: it is shown where the views of its piece (*neutralised*: ids of
    pieces whose views differ) are not the same, and it is more than a note.
    """
    if one.only_stripped and one.piece in neutralised and one.severity != "note":
        return True
    return one.votes >= min(least.get(one.severity, 1), one.samples)


def alike(one: Said | Voted, other: Said | Voted) -> bool:
    """Tell whether two findings of one piece are the same in other words."""
    return _same(one, other, _words(one), _words(other))


def _groups(said: Sequence[Said]) -> Iterator[list[Said]]:
    """Yield those that say the same: who is like one of a group is of that group."""
    words = [_words(one) for one in said]
    left = set(range(len(said)))
    while left:
        group = [min(left)]
        left.discard(group[0])
        for at in group:
            like = sorted(other for other in left if _same(said[at], said[other], words[at], words[other]))
            group += like
            left.difference_update(like)
        yield [said[at] for at in sorted(group)]


def _same(one: Said | Voted, other: Said | Voted, words: frozenset[str], other_words: frozenset[str]) -> bool:
    alike = _shared(words, other_words)
    kind = one.category == other.category or (one.claim == other.claim != "other" and one.symbol == other.symbol)
    if one.line is None or other.line is None:
        return alike >= (_SAME_KIND if one.quote == other.quote and kind else _OTHER_KIND)
    apart = abs(one.line - other.line)
    if apart == 0:
        return kind or alike >= _SAME_LINE
    if apart <= _NEAR:
        return alike >= (_SAME_KIND if kind else _OTHER_KIND)
    return kind and alike >= _ANYWHERE


def _shared(one: frozenset[str], other: frozenset[str]) -> float:
    """Return from 0 to 1 how many words two texts share (Dice)."""
    return 2 * len(one & other) / (len(one) + len(other)) if one or other else 1.0


def _words(said: Said | Voted) -> frozenset[str]:
    found = re.findall(r"[a-z0-9_]{3,}", f"{said.title} {said.scenario} {said.symbol}".lower())
    return frozenset(found) - _EMPTY


def _one(group: Sequence[Said], *, samples: int, compared: bool) -> Voted:
    """Return the finding that *group* is: what most say, in the words of the one that is most like the others."""
    line = _most([one.line for one in group if one.line is not None], int)
    category = _most([one.category for one in group], CATEGORIES.index) or "other"
    words = {one: _words(one) for one in group}

    def fit(one: Said) -> tuple[object, ...]:
        alike = sum(_shared(words[one], words[other]) for other in group)
        return (one.line != line, one.category != category, -round(alike, 6), _order(one))

    best = min(group, key=fit)
    worst: dict[int, int] = {}
    for one in group:
        rank = SEVERITIES.index(one.severity)
        worst[one.sample] = min(rank, worst.get(one.sample, rank))
    ranks = sorted(worst.values())
    return Voted(
        piece=best.piece,
        path=best.path,
        line=best.line,
        quote=best.quote,
        category=category,
        severity=SEVERITIES[ranks[len(ranks) // 2]],
        title=best.title,
        scenario=best.scenario,
        claim=best.claim,
        symbol=best.symbol,
        votes=len(worst),
        samples=samples,
        only_stripped=compared and all(one.stripped for one in group),
    )


def _most(found: Iterable[_Kind], key: Callable[[_Kind], int]) -> _Kind | None:
    """Return what is most often in *found*; of two that are as often the one that *key* puts first."""
    counts = Counter(found)
    return min(counts, key=lambda one: (-counts[one], key(one)), default=None)


def _order(one: Said) -> tuple[object, ...]:
    """Return what puts findings in an order that does not know which sample said them."""
    return (one.line or 0, one.line is None, one.category, one.title, one.scenario, one.quote, one.claim, one.symbol)
