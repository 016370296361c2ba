"""What was found in a whole tree, kept for changes on top of it."""

from collections.abc import Mapping

from ..ledger import itself, key, repeatable
from .base import Job

_OF_THE_CHANGE = frozenset({"target", "parents", "settings before"})


class ByTree:
    """Texts of the kind *what* by tree, for the job's project, tool, settings and environment.

    These *inputs* name (``Gate.inputs``). A tree holds its own settings, so what they say of the change is left out.
    """

    def __init__(self, job: Job, what: str, inputs: Mapping[str, str]) -> None:
        self._what = what
        self._project = job.project
        self._answers = job.answers if repeatable(inputs) else None
        self._inputs = {name: value for name, value in inputs.items() if name not in _OF_THE_CHANGE}

    def found(self, tree: str) -> str | None:
        """Return what is kept of *tree*; None where that is not known."""
        return self._answers.answer(self._key(tree)) if self._answers else None

    def keep(self, tree: str, text: str) -> None:
        if self._answers:
            self._answers.keep_answer(self._key(tree), text)

    def _key(self, tree: str) -> str:
        return key(self._what, self._project, {**self._inputs, "everycommit": itself(), "tree": tree})
