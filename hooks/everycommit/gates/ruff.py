"""Calls ruff so that its words are ours whatever the project sets, and reads them."""

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..environment import Tool
from ..errors import ToolError
from ..result import ERROR, WARNING, Finding
from .base import Job
from .sources import Lines, lossy
from .tool import broke, last_word, ran

if TYPE_CHECKING:
    from ..repo.snapshot import Snapshot

# Far below ARG_MAX (128 KiB on the smallest system there is), environment included.
_MOST_BYTES = 60_000
# click sets fix = true and output-format = "full" in its settings: flags win over these. fix-only would hide findings.
_CHECK = ("check", "--no-fix", "--no-fix-only", "--force-exclude", "--no-cache", "--output-format", "json", "--quiet")
_FORMAT = ("format", "--check", "--force-exclude", "--no-cache", "--quiet")
_SYNTAX = frozenset({None, "invalid-syntax", "E999"})


def checked(job: Job, tool: Tool, snapshot: "Snapshot", paths: Sequence[str]) -> list[tuple[Finding, bool]]:
    """Return what ``ruff check`` finds in *paths* of *snapshot*, each with whether ruff can mend it safely.

    Raises:
        ToolError: ruff broke, or its settings did.
    """
    names = {lossy(path): path for path in paths}
    lines = Lines(snapshot.path)
    found = []
    for folder, chunk in _calls(snapshot.path, paths):
        done = ran(job, [*tool.argv, *_CHECK, "--", *chunk], snapshot, cwd=folder)
        entries = _entries(done.code, done.out, done.err)
        found += findings(entries, lambda name: _relative(name, snapshot.path, names), lines.at)
    return found


def checked_text(job: Job, tool: Tool, snapshot: "Snapshot", path: str, text: Path) -> list[Finding]:
    """Return what ``ruff check`` finds in the file *text* if it stood at *path* of *snapshot*."""
    done = ran(job, [*tool.argv, *_CHECK, "--stdin-filename", safe(path), "-"], snapshot, stdin=text)
    lines = Lines(text.parent)
    entries = _entries(done.code, done.out, done.err)
    return [finding for finding, _ in findings(entries, lambda _: path, lambda _, line: lines.at(text.name, line))]


def unformatted(job: Job, tool: Tool, snapshot: "Snapshot", paths: Sequence[str]) -> list[str]:
    """Return those of *paths* that ``ruff format`` would change; none of them may hold a syntax error."""
    names = {lossy(path): path for path in paths}
    found = []
    for folder, chunk in _calls(snapshot.path, paths):
        done = ran(job, [*tool.argv, *_FORMAT, "--output-format", "json", "--", *chunk], snapshot, cwd=folder)
        if b"--output-format" in done.err:
            # Before 0.14 only plain lines could be had, which name the file as it was named.
            done = ran(job, [*tool.argv, *_FORMAT, "--", *chunk], snapshot, cwd=folder)
        told = [os.path.join(folder, name) for name in _formatted(done.out)]  # noqa: PTH118 - no Path for odd text
        if done.code not in {0, 1} or (done.code == 1 and not told):
            raise broke("ruff format", done.code, done.err, done.out)
        found += [_relative(name, snapshot.path, names) for name in told]
    return sorted(set(found))


def unformatted_text(job: Job, tool: Tool, snapshot: "Snapshot", path: str, text: Path) -> bool:
    """Tell whether ``ruff format`` would change the file *text* if it stood at *path* of *snapshot*."""
    argv = [*tool.argv, *_FORMAT, "--stdin-filename", safe(path), "-"]
    # 2 is a syntax error: then it was not formatted either.
    return ran(job, argv, snapshot, stdin=text).code != 0


def _calls(top: Path, paths: Sequence[str]) -> Iterator[tuple[Path, list[str]]]:
    """Yield a folder under *top* and names of *paths* from there for each call of ruff.

    Without settings of its own ruff takes the oldest Python to be met from ``requires-python`` of the pyproject.toml
    at the folder it runs in, for a file; from the one nearest to the file for standard input: they have to agree.
    """
    homes: dict[str, str] = {}
    groups: dict[str, list[str]] = {}
    for path in paths:
        folder = path.rpartition("/")[0]
        if folder not in homes:
            homes[folder] = _home(top, folder)
        groups.setdefault(homes[folder], []).append(path)
    for home, own in groups.items():
        for chunk in chunks([path[len(home) + 1 :] if home else path for path in own]):
            yield top / home, chunk


