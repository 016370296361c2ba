"""Jobs for gates: a real change of a real repository, laid out as real folders, judged by real tools."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from everycommit.change import Candidate
from everycommit.config.schema import Config, Settings
from everycommit.deadline import Deadline
from everycommit.engine.new import marked
from everycommit.environment import Interpreter, find
from everycommit.gates.base import Gate, Job
from everycommit.gates.services import Services
from everycommit.proc import Children, child_environment
from everycommit.projects.member import Member
from everycommit.repo.quarantine import Quarantine
from everycommit.repo.read import staged
from everycommit.repo.repository import Repository, discover
from everycommit.repo.snapshot import Snapshot, Snapshots
from everycommit.result import Finding, GateResult
from support import Repo

Reader = Callable[[Repository, Quarantine], Candidate]


def own_python(top: Path) -> Interpreter:
    """The Python that runs these tests, as if it were the project's: pytest, mypy and ruff are in it."""
    found = find(
        setting=None,
        top=top,
        main_worktree=top,
        environ={"VIRTUAL_ENV": sys.prefix, "PATH": os.environ["PATH"]},
        tracked=lambda _: False,
        accepted=lambda _: False,
    )
    assert "pytest" in found.distributions, "these tests need pytest beside them"
    return found


@dataclass(frozen=True, slots=True)
class Judging:
    """A job and what its gate said on the way."""

    job: Job
    said: list[str]

    def check(self, gate: Gate) -> GateResult:
        return gate.check(self.job)

    def findings(self, gate: Gate) -> tuple[Finding, ...]:
        """Return what *gate* finds, each marked new or old as the engine does it."""
        result = gate.check(self.job)
        assert result.reason is None, result.reason
        parents = self.job.change.parents
        return marked(
            self.job.change,
            result.findings,
            [gate.older(self.job, parent, result.findings) for parent in parents] if result.findings else [],
        )

    def told(self, gate: Gate) -> list[tuple[str | None, int | None, str, bool]]:
        """Return path, line, rule and newness of each finding."""
        return [(found.path, found.line, found.rule, found.new) for found in self.findings(gate)]


class _Warm(Snapshots):
    """Snapshots whose mypy has seen the standard library: a cold start would be all that these tests wait for."""

    project = "."

    def _laid_out(self, tree: str) -> Snapshot:
        snapshot = super()._laid_out(tree)
        there = snapshot.caches / f"mypy-{self.project.replace('/', '%2F')}"
        if not there.exists():
            shutil.copytree(_seed(), there)
        return snapshot


@cache
def _seed() -> Path:
    """Return the cache of a mypy that checked an empty module; one for all processes that run tests."""
    folder = Path(tempfile.gettempdir()) / f"everycommit-tests-{os.getuid()}-mypy"
    made = Path(tempfile.mkdtemp(prefix=f"{folder.name}-"))
    if not folder.exists():
        (made / "a.py").write_text("import dataclasses, typing, os\n")
        argv = [sys.executable, "-m", "mypy", "--config-file", "", "--cache-dir", "cache"]
        subprocess.run([*argv, "a.py"], cwd=made, check=True, capture_output=True)
        with suppress(OSError):
            (made / "cache").rename(folder)
    shutil.rmtree(made)
    return folder


@contextmanager
def judging(
    repo: Repo,
    *,
    settings: Settings | None = None,
    read: Reader = staged,
    interpreter: Callable[[], Interpreter] | None = None,
    project: str = ".",
    member: Member | None = None,
    occasion: str = "commit",
    seconds: float = 60,
    environ: Mapping[str, str] | None = None,
    accepted: Callable[[str], bool] = lambda _: False,
) -> Iterator[Judging]:
    """Give the job of judging what is staged in *repo*."""
    settings = settings or Settings()
    repository = discover(repo.root, repo.environ)
    deadline = Deadline.after(seconds)
    with ExitStack() as stack:
        folder = repo.root.parent / "quarantine"
        folder.mkdir(exist_ok=True)
        stack.callback(shutil.rmtree, folder)
        quarantine = Quarantine(repository, folder)
        stack.callback(quarantine.close)
        candidate = read(repository, quarantine)
        children = stack.enter_context(Children())
        folders = repo.root.parent / "cache"
        folders.mkdir(exist_ok=True)
        trees = stack.enter_context(
            _Warm(
                repository,
                quarantine,
                folders,
                settings.snapshot,
                target=candidate.change.target,
                deadline=deadline,
            )
        )
        trees.project = project
        services = stack.enter_context(
            closing(Services(settings.services, children=children, environ=environ or repo.environ))
        )
        said: list[str] = []
        python = own_python(repository.top)
        job = Job(
            change=candidate.change,
            config=Config(settings=settings),
            occasion=occasion,
            project=project,
            member=member,
            deadline=deadline,
            blobs=quarantine,
            trees=trees,
            children=children,
            interpreter=interpreter or (lambda: python),
            environ=child_environment(environ or repo.environ, ceiling=folders),
            accepted=accepted,
            say=said.append,
            services=services,
        )
        yield Judging(job, said)


def with_mypy(tmp_path: Path, top: Path, script: str, version: str = "1.18.0") -> Interpreter:
    """A Python whose ``-m mypy`` is *script*."""
    package = tmp_path / "site"
    package.mkdir()
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    return Interpreter(
        python=python, version="3.12.1", prefix=tmp_path, distributions={"mypy": version}, origin=".venv", top=top
    )


def replaced(settings: Settings, table: str, **values: object) -> Settings:
    """Return *settings* with values of one of its tables replaced."""
    return replace(settings, **{table: replace(getattr(settings, table), **values)})


def lines(*text: str) -> str:
    return "".join(f"{line}\n" for line in text)


def rules(findings: Sequence[Finding]) -> list[str]:
    return [finding.rule for finding in findings]
