"""Judge a change: lint, types, tests, policy, review and your commands over exactly the tree that would be committed.

Without a flag it judges what is staged. Nothing of yours is touched: not the working tree, index, stash or refs.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ..change import Candidate
from ..config.schema import OCCASIONS
from ..errors import UsageError
from ..record import dataclass, replace
from ..result import Verdict
from . import outputs
from .call import Call
from .ending import signals
from .judge import Place, Wish, place, verdict
from .show import Once, show, watcher

if TYPE_CHECKING:
    import argparse

    from ..shards import Shard

ENDS = """\
exit codes: 0 verified, or allowed by your settings (and then said); 1 refused for findings; 2 refused because it could
not be verified, or wrong use or settings; 3 a bug of everycommit; 130 interrupted"""


def arguments(parser: "argparse.ArgumentParser") -> None:
    """Declare what the command takes."""
    parser.epilog = ENDS
    parser.add_argument(
        "gates", nargs="*", metavar="GATE", help="policy, lint, types, tests, review or a command of yours"
    )
    of_change(parser)
    outputs.arguments(parser)
    parser.add_argument(
        "--skip", action="append", default=[], metavar="GATE", help="leave out a gate; said in the verdict"
    )
    timeout = seconds_of("--timeout")
    parser.add_argument("--timeout", type=timeout, metavar="SECONDS", help="end what runs longer (default: 300)")
    parser.add_argument(
        "--budget",
        type=seconds_of("--budget"),
        metavar="SECONDS",
        help="let what is not done by then go on in the background; `everycommit status` shows it",
    )
    parser.add_argument(
        "--project",
        metavar="ROOT",
        help="of several projects judge the types and tests of this one only; a part, and said so",
    )
    parser.add_argument("--fresh", action="store_true", help="judge anew what was judged before")
    parser.add_argument("--run-code", action="store_true", help="run the code of a commit that is on no local branch")
    parser.add_argument(
        "--explain",
        action="store_true",
        help="say of each gate what ran or why not, where, with what; how tests are chosen",
    )
    parts = parser.add_argument_group("on several machines")
    parts.add_argument("--shard", metavar="I/N", help="judge only part I of N; --join makes one verdict of all N")
    parts.add_argument(
        "--durations", metavar="FILE", help="split by the seconds in FILE, an earlier result; the same on all machines"
    )
    parts.add_argument(
        "--join", nargs="+", metavar="RESULT", help="one verdict of the results of all shards; runs nothing"
    )


def of_change(parser: "argparse.ArgumentParser") -> None:
    """Declare how a change is named."""
    which = parser.add_argument_group("which change").add_mutually_exclusive_group()
    which.add_argument("--staged", action="store_true", help="the index against HEAD (the default)")
    which.add_argument("--worktree", action="store_true", help="the working tree with untracked files against HEAD")
    which.add_argument("--range", metavar="A..B", help="from A to B; A...B: from where B left A")
    which.add_argument("--commit", metavar="REV", help="one commit against its first parent")
    which.add_argument("--all-files", action="store_true", help="all of HEAD, every finding shown, size not judged")
    parser.add_argument("--at", choices=OCCASIONS, default="commit", help="whose gates and rules (default: commit)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command line says, by the names of ``arguments``."""

    gates: Sequence[str] = ()
    staged: bool = False
    worktree: bool = False
    range: str | None = None
    commit: str | None = None
    all_files: bool = False
    at: str = "commit"
    format: str | None = None
    output: Sequence[str] = ()
    skip: Sequence[str] = ()
    timeout: float | None = None
    budget: float | None = None
    project: str | None = None
    fresh: bool = False
    run_code: bool = False
    explain: bool = False
    shard: str | None = None
    durations: str | None = None
    join: Sequence[str] | None = None


def main(args: "argparse.Namespace", call: Call) -> int:
    """Judge and show; return the exit code."""
    return answer(Asked(**vars(args)), call)


