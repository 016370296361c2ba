"""The models of a run, put together from the user's profiles; nobody where nothing may or can be asked."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..config.schema import Settings
from ..deadline import Deadline
from ..proc import Children

if TYPE_CHECKING:
    from ..model.models import Models

GATE = "review"
"""The gate that asks."""


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

    Nothing is started: the worker is, when the gate has something to ask and wants to know by whom.
    """
    review = settings.review
    if GATE not in gates or not settings.model or review.egress == "deny" or not (review.finder or review.judge):
        return None
    from ..model.measured import Measured
    from ..model.models import Asker, Models
    from ..model.profiles import profiles

    def worker() -> Asker:
        from importlib import import_module

        made: Asker = import_module("..model.worker", __package__).Worker(children, environ=environ, deadline=deadline)
        return made

    measured = Measured(cache)
    return Models(profiles(settings, measured), measured, worker, finder=review.finder, judge=review.judge)
