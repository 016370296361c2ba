"""Records the map of a project's tests: pytest over a tree with each test in a fork of its own."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ..environment import Interpreter
from ..errors import ToolError
from ..testmap import NoMapError, place, written
from . import pytest
from .affected import conditions
from .base import Job
from .sources import walked
from .tests import Tests

_PLUGIN = ("-p", "everycommit_record")
# A tool of the project that traces or spreads tests over processes would take our place.
_QUIET = {"pytest-xdist": ("-n", "0"), "pytest-cov": ("--no-cov",)}


class Recorded(NamedTuple):
    """What came of a recording."""

    tests: int
    always: int
    """How many of them have to run whatever changed."""
    path: Path
    seconds: float


def record(job: Job, gate: Tests) -> Recorded:
    """Record the tests of *job*'s target and keep the map.

    Raises:
        EverycommitError: They could not be recorded whole; a map from before stays as it was.
    """
    if job.maps is None:
        raise NoMapError("there is no place for a map")
    word = conditions(gate.circumstances(job))
    if not word:
        raise NoMapError("what the tests depend on besides the tree cannot be told, so a map would never be used")
    snapshot = job.trees.target()
    records: list[Mapping[str, Any]] = []
    python = job.interpreter()
    run = pytest.run(
        job,
        snapshot,
        [*job.config.settings.tests.args, *_PLUGIN, *_quiet(python)],
        named=gate.named(job),
        reading=lambda report: records.extend(_records(Path(f"{report}.lines"))),
    )
    if run.done.late or run.report.status not in {0, 1}:
        raise ToolError(f"the tests could not be recorded: {pytest.how_it_broke(run)}")
    if run.leaks:
        raise ToolError("the tests could not be recorded: modules came from the working tree, not from the snapshot")
    if any(failure.when == "collect" for failure in run.report.failures):
        raise ToolError("the tests could not be recorded: some files cannot be collected; `everycommit run tests`")
    seen = [record["id"] for record in records if record["kind"] == "test"]
    if len(seen) != len(run.report.ids):
        raise ToolError(f"the tests could not be recorded: {len(seen)} of {len(run.report.ids)} were seen")
    path = place(job.maps.common_dir, job.project)
    whole = [{**record, "id": run.id(record["id"])} if record["kind"] == "test" else record for record in records]
    count = written(
        path,
        whole,
        _files(job, snapshot.path),
        {"tree": job.change.target, "conditions": word, "project": job.project},
        lambda node: node.partition("::")[0],
    )
    return Recorded(count, sum(bool(one.get("always")) for one in whole), path, run.done.seconds)


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