def answer(args: Asked, call: Call) -> int:
    """Judge what *args* say and show it; return the exit code."""
    if args.join is not None:
        return _join(args.join, args, call)
    if args.budget is not None and (args.at != "commit" or args.shard is not None):
        what = "a shard" if args.shard is not None else f"--at {args.at}"
        raise UsageError(f"--budget with {what}: only a commit may leave something to the background")
    shard = _shard(args, call)
    elsewhere = args.worktree or args.range is not None or args.commit is not None or args.all_files
    of_index = not elsewhere and args.at == "commit" and shard is None and args.project is None
    wish = Wish(
        gates=args.gates,
        skip=args.skip,
        timeout=args.timeout,
        budget=args.budget,
        project=args.project,
        fresh=args.fresh,
        run_code=args.run_code,
        of_index=of_index,
        again=of_index,
        shard=shard,
        explain=args.explain,
    )
    written = outputs.chosen(args.format, args.output, call.cwd)
    watch = watcher(call, written)
    repeat, explain = _repeat(args), args.explain
    once = Once(lambda found, notes: show(found, call, written, notes=notes, repeat=repeat, explain=explain))
    try:
        with signals(), place(call) as here:
            named = replace(candidate(args, here), occasion=args.at)
            shown = (lambda one: once([one])) if args.budget is not None else None
            verdicts = [_noted(verdict(here, named, call, wish, watch=watch, gone=lambda: False, show=shown))]
    finally:
        watch.close()
    return once(verdicts)


def _join(results: Sequence[str], args: Asked, call: Call) -> int:
    which = (args.staged, args.worktree, args.range, args.commit, args.all_files)
    if any(
        (
            args.gates,
            *which,
            args.shard,
            args.durations,
            args.skip,
            args.timeout,
            args.budget,
            args.project,
            args.fresh,
            args.run_code,
            args.explain,
        )
    ):
        raise UsageError("--join takes results alone: what was judged, and how, was said when they were made")
    from .join import join

    return join(results, call, outputs.chosen(args.format, args.output, call.cwd))


def _shard(args: Asked, call: Call) -> "Shard | None":
    if args.shard is None:
        if args.durations is not None:
            raise UsageError("--durations says how to split a run; it goes with --shard i/n")
        return None
    from ..shards import parsed

    shard = parsed(args.shard)
    if args.durations is None:
        return shard
    from .durations import durations

    return shard._replace(durations=durations(args.durations, call.cwd))


def candidate(args: Asked, here: Place) -> Candidate:
    """Return the change that *args* name."""
    from ..repo import read

    repository, quarantine = here.repository, here.quarantine
    if args.worktree:
        return read.working_tree(repository, quarantine)
    if args.range is not None:
        return read.between(repository, quarantine, args.range)
    if args.commit is not None:
        return read.one_commit(repository, quarantine, args.commit)
    if args.all_files:
        return read.all_files(repository, quarantine)
    found = read.staged(repository, quarantine)
    if found.change.empty:
        return replace(found, notes=(*found.notes, "nothing is staged; --worktree or --commit HEAD judge those"))
    return found


def _noted(found: Verdict) -> Verdict:
    """Return *found* with the word that it is a part, where it is one."""
    if found.shard is None:
        return found
    from .join import part_note

    return replace(found, notes=(*found.notes, part_note(found.shard)))


def _repeat(args: Asked) -> str:
    """Return the command line that judges the same change again, without the gates."""
    import shlex

    words = ["everycommit", "run"]
    words += ["--worktree"] * args.worktree + ["--all-files"] * args.all_files
    words += [f"--range={args.range}"] * (args.range is not None) + [f"--commit={args.commit}"] * (
        args.commit is not None
    )
    words += [f"--at={args.at}"] * (args.at != "commit")
    words += [f"--project={args.project}"] * (args.project is not None)
    words += [f"--shard={args.shard}"] * (args.shard is not None)
    words += [f"--durations={args.durations}"] * (args.durations is not None)
    return shlex.join(words)


def seconds_of(flag: str) -> Callable[[str], float]:
    """Return what reads the value of *flag*."""

    def seconds(text: str) -> float:
        try:
            found = float(text)
        except ValueError:
            found = -1.0
        if not 0 < found < 1e6:
            raise UsageError(f"{flag} '{text}': not a number of seconds above 0")
        return found

    return seconds
