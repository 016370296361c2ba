"""Show what goes on in the background: its age, how far each gate is, and how it ended.

A commit waits for its gates for `budget` seconds; what is not done by then goes on, and a push waits for it.
"""

import argparse
import os
import time
from collections.abc import Iterator
from pathlib import Path

from .. import pending
from ..repo.repository import Repository, discover
from ..report import background
from ..report.background import Run
from ..text import printable
from .call import Call
from .outputs import Outputs
from .show import watcher
from .waiting import joined, worktrees

_PATIENCE = 3.0
"""Seconds that work which was told to end may need for it."""
_COMMITS = 300
"""Commits among which the one is looked for that a tree became."""
ENDS = """\
exit codes: 0 nothing goes on, or all passed in the end; 1 something failed in the background; 2 it still goes on, or
could not be verified"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.epilog = ENDS
    parser.add_argument("--all", action="store_true", help="in all working trees of this clone")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--wait", action="store_true", help="wait for the end, and show how far it is")
    what.add_argument("--stop", action="store_true", help="end what goes on; what was not done stays not verified")
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="json is described in docs/budget.md"
    )


def main(args: argparse.Namespace, call: Call) -> int:
    """Show; return the exit code."""
    repository = discover(call.cwd, call.environ)
    places = list(worktrees(repository.common_dir)) if args.all else [repository.git_dir]
    if args.stop:
        return _stop(places, call)
    if args.wait:
        _wait(places, call, args.format)
    runs = [run for place in places for run in _runs(place, repository)]
    code = background.exit_code(runs)
    if args.format == "json":
        call.stdout.write(background.as_json(runs, code=code))
    else:
        from ..report.style import style_for

        style = style_for(call.stdout, call.environ)
        call.stdout.write(background.render(runs, style=style, worktrees=args.all))
        call.stdout.write("".join(_recording(place) for place in places))
    call.stdout.flush()
    for place in places:
        for record in pending.records(place):
            pending.seen(place, record)
        pending.tidy(place)
    return code


def _recording(git_dir: Path) -> str:
    """Return what is recorded behind the scenes, or why that did not come to its end; empty for nothing."""
    if not os.path.isdir(git_dir / "everycommit"):  # noqa: PTH112
        return ""
    from .recorder import current

    found = current(git_dir)
    if found is None:
        return ""
    what = f"the tests of tree {found.tree[:12]}"
    at = time.strftime("%H:%M", time.localtime(found.since))
    if found.alive:
        return printable(f"Recording {what} since {at}: {found.said}") + "\n"
    return printable(f"Not recorded: {what}, {at}: {found.said}") + "\n"


def _wait(places: list[Path], call: Call, format_: str) -> None:
    watch = watcher(call, Outputs(format_))
    try:
        for place in places:
            record = pending.current(place)
            if record is not None:
                joined(place, record, watch=watch, gone=lambda: False)
    finally:
        watch.close()


def _stop(places: list[Path], call: Call) -> int:
    said, code = [], 0
    for place in places:
        record = pending.current(place)
        if record is None:
            continue
        pending.tell_to_end(place, record, pending.STOPPED)
        names = ", ".join(gate.label for gate in record.pending)
        if pending.ended(place, record, gone=lambda: False, until=time.monotonic() + _PATIENCE):
            said.append(f"Stopped: {names}. What was not done is not verified; push judges it.\n")
        else:
            code = 2
            said.append(f"Not stopped: process {record.pid} ({names}) was told to end and did not within 3s.\n")
    call.stdout.write("".join(said) or "Nothing goes on in the background.\n")
    return code


def _runs(git_dir: Path, repository: Repository) -> Iterator[Run]:
    """Yield the newest run of the working tree, and older ones that did not end well and were never shown."""
    found = pending.records(git_dir)
    shown = [*found[:1], *(one for one in pending.unseen(git_dir) if one not in found[:1])]
    commits = _commits(repository) if shown else {}
    for record in shown:
        commit, subject = commits.get(record.target, (None, ""))
        yield Run(record, pending.alive(git_dir, record), _root(git_dir, repository), commit, subject)


def _commits(repository: Repository) -> dict[str, tuple[str, str]]:
    """Return ``{tree: (commit, subject)}`` of the last commits of HEAD and all branches, the newest of each tree."""
    done = repository.git.run("log", f"-{_COMMITS}", "-z", "--format=%T %H %s", "--branches", "HEAD")
    found: dict[str, tuple[str, str]] = {}
    for line in os.fsdecode(done.out).split("\0"):
        tree, _, rest = line.partition(" ")
        commit, _, subject = rest.partition(" ")
        if commit:
            found.setdefault(tree, (commit, subject))
    return found


def _root(git_dir: Path, repository: Repository) -> Path:
    """Return the root of the working tree that *git_dir* belongs to."""
    if git_dir == repository.git_dir:
        return repository.top
    try:
        return Path(os.fsdecode((git_dir / "gitdir").read_bytes().rstrip(b"\n"))).parent
    except OSError:
        return repository.main_worktree
