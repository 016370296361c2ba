"""The gate ``tests``: pytest over the project's tests, in the snapshot."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..distributions import editable_inside
from ..environment import Interpreter, tool
from ..errors import ToolError
from ..ledger import PASSES
from ..record import replace
from ..result import Finding, GateResult, Outcome
from ..rules.globs import matches
from . import pytest, served, services
from .affected import Plan, plan
from .base import Job
from .collects import NO_TESTS, OWN, SHARED, is_set_up, nothing, only_root_tells, tests_read_prose
from .inside import leak_reason
from .keyed import above, apart, digest, environment, python, settings_elsewhere, trees
from .pytest import COLLECTION
from .sources import PYTHON, changed_settings, within
from .tool import counted

if TYPE_CHECKING:
    from ..repo.snapshot import Snapshot
    from ..shards import Part

FEWER = "tests/fewer-collected"
_SHOWN = 3


class Tests:
    """Judges the project by its own tests under its own pytest."""

    name = "tests"
    keeps = PASSES
    compared_with: tuple[str, ...] = ("parents",)
    splits = True

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        """*environ* is where the values of the variables come from that the settings name."""
        self._environ = environ or {}
        self._planned: dict[str, tuple[Job, Plan]] = {}

    def skip(self, job: Job) -> str | None:
        paths = [path for file in job.change.landing for path in (file.path, file.source) if within(job.project, path)]
        if not paths:
            return "nothing changed in this project"
        return None if self.apart(job) else "only files changed that no test depends on"

    def apart(self, job: Job) -> Sequence[str]:
        globs = job.config.settings.tests.unaffected_by
        paths = [path for file in job.change.landing for path in (file.path, file.source) if within(job.project, path)]
        telling = [path for path in paths if path.endswith(PYTHON) or not matches(path, globs)]
        return telling or (paths if tests_read_prose(job, paths) else [])

    def inputs(self, job: Job) -> Mapping[str, str]:
        found = self._conditions(job)
        server = {"server": "on"} if job.config.settings.tests.server else {}
        return {**found, **server, "select": self.plan(job).word}

    def plan(self, job: Job) -> Plan:
        """Return which tests have to run; looked up once a job."""
        # Projects are judged at the same time.
        known = self._planned.get(job.project)
        if known is None or known[0] is not job:
            known = self._planned[job.project] = (job, plan(job, lambda: self.circumstances(job)))
        return known[1]

    def circumstances(self, job: Job) -> dict[str, str]:
        """Return what besides the change a recording holds under.

        Not where programs are found: a test that starts one runs whatever was recorded.
        """
        environ = {**job.environ, **self.named(job)}
        environ.pop("PATH", None)
        return {**self._conditions(job), "environment": environment(environ)}

    def _conditions(self, job: Job) -> dict[str, str]:
        settings = job.config.settings.tests
        return {
            **trees(job),
            "settings": json.dumps([settings.args, settings.env]),
            **apart(job),
            "settings before": digest(sorted(changed_settings(job, OWN, SHARED).items())),
            "environment": environment({**job.environ, **self.named(job)}),
            "python": python(job),
            **services.inputs(job, self.name, self._environ),
            **settings_elsewhere(job, OWN, SHARED),
            **above(job, (*OWN, *SHARED, "setup.py", "conftest.py")),
        }

    def check(self, job: Job) -> GateResult:
        snapshot = job.trees.target()
        why = nothing(job, snapshot)
        if why:
            return self._ended(Outcome.SKIPPED, reason=why)
        if snapshot.lacking:
            return self._ended(Outcome.INCONCLUSIVE, reason=snapshot.lacking)
        settings = job.config.settings.tests
        chosen = self.plan(job)
        run = self._run(job, snapshot, chosen)
        if run.report.status != 0 and self._narrowed(job, snapshot, chosen) and not run.done.late:
            # A test may lean on what the import of another file does: nothing is refused that passes beside all others.
            chosen = chosen._replace(files=())
            run = self._run(job, snapshot, chosen)
        findings = pytest.findings(run)
        selected, total = len(run.report.ids), run.report.total
        if run.report.status == 5 and not total and not run.leaks and only_root_tells(job, snapshot):
            return self._ended(Outcome.SKIPPED, reason=NO_TESTS)
        if self._narrowed(job, snapshot, chosen):
            total = selected + len(chosen.left_out)
        if not chosen.left_out and job.shard is None:
            from .failed import Whole

            Whole(job, self._conditions(job)).keep(job.change.target, run)
        counts = {
            "selected": selected,
            "total": total,
            **{word: run.report.count(word) for word in ("failed", "error", "skipped") if run.report.count(word)},
        }
        notes = [] if run.report.status is None else skipped_note(counts)
        notes += _unwatched_note(run, job.interpreter())
        if settings.server and (why := self._no_server(job, snapshot)):
            notes = [*notes, f"no pytest server, each run starts afresh: {why}"]
        if not run.leaks and (run.report.ids or run.report.elsewhere):
            fewer, told = self._fewer(job, run)
            findings += fewer
            notes += told
        outcome, reason = _outcome(run, findings, job.interpreter().top, chosen)
        return replace(
            self._ended(outcome, reason=reason),
            everything=not chosen.left_out,
            findings=tuple(findings),
            summary=summary(counts, findings, chosen.why if chosen.left_out else ""),
            brief=brief(counts),
            counts=counts,
            tool=f"pytest {tool('pytest', job.interpreter()).version}",
            notes=tuple(notes),
            part=None if job.shard is None else _part(run, chosen),
        )

    def older(self, job: Job, parent: str, findings: Sequence[Finding]) -> Sequence[Finding]:
        from .failed import Before

        before = Before(job, parent, named=self.named(job), conditions=self._conditions(job))
        return before.among([finding for finding in findings if finding.rule != FEWER])

    def failing(self, job: Job, tests: Sequence[str]) -> list[str]:
        """Run *tests* of the target, by id, and no others; return those that fail.

        Raises:
            ToolError: They could not be run.
        """
        if not tests:
            return []
        snapshot = job.trees.target()
        files = sorted({test.partition("::")[0] for test in tests})
        paths = [str(snapshot.path / file) for file in files]
        args = [*pytest.options(job, snapshot), *paths]
        run = pytest.run(job, snapshot, args, named=self.named(job), only=tests)
        if run.report.status not in {0, 1, 5} or run.leaks:
            raise ToolError(f"the tests could not be run again: {pytest.how_it_broke(run)}")
        failed = {run.id(node) for node, outcome in run.report.done.items() if outcome in {"failed", "error"}}
        return [test for test in tests if test in failed]

    def named(self, job: Job) -> dict[str, str]:
        """Return the variables that the settings name, with their values; git's and our key are refused."""
        from ..proc import child_environment

        names = job.config.settings.tests.env
        allowed = child_environment(self._environ, names, ceiling=Path(os.sep))
        return {name: allowed[name] for name in names if name in allowed}

    def _run(self, job: Job, snapshot: "Snapshot", chosen: Plan) -> pytest.Run:
        settings = job.config.settings.tests
        files = self._narrowed(job, snapshot, chosen)
        args = pytest.options(job, snapshot) if files else settings.args

        def ran(*, serve: bool) -> pytest.Run:
            return pytest.run(
                job,
                snapshot,
                [*args, *files],
                named=self.named(job),
                without=chosen.left_out or None,
                shard=job.shard,
                server=settings.server,
                serve=serve,
            )

        if not job.services or not chosen.left_out or chosen.chosen:
            return ran(serve=True)
        # No test that is known is reached: services are started only where there turns out to be a new one.
        first = ran(serve=False)
        return ran(serve=True) if first.report.ids or first.report.failures else first

    def _narrowed(self, job: Job, snapshot: "Snapshot", chosen: Plan) -> list[str]:
        """Return the files to collect where that is not all of them.

        pytest takes its settings, and the folder from which on it reads conftest.py, from the nearest folder with any
        above what it is given: the project's own has to have some, and none below it.
        """
        top = snapshot.path / job.project
        if not chosen.files or not chosen.left_out or job.shard is not None or not is_set_up(top):
            return []
        for folder in {parent for file in chosen.files for parent in Path(file).parents}:
            here = snapshot.path / folder
            below = here != top and here.is_relative_to(top)
            if below and any((here / name).exists() for name in (*OWN, *SHARED, "setup.py")):
                return []
        paths = [snapshot.path / file for file in chosen.files]
        return [str(path) for path in paths] if all(path.is_file() for path in paths) else []

    def _fewer(self, job: Job, run: pytest.Run) -> tuple[list[Finding], list[str]]:
        """Return a finding where pytest's changed settings leave out tests of files that did not change; and notes."""
        back = changed_settings(job, OWN, SHARED)
        if not back or not job.change.parents:
            return [], []
        snapshot = job.trees.older(job.change.parents[0])
        before = pytest.run(
            job, snapshot, [*job.config.settings.tests.args, "--collect-only", "-q"], named=self.named(job)
        )
        if before.report.status not in {0, 1, 5}:
            # Settings that were broken must not stop the change that mends them.
            return [], [f"not compared with the tests before pytest's settings changed: {pytest.how_it_broke(before)}"]
        changed = {path for file in job.change.landing for path in (file.path, file.source)}
        there = [before.id(node) for node in before.report.ids]
        here = set(_all(run))
        left_out = [one for one in there if one not in here and one.partition("::")[0] not in changed]
        if not left_out:
            return [], []
        more = f" and {len(left_out) - _SHOWN} more" if len(left_out) > _SHOWN else ""
        message = (
            f"with the changed settings pytest leaves out {counted(len(left_out), 'test')} that it ran before: "
            f"{', '.join(left_out[:_SHOWN])}{more}"
        )
        return [Finding(path=next(iter(back)), rule=FEWER, message=message)], []

    def _no_server(self, job: Job, snapshot: "Snapshot") -> str | None:
        if job.config.settings.services_of(self.name):
            return "services hand out other variables each time"
        return served.refusal(snapshot)

    def _ended(self, outcome: Outcome, *, reason: str | None = None) -> GateResult:
        return GateResult(gate=self.name, outcome=outcome, reason=reason)


