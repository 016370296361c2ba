"""Judge what a build is about: from the merge base to head, found in the environment of the CI provider.

GitHub Actions, GitLab, Buildkite and Jenkins are known; elsewhere it is what HEAD has and the remote's default branch
has not. Settings and rules are the base's. What cannot be verified refuses.
"""

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from ..change import Candidate
from ..errors import MissingObjects, UsageError
from ..record import replace
from ..repo.repository import Repository
from . import outputs
from .builds import Build, Side, build
from .call import Call
from .ending import signals
from .judge import Place, Wish, place, verdict
from .run import seconds_of
from .show import Silent, show

if TYPE_CHECKING:
    import argparse

    from .attested import Trusted


def arguments(parser: "argparse.ArgumentParser") -> None:
    """Declare what the command takes."""
    from .run import ENDS

    parser.epilog = ENDS
    parser.add_argument(
        "gates", nargs="*", metavar="GATE", help="policy, lint, types, tests, review or a command of yours"
    )
    parser.add_argument("--base", metavar="REV", help="what was there before, in place of what the provider says")
    parser.add_argument("--head", metavar="REV", help="what is to be judged, in place of what the provider says")
    parser.add_argument(
        "--each", action="store_true", help="judge every commit on the way, too, by the base's settings"
    )
    parser.add_argument(
        "--no-code",
        action="store_true",
        help="leave out every gate that runs code of the change: for a job that holds a secret",
    )
    parser.add_argument(
        "--refuse-loosening", action="store_true", help="refuse a change that loosens the settings that judge it"
    )
    parser.add_argument(
        "--trust-signed",
        metavar="KEYFILE",
        help="let passes of lint, types and tests stand that one of these signed for head (`everycommit attest`); "
        "a file of the repository is read as the base has it",
    )
    outputs.arguments(parser)
    parser.add_argument(
        "--skip", action="append", default=[], metavar="GATE", help="leave out a gate; said in the verdict"
    )
    parser.add_argument(
        "--timeout",
        type=seconds_of("--timeout"),
        metavar="SECONDS",
        help="end what runs longer (default: 300); with --each of each commit",
    )
    parser.add_argument("--run-code", action="store_true", help="run the code of a head that is not checked out")
    parser.add_argument("--explain", action="store_true", help="say of each gate what ran or why not, where, with what")


def main(args: "argparse.Namespace", call: Call) -> int:
    """Judge and show; return the exit code."""
    if args.no_code and args.run_code:
        raise UsageError("--no-code and --run-code contradict each other")
    found = _with_flags(args, call)
    written = outputs.of_ci(outputs.chosen(args.format, args.output, call.cwd), call)
    wish = Wish(
        gates=args.gates,
        skip=args.skip,
        timeout=args.timeout,
        run_code=args.run_code,
        no_code=args.no_code,
        refuse_loosening=args.refuse_loosening,
        explain=args.explain,
    )
    with signals(), place(call) as here:
        candidates = _candidates(found, here, each=args.each)
        first = wish
        if args.trust_signed:
            trusted, told = _signed(args.trust_signed, found, candidates[0], call, here)
            first = replace(wish, trusted=trusted)
            candidates[0] = replace(candidates[0], notes=(*candidates[0].notes, told))
        verdicts = [
            verdict(here, candidate, call, one, watch=Silent(), gone=lambda: False)
            # What was signed is of the whole, not of a commit on the way.
            for candidate, one in zip(candidates, [first, *[wish] * len(candidates)], strict=False)
        ]
    return show(verdicts, call, written, repeat=repeat(candidates[0]), explain=args.explain)


def _with_flags(args: "argparse.Namespace", call: Call) -> Build:
    """Return what is built; the event is not even read where both ends are named."""
    if args.base is not None and args.head is not None:
        return Build("you", Side(args.head, "--head"), Side(args.base, "--base"))
    found = build(call.environ)
    if args.head is not None:
        found = found._replace(head=Side(args.head, "--head"))
    if args.base is not None:
        found = found._replace(base=Side(args.base, "--base"), why="", empty="")
    if found.why:
        raise UsageError(
            f"{found.provider} does not say what to compare with: {found.why}; "
            "name the commit that was there before: --base REV (--base HEAD^ for the last commit alone)"
        )
    return found


def _candidates(found: Build, here: Place, *, each: bool) -> list[Candidate]:
    """Return the change from the merge base to head, and with *each* that of every commit between them."""
    from ..repo import read

    repository, quarantine = here.repository, here.quarantine
    if found.base is None:
        whole = replace(
            read.all_files(repository, quarantine, _there(found, found.head, repository)),
            occasion="ci",
            notes=("this is the first push: everything is judged, size is not",),
        )
        return [whole]
    base = _there(found, found.base, repository)
    head = _there(found, found.head, repository)
    try:
        whole = read.between(repository, quarantine, f"{base}...{head}")
        # With the history cut off, a commit may look like the first one.
        listed = _listed(repository, whole.base_commit or base, head) if each else []
    except MissingObjects as error:
        raise MissingObjects(f"{_first(error)}; {_mend(found, repository)}") from error
    except UsageError as error:
        raise UsageError(f"{error}; is {found.base.told_by} of another project?") from error
    if found.empty and whole.base_commit == whole.target_commit:
        raise UsageError(f"{found.empty}; name the commit that was there before: --base REV")
    whole = replace(whole, notes=(*whole.notes, f"since {_name(whole.base_commit)}, by {found.base.told_by}"))
    pairs = {(whole.change.base, whole.change.target): whole}
    for oid in listed:
        try:
            one = read.one_commit(repository, quarantine, oid)
        except MissingObjects as error:
            raise MissingObjects(f"{_first(error)}; {_mend(found, repository)}") from error
        one = replace(one, occasion="ci", rules=whole.change.base, foreign=whole.foreign)
        pairs.setdefault((one.change.base, one.change.target), one)
    return list(pairs.values())


