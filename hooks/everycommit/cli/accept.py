"""Accept a finding of policy or review in what is staged: recorded with your reason in .everycommit/accepted.toml.

Without a fingerprint it lists what can be accepted. The file is staged with the change and reviewed with it; the
verdict shows every accepted finding, which ends when its code changes. Findings of lint, types and tests are not
accepted here but mended, and rules that hold what others decided (protected, frozen, out of scope, settings loosened)
cannot be accepted at all.
"""

import argparse
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..config.accepts import FEWEST, Acceptance, read, written
from ..errors import RepositoryError, ToolError, UsageError
from ..repo.repository import Repository
from ..result import NOTE, Finding, Outcome
from ..rules.names import ACCEPTED, FIXED, short
from ..text import printable
from .call import Call
from .ending import signals
from .judge import Wish, place, verdict
from .scope import day
from .show import Silent

_SHOWN = 20
_GATES = ("policy", "review")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("fingerprint", nargs="?", help=f"the finding's, or its first {FEWEST} or more characters")
    parser.add_argument("--reason", metavar="TEXT", help="why it is right here; shown in every verdict")
    parser.add_argument("--until", type=day, metavar="DAY", help="the last day that it holds, as YYYY-MM-DD")


def main(args: argparse.Namespace, call: Call) -> int:
    """Find, record, say what to stage; return 0, or 1 where only the list was asked for and something is open."""
    with signals(), place(call) as here:
        from ..repo.read import staged

        candidate = staged(here.repository, here.quarantine)
        if candidate.change.empty:
            raise UsageError("nothing is staged, so there is nothing to accept; stage the change first")
        judged = verdict(here, candidate, call, Wish(gates=_GATES), watch=Silent(), gone=lambda: False)
        policy = next(gate for gate in judged.gates if gate.gate == "policy")
        if policy.outcome is Outcome.INCONCLUSIVE:
            raise ToolError(f"the staged change could not be judged: {policy.reason}")
        findings = [finding for gate in judged.gates for finding in gate.findings]
        if args.fingerprint is None:
            call.stdout.write(_listing(findings))
            return int(any(finding.blocking for finding in findings))
        finding = _found(args.fingerprint, findings)
        if not (args.reason or "").strip():
            raise UsageError(f'accept {args.fingerprint}: say why: --reason "..."')
        new = Acceptance(
            finding.fingerprint,
            finding.rule,
            printable(finding.path or ""),
            args.reason.strip(),
            _who(here.repository, call.environ),
            args.until,
        )
        _record(here.repository.top / ACCEPTED, new)
    call.stdout.write(f"Accepted {_line(finding)}\nStage it with the change: git add {ACCEPTED}\n")
    return 0


def _found(prefix: str, findings: Sequence[Finding]) -> Finding:
    """Return the one finding that *prefix* names.

    Raises:
        UsageError: None or several, or one that cannot be accepted.
    """
    if not re.fullmatch(f"[0-9a-f]{{{FEWEST},}}", prefix):
        raise UsageError(
            f"'{printable(prefix)}': a fingerprint has {FEWEST} or more of 0-9 and a-f; `everycommit accept` lists them"
        )
    matching = [finding for finding in findings if finding.fingerprint.startswith(prefix)]
    if not matching:
        raise UsageError(
            f"'{prefix}': no finding of policy or review in what is staged; `everycommit accept` lists them "
            "(lint, types and tests are mended, not accepted)"
        )
    if len(matching) > 1:
        raise UsageError(f"'{prefix}': {len(matching)} findings begin so; give more of the fingerprint")
    finding = matching[0]
    if short(finding.rule) in FIXED:
        raise UsageError(f"{finding.rule} cannot be accepted: {FIXED[short(finding.rule)]}")
    if finding.severity == NOTE:
        raise UsageError(f"'{prefix}' is a note and stops nothing" + (f" ({finding.hint})" if finding.hint else ""))
    return finding


def _listing(findings: Sequence[Finding]) -> str:
    open_ = [one for one in findings if one.severity != NOTE and short(one.rule) not in FIXED]
    if not open_:
        return "Nothing in what is staged can be accepted.\n"
    lines = [f"{_line(one)}  {printable(one.message)}\n" for one in open_[:_SHOWN]]
    lines += [f"and {len(open_) - _SHOWN} more\n"] if len(open_) > _SHOWN else []
    return "".join([*lines, f'Accept one: everycommit accept {open_[0].fingerprint[:FEWEST]} --reason "..."\n'])


def _line(finding: Finding) -> str:
    where = printable(finding.path or "") + (f":{finding.line}" if finding.line else "")
    return " ".join(part for part in (finding.fingerprint[:FEWEST], finding.rule, where) if part)


def _who(repository: Repository, environ: Mapping[str, str]) -> str:
    """Return name and address as git would write them into the commit.

    Raises:
        UsageError: git does not know them.
    """
    own = {name: value for name, value in environ.items() if name.startswith(("GIT_AUTHOR_", "EMAIL"))}
    done = repository.git.run("var", "GIT_AUTHOR_IDENT", env=own)
    if done.code != 0:
        raise UsageError("git does not know who you are; set it: git config user.name and user.email")
    return done.out.decode(errors="replace").rpartition(">")[0] + ">"


def _record(path: Path, new: Acceptance) -> None:
    """Write *new* behind what the file in the working tree holds.

    Raises:
        UsageError: The file is no TOML, or no regular file.
        RepositoryError: It cannot be read or written.
    """
    if path.is_symlink() or path.parent.is_symlink():
        raise UsageError(f"{ACCEPTED} is a symbolic link, which is not followed; make it a file")
    try:
        content = path.read_bytes() if path.exists() else None
        before = read(content)
        if before.mistakes:
            raise UsageError(before.mistakes[0].partition(";")[0] + "; mend it first")
        if new in before.entries:
            raise UsageError(f"'{new.fingerprint[:FEWEST]}' is in {ACCEPTED} already; stage it: git add {ACCEPTED}")
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(written(content, new))
    except OSError as error:
        raise RepositoryError(f"{path}: cannot be written: {error.strerror}; nothing was accepted") from error
