"""When everything has to be over."""

import time

from .record import dataclass


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment on the monotonic clock, in seconds; made once and handed down."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        """Return the moment *seconds* from now."""
        return cls(time.monotonic() + seconds)

    def left(self) -> float:
        """Return the seconds that are left, never below 0."""
        return max(0.0, self.at - time.monotonic())

    @property
    def passed(self) -> bool:
        return time.monotonic() >= self.at

    def within(self, seconds: float) -> "Deadline":
        """Return the sooner of this deadline and *seconds* from now."""
        return Deadline(min(self.at, time.monotonic() + seconds))
