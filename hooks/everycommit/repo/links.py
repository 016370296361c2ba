"""Takes into a snapshot what the project needs besides the tree: the setting ``snapshot.link``."""

import os
import stat
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path, PurePosixPath

from ..errors import SnapshotError, ToolError
from ..ledger import doubt
from .cache import WAY_ON

_MOST = 20_000
_COPIED_FILES = 500
_COPIED_BYTES = 20_000_000
"""What a folder may hold to be copied for each run: about a tenth of a second."""


_RECORDS = (".package-lock.json", ".modules.yaml", ".yarn-state.yml", ".yarn-integrity")
"""Source: npm (lib/arborist, hidden lockfile), pnpm (modules-yaml), yarn berry (nm linker) and yarn 1."""


def link(tree: Path, top: Path, paths: Sequence[str], submodules: Collection[str]) -> tuple[str, ...]:
    """Take *paths* of the working tree *top* into *tree*; return a sentence for each that is missing.

    Files and small folders are copied. A large folder is a link: what a test writes there is written in the working
    tree.

    Raises:
        ToolError: A path is tracked, or leads outside.
        SnapshotError: It cannot be copied.
    """
    missing = []
    taken: set[PurePosixPath] = set()
    # Folders before what lies in them, which then is there already.
    for path in sorted(dict.fromkeys(paths), key=lambda path: path.count("/")):
        relative = _inside(path)
        if taken.intersection(relative.parents):
            continue
        taken.add(relative)
        source, place = top / relative, tree / relative
        _must_be_free(tree, place, path, submodules)
        try:
            mode = source.stat().st_mode
        except OSError:
            missing.append(f"'{path}', which the setting 'snapshot.link' names, is not in the working tree")
            continue
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            if stat.S_ISDIR(mode):
                if path in submodules:
                    place.rmdir()
                _take_folder(source, place)
            elif stat.S_ISREG(mode):
                _copy(source, place)
            else:
                raise ToolError(f"the setting 'snapshot.link' names {path!r}, which is neither a file nor a folder")
        except OSError as error:
            raise SnapshotError(
                f"'{path}' of the setting 'snapshot.link' cannot be taken into the snapshot: {error.strerror}; {WAY_ON}"
            ) from error
    return tuple(missing)


def contents(top: Path, paths: Sequence[str]) -> str:
    """Return a digest of what *paths* of the working tree *top* hold; a doubt where that is too much to look at.

    Files are read. Of folders names, sizes and times count, byte code left out: they may be large. A node_modules is
    known by what its package manager wrote of it: tools keep caches in there that change with each run.
    """
    import hashlib
    from itertools import islice

    found: list[str] = []
    for path in sorted(set(paths)):
        place = top / path
        try:
            record = _record(place)
            if record is not None:
                found.append(f"{path} {hashlib.sha256(record).hexdigest()}")
            elif place.is_dir():
                found += islice(_listed(place), _MOST + 1)
            else:
                found.append(f"{path} {hashlib.sha256(place.read_bytes()).hexdigest()}")
        except FileNotFoundError:
            found.append(f"{path} is not there")
        except OSError as error:
            return doubt(f"snapshot.link: '{path}': {error.strerror}")
        if len(found) > _MOST:
            return doubt(f"snapshot.link: '{path}' holds more than {_MOST} files")
    return hashlib.sha256("\0".join(found).encode(errors="surrogateescape")).hexdigest()


def _record(place: Path) -> bytes | None:
    """Return the list of what is installed in a node_modules; None for another folder, or where there is none."""
    if place.name != "node_modules":
        return None
    for name in _RECORDS:
        try:
            return (place / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            continue
    return None


def _listed(top: Path) -> Iterator[str]:
    for folder, folders, names in os.walk(top):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in sorted([*names, *folders]):
            there = Path(folder, name).lstat()
            times = "" if stat.S_ISDIR(there.st_mode) else f"{there.st_size} {there.st_mtime_ns} {there.st_ctime_ns}"
            yield f"{folder}/{name} {stat.S_IFMT(there.st_mode)} {times}"


def _inside(path: str) -> PurePosixPath:
    relative = PurePosixPath(path)
    if relative.is_absolute() or not relative.parts or {"..", ".git"} & set(relative.parts):
        raise ToolError(
            f"the setting 'snapshot.link' names {path!r}, which is not a path in the working tree; "
            "write it from the repository's root on"
        )
    return relative


def _must_be_free(tree: Path, place: Path, path: str, submodules: Collection[str]) -> None:
    # Whatever is there is the tree's: all else was just removed.
    if str(place.relative_to(tree)) in submodules:
        return
    if os.path.lexists(place):
        raise ToolError(
            f"the setting 'snapshot.link' names {path!r}, which is tracked by git and therefore in the snapshot; "
            "take it out of the setting"
        )
    for parent in place.relative_to(tree).parents:
        found = tree / parent
        if os.path.lexists(found) and (found.is_symlink() or not found.is_dir()):
            raise ToolError(f"the setting 'snapshot.link' names {path!r}, but '{parent}' is not a folder in the tree")


def _take_folder(source: Path, place: Path) -> None:
    if not _is_small(source):
        place.symlink_to(source, target_is_directory=True)
        return
    import shutil

    shutil.copytree(
        source,
        place,
        symlinks=True,
        ignore=shutil.ignore_patterns("__pycache__"),
        copy_function=lambda one, other: _copy(Path(one), Path(other)),
    )
    for folder, _, _ in os.walk(place):
        Path(folder).chmod(0o700)


def _is_small(top: Path) -> bool:
    """Tell whether a folder can be copied: few bytes, plain files, and links that stay inside of it."""
    real, files, size = os.path.realpath(top), 0, 0
    for folder, folders, names in os.walk(top):
        folders[:] = [name for name in folders if name != "__pycache__"]
        for path in (Path(folder, name) for name in [*names, *folders]):
            found = path.lstat()
            if stat.S_ISLNK(found.st_mode):
                leads = os.path.realpath(path)
                if path.readlink().is_absolute() or not leads.startswith(f"{real}{os.sep}"):
                    return False
            elif not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
                return False
            files, size = files + 1, size + found.st_size
            if files > _COPIED_FILES or size > _COPIED_BYTES:
                return False
    return True


def _copy(source: Path, place: Path) -> None:
    import shutil

    shutil.copyfile(source, place)
    found = source.stat()
    place.chmod(stat.S_IMODE(found.st_mode) | stat.S_IWUSR)
    os.utime(place, ns=(found.st_atime_ns, found.st_mtime_ns))
