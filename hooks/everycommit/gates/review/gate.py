"""The gate that reads: old against new by rules, and every hunk by models. What that takes is imported when needed."""

import json
import time
from collections.abc import Callable, Mapping, Sequence

from ...ledger import ALL
from ...record import asdict
from ...result import Finding, GateResult
from ..base import Job
from ..sources import within

VERSION = "1"
_ADD = "no model is set up; add one: everycommit models add"


def nobody(job: Job) -> str | None:
    """Return why no model reads, None where one does."""
    review = job.config.settings.review
    reasons = (
        (review.egress == "deny", 'nothing may be sent to a model (review.egress = "deny")'),
        (review.finder is None, "no model is to read it (review.finder = false)"),
        (not job.config.settings.model, _ADD),
    )
    return next((why for holds, why in reasons if holds), None)


class Review:
    """Holds old and new code against each other, and has models read each hunk, if there is one."""

    name = "review"
    keeps = ALL
    compared_with: tuple[str, ...] = ()

    def __init__(self, today: Callable[[], str] = lambda: time.strftime("%Y-%m-%d")) -> None:
        self._today = today

    def skip(self, job: Job) -> str | None:
        from ...rules.sources import is_prose

        # The commit that costs least, and comes often, is told by its names alone.
        if all(is_prose(file.path) and is_prose(file.source) for file in job.change.files):
            return "only prose changed"
        from .left_out import compared, readable, why_not

        review = job.config.settings.review
        if any(True for _ in compared(job.change, job.project)):
            return None
        if any(True for _ in readable(job.change, review, job.project)):
            return nobody(job)
        own = [file for file in job.change.files if within(job.project, file.path)]
        whys = dict.fromkeys(why for file in own if (why := why_not(file, review)))
        return f"nothing that is read ({', '.join(whys)})" if whys else "nothing to read"

    def inputs(self, job: Job) -> Mapping[str, str]:
        from .judge import VERSION as JUDGES
        from .prompt import VERSION as PROMPT

        config, change = job.config, job.change
        return {
            "version": f"{VERSION} {PROMPT} {JUDGES}",
            "base": change.base,
            "target": change.target,
            "parents": " ".join(change.parents),
            "settings": json.dumps(asdict(config.settings.review), sort_keys=True),
            "models": json.dumps({name: asdict(one) for name, one in config.settings.model.items()}, sort_keys=True),
            "rules": f"{config.sources.get('review.rules', '')} {config.adopting}",
            "goal": config.goal,
            "today": self._today() if _accepts(job) else "",
            **_of_lint(job),
        }

    def check(self, job: Job) -> GateResult:
        from .review import reviewed

        return reviewed(job, self._today(), nobody(job))

    def older(self, job: Job, parent: str, findings: Sequence[Finding]) -> Sequence[Finding]:  # noqa: ARG002
        """Return nothing: a reader is asked for what the change itself brings."""
        return ()


def _of_lint(job: Job) -> Mapping[str, str]:
    """Return what the static reader depends on: its ruff, and what the lint says anyway."""
    from .left_out import compared

    if not any(True for _ in compared(job.change, job.project)):
        return {}
    from ..lint import Lint

    return {f"lint {name}": value for name, value in Lint().inputs(job).items()}


def _accepts(job: Job) -> bool:
    """Tell whether findings are accepted here: acceptances end at a date."""
    from ...rules.names import ACCEPTED

    return bool(job.blobs.entries(job.change.target, [ACCEPTED]))
