"""A command of the user's as a gate: it runs in the snapshot, and exit 0 passes."""

import json
import shlex
import signal
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..config.schema import CommandSettings
from ..config.trust import SHOWN, digest
from ..errors import ToolError
from ..ledger import PASSES
from ..result import Finding, GateResult, Outcome
from ..rules.globs import matches
from ..text import printable, tail
from .base import Job
from .keyed import environment, program, python_if_any, trees
from .services import inputs as of_services
from .services import serving

if TYPE_CHECKING:
    from ..proc import Done

VERSION = "1"


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
        return None

    def inputs(self, job: Job) -> Mapping[str, str]:
        environ = self._environ(job)
        return {
            "version": VERSION,
            **{name: value for name, value in trees(job).items() if name != "parents"},
            "run": json.dumps(self.settings.run),
            # All of it: nobody knows what a command looks at.
            "environment": environment(environ),
            "python": python_if_any(job),
            "program": program(self.settings.run[0], environ),
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
        try:
            with serving(job, snapshot, self.name) as variables:
                done = job.children.run(
                    self.settings.run,
                    cwd=snapshot.path,
                    env={**self._environ(job), **variables},
                    deadline=job.deadline.within(self.settings.timeout),
                    keep=(snapshot.lock,),
                )
        except ToolError as error:
            return self._doubt(f"{error} (command.{self.name}.run)")
        if done.late:
            whose = "timeout" if job.deadline.passed else f"command.{self.name}.timeout"
            return self._doubt(f"not done after {done.seconds:.0f}s ({whose}): {self.line}")
        findings = (self._failure(done),) if done.code else ()
        return GateResult(
            gate=self.name,
            outcome=Outcome.FAILED if findings else Outcome.PASSED,
            findings=findings,
            summary=self.line,
        )

    def older(self, job: Job, parent: str, findings: Sequence[Finding]) -> Sequence[Finding]:  # noqa: ARG002
        """Return nothing: what a command says of another tree cannot be compared line by line."""
        return ()

    def _environ(self, job: Job) -> dict[str, str]:
        return {**job.environ, **self._seen}

    def _doubt(self, reason: str) -> GateResult:
        return GateResult(gate=self.name, outcome=Outcome.INCONCLUSIVE, reason=reason)

    def _failure(self, done: "Done") -> Finding:
        # Most tools speak on one of the two; where both do, errors are nearer to the end.
        said = "\n".join(part for part in (tail(done.out), tail(done.err)) if part)
        message = _ending(done.code) + (f"\n{said}" if said else ", and it wrote nothing")
        return Finding(path=None, rule=f"{self.name}/failed", message=message, hint=f"It ran: {self.line}")


def _ending(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"ended by signal {-code}"
