"""Put the verdict on a commit into a git note (refs/notes/everycommit), signed as git signs tags if that is set up.

The commit is judged as CI would judge it, from where it left the default branch. What is known is not judged again.
"""

from typing import TYPE_CHECKING, Any

from ..change import Candidate
from ..errors import UsageError
from ..record import replace
from ..repo import notes
from ..result import Outcome, exit_code
from ..text import printable
from .attested import content, payload
from .call import Call
from .ci import repeat
from .ending import signals
from .judge import Place, Wish, configured, place, verdict
from .outputs import Outputs
from .show import show, watcher

if TYPE_CHECKING:
    import argparse

ENDS = """\
exit codes: as those of `run`; --verify: 0 where the signature is good and the verdict passed, 1 where it did not pass,
2 where there is no note or nobody that is trusted has signed it"""


def arguments(parser: "argparse.ArgumentParser") -> None:
    """Declare what the command takes."""
    parser.epilog = ENDS
    parser.add_argument("commit", nargs="?", default="HEAD", metavar="REV", help="which commit (default: HEAD)")
    parser.add_argument("--base", metavar="REV", help="where it began (default: the remote's default branch; REV^)")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--show", action="store_true", help="show the note, whoever wrote it")
    what.add_argument("--verify", action="store_true", help="say who signed the note and whether to trust it")
    sign = parser.add_mutually_exclusive_group()
    sign.add_argument("--sign", action="store_true", default=None, help="sign, or end with an error")
    sign.add_argument("--no-sign", dest="sign", action="store_false", help="do not sign")
    parser.add_argument(
        "--signers", metavar="KEYFILE", help="with --verify: the allowed signers, as ssh-keygen has them"
    )


def main(args: "argparse.Namespace", call: Call) -> int:
    """Judge and write, or show; return the exit code."""
    if args.signers and not args.verify:
        raise UsageError("--signers goes with --verify; `everycommit ci --trust-signed KEYFILE` trusts them")
    with signals(), place(call) as here:
        from ..repo.revisions import commits

        (oid,) = commits(here.repository, [args.commit])
        if args.show or args.verify:
            return _shown(oid, args, call, here)
        candidate = _candidate(oid, args.base, here)
        wish, watch = Wish(), watcher(call, Outputs())
        try:
            found = verdict(here, candidate, call, wish, watch=watch, gone=lambda: False)
        finally:
            watch.close()
        show([found], call, Outputs(), repeat=repeat(candidate))
        text = payload(found, configured(here, candidate, call, wish))
        signed = notes.write(here.repository, here.quarantine, oid, text, sign=args.sign)
    how = "signed" if signed else "not signed: it shows, and nobody will trust it"
    call.stdout.write(f"noted for {oid[:7]} in refs/notes/{notes.REF}, {how}\n")
    return exit_code([found])


def _candidate(oid: str, base: str | None, here: Place) -> Candidate:
    from ..repo import read
    from ..repo.revisions import looked_up

    repository, quarantine = here.repository, here.quarantine
    if base is None and looked_up(repository, ["refs/remotes/origin/HEAD^{commit}"])[0]:
        base = "refs/remotes/origin/HEAD"
    found = read.between(repository, quarantine, f"{base or f'{oid}^'}...{oid}")
    return replace(found, occasion="ci")


def _shown(oid: str, args: "argparse.Namespace", call: Call, here: Place) -> int:
    note = notes.read(here.repository, oid)
    if note is None:
        raise UsageError(
            f"{oid[:12]} has no note of everycommit; those of a remote come with "
            f"`git fetch origin refs/notes/{notes.REF}:refs/notes/{notes.REF}`"
        )
    said = content(note.payload)
    who = notes.signer(here.repository, here.quarantine, note, call.cwd / args.signers if args.signers else None)
    own = note.commit == oid == said.get("commit")
    for line in _lines(said, who, signed=note.signed, own=own):
        call.stdout.write(printable(line) + "\n")
    if not args.verify:
        return 0
    if who is None or not own:
        return 2
    return 0 if said.get("outcome") in {Outcome.PASSED, Outcome.SKIPPED} else 1


def _lines(said: dict[str, Any], who: str | None, *, signed: bool, own: bool) -> list[str]:
    trust = f"signed by {who}" if who else "signed, by nobody that is trusted here" if signed else "not signed"
    gates = [{"summary": "", **gate} for gate in said["gates"] if isinstance(gate, dict)]
    return [
        f"{said.get('commit')}  {said.get('outcome')}  {trust}" + ("" if own else "  (of another commit)"),
        f"  by {said.get('tool')}, {said.get('base')} -> {said.get('target')}",
        *(
            f"  {one.get('gate')!s:8} {one.get('outcome')}  {one['summary'] or one.get('reason') or ''}"
            for one in gates
        ),
    ]
