"""Runs the project's pytest over a tree and reads what came of it."""

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..environment import tool
from ..record import dataclass
from ..result import Finding
from . import served
from .base import Job
from .inside import activated, inside, leaked, missing, scratch, unwatched
from .lacking import explains, lacks
from .reported import Failure, Following, Report, report
from .services import serving
from .sources import Lines
from .tool import counted, last_word, ran

if TYPE_CHECKING:
    from ..proc import Done
    from ..repo.snapshot import Snapshot
    from ..shards import Shard

FAILED, ERROR, COLLECTION = "tests/failed", "tests/error", "tests/collection"
RULES = {"call": FAILED, "setup": ERROR, "teardown": ERROR, "collect": COLLECTION}
# All selected tests have to have an outcome, so one failure must not end the run; what these set in addopts loses.
_FLAGS = ("-p", "everycommit_pytest", "--maxfail=0", "--continue-on-collection-errors")

_CAUSE = r"E  +\S|ERROR(?!: usage)|.*: error: |INTERNALERROR> \w+Error|FAIL |!+ "


@dataclass(frozen=True, slots=True)
class Run:
    """One run of pytest in one tree."""

    report: Report
    done: "Done"
    snapshot: "Snapshot"
    leaks: tuple[str, ...]
    missing: tuple[str, ...]
    """The files that were looked for in vain and that only the working tree has."""
    lacking: str
    """The way on then; empty where there is none."""
    unwatched: tuple[str, ...] = ()
    """The Pythons that tests started so that nothing watched them, ``test<TAB>command``."""

    def path(self, name: str | None) -> str | None:
        """Return an absolute *name* as a path from the root of the tree; None where it lies outside."""
        start = f"{self.snapshot.path}{os.sep}"
        return name.removeprefix(start) if name and name.startswith(start) else None

    def id(self, node: str) -> str:
        """Return pytest's id *node* with its file as a path from the root of the tree."""
        whole = os.path.normpath(f"{self.report.root}{os.sep}{node.partition('::')[0]}")
        return (self.path(whole) or whole) + names(node)


def run(
    job: Job,
    snapshot: "Snapshot",
    args: Sequence[str],
    *,
    named: Mapping[str, str],
    only: Iterable[str] | None = None,
    without: Iterable[str] | None = None,
    shard: "Shard | None" = None,
    reading: Callable[[Path], None] | None = None,
    server: bool = False,
    serve: bool = True,
) -> Run:
    """Run pytest with *args* in *snapshot*; *named* are variables that it sees besides the clean environment.

    *only* are beginnings of ids with their files from the root of the tree, and what may follow them; of what is
    collected no other test is kept. *without* are whole ids of tests to leave out; of the rest, those of *shard* run.
    *reading* is called with the path of the report while what lies beside it is still there. With *server* the
    project's server makes the run where there is one (``served``); what came to no result there is run again without.
    The services that tests need run meanwhile, unless *serve* says that no test will.

    Raises:
        ToolError: There is no pytest, or it cannot be started. Whatever else goes wrong is in what comes back.
        ToolError: A service does not get ready, or has died in the meantime.
    """
    # Before a service is started for nothing.
    tool("pytest", job.interpreter())
    with serving(job, snapshot, "tests") if serve else nullcontext({}) as variables:
        # A server is known by its variables, and a service has others each time.
        asked = _Asked(args, {**named, **variables}, only, without, shard, reading, server and not variables)
        return _ran(job, snapshot, asked)


class _Asked(NamedTuple):
    """What ``run`` was asked for."""

    args: Sequence[str]
    named: Mapping[str, str]
    only: Iterable[str] | None
    without: Iterable[str] | None
    shard: "Shard | None"
    reading: Callable[[Path], None] | None
    server: bool


def _ran(job: Job, snapshot: "Snapshot", asked: _Asked) -> Run:
    args, named, only, without, shard, reading, server = asked
    python = job.interpreter()
    pytest = tool("pytest", python)
    with scratch(snapshot) as folder:
        records = folder / "report"
        top = python.behind.to(str(snapshot.path)) if python.behind else str(snapshot.path)
        env = {**activated(python, job.environ), **named, **inside(python, snapshot.path, records)}
        if "PYTHONPATH" in named:
            env["PYTHONPATH"] += os.pathsep + named["PYTHONPATH"]
        if only is not None:
            # No path arithmetic: an id may hold what a path would lose, `[/foo//-/bar]`.
            ids = "\n".join(f"{top}{os.sep}{one}" for one in only)
            Path(f"{records}.only").write_bytes(ids.encode(errors="surrogateescape"))
        if without is not None:
            ids = "\n".join(f"{top}{os.sep}{one}" for one in without)
            Path(f"{records}.without").write_bytes(ids.encode(errors="surrogateescape"))
        if shard is not None:
            told = {"number": shard.number - 1, "loads": shard.loads, "costs": dict(shard.durations.tests)}
            Path(f"{records}.shard").write_text(json.dumps({**told, "top": top}), encoding="ascii")
        # A cache of its own each time: --lf or --sw in addopts would leave out what passed last.
        argv = [*pytest.argv, *_FLAGS, "-o", f"cache_dir={folder / 'cache'}", *_apart(job, snapshot), *args]
        argv = [*(served.client(job, snapshot, env, records) if server and not python.behind else ()), *argv]
        with Following(records, job.say):
            cwd = _folder(job, snapshot)
            done = ran(job, argv, snapshot, cwd=cwd, env=env, even_late=True, behind=python.behind)
        if python.behind:
            for path in folder.glob("report*"):
                path.write_bytes(python.behind.back(path.read_bytes()))
        lines = records.read_bytes().split(b"\n") if records.is_file() else []
        if reading is not None:
            reading(records)
        lacked = tuple(missing(records, python.top)) if done.code else ()
        found = Run(
            report(lines),
            done,
            snapshot,
            tuple(leaked(records)),
            lacked,
            lacks(job, lacked),
            tuple(unwatched(records)),
        )
        if not served.by_server(records) or done.late or found.report.status in {0, 1}:
            return found
    return _ran(job, snapshot, asked._replace(server=False))


