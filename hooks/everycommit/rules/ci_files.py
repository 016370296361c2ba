"""Workflows, hooks and scripts that run the checks: steps and hooks gone, failures that no longer count."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..change import Change, FileChange
from .places import Contents, line_before
from .python_source import text_of

_NAMES = frozenset(
    [
        ".gitlab-ci.yml",
        "azure-pipelines.yml",
        ".travis.yml",
        "appveyor.yml",
        ".appveyor.yml",
        "Jenkinsfile",
        "bitbucket-pipelines.yml",
        "tox.ini",
        "noxfile.py",
        "Makefile",
        "justfile",
        "lefthook.yml",
        ".pre-commit-config.yaml",
        ".pre-commit-config.yml",
        "package.json",
        "pyproject.toml",
        "setup.cfg",
    ]
)
_FOLDERS = (
    ".github/workflows/",
    ".github/actions/",
    ".circleci/",
    ".ci/",
    "ci/",
    ".husky/",
    ".githooks/",
    ".buildkite/",
)
_HOOKS = (".husky/", ".githooks/")
_PRE_COMMIT = (".pre-commit-config.yaml", ".pre-commit-config.yml")
_LONGEST = 500
_CHECKERS = re.compile(
    r"(?<![\w.\-/@:])(?:(?:uv|uvx|pipx|poetry|hatch|pdm|python3?|coverage)\s+(?:run\s+)?(?:-m\s+)?)?"
    r"(pytest|tox|nox|ruff|mypy|pyright|flake8|pylint|bandit|pre-commit|prek|everycommit|unittest|eslint|tsc|vitest|jest"
    r"|make (?:test|lint|check)|npm (?:run )?(?:test|lint)|cargo (?:test|clippy)|go (?:test|vet)|coverage report)"
    r"(?![\w\-=/:@^<>~!\[])"
)
_RUNNERS = frozenset({"tox", "nox", "pre-commit", "prek", "everycommit", "make test", "make check", "make lint"})
_LEFT_OUT = "tests are left out"
_LET_PASS = (
    ("a failure no longer counts (continue-on-error)", re.compile(r"\bcontinue-on-error:\s*[\"']?true\b")),
    ("a failure no longer counts (allow_failure)", re.compile(r"\ballow_failure:\s*true\b")),
    ("the step never runs", re.compile(r"\bif:\s*[\"']?(?:\$\{\{\s*)?false\b")),
    ("what the checker finds no longer counts (--exit-zero)", re.compile(r"--exit-zero\b")),
    ("hooks are passed by (--no-verify)", re.compile(r"\bgit\b.{1,80}--no-verify\b")),
    (_LEFT_OUT, re.compile(r"--deselect\b|\bpytest\b.{0,200}\s-k\s*[\"']?not\b")),
)
_OR_TRUE = re.compile(r"\|\|\s*(?:true|:|exit\s+0|echo)(?![\w-])")
_CHECKING = re.compile(r"test|lint|check|mypy|ruff|tox|nox|pytest|flake8|coverage|commit|eslint|tsc", re.IGNORECASE)
_ID = re.compile(r"^\s*(?:-\s*)?id:\s*[\"']?([\w.\-]+)")
_REPLACES = {"ruff": "flake8 isort reorder-python-imports pyupgrade black pydocstyle autoflake bandit pycln yesqa"}


class Weaker(NamedTuple):
    """Something that no longer checks, where it is in the target."""

    file: FileChange
    line: int | None
    message: str
    source: str = ""
    exception: bool = False
    """Whether it leaves out something, and all else is checked as before."""


def is_ci(path: str) -> bool:
    return path.rpartition("/")[2] in _NAMES or path.startswith(_FOLDERS)


def weaker(change: Change, contents: Contents) -> Iterator[Weaker]:
    """Yield what the change takes from the files that run the checks."""
    files = [
        file
        for file in change.files
        if (is_ci(file.path) or is_ci(file.source)) and not file.binary and not file.unread
    ]
    if not files:
        return
    yield from _let_pass(files)
    yield from _hooks(files)
    if any(file.removed for file in files):
        yield from _steps([file for file in files if not file.path.endswith((*_PRE_COMMIT, ".toml", ".cfg"))], contents)


def _let_pass(files: Sequence[FileChange]) -> Iterator[Weaker]:
    was = Counter(kind for file in files for line in file.removed_lines() for kind in _kinds(line.text[:_LONGEST]))
    for file in files:
        if file.path.endswith((".toml", ".cfg")):
            continue  # their settings are read as settings
        for line in file.added_lines():
            for kind in _kinds(line.text[:_LONGEST]):
                if was[kind] > 0:
                    was[kind] -= 1
                else:
                    yield Weaker(file, line.new, kind, line.text[:_LONGEST], exception=kind == _LEFT_OUT)


def _kinds(text: str) -> Iterator[str]:
    if text.lstrip().startswith("#"):
        return
    yield from (kind for kind, pattern in _LET_PASS if pattern.search(text))
    if _OR_TRUE.search(text) and _CHECKING.search(text):
        yield "a failure no longer counts (|| true)"


def _hooks(files: Sequence[FileChange]) -> Iterator[Weaker]:
    """Yield the hooks that .pre-commit-config.yaml no longer has, and hook scripts that are gone."""
    configs = [file for file in files if file.source.endswith(_PRE_COMMIT)]
    came = Counter(_ids(line.text for file in configs for line in file.added_lines()))
    for file in configs:
        for line in file.removed_lines():
            for hook in _ids([line.text]):
                if came[hook] > 0:
                    came[hook] -= 1
                elif not _replaced(hook, came):
                    yield Weaker(
                        file, line_before(file, line.old or 1), f"the hook {hook} is gone", line.text[:_LONGEST]
                    )
        gone = Counter(line.text.strip() for line in file.removed_lines())
        for line in file.added_lines():
            text = line.text.strip()[:_LONGEST]
            if text.startswith("stages:") and "manual" in text and not gone[text]:
                yield Weaker(file, line.new, "a hook runs only when it is called by hand", text)
    for file in files:
        if file.deleted and file.source.startswith(_HOOKS):
            yield Weaker(file, None, "a hook is deleted")


def _ids(lines: "Iterator[str] | Sequence[str]") -> Iterator[str]:
    for line in lines:
        if found := _ID.match(line[:_LONGEST]):
            yield found[1]


def _replaced(hook: str, came: Counter[str]) -> bool:
    if any(new.startswith(hook) or hook.startswith(new) for new in came):
        return True  # ruff became ruff-check, mypy became mypy-strict
    return any(new.startswith(tool) and hook in old.split() for new in came for tool, old in _REPLACES.items())


def _steps(files: Sequence[FileChange], contents: Contents) -> Iterator[Weaker]:
    """Yield the checkers that were started before and are in none of the changed files now."""
    was: Counter[str] = Counter()
    now: Counter[str] = Counter()
    for file in files:
        was.update(_started(text_of(contents.old(file))))
        now.update(_started(text_of(contents.new(file))))
    if any(now[runner] > was[runner] for runner in _RUNNERS):
        return  # they are started by another now
    for checker in was:
        if now[checker]:
            continue
        place = next(
            (file, line)
            for file in files
            for line in (*file.removed_lines(), None)
            if line is None or checker in _started(line.text)
        )
        file, line = place
        if line is not None:
            message = f"{checker} is no longer run"
            yield Weaker(file, line_before(file, line.old or 1), message, line.text[:_LONGEST])


def _started(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        stripped = line[:_LONGEST].strip()
        if (
            not stripped.startswith(("#", "- name:", "name:", "pip install", "run: pip install"))
            and "install" not in stripped
        ):
            yield from dict.fromkeys(_CHECKERS.findall(stripped))
