"""The only starter of git: an argv, bytes in and out, a limit and a deadline.

Children are started with ``os.posix_spawn``: importing ``subprocess`` costs more than starting Python does. They stay
in our process group, so that ctrl-C ends them together with us.
"""

import os
import re
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from ..deadline import Deadline
from ..errors import MissingObjects, RepositoryError, UsageError
from .child import NEVER, Child, talk
from .surroundings import ALWAYS, OPTIONS, executable

OLDEST = (2, 30)

# Compiled when a call failed: most never do.
_MISSING = (
    rb"unable to read|unable to find|missing (blob|tree|object)|promisor|could not fetch|"
    rb"bad object|bad tree object|could not parse|Could not read|invalid object|failed to read object"
)
_WRONG_USE = rb"(?m)^usage:|unknown option|unrecognized argument|is not a git command"


class Done(NamedTuple):
    """How a call ended."""

    code: int
    """Negative: the signal that ended it."""
    out: bytes
    err: bytes
    cut: bool
    """Whether ``limit`` was reached and git was ended: *out* is the beginning only."""


class Git:
    """git in one folder, under one environment. Safe to use from several threads."""

    def __init__(self, directory: Path, environ: Mapping[str, str], *, options: tuple[str, ...] = ()) -> None:
        self.directory = directory
        self._environ = {name: value for name, value in environ.items() if name not in NEVER} | ALWAYS
        self._options = options

    def run(
        self,
        *argv: str | bytes,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        limit: int | None = None,
        deadline: Deadline | None = None,
    ) -> Done:
        """Run git to its end and return what it said, whatever the exit code.

        *limit* is in bytes of standard output: git is ended where it says more.

        Raises:
            UsageError: There is no git.
            TimeRanOut: *deadline* passed; git was ended.
        """
        child = self._start(argv, env, stdin=bool(stdin))
        try:
            out, err, cut = talk(child, stdin, limit, deadline)
            if cut:
                child.kill()
            code = child.wait()
        except BaseException:
            child.kill()
            child.wait()
            raise
        finally:
            child.close()
        return Done(code, out, err, cut)

    def out(
        self,
        *argv: str | bytes,
        ok: Sequence[int] = (0,),
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        limit: int | None = None,
        deadline: Deadline | None = None,
    ) -> bytes:
        """Return what git prints.

        Raises:
            MissingObjects: git misses an object.
            RepositoryError: git ended with a code that is not in *ok*; its own last line is in the message.
            TimeRanOut: *deadline* passed.
        """
        done = self.run(*argv, stdin=stdin, env=env, limit=limit, deadline=deadline)
        if not done.cut and done.code not in ok:
            raise self.failure(argv, done)
        return done.out

    def text(
        self,
        *argv: str | bytes,
        ok: Sequence[int] = (0,),
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        deadline: Deadline | None = None,
    ) -> str:
        """Return what git prints as text, without the newline at its end. Raises as ``out`` does."""
        return os.fsdecode(self.out(*argv, ok=ok, stdin=stdin, env=env, deadline=deadline).removesuffix(b"\n"))

    def failure(self, argv: Sequence[str | bytes], done: Done) -> RepositoryError | UsageError:
        """Return the error that says how the call *argv* went wrong."""
        words = last_words(done)
        what = f"git {os.fsdecode(argv[0])} in '{self.directory}'"
        if done.code == 129 or re.search(_WRONG_USE, done.err):
            version = self.version()
            if version < OLDEST:
                return too_old(version)
        if re.search(_MISSING, done.err):
            return MissingObjects(f"{what}: {words}")
        return RepositoryError(f"{what}: {words}")

    def version(self) -> tuple[int, int]:
        """Return git's version, ``(2, 39)``; ``(0, 0)`` where it does not say."""
        found = re.search(rb"(\d+)\.(\d+)", self.run("version").out)
        return (int(found[1]), int(found[2])) if found else (0, 0)

    def batch(self) -> "Batch":
        """Return a running ``cat-file --batch``."""
        return Batch(self._start(("cat-file", "--batch"), None, stdin=True, quiet=True))

    def _start(
        self, argv: Sequence[str | bytes], env: Mapping[str, str] | None, *, stdin: bool, quiet: bool = False
    ) -> "Child":
        environ = {**self._environ, **env} if env else self._environ
        program = executable(environ)
        line = [program, "-C", self.directory, *OPTIONS, *self._options, *argv]
        return Child(program, [os.fsencode(word) for word in line], environ, stdin=stdin, quiet=quiet)


def too_old(version: tuple[int, int]) -> UsageError:
    """Return the error that names the *version* of a git that cannot do what we need."""
    have, need = (".".join(map(str, number)) for number in (version, OLDEST))
    return UsageError(f"git is {have}, and everycommit needs git {need} or newer; install a newer one")


def last_words(done: Done) -> str:
    """Return git's own last line about what went wrong."""
    lines = [line for line in done.err.decode(errors="replace").splitlines() if line.strip()]
    if not lines:
        return f"ended with {done.code} and said nothing"
    telling = [number for number, line in enumerate(lines) if line.startswith(("fatal:", "error:"))]
    last = telling[-1] if telling else len(lines) - 1
    # What ends with a colon goes on: the unknown extension, the paths that are in the way.
    return " ".join(line.strip() for line in lines[last : last + 1 + lines[last].endswith(":")])


class Batch:
    """A long-lived ``cat-file --batch``: many objects for one start. Safe to use from several threads."""

    def __init__(self, child: "Child") -> None:
        self._child = child
        self._lock = threading.Lock()
        self._left = b""

    def ask(self, name: str) -> tuple[str, str, bytes] | None:
        """Return object name, type and content of what *name* (one revision) stands for, None where there is none.

        Raises:
            RepositoryError: git ended, or the name holds a newline.
        """
        if "\n" in name:
            raise RepositoryError(f"not a revision: {name!r}")
        with self._lock:
            try:
                return self._asked(os.fsencode(name))
            except OSError as error:
                raise RepositoryError(f"git cat-file ended while it was asked for '{name}': {error}") from error
            except BaseException:
                # Half an answer is still in the pipe: the next one must not be taken for it.
                self._child.kill()
                self._child.close()
                raise

    def _asked(self, name: bytes) -> tuple[str, str, bytes] | None:
        waiting = name + b"\n"
        while waiting:
            waiting = waiting[os.write(self._child.stdin, waiting) :]
        header = self._line()
        parts = header.split(b" ")
        if len(parts) != 3 or not parts[2].isdigit():
            return None
        content = self._exactly(int(parts[2]) + 1)[:-1]
        return parts[0].decode(), parts[1].decode(), content

    def _line(self) -> bytes:
        while b"\n" not in self._left:
            self._left += self._more()
        line, _, self._left = self._left.partition(b"\n")
        return line

    def _exactly(self, size: int) -> bytes:
        parts = [self._left]
        have = len(self._left)
        while have < size:
            parts.append(self._more())
            have += len(parts[-1])
        whole = b"".join(parts)
        self._left = whole[size:]
        return whole[:size]

    def _more(self) -> bytes:
        part = os.read(self._child.stdout, 1 << 20)
        if not part:
            raise OSError("its output ended")
        return part

    def close(self) -> None:
        """End git; closing twice is fine."""
        with self._lock:
            self._child.close()
            self._child.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
