"""What mypy found in a whole tree, kept: a change on top of a tree that was judged needs one run of mypy, not two."""

from collections.abc import Mapping, Sequence

from ..entries import findings_of, findings_text
from ..result import Finding
from .base import Job
from .by_tree import ByTree


class Typed:
    """Findings by tree; *inputs* are those of the gate (``Gate.inputs``)."""

    def __init__(self, job: Job, inputs: Mapping[str, str]) -> None:
        self._kept = ByTree(job, "types: findings", inputs)

    def found(self, tree: str) -> tuple[Finding, ...] | None:
        """Return what a whole run of mypy found in *tree*; None where that is not known."""
        text = self._kept.found(tree)
        return None if text is None else findings_of(text)

    def keep(self, tree: str, found: Sequence[Finding]) -> None:
        """Keep what a run that came to its end, and read nothing but *tree*, found there."""
        text = findings_text(found)
        if text is not None:
            self._kept.keep(tree, text)
