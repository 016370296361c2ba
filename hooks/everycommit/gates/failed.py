"""Which failures of the tests were there before the change."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ..errors import ToolError
from ..result import Finding
from . import pytest
from .base import Job
from .by_tree import ByTree
from .pytest import RULES

if TYPE_CHECKING:
    from ..repo.snapshot import Snapshot


class Failing(NamedTuple):
    """A failure by what does not change with its words: its rule, its file from the root, and how the test is told."""

    rule: str
    file: str
    test: str
    """Empty for a file or folder that cannot be collected."""


class Before:
    """Tells for one parent of the job's change; *named* are the variables that tests see, see ``Tests.named``."""

    def __init__(self, job: Job, parent: str, *, named: Mapping[str, str], conditions: Mapping[str, str]) -> None:
        self._job = job
        self._parent = parent
        self._named = named
        self._whole = Whole(job, conditions)

    def among(self, findings: Sequence[Finding]) -> list[Finding]:
        """Return those of *findings* that the parent has as well; a test that is not there has not failed there.

        The tests of *findings* run there by themselves. One that then passes in both trees fails for what ran before
        it, or now and then: a run of all tests of the parent tells, as for what only that can tell, a folder.

        Raises:
            ToolError: The parent's tests came to no result.
        """
        snapshot = self._job.trees.older(self._parent)
        if snapshot.lacking:
            raise ToolError(f"pytest in the tree before this change: {snapshot.lacking}")
        places = {path: _old_path(self._job, self._parent, path) for path in {one.path for one in findings} if path}
        there = {path: old for path, old in places.items() if old is not None and (snapshot.path / old).exists()}
        asked = [finding for finding in findings if finding.path in there]
        if not asked:
            return []
        alone = self._alone(snapshot, asked, there)
        old, left = _parted(asked, alone or [], there)
        known = self._whole.found(self._parent) if left else None
        if known is not None:
            # What passed among all tests there is new, whatever it does alone.
            left, _ = _parted(left, known, there)
        if left and (alone is None or self._pass_alone(left)):
            if known is None:
                left, _ = _parted(left, self._in_all(snapshot), there)
            old += left
        return old

    def _alone(
        self, snapshot: "Snapshot", findings: Sequence[Finding], there: Mapping[str, str]
    ) -> list[Failing] | None:
        """Return what fails of the tests of *findings*, and of no others; None where that cannot be told."""
        files = [there[finding.path] for finding in findings if finding.path]
        if not all((snapshot.path / file).is_file() for file in files):
            return None
        run = pytest.run(
            self._job,
            snapshot,
            [*pytest.options(self._job, snapshot), *(str(snapshot.path / file) for file in sorted({*files}))],
            named=self._named,
            # A message begins with the test's name, and so does the line that keeps the test.
            only=[f"{there[finding.path]}::{finding.message}" for finding in findings if finding.path],
        )
        if run.done.late:
            raise ToolError(f"pytest in the tree before this change: {pytest.how_it_broke(run)}")
        return failing(run) if run.report.status in {0, 1, 5} and not run.leaks else None

    def _pass_alone(self, findings: Sequence[Finding]) -> bool:
        """Tell whether one of *findings* is none in the target where its test runs by itself, or that is not known."""
        target = self._job.trees.target()
        here = {finding.path: finding.path for finding in findings if finding.path}
        alone = self._alone(target, findings, here)
        return alone is None or bool(_parted(findings, alone, here)[1])

    def _in_all(self, snapshot: "Snapshot") -> list[Failing]:
        """Run all tests of the parent; return what fails."""
        run = pytest.run(self._job, snapshot, self._job.config.settings.tests.args, named=self._named)
        if run.report.status not in {0, 1, 5} or run.leaks:
            raise ToolError(f"pytest in the tree before this change: {pytest.how_it_broke(run)}")
        self._whole.keep(self._parent, run)
        return failing(run)


class Whole:
    """What failed in runs of all tests, by tree.

    No test is excused by it that can be asked alone.
    """

    def __init__(self, job: Job, conditions: Mapping[str, str]) -> None:
        self._kept = ByTree(job, "tests: failures", conditions)

    def found(self, tree: str) -> list[Failing] | None:
        """Return what failed in *tree*; None where that is not known."""
        text = self._kept.found(tree)
        return None if text is None else [Failing(*one) for one in json.loads(text)]

    def keep(self, tree: str, run: pytest.Run) -> None:
        """Keep what failed in *run*, which was one of all tests of *tree* and came to its end."""
        if run.report.status in {0, 1} and not run.leaks and not run.report.unreported():
            self._kept.keep(tree, json.dumps(failing(run)))


def failing(run: pytest.Run) -> list[Failing]:
    """Return what failed in *run*."""
    found = []
    for failure in run.report.failures:
        file, _, test = run.id(failure.id).partition("::")
        found.append(Failing(RULES[failure.when], file, pytest.told(test, failure) if test else ""))
    return found


def _parted(
    findings: Iterable[Finding], failures: Sequence[Failing], there: Mapping[str, str]
) -> tuple[list[Finding], list[Finding]]:
    """Return those of *findings* that are among *failures*, each taken once, and the others."""
    left = [*failures]
    same: list[Finding] = []
    others: list[Finding] = []
    for finding in findings:
        # As the target has it: that the words or the line differ does not make it another failure.
        one = next((one for one in left if _same(one, finding, there)), None)
        (others if one is None else same).append(finding)
        if one is not None:
            left.remove(one)
    return same, others


def _same(one: Failing, finding: Finding, there: Mapping[str, str]) -> bool:
    if one.rule != finding.rule or one.file != there.get(finding.path or ""):
        return False
    return not one.test or finding.message.startswith(f"{one.test}: ")


def _old_path(job: Job, parent: str, path: str) -> str | None:
    """Return where *path* was in *parent*; None where it was not."""
    if parent == job.change.parents[0]:
        for file in job.change.landing:
            if file.path == path:
                return file.source if file.was_file else None
    return path
