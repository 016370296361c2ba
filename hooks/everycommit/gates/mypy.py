"""Calls mypy so that its words are ours whatever the project sets, and reads them."""

import json
import os
import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..environment import Interpreter, Tool
from ..errors import ToolError
from ..record import dataclass, replace
from ..result import ERROR, Finding
from .base import Job
from .inside import inside, scratch
from .sources import Lines, joined, table
from .tool import broke, last_word, ran

if TYPE_CHECKING:
    from ..repo.snapshot import Snapshot

OWN = ("mypy.ini", ".mypy.ini")
SHARED = {"pyproject.toml": ("tool", "mypy"), "setup.cfg": ("mypy",)}
# Settings of the project lose to these: pretty output wraps lines, and install_types would run pip and ask.
# Verbose output names each file that mypy read; it costs nothing that can be measured.
_FLAGS = (
    *("--no-pretty", "--no-color-output", "--hide-error-context", "--show-column-numbers", "--show-error-codes"),
    *("--no-install-types", "--interactive", "--no-error-summary", "--verbose"),
)
# Since 1.11, see https://mypy-lang.blogspot.com/2024/07/mypy-111-released.html
_JSON_SINCE = (1, 11)
_PLAIN = (
    r"(?P<file>.+?):(?P<line>\d+):(?:(?P<column>\d+):)? (?P<severity>error|note): (?P<message>.*?)"
    r"(?:  \[(?P<code>[a-z0-9-]+)\])?$"
)
_SOURCE = r"LOG:  Found source: +BuildSource\(path='([^']+)'"
_READ = r"LOG:  (?:Parsing |.*?: file |Found stale .*?: file )(/?[^,(]+?\.pyi?)(?:[ ,(]|$)"
# No package of the project, though some have an __init__.py or lie at the top.
_NOT_CODE = frozenset({"tests", "test", "docs", "doc", "examples", "example", "build", "dist", "benchmarks", "scripts"})
_INITS = ("__init__.py", "__init__.pyi")
_SHOWN = 3
_NAMING = ("files", "packages", "modules")
_NOT_MODULES = frozenset({"setup.py", "conftest.py", "noxfile.py"})


@dataclass(frozen=True, slots=True)
class Checked:
    """What mypy said of a tree."""

    findings: tuple[Finding, ...]
    files: int
    """How many it was asked to check, by its own count."""
    read: frozenset[str]
    """What it read of the tree, paths from the root."""
    leaks: tuple[str, ...]
    """Files of the working tree that it read all the same."""
    notes: tuple[str, ...]


def settings_file(top: Path, project: str) -> str | None:
    """Return the settings file that mypy would use for *project* under *top*, from *top*; None where there is none."""
    for folder in dict.fromkeys((project, ".")):
        for name in (*OWN, *SHARED):
            path = joined(folder, name)
            try:
                content = (top / path).read_bytes()
            except OSError:
                continue
            if name in OWN or table(content, name, SHARED[name]) is not None:
                return path
    return None


def asked_for(
    top: Path, project: str, settings: str | None, paths: Sequence[str], *, apart: Sequence[str] = ()
) -> tuple[str, ...] | None:
    """Return the files and folders to name, from *project*; none where mypy's own settings name them.

    *apart* are packages, from the root, that are judged by themselves. None where there is nothing to check: no
    package, no module at the top, and nobody says more.
    """
    if paths:
        return tuple(paths)
    # Files that the settings at the root name lie there, whoever reads these settings, too.
    if settings and posixpath.dirname(settings) == project.removeprefix(".") and _names_files(top / settings):
        return ()
    packages = _packages(top / project, parts=settings is None or not _says_bases(top / settings))
    own = (path for path in packages if not any(f"{joined(project, path)}/".startswith(f"{one}/") for one in apart))
    return tuple(own) or None