def _outcome(run: pytest.Run, findings: Sequence[Finding], top: Path, chosen: Plan) -> tuple[Outcome, str | None]:  # noqa: C901
    told, code = run.report, run.done.code
    doubt = None
    if run.done.late:
        doubt = (
            f"time ran out after {len(told.done)} of {len(told.ids)}" if told.ids else "time ran out before any test"
        )
    elif run.leaks:
        doubt = leak_reason([line.partition("\t")[2] for line in run.leaks], top)
    elif told.root is None or told.status is None or told.status not in {0, 1, 5}:
        doubt = pytest.how_it_broke(run)
    elif told.status == 5 and (told.elsewhere or (chosen.left_out and told.deselected >= len(chosen.left_out))):
        # Every test was collected, and the change reaches none of them, or other shards have those that it reaches.
        doubt = None
    elif told.status == 5:
        doubt = "pytest selected no test" + (f": all {told.deselected} are deselected" if told.deselected else "")
    elif told.unreported():
        doubt = f"{told.unreported()} of {counted(len(told.ids), 'selected test')} did not run"
    elif (lost := _lost(run, chosen)) is not None:
        doubt = lost
    elif code != told.status:
        doubt = f"pytest ended with {told.status}, its process with {code}: {pytest.cause(run)}"
    elif told.status == 1 and not findings:
        doubt = f"pytest exited 1 although no test failed: {pytest.cause(run)}"
    if doubt:
        return Outcome.INCONCLUSIVE, doubt
    return (Outcome.FAILED if findings else Outcome.PASSED), None