def _home(top: Path, folder: str) -> str:
    """Return the folder at or above *folder*, both from *top*, whose pyproject.toml says ``requires-python``."""
    while folder:
        try:
            if b"requires-python" in (top / folder / "pyproject.toml").read_bytes():
                return folder
        except OSError:
            pass
        folder = folder.rpartition("/")[0]
    return ""


def chunks(paths: Sequence[str]) -> Iterator[list[str]]:
    """Yield *paths* in pieces that fit on a command line."""
    chunk: list[str] = []
    size = 0
    for path in paths:
        cost = len(path.encode(errors="surrogateescape")) + 1
        if chunk and size + cost > _MOST_BYTES:
            yield chunk
            chunk, size = [], 0
        chunk.append(path)
        size += cost
    if chunk:
        yield chunk


def findings(
    entries: Sequence[Mapping[str, Any]], named: Callable[[str], str], source: Callable[[str, int | None], str]
) -> list[tuple[Finding, bool]]:
    """Turn ruff's JSON into findings, each with whether ruff can mend it safely.

    *named* turns ruff's file name into a path from the root, *source* gives the text of a line of it.

    Raises:
        ToolError: An entry lacks what ruff promises.
    """
    found = []
    for entry in entries:
        try:
            path, start, end = named(entry["filename"]), entry["location"], entry["end_location"]
            # In a notebook lines count from the start of a cell, and the file is JSON: no line of it is the place.
            cell = entry["cell"] is not None
            line, column, code = start["row"], start["column"], entry["code"]
            rule = "syntax-error" if code in _SYNTAX else code
            finding = Finding(
                path=path,
                line=None if cell else line,
                end_line=None if cell else max(line, end["row"]),
                column=None if cell else column,
                rule=f"lint/{rule}",
                severity=WARNING if entry.get("severity") == "warning" else ERROR,
                message=entry["message"].removeprefix("SyntaxError: "),
                source="" if cell else source(path, line),
                hint=f"in cell {entry['cell']}, line {line}" if cell else None,
            )
            found.append((finding, bool(entry["fix"]) and entry["fix"]["applicability"] == "safe"))
        except (KeyError, TypeError, AttributeError) as error:
            raise ToolError(f"ruff's JSON is not what it promises ({error!r}): {str(entry)[:200]}") from error
    return found


def _entries(code: int, out: bytes, err: bytes) -> list[dict[str, Any]]:
    if code not in {0, 1}:
        raise ToolError(f"ruff exited {code}: {_cause(err) or last_word(out)}")
    try:
        entries = json.loads(out)
    except ValueError as error:
        raise ToolError(f"ruff printed no JSON: {last_word(out, err)}") from error
    if not isinstance(entries, list) or (code == 1 and not entries):
        raise broke("ruff", code, err, out)
    return entries


def _cause(err: bytes) -> str:
    """Return ruff's message in one line: its first lines say where, the last why."""
    lines = [line.strip() for line in err.decode(errors="replace").splitlines()]
    kept = [line for line in lines if line and not re.fullmatch(r"[|^\s\d]*", line)]
    return " ".join(kept)[:400]


def _formatted(out: bytes) -> list[str]:
    """Return the files that ``ruff format --check`` names, from its JSON or its lines."""
    text = out.decode(errors="replace")
    if text.startswith("["):
        try:
            return [entry["filename"] for entry in json.loads(text) if entry["code"] == "unformatted"]
        except (ValueError, KeyError, TypeError) as error:
            raise ToolError(f"ruff format printed no JSON: {last_word(out)}") from error
    return [line.removeprefix("Would reformat: ") for line in text.splitlines() if line.startswith("Would reformat: ")]


def _relative(name: str, top: Path, names: Mapping[str, str]) -> str:
    """Return ruff's file *name* as a path from the root, with the bytes that are no UTF-8 back in it."""
    shown = name.removeprefix(lossy(f"{top}/"))
    return names.get(shown, shown)


def safe(path: str) -> str:
    """Return *path* so that it is no option."""
    return f"./{path}" if path.startswith("-") else path
