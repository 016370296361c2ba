"""The last change that passed in a working tree, written down so that a shell can tell it again from files alone.

``facts`` holds a line a fact, in the order in which the hook (``fastpath``) reads them; it compares text with text and
evaluates nothing. A shell reads byte by byte, so it holds only what tells most commits from this one. Beside it lie the
index that was judged, and a file with all the rest: environment and witnesses, files that stand for tool and settings,
with device, inode, size and times. Whatever cannot be said in one line is not written down at all.
"""

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from ..proc import ALLOWED
from .again import FORBIDDEN, OTHERS, looked_at
from .again import search_path as without_git

FORMAT = "everycommit known 1"
ABSENT, PATHS, END = "absent", "paths", "end"
UNSEEN = "-"
"""In place of the index's own line where its content was another one when it was judged."""
MOST = 4_000
"""Witnesses; more are no quick look any more."""
_MARGIN = 1.0
"""Seconds before the run in which a witness may not have changed: Python's start was before we look at the clock."""
_COARSE = 2.0
"""The same where the file system counts whole seconds."""
_TICK = 0.05
"""Seconds within which a second change of a file may carry the same time."""

# Values that a child sees (proc), and those by which the project's Python is found. TERM says how things look only.
NAMES = (
    *sorted(ALLOWED - {"PATH", "TERM"}),
    *(f"LC_{part}" for part in ("ALL", "COLLATE", "CTYPE", "MESSAGES", "MONETARY", "NUMERIC", "TIME")),
    *(f"PYENV_{part}" for part in ("ROOT", "SHELL", "VERSION", "VIRTUALENV_INIT")),
    *("UV_PROJECT_ENVIRONMENT", "VIRTUAL_ENV"),
    # Where managers keep environments.
    *("CONDA_PREFIX", "HATCH_DATA_DIR", "POETRY_CACHE_DIR", "POETRY_VIRTUALENVS_PATH", "WORKON_HOME"),
)
BETWEEN = "|"


class Pair(NamedTuple):
    """What was judged: commit *base* with *tree* on top of it, as the index file *copy* has it."""

    base: str
    tree: str
    copy: Path


class Said(NamedTuple):
    """What the hook says of it: *today* until *midnight* (seconds since 1970), *later* from then on."""

    midnight: int
    today: str
    later: str


class Witnesses(NamedTuple):
    """Files that stand for what a verdict depends on."""

    present: Sequence[str]
    absent: Sequence[str]
    """Those whose absence counts."""
    lines: Sequence[str]
    """What ``witnessed`` says of each that is present."""


class Unfit(Exception):  # noqa: N818 - no error of anybody's
    """This cannot be told from files alone; the text says why."""


def folder(git_dir: Path) -> Path:
    """Return where the hook of the working tree with *git_dir* looks."""
    return git_dir / "everycommit" / "known"


def spoken(environ: Mapping[str, str]) -> str:
    """Return the one line that stands for all variables that count.

    Raises:
        Unfit: One of them has a value or a name for which there is no place in it.
    """
    for name in environ:
        if name in FORBIDDEN or (name.startswith(OTHERS) and name not in NAMES):
            raise Unfit(f"the environment variable {name} is set")
    values = [_path(environ.get("PATH", "")), *(f"x{environ[name]}" if name in environ else "" for name in NAMES)]
    if any(BETWEEN in value for value in values):
        raise Unfit(f"an environment variable holds {BETWEEN!r}")
    return plain_line(BETWEEN.join(values))


def search_path(environ: Mapping[str, str]) -> list[str]:
    """Return the folders of PATH without git's own parts, which git puts first for a hook.

    Raises:
        Unfit: One is relative: it means another folder in each place.
    """
    return _path(environ.get("PATH", "")).split(os.pathsep)


def _path(text: str) -> str:
    text = without_git(text)
    folders = text.split(os.pathsep)
    if any(not place.startswith("/") or place.endswith("/git-core") for place in folders):
        raise Unfit("PATH holds a relative folder, or git's own parts")
    return text


