"""What makes the project's own Python import the snapshot, see ``inside/sitecustomize.py``, and what it tells."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..environment import Interpreter

if TYPE_CHECKING:
    from ..repo.snapshot import Snapshot

FOLDER = Path(__file__).resolve().parent.parent / "inside"
_SHOWN = 3
_PACKAGES = ("site-packages", "dist-packages")


def inside(python: Interpreter, snapshot: Path, report: Path) -> dict[str, str]:
    """Return the variables for a Python child that must not import from the working tree; it writes to *report*."""
    return {
        "PYTHONPATH": str(FOLDER),
        "EVERYCOMMIT_WORKTREE": str(python.top),
        "EVERYCOMMIT_SNAPSHOT": str(snapshot),
        "EVERYCOMMIT_REPORT": str(report),
    }


def beside(snapshot: "Snapshot", env: Mapping[str, str]) -> dict[str, str]:
    """Return *env* with our code where whoever sees the snapshot sees it, too: copied beside the tree."""
    copy = snapshot.caches / "inside"
    copy.mkdir(parents=True, exist_ok=True)
    for file in FOLDER.glob("*.py"):
        there, content = copy / file.name, file.read_bytes()
        if not there.is_file() or there.read_bytes() != content:
            there.write_bytes(content)
    return {**env, "PYTHONPATH": env.get("PYTHONPATH", "").replace(str(FOLDER), str(copy))}


def activated(python: Interpreter, environ: Mapping[str, str]) -> dict[str, str]:
    """Return what activating a virtual environment sets: tests start the project's own scripts by name."""
    if python.behind is not None or not (python.prefix / "pyvenv.cfg").is_file():
        return {}
    path = f"{python.prefix / 'bin'}{os.pathsep}{environ.get('PATH', os.defpath)}"
    return {"PATH": path, "VIRTUAL_ENV": str(python.prefix)}


def leaked(report: Path) -> list[str]:
    """Return the modules that came from the working tree, ``name<TAB>file``."""
    return _lines(report, ".leaks")


def unwatched(report: Path) -> list[str]:
    """Return the Pythons that tests started so that nothing watched them, ``test<TAB>command``."""
    return _lines(report, ".unwatched")


def missing(report: Path, top: Path) -> list[str]:
    """Return the files, from *top*, that an import asked for and only the working tree has."""
    start = f"{top}/"
    return sorted({line.removeprefix(start) for line in _lines(report, ".missing")})


def leak_reason(files: Sequence[str], top: Path) -> str:
    """Return why nothing can be said when *files* of the working tree, or installed copies, took part."""
    start = f"{top}/"
    copies = [file for file in files if any(f"/{folder}/" in file for folder in _PACKAGES)]
    files = copies or files
    shown = ", ".join(file.removeprefix(start) for file in files[:_SHOWN])
    more = f" and {len(files) - _SHOWN} more" if len(files) > _SHOWN else ""
    if copies:
        return (
            f"{shown}{more} was imported, an installed copy of the project's code that differs from the snapshot; "
            "install the project editable (pip install -e .)"
        )
    return (
        f"{shown}{more} came from the working tree, not from the snapshot; "
        "install the project as `pip install -e` does by default, or name the file in snapshot.link if it is ignored"
    )


@contextmanager
def scratch(snapshot: "Snapshot") -> Iterator[Path]:
    """Give an empty folder beside the tree; those of runs that were killed go."""
    import shutil
    import tempfile

    snapshot.caches.mkdir(parents=True, exist_ok=True)
    # The slot is locked by this process: a folder with another's number is left over.
    for left in snapshot.caches.glob("run-*"):
        if left.name.split("-")[1] != str(os.getpid()):
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(
        prefix=f"run-{os.getpid()}-", dir=snapshot.caches, ignore_cleanup_errors=True
    ) as folder:
        yield Path(folder)


def _lines(report: Path, ending: str) -> list[str]:
    try:
        text = Path(f"{report}{ending}").read_bytes().decode(errors="surrogateescape")
    except OSError:
        return []
    return text.splitlines()
