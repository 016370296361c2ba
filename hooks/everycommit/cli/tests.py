"""Record which test depends on what, and show which tests a change can affect.

With a map, the gate `tests` runs at commit only those that the change can affect; without one, all. Recording runs the
suite once, each test in a process of its own: several times what a plain run takes.
"""

import argparse
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from ..change import Candidate
from ..engine.plan import NOT_REACHED
from ..errors import UsageError
from ..gates.affected import Plan
from ..gates.base import Job
from ..gates.collects import nothing
from ..gates.tests import Tests
from ..record import replace
from ..repo import read
from ..text import printable
from .call import Call
from .ending import signals
from .hook import commit
from .judge import Place, Ready, Wish, place, prepared
from .show import Silent

_HOURS = 6 * 3600.0
_LOW = 10


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    commands = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    for name, text in (
        ("map", "record the tests of HEAD, at low priority"),
        ("explain", "of what is staged now (else HEAD): which tests it can affect, and how it reaches them"),
        ("show", "of which tree the map is, and how many tests it holds"),
    ):
        one = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
        if name == "map":
            one.add_argument(
                "--changed",
                action="store_true",
                help="run only what is new or may do something else since the map's tree; the rest keeps its record",
            )
            # What a hook starts: recorded is what HEAD has once it has this tree.
            one.add_argument("--after", metavar="TREE", help=argparse.SUPPRESS)
        if name == "explain":
            one.add_argument("--commit", metavar="REV", help="of this commit")
            one.add_argument("tests", nargs="*", metavar="TEST", help="only tests whose ids hold one of these words")


def main(args: argparse.Namespace, call: Call) -> int:
    """Do it; return 0, or 2 where there is no map to show or explain."""
    if args.what == "map" and args.after:
        from . import recorder

        return recorder.record(args.after, call)
    with signals(), place(call) as here:
        if args.what == "map":
            return _map(args, here, call)
        if args.what == "show":
            return _show(here, call)
        return _explain(args, here, call)


def _map(args: argparse.Namespace, here: Place, call: Call) -> int:
    with alone(here):
        return _recorded(args, here, call)


@contextmanager
def alone(here: Place) -> Iterator[None]:
    """Keep other recordings out."""
    from ..repo.cache import locked

    folder = here.repository.common_dir / "everycommit"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        lock = locked(folder / "tests.lock")
    except OSError as error:
        raise UsageError(f"'{folder}' cannot be written: {error.strerror}") from error
    if lock is None:
        raise UsageError("the tests are being recorded by another run; wait for its end")
    try:
        yield
    finally:
        os.close(lock)


def _recorded(args: argparse.Namespace, here: Place, call: Call) -> int:
    from ..gates.recording import record

    os.nice(_LOW)
    candidate = read.all_files(here.repository, here.quarantine)
    with ready_for(here, candidate, call) as ready:
        gate = Tests(call.environ)
        for job, head in _each(ready):
            if head and nothing(job, job.trees.target()):
                continue
            told = _Progress(call)
            recorded = record(replace(job, say=told.say), gate, changed=args.changed)
            told.close()
            if args.changed and recorded.all is not None:
                call.stdout.write(printable(f"{head}all tests are recorded: {recorded.all}") + "\n")
            kept = f", {recorded.kept} as they were," if recorded.kept else ""
            call.stdout.write(
                f"{printable(head)}{recorded.tests} tests recorded{kept} in {recorded.seconds:.0f}s; "
                f"{recorded.always} of them run whatever changes\n"
            )
    return 0


def _each(ready: Ready) -> Iterator[tuple[Job, str]]:
    """Yield the job of each project, and how lines on it begin: with nothing where there is one project."""
    several = len(ready.steps) > 1
    yield from ((step.job, f"{step.job.project}: " if several else "") for step in ready.steps)


def _show(here: Place, call: Call) -> int:
    from ..testmap import NoMapError

    with ready_for(here, read.all_files(here.repository, here.quarantine), call) as ready:
        shown = 0
        for job, head in _each(ready):
            try:
                _shown(here, call, job.project, head)
                shown += 1
            except NoMapError as error:
                if not head:
                    raise
                call.stdout.write(printable(f"{head}{error}") + "\n")
    return 0 if shown else 2


def _shown(here: Place, call: Call, project: str, head: str) -> None:
    from ..testmap import TestMap
    from ..testmap import place as where

    there = TestMap(where(here.repository.common_dir, project))
    try:
        moment = time.strftime("%Y-%m-%d %H:%M", time.localtime(float(there.meta["at"])))
        always = [(node, why) for node, _, why in there.tests.values() if why]
        call.stdout.write(
            f"{printable(head)}{len(there.tests)} tests of tree {there.meta['tree'][:12]}, recorded {moment}\n"
        )
        for node, why in always:
            call.stdout.write(printable(f"always {node}: {why}") + "\n")
    finally:
        there.close()


def _explain(args: argparse.Namespace, here: Place, call: Call) -> int:
    candidate = (
        read.one_commit(here.repository, here.quarantine, args.commit)
        if args.commit is not None
        else commit(call, here, framework=False)
    )
    with ready_for(here, candidate, call) as ready:
        for job, head in _each(ready):
            if job.member is not None and not job.member.reached:
                call.stdout.write(printable(f"{head}no tests: {NOT_REACHED}") + "\n")
            else:
                _explained(Tests(call.environ).plan(job), head, args.tests, call)
    return 0


def _explained(plan: Plan, head: str, words: Sequence[str], call: Call) -> None:
    if plan.all is not None:
        call.stdout.write(printable(f"{head}all tests: {plan.all}") + "\n")
        return
    total = len(plan.chosen) + len(plan.left_out)
    call.stdout.write(f"{printable(head)}{len(plan.chosen)} of {total} recorded tests, and those that are new\n")
    for node, why in plan.chosen:
        if not words or any(word in node for word in words):
            call.stdout.write(printable(f"{node}\n    {why}") + "\n")


@contextmanager
def ready_for(
    here: Place, candidate: Candidate, call: Call, *, gone: Callable[[], bool] = lambda: False
) -> Iterator[Ready]:
    """Prepare the gate of the tests alone, with hours to work in."""
    wish = Wish(gates=["tests"], timeout=_HOURS)
    with prepared(here, candidate, call, wish, watch=Silent(), gone=gone) as ready:
        if not ready.steps:
            raise UsageError("the gate 'tests' is not there")
        yield ready


class _Progress:
    """Shows how far it is, on a terminal in place."""

    def __init__(self, call: Call) -> None:
        self._stream = call.stderr
        self._live = call.stderr.isatty()

    def say(self, text: str) -> None:
        if self._live:
            self._stream.write(f"\r\x1b[K{printable(text)}")
            self._stream.flush()

    def close(self) -> None:
        if self._live:
            self._stream.write("\r\x1b[K")
