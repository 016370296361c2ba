"""The reader that needs no model: our rules over old and new code, and those of ruff that tell defects from taste."""

import json
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from ...change import FileChange
from ...environment import Tool, tool
from ...errors import TimeRanOut, ToolError
from ...record import replace
from ...result import WARNING, Finding, neutral
from ...rules.python_source import LARGEST, is_python
from ..base import Job
from ..sources import within
from ..tool import broke, interpreter_or_none

RUFF = (
    *("F50", "F52", "F6", "F7", "F811", "F821", "F822", "F823", "F901"),
    *("B002", "B003", "B012", "B015", "B016", "B017", "B020", "B021", "B022", "B026", "B029", "B030", "B031", "B032"),
    *("B033", "B035", "B039", "PLE", "PLW0129", "PLW0131", "PLW0133", "PLW0245", "PLW0711", "PLW1509", "RUF016"),
    *("RUF018", "RUF030", "RUF034", "S103", "S104", "S113", "S501", "S602", "S605"),
)
"""Rules and beginnings of rules, whatever the project selects for its own lint.

Chosen by measurement on 1,837 fixes taken back and 2,109 other commits of 31 projects: a rule that speaks of the
second as often as of the first is not here (all of BLE, DTZ, PGH, PT, RET, TRY, most of B, RUF and S, SIM115); what
spoke of neither is here where it tells a plain defect.
"""
_NOT_THEIRS = ("B017", "S1")
"""What is no defect in a test."""
_MOST = 40


def static(job: Job) -> list[Finding]:
    """Return what the change itself brings, as far as no model is needed to see it; all of it is new.

    Raises:
        ToolError: ruff broke.
        TimeRanOut: It was ended at the deadline.
    """
    from ...reader.catalog import check

    change = job.change
    if change.whole:
        return []
    own = tuple(file for file in change.files if within(job.project, file.path))
    return [*check(replace(change, files=own), job.blobs), *_by_ruff(job, own)]


def _by_ruff(job: Job, files: Sequence[FileChange]) -> list[Finding]:
    """Return what ruff's rules say of the new files and not of the old ones, and the lint does not say anyway."""
    python = [file for file in files if file.is_file and is_python(file.path) and not file.binary and file.hunks]
    if not python:
        return []
    ruff = tool("ruff", interpreter_or_none(job))
    with tempfile.TemporaryDirectory(prefix="everycommit-review-") as folder:
        top = Path(folder)
        names = dict(_laid_out(job, top, python))
        entries = _entries(job, ruff, top) if names else []
        found = [one for one in (_finding(job, entry, names) for entry in entries) if one]
    old = Counter(_same(one) for side, one in found if side == "old")
    new = []
    for side, one in found:
        if side == "new" and old[_same(one)] > 0:
            old[_same(one)] -= 1
        elif side == "new":
            new.append(one)
    return _beside_lint(job, ruff, new)[:_MOST]


def _laid_out(job: Job, top: Path, files: Sequence[FileChange]) -> Iterator[tuple[str, FileChange]]:
    """Write the old and new contents under *top*; yield the name of each file there, and what it is of."""
    for number, file in enumerate(files):
        for side, oid in (("new", file.id), ("old", file.old_id if file.was_file else "")):
            content = job.blobs.read(oid) if oid else b""
            if len(content) > LARGEST:
                continue
            # Under its own name: what ruff says of a file can depend on it, of `__init__.py` for example.
            place = top / side / str(number) / Path(file.path).name.encode(errors="replace").decode()
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
            yield f"{side}/{number}", file


def _entries(job: Job, ruff: Tool, top: Path) -> Sequence[dict[str, object]]:
    argv = [*ruff.argv, "check", "--isolated", "--no-cache", "--quiet", "--output-format", "json"]
    done = job.children.run(
        [*argv, "--select", ",".join(RUFF), "--", "new", "old"], cwd=top, env=job.environ, deadline=job.deadline
    )
    if done.late:
        raise TimeRanOut(f"time ran out after {done.seconds:.0f}s")
    try:
        entries = json.loads(done.out)
    except ValueError:
        entries = None
    if done.code not in {0, 1} or not isinstance(entries, list):
        raise broke("ruff", done.code, done.err, done.out)
    return entries


def _finding(job: Job, entry: dict[str, object], names: dict[str, FileChange]) -> tuple[str, Finding] | None:
    """Return the side that *entry* is of, and what it says; None for a syntax error, which the lint tells."""
    try:
        side, number, _ = str(entry["filename"]).replace("\\", "/").rsplit("/", 2)
        side = side.rpartition("/")[2]
        file, code, line = names[f"{side}/{number}"], entry["code"], entry["location"]["row"]  # type: ignore[index]
        message = str(entry["message"])
    except (KeyError, TypeError, ValueError) as error:
        raise ToolError(f"ruff's JSON is not what it promises ({error!r}): {str(entry)[:200]}") from error
    if code in {None, "invalid-syntax", "E999"}:
        return None
    lines = job.blobs.read(file.id if side == "new" else file.old_id).split(b"\n")
    source = lines[line - 1].decode(errors="surrogateescape") if 1 <= line <= len(lines) else ""
    return side, Finding(
        path=file.path,
        line=line,
        rule=f"review/{code}",
        severity=WARNING,
        message=message,
        source=source[:300],
        hint=f"{entry.get('url') or 'see ruff'}",
    )


def _same(one: Finding) -> tuple[str | None, str, str, str]:
    return (one.path, one.rule, neutral(one.message), one.source.strip())


def _beside_lint(job: Job, ruff: Tool, found: Sequence[Finding]) -> list[Finding]:
    """Return those of *found* that the project's own lint does not say, where it runs at this occasion at all."""
    from ...rules.sources import is_test

    kept = [one for one in found if not (is_test(one.path or "") and one.rule[7:].startswith(_NOT_THEIRS))]
    if not kept or "lint" not in job.config.settings.gates(job.occasion):
        return kept
    from ..ruff import checked

    paths = sorted({one.path for one in kept if one.path})
    said = {(one.path, one.line, one.rule[5:]) for one, _ in checked(job, ruff, job.trees.target(), paths)}
    return [one for one in kept if (one.path, one.line, one.rule[7:]) not in said]
