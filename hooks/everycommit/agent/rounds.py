"""How often an agent was told to go on, and what it had been told: kept in the git folder, a file a session.

After a mend only what was touched may bring new findings, and after some rounds nobody insists any more: no session
goes round for ever.
"""

import json
import os
import time
import zlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from ..change import Change, FileChange
from ..digest import sha256
from ..result import Finding, Verdict
from .ours import PROJECT_FILES

VERSION = 1
_KEPT_SECONDS = 7 * 86_400
_MOST_LINES = 20_000
_CAUSED_ELSEWHERE = ("types/", "tests/")
"""Whose findings may stand where nobody touched a line, because of a line that somebody did."""

Lines = Mapping[str, tuple[str, Sequence[int]]]
"""By path: the blob, and a checksum of each line that the change added."""
NO_LINES: Lines = {}


class Before(NamedTuple):
    """What is remembered of a session's last round."""

    number: int = 0
    target: str = ""
    """The tree that was judged; before the first round the one that the agent found."""
    known: frozenset[str] = frozenset()
    """Fingerprints of all that was found, told or not."""
    lines: Lines = NO_LINES


class Round(NamedTuple):
    """What this round comes to."""

    number: int
    told: tuple[Finding, ...] = ()
    """What the agent has to mend."""
    held_back: int = 0
    """Findings on lines that nobody touched since the last round."""
    same: bool = False
    """Whether nothing changed since the agent was told last."""


def place(git_dir: Path, session: str) -> Path:
    """Return where a session's rounds are kept; *session* is whatever the client calls it."""
    name = sha256(session.encode(errors="surrogatepass")).hexdigest()[:20]
    return git_dir / "everycommit" / "agent" / f"{name}.json"


def this(before: Before, verdict: Verdict) -> Round:
    """Return the round that *verdict* makes after *before*."""
    found = [one for gate in verdict.gates if gate.blocks for one in gate.findings if one.blocking]
    # The agent may not touch these, so nobody insists on it: whoever set it up has them to commit.
    found = [one for one in found if one.path not in PROJECT_FILES]
    if not before.number:
        return Round(1, tuple(found))
    change = verdict.change
    told = [one for one in found if one.fingerprint in before.known or _touched(one, change, before)]
    return Round(before.number + 1, tuple(told), len(found) - len(told), same=change.target == before.target)


def after(before: Before, round_: Round, verdict: Verdict) -> Before:
    """Return what is to be remembered of *round_*."""
    found = {one.fingerprint for gate in verdict.gates for one in gate.findings}
    known = before.known | (found if not before.number else {one.fingerprint for one in round_.told})
    return Before(round_.number, verdict.change.target, frozenset(known), _lines(verdict.change.files))


def _touched(finding: Finding, change: Change, before: Before) -> bool:
    """Tell whether *finding* stands where something changed since the last round."""
    if change.target == before.target:
        return False
    if finding.path is None or finding.rule.startswith(_CAUSED_ELSEWHERE):
        return True
    file = next((file for file in change.files if file.path == finding.path), None)
    if file is None:
        return finding.path in before.lines
    blob, lines = before.lines.get(finding.path, ("", ()))
    if file.id == blob:
        return False
    if finding.line is None or file.unread or len(lines) >= _MOST_LINES:
        return True
    text = next((line.text for line in file.added_lines() if line.new == finding.line), None)
    return text is not None and _sum(text) not in lines


def _lines(files: Iterable[FileChange]) -> Lines:
    return {file.path: (file.id, [_sum(line.text) for line in file.added_lines()][:_MOST_LINES]) for file in files}


def _sum(text: str) -> int:
    return zlib.crc32(text.encode(errors="surrogatepass"))


def read(path: Path) -> Before:
    """Return what was remembered; a file that cannot be read counts as none."""
    try:
        found = json.loads(path.read_bytes())
        return _before(found)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return Before()


def _before(found: Any) -> Before:
    if found["version"] != VERSION:
        return Before()
    lines = {str(path): (str(blob), [int(one) for one in sums]) for path, (blob, sums) in found["lines"].items()}
    known = frozenset(str(one) for one in found["known"])
    return Before(int(found["number"]), str(found["target"]), known, lines)


def write(path: Path, before: Before) -> None:
    """Remember *before*; sessions of a week ago are forgotten. Raises OSError where it cannot be written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    document = {"version": VERSION, **before._asdict(), "known": sorted(before.known)}
    fresh.write_text(json.dumps(document), encoding="utf-8", errors="surrogatepass")
    fresh.replace(path)
    old = time.time() - _KEPT_SECONDS
    for other in path.parent.iterdir():
        with suppress(OSError):
            if other.lstat().st_mtime < old:
                other.unlink()


def forget(path: Path) -> None:
    """Forget a session's rounds."""
    path.unlink(missing_ok=True)
