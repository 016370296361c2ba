r"""What changed: a pair of trees, and all that is derived from the pair.

Paths run from the repository's root with ``/`` between the parts and are text made by ``os.fsdecode``: a byte that
is not UTF-8 is a lone surrogate, and ``os.fsencode`` gives the true bytes back. Lines are split on ``\\n`` alone and
count from 1.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from .record import dataclass, field

ABSENT = "000000"
LINK = "120000"
GITLINK = "160000"


class Line(NamedTuple):
    """One line of a hunk; ``text`` has no newline at its end."""

    kind: str
    """``" "`` context, ``"+"`` added, ``"-"`` removed."""
    old: int | None
    new: int | None
    text: str


class Hunk(NamedTuple):
    """A stretch of changed lines with its context."""

    old_start: int
    old_count: int
    new_start: int
    new_count: int
    section: str
    """What git shows behind the second ``@@``: usually the enclosing function."""
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """One path that differs between the two trees."""

    path: str
    status: str
    """git's letter: A added, D deleted, M modified, R renamed, T type changed."""
    old_path: str | None = None
    """Where a renamed file was; None otherwise."""
    old_mode: str
    mode: str
    """Six octal digits as git prints them; ``ABSENT`` on the side where the path is not."""
    old_id: str
    id: str
    """Object names; zeros on the side where the path is not."""
    added: int = 0
    removed: int = 0
    binary: bool = False
    hunks: Sequence[Hunk] = field(default=(), compare=False, repr=False)
    """Empty for a binary file, a pure rename and a mode change; see ``unread``."""
    unread: str | None = field(default=None, compare=False)
    """Why the hunks are not here although lines changed; None when they are."""

    @property
    def source(self) -> str:
        """The path that the old content had."""
        return self.old_path or self.path

    @property
    def deleted(self) -> bool:
        return self.mode == ABSENT

    @property
    def is_file(self) -> bool:
        """Whether a regular file (not a link, a submodule or nothing) stands at the path in the target."""
        return self.mode.startswith("100")

    @property
    def was_file(self) -> bool:
        return self.old_mode.startswith("100")

    def added_lines(self) -> list[Line]:
        return [line for hunk in self.hunks for line in hunk.lines if line.kind == "+"]

    def removed_lines(self) -> list[Line]:
        return [line for hunk in self.hunks for line in hunk.lines if line.kind == "-"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """From tree *base* to tree *target* (git object names)."""

    base: str
    target: str
    parents: tuple[str, ...]
    """Trees that a finding may be old in; empty for a first commit and for all files."""
    files: tuple[FileChange, ...]
    """base to target: what the author did. Policy and review judge these."""
    landing: tuple[FileChange, ...]
    """First parent to target: what arrives on the branch. Lint, types and tests judge these.

    The same as ``files`` except in a merge, whose base is git's own automatic merge of the parents.
    """

    @property
    def empty(self) -> bool:
        return not self.files and not self.landing

    @property
    def whole(self) -> bool:
        """Whether there is no older tree: a first commit, or all files."""
        return not self.parents

    @property
    def added(self) -> int:
        return sum(file.added for file in self.files)

    @property
    def removed(self) -> int:
        return sum(file.removed for file in self.files)

    def touches(self, path: str, line: int) -> bool:
        """Tell whether *line* of *path* in the target was added by this change."""
        return any(added.new == line for file in self.files if file.path == path for added in file.added_lines())


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A change and where it came from. Gates never see this, only the change."""

    change: Change
    occasion: str
    """commit, push or ci."""
    ref: str | None = None
    base_commit: str | None = None
    target_commit: str | None = None
    foreign: bool = False
    """Whether the target commit is on no local branch: its code is not run unless asked."""
    notes: tuple[str, ...] = ()
    """Sentences that the verdict has to say: what could not be seen, what was assumed."""
    rules: str | None = None
    """The tree whose settings judge; None: the first parent's."""


class Blobs(Protocol):
    """The contents behind object names."""

    def read(self, oid: str) -> bytes:
        """Return the content of blob *oid*.

        Raises:
            RepositoryError: The object is not here.
        """
        ...

    def sizes(self, oids: Sequence[str]) -> dict[str, int]:
        """Return the size in bytes of each object of *oids* that is here."""
        ...

    def entries(self, tree: str, paths: Sequence[str]) -> dict[str, tuple[str, str]]:
        """Return ``{path: (mode, object name)}`` for those of *paths* that stand in *tree*."""
        ...

    def files(self, tree: str) -> dict[str, tuple[str, str]]:
        """Return ``{path: (mode, object name)}`` for all that stands in *tree* but its folders."""
        ...
