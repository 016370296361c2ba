"""Changes, objects and jobs written by hand, for what is pure or needs no git."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha1
from pathlib import Path
from typing import Any, cast

from everycommit.change import ABSENT, Change, FileChange
from everycommit.config.schema import Config, Settings
from everycommit.deadline import Deadline
from everycommit.errors import ToolError
from everycommit.gates.base import Job, Trees
from everycommit.proc import Children

BASE, TARGET = "b" * 40, "c" * 40
ZEROS = "0" * 40


@dataclass
class Objects:
    """Blobs in memory; remembers how often sizes were asked for."""

    contents: dict[str, bytes] = field(default_factory=dict)
    tree: dict[str, str] = field(default_factory=dict)
    asked: int = 0

    def put(self, content: bytes, path: str | None = None) -> str:
        oid = sha1(content, usedforsecurity=False).hexdigest()
        self.contents[oid] = content
        if path is not None:
            self.tree[path] = oid
        return oid

    def read(self, oid: str) -> bytes:
        return self.contents[oid]

    def sizes(self, oids: Sequence[str]) -> dict[str, int]:
        self.asked += 1
        return {oid: len(self.contents[oid]) for oid in oids if oid in self.contents}

    def entries(self, tree: str, paths: Sequence[str]) -> dict[str, tuple[str, str]]:
        assert tree == TARGET
        return {path: entry for path, entry in self.files(tree).items() if path in paths}

    def files(self, tree: str) -> dict[str, tuple[str, str]]:
        assert tree == TARGET
        return {path: ("100644", oid) for path, oid in self.tree.items()}


def changed(
    path: str,
    added: int = 0,
    removed: int = 0,
    *,
    old: str = ZEROS,
    new: str = "1" * 40,
    old_path: str | None = None,
    mode: str = "100644",
    binary: bool = False,
) -> FileChange:
    """Return a file that is added unless *old* names its former blob; *new* as zeros deletes it."""
    return FileChange(
        path=path,
        old_path=old_path,
        status="R" if old_path else "A" if old == ZEROS else "D" if new == ZEROS else "M",
        old_mode=ABSENT if old == ZEROS else mode,
        mode=ABSENT if new == ZEROS else mode,
        old_id=old,
        id=new,
        added=added,
        removed=removed,
        binary=binary,
    )


def change(*files: FileChange, landing: Sequence[FileChange] | None = None, whole: bool = False) -> Change:
    return Change(
        base=BASE,
        target=TARGET,
        parents=() if whole else (BASE,),
        files=files,
        landing=tuple(files if landing is None else landing),
    )


@dataclass
class Folder:
    """A folder that stands for the snapshot of the target."""

    path: Path
    lock: int = 0
    lacking: str = ""

    def target(self) -> "Folder":
        return self

    def linked(self) -> str:
        return "contents"


def job(
    change: Change,
    *,
    config: Config | None = None,
    occasion: str = "commit",
    blobs: Objects | None = None,
    folder: Path | None = None,
    children: Children | None = None,
    environ: Mapping[str, str] | None = None,
    accepted: Callable[[str], bool] = lambda _: True,
    seconds: float = 30,
) -> Job:
    def no_python() -> Any:
        raise ToolError("no Python for this project")

    return Job(
        change=change,
        config=config or Config(settings=Settings()),
        occasion=occasion,
        deadline=Deadline.after(seconds),
        blobs=blobs or Objects(),
        trees=cast("Trees", Folder(folder or Path("/nowhere"))),
        children=cast("Children", children),
        interpreter=no_python,
        environ=environ or {},
        accepted=accepted,
        say=lambda _: None,
    )
