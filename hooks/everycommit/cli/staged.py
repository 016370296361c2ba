"""The settings file as HEAD and the index have it, for commands that show and do not judge."""

from ..repo.repository import Repository
from ..rules.settings import FILE


def settings_files(repository: Repository) -> tuple[bytes | None, bytes | None]:
    """Return the content of pyproject.toml in HEAD and in the index, None where it is not there.

    Raises:
        RepositoryError: It is there and cannot be read.
    """
    git = repository.git
    paths = ("--", f":(top,literal){FILE}")
    committed = git.out("ls-tree", "-z", "HEAD", *paths) if repository.head else b""
    # A file in conflict has no stage 0: what will be committed is not known yet, so HEAD's stands for it.
    staged = git.out("ls-files", "--stage", "-z", *paths)
    head = _content(repository, committed)
    conflict = b"\t" in staged and not any(_stage(entry) == b"0" for entry in staged.split(b"\0") if entry)
    return head, head if conflict else _content(repository, staged)


def _stage(entry: bytes) -> bytes:
    return entry.partition(b"\t")[0].rpartition(b" ")[2]


def _content(repository: Repository, listing: bytes) -> bytes | None:
    """Return the content of the one entry of *listing*: ``MODE blob ID`` of a tree or ``MODE ID STAGE`` of an index."""
    words = listing.partition(b"\t")[0].split(b" ")
    if not words[0].startswith(b"100"):
        return None
    oid = words[2] if words[1] == b"blob" else words[1]
    return repository.git.out("cat-file", "blob", oid.decode())
