"""How well a reader did over labelled changes: what it found of the defects, what it said besides, how sure that is."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

NEAR = 3
"""Lines from a defect within which a finding counts as the one."""
_Z = 1.959964
"""Of the normal distribution, for 95 %."""


class Share(NamedTuple):
    """So many of so many."""

    hits: float
    """Whole numbers where they were counted; what is expected of fewer samples need not be."""
    of: float

    @property
    def value(self) -> float | None:
        return self.hits / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float]:
        """Return where the share lies with 95 % of certainty; from 0 to 1 where nothing was counted.

        Source: E. B. Wilson, Probable inference, J. Am. Stat. Assoc. 22 (1927); it holds for small numbers and at 0.
        """
        if not self.of:
            return 0.0, 1.0
        share, square = self.hits / self.of, _Z * _Z
        middle = (share + square / (2 * self.of)) / (1 + square / self.of)
        spread = share * (1 - share) / self.of + square / (4 * self.of * self.of)
        half = _Z * math.sqrt(max(0.0, spread)) / (1 + square / self.of)
        # At 0 and at 1 the formula gives exactly that; in floating point it gives nearly that.
        low = 0.0 if not self.hits else max(0.0, middle - half)
        return low, 1.0 if self.hits == self.of else min(1.0, middle + half)

    def __str__(self) -> str:
        """Return ``3/4 = 0.75 (0.30 to 0.95)``."""
        if not self.of:
            return "-"
        low, high = self.interval
        return f"{self.hits:.3g}/{self.of:.4g} = {self.hits / self.of:.2f} ({low:.2f} to {high:.2f})"


class Spoken(NamedTuple):
    """What a reader said of one labelled change."""

    bug: bool
    """Whether the change brings a defect; else it is taken for sound."""
    hit: float
    """1 where a finding is where the defect is, however many are; what is expected may lie between."""
    far: float
    """Findings elsewhere; of a sound change all of them."""


class Score(NamedTuple):
    """What was found and what was said besides."""

    recall: Share
    """Of the changes with a defect: those with a finding there."""
    alarms: Share
    """Of the sound changes: those with any finding."""
    precision: Share
    """Of what was said: what is where a defect is, several findings of one defect counted once."""

    @property
    def f1(self) -> float:
        recall, precision = self.recall.value or 0.0, self.precision.value or 0.0
        return 2 * recall * precision / (recall + precision) if recall + precision else 0.0


def score(spoken: Iterable[Spoken]) -> Score:
    """Return what it comes to."""
    every = [*spoken]
    bugs, sound = [one for one in every if one.bug], [one for one in every if not one.bug]
    hits, far = sum(one.hit for one in bugs), sum(one.far for one in every)
    return Score(
        recall=Share(hits, len(bugs)),
        alarms=Share(sum(min(1.0, one.far) for one in sound), len(sound)),
        precision=Share(hits, hits + far),
    )


def near(lines: Sequence[Sequence[int]], line: int | None) -> bool:
    """Tell whether *line* is where the defect is: within ``NEAR`` of one of the ranges *lines*, first and last."""
    return line is not None and any(first - NEAR <= line <= last + NEAR for first, last in lines)
