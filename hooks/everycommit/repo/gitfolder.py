"""Makes a snapshot a throw-away repository, for test suites that call git: the setting ``snapshot.git``."""

from pathlib import Path

from ..errors import RepositoryError, SnapshotError
from .bare import lay_out
from .cache import WAY_ON, remove
from .git import Git
from .layout import isolated
from .quarantine import Quarantine
from .repository import Repository
from .slot import Slot

_IDENTITY = "[user]\n\tname = everycommit\n\temail = everycommit@localhost\n"
_WHO = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "everycommit"), ("EMAIL", "everycommit@localhost"), ("DATE", "@0 +0000"))
}


def give_git(slot: Slot, tree: str, repository: Repository, quarantine: Quarantine) -> None:
    """Put a repository with one commit of *tree*, on branch ``main``, into the slot's tree.

    It is swept away like everything that is not in the tree.

    Raises:
        SnapshotError: It cannot be made.
    """
    folder = slot.tree / ".git"
    try:
        remove(folder)
        lay_out(folder, repository, (quarantine.objects, *quarantine.alternates))
        (folder / "shallow").unlink(missing_ok=True)
        _configure(folder)
        env = isolated(repository, slot.folder) | _WHO | {"GIT_DIR": str(folder), "GIT_WORK_TREE": str(slot.tree)}
        commit = Git(slot.tree, env).text("commit-tree", tree, "-m", "snapshot")
        (folder / "refs/heads").mkdir()
        (folder / "refs/heads/main").write_text(f"{commit}\n")
        # The slot's own index describes the very same files.
        (folder / "index").write_bytes((slot.git / "index").read_bytes())
    except OSError as error:
        raise SnapshotError(f"cannot make the repository '{folder}': {error.strerror}; {WAY_ON}") from error
    except RepositoryError as error:
        raise SnapshotError(f"cannot make the repository '{folder}': {error}") from error


def _configure(folder: Path) -> None:
    config = folder / "config"
    config.write_text(config.read_text().replace("bare = true", "bare = false") + _IDENTITY)
    (folder / "HEAD").write_text("ref: refs/heads/main\n")
