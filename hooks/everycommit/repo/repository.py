"""Where the user's repository is: one question to git with all the answers."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from ..errors import RepositoryError, UsageError
from ..record import dataclass, field
from .git import OLDEST, Done, Git, last_words, too_old
from .surroundings import reading_environment

_FACTS = ("--is-bare-repository", "--show-object-format")
_PLACES = ("--absolute-git-dir", "--git-common-dir", "--git-path", "objects", "--show-toplevel")
_HEAD = ("HEAD", "HEAD^{tree}")
# The hash of an empty tree, as `git hash-object -t tree /dev/null` prints it in repositories of both kinds.
_EMPTY_TREES = {
    "sha1": "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "sha256": "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}


@dataclass(frozen=True, slots=True)
class Repository:
    """The user's repository as the hook or the command found it; all paths are absolute."""

    top: Path
    """The working tree's root."""
    git_dir: Path
    common_dir: Path
    objects: Path
    main_worktree: Path
    """Root of the main working tree; the same as ``top`` unless this is a linked one, or the main one is bare."""
    object_format: str
    """sha1 or sha256."""
    empty_tree: str
    index: Path
    """The index of the commit in progress: in ``commit -a``, ``-p`` and ``--only`` it is not ``git_dir/index``."""
    head: str | None
    """None where there is no commit yet."""
    head_tree: str | None
    git: Git
    """git in ``top``, for reading only."""
    environ: Mapping[str, str] = field(repr=False)
    """The environment that ``git`` runs in: what git gave the hook, made absolute."""

    @property
    def base_tree(self) -> str:
        """HEAD's tree; the empty one where there is no commit yet."""
        return self.head_tree or self.empty_tree

    @property
    def shallow(self) -> bool:
        return (self.common_dir / "shallow").exists()

    def inside(self, full: Path) -> str | None:
        """Return absolute *full* from the root with slashes; None where it is not in there, or the root itself."""
        return full.relative_to(self.top).as_posix() if full.is_relative_to(self.top) and full != self.top else None

    def ignored(self, paths: Iterable[str]) -> frozenset[str]:
        """Return those of *paths*, from the root, that git ignores in the working tree.

        Raises:
            RepositoryError: git does not say, of a path behind a symbolic link for example.
        """
        listed = b"".join(os.fsencode(path) + b"\0" for path in paths)
        if not listed:
            return frozenset()
        done = self.git.run("check-ignore", "-z", "--stdin", stdin=listed)
        if done.code not in {0, 1}:
            raise RepositoryError("git check-ignore does not say which files are ignored")
        return frozenset(os.fsdecode(path) for path in done.out.split(b"\0")[:-1])


def discover(cwd: Path, environ: Mapping[str, str]) -> Repository:
    """Find the repository that *cwd* and git's own variables in *environ* point to.

    Raises:
        UsageError: There is none, it is bare, git does not trust its owner, or git is missing or too old.
        RepositoryError: It is damaged.
    """
    if not cwd.is_dir():
        raise UsageError(f"'{cwd}' is not a folder; go into a repository")
    cwd = cwd.resolve()
    reading = reading_environment(environ)
    git = Git(cwd, reading)
    argv = ("rev-parse", *_FACTS, *_PLACES, *_HEAD)
    done = git.run(*argv)
    lines = os.fsdecode(done.out).removesuffix("\n").split("\n")
    if lines[0] == "true":
        raise _bare(cwd)
    if len(lines) < 2 or (done.code != 0 and "HEAD" not in lines):
        raise _refusal(git, cwd, done)
    if done.code == 0 and len(lines) == 8:
        # A file of that name is what an unborn HEAD "stands" for.
        places, head = lines[2:6], None if lines[6] == "HEAD" else (lines[6], lines[7])
    elif done.code != 0 and len(lines) == 7:
        places, head = lines[2:6], None
    else:
        places, head = _one_by_one(git), _head(git)
    if head is None:
        _must_be_unborn(git, cwd / places[1], done)
    return _repository(cwd, reading, lines[1], places, head)


