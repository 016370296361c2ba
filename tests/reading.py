"""Opens a repository for a reader, and holds that reading it left everything as it was."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from everycommit.change import Candidate, FileChange
from everycommit.repo.quarantine import Quarantine
from everycommit.repo.repository import Repository, discover
from support import Repo, state

Result = TypeVar("Result")


def _permissions_bind() -> bool:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "closed").touch(mode=0)
        return not os.access(Path(folder, "closed"), os.R_OK)


permissions_bind = pytest.mark.skipif(not _permissions_bind(), reason="root may read and write everything")


@contextmanager
def opened(repo: Repo, *, cwd: Path | None = None) -> Iterator[tuple[Repository, Quarantine]]:
    """Yield the repository and a quarantine in a folder that goes afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        repository = discover(cwd or repo.root, repo.environ)
        quarantine = Quarantine(repository, Path(folder))
        try:
            yield repository, quarantine
        finally:
            quarantine.close()


def read(repo: Repo, reader: Callable[[Repository, Quarantine], Result], *, cwd: Path | None = None) -> Result:
    """Return what *reader* says, its hunks parsed; fails the test where it touched anything of the user's."""
    before = state(repo)
    with opened(repo, cwd=cwd) as (repository, quarantine):
        result = reader(repository, quarantine)
        if isinstance(result, Candidate):
            _ = [list(file.hunks) for file in result.change.files]
    assert state(repo) == before
    return result


def diff(repo: Repo, base: str, target: str, *, patch: bool = True) -> dict[str, FileChange]:
    """Return the files between two revisions by path."""

    one, other = (repo.text("--no-replace-objects", "rev-parse", f"{rev}^{{tree}}") for rev in (base, target))

    def reader(_: Repository, quarantine: Quarantine) -> tuple[FileChange, ...]:
        return quarantine.diff(one, other, patch=patch)

    return {file.path: file for file in read(repo, reader)}


def under(repo: Repo, **env: str) -> Repo:
    """Return *repo* with more in its environment."""
    return Repo(repo.root, repo.environ | env)


def files(candidate: Candidate) -> dict[str, FileChange]:
    return {file.path: file for file in candidate.change.files}


def landing(candidate: Candidate) -> dict[str, FileChange]:
    return {file.path: file for file in candidate.change.landing}


def added(file: FileChange) -> list[str]:
    return [line.text for line in file.added_lines()]


def removed(file: FileChange) -> list[str]:
    return [line.text for line in file.removed_lines()]


def oid(repo: Repo, rev: str = "HEAD") -> str:
    return repo.text("rev-parse", rev)


def run_as_hook(repo: Repo, name: str, body: str) -> Path:
    """Install a hook that runs Python *body*, where ``report`` is a dict written as JSON to the path returned."""
    import json
    import sys

    out = repo.root.parent / f"{name}.json"
    script = repo.root.parent / f"{name}.py"
    script.write_text(
        "import json, os, sys, tempfile\n"
        "from hashlib import sha256\n"
        "from pathlib import Path\n"
        f"sys.path[:0] = {json.dumps([str(Path(__file__).parent), str(Path(__file__).parents[1] / 'hooks')])}\n"
        "from everycommit.repo.repository import discover\n"
        "from everycommit.repo.quarantine import Quarantine\n"
        "from everycommit.repo import read\n"
        "repository = discover(Path.cwd(), dict(os.environ))\n"
        "digest = lambda: sha256(repository.index.read_bytes()).hexdigest() if repository.index.exists() else ''\n"
        "before = digest()\n"
        "with tempfile.TemporaryDirectory() as folder:\n"
        "    quarantine = Quarantine(repository, Path(folder))\n"
        "    report = {}\n" + "".join(f"    {line}\n" for line in body.splitlines()) + "    quarantine.close()\n"
        "report['untouched'] = digest() == before\n"
        f"Path({str(out)!r}).write_text(json.dumps(report))\n"
    )
    git_dir = Path(os.fsdecode(repo.git("rev-parse", "--path-format=absolute", "--git-common-dir").rstrip(b"\n")))
    hook = git_dir / "hooks" / name
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{script}"\n')
    hook.chmod(0o755)
    return out
