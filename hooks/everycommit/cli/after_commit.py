"""What the hook `post-commit` says, where a commit went past the hook before it: one line, or nothing."""

from pathlib import Path

from ..engine.audit import State
from ..text import printable
from .audit import Commit, audited, lacking
from .call import Call
from .judge import place


def said(call: Call) -> int:
    """Say of HEAD, or of what a rebase has made, what nothing judged; return 0, as the commit is made already."""
    with place(call) as here:
        repository = here.repository
        range_ = _rebased(repository.git_dir) or repository.head or ""
        commits = [*audited(range_, call, here)] if range_ else []
    bad = [commit for commit in commits if commit.state in {State.UNJUDGED, State.REFUSED}]
    if bad:
        call.stdout.write(printable(f"everycommit: {_words(bad)}; `everycommit audit {_short(range_)} --judge`") + "\n")
    return 0


def _words(bad: list[Commit]) -> str:
    if len(bad) == 1:
        return f"{bad[0].oid[:7]} went past the hook, {lacking(bad[0])}"
    return f"{len(bad)} commits went past the hook, the last one {lacking(bad[-1])}"


def _rebased(git_dir: Path) -> str | None:
    """Return the range that the rebase under way has made so far."""
    try:
        onto = (git_dir / "rebase-merge" / "onto").read_text().strip()
    except OSError:
        return None
    return f"{onto}..HEAD"


def _short(range_: str) -> str:
    return "..".join(end[:7] for end in range_.split(".."))