def _repository(
    cwd: Path, environ: dict[str, str], object_format: str, places: list[str], head: tuple[str, str] | None
) -> Repository:
    if object_format not in _EMPTY_TREES:
        raise RepositoryError(f"'{cwd}': object format '{object_format}' is not known; update everycommit")
    git_dir, common_dir, objects, top = (Path(os.path.realpath(cwd / place)) for place in places)
    index = environ.get("GIT_INDEX_FILE")
    # From here on git is started at the top: whatever was relative to the current folder is no longer.
    fixed = environ | {"GIT_DIR": str(git_dir), "GIT_WORK_TREE": str(top)}
    for name in ("GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR", "GIT_SHALLOW_FILE"):
        if environ.get(name):
            fixed[name] = os.path.normpath(cwd / environ[name])
    if environ.get("GIT_ALTERNATE_OBJECT_DIRECTORIES"):
        fixed["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = os.pathsep.join(
            os.path.normpath(cwd / place) if place and not place.startswith('"') else place
            for place in environ["GIT_ALTERNATE_OBJECT_DIRECTORIES"].split(os.pathsep)
        )
    return Repository(
        top=top,
        git_dir=git_dir,
        common_dir=common_dir,
        objects=objects,
        main_worktree=_main_worktree(top, git_dir, common_dir),
        object_format=object_format,
        empty_tree=_EMPTY_TREES[object_format],
        index=Path(fixed["GIT_INDEX_FILE"]) if index else git_dir / "index",
        head=head[0] if head else None,
        head_tree=head[1] if head else None,
        git=Git(top, fixed),
        environ=fixed,
    )


def _main_worktree(top: Path, git_dir: Path, common_dir: Path) -> Path:
    if git_dir == common_dir:
        return top
    # Without a folder named `.git` the main repository is bare or keeps its git folder elsewhere.
    return common_dir.parent if common_dir.name == ".git" else top


def _one_by_one(git: Git) -> list[str]:
    """Ask for each path alone: one of them holds a newline."""
    return [git.text("rev-parse", *ask) for ask in (_PLACES[:1], _PLACES[1:2], _PLACES[2:4], _PLACES[4:])]


def _head(git: Git) -> tuple[str, str] | None:
    done = git.run("rev-parse", *_HEAD)
    head, _, head_tree = done.out.decode().strip().partition("\n")
    return None if done.code != 0 or head == "HEAD" else (head, head_tree)


def _must_be_unborn(git: Git, common_dir: Path, done: Done) -> None:
    """Tell a HEAD without commits from one that points at something which cannot be read."""
    branch = git.run("symbolic-ref", "--quiet", "HEAD")
    if branch.code != 0 or (common_dir / os.fsdecode(branch.out.strip())).exists():
        raise RepositoryError(f"'{git.directory}': HEAD cannot be read: {last_words(done)}; `git fsck` says more")


def _bare(cwd: Path) -> UsageError:
    if ".git" in cwd.parts:
        return UsageError(f"'{cwd}' is inside a git folder, not in a working tree; go to the working tree")
    return UsageError(f"'{cwd}' is a bare repository, without a working tree; run everycommit in a clone of it")


def _refusal(git: Git, cwd: Path, done: Done) -> UsageError | RepositoryError:
    """Return what git's refusal to look means, in our words where we know them."""
    said = done.err.decode(errors="replace")
    if "not a git repository" in said:
        return UsageError(f"'{cwd}' is not in a git repository; go into one, or make one with `git init`")
    if "cannot use bare repository" in said or "must be run in a work tree" in said:
        return _bare(cwd)
    if "dubious ownership" in said or "unsafe repository" in said:
        remedy = next((line.strip() for line in said.splitlines() if "--add safe.directory" in line), "")
        return UsageError(f"'{cwd}' belongs to somebody else, and git does not read it; if you trust it: {remedy}")
    version = git.version()
    if version < OLDEST:
        return too_old(version)
    return RepositoryError(f"'{cwd}': git cannot read this repository: {last_words(done)}")