def _apart(job: Job, snapshot: "Snapshot") -> list[str]:
    """Return what keeps the tests of other projects out, which are judged by themselves."""
    return [f"--ignore={snapshot.path / root}" for root in job.member.inner] if job.member else []


def _folder(job: Job, snapshot: "Snapshot") -> Path:
    """Return the project's folder; the root in a tree where it had another one."""
    folder = snapshot.path / job.project
    return folder if folder.is_dir() else snapshot.path


def findings(run: Run) -> list[Finding]:
    """Return a finding for each failure, at the line of the test's own file that it went through; in order of place."""
    lines = Lines(run.snapshot.path)
    found = list(_unconfigured(run))
    # A file that cannot be imported is told of once more by each collector and each worker.
    once = dict.fromkeys(failure for failure in run.report.failures if failure.when == "collect")
    for failure in (*once, *(failure for failure in run.report.failures if failure.when != "collect")):
        file, _, test = run.id(failure.id).partition("::")
        path = run.path(failure.path) or file
        # From a worker that died only the test's name came back.
        line = failure.line if failure.path else None
        message = failure.message.replace(f"{run.snapshot.path}{os.sep}", "") or "it failed without a word"
        found.append(
            Finding(
                path=path,
                line=line,
                rule=RULES[failure.when],
                message=f"{told(test, failure)}: {message}" if test else message,
                source=lines.at(path, line),
                hint=run.lacking if explains(message, run.missing) else None,
            )
        )
    return sorted(found, key=lambda one: (one.path or "", one.line or 0))


def _unconfigured(run: Run) -> Iterator[Finding]:
    """Yield a finding where a conftest.py that every run loads cannot be imported: pytest ends before it begins."""
    if run.report.root is not None or run.done.late:
        return
    named = re.search(r"ImportError while loading conftest '(.+?)'", run.done.err.decode(errors="surrogateescape"))
    path = run.path(named[1]) if named else None
    if path is not None:
        yield Finding(path=path, rule=COLLECTION, message=cause(run), hint=run.lacking or None)


def told(test: str, failure: Failure) -> str:
    """Return how a message names the test: behind it comes a colon."""
    stage = f" ({failure.when})" if failure.when in {"setup", "teardown"} else ""
    return f"{test}{f' [{failure.part}]' if failure.part else ''}{stage}"


def names(node: str) -> str:
    """Return what stands behind the file in a node id, ``::`` included."""
    _, marks, names = node.partition("::")
    return marks + names


def options(job: Job, snapshot: "Snapshot") -> list[str]:
    """Return the project's arguments without those that name tests: they would add to the few that are asked for."""
    top = snapshot.path / job.project
    return [arg for arg in job.config.settings.tests.args if not _names_tests(top, arg)]


def _names_tests(project: Path, arg: str) -> bool:
    """Tell whether the argument *arg* of pytest, called in *project*, says which tests to run."""
    return "::" in arg or (not arg.startswith("-") and (project / arg).exists())


def how_it_broke(run: Run) -> str:
    """Return why pytest came to no result, in a clause."""
    told, code = run.report, run.done.code
    ended = f"was ended by signal {-code}" if code < 0 else f"exited {code}"
    if run.done.late:
        return "time ran out"
    also = f"; {run.lacking}" if run.lacking else ""
    if told.root is None:
        return f"pytest {ended} before it began: {cause(run)}{also}"
    if told.status is None:
        ran = f"{len(told.done)} of {counted(len(told.ids), 'test')}"
        return f"pytest {ended} without coming to an end, after {ran}: {cause(run)}"
    words = {2: "was interrupted", 3: "broke inside", 4: "was called wrongly"}
    return f"pytest {words.get(told.status, f'exited {told.status}')}: {cause(run)}{also}"


def cause(run: Run) -> str:
    """Return the line that is most likely the cause: an error that pytest marks, else the last one."""
    text = (run.done.err + b"\n" + run.done.out).decode(errors="replace")
    marked = [line for line in text.splitlines() if re.match(_CAUSE, line)]
    word = last_word(marked[-1].encode()) if marked else last_word(run.done.err, run.done.out)
    # pytest sets an E before the lines of an error.
    word = re.sub(r"^E +", "", word)
    return "".join(sign if sign.isprintable() else "?" for sign in word).replace(f"{run.snapshot.path}{os.sep}", "")
