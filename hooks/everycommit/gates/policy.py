"""The gate that judges the diff itself, by pure rules; it starts nothing and needs no folder."""

import json
from collections.abc import Iterator, Mapping, Sequence

from ..change import FileChange
from ..ledger import NOTHING
from ..record import asdict
from ..result import Finding, GateResult, Outcome
from ..rules.settings import loosening
from ..rules.size import counted, size
from ..text import printable
from .base import Job

VERSION = "1"
_SHOWN = 3


class Policy:
    """Limits on size, and settings that a change loosens."""

    name = "policy"
    keeps = NOTHING
    compared_with: tuple[str, ...] = ()

    def skip(self, job: Job) -> str | None:
        return None if job.change.files or job.config.loosened else "the merge adds nothing of its own"

    def inputs(self, job: Job) -> Mapping[str, str]:
        config = job.config
        return {
            "version": VERSION,
            "occasion": job.occasion,
            "base": job.change.base,
            "target": job.change.target,
            "limits": _why_no_limits(job) or "on",
            "settings": json.dumps(asdict(config.settings.policy), sort_keys=True),
            "loosened": json.dumps([[one.key, one.base, one.target] for one in config.loosened]),
        }

    def check(self, job: Job) -> GateResult:
        change, limits = job.change, job.config.settings.policy
        off = _why_no_limits(job)
        findings = [
            *loosening(change, job.config.loosened, job.blobs, occasion=job.occasion),
            *([] if off else size(change, limits, job.blobs)),
        ]
        files, free = counted(change.files, limits.uncounted)
        added, removed = _sums(files)
        limit = None if off else limits.max_added_lines
        counts = {"added": added, "removed": removed, "files": len(files)}
        return GateResult(
            gate=self.name,
            outcome=Outcome.FAILED if any(finding.blocking for finding in findings) else Outcome.PASSED,
            findings=tuple(findings),
            summary=_summary(added, limit, off),
            counts=counts if limit is None else counts | {"limit": limit},
            notes=tuple(_notes(free)),
        )

    def older(self, job: Job, parent: str, findings: Sequence[Finding]) -> Sequence[Finding]:  # noqa: ARG002
        """Return nothing: a diff's size and what it does to the settings are the change's own."""
        return ()


def _why_no_limits(job: Job) -> str | None:
    if job.change.whole:
        return "there is no older tree"
    if job.config.adopting:
        return "this change adopts everycommit"
    return None


def _summary(added: int, limit: int | None, off: str | None) -> str:
    if off:
        return f"{added} lines, limits on size are off: {off}"
    return f"{added} lines" if limit is None else f"{added} of {limit} lines"


def _notes(free: Sequence[FileChange]) -> Iterator[str]:
    if free:
        added, removed = _sums(free)
        names = ", ".join(printable(file.path) for file in free[:_SHOWN])
        more = f" and {len(free) - _SHOWN} more" if len(free) > _SHOWN else ""
        yield f"not counted (policy.uncounted): +{added} -{removed} in {names}{more}"


def _sums(files: Sequence[FileChange]) -> tuple[int, int]:
    return sum(file.added for file in files), sum(file.removed for file in files)