def _lost(run: pytest.Run, chosen: Plan) -> str | None:
    """Return the doubt that tests which the change reaches were not collected although nothing explains it."""
    if not chosen.left_out:
        return None
    there = set(_all(run))
    lost = [node for node, why in chosen.chosen if why.startswith("always: ") and node not in there]
    return f"{counted(len(lost), 'selected test')} did not run, such as {lost[0]}" if lost else None


def _all(run: pytest.Run) -> list[str]:
    """Return the ids of what is selected here and in other shards, their files from the root of the tree."""
    return [run.id(node) for node in (*run.report.ids, *run.report.elsewhere)]


def _part(run: pytest.Run, chosen: Plan) -> "Part":
    from ..shards import Part, summed

    every = _all(run)
    own = every[: len(run.report.ids)]
    return Part(
        all=len(every),
        own=len(own),
        all_sum=summed(every),
        own_sum=summed(own),
        why=chosen.why if chosen.left_out else "",
        seconds={run.id(node): seconds for node, seconds in run.report.seconds.items()},
    )


def _unwatched_note(run: pytest.Run, python: Interpreter) -> list[str]:
    """Return what has to be said of Pythons that import an editable install from the working tree."""
    if not run.unwatched or python.behind is not None or not editable_inside(python.prefix, python.top, python.places):
        return []
    test = run.unwatched[0].partition("\t")[0] or "a fixture"
    more = f" and {len(run.unwatched) - 1} more" if len(run.unwatched) > 1 else ""
    return [f"code of the working tree may have run: {test}{more} started Python with -I, -E or without PYTHONPATH"]


def brief(counts: Mapping[str, int]) -> str:
    """Return the word for the one-line verdict: ``14/312``."""
    selected, total = counts["selected"], counts["total"]
    return f"{selected}/{total}" if selected != total else str(selected)


def summary(counts: Mapping[str, int], findings: Sequence[Finding], why: str) -> str:
    """Return what ran and what came of it in a few words; *why* is how the change reaches what was selected."""
    selected, total = counts["selected"], counts["total"]
    failed = counts.get("failed", 0) + counts.get("error", 0)
    collection = sum(finding.rule == COLLECTION for finding in findings)
    of = f"{selected} selected" if selected != total else str(selected)
    more = f" ({total} in all)" if selected != total else ""
    if failed or collection:
        words = [f"{failed} of {of} failed{more}"] if failed else [counted(selected, "test")]
        return ", ".join([*words, *([f"{counted(collection, 'file')} cannot be collected"] if collection else [])])
    if selected == total:
        return counted(selected, "test")
    return f"{selected} of {total} tests" + (f": {why}" if why and selected else "")


def skipped_note(counts: Mapping[str, int]) -> list[str]:
    """Return the note on tests that skipped themselves, where there are any."""
    skipped = counts.get("skipped", 0)
    return [f"{counted(skipped, 'test')} of {counts['selected']} skipped by themselves"] if skipped else []