def checked(
    job: Job, tool: Tool, snapshot: "Snapshot", *, paths: Sequence[str], settings: str | None, is_found: bool = False
) -> Checked:
    """Run mypy over *paths* (from the project) of *snapshot*, its cache kept beside the tree.

    *is_found*: nobody named them, so that what is no package in ``src/`` is a part of a namespace.

    Raises:
        ToolError: mypy crashed, or could not begin.
    """
    python = job.interpreter()
    with_json = _number(tool.version) >= _JSON_SINCE
    argv = [*tool.argv, *_FLAGS, *(["--output", "json"] if with_json else [])]
    argv += ["--cache-dir", str(snapshot.caches / f"mypy-{job.project.replace('%', '%25').replace('/', '%2F')}")]
    argv += ["--config-file", str(snapshot.path / settings) if settings else ""]
    argv += _told_of(python, tool, snapshot.path / settings if settings else None)
    source = snapshot.path / job.project / "src"
    spaces = is_found and any(_is_part(snapshot.path / job.project / path) for path in paths)
    argv += ["--namespace-packages", "--explicit-package-bases"] if spaces else []
    argv += ["--", *paths] if paths else []
    with scratch(snapshot) as folder:
        env = inside(python, snapshot.path, folder / "report") | ({"MYPYPATH": str(source)} if spaces else {})
        done = ran(job, argv, snapshot, cwd=snapshot.path / job.project, env=env, behind=python.behind)
    log = [line for line in done.err.decode(errors="replace").splitlines() if line.startswith("LOG:")]
    said = b"\n".join(line for line in done.err.splitlines() if line.strip() and not line.startswith(b"LOG:"))
    if done.code not in {0, 1, 2} or b"INTERNAL ERROR" in said or b"INTERNAL ERROR" in done.out:
        raise ToolError(f"mypy crashed (exit {done.code}): {_crash(said, done.out)}")
    out = done.out.decode(errors="replace").splitlines()
    found = findings(out, json_lines=with_json)
    if done.code and not any(finding.severity == ERROR for finding in found):
        raise broke("mypy", done.code, said, done.out)
    if settings is None:
        from .imports import without_foreign

        found = without_foreign(job, snapshot.path, found, {posixpath.dirname(path) for path in paths})
    place = _Place(snapshot.path, job.project)
    read = {place.path(name) for line in log for name in re.findall(_READ, line)}
    asked = [name for line in log for name in re.findall(_SOURCE, line)]
    return Checked(
        findings=tuple(_placed(found, place, Lines(snapshot.path))),
        files=len(asked),
        read=frozenset(path for path in (*read, *map(place.path, asked)) if path is not None),
        leaks=tuple(_leaks(log, python, snapshot.path)),
        notes=() if done.code else _notes(said, snapshot.path),
    )


def findings(lines: Iterable[str], *, json_lines: bool) -> list[Finding]:
    """Turn mypy's output into findings, their paths as mypy prints them, notes hung on the error they belong to.

    Lines that are no finding are passed over.
    """
    found: list[Finding] = []
    for line in lines:
        entry = _entry(line) if json_lines else _plain(line)
        if entry is None:
            continue
        at = entry["line"] if entry["line"] and entry["line"] > 0 else None
        column = entry["column"] if at and entry["column"] is not None and entry["column"] >= 0 else None
        if entry["severity"] == "note":
            if found and (found[-1].path, found[-1].line) == (entry["file"], at):
                hint = f"{found[-1].hint}\n{entry['message']}" if found[-1].hint else entry["message"]
                found[-1] = replace(found[-1], hint=hint)
            continue
        found.append(
            Finding(
                path=entry["file"],
                line=at,
                end_line=max(at, entry["end_line"] or at) if at else None,
                # JSON counts columns from 0, lines of text from 1.
                column=None if column is None else column + (1 if json_lines else 0),
                rule=f"types/{entry['code'] or 'error'}",
                message=entry["message"],
                hint=entry["hint"] or None,
            )
        )
    return found


def _entry(line: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    try:
        entry = json.loads(line)
        return {name: entry[name] for name in ("file", "line", "column", "message", "hint", "code", "severity")} | {
            "end_line": entry.get("end_line")
        }
    except (ValueError, KeyError, TypeError) as error:
        raise ToolError(f"mypy's JSON is not what it promises: {line[:200]}") from error


def _plain(line: str) -> dict[str, Any] | None:
    match = re.match(_PLAIN, line)
    if match is None:
        return None
    entry: dict[str, Any] = {**match.groupdict(), "hint": None, "end_line": None}
    return entry | {"line": int(match["line"]), "column": int(match["column"]) if match["column"] else None}


class _Place:
    """Turns the paths that mypy prints, from the project's folder, into paths from the root."""

    def __init__(self, top: Path, project: str) -> None:
        self._top = top
        self._project = project

    def path(self, name: str) -> str | None:
        """Return the path of *name* from the root, None where it lies outside the tree."""
        whole = os.path.normpath(self._top / self._project / name)
        start = f"{self._top}{os.sep}"
        return whole.removeprefix(start) if whole.startswith(start) else None


def _placed(found: Iterable[Finding], place: _Place, lines: Lines) -> list[Finding]:
    placed = []
    for finding in found:
        path = place.path(finding.path or "")
        if path is None:
            # In an installed package: the place is no path of the repository.
            where = f"{finding.path}:{finding.line}: {finding.message}"
            placed.append(replace(finding, path=None, line=None, end_line=None, column=None, message=where))
        else:
            placed.append(replace(finding, path=path, source=lines.at(path, finding.line)))
    return placed


def _told_of(python: Interpreter, tool: Tool, settings: Path | None) -> list[str]:
    """Return what says which Python the code is for, where the settings say nothing or what only fits a checkout."""
    content = settings.read_text(encoding="utf-8", errors="replace") if settings else ""
    told = []
    if not tool.ours and re.search(r"^\s*python_executable\b", content, re.MULTILINE):
        # A path as `.venv/bin/python` leads nowhere in the snapshot.
        told += ["--python-executable", str(python.python)]
    if tool.ours and not re.search(r"^\s*python_version\b", content, re.MULTILINE):
        minor = ".".join(python.version.split(".")[:2])
        if _number(minor) >= _OLDEST:
            told += ["--python-version", minor]
    return told


# Source: mypy/defaults.py, PYTHON3_VERSION_MIN of the oldest mypy that we may be installed with (1.18).
_OLDEST = (3, 10)


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])


