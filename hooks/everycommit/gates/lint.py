"""The gate ``lint``: ruff on the changed files, and its formatter where the project formats with it."""

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from ..distributions import stamp
from ..environment import Tool, tool
from ..errors import ToolError
from ..ledger import ALL
from ..record import replace
from ..result import Finding, GateResult, Outcome
from . import ruff
from .base import Job
from .keyed import above, settings_elsewhere, trees
from .sources import LINTED, changed_settings, joined, landed, old_blob, table, walked
from .tool import beyond, counted, interpreter_or_none

if TYPE_CHECKING:
    from ..repo.snapshot import Snapshot

OWN = ("ruff.toml", ".ruff.toml")
SHARED = {"pyproject.toml": ("tool", "ruff")}
FORMAT = "lint/format"
LOOSENED = " (only the changed ruff settings accept it)"
RESTAGE = "then `git add` again, ruff does not restage"


class Lint:
    """Judges changed Python files and notebooks by ruff under the target's settings."""

    name = "lint"
    keeps = ALL
    compared_with: tuple[str, ...] = ()
    splits = True

    def skip(self, job: Job) -> str | None:
        if landed(job, LINTED) or self._settings_back(job):
            return None
        return "no Python file changed"

    def inputs(self, job: Job) -> Mapping[str, str]:
        ruff_tool = tool("ruff", interpreter_or_none(job))
        return {
            **trees(job),
            "ruff": f"{ruff_tool.version} {stamp(ruff_tool.argv[0], ruff_tool.argv[0])}",
            "called": _name(job, ruff_tool),
            "format": job.config.settings.lint.format,
            **settings_elsewhere(job, OWN, SHARED),
            **above(job, (*OWN, *SHARED), user="ruff"),
        }

    def check(self, job: Job) -> GateResult:
        ruff_tool = tool("ruff", interpreter_or_none(job))
        snapshot = job.trees.target()
        back = self._settings_back(job)
        changed = [file.path for file in landed(job, LINTED)]
        paths = walked(snapshot.path, job.project, LINTED) if back else changed
        part = None
        if job.shard is not None:
            paths, part = job.shard.own(paths)
            changed = sorted({*changed} & {*paths})
        job.say(counted(len(paths), "file"))
        found = ruff.checked(job, ruff_tool, snapshot, paths)
        findings = [finding for finding, _ in found]
        notes = ["ruff's settings changed: all Python files were judged"] if back else []
        if back and job.change.parents:
            more, told = self._loosened(job, ruff_tool, back, changed, findings)
            findings += more
            notes += told
        mendable = {finding.path for finding, safe in found if safe and finding.path in changed}
        formatted = self._formatted(job, ruff_tool, snapshot, paths, findings)
        findings += formatted
        findings.sort(key=lambda finding: (finding.path or "", finding.line or 0, finding.column or 0))
        return GateResult(
            gate=self.name,
            outcome=Outcome.FAILED if findings else Outcome.PASSED,
            findings=tuple(findings),
            summary=counted(len(paths), "file"),
            counts={"files": len(paths)},
            tool=f"ruff {ruff_tool.version}",
            notes=tuple(notes),
            repair=tuple(
                _repair(
                    _name(job, ruff_tool), mendable, {finding.path for finding in formatted if finding.path in changed}
                )
            ),
            part=part,
        )

    def older(self, job: Job, parent: str, findings: Sequence[Finding]) -> Sequence[Finding]:
        ruff_tool = tool("ruff", interpreter_or_none(job))
        snapshot = job.trees.target()
        out: list[Finding] = []
        for path, here in _by_path(findings).items():
            old = old_blob(job, parent, path)
            if old is None:
                continue
            if old[1] == job.blobs.entries(job.change.target, [path]).get(path, ("", ""))[1] and old[0] == path:
                # The same bytes at the same place: what ruff finds there was there before.
                out += [finding for finding in here if not finding.message.endswith(LOOSENED)]
                continue
            with _laid_out(job, snapshot, old[1], path) as text:
                out += ruff.checked_text(job, ruff_tool, snapshot, path, text)
                if any(finding.rule == FORMAT for finding in here):
                    out += self._unformatted([path] * ruff.unformatted_text(job, ruff_tool, snapshot, path, text))
        return out + self._older_loosened(job, ruff_tool, parent, findings)

    def _settings_back(self, job: Job) -> dict[str, tuple[str, str] | None]:
        return changed_settings(job, OWN, SHARED)

    def _loosened(
        self,
        job: Job,
        ruff_tool: Tool,
        back: Mapping[str, tuple[str, str] | None],
        paths: Sequence[str],
        findings: Sequence[Finding],
    ) -> tuple[list[Finding], list[str]]:
        """Return what the base's settings find in *paths* and the target's accept."""
        before = job.trees.older(job.trees.overlay(job.change.target, back))
        try:
            strict = [finding for finding, _ in ruff.checked(job, ruff_tool, before, paths)]
        except ToolError as error:
            # Settings that were broken must not stop the change that mends them.
            return [], [f"not judged under the ruff settings before this change: {error}"]
        return [replace(finding, message=finding.message + LOOSENED) for finding in beyond(strict, findings)], []

    def _older_loosened(self, job: Job, ruff_tool: Tool, parent: str, findings: Sequence[Finding]) -> list[Finding]:
        loosened = _by_path(finding for finding in findings if finding.message.endswith(LOOSENED))
        if not loosened:
            return []
        before = job.trees.older(job.trees.overlay(job.change.target, self._settings_back(job)))
        out = []
        for path in loosened:
            old = old_blob(job, parent, path)
            if old is not None:
                with _laid_out(job, before, old[1], path) as text:
                    out += ruff.checked_text(job, ruff_tool, before, path, text)
        return [replace(finding, message=finding.message + LOOSENED) for finding in out]

    def _formatted(
        self, job: Job, ruff_tool: Tool, snapshot: "Snapshot", paths: Sequence[str], findings: Sequence[Finding]
    ) -> list[Finding]:
        wish = job.config.settings.lint.format
        if wish == "never" or (wish == "auto" and not formats(snapshot.path, job.project)):
            return []
        broken = {finding.path for finding in findings if finding.rule == "lint/syntax-error"}
        whole = [path for path in paths if path not in broken]
        return self._unformatted(ruff.unformatted(job, ruff_tool, snapshot, whole))

    def _unformatted(self, paths: Iterable[str]) -> list[Finding]:
        return [Finding(path=path, rule=FORMAT, message="`ruff format` would change this file") for path in paths]


