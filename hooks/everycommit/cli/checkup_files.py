"""The snapshot folder, and what a copy of the tree alone would not have, for `doctor`."""

import os
import shutil
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..config.detect import Found, listed
from ..config.schema import Settings
from ..errors import EverycommitError
from ..repo.repository import Repository
from .call import Call
from .checkup import BAD, GOOD, NOTE, Line

_LITTLE = 500_000_000
"""Bytes below which free space is worth a word."""
_COUNTING_SECONDS = 2.0


def cache(chosen: Settings, call: Call) -> Iterator[Line]:
    """Yield where snapshots lie, what they take and what is free."""
    from ..repo.cache import cache_folder

    try:
        folder = cache_folder(chosen.cache_dir, call.environ)
    except EverycommitError as error:
        yield Line(BAD, str(error))
        return
    size, is_whole = used(folder, seconds=_COUNTING_SECONDS)
    free = shutil.disk_usage(folder).free
    more = "" if is_whole else "more than "
    yield Line(GOOD, f"snapshot folder {folder} writable ({more}{_bytes(size)} used, {_bytes(free)} free)")
    if free < _LITTLE:
        yield Line(NOTE, f"little room for snapshots; cache_dir or EVERYCOMMIT_CACHE_DIR moves them off {folder}")


def used(folder: Path, *, seconds: float) -> tuple[int, bool]:
    """Return the bytes that *folder* takes on disk, and whether there was time to count all of them."""
    until, total = time.monotonic() + seconds, 0
    for place, _, names in os.walk(folder):
        if time.monotonic() > until:
            return total, False
        for name in names:
            try:
                total += Path(place, name).lstat().st_blocks * 512
            except OSError:
                continue  # a run that ended meanwhile
    return total, True


def snapshot(repository: Repository, project: Found, chosen: Settings) -> Iterator[Line]:
    """Yield what a copy of the tree alone would not have."""
    wanted = [path for path in project.link if path not in chosen.snapshot.link]
    if wanted:
        names = ", ".join(f'"{path}"' for path in wanted)
        yield Line(
            NOTE,
            f"git ignores {listed(wanted)}, and the code may need it: [tool.everycommit.snapshot] link = [{names}]",
        )
    for path in chosen.snapshot.link:
        if not os.path.lexists(repository.top / path):
            yield Line(BAD, f'snapshot.link names "{path}", which is not here: make it, or take it out of the list')
    entries = repository.git.out("ls-files", "-z", "--stage").split(b"\0")
    submodules = [os.fsdecode(entry.partition(b"\t")[2]) for entry in entries if entry.startswith(b"160000 ")]
    if submodules:
        yield Line(NOTE, f"submodules ({listed(_few(submodules))}): tests and types see the recorded commits")
    attributes = [os.fsdecode(entry.partition(b"\t")[2]) for entry in entries if entry.endswith(b".gitattributes")]
    with_lfs = [path for path in attributes if _names_lfs(repository.top / path)]
    if with_lfs:
        yield Line(
            NOTE, f"Git LFS ({listed(_few(with_lfs))}): contents come from the store here; tests need all of them"
        )


def _names_lfs(path: Path) -> bool:
    try:
        return b"filter=lfs" in path.read_bytes()
    except OSError:
        return False


def _few(names: Iterable[str]) -> list[str]:
    first, rest = [*names][:3], len([*names]) - 3
    return [*first, f"{rest} more"] if rest > 0 else first


def _bytes(count: int) -> str:
    size = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if size >= 10 or unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
