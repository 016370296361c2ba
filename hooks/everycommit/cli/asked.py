"""The models of a run, put together from the user's profiles; nobody where nothing may or can be asked."""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ..config.schema import Settings
from ..deadline import Deadline
from ..proc import Children

if TYPE_CHECKING:
    from ..model.client import Ask, Reply
    from ..model.models import Models
    from ..model.profile import Profile

GATE = "review"
"""The gate that asks."""


class Endpoint(Protocol):
    """``model.worker.Worker``: carries questions, and looks at a server's pages."""

    def start(self, profiles: "Sequence[Profile]") -> None: ...

    def ask(
        self, profile: "Profile", ask: "Ask", *, deadline: Deadline, on_text: Callable[[str], None] | None = None
    ) -> "Reply": ...

    def get(self, profile: "Profile", path: str, *, deadline: Deadline) -> tuple[int, str]: ...

    def close(self) -> None: ...


def models(
    gates: Collection[str],
    settings: Settings,
    *,
    cache: Path,
    children: Children,
    environ: Mapping[str, str],
    deadline: Deadline,
) -> "Models | None":
    """Return who can be asked, None for nobody.

    *gates* are those that have something to judge. Nothing is started before one of them asks.
    """
    review = settings.review
    if GATE not in gates or not settings.model or review.egress == "deny" or not (review.finder or review.judge):
        return None
    from ..model.measured import Measured
    from ..model.models import Models
    from ..model.profiles import profiles

    measured = Measured(cache)
    return Models(
        profiles(settings, measured),
        measured,
        lambda: worker(children, environ, deadline),
        finder=review.finder,
        judge=review.judge,
    )


def worker(children: Children, environ: Mapping[str, str], deadline: Deadline) -> Endpoint:
    """Return the worker, not started yet; it alone reads keys from *environ*."""
    from ..model.worker import Worker

    return Worker(children, environ=environ, deadline=deadline)
