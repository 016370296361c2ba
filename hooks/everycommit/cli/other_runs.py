"""What a verdict has to do with the runs before and after it: work in the background, and what is known of it."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..change import Candidate
from ..engine.run import Watch
from ..result import GateResult, Outcome

if TYPE_CHECKING:
    from .call import Call
    from .judge import Place, Ready, Wish

_GOOD = frozenset({Outcome.PASSED, Outcome.SKIPPED})


def before(here: "Place", candidate: Candidate, *, watch: Watch, gone: Callable[[], bool]) -> Sequence[str]:
    """Return what has to be said of work in the background; where that goes on over what is pushed, wait for it."""
    repository = here.repository
    if os.path.lexists(repository.git_dir / "everycommit" / "recording"):
        from .recorder import give_way

        give_way(repository.git_dir)
    places = [repository.git_dir]
    if candidate.occasion == "push":
        places = [repository.common_dir, *repository.common_dir.glob("worktrees/*")]
    if not any(map(_has_background, places)):
        return ()
    from .waiting import of_before

    return of_before(repository, candidate, watch=watch, gone=gone)


def _has_background(git_dir: Path) -> bool:
    return (git_dir / "everycommit" / "background").exists()


def after(
    here: "Place",
    candidate: Candidate,
    results: Sequence[GateResult],
    ready: "Ready",
    *,
    call: "Call",
    wish: "Wish",
    told: Sequence[str],
    since: float,
    stayed: bool,
) -> tuple[str, ...]:
    """Write down what the next run may know without judging, take back what it may not; return what has to be said.

    *stayed*: whether nothing of it went on in the background.
    """
    repository = here.repository
    if stayed and _has_background(repository.git_dir):
        from .. import pending

        pending.settled(repository.git_dir, candidate.change.target, results)
    if not all(result.outcome in _GOOD for result in results):
        # It may be the very pair that passed before: tests can fail by the weather.
        from ..repo import known, pairs

        known.forget(repository.common_dir)
        pairs.forget(repository.common_dir, (candidate.change.base, candidate.change.target))
    elif wish.again:
        from .known import remember

        said = (*told, *ready.config.notes, *ready.notes)
        remember(here, candidate, results, ready, call=call, wish=wish, notes=said, since=since, stayed=stayed)
    if wish.records and ready.config.settings.tests.record != "never" and _worth_recording(results, call):
        from .recorder import begin

        begin(candidate.change.target, call)
    if candidate.occasion == "push" and wish.shard is None:
        return _missed(here, candidate, ready, results)
    return ()


def _worth_recording(results: Sequence[GateResult], call: "Call") -> bool:
    """Tell whether the tests were judged and passed; a build's machine is not there for the next commit."""
    passed = any(result.gate == "tests" and result.outcome is Outcome.PASSED for result in results)
    return passed and not call.environ.get("CI") and not any(result.blocks for result in results)


def _missed(here: "Place", candidate: Candidate, ready: "Ready", results: Sequence[GateResult]) -> tuple[str, ...]:
    if not any(result.gate == "tests" and result.outcome is Outcome.FAILED for result in results):
        return ()
    from .missed import words

    return tuple(words(here, candidate, ready, results))
