"""A second look for secrets by gitleaks or betterleaks, where the settings ask for it and one is on the PATH."""

import json
from collections.abc import Sequence
from pathlib import Path

from ..change import Line
from ..errors import ToolError
from ..result import Finding
from ..rules.sources import added
from ..text import printable
from .base import Job
from .tool import broke

SCANNERS = ("betterleaks", "gitleaks")
RULE = "policy/secret"
_SECONDS = 60.0
# `stdin` came with 8.19; without the settings of the tree, which would be the change's own.
_ARGV = ("stdin", "--no-banner", "--log-level", "error", "--exit-code", "0", "--report-format", "json")
_TO_US = ("--report-path", "-")


def leaks(job: Job, known: Sequence[Finding]) -> tuple[list[Finding], str | None]:
    """Return what the scanner finds on added lines where *known* has no secret, and what to say of it.

    Source: gitleaks 8.28, ``gitleaks stdin --help``; ``StartLine`` counts from 1.

    Raises:
        ToolError: It broke, or said what it never promised to say: asked for, it has to be heard.
    """
    import shutil
    import tempfile

    path = job.environ.get("PATH")
    scanner = next((found for name in SCANNERS if (found := shutil.which(name, path=path))), None)
    if scanner is None:
        return [], f"policy.secrets_also: neither {' nor '.join(SCANNERS)} is on the PATH"
    places = [(file.file.path, line) for file in added(job.change.files, job.blobs) for line in file.lines]
    name = Path(scanner).name
    # The folder is ours alone: the lines may hold what nobody else should read.
    with tempfile.TemporaryDirectory(prefix="everycommit-") as folder:
        text = Path(folder) / "added"
        content = "".join(f"{line.text}\n" for _, line in places)
        text.write_bytes(content.encode(errors="surrogateescape"))
        done = job.children.run(
            [scanner, *_ARGV, *_TO_US],
            cwd=Path(folder),
            env=job.environ,
            deadline=job.deadline.within(_SECONDS),
            stdin=text,
        )
    if done.late:
        raise ToolError(f"{name} was not done after {done.seconds:.0f}s")
    if done.code:
        raise broke(name, done.code, done.err, done.out)
    seen = {(finding.path, finding.line) for finding in known if finding.rule == RULE}
    findings = [_finding(name, report, places) for report in _reports(name, done.out)]
    return [finding for finding in findings if (finding.path, finding.line) not in seen], None


def _reports(name: str, out: bytes) -> list[dict[str, object]]:
    try:
        reports = json.loads(out or b"[]")
    except ValueError:
        reports = None
    if not isinstance(reports, list) or not all(isinstance(report, dict) for report in reports):
        raise ToolError(f"{name} printed no list of findings")
    return reports


def _finding(name: str, report: dict[str, object], places: Sequence[tuple[str, Line]]) -> Finding:
    line, secret = report.get("StartLine"), report.get("Secret")
    if not isinstance(line, int) or not 1 <= line <= len(places) or not isinstance(secret, str):
        raise ToolError(f"{name} named a line that it was not given: {line!r}")
    path, place = places[line - 1]
    return Finding(
        path=path,
        line=place.new,
        rule=RULE,
        message=f"{printable(str(report.get('Description', 'a secret')))} ({name}: {report.get('RuleID')})",
        source=place.text.replace(secret, "***") if secret else place.text,
        hint="Take it out and revoke it; what was committed once stays readable.",
    )