def formats(top: Path, project: str) -> bool:
    """Tell whether the project's settings configure ruff's formatter, or its hooks call it."""
    for folder in dict.fromkeys((project, ".")):
        for name, keys in (
            ("pyproject.toml", ("tool", "ruff", "format")),
            ("ruff.toml", ("format",)),
            (".ruff.toml", ("format",)),
        ):
            content = _content(top / joined(folder, name))
            if content and table(content, name, keys) is not None:
                return True
    return b"id: ruff-format" in _content(top / ".pre-commit-config.yaml")


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _by_path(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.path is not None:
            groups.setdefault(finding.path, []).append(finding)
    return groups


@contextmanager
def _laid_out(job: Job, snapshot: "Snapshot", oid: str, path: str) -> Iterator[Path]:
    """Give blob *oid* as a file outside the tree, for ruff's standard input."""
    import tempfile

    snapshot.caches.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=snapshot.caches) as folder:
        text = Path(folder) / f"old{PurePosixPath(path).suffix}"
        text.write_bytes(job.blobs.read(oid))
        yield text


def _name(job: Job, ruff_tool: Tool) -> str:
    """Return how the user can call ruff: by its name where that works, else the one that judged."""
    import shutil

    if shutil.which("ruff", path=job.environ.get("PATH")):
        return "ruff"
    return shlex.quote(ruff_tool.argv[0])


def _repair(name: str, mendable: Iterable[str | None], formatted: Iterable[str | None]) -> Iterator[str]:
    for command, paths in (("check --fix", mendable), ("format", formatted)):
        names = sorted(ruff.safe(path) for path in paths if path)
        if names:
            yield f"{name} {command} {shlex.join(names)}  # {RESTAGE}"
