"""A command of the user's as a gate: it runs in the snapshot, and exit 0 passes."""

import json
import os
import shlex
import signal
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..config.schema import CommandSettings
from ..config.trust import SHOWN, digest
from ..errors import ToolError
from ..ledger import PASSES, doubted
from ..record import replace
from ..result import ERROR, WARNING, Finding, GateResult, Outcome
from ..rules.globs import matches
from ..text import printable, tail
from .base import Job
from .keyed import environment, program, python_if_any, trees
from .part import nameless, part
from .services import inputs as of_services
from .services import serving
from .sources import Lines

if TYPE_CHECKING:
    from ..proc import Done
    from ..repo.snapshot import Snapshot

VERSION = "3"
FILES = "{files}"
"""The argument that stands for the changed files."""
_TREES = ("target", "parents")
_LONGEST = 100_000
"""Bytes of file names behind one another; systems take more, and less than all."""


class Command:
    """``[tool.everycommit.command.NAME]``.

    *environ* is where the values of the variables that it may see come from, beside the job's own.
    """

    keeps = PASSES
    compared_with: tuple[str, ...] = ()

    def __init__(self, name: str, settings: CommandSettings, environ: Mapping[str, str] | None = None) -> None:
        self.name = name
        self.settings = settings
        self._all = environ or {}
        self._seen = {key: environ[key] for key in settings.env if environ and key in environ}

    @property
    def line(self) -> str:
        """The command as one would type it."""
        return printable(shlex.join(self.settings.run))

    def skip(self, job: Job) -> str | None:
        globs = self.settings.files
        paths = {path for file in job.change.landing for path in (file.path, file.source)}
        if globs and not any(matches(path, globs) for path in paths):
            return f"no changed file is one of {printable(', '.join(globs))}"
        if self._of_files and not self._files(job):
            return "no file that is there now changed"
        return None

    def inputs(self, job: Job) -> Mapping[str, str]:
        environ, settings = self._environ(job), self.settings
        # What only says yes or no is not compared with anything.
        alone = settings.format == "text" and not self._of_files
        # Once: what `snapshot.link` names is looked at for it.
        whole = trees(job)
        looked_at = {name: self._part(job, value) if name in _TREES else value for name, value in whole.items()}
        return {
            "version": VERSION,
            **{name: value for name, value in looked_at.items() if name != "parents" or not alone},
            "run": json.dumps([settings.run, settings.folder, settings.format, settings.report]),
            **({"files": json.dumps(sorted(settings.files))} if self._of_files else {}),
            # All of it: nobody knows what a command looks at.
            "environment": environment(environ),
            "python": python_if_any(job),
            "program": program(settings.run[0], environ),
            **of_services(job, self.name, self._all),
        }

    def check(self, job: Job) -> GateResult:
        """Run it; a program that is missing or late, or a command nobody accepted, is a doubt and no failure."""
        accepted = digest(self.name, self.settings)
        if not job.accepted(accepted):
            return self._doubt(f"not accepted on this machine ({accepted[:SHOWN]}): {self.line}; `everycommit trust`")
        snapshot = job.trees.target()
        if snapshot.lacking:
            return self._doubt(snapshot.lacking)
        files = self._files(job) if self._of_files else ()
        try:
            runs = [*self._runs(job, snapshot, files)]
        except ToolError as error:
            return self._doubt(f"{error} (command.{self.name}.run)")
        late = next((run.done for run in runs if run.done.late), None)
        if late is not None:
            whose = "timeout" if job.deadline.passed else f"command.{self.name}.timeout"
            return self._doubt(f"not done after {late.seconds:.0f}s ({whose}): {self.line}")
        return replace(self._told(runs), notes=nameless(job, self.settings.inputs))

    def older(self, job: Job, parent: str, findings: Sequence[Finding]) -> Sequence[Finding]:
        """Return what it says of the tree *parent*, of the same files where it is asked about files.

        Of what only says yes or no nothing: that cannot be compared.

        Raises:
            ToolError: It did not come to an end there, or its words cannot be read.
        """
        if self.settings.format == "text":
            return ()
        snapshot = job.trees.older(parent)
        if snapshot.lacking:
            raise ToolError(f"{self.name} in the tree before this change: {snapshot.lacking}")
        moved = {file.source: file.path for file in job.change.landing}
        files = [file for file in moved if matches(file, self.settings.files or ("**",))] if self._of_files else []
        files = [file for file in files if (snapshot.path / file).is_file()]
        if self._of_files and not files:
            return ()
        runs = [*self._runs(job, snapshot, files)]
        if any(run.done.late for run in runs):
            raise ToolError(f"{self.name} in the tree before this change: time ran out")
        failed = any(run.done.code for run in runs)
        asked = {finding.path for finding in findings}
        there = [self._finding(one, failed=failed) for run in runs for one in run.said]
        named = (replace(one, path=moved.get(one.path, one.path) if one.path else None) for one in there)
        # A finding that a file was listed is about the file: an edited one is not listed anew.
        return [one for one in named if one.path in asked]

    def _part(self, job: Job, trees: str) -> str:
        """Return for each of *trees* the word for what the command looks at in it."""
        settings = self.settings
        parts = [part(job, tree, settings.inputs, settings.run, settings.folder) for tree in trees.split()]
        return next((one for one in parts if doubted(one)), " ".join(parts))

    @property
    def _of_files(self) -> bool:
        return FILES in self.settings.run

    def _files(self, job: Job) -> list[str]:
        """Return the changed files that the command is to look at, by path."""
        globs = self.settings.files or ("**",)
        return [file.path for file in job.change.landing if file.is_file and matches(file.path, globs)]

    def _runs(self, job: Job, snapshot: "Snapshot", files: Sequence[str]) -> "Iterator[_Run]":
        """Run it, as often as the names of *files* take.

        Raises:
            ToolError: The program or its folder is not there, or what it wrote cannot be read.
        """
        folder = snapshot.path / (self.settings.folder or "")
        if not folder.resolve().is_relative_to(snapshot.path.resolve()) or not folder.is_dir():
            raise ToolError(f"there is no folder '{printable(self.settings.folder or '')}' to run it in (folder)")
        for words in self._lines(folder, snapshot.path, files):
            report = self._report(folder)
            with serving(job, snapshot, self.name) as variables:
                done = job.children.run(
                    words,
                    cwd=folder,
                    env={**self._environ(job), **variables},
                    deadline=job.deadline.within(self.settings.timeout),
                    keep=(snapshot.lock,),
                )
            yield _Run(done, () if done.late else tuple(self._said(done, report, folder, snapshot.path)))

    def _lines(self, folder: Path, top: Path, files: Sequence[str]) -> Iterator[list[str]]:
        words = self.settings.run
        if not self._of_files:
            yield list(words)
            return
        batch: list[str] = []
        size = 0
        for file in files:
            name = _shown_from(folder, top / file)
            if batch and size + len(name) > _LONGEST:
                yield _filled(words, batch)
                batch, size = [], 0
            batch.append(name)
            size += len(name) + 1
        if batch:
            yield _filled(words, batch)

    def _report(self, folder: Path) -> Path | None:
        """Return the file that it writes, which is not there yet: one of another run must not be taken for it."""
        if self.settings.report is None:
            return None
        report = folder / self.settings.report
        if not report.parent.resolve().is_relative_to(folder.resolve()):
            raise ToolError(f"'{printable(self.settings.report)}' is not below its folder (report)")
        report.unlink(missing_ok=True)
        return report

    def _said(self, done: "Done", report: Path | None, folder: Path, top: Path) -> "Iterator[_Placed]":
        from .spoken.formats import TEXT, read
        from .spoken.said import UnreadableError

        if self.settings.format == TEXT:
            return
        # Compilers name their places on standard error.
        output = done.out + b"\n" + done.err if self.settings.format == "lines" else done.out
        if report is not None:
            try:
                output = report.read_bytes()
            except OSError as error:
                raise ToolError(f"{_ending(done.code)}, and it wrote no '{report.name}'{_more(done)}") from error
        try:
            said = read(self.settings.format, output)
        except UnreadableError as error:
            what = f"what it wrote is no {self.settings.format}: {error}"
            raise ToolError(f"{_ending(done.code)}; {printable(what)}{_more(done)}") from error
        if done.code and not said:
            raise ToolError(f"{_ending(done.code)}, and no finding was read{_more(done)}")
        texts = Lines(top)
        for one in said:
            path = _within(one.path, folder, top)
            source = texts.at(path, one.line) if path is not None and one.line is not None else ""
            # Where the snapshot lies helps nobody.
            message = one.message.replace(f"{top}{os.sep}", "")
            yield _Placed(path, one.line, one.column, one.severity, one.rule, message, source)

    def _told(self, runs: "Sequence[_Run]") -> GateResult:
        failed = any(run.done.code for run in runs)
        findings = [self._finding(one, failed=failed) for run in runs for one in run.said]
        if self.settings.format == "text":
            findings = [self._failure(run.done) for run in runs if run.done.code]
        if failed and not any(finding.severity == ERROR for finding in findings):
            # What made it fail is among them: `eslint --max-warnings 0` has nothing but warnings.
            findings = [replace(finding, severity=ERROR) for finding in findings]
        bad = any(finding.blocking for finding in findings)
        return GateResult(
            gate=self.name,
            outcome=Outcome.FAILED if bad else Outcome.PASSED,
            findings=tuple(findings),
            summary=self.line,
        )

    def _finding(self, one: "_Placed", *, failed: bool) -> Finding:
        return Finding(
            path=one.path,
            line=one.line if one.path is not None else None,
            column=one.column if one.path is not None and one.line is not None else None,
            rule=f"{self.name}/{one.rule or 'found'}",
            severity=one.severity or (ERROR if failed else WARNING),
            source=one.source,
            message=printable(one.message) or "it says no more",
        )

    def _environ(self, job: Job) -> dict[str, str]:
        return {**job.environ, **self._seen}

    def _doubt(self, reason: str) -> GateResult:
        return GateResult(gate=self.name, outcome=Outcome.INCONCLUSIVE, reason=reason)

    def _failure(self, done: "Done") -> Finding:
        # Most tools speak on one of the two; where both do, errors are nearer to the end.
        said = "\n".join(part for part in (tail(done.out), tail(done.err)) if part)
        message = _ending(done.code) + (f"\n{said}" if said else ", and it wrote nothing")
        return Finding(path=None, rule=f"{self.name}/failed", message=message, hint=f"It ran: {self.line}")