def _signed(name: str, found: Build, candidate: Candidate, call: Call, here: Place) -> "tuple[Trusted | None, str]":
    """Return the verdict on head that one of the allowed signers in file *name* has signed, and a word on it.

    Raises:
        UsageError: There is no such file.
    """
    from ..repo import notes
    from .attested import Trusted, content

    note = notes.read(here.repository, candidate.target_commit or "")
    if note is None or not note.signed:
        return None, f"no signed verdict: {'the note is not signed' if note else 'head has no note'}"
    who = notes.signer(here.repository, here.quarantine, note, _signers(name, found, call, here))
    if who is None or note.commit != candidate.target_commit:
        return None, f"the note's signature is not one of '{name}' on this commit: nothing of it is used"
    return Trusted(who, content(note.payload)), f"head carries a verdict signed by {who}"


def _signers(name: str, found: Build, call: Call, here: Place) -> Path:
    """Return the file of allowed signers; of one in the repository, what base has: a change cannot add to it."""
    top = here.repository.top
    # Also where the change has made a link of it.
    plain = Path(os.path.normpath(call.cwd.resolve() / name))
    path = plain if plain.is_relative_to(top) else plain.resolve()
    if not path.is_relative_to(top):
        if not path.is_file():
            raise UsageError(f"--trust-signed '{name}': there is no such file")
        return path
    inside = path.relative_to(top).as_posix()
    # Of base itself and not of the merge base: who is trusted no more is not trusted by an old branch either.
    tree = here.repository.empty_tree
    if found.base is not None:
        tree = here.quarantine.tree_of(_there(found, found.base, here.repository))
    entry = here.quarantine.entries(tree, [inside]).get(inside)
    if entry is None or not entry[0].startswith("100"):
        raise UsageError(f"--trust-signed '{name}': the base has no such file, and a change cannot name who is trusted")
    copy = here.quarantine.folder / "allowed-signers"
    copy.write_bytes(here.quarantine.read(entry[1]))
    return copy


def _listed(repository: Repository, base: str, head: str) -> list[str]:
    """Return the commits that *head* has and *base* has not, parents first."""
    return repository.git.text("rev-list", "--reverse", "--topo-order", head, f"^{base}").split()


def _there(found: Build, side: Side, repository: Repository) -> str:
    """Return the commit of *side*.

    Raises:
        UsageError: It is not in this clone; how it gets there is said.
    """
    from ..repo.revisions import commits, looked_up

    if not side.rev.strip():
        raise UsageError(f"{found.provider}: {side.told_by} is empty; name the commits: --base and --head")
    if side.told_by.startswith("--"):
        return commits(repository, [side.rev])[0]
    if looked_up(repository, [f"{side.rev}^{{commit}}"])[0] is None:
        raise UsageError(f"'{side.rev}', {side.told_by}, is not in this clone; {_mend(found, repository)}")
    return commits(repository, [side.rev])[0]


def _mend(found: Build, repository: Repository) -> str:
    """Return the command that gets what is missing, in a sentence."""
    remotes = repository.git.text("remote").split()
    remote = "origin" if "origin" in remotes or not remotes else remotes[0]
    wanted = [_fetched(side, repository) for side in (found.base, found.head) if side is not None]
    words = ["git", "fetch", *["--unshallow"] * repository.shallow, remote, *dict.fromkeys(filter(None, wanted))]
    deeper = f", or {found.deeper}" if found.deeper else ""
    return f"`{shlex.join(words)}` gets it{deeper}"


def _fetched(side: Side, repository: Repository) -> str:
    """Return what has to be asked of the remote for *side*; a branch is kept where it is looked for."""
    if side.rev.startswith("refs/remotes/origin/"):
        return f"+{side.ref}:{side.rev}" if side.ref else ""
    if side.rev == "HEAD":
        return repository.head or ""
    return side.rev if not side.ref or side.ref.startswith("refs/heads/") else side.ref


def _first(error: Exception) -> str:
    """Return what is wrong, without the way on that holds where no provider is known."""
    return str(error).partition(";")[0]


def _name(commit: str | None) -> str:
    return (commit or "")[:12]


def repeat(candidate: Candidate) -> str:
    """Return the command line that judges *candidate* again, without the gates."""
    words = ["everycommit", "run", "--at=ci"]
    if candidate.base_commit is None:
        return shlex.join([*words, "--all-files"])
    return shlex.join([*words, f"--range={_name(candidate.base_commit)}..{_name(candidate.target_commit)}"])
