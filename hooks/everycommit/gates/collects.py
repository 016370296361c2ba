"""Whether a project has tests at all, by its files and by what pytest's settings say of others."""

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from .base import Job
from .sources import PYTHON, joined, own_walked

if TYPE_CHECKING:
    from ..repo.snapshot import Snapshot

OWN = ("pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml")
SHARED = {"pyproject.toml": ("tool", "pytest"), "setup.cfg": ("tool:pytest",), "tox.ini": ("pytest",)}
NO_TESTS = "no tests here"
_TEST_FILE = r"(^|/)(test_[^/]*|[^/]*_test)\.py$"


# pytest's own doctests of pages, doctestplus, sybil, pytest-markdown-docs, pytest-markdown and pytest-codeblocks; not
# doctests of modules, `sphinx-build -b doctest` of a tox.ini, or a project that needs markdown-it.
_PROSE = (
    rb"doctest[-_](?!modules|optionflags|encoding|continue|report|ignore)\w|DocTest|[Ss]ybil"
    rb"|markdown[-_]docs|pytest[-_]markdown|codeblocks|(?:testpaths|addopts)[^\]]{0,400}?\.(?:rst|txt|md)\b"
)


def nothing(job: Job, snapshot: "Snapshot") -> str | None:
    """Return why the project in *snapshot* has no tests, None where it may have some."""
    python_files = own_walked(job, snapshot.path, PYTHON)
    if not python_files:
        return "no Python here"
    by_name = any(re.search(_TEST_FILE, path) for path in python_files)
    return None if by_name or _collects_more(snapshot.path, job.project) else NO_TESTS


def only_root_tells(job: Job, snapshot: "Snapshot") -> bool:
    """Tell whether only settings at the root, which may speak of others, make one of several projects have tests."""
    if job.member is None:
        return False
    return not any(re.search(_TEST_FILE, path) for path in own_walked(job, snapshot.path, PYTHON))


def _settings_texts(job: Job, changed: Sequence[str]) -> list[bytes]:
    """Return pytest's settings and what extends it, of the project, the root, and projects around *changed*."""
    names = (*OWN, *SHARED, "conftest.py")
    paths = [joined(folder, name) for folder in dict.fromkeys((job.project, ".")) for name in names]
    around = {str(folder): None for path in changed for folder in PurePosixPath(path).parents if folder.name}
    paths += [f"{folder}/{name}" for folder in around for name in (*OWN, *SHARED)]
    entries = job.blobs.entries(job.change.target, paths)
    return [job.blobs.read(oid) for mode, oid in entries.values() if mode.startswith("100")]


def tests_read_prose(job: Job, changed: Sequence[str]) -> bool:
    """Tell whether pytest takes tests from prose, such as *changed*: then no page is without effect."""
    return any(re.search(_PROSE, text) for text in _settings_texts(job, changed))


def is_set_up(top: Path) -> bool:
    """Tell whether pytest takes the project's folder *top* for its root, whatever files below it are given."""
    if any((top / name).is_file() for name in OWN):
        return True
    for name, tables in SHARED.items():
        try:
            text = (top / name).read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        if f"[{'.'.join(tables)}" in text:
            return True
    return False


def _collects_more(top: Path, project: str) -> bool:
    """Tell whether pytest's settings make it look into files that are not called like tests."""
    for folder in dict.fromkeys((project, ".")):
        # The root's paths are no other project's.
        words = (b"doctest", b"python_files", *([b"testpaths"] if folder == project else []))
        for name in (*OWN, *SHARED):
            try:
                content = (top / joined(folder, name)).read_bytes()
            except OSError:
                continue
            if any(word in content for word in words):
                return True
    return False
