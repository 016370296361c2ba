"""What all gates that start a program share: running it under the deadline, and its last word when it broke."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import TimeRanOut, ToolError
from ..record import replace
from ..result import Finding, identity
from .base import Job
from .inside import beside

if TYPE_CHECKING:
    from ..environment import Interpreter
    from ..prefixed import Behind
    from ..proc import Done
    from ..repo.snapshot import Snapshot

_LONGEST = 300


def ran(
    job: Job,
    argv: Sequence[str],
    snapshot: "Snapshot",
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: Path | None = None,
    even_late: bool = False,
    behind: "Behind | None" = None,
) -> "Done":
    """Run *argv* in *snapshot* (or *cwd*) with the clean environment and *env* on top; it holds the slot's lock.

    With *behind* it is started through that prefix, and what it says has paths as they are here.
    With *even_late* what it said until it was ended at the deadline comes back.

    Raises:
        TimeRanOut: It was ended at the deadline.
        ToolError: It cannot be started.
    """
    where, environ = cwd or snapshot.path, {**job.environ, **(env or {})}
    if behind is not None:
        argv = behind.started(argv, cwd=where, env=beside(snapshot, env or {}))
        where, environ = behind.top, dict(behind.environ)
    done = job.children.run(
        argv,
        cwd=where,
        env=environ,
        deadline=job.deadline,
        stdin=stdin,
        keep=(snapshot.lock,),
    )
    if behind is not None:
        from ..prefixed import NO_FOLDER

        if done.code == NO_FOLDER:
            raise behind.no_folder(cwd or snapshot.path)
        done = replace(done, out=behind.back(done.out), err=behind.back(done.err))
    if done.late and not even_late:
        raise TimeRanOut(f"time ran out after {done.seconds:.0f}s")
    return done


def last_word(*outputs: bytes) -> str:
    """Return the last line that says something, standard error first as the caller gives it; of bounded length."""
    for output in outputs:
        lines = [line.strip() for line in output.decode(errors="replace").splitlines() if line.strip()]
        if lines:
            return lines[-1][:_LONGEST]
    return "it said nothing"


def broke(name: str, code: int, *outputs: bytes) -> ToolError:
    """Return the error of a program that ended with *code* and no finding."""
    ended = f"was ended by signal {-code}" if code < 0 else f"exited {code} without a finding"
    return ToolError(f"{name} {ended}: {last_word(*outputs)}")


def interpreter_or_none(job: Job) -> "Interpreter | None":
    try:
        return job.interpreter()
    except ToolError:
        return None


def counted(number: int, thing: str) -> str:
    """Return ``1 file``, ``3 files``."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def beyond(strict: Sequence[Finding], known: Sequence[Finding]) -> list[Finding]:
    """Return those of *strict*, in order, that *known* has fewer of."""
    left = Counter(map(identity, known))
    out = []
    for finding in strict:
        if left[identity(finding)]:
            left[identity(finding)] -= 1
        else:
            out.append(finding)
    return out
