"""What mypy found in a whole tree, kept: a change on top of a tree that was judged needs one run of mypy, not two."""

from collections.abc import Mapping, Sequence

from ..entries import findings_of, findings_text
from ..ledger import itself, key, repeatable
from ..result import Finding
from .base import Job

_OF_THE_CHANGE = frozenset({"target", "parents"})


class Typed:
    """Findings by tree, for the job's project, tool, settings and environment, which *inputs* (``Gate.inputs``) name.

    A tree holds its own mypy settings, so *inputs* beside target and parents stand for all else.
    """

    def __init__(self, job: Job, inputs: Mapping[str, str]) -> None:
        self._project = job.project
        self._answers = job.answers if repeatable(inputs) else None
        self._inputs = {name: value for name, value in inputs.items() if name not in _OF_THE_CHANGE}

    def found(self, tree: str) -> tuple[Finding, ...] | None:
        """Return what a whole run of mypy found in *tree*; None where that is not known."""
        text = self._answers.answer(self._key(tree)) if self._answers else None
        return None if text is None else findings_of(text)

    def keep(self, tree: str, found: Sequence[Finding]) -> None:
        """Keep what a run that came to its end, and read nothing but *tree*, found there."""
        text = findings_text(found) if self._answers else None
        if self._answers and text is not None:
            self._answers.keep_answer(self._key(tree), text)

    def _key(self, tree: str) -> str:
        return key("types: findings", self._project, {**self._inputs, "everycommit": itself(), "tree": tree})
