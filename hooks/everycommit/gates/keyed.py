"""What the verdicts of several gates depend on, for ``Gate.inputs``; each value says all of one thing or is a doubt."""

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..digest import sha256
from ..errors import EverycommitError, ToolError
from ..ledger import doubt
from .base import Job
from .sources import joined, table

_SHOWN_ONLY = frozenset({"TERM", "GIT_CEILING_DIRECTORIES"})
"""What says how things look, and our own folder."""
_MACHINE_PATH = r"(?:^|[\s\"'=,:\[({])((?:~|\$\{?HOME\}?)?/[^\s\"',\])}]+)"


def trees(job: Job) -> dict[str, str]:
    """Return the trees and what the snapshot holds besides."""
    snapshot = job.config.settings.snapshot
    found = {
        "target": job.change.target,
        "parents": " ".join(job.change.parents),
        "snapshot": json.dumps([snapshot.link, snapshot.git]),
    }
    return found | ({"linked": job.trees.linked()} if snapshot.link else {})


def apart(job: Job) -> dict[str, str]:
    """Return which projects are judged apart from the job's; empty where the repository is one project."""
    return {} if job.member is None else {"apart": json.dumps(job.member.inner)}


def environment(environ: Mapping[str, str]) -> str:
    """Return a digest of *environ*, from which no value can be told."""
    told = {name: value for name, value in environ.items() if name not in _SHOWN_ONLY}
    if "PATH" in told:
        # git puts the folder of its own parts before the PATH of a hook: `everycommit run` has to agree with it.
        # A folder's time changes when a program comes or goes.
        places = [place for place in told["PATH"].split(os.pathsep) if Path(place).name != "git-core"]
        told["PATH"] = json.dumps([[place, _changed(place)] for place in places])
    return digest(sorted(told.items()))


def python(job: Job) -> str:
    """Return the word for the project's Python and all that is installed in it."""
    try:
        return job.interpreter().fingerprint
    except ToolError as error:
        return doubt(str(error))


def python_if_any(job: Job) -> str:
    """Return the same where there is a Python; a gate that may not need one depends on there being none."""
    try:
        return job.interpreter().fingerprint
    except ToolError as error:
        return f"none: {error}"


def program(name: str, environ: Mapping[str, str]) -> str:
    """Return path, size and time of the program that *name* means outside the tree; the tree's own are in the tree."""
    import shutil

    if "/" in name and not name.startswith("/"):
        return name
    path = Path(shutil.which(name, path=environ.get("PATH")) or name)
    try:
        found = path.stat()
    except OSError:
        return name
    return f"{os.path.realpath(path)} {found.st_size} {found.st_mtime_ns}"


def settings_elsewhere(job: Job, own: Iterable[str], shared: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return the doubt that a tool's settings in the target name a path of this machine; empty where they do not.

    *own* and *shared* are as in ``sources.changed_settings``. What lies outside the tree changes without a word.
    """
    try:
        for name, place in named_places(job, own, shared):
            if os.path.exists(place):  # noqa: PTH110 - no Path for odd text
                return {"elsewhere": doubt(f"the settings name '{name}', which lies outside the tree")}
    except EverycommitError as error:
        return {"elsewhere": doubt(str(error))}
    return {}


def named_places(job: Job, own: Iterable[str], shared: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    """Yield what looks like a path of this machine in a tool's settings in the target: as written, and the path.

    Raises:
        EverycommitError: The settings cannot be read.
    """
    names = [*own, *shared]
    paths = [joined(folder, name) for folder in dict.fromkeys((job.project, ".")) for name in names]
    entries = job.blobs.entries(job.change.target, paths)
    texts = [
        _text(table(job.blobs.read(oid), path, shared.get(path.rpartition("/")[2], ())))
        for path, (mode, oid) in entries.items()
        if mode.startswith("100")
    ]
    home = job.environ.get("HOME", "~").replace("\\", r"\\")
    for name in (name for text in texts for name in re.findall(_MACHINE_PATH, text)):
        yield name, re.sub(r"^(~|\$\{?HOME\}?)", home, name)


def above(job: Job, names: Sequence[str], *, user: str | None = None) -> dict[str, str]:
    """Return the settings files called *names* in the folders above the snapshot, which a tool may take for its own.

    *user* is the tool's folder among the user's settings. Empty where there is none of them.
    """
    paths = paths_above(job.environ, names, user=user)
    found = [(str(path), content) for path in paths for content in _content(path)]
    return {"above": digest(found)} if found else {}


def paths_above(environ: Mapping[str, str], names: Sequence[str], *, user: str | None = None) -> list[Path]:
    """Return where ``above`` looks, whether or not something is there."""
    ceiling = environ.get("GIT_CEILING_DIRECTORIES")
    folders = [Path(ceiling), *Path(ceiling).parents] if ceiling else []
    home = environ.get("XDG_CONFIG_HOME") or (f"{environ['HOME']}/.config" if "HOME" in environ else None)
    folders += [Path(home, user)] if user and home else []
    return [folder / name for folder in folders for name in names]


def _changed(place: str) -> int:
    try:
        return Path(place).stat().st_mtime_ns
    except (OSError, ValueError):
        return 0


def digest(value: Any) -> str:
    """Return the SHA-256 (hex) of a value that JSON can hold."""
    return _sha256(json.dumps(value, ensure_ascii=True).encode())


def _sha256(content: bytes) -> str:
    return sha256(content).hexdigest()


def _content(path: Path) -> Iterator[str]:
    try:
        yield _sha256(path.read_bytes())
    except FileNotFoundError:
        return
    except OSError as error:
        yield str(error.strerror)


def _text(found: object) -> str:
    return found.decode(errors="replace") if isinstance(found, bytes) else json.dumps(found, default=str)
