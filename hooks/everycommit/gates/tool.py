"""What all gates that start a program share: running it under the deadline, and its last word when it broke."""

import signal
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import TimeRanOut, ToolError
from ..record import replace
from ..result import Finding, identity
from .base import Job
from .inside import beside, scratch

if TYPE_CHECKING:
    from ..environment import Interpreter
    from ..prefixed import Behind
    from ..proc import Done
    from ..repo.snapshot import Snapshot

_LONGEST = 300
_MOST = 32 * 1024 * 1024


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
    where = cwd or snapshot.path
    if behind is None:
        environ = {**job.environ, **(env or {})}
        done = job.children.run(argv, cwd=where, env=environ, deadline=job.deadline, stdin=stdin, keep=(snapshot.lock,))
    else:
        done = _behind(behind, job, argv, snapshot, cwd=where, env=env or {})
    if done.late and not even_late:
        raise TimeRanOut(f"time ran out after {done.seconds:.0f}s")
    return done


def _behind(
    behind: "Behind", job: Job, argv: Sequence[str], snapshot: "Snapshot", *, cwd: Path, env: Mapping[str, str]
) -> "Done":
    with scratch(snapshot) as folder:
        place = folder / "start"
        told = beside(snapshot, env)
        place.with_suffix(".json").write_bytes(behind.told(argv, cwd=cwd, env=told))
        code = snapshot.caches / "inside" / "everycommit_start.py"
        done = job.children.run(
            behind.started(code, place),
            cwd=behind.top,
            env=behind.environ,
            deadline=job.deadline,
            keep=(snapshot.lock,),
        )
        out, err, ended = (_read(place.with_suffix(suffix)) for suffix in (".out", ".err", ".code"))
    if out is None or err is None:
        if done.late:
            return done
        # Nothing of ours ran: what it says is the prefix's own, or its Python's.
        if behind.to(str(code)).encode() in done.err + done.out:
            raise behind.no_folder(cwd)
        raise ToolError(f"run.prefix ({' '.join(behind.argv)}) ended with {done.code}: {last_word(done.err, done.out)}")
    number = int(ended) if ended else done.code or -signal.SIGKILL
    return replace(done, code=number, out=behind.back(out), err=behind.back(err))


def _read(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            return file.read(_MOST)
    except FileNotFoundError:
        return None


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