class _Placed(NamedTuple):
    """What it says of one place, the path from the repository's root."""

    path: str | None
    line: int | None
    column: int | None
    severity: str | None
    rule: str
    message: str
    source: str
    """The line itself, by which a finding is known again when it moves."""


class _Run(NamedTuple):
    done: "Done"
    said: tuple[_Placed, ...]


def _filled(words: Sequence[str], files: Sequence[str]) -> list[str]:
    return [one for word in words for one in (files if word == FILES else [word])]


def _shown_from(folder: Path, file: Path) -> str:
    """Return *file* as a tool in *folder* is told of it; a name that begins like an option is none."""
    name = file.relative_to(folder).as_posix() if file.is_relative_to(folder) else str(file)
    return f"./{name}" if name.startswith("-") else name


def _within(path: str | None, folder: Path, top: Path) -> str | None:
    """Return *path*, as a tool in *folder* named it, from the root *top*; None for one that is not in there."""
    if path is None:
        return None
    for root in (top, top.resolve()):
        try:
            # Not resolved: the change is about a link, not about where it leads.
            whole = Path(_normal(folder / path if not Path(path).is_absolute() else Path(path)))
            found = whole.relative_to(root).as_posix()
        except ValueError:
            continue
        return None if found == "." else found
    return None


def _normal(path: Path) -> str:
    import os

    return os.path.normpath(path)


def _more(done: "Done") -> str:
    said = tail(done.err) or tail(done.out)
    return f":\n{said}" if said else ""


def _ending(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"ended by signal {-code}"
