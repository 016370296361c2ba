"""A bare repository made without starting git, and where its objects come from."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..errors import SnapshotError
from .repository import Repository


def alternates(repository: Repository) -> tuple[Path, ...]:
    """Return the user's object folders: the repository's and those that git handed to the hook."""
    inherited = repository.environ.get("GIT_ALTERNATE_OBJECT_DIRECTORIES", "")
    more = [Path(place) for place in inherited.split(os.pathsep) if place.startswith("/")]
    return tuple(dict.fromkeys([repository.objects, *more]))


def lay_out(folder: Path, repository: Repository, places: Sequence[Path]) -> None:
    """Write the files that make a folder a repository: starting `git init` would cost as much as reading the change."""
    (folder / "objects/info").mkdir(parents=True)
    (folder / "refs").mkdir()
    (folder / "HEAD").write_text("ref: refs/heads/unborn\n")
    new = repository.object_format != "sha1"
    extension = f"[extensions]\n\tobjectFormat = {repository.object_format}\n" if new else ""
    (folder / "config").write_text(f"[core]\n\trepositoryFormatVersion = {int(new)}\n\tbare = true\n{extension}")
    point_at(folder, places)
    if repository.shallow:
        (folder / "shallow").write_bytes((repository.common_dir / "shallow").read_bytes())


def point_at(folder: Path, places: Sequence[Path]) -> None:
    """Let the repository in *folder* take objects from the object folders *places*, and from nowhere else."""
    (folder / "objects/info/alternates").write_bytes(b"".join(map(_quoted, places)))


def _quoted(place: Path) -> bytes:
    """Return *place* as a line of an alternates file, C-quoted where git would misread it."""
    name = os.fsencode(place)
    if b"\n" in name or name.startswith((b'"', b"#")):
        name = b'"' + name.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n") + b'"'
    return name + b"\n"


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """Turn what the system says when *place* cannot be written into our error."""
    try:
        yield
    except OSError as error:
        raise SnapshotError(f"'{error.filename or place}' cannot be written: {error.strerror}") from error
