"""Who is asked: the strongest model that is fast enough."""

from collections.abc import Sequence
from typing import NamedTuple

from .profile import Profile, Speed

AUTO = "auto"
ENV = "env"
"""The profile that the environment makes; where it is there, nobody else is asked."""
FINDER, JUDGE = "finder", "judge"
TYPICAL = (4000, 500)
"""Tokens of a usual question and its answer, by which is told who would find and judge."""
TYPICAL_SECONDS = 10.0
CAUTIOUS = Speed(first_seconds=2.0, tokens_in=500.0, tokens_out=40.0)
"""What a model counts as that nobody measured: a middling one on a machine of one's own."""


class Choice(NamedTuple):
    """One model for one question."""

    profile: Profile
    seconds: float
    """How long the answer is expected to take."""
    fits: bool
    """Whether that is within what is left, and the question within its context."""


def candidates(profiles: Sequence[Profile], wish: str | None) -> tuple[Profile, ...]:
    """Return those of *profiles* among which is chosen where the settings say *wish*.

    None is nobody, ``auto`` is all, and so is the name of a profile that the user does not have: a repository may name
    one.
    """
    if wish is None:
        return ()
    named = [profile for profile in profiles if profile.name == ENV]
    named = named or [profile for profile in profiles if profile.name == wish]
    return tuple(named or profiles)


def chosen(profiles: Sequence[Profile], role: str, *, tokens_in: int, tokens_out: int, seconds: float) -> Choice | None:
    """Return who answers a question of *tokens_in* with *tokens_out* while *seconds* are left; None for nobody.

    Of those that fit the highest rank; among equals a strong one judges and another one finds, then the fastest. Where
    nobody fits, it is the fastest.
    """
    choices = [
        Choice(
            profile,
            predicted := (profile.speed or CAUTIOUS).seconds(tokens_in=tokens_in, tokens_out=tokens_out),
            predicted <= seconds and tokens_in + tokens_out <= profile.context,
        )
        for profile in profiles
    ]
    fitting = [choice for choice in choices if choice.fits]
    if not fitting:
        return min(choices, key=lambda choice: choice.seconds, default=None)
    return max(
        fitting,
        key=lambda choice: (choice.profile.rank, choice.profile.strong == (role == JUDGE), -choice.seconds),
    )
