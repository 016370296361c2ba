"""The gate ``types``: mypy over the whole project."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from ..change import GITLINK
from ..distributions import site_packages, stamped
from ..environment import Tool, tool
from ..errors import ToolError
from ..ledger import ALL, doubt
from ..record import replace
from ..result import Finding, GateResult, Outcome
from . import mypy
from .base import Job
from .inside import leak_reason
from .keyed import apart, digest, environment, python, settings_elsewhere, trees
from .sources import PYTHON, changed_settings, joined, landed, own_walked, owned, within
from .tool import beyond, counted
from .typed import Typed

if TYPE_CHECKING:
    from ..repo.snapshot import Snapshot

LOOSENED = " (only the changed mypy settings accept it)"
# Beside Python files: what mypy reads, and what says which packages there are.
_TELLING = ("pyproject.toml", "setup.cfg", "setup.py", "py.typed", "mypy.ini", ".mypy.ini")
_SHOWN = 3
_NOTHING = mypy.Checked(findings=(), files=0, read=frozenset(), leaks=(), notes=())


class Types:
    """Judges the project by mypy under the target's settings, with a warm cache."""

    name = "types"
    keeps = ALL
    compared_with: tuple[str, ...] = ()

    def skip(self, job: Job) -> str | None:
        return None if self.apart(job) else "no Python file changed, nor what mypy reads"

    def apart(self, job: Job) -> Sequence[str]:
        # A submodule brings code that the project's may import.
        modules = [file.path for file in job.change.landing if GITLINK in {file.mode, file.old_mode}]
        return [*modules, *(path for path in _paths(job) if path.endswith(PYTHON) or _telling(path))]

    def inputs(self, job: Job) -> Mapping[str, str]:
        return {
            **trees(job),
            "paths": "\0".join(job.config.settings.types.paths),
            **apart(job),
            "python": python(job),
            "mypy": _mypy(job),
            # Plugins are code that may look at it.
            "environment": environment(job.environ),
            **settings_elsewhere(job, mypy.OWN, mypy.SHARED),
        }

    def check(self, job: Job) -> GateResult:
        snapshot = job.trees.target()
        if not own_walked(job, snapshot.path, PYTHON):
            return self._ended(Outcome.SKIPPED, reason="no Python here")
        if snapshot.absent:
            # Nothing may be kept of it: with the submodules' code the same tree may have other errors.
            return self._ended(Outcome.INCONCLUSIVE, reason=snapshot.absent)
        settings = mypy.settings_file(snapshot.path, job.project)
        paths = mypy.asked_for(snapshot.path, job.project, settings, _wished(job), apart=_inner(job))
        if paths is None:
            return self._ended(
                Outcome.SKIPPED, reason="mypy has nothing to check: no package and no module; name some in types.paths"
            )
        mypy_tool = tool("mypy", job.interpreter())
        done = mypy.checked(job, mypy_tool, snapshot, paths=paths, settings=settings, is_found=not _wished(job))
        version = f"mypy {mypy_tool.version}"
        if done.leaks:
            reason = leak_reason(done.leaks, job.interpreter().top)
            return self._ended(Outcome.INCONCLUSIVE, reason=reason, findings=done.findings, tool=version)
        Typed(job, self.inputs(job)).keep(job.change.target, done.findings)
        findings, notes = list(done.findings), list(done.notes)
        if settings is None:
            notes.append("no mypy settings: its defaults, missing packages of others ignored")
        notes += _outside(job, done)
        back = changed_settings(job, mypy.OWN, mypy.SHARED)
        if back and job.change.parents:
            more, told = self._loosened(job, mypy_tool, back, findings)
            findings += more
            notes += told
        findings.sort(key=lambda found: (found.path or "", found.line or 0, found.column or 0))
        return self._ended(
            Outcome.FAILED if findings else Outcome.PASSED,
            findings=tuple(findings),
            summary=counted(done.files, "file"),
            counts={"files": done.files},
            tool=version,
            notes=tuple(notes),
        )

    def older(self, job: Job, parent: str, findings: Sequence[Finding]) -> Sequence[Finding]:
        out: list[Finding] = []
        mypy_tool = tool("mypy", job.interpreter())
        if any(not finding.message.endswith(LOOSENED) for finding in findings):
            out += self._known_in(job, mypy_tool, job.trees.overlay(parent, _settings_of_target(job, parent)))
        if any(finding.message.endswith(LOOSENED) for finding in findings):
            # The parent under the settings that were the base's.
            found = self._found_in(job, mypy_tool, job.trees.older(parent)).findings
            out += [replace(finding, message=finding.message + LOOSENED) for finding in found]
        renamed = {file.source: file.path for file in job.change.landing if parent == job.change.parents[0]}
        return [replace(finding, path=renamed.get(finding.path or "", finding.path)) for finding in out]

    def _known_in(self, job: Job, mypy_tool: Tool, tree: str) -> Sequence[Finding]:
        """Return mypy's findings in another tree, which has the target's settings; it runs where they are not known."""
        kept = Typed(job, self.inputs(job))
        known = kept.found(tree)
        if known is None:
            done = self._found_in(job, mypy_tool, job.trees.older(tree))
            known = done.findings
            if not done.leaks:
                kept.keep(tree, known)
        return known

    def _found_in(self, job: Job, mypy_tool: Tool, snapshot: "Snapshot") -> mypy.Checked:
        """Return what mypy says of another tree; nothing where it had no code to check."""
        if not own_walked(job, snapshot.path, PYTHON):
            return _NOTHING
        if snapshot.absent:
            raise ToolError(f"mypy in the tree before this change: {snapshot.absent}")
        settings = mypy.settings_file(snapshot.path, job.project)
        wish = _wished(job)
        there = [path for path in wish if (snapshot.path / joined(job.project, path)).exists()]
        paths = (
            None
            if wish and not there
            else mypy.asked_for(snapshot.path, job.project, settings, there, apart=_inner(job))
        )
        if paths is None:
            return _NOTHING
        return mypy.checked(job, mypy_tool, snapshot, paths=paths, settings=settings, is_found=not wish)

    def _loosened(
        self,
        job: Job,
        mypy_tool: Tool,
        back: Mapping[str, tuple[str, str] | None],
        findings: Sequence[Finding],
    ) -> tuple[list[Finding], list[str]]:
        """Return what mypy finds in the target under the base's settings and not under its own."""
        try:
            before = job.trees.older(job.trees.overlay(job.change.target, back))
            strict = self._found_in(job, mypy_tool, before).findings
        except ToolError as error:
            # Settings that were broken must not stop the change that mends them.
            return [], [f"not judged under the mypy settings before this change: {error}"]
        return [replace(finding, message=finding.message + LOOSENED) for finding in beyond(strict, findings)], []

    def _ended(
        self,
        outcome: Outcome,
        *,
        reason: str | None = None,
        findings: tuple[Finding, ...] = (),
        summary: str = "",
        counts: Mapping[str, int] | None = None,
        tool: str | None = None,
        notes: tuple[str, ...] = (),
    ) -> GateResult:
        return GateResult(
            gate=self.name,
            outcome=outcome,
            reason=reason,
            findings=findings,
            summary=summary,
            counts=counts or {},
            tool=tool,
            notes=notes,
        )


