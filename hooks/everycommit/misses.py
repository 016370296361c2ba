"""Test failures that the selection of affected tests had left out: a line each in the common git folder.

Each is a bug of the selection. Whatever is wrong with the file, it is a shorter list: nothing here stops a push.
"""

import json
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

MOST = 500
"""Lines; beyond, the older half goes."""
_MOST_CHANGED = 50
_TEXT = 400


class Miss(NamedTuple):
    """One test that failed at push and would not have run at commit."""

    test: str
    """Its id, the file from the root of the tree."""
    message: str
    commit: str | None
    tree: str
    """The tree that was judged."""
    map_tree: str
    """The tree that the map was recorded from."""
    map_at: float
    """When it was recorded, seconds since 1970."""
    changed: tuple[str, ...]
    """Files that differ between the two trees, at most the first 50."""
    more: int = 0
    """How many more there are."""
    at: float = 0.0


def place(common_dir: Path) -> Path:
    return common_dir / "everycommit" / "misses.jsonl"


def of(test: str, message: str, *, commit: str | None, trees: tuple[str, str], map_at: float, paths: list[str]) -> Miss:
    """Return a miss made now; *trees* are the judged one and the map's."""
    tree, map_tree = trees
    shown = tuple(paths[:_MOST_CHANGED])
    return Miss(
        test[:_TEXT], message[:_TEXT], commit, tree, map_tree, map_at, shown, len(paths) - len(shown), time.time()
    )


def noted(common_dir: Path, misses: Sequence[Miss]) -> None:
    """Append *misses*, those that are there already left out; an error of the disk loses them."""
    path = place(common_dir)
    known = {(miss.tree, miss.test) for miss in listed(common_dir)}
    new = [json.dumps(miss._asdict()) + "\n" for miss in misses if (miss.tree, miss.test) not in known]
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, "".join(new).encode())
        finally:
            os.close(handle)
        lines = path.read_bytes().splitlines(keepends=True)
        if len(lines) > MOST:
            shorter = path.with_name(f"{path.name}.{os.getpid()}")
            shorter.write_bytes(b"".join(lines[-MOST // 2 :]))
            shorter.replace(path)


def listed(common_dir: Path) -> list[Miss]:
    """Return what was noted, oldest first; a line that cannot be read is left out."""
    try:
        lines = place(common_dir).read_bytes().splitlines()
    except OSError:
        return []
    return [miss for line in lines for miss in [_read(line)] if miss is not None]


def clear(common_dir: Path) -> None:
    """Forget all.

    Raises:
        OSError: The file cannot be removed.
    """
    place(common_dir).unlink(missing_ok=True)


def _read(line: bytes) -> Miss | None:
    try:
        found: dict[str, Any] = json.loads(line)
        miss = Miss(**{**found, "changed": tuple(map(str, found["changed"]))})
        texts = (miss.test, miss.message, miss.tree, miss.map_tree, miss.commit or "")
        numbers = (miss.at, miss.map_at, miss.more)
    except (ValueError, TypeError, KeyError):
        return None
    sound = all(isinstance(text, str) for text in texts) and all(type(one) in {int, float} for one in numbers)
    return miss if sound else None