def _names_files(settings: Path) -> bool:
    """Tell whether mypy's settings say what to check."""
    ini = settings.suffix != ".toml"
    found = table(settings.read_bytes(), settings.name, ("mypy",) if ini else SHARED["pyproject.toml"])
    if not isinstance(found, dict):
        return False
    if not ini:
        return any(found.get(name) for name in _NAMING)
    # A setup.cfg has `packages = find:` for setuptools: mypy reads its own section alone.
    return any(re.match(rf"({'|'.join(_NAMING)})\s*[=:]", line) for line in found.get("mypy", ()))


def _says_bases(settings: Path) -> bool:
    """Tell whether mypy's settings say themselves where packages begin."""
    return re.search(rb"\b(?:mypy_path|namespace_packages|explicit_package_bases)\b", settings.read_bytes()) is not None


def _is_part(folder: Path) -> bool:
    """Tell whether *folder*, without an ``__init__``, holds code all the same: a part of a namespace package."""
    if not folder.name.isidentifier() or any((folder / init).is_file() for init in _INITS) or not folder.is_dir():
        return False
    return any(name.endswith((".py", ".pyi")) for _, _, names in os.walk(folder) for name in names)


def _packages(project: Path, *, parts: bool) -> list[str]:
    """Return packages and modules in src/, where there is one, else at the top, else in folders there.

    With *parts* also what namespace packages consist of, in src/.
    """
    others = [path.name for path in sorted(project.iterdir()) if path.is_dir() and not path.is_symlink()]
    # In the first of these that has any; as a last resort in folders that only hold packages: `python`, `lib`.
    for folders in (["src"], ["."], [name for name in others if _may_be_code(name)]):
        found = [path for folder in folders for path in _packages_in(project, folder, parts=parts)]
        if found:
            return found
    return []


def _packages_in(project: Path, folder: str, *, parts: bool) -> Iterator[str]:
    place = project / folder
    for path in sorted(place.iterdir()) if place.is_dir() else ():
        name = path.name
        if name.startswith(".") or (folder != "src" and name in _NOT_CODE):
            continue
        package = any((path / init).is_file() for init in _INITS) or (parts and folder == "src" and _is_part(path))
        module = name.endswith((".py", ".pyi")) and name not in _NOT_MODULES and not name.startswith("test_")
        if package or (module and folder in {"src", "."} and path.is_file()):
            yield name if folder == "." else f"{folder}/{name}"


def _may_be_code(name: str) -> bool:
    return not name.startswith(".") and name not in _NOT_CODE


def _leaks(log: Iterable[str], python: Interpreter, snapshot: Path) -> list[str]:
    """Return the files that mypy read from the working tree instead of the snapshot."""
    top = f"{python.top}{os.sep}"
    # A Python around the working tree (/usr and /usr/src/app) does not make the code in there its own.
    own = python.prefix if python.prefix.is_relative_to(python.top) else snapshot
    fine = (f"{snapshot}{os.sep}", f"{own}{os.sep}")
    read = {name for line in log if top in line for name in re.findall(_READ, line)}
    return sorted(
        name for name in read if name.startswith(top) and not name.startswith(fine) and "/site-packages/" not in name
    )


def _notes(said: bytes, top: Path) -> tuple[str, ...]:
    """Return what mypy says besides findings: settings that it does not know."""
    lines = said.decode(errors="replace").replace(f"{top}{os.sep}", "").splitlines()
    return tuple(f"mypy: {line}" for line in lines[:_SHOWN])


def _crash(said: bytes, out: bytes) -> str:
    lines = [line for line in (said + b"\n" + out).decode(errors="replace").splitlines() if "INTERNAL ERROR" in line]
    return lines[0][:300] if lines else last_word(said, out)