def _wished(job: Job) -> tuple[str, ...]:
    """Return the setting ``types.paths``, which speaks of folders from the root."""
    return job.config.settings.types.paths if job.project == "." else ()


def _inner(job: Job) -> tuple[str, ...]:
    return () if job.member is None else job.member.inner


def _mypy(job: Job) -> str:
    """Return the word for the mypy that judges; of ours with all that is installed beside it, where plugins are."""
    try:
        mypy_tool = tool("mypy", job.interpreter())
    except ToolError as error:
        return doubt(str(error))
    beside = digest(list(stamped(site_packages(Path(sys.prefix))))) if mypy_tool.ours else ""
    return f"{mypy_tool.version} {' '.join(mypy_tool.argv)} {beside}".rstrip()


def _paths(job: Job) -> set[str]:
    return {path for file in job.change.landing for path in (file.path, file.source) if within(job.project, path)}


def _telling(path: str) -> bool:
    name = PurePosixPath(path).name
    return name in _TELLING or (name.endswith((".txt", ".in")) and "requirements" in path)


def _outside(job: Job, done: mypy.Checked) -> list[str]:
    """Say which changed files mypy did not read."""
    unread = [file.path for file in landed(job, PYTHON) if owned(job, file.path) and file.path not in done.read]
    if not unread:
        return []
    more = f" and {len(unread) - _SHOWN} more" if len(unread) > _SHOWN else ""
    return [f"not among what mypy checks: {', '.join(unread[:_SHOWN])}{more}"]


def _settings_of_target(job: Job, tree: str) -> dict[str, tuple[str, str] | None]:
    """Return the entries that give *tree* the target's mypy settings; empty where it has them."""
    paths = [joined(folder, name) for folder in dict.fromkeys((job.project, ".")) for name in (*mypy.OWN, *mypy.SHARED)]
    here, there = job.blobs.entries(job.change.target, paths), job.blobs.entries(tree, paths)
    return {path: here.get(path) for path in paths if here.get(path) != there.get(path)}
