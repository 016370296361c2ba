"""Runs of pytest by a server that has pytest imported: which server, and where there can be none.

A server stands for one worktree, one environment and all that is installed: its name is the digest of these, so that
what changes any of them finds no server and starts another. See ``inside/everycommit_server.py``.
"""

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from ..ledger import doubted, itself
from .inside import FOLDER
from .keyed import digest, environment, python
from .sources import walked

if TYPE_CHECKING:
    from ..repo.snapshot import Snapshot
    from .base import Job

_OF_THE_RUN = frozenset({"EVERYCOMMIT_REPORT", "EVERYCOMMIT_SNAPSHOT"})
_CODE = (".py", ".pyc", ".so", ".pyd")
# Source: unix(7), the size of sun_path.
_LONGEST = 107


def client(job: "Job", snapshot: "Snapshot", env: Mapping[str, str], report: Path) -> list[str]:
    """Return what to put before pytest's command line, so that a server makes the run; empty where none may.

    *env* is what pytest sees on top of the job's environment. What the server has to know lies beside *report*.
    """
    place = _place(job, snapshot, env)
    if place is None:
        return []
    Path(f"{report}.names").write_bytes(
        "\n".join(own(walked(snapshot.path, ".", _CODE))).encode(errors="surrogateescape")
    )
    started_by = str(job.interpreter().python)
    words = [str(FOLDER / "everycommit_client.py"), str(place), str(report), str(snapshot.lock), "--"]
    return [started_by, "-I", "-S", *words]


def by_server(report: Path) -> bool:
    """Tell whether a server made the run that wrote *report*."""
    return Path(f"{report}.served").exists()


def refusal(snapshot: "Snapshot") -> str | None:
    """Return why the server of this worktree cannot serve; None where it can, or nobody has tried."""
    for path in _folder(snapshot).glob("*.refused"):
        with suppress(OSError):
            return path.read_text(encoding="utf-8", errors="replace")
    return None


def own(paths: Iterable[str]) -> list[str]:
    """Return the names under which code of the tree could be imported: what lies in a folder that is no package.

    *paths* are all files of code, from the root.
    """
    files = [PurePosixPath(path) for path in paths]
    packages = {file.parent for file in files if file.name == "__init__.py"}
    names = set()
    for file in files:
        if file.parent not in packages:
            names.add(file.name.partition(".")[0])
        names |= {folder.name for folder in file.parents if folder.name and folder.parent not in packages}
    return sorted(names)


def _place(job: "Job", snapshot: "Snapshot", env: Mapping[str, str]) -> Path | None:
    """Return the socket of the server that fits, others of this worktree taken away; None where there can be none."""
    interpreter = job.interpreter()
    fingerprint = python(job)
    # Elsewhere than in a virtual environment more takes part than its fingerprint tells; a variable could name more.
    elsewhere = bool(interpreter.places) or doubted(fingerprint) or env.get("PYTHONPATH") != str(FOLDER)
    if elsewhere or not sys.platform.startswith("linux"):
        return None
    seen = {name: value for name, value in {**job.environ, **env}.items() if name not in _OF_THE_RUN}
    name = digest([itself(), fingerprint, environment(seen)])[:16]
    folder = _folder(snapshot)
    place = folder / name
    if len(os.fsencode(place)) > _LONGEST:
        return None
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.lstat().st_uid != os.geteuid() or folder.lstat().st_mode & 0o077:
            return None
        _drop(folder, name)
    except OSError:
        return None
    return place


def _folder(snapshot: "Snapshot") -> Path:
    """Return where this worktree's servers listen: beside its snapshots, whose removal takes them along."""
    return snapshot.caches.parent.parent / "pytest"


def _drop(folder: Path, name: str) -> None:
    """Remove what belongs to other servers than *name*: without their socket they end."""
    for path in _others(folder, name):
        with suppress(OSError):
            path.unlink()


def _others(folder: Path, name: str) -> Iterator[Path]:
    return (path for path in folder.iterdir() if path.name.partition(".")[0] != name)