def looked(present: Sequence[str], absent: Sequence[str], *, before: float) -> Witnesses:
    """Return the files with what stands for them now.

    Raises:
        Unfit: They are many, or none, or one has a relative path; or as ``witnessed``.
    """
    if not present or len(present) + len(absent) > MOST:
        raise Unfit(f"{len(present) + len(absent)} files to look at")
    if any(not path.startswith("/") for path in (*present, *absent)):
        raise Unfit("a relative path")
    return Witnesses(present, absent, witnessed(present, before=before))


def witnessed(paths: Iterable[str], *, before: float) -> tuple[str, ...]:
    """Return a line for each of *paths* as the hook's ``stat`` prints it: device, inode, size, times and path.

    Links are followed.

    Raises:
        Unfit: One is not there, or changed after or shortly before *before* (seconds since 1970).
    """
    lines = []
    for path in paths:
        try:
            found = os.stat(path)  # noqa: PTH116 - thousands of paths
        except OSError as error:
            raise Unfit(f"'{path}' cannot be looked at: {error.strerror}") from error
        if not _settled(found, before, _MARGIN):
            raise Unfit(f"'{path}' has just changed")
        lines.append(f"{looked_at(found)} {path}")
    return tuple(lines)


def _settled(found: os.stat_result, before: float, margin: float) -> bool:
    changed = max(found.st_ctime_ns, found.st_mtime_ns)
    return changed <= (before - (margin if changed % 10**9 else _COARSE)) * 10**9


def _seen(index: Path, content: bytes) -> str:
    """Return what ``stat`` tells of *index* while it holds *content*; ``UNSEEN`` where it does not, or not for sure."""
    with index.open("rb") as file:
        found = os.fstat(file.fileno())
        same = file.read() == content
    return looked_at(found) if same and _settled(found, time.time(), _TICK) else UNSEEN


def keep(
    git_dir: Path,
    pair: Pair,
    said: Said,
    *,
    places: Sequence[str],
    environ: Mapping[str, str],
    witnesses: Witnesses,
) -> None:
    """Write down that *pair* passed, in place of what was known before.

    *places* are those that the hook knows by itself: its Python, our package, the working tree, the common git folder.

    Raises:
        Unfit: Something cannot be said in a line.
        OSError: It cannot be written.
    """
    present, absent, lines = witnesses
    name = os.urandom(8).hex()
    index = pair.copy.read_bytes()
    seen = _seen(git_dir / "index", index)
    common = places[-1]
    facts = [FORMAT, common, pair.base, pair.tree, name, seen, END]
    files = [
        *(*places[:-1], spoken(environ), f"{common} {pair.base} {pair.tree} {seen}", str(len(present))),
        *map(str, said),
        *(*lines, ABSENT, *absent, PATHS, *present),
    ]
    texts = {"facts": _text(facts), f"{name}.files": _text(files), f"{name}.index": index}
    place = folder(git_dir)
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    for file in reversed(texts):
        fresh = place / f"{name}.new"
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.write(texts[file])
        # The facts come last: they name the others.
        fresh.replace(place / file)
    for old in place.iterdir():
        if old.name not in texts:
            with suppress(OSError):
                old.unlink()


def forget(common_dir: Path) -> None:
    """Take back what is known in all working trees of the clone with *common_dir*.

    Where that cannot be done, nothing could be written down either.
    """
    for git_dir in (common_dir, *common_dir.glob("worktrees/*")):
        with suppress(OSError):
            (folder(git_dir) / "facts").unlink(missing_ok=True)


def _text(lines: Iterable[str]) -> bytes:
    return "".join(f"{plain_line(line)}\n" for line in lines).encode()


def plain_line(text: str) -> str:
    """Return *text* where it is a line that every shell reads as it is.

    Raises:
        Unfit: It is not.
    """
    if not text.isprintable() or text != text.strip():
        raise Unfit(f"{text!r} is no plain line")
    return text
