"""The gate that judges the diff itself, by pure rules; it starts nothing, unless asked to, and needs no folder."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from ..change import Change, FileChange
from ..ledger import NOTHING
from ..record import asdict, replace
from ..result import ERROR, WARNING, Finding, GateResult, Outcome, stamped
from ..rules.catalog import find
from ..rules.names import FIXED, short
from ..rules.settings import FILE, loosening
from ..rules.size import counted
from ..text import printable
from .accepted import accepted
from .base import Job

VERSION = "2"
_SHOWN = 3
_WAY_BACK = frozenset(
    f"policy/{name}"
    for name in (
        *("added-lines", "removed-lines", "files", "file-bytes", "file-added-lines", "mass-deletion"),
        *("protected-path", "frozen-path", "frozen-symbol", "out-of-scope", "generated-file"),
    )
)
"""Rules that no settings may turn against the commit that takes them back: alone, the settings' file only warns."""


class Policy:
    """All rules on the diff, and settings that a change loosens."""

    name = "policy"
    keeps = NOTHING
    compared_with: tuple[str, ...] = ()

    def __init__(self, today: Callable[[], str] = lambda: time.strftime("%Y-%m-%d")) -> None:
        self._today = today

    def skip(self, job: Job) -> str | None:
        return None if job.change.files or job.config.loosened else "the merge adds nothing of its own"

    def inputs(self, job: Job) -> Mapping[str, str]:
        config = job.config
        return {
            "version": VERSION,
            "occasion": job.occasion if config.loosened else "any",
            "base": job.change.base,
            "target": job.change.target,
            "limits": _why_no_limits(job) or "on",
            "settings": json.dumps(asdict(config.settings.policy), sort_keys=True),
            "loosened": json.dumps([[one.key, one.base, one.target] for one in config.loosened]),
            "refuse_loosening": str(config.refuse_loosening),
            "scoped": str(config.scoped),
            "today": self._today(),
        }

    def check(self, job: Job) -> GateResult:
        change, config, limits = job.change, job.config, job.config.settings.policy
        off = _why_no_limits(job)
        findings = [
            *loosening(change, config.loosened, job.blobs, occasion=job.occasion, refuse=config.refuse_loosening),
            *find(change, job.blobs, limits, sizes=not off),
        ]
        if not config.scoped and _settings_alone(change):
            findings = [_only_warned(one) if one.rule in _WAY_BACK else one for one in findings]
        aside: str | None = None
        if limits.secrets_also != "never":
            from .leaks import leaks

            more, aside = leaks(job, findings)
            findings += more
        findings, said, until = accepted(job, _masked(findings), self._today())
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
            notes=(*said, *_acceptable(findings), *_notes(free), *([aside] if aside else [])),
            valid_until=until,
        )

    def older(self, job: Job, parent: str, findings: Sequence[Finding]) -> Sequence[Finding]:  # noqa: ARG002
        """Return nothing: a diff's size and what it does to the settings are the change's own."""
        return ()


def _masked(findings: list[Finding]) -> list[Finding]:
    """Return *findings* without the secrets that stand on their lines: a report goes further than the code does."""
    if not findings:
        return findings
    from ..rules.secret_scan import masked

    return [replace(one, message=masked(one.message), source=masked(one.source)) for one in findings]


def _settings_alone(change: Change) -> bool:
    return bool(change.files) and all(FILE in {file.path, file.source} for file in change.files)


def _only_warned(finding: Finding) -> Finding:
    """Return *finding* as a warning: settings that refuse their own mending would lock everybody out."""
    return replace(finding, severity=WARNING) if finding.severity == ERROR else finding


def _acceptable(findings: Sequence[Finding]) -> Iterator[str]:
    """Yield how to accept what refuses, where it can be accepted."""
    errors = [one for one in stamped(findings) if one.severity == ERROR and short(one.rule) not in FIXED]
    if errors:
        names = ", ".join(f"{one.fingerprint[:7]} {one.rule}" for one in errors[:_SHOWN])
        more = f" and {len(errors) - _SHOWN} more" if len(errors) > _SHOWN else ""
        yield f'to accept one: everycommit accept FINGERPRINT --reason "..."  ({names}{more})'


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
