"""Where snapshots, tools' caches and a run's own files lie: the user's cache folder."""

import os
import stat
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import SnapshotError

_TAG = "Signature: 8a477f597d28d172789f06886806bc55\n# Made by everycommit; may be removed at any time.\n"
WAY_ON = "set EVERYCOMMIT_CACHE_DIR to a folder that can be written; `everycommit doctor` shows what is used"
STALE = 3600.0
"""Seconds after which a folder that its maker never finished is somebody's who died."""


def cache_folder(setting: str | None, environ: Mapping[str, str]) -> Path:
    """Return the cache folder, made where it was not there.

    The setting ``cache_dir``, ``EVERYCOMMIT_CACHE_DIR``, ``$XDG_CACHE_HOME/everycommit``, the system's usual place.
    Where nothing was chosen and the usual place cannot be written, or there is no HOME: a private folder among the
    temporary files.

    Raises:
        SnapshotError: The chosen folder, or every other one, cannot be written.
    """
    for chosen, name in (
        (setting, "the setting 'cache_dir'"),
        (environ.get("EVERYCOMMIT_CACHE_DIR"), "EVERYCOMMIT_CACHE_DIR"),
    ):
        if chosen:
            return _chosen(chosen, name, environ)
    for folder in _usual(environ):
        with suppress(OSError):
            return _made(folder)
    return _temporary(environ)


def _chosen(text: str, name: str, environ: Mapping[str, str]) -> Path:
    if text.startswith("~/") and environ.get("HOME"):
        text = environ["HOME"] + text[1:]
    folder = Path(text)
    if not folder.is_absolute():
        raise SnapshotError(f"{name} is {text!r}, which is not an absolute path; write it from '/' or '~/' on")
    try:
        return _made(folder)
    except OSError as error:
        raise SnapshotError(f"cannot write to '{folder}', which {name} names: {error.strerror}; {WAY_ON}") from error


def _usual(environ: Mapping[str, str]) -> Iterator[Path]:
    # The XDG rules: a relative path in there is to be ignored.
    if environ.get("XDG_CACHE_HOME", "").startswith("/"):
        yield Path(environ["XDG_CACHE_HOME"], "everycommit")
    elif environ.get("HOME", "").startswith("/"):
        yield Path(environ["HOME"], "Library/Caches" if sys.platform == "darwin" else ".cache", "everycommit")


def _temporary(environ: Mapping[str, str]) -> Path:
    folder = Path(environ.get("TMPDIR") or "/tmp", f"everycommit-{os.getuid()}")  # noqa: S108 - owner checked below
    try:
        made = _made(folder)
        found = made.lstat()
    except OSError as error:
        raise SnapshotError(
            f"there is no HOME with a cache folder that can be written, nor '{folder}': {error.strerror}; {WAY_ON}"
        ) from error
    # Anybody may have made that name before us: code from there would run as us.
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise SnapshotError(f"'{folder}' belongs to somebody else or is open to others; {WAY_ON}")
    return made


def _made(folder: Path) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(13, "Permission denied", str(folder))
    tag = folder / "CACHEDIR.TAG"  # so that backups leave it out, see https://bford.info/cachedir/
    if not tag.exists():
        tag.write_text(_TAG)
    return folder


def locked(path: Path, *, create: bool = True) -> int | None:
    """Return a file descriptor that holds the lock of file *path*; None where somebody else has it.

    The lock lives as long as any holder of the descriptor, children that inherited it included.

    Raises:
        OSError: The file cannot be opened, or was removed in the meantime.
    """
    import fcntl

    fd = os.open(path, os.O_RDWR | os.O_CLOEXEC | (os.O_CREAT if create else 0), 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Who held it before may have removed the file: then this is the lock of nothing.
        if not os.path.samestat(os.fstat(fd), path.stat()):
            raise FileNotFoundError(2, "removed by another run", str(path))
    except BlockingIOError:
        os.close(fd)
        return None
    except OSError:
        os.close(fd)
        raise
    return fd


@contextmanager
def run_folder(cache: Path) -> Iterator[Path]:
    """Give a folder for this run alone, removed at its end; those of dead runs are removed as well.

    It holds a ``lock`` file; the rest is free for use.

    Raises:
        SnapshotError: It cannot be made.
    """
    runs = cache / "runs"
    folder = runs / os.urandom(8).hex()
    unfinished = runs / f".{folder.name}"
    try:
        unfinished.mkdir(mode=0o700, parents=True)
        lock = locked(unfinished / "lock")
        # Only now can others see it: a sweep would take the lock of a folder whose owner has not come so far.
        unfinished.rename(folder)
    except OSError as error:
        raise SnapshotError(f"cannot make the folder '{folder}': {error.strerror}; {WAY_ON}") from error
    try:
        _sweep(runs)
        yield folder
    finally:
        remove(folder)
        if lock is not None:
            os.close(lock)


def _sweep(runs: Path) -> None:
    """Remove the folders of runs that died."""
    for folder in runs.iterdir():
        # Another run may sweep, or end, at the same moment: whatever is gone is gone.
        with suppress(OSError):
            if folder.name.startswith("."):
                if time.time() - folder.lstat().st_mtime > STALE:
                    remove(folder)
                continue
            lock = locked(folder / "lock", create=False)
            if lock is not None:
                remove(folder)
                os.close(lock)


def remove(path: Path) -> bool:
    """Remove a file, or a folder with all that is in it; return whether nothing is left.

    Links are not followed; folders that were made read-only are opened first.
    """
    try:
        if not stat.S_ISDIR(path.lstat().st_mode):
            path.unlink()
            return True
        with suppress(OSError):
            path.chmod(0o700)
        for inside in list(path.iterdir()):
            remove(inside)
        path.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
