"""Say which commits nothing judged: cherry-picked, rebased, committed with --no-verify.

git runs no hook for these. What is known of each commit's trees is looked up in the ledger of this clone, gate by gate;
the policy, which costs nothing, is judged at once.
"""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from ..change import Candidate
from ..config.schema import OCCASIONS
from ..engine.audit import Known, Shown, State, known, worst
from ..errors import UsageError
from ..kept import Kept
from ..record import replace
from ..repo.repository import Repository
from ..result import exit_code
from ..text import printable
from .call import Call
from .ending import signals
from .judge import Place, Wish, place, prepared, verdict
from .outputs import Outputs
from .show import Silent, show, watcher

if TYPE_CHECKING:
    import argparse

_BAD = (State.REFUSED, State.UNJUDGED)
_MOST = 1000
"""Commits looked at in one call."""
ENDS = """\
exit codes: 0 all were judged; 1 one was refused, and committed all the same; 2 one was not judged; 3 a bug of
everycommit"""


class Commit(NamedTuple):
    """One commit and what is known of it."""

    oid: str
    subject: str
    candidate: Candidate
    gates: tuple[Known, ...]

    @property
    def state(self) -> State:
        return worst(self.gates)


def arguments(parser: "argparse.ArgumentParser") -> None:
    """Declare what the command takes."""
    parser.epilog = ENDS
    parser.add_argument(
        "range",
        nargs="?",
        metavar="A..B",
        help="the commits that B has and A has not, or one commit (default: those of HEAD that are on no remote)",
    )
    parser.add_argument("--at", choices=OCCASIONS, default="commit", help="whose gates (default: commit)")
    parser.add_argument("--judge", action="store_true", help="judge now what was not judged")
    parser.add_argument("--run-code", action="store_true", help="with --judge: run the code of others' commits, too")
    parser.add_argument("--format", choices=("text", "json"), default="text")


def main(args: "argparse.Namespace", call: Call) -> int:
    """Look, and judge where asked; return the exit code."""
    if args.judge and args.format == "json":
        raise UsageError("--judge shows verdicts; look first with --format json, judge with `everycommit run --commit`")
    with signals(), place(call) as here:
        commits = [*audited(args.range, call, here, at=args.at)]
        if args.format == "json":
            call.stdout.write(json.dumps({"commits": [_plain(commit) for commit in commits]}) + "\n")
            return _code(commits)
        for line in _lines(commits, args.range):
            call.stdout.write(printable(line) + "\n")
        call.stdout.flush()
        left = [commit for commit in commits if commit.state is State.UNJUDGED]
        if not args.judge or not left:
            return _code(commits)
        return max(
            _judged(left, call, here, run_code=args.run_code), _code([one for one in commits if one not in left])
        )


def audited(range_: str | None, call: Call, here: Place, *, at: str = "commit") -> Iterator[Commit]:
    """Yield the commits of *range_*, parents first.

    Raises:
        UsageError: It is no range, or too long.
    """
    from ..repo.read import one_commit

    listed = _listed(range_, here.repository)
    if len(listed) > _MOST:
        raise UsageError(f"{len(listed)} commits are too many for one look, {_MOST} the most; give a shorter range")
    # Nothing is run but what runs no code: only what a verdict would depend on is looked at.
    wish = Wish(run_code=True)
    with closing(Kept(here.repository.common_dir)) as kept:
        shown = Shown(kept)
        for oid, subject in listed:
            candidate = replace(one_commit(here.repository, here.quarantine, oid), occasion=at)
            with prepared(here, candidate, call, wish, watch=Silent(), gone=lambda: False) as ready:
                gates = tuple(known(step, shown) for step in ready.steps)
            yield Commit(oid, subject, candidate, gates)
        if kept.note:
            raise UsageError(f"the ledger cannot be read, so nothing is known: {kept.note}")


def lacking(commit: Commit) -> str:
    """Return the gates for which a commit has no good verdict: ``not judged: lint, types``."""
    parts = []
    for state in _BAD:
        names = dict.fromkeys(one.gate for one in commit.gates if one.state is state)
        parts += [f"{state}: {', '.join(names)}"] * bool(names)
    return "; ".join(parts)


def _listed(range_: str | None, repository: Repository) -> list[tuple[str, str]]:
    """Return the commits with their subjects, parents first."""
    from ..repo.revisions import commits

    if range_ is None:
        if repository.head is None:
            return []
        ends = [repository.head, "--not", "--remotes"]
    else:
        left, found, right = range_.partition("..")
        if right.startswith("."):
            raise UsageError(f"'{range_}': write A..B, the commits that B has and A has not")
        oids = commits(repository, [right or "HEAD", left or "HEAD"] if found else [left])
        ends = [oids[0], f"^{oids[1]}"] if found else ["--no-walk", oids[0]]
    text = repository.git.text("log", "--reverse", "--topo-order", "--format=%H %s", "--no-show-signature", *ends, "--")
    return [(oid, subject) for oid, _, subject in (line.partition(" ") for line in text.split("\n") if line)]


def _lines(commits: Sequence[Commit], range_: str | None) -> Iterator[str]:
    if not commits:
        yield f"no commits in '{range_}'" if range_ else "every commit of HEAD is on a remote: nothing to audit"
        return
    for commit in commits:
        yield f"{commit.oid[:7]}  {lacking(commit) or _good(commit)}  {commit.subject}"
    count = {state: sum(commit.state is state for commit in commits) for state in _BAD}
    told = [f"{number} {state}" for state, number in count.items() if number]
    yield f"{len(commits)} {'commit' if len(commits) == 1 else 'commits'}: {', '.join(told) or 'all judged'}"
    if count[State.UNJUDGED]:
        yield f"`everycommit audit {range_ or ''}{' ' if range_ else ''}--judge` judges what was not judged"


def _good(commit: Commit) -> str:
    if commit.state is State.NOTHING:
        return str(State.NOTHING)
    at = max((one.at for one in commit.gates if one.at), default=None)
    when = f" {time.strftime('%Y-%m-%d %H:%M', time.localtime(at))}" if at else ""
    why = dict.fromkeys(one.why for one in commit.gates if one.state is State.EARLIER and one.why)
    return f"judged{when}" + (f" ({'; '.join(why)})" if why else "")


def _judged(commits: Sequence[Commit], call: Call, here: Place, *, run_code: bool) -> int:
    watch = watcher(call, Outputs())
    try:
        verdicts = [
            verdict(here, commit.candidate, call, Wish(run_code=run_code), watch=watch, gone=lambda: False)
            for commit in commits
        ]
    finally:
        watch.close()
    show(verdicts, call, Outputs(), repeat="everycommit audit --judge")
    return exit_code(verdicts)


def _code(commits: Sequence[Commit]) -> int:
    found = {commit.state for commit in commits}
    return 1 if State.REFUSED in found else 2 if State.UNJUDGED in found else 0


def _plain(commit: Commit) -> dict[str, object]:
    return {
        "commit": commit.oid,
        "subject": commit.subject,
        "state": str(commit.state),
        "gates": [one._asdict() | {"state": str(one.state)} for one in commit.gates],
    }
