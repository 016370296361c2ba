"""The verdict of the working tree, in process and silent: for a coding agent, an MCP client and whoever watches."""

from collections.abc import Callable, Collection

from ..change import Candidate
from ..engine.run import Watch
from ..record import replace
from ..result import Verdict
from .call import Call
from .judge import Place, Wish, place, verdict
from .show import Silent

REPEAT = "everycommit run --worktree"
"""The command line that judges the same change again, without the gates."""


def judged(
    call: Call,
    wish: Wish | None = None,
    *,
    paths: Collection[str] = (),
    watch: Watch | None = None,
    gone: Callable[[], bool] = lambda: False,
) -> Verdict:
    """Judge the working tree of ``call.cwd`` against HEAD as a commit of all of it; nothing is written to any stream.

    *wish* names gates, a timeout and so on; the default is the gates of a commit. With *paths*, from the root, only
    those files of the change are judged. *watch* is told how it goes, from other threads. *gone* is asked whether
    nobody waits any more; signals are the caller's.

    Raises:
        EverycommitError: No repository, wrong settings or use; what a gate cannot do is in the verdict instead.
        Interrupted: *gone*; all children are ended by then.
    """
    with place(call) as here:
        return judged_in(here, candidate(here, paths), call, wish, watch=watch, gone=gone)


def judged_in(
    here: Place,
    found: Candidate,
    call: Call,
    wish: Wish | None = None,
    *,
    watch: Watch | None = None,
    gone: Callable[[], bool] = lambda: False,
) -> Verdict:
    """Judge *found*, a ``candidate`` of *here*; as ``judged``."""
    # A commit's work in the background goes on: a working tree is looked at many times before the next commit.
    return verdict(here, found, call, replace(wish or Wish(), aside=True), watch=watch or Silent(), gone=gone)


def candidate(here: Place, paths: Collection[str] = ()) -> Candidate:
    """Return the working tree against HEAD; with *paths* the change is of those files alone, in the same trees."""
    from ..repo.worktree import working_tree

    found = working_tree(here.repository, here.quarantine)
    if not paths:
        return found
    files = tuple(file for file in found.change.files if file.path in paths or file.source in paths)
    return replace(found, change=replace(found.change, files=files, landing=files))
