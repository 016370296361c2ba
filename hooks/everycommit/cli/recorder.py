"""Records the tests of a commit behind the scenes, once it is made, at the lowest priority.

The hook starts it as a process of its own (`tests.record = "background"`). ``<git folder>/everycommit/recording`` says
what it is about; whoever holds the file's lock is the one who records, and who takes the file away ends it.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from .. import pending
from ..errors import EverycommitError
from ..record import replace
from ..repo.cache import locked
from ..repo.repository import Repository, discover
from .call import Call

AFTER = "--after"
_START = "from everycommit.cli.main import main; raise SystemExit(main())"
_PATIENCE = 600.0
"""Seconds in which the commit has to be made: somebody writes its message."""
_EVERY = 0.5
_LOWEST = 19


class Recording(NamedTuple):
    """What goes on, or how the last one ended."""

    tree: str
    said: str
    """How far it is, ``12/80  test_nav.py``; or why it did not come to its end."""
    since: float
    """Seconds since 1970."""
    alive: bool


def begin(tree: str, call: Call) -> None:
    """Start the process that records *tree* once HEAD has it; a help, so nothing raises."""
    # What git told its hook is over by then: another index, another folder.
    environ = {name: value for name, value in call.environ.items() if not name.startswith(("GIT_", "EVERYCOMMIT_HOOK"))}
    argv = [sys.executable, *(["-I"] if sys.flags.isolated else []), "-c", _START, "tests", "map", AFTER, tree]
    null = os.devnull
    actions: list[tuple[Any, ...]] = [
        (os.POSIX_SPAWN_OPEN, 0, null, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, null, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_OPEN, 2, null, os.O_WRONLY, 0),
    ]
    with suppress(OSError, NotImplementedError):
        os.posix_spawn(sys.executable, argv, environ, file_actions=actions, setsid=True)


def give_way(git_dir: Path) -> None:
    """Have the one who records here end: something newer is judged."""
    with suppress(OSError):
        _file(git_dir).unlink(missing_ok=True)


def current(git_dir: Path) -> Recording | None:
    """Return what is recorded here, or how the last recording ended; None where there is nothing to say."""
    file = _file(git_dir)
    alive = True
    try:
        lock = locked(file, create=False)
    except OSError:
        file, alive = _ended(git_dir), False
    else:
        if lock is not None:
            os.close(lock)
            alive = False
    try:
        told = json.loads(file.read_text(encoding="ascii"))
        return Recording(told["tree"], told["said"], float(told["since"]), alive)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def record(tree: str, call: Call) -> int:
    """Wait until HEAD has *tree*, then record its tests; return 0, 2 where it did not come to that."""
    repository = discover(call.cwd, call.environ)
    os.nice(_LOWEST)
    own = _Own(repository.git_dir, tree)
    if not own.taken:
        return 2
    try:
        why = _waited(repository, tree, own.gone) or _recorded(call, own)
    except EverycommitError as error:
        why = str(error)
    finally:
        own.close()
    with suppress(OSError):
        if why:
            told = {"tree": tree, "said": why, "since": own.since}
            _ended(repository.git_dir).write_text(json.dumps(told), encoding="ascii")
        else:
            _ended(repository.git_dir).unlink(missing_ok=True)
    return 2 if why else 0


class _Own:
    """Our claim: a file with our lock, which somebody else may take away."""

    def __init__(self, git_dir: Path, tree: str) -> None:
        self.since = time.time()
        self._file = _file(git_dir)
        self._tree = tree
        self._looked = 0.0
        self._gone = False
        self._lock: int | None = None
        with suppress(OSError):
            self._file.parent.mkdir(mode=0o700, exist_ok=True)
            # Whoever was here before us records an older commit.
            self._file.unlink(missing_ok=True)
            self._lock = locked(self._file)
        self.say("waits for the commit")

    @property
    def taken(self) -> bool:
        return self._lock is not None

    def say(self, text: str) -> None:
        if self._lock is not None:
            content = json.dumps({"tree": self._tree, "said": text, "since": self.since}).encode()
            os.ftruncate(self._lock, 0)
            os.pwrite(self._lock, content, 0)

    def gone(self) -> bool:
        """Tell whether somebody took our file away."""
        if not self._gone and self._lock is not None and time.monotonic() >= self._looked + _EVERY / 2:
            self._looked = time.monotonic()
            try:
                self._gone = not os.path.samestat(os.fstat(self._lock), self._file.stat())
            except OSError:
                self._gone = True
        return self._gone

    def close(self) -> None:
        if self._lock is not None:
            if not self.gone():
                with suppress(OSError):
                    self._file.unlink(missing_ok=True)
            os.close(self._lock)
            self._lock = None


def _waited(repository: Repository, tree: str, gone: Callable[[], bool]) -> str | None:
    """Wait for the commit, and for what is still judged of it; return why it is not to be recorded."""
    until = time.monotonic() + _PATIENCE
    while not gone():
        done = repository.git.run("rev-parse", "--verify", "--quiet", "HEAD^{tree}")
        if done.out.decode().strip() == tree and pending.current(repository.git_dir) is None:
            return None
        if time.monotonic() >= until:
            return "the commit was not made"
        time.sleep(_EVERY)
    return "something newer was judged"


def _recorded(call: Call, own: _Own) -> str | None:
    from ..errors import Interrupted
    from ..gates import recording
    from ..gates.tests import Tests
    from ..repo import read
    from .ending import signals
    from .judge import place
    from .tests import alone, ready_for

    try:
        with signals(), place(call) as here, alone(here):
            candidate = read.all_files(here.repository, here.quarantine)
            with ready_for(here, candidate, call, gone=own.gone) as ready:
                jobs = [replace(step.job, say=own.say) for step in ready.steps]
                # Of several projects, those that somebody has recorded.
                for job in jobs if len(jobs) == 1 else filter(recording.is_recorded, jobs):
                    recording.record(job, Tests(call.environ), changed=True)
    except Interrupted:
        return "something newer was judged"
    return None


def _file(git_dir: Path) -> Path:
    return git_dir / "everycommit" / "recording"


def _ended(git_dir: Path) -> Path:
    return git_dir / "everycommit" / "recording.ended"
