"""After a push of which tests failed: what the selection at commit had left out is noted, and said."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ..change import Candidate
from ..gates.missed import missed
from ..gates.tests import Tests
from ..misses import noted
from ..result import GateResult, Outcome

if TYPE_CHECKING:
    from .judge import Place, Ready


def words(here: "Place", candidate: Candidate, ready: "Ready", results: Sequence[GateResult]) -> Iterator[str]:
    """Yield what to say of failures that the selection had left out, noting them; nothing where not all tests ran."""
    for step, result in zip(ready.steps, results, strict=True):
        if result.outcome is not Outcome.FAILED or not result.everything or not isinstance(step.gate, Tests):
            continue
        found = missed(step.job, step.gate, result, commit=candidate.target_commit)
        noted(here.repository.common_dir, found)
        if found:
            rest = f" and {len(found) - 1} more" if len(found) > 1 else ""
            yield (
                f"the selection of affected tests leaves out {found[0].test}{rest}, which failed here: that is a bug "
                "of everycommit, please report it; `everycommit ledger misses` has what is needed"
            )
