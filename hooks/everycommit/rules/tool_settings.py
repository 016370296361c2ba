"""A change that loosens what checks it: settings of checkers, workflows, hooks, recorded snapshots."""

from collections.abc import Iterator

from ..change import Blobs, Change, FileChange
from ..result import ERROR, WARNING, Finding
from ..text import printable
from .ci_files import is_ci, weaker
from .loosened import Looser, looser
from .places import Contents, line_before
from .python_source import text_of
from .rule import Rule
from .tool_files import Settings, holds_settings, read

_SNAPSHOTS = (".snap", ".ambr", ".snapshot")
_LARGEST = 300_000
_HINT = "Commit it by itself with the reason, so that whoever reads the change can see it."


def check(change: Change, blobs: Blobs, *, max_snapshot_files: int = 5, max_snapshot_lines: int = 300) -> list[Finding]:
    """Return what *change* loosens in the files that set up and run the checks."""
    contents = Contents(blobs)
    findings: list[Finding] = []
    if any(holds_settings(file.source) or holds_settings(file.path) for file in change.files):
        findings += _settings(change, contents)
    if any(is_ci(file.path) or is_ci(file.source) for file in change.files):
        for one in weaker(change, contents):
            rule = "gate-exception-added" if one.exception else "gate-step-weakened"
            findings.append(_finding(rule, one.file, one.line, one.message, one.source))
    return findings + list(_snapshots(change, max_snapshot_files, max_snapshot_lines))


def _settings(change: Change, contents: Contents) -> Iterator[Finding]:
    """Compare the settings of each tool over all changed files: they may have moved from one to another."""
    old: Settings = {}
    new: Settings = {}
    files = [file for file in change.files if holds_settings(file.source) or holds_settings(file.path)]
    places: list[FileChange] = []
    for file in files:
        if file.binary or file.unread or len(contents.new(file)) > _LARGEST:
            message = f"settings of checkers cannot be compared: the file is binary or larger than {_LARGEST} bytes"
            yield _finding("gate-config-weakened", file, None, message, "")
            continue
        was = read(file.source, text_of(contents.old(file))) if holds_settings(file.source) else {}
        now = read(file.path, text_of(contents.new(file))) if holds_settings(file.path) else {}
        if was is None or now is None:
            continue  # broken TOML: the tool itself will say so
        places.append(file)
        _merge(old, was)
        _merge(new, now)
    for one in looser(old, new):
        file, line, source = _place(one, places)
        yield _finding(
            "gate-exception-added" if one.exception else "gate-config-weakened", file, line, one.message, source
        )


def _merge(into: Settings, more: Settings) -> None:
    for tool, settings in more.items():
        into.setdefault(tool, {}).update(settings)


def _place(one: Looser, files: list[FileChange]) -> tuple[FileChange, int | None, str]:
    """Return the changed line that says it: one that holds the added word, else the key, else any of that file."""
    for word in (one.word, one.key.rpartition(".")[2], one.tool):
        for file in files if word else ():
            for line in file.added_lines():
                if word in line.text:
                    return file, line.new, line.text[:300]
            for line in file.removed_lines():
                if word in line.text:
                    return file, line_before(file, line.old or 1), line.text[:300]
    return files[0], None, ""


def _snapshots(change: Change, max_files: int, max_lines: int) -> Iterator[Finding]:
    touched = [
        file for file in change.files if file.was_file and file.is_file and file.removed and _is_snapshot(file.path)
    ]
    lines = sum(file.removed for file in touched)
    if len(touched) >= max_files or lines >= max_lines:
        largest = max(touched, key=lambda file: file.removed)
        message = f"{len(touched)} recorded snapshots are rewritten, with {lines} lines of what was expected"
        yield Finding(
            path=largest.path,
            line=None,
            rule="policy/snapshots-updated",
            severity=WARNING,
            message=message,
            hint="Read what changed in them: an update records whatever the code does now.",
        )


def _is_snapshot(path: str) -> bool:
    return path.endswith(_SNAPSHOTS) or "/__snapshots__/" in f"/{path}"


def _finding(rule: str, file: FileChange, line: int | None, message: str, source: str) -> Finding:
    return Finding(
        path=file.path,
        line=None if file.deleted else line,
        rule=f"policy/{rule}",
        severity=_SEVERITY[f"policy/{rule}"],
        message=printable(message).replace("\n", " ").replace("\t", " "),
        hint=_HINT,
        source=source[:300],
    )


_CONFIG = (
    '[tool.mypy]\nstrict = true\n\n[tool.coverage.report]\nfail_under = 95\n\n[tool.ruff.lint]\nselect = ["E", "F"]\n'
)
_FLOW = "on: [push]\njobs:\n  test:\n    steps:\n      - run: pip install .\n      - run: pytest -q\n"

RULES = (
    Rule(
        "policy/gate-config-weakened",
        ERROR,
        "Settings of a checker let more pass: strict off, fewer rules, less coverage, tests left out.",
        "A change that loosens what judges it passes by itself. What moves to another file is no looser.",
        {"pyproject.toml": (_CONFIG, _CONFIG.replace("95", "80"))},
        {"pyproject.toml": (_CONFIG, _CONFIG.replace("95", "97"))},
        "Commit it by itself with the reason, so that whoever reads the change can see it.",
    ),
    Rule(
        "policy/gate-exception-added",
        WARNING,
        "The settings of a checker leave out more: a rule, a path, a module, a kind of warning.",
        "Each has its reason on the day; together they are what is not checked.",
        {"pyproject.toml": (_CONFIG, _CONFIG + 'ignore = ["E501"]\n')},
        {"pyproject.toml": (_CONFIG, _CONFIG.replace('["E", "F"]', '["E", "F", "B"]') + 'ignore = ["B008"]\n')},
        "Write the reason beside the entry, and make it as narrow as it can be.",
    ),
    Rule(
        "policy/gate-step-weakened",
        ERROR,
        "A workflow, hook or script no longer runs a checker, or no longer fails where it does.",
        "The checks look as they did, and nothing is checked.",
        {".github/workflows/test.yml": (_FLOW, _FLOW.replace("pytest -q", "pytest -q || true"))},
        {".github/workflows/test.yml": (_FLOW, _FLOW.replace("pytest -q", "pytest -q --durations=5"))},
        "Commit it by itself with the reason, so that whoever reads the change can see it.",
    ),
    Rule(
        "policy/snapshots-updated",
        WARNING,
        "Five or more recorded snapshots, or 300 lines of them, are rewritten.",
        "Updating them all is one flag, and makes whatever the code does now the expected.",
        {f"tests/__snapshots__/{name}.ambr": ("one\n", "two\n") for name in "abcdef"},
        {f"tests/__snapshots__/{name}.ambr": ("one\n", "two\n") for name in "abc"},
        "Read what changed in them.",
    ),
)
_SEVERITY = {rule.id: rule.severity for rule in RULES}
