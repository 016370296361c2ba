"""A bare repository of our own beside the user's objects: what we write lands here, and nothing of theirs bends it.

It sees the user's objects through alternates. It has no attributes, no local, user or system settings, no refs and no
remotes, so that neither a staged ``.gitattributes`` nor the user's configuration can hide a line of a diff, and a
missing object of a partial clone is an error, not a download.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..change import GITLINK, FileChange
from ..deadline import Deadline
from ..errors import MissingObjects, RepositoryError
from ..record import replace
from .bare import alternates, lay_out, writing
from .git import Batch, Git
from .patch import NOT_ASKED, TOO_LARGE, complete, parsed
from .repository import Repository

READ_AT_MOST = 32 << 20
BIG_FILE = 1 << 20
_BIG_FILES_LOOKED_AT = 20
_NUL_WITHIN = 8000
"""git calls a file binary when a NUL is among so many first bytes."""

_DIFF = (
    *("-c", f"core.bigFileThreshold={BIG_FILE}"),
    *("diff-tree", "-r", "-M", "--no-rename-empty", "-l1000", "-z", "--raw", "--numstat"),
    *("--full-index", "--no-abbrev", "--no-ext-diff", "--no-textconv", "--no-color"),
)


class Quarantine:
    """Implements ``change.Blobs``. Safe to use from several threads, but for ``index_tree``."""

    def __init__(self, repository: Repository, folder: Path) -> None:
        """Lay it out in *folder*, which is there, empty, and removed by its owner.

        Raises:
            SnapshotError: The folder cannot be written.
        """
        self.folder = folder
        self.objects = folder / "objects"
        # Not named `index`: reading it costs, and a diff has no need of one.
        self.own_index = folder / "copied-index"
        self.alternates = alternates(repository)
        self._repository = repository
        self._batch: Batch | None = None
        self.written_sizes: dict[str, int] = {}
        """Sizes of objects that were written here, by name: git need not be asked."""
        with writing(folder):
            lay_out(folder, repository, self.alternates)
        environ = {name: value for name, value in repository.environ.items() if not name.startswith("GIT_")}
        self.git = Git(
            folder,
            environ
            | {
                "GIT_DIR": str(folder),
                "GIT_CONFIG_NOSYSTEM": "1",
                "GIT_CONFIG_GLOBAL": os.devnull,
                "GIT_ATTR_NOSYSTEM": "1",
                # git before 2.32 does not know GIT_CONFIG_GLOBAL.
                "HOME": str(folder),
                "XDG_CONFIG_HOME": str(folder),
            },
        )

    def close(self) -> None:
        """End the git that waits for questions."""
        if self._batch is not None:
            self._batch.close()
            self._batch = None

    def copied(self, index: Path) -> Path | None:
        """Copy *index* with what belongs to it; return the copy, None where there is no index yet.

        The copy has the original's time: git compares it with the files' to know which of them to look into again.
        """
        try:
            with index.open("rb") as file:
                content, stat = file.read(), os.fstat(file.fileno())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise RepositoryError(f"the index '{index}' cannot be read: {error.strerror}") from error
        copy = self.own_index
        with writing(copy):
            if b"link" in content:
                self._copy_shared(index)
            copy.write_bytes(content)
            os.utime(copy, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        return copy

    def _copy_shared(self, index: Path) -> None:
        """Copy the other half of a split index: reading it in place would freshen its time."""
        for folder in {index.parent, self._repository.git_dir}:
            for shared in folder.glob("sharedindex.*"):
                try:
                    content = shared.read_bytes()
                except FileNotFoundError:
                    continue  # git replaces and expires them while we look
                (self.folder / shared.name).write_bytes(content)

    def index_tree(self, index: Path) -> str:
        """Return the tree that *index* would be committed as; the empty tree where there is no index.

        Raises:
            RepositoryError: Paths are unmerged (they are named), or the index is damaged.
        """
        copy = self.copied(index)
        return self._repository.empty_tree if copy is None else self.written_tree(copy)

    def written_tree(self, index: Path) -> str:
        """Write *index*, one of ours, as a tree."""
        env = {"GIT_INDEX_FILE": str(index)}
        # A blob that a partial clone lacks is no reason to refuse: whoever reads it will say so.
        done = self.git.run("write-tree", "--missing-ok", env=env)
        if done.code == 0:
            return done.out.decode().strip()
        if b"unmerged" in done.err:
            entries = self.git.out("ls-files", "--unmerged", "-z", env=env).split(b"\0")
            paths = sorted({os.fsdecode(entry.split(b"\t", 1)[1]) for entry in entries if entry})
            shown = ", ".join(f"'{path}'" for path in paths[:5]) + (f" and {len(paths) - 5} more" * (len(paths) > 5))
            raise RepositoryError(f"the index has unmerged paths: {shown}; resolve and `git add` them")
        raise self._explained(self.git.failure(("write-tree",), done))

    def tree_of(self, rev_oid: str) -> str:
        """Return the tree of a commit (or tag, or tree).

        Raises:
            RepositoryError: It is not here.
        """
        found = self._ask(f"{rev_oid}^{{tree}}")
        if found is None:
            raise self._explained(MissingObjects(f"the tree of '{rev_oid}' is not here"))
        return found[0]

    def commit(self, oid: str) -> tuple[str, tuple[str, ...]]:
        """Return tree and parents of commit *oid*, whatever a shallow clone or replace refs say.

        Raises:
            RepositoryError: It is not here.
        """
        found = self._ask(oid)
        if found is None or found[1] != "commit":
            raise self._explained(MissingObjects(f"the commit '{oid}' is not here"))
        head = found[2].partition(b"\n\n")[0].decode(errors="replace").split("\n")
        parents = tuple(line.removeprefix("parent ") for line in head if line.startswith("parent "))
        return head[0].removeprefix("tree "), parents

    def read(self, oid: str) -> bytes:
        """Return the content of blob *oid*.

        Raises:
            RepositoryError: The object is not here.
        """
        found = self._ask(oid)
        if found is None:
            raise self._explained(MissingObjects(f"the object '{oid}' is not here"))
        return found[2]

    def sizes(self, oids: Sequence[str]) -> dict[str, int]:
        """Return the size in bytes of each object of *oids* that is here."""
        known = {oid: self.written_sizes[oid] for oid in oids if oid in self.written_sizes}
        if len(known) == len(oids):
            return known
        asked = "".join(f"{oid}\n" for oid in oids if oid not in known).encode()
        answer = self.git.text("cat-file", "--batch-check=%(objectname) %(objectsize)", stdin=asked)
        pairs = (line.split(" ") for line in answer.split("\n"))
        return known | {oid: int(size) for oid, size in pairs if size.isdigit()}

    def entries(self, tree: str, paths: Sequence[str]) -> dict[str, tuple[str, str]]:
        """Return ``{path: (mode, object name)}`` for those of *paths* that stand in *tree*."""
        # Trees are read here rather than with ls-tree: no path is too odd, and no process is started.
        listings: dict[str, dict[bytes, tuple[str, str]]] = {}
        found = {}
        for path in paths:
            entry = ("040000", tree)
            for part in os.fsencode(path).split(b"/"):
                if entry[0] != "040000":
                    break
                if entry[1] not in listings:
                    listings[entry[1]] = self._listing(entry[1])
                below = listings[entry[1]].get(part)
                if below is None:
                    break
                entry = below
            else:
                found[path] = entry
        return found

    def files(self, tree: str) -> dict[str, tuple[str, str]]:
        """Return ``{path: (mode, object name)}`` for all that stands in *tree* but its folders."""
        found: dict[str, tuple[str, str]] = {}
        folders = [(b"", tree)]
        while folders:
            start, oid = folders.pop()
            for name, entry in self._listing(oid).items():
                if entry[0] == "040000":
                    folders.append((start + name + b"/", entry[1]))
                else:
                    found[os.fsdecode(start + name)] = entry
        return found

    def _listing(self, tree: str) -> dict[bytes, tuple[str, str]]:
        if tree == self._repository.empty_tree:
            return {}
        answer = self._ask(tree)
        if answer is None:
            raise self._explained(MissingObjects(f"the tree '{tree}' is not here"))
        return dict(_tree_entries(answer[2], len(tree) // 2))

    def overlay(self, tree: str, entries: Mapping[str, tuple[str, str] | None]) -> str:
        """Return *tree* with *entries* laid over: ``{path: (mode, object name)}``, None drops the path."""
        index = self.folder / f"overlay-{tree}-{os.urandom(8).hex()}"
        env = {"GIT_INDEX_FILE": str(index)}
        try:
            self.git.out("read-tree", tree, env=env)
            self.update(index, entries)
            return self.written_tree(index)
        finally:
            index.unlink(missing_ok=True)

    def update(self, index: Path, entries: Mapping[str, tuple[str, str] | None]) -> None:
        """Lay *entries* over *index*, one of ours; what goes goes first, so that a folder can take a file's place."""
        zero = "0" * len(self._repository.empty_tree)
        gone = [f"0 {zero}\t{path}\0" for path, entry in entries.items() if entry is None]
        come = [f"{entry[0]} {entry[1]}\t{path}\0" for path, entry in entries.items() if entry is not None]
        lines = os.fsencode("".join(gone + come))
        env = {"GIT_INDEX_FILE": str(index)}
        self.git.out("update-index", "-z", "--replace", "--index-info", stdin=lines, env=env)

    def automatic_merge(self, one: str, other: str) -> str | None:
        """Return the tree that git's own merge of two commits has, markers and all; None where it cannot be made."""
        done = self.git.run("merge-tree", "--write-tree", "-z", "--no-messages", one, other)
        tree = done.out.partition(b"\0")[0].decode(errors="replace")
        # 1: with conflicts. git before 2.38 does not know the option, unrelated histories are refused.
        return tree if done.code in {0, 1} and len(tree) == len(self._repository.empty_tree) else None

    def diff(
        self, base: str, target: str, *, patch: bool = True, deadline: Deadline | None = None
    ) -> tuple[FileChange, ...]:
        """Return the files that differ between trees *base* and *target*, in git's order.

        A file of more than 1 MiB counts as binary; where it is text it is ``unread``. So are the files whose part of
        the patch lies past 32 MiB. Without *patch* there are counts and no hunks.

        Raises:
            MissingObjects: A partial clone lacks what it takes; the message says how to get it.
            TimeRanOut: *deadline* passed.
        """
        if base == target:
            return ()
        with self._explaining(base, target):
            files = None
            if patch:
                done = self.git.run(*_DIFF, "--patch", base, target, limit=READ_AT_MOST, deadline=deadline)
                if not done.cut and done.code != 0:
                    raise self.git.failure(("diff-tree",), done)
                if not done.cut or complete(done.out):
                    files = parsed(done.out, cut=done.cut)
            if files is None:
                raw = self.git.out(*_DIFF, base, target, deadline=deadline)
                files = parsed(raw, without=TOO_LARGE if patch else NOT_ASKED)
        return self._told(files)

    def _told(self, files: tuple[FileChange, ...]) -> tuple[FileChange, ...]:
        """Say of big text files that they were not read: git shows them as binary."""
        suspects = [file for file in files if file.binary and GITLINK not in {file.mode, file.old_mode}]
        if not suspects:
            return files
        sizes = self.sizes(sorted({oid for file in suspects for oid in (file.old_id, file.id)}))
        big = [(file.path, oid) for file in suspects for oid in (file.id, file.old_id) if sizes.get(oid, 0) > BIG_FILE]
        unread = {path for path, oid in big[:_BIG_FILES_LOOKED_AT] if not self._has_nul(oid)}
        unread |= {path for path, _ in big[_BIG_FILES_LOOKED_AT:]}
        return tuple(replace(file, unread="larger than 1 MiB") if file.path in unread else file for file in files)

    def _has_nul(self, oid: str) -> bool:
        return b"\0" in self.git.out("cat-file", "blob", oid, limit=_NUL_WITHIN)

    def _ask(self, name: str) -> tuple[str, str, bytes] | None:
        if self._batch is None:
            self._batch = self.git.batch()
        return self._batch.ask(name)

    @contextmanager
    def _explaining(self, base: str, target: str) -> Iterator[None]:
        try:
            yield
        except MissingObjects as error:
            raise self._explained(error, base, target) from error

    def _explained(self, error: Exception, *trees: str) -> RepositoryError:
        """Return *error* with the way on, which depends on why the object is missing."""
        if not isinstance(error, MissingObjects):
            return error if isinstance(error, RepositoryError) else RepositoryError(str(error))
        if _partial(self._repository):
            ours = not trees or any((self.objects / tree[:2] / tree[2:]).exists() for tree in trees)
            ask = "--cached" if ours else " ".join(trees)
            return MissingObjects(
                f"{error}; this is a partial clone: get what the change needs with `git diff --stat {ask}`, "
                "or everything with `git fetch --refetch --no-filter`"
            )
        if self._repository.shallow:
            return MissingObjects(
                f"{error}; this is a shallow clone: get what is missing with `git fetch --unshallow`, "
                "or a part of it with `git fetch --deepen=50`"
            )
        return RepositoryError(f"{error}; the repository is damaged: `git fsck` says more")


def _tree_entries(content: bytes, width: int) -> Iterator[tuple[bytes, tuple[str, str]]]:
    """Yield name, mode and object name of each entry of a tree object, whose names are *width* bytes long."""
    position = 0
    while position < len(content):
        space = content.index(b" ", position)
        end = content.index(b"\0", space)
        mode = content[position:space].decode().zfill(6)
        position = end + 1 + width
        yield content[space + 1 : end], (mode, content[end + 1 : position].hex())


def _partial(repository: Repository) -> bool:
    """Tell whether this clone was made with a filter: git marks the packs that it fetched."""
    try:
        names = os.listdir(repository.objects / "pack")  # noqa: PTH208 - names are enough
    except OSError:
        return False
    return any(name.endswith(".promisor") for name in names)
