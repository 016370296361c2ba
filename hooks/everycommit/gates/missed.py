"""Which failures of a run of all tests the selection at commit would have left out."""

import json
from collections.abc import Iterator

from ..errors import EverycommitError
from ..misses import Miss, of
from ..result import Finding, GateResult
from .affected import selection
from .base import Job
from .pytest import ERROR, FAILED
from .tests import Tests

_AGAIN = 2
"""How often a test has to fail again, alone, before it counts: one that fails now and then is no miss."""

_MOST = 50
"""Tests that are run again: where more fail, the first will do."""


def missed(job: Job, gate: Tests, result: GateResult, *, commit: str | None) -> list[Miss]:
    """Return the new failures in *result*, of a run of all tests, that the map says *job*'s change cannot bring about.

    Their tests are run again, alone: what passes then failed by the weather, or for a test that ran before it.
    """
    plan = selection(job, lambda: gate.circumstances(job))
    if plan.all is not None or job.maps is None:
        return []
    every = [(test, finding) for finding in result.findings for test in _tests(finding, plan.left_out)]
    failed = dict(every[:_MOST])
    try:
        for _ in range(_AGAIN):
            failed = {test: failed[test] for test in gate.failing(job, list(failed)) if test in failed}
    except EverycommitError:
        return []
    if not failed:
        return []
    tree, at = json.loads(plan.recorded)
    paths = [file.path for file in job.maps.differ(tree, job.change.target)]
    return [
        of(test, one.message, commit=commit, trees=(job.change.target, tree), map_at=float(at), paths=paths)
        for test, one in failed.items()
    ]


def _tests(finding: Finding, left_out: tuple[str, ...]) -> Iterator[str]:
    """Yield those of *left_out* that *finding* tells of; its message begins with the test's name."""
    if not finding.new or finding.rule not in {FAILED, ERROR} or not finding.path:
        return
    start = f"{finding.path}::"
    for test in left_out:
        name = test.removeprefix(start)
        if name != test and finding.message.startswith((f"{name}: ", f"{name} (", f"{name} [")):
            yield test
