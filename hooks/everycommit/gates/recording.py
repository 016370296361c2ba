"""Records the map of a project's tests: pytest over a tree with each test in a fork of its own."""

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..carried import Lines, holding, records
from ..environment import Interpreter
from ..errors import ToolError
from ..mapped import written
from ..selection.segments import same_lines
from ..testmap import NoMapError, place
from . import pytest
from .affected import conditions, since_recorded
from .base import Job
from .sources import walked
from .tests import Tests

if TYPE_CHECKING:
    from ..repo.snapshot import Snapshot

_PLUGIN = ("-p", "everycommit_record")
# A tool of the project that traces or spreads tests over processes would take our place.
_QUIET = {"pytest-xdist": ("-n", "0"), "pytest-cov": ("--no-cov",)}
# Such a test may have been mended.
_FAILED = ("always: it failed", "always: it ended")
# What runs in pytest's own process because a test ran: without that test nobody would see it.
_HOOKS = (
    *(b"pytest_runtest_log", b"pytest_report_teststatus", b"pytest_report_from_serializable", b"pytest_runtestloop"),
    *(b"pytest_terminal_summary", b"pytest_sessionfinish", b"pytest_unconfigure", b"pytest_warning_recorded"),
    *(b"pytest_exception_interact", b"pytest_runtest_protocol", b"pytest_deselected"),
)


class Recorded(NamedTuple):
    """What came of a recording."""

    tests: int
    always: int
    """How many of them have to run whatever changed."""
    path: Path
    seconds: float
    kept: int = 0
    """How many of them were not run: nothing touches them since they were recorded."""
    all: str | None = None
    """Why all of them were run, where only what changed was asked for."""


class _Carried(NamedTuple):
    """What an older map says that still holds."""

    kept: frozenset[str]
    lines: Lines
    all: str | None = None


def record(job: Job, gate: Tests, *, changed: bool = False) -> Recorded:
    """Record the tests of *job*'s target and keep the map.

    With *changed* those keep their records that nothing touches since the map's tree, and only the others run.

    Raises:
        EverycommitError: They could not be recorded whole; a map from before stays as it was.
    """
    if job.maps is None:
        raise NoMapError("there is no place for a map")
    word = conditions(gate.circumstances(job))
    if not word:
        raise NoMapError("what the tests depend on besides the tree cannot be told, so a map would never be used")
    snapshot = job.trees.target()
    if snapshot.lacking:
        raise NoMapError(snapshot.lacking)
    path = place(job.maps.common_dir, job.project)
    files = _files(job, snapshot.path)
    carried = _carried(job, gate, files) if changed else _nothing()
    if changed and carried.all is None:
        with closing(job.maps.of(job.project)) as older:
            known = {node: always for node, _, always in older.tests.values()}
            if older.meta["tree"] == job.change.target and carried.kept >= known.keys():
                return Recorded(len(known), sum(map(bool, known.values())), path, 0.0, len(known))
            # Before the run: the map may be another one after it.
            kept = list(records(older, set(carried.kept), carried.lines))
    else:
        kept = []
    run, told = _run(job, gate, snapshot, without=carried.kept)
    left = {run.id(node) for node in run.report.left}
    # One that is not collected any more is no test any more.
    kept = [one for one in kept if one["id"] in left]
    whole = [*kept, *told]
    count = written(
        path,
        whole,
        files,
        {"tree": job.change.target, "conditions": word, "project": job.project},
        lambda node: node.partition("::")[0],
    )
    always = sum(bool(one.get("always")) for one in whole)
    return Recorded(count, always, path, run.done.seconds, len(kept), carried.all)


def is_recorded(job: Job) -> bool:
    """Tell whether there is a map of the job's project, of whatever tree."""
    if job.maps is None:
        return False
    try:
        job.maps.of(job.project).close()
    except NoMapError:
        return False
    return True


def _run(
    job: Job, gate: Tests, snapshot: "Snapshot", *, without: Collection[str]
) -> tuple[pytest.Run, list[Mapping[str, Any]]]:
    """Run all tests but *without*, each in a process of its own; return the run and what was seen."""
    seen: list[Mapping[str, Any]] = []
    python = job.interpreter()
    run = pytest.run(
        job,
        snapshot,
        [*job.config.settings.tests.args, *_PLUGIN, *_quiet(python)],
        named=gate.named(job),
        without=without or None,
        reading=lambda report: seen.extend(_records(Path(f"{report}.lines"))),
    )
    nothing_left = run.report.status == 5 and bool(run.report.left)
    if run.done.late or not (run.report.status in {0, 1} or nothing_left):
        raise ToolError(f"the tests could not be recorded: {pytest.how_it_broke(run)}")
    if run.leaks:
        raise ToolError("the tests could not be recorded: modules came from the working tree, not from the snapshot")
    if any(failure.when == "collect" for failure in run.report.failures):
        raise ToolError("the tests could not be recorded: some files cannot be collected; `everycommit run tests`")
    count = sum(one["kind"] == "test" for one in seen)
    if count != len(run.report.ids):
        raise ToolError(f"the tests could not be recorded: {count} of {len(run.report.ids)} were seen")
    return run, [{**one, "id": run.id(one["id"])} if one["kind"] == "test" else one for one in seen]


def _nothing(why: str | None = None) -> _Carried:
    return _Carried(frozenset(), {}, why)


def _carried(job: Job, gate: Tests, files: Mapping[str, tuple[str, bytes]]) -> _Carried:
    """Return which tests keep their records in the target, and where the lines of changed files are now."""
    told = next((path for path, (_, content) in files.items() if any(hook in content for hook in _HOOKS)), None)
    if told is not None:
        return _nothing(f"{told} has a hook that runs between tests")
    plan = since_recorded(job, lambda: gate.circumstances(job))
    if plan.all is not None or job.maps is None:
        return _nothing(plan.all)
    # What always runs is recorded anew only where the change reaches it, or where it may have been mended.
    usual = {test for test, way in plan.chosen if way.startswith("always: ") and not way.startswith(_FAILED)}
    with closing(job.maps.of(job.project)) as older:
        lines: dict[str, Mapping[int, int]] = {}
        for file in job.maps.differ(older.meta["tree"], job.change.target):
            was = older.source(file.source)
            if was is None:
                continue
            now = files.get(file.path) if file.path == file.source else None
            lines[file.source] = same_lines(was[1], now[1]) if now is not None else {}
        return _Carried(frozenset(holding(older, lines) & {*plan.left_out, *usual}), lines)


def _quiet(python: Interpreter) -> Iterator[str]:
    for name, words in _QUIET.items():
        if name in python.distributions:
            yield from words


def _records(path: Path) -> Iterator[Mapping[str, Any]]:
    if not path.is_file():
        return
    with path.open(encoding="ascii") as file:
        for line in file:
            yield json.loads(line)


def _files(job: Job, top: Path) -> dict[str, tuple[str, bytes]]:
    """Return the Python files of the tree with their contents; those that git does not know are not in a tree."""
    paths = walked(top, ".", (".py",))
    entries = job.blobs.entries(job.change.target, paths)
    return {path: (oid, job.blobs.read(oid)) for path, (mode, oid) in entries.items() if mode.startswith("100")}
