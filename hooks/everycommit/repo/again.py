"""Whether a pair of trees that passed would pass again, told by a Python that has loaded next to nothing.

What a verdict takes is mostly imports. So beside the ledger lies, for each of the last pairs that simply passed, all
that their verdicts depend on outside the trees, as the files and variables that stand for it (``pairs`` writes it,
``known`` says what it holds, and the shell's ``fastpath`` goes the same way for one pair). Here it is compared, as
text, with what is there now. Trees come from git, by the questions that the readers ask: ``read.staged``,
``push.pushed``. In any doubt the answer is None, and the usual run judges.
"""

import os
import sys

from ..digest import sha256
from ..errors import EverycommitError
from .child import NEVER, Child, talk
from .surroundings import ALWAYS, OPTIONS, executable, reading_environment

TYPE_CHECKING = False  # typing's own takes a third of a Python start
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FORMAT = "everycommit again 1"
OTHERS = ("LC_", "PYENV_", "EVERYCOMMIT_", "GITHEAD_", "PRE_COMMIT")
"""Beginnings of names that count: one that was not written down is a case for the usual run."""
FORBIDDEN = (
    *("GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES"),
    *("GIT_NAMESPACE", "GIT_SHALLOW_FILE", "SKIP"),
)
"""Variables with which only the usual run knows what is committed, or what is left out of the verdict."""
FRAMEWORK = "PRE_COMMIT"
"""What pre-commit and prek set for their hooks; where the first keeps its files says nothing of a verdict."""
NO_MATTER = frozenset({FRAMEWORK, "PRE_COMMIT_HOME"})
RAW = ("--raw", "-z", "-r", "--no-renames", "--ignore-submodules=none", "--no-ext-diff", "--no-textconv")
"""How git says what one tree, or the index, has that another has not: modes, ids and paths, and nothing of settings."""
_REFS = "refs/heads/"


class Again:
    """A pair that passed and would pass again."""

    __slots__ = ("base", "base_commit", "git_dir", "judged_at", "occasion", "ref", "staged", "symbol", "tree")

    def __init__(
        self, git_dir: str, occasion: str, base: str, tree: str, base_commit: str, *, ref: str = "", staged: bool = True
    ) -> None:
        self.git_dir = git_dir
        self.occasion = occasion
        self.base = base
        """A tree, as ``tree``."""
        self.tree = tree
        self.base_commit = base_commit
        self.ref = ref
        """Of a push, the remote's."""
        self.staged = staged
        """Whether it is what the index holds; else HEAD's own pair, as nothing is staged."""
        self.judged_at = 0.0
        """Seconds since 1970."""
        self.symbol = ""
        """For a pass, as the stream that it was first told on can show it."""


def committed(environ: "Mapping[str, str]", top: str) -> Again | None:
    """Return what a commit made now in *top*, the current folder, would be, where that passed and would again."""
    git_dir = _git_dir(environ)
    if not _usual(git_dir, environ) or _there(git_dir, "MERGE_HEAD"):
        return None
    try:
        code, raw = _git(environ, "diff-index", "--cached", "--ita-invisible-in-index", *RAW, "HEAD", "--")
        names = [name for name in _listed(place_of(git_dir)) if name.startswith("commit-")]
        if raw:
            names = [name for name in names if name.endswith(f"-{told(raw)}")]
        if code or not names:
            return None
        heads = _heads(environ)
        found = _on_top(git_dir, heads[0], names) if raw else _head(git_dir, heads, environ)
        return found if found and _holds(found, environ, top) else None
    except (EverycommitError, OSError, ValueError, IndexError):
        return None


def pushed(remote: str, lines: "Sequence[str]", environ: "Mapping[str, str]", top: str) -> Again | None:
    """Return what *lines* (those of pre-push) bring to *remote*, where it is one branch that passed and would again."""
    git_dir = _git_dir(environ)
    if len(lines) != 1 or not _usual(git_dir, environ, alone=False):
        return None
    local_ref, local, ref, old = ([""] * 3 + lines[0].rsplit(" ", 3))[-4:]
    if not (local_ref.startswith(_REFS) and ref.startswith(_REFS) and _oid(local) and _oid(old) and local.strip("0")):
        return None
    if not remote or any(sign in remote for sign in "*?[\\:"):
        return None
    # As push.pushed asks it; where the remote's commit is not here, git says so and the usual run goes on.
    known = [f"--remotes={remote}", *([old] if old.strip("0") else [])]
    try:
        code, out = _git(environ, "rev-list", "--boundary", "--format=%T", local, "--not", *known)
        listed = out.decode("ascii").split()
        trees = dict(zip(listed[1::3], listed[2::3], strict=True))
        bases = [oid for oid in trees if oid.startswith("-")]
        if code or len(bases) != 1 or local not in trees:
            return None
        again = Again(git_dir, "push", trees[bases[0]], trees[local], bases[0][1:], ref=ref)
        return again if _holds(again, environ, top) else None
    except (EverycommitError, OSError, ValueError):
        return None


def place_of(git_dir: str) -> str:
    """Return the folder with what was written down for the working tree with *git_dir*."""
    return f"{git_dir}/everycommit/again"


def name_of(occasion: str, base: str, tree: str, change: str = "") -> str:
    """Return the file name of a pair of trees, whose difference is ``told`` by *change*; without that its beginning."""
    return f"{occasion}-{base}-{tree}-{change}"


def told(raw: bytes) -> str:
    """Return what stands for a change, by git's words (``RAW``) for it: from one tree it leads to one other."""
    return sha256(raw).hexdigest()


def search_path(text: str) -> str:
    """Return PATH without git's own folder, which git puts first for a hook."""
    first, colon, rest = text.partition(os.pathsep)
    return rest if colon and first.endswith("/git-core") else text


def looked_at(found: os.stat_result) -> str:
    """Return what stands for a file: device, inode, size and times to the nanosecond."""
    return f"{found.st_dev}:{found.st_ino} {found.st_size} {stamp(found.st_mtime_ns)} {stamp(found.st_ctime_ns)}"


def stamp(nanoseconds: int) -> str:
    """Return a time as ``stat`` prints it: seconds with nine digits behind the point."""
    return f"{nanoseconds // 10**9}.{nanoseconds % 10**9:09d}"


def _usual(git_dir: str, environ: "Mapping[str, str]", *, alone: bool = True) -> bool:
    """Tell whether anything is known here, and nothing goes on that has to be told or waited for."""
    if not os.path.isdir(place_of(git_dir)) or any(name in environ for name in FORBIDDEN):
        return False
    folders = [git_dir]
    if not alone:
        common = _common(git_dir)
        folders = [common, *(f"{common}/worktrees/{name}" for name in _listed(f"{common}/worktrees"))]
    return not any(_there(folder, "everycommit/background") for folder in folders)


def _git_dir(environ: "Mapping[str, str]") -> str:
    """Return git's folder for the current folder, where that is a working tree's root."""
    named = environ.get("GIT_DIR", ".git")
    if os.path.isfile(named):
        with open(named, encoding="utf-8", errors="surrogateescape") as file:
            named = file.read(4096).removeprefix("gitdir: ").rstrip("\n")
    return os.path.realpath(named)


def _common(git_dir: str) -> str:
    try:
        with open(f"{git_dir}/commondir", encoding="utf-8", errors="surrogateescape") as file:
            return os.path.realpath(os.path.join(git_dir, file.read(4096).rstrip("\n")))
    except FileNotFoundError:
        return git_dir


def _there(folder: str, name: str) -> bool:
    return os.path.lexists(f"{folder}/{name}")


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _heads(environ: "Mapping[str, str]") -> list[tuple[str, str, int]]:
    """Return commit, tree and number of parents of HEAD and of its first parent, as far as they are there."""
    code, out = _git(environ, "cat-file", "--batch", stdin=b"HEAD\nHEAD^1\n")
    found = []
    while out and code == 0:
        header, _, out = out.partition(b"\n")
        parts = header.decode("ascii").split(" ")
        if len(parts) != 3 or parts[1] != "commit":
            break
        content, out = out[: int(parts[2])], out[int(parts[2]) + 1 :]
        tree, *rest = content.decode("utf-8", "replace").split("\nauthor ", 1)[0].split("\nparent ")
        found.append((parts[0], tree.removeprefix("tree "), len(rest)))
    return found


def _on_top(git_dir: str, head: tuple[str, str, int], names: "Sequence[str]") -> Again | None:
    """Return that one of the pairs *names* which is on top of *head*."""
    for name in names:
        _, base, tree, _ = name.split("-")
        if base == head[1]:
            return Again(git_dir, "commit", base, tree, head[0])
    return None


def _head(git_dir: str, heads: "Sequence[tuple[str, str, int]]", environ: "Mapping[str, str]") -> Again | None:
    """Return HEAD's own pair: of a new message, or a commit of nothing, what it stands on answers.

    One that is on no branch may be a stranger's, and a framework may have been asked for all files.
    """
    if len(heads) < 2 or heads[0][2] != 1 or FRAMEWORK in environ:
        return None
    with open(f"{git_dir}/HEAD", encoding="utf-8", errors="replace") as at:
        if not at.read().startswith(f"ref: {_REFS}"):
            return None
    return Again(git_dir, "commit", heads[1][1], heads[0][1], heads[1][0], staged=False)


def _holds(again: Again, environ: "Mapping[str, str]", top: str) -> bool:
    """Tell whether all that the verdict depends on is as it was; write into *again* when that was."""
    place = place_of(again.git_dir)
    beginning = name_of(again.occasion, again.base, again.tree)
    pair = next((name for name in _listed(place) if name.startswith(beginning)), "")
    rest, _, digest = _read(f"{place}/{pair}").removesuffix(b"\n").rpartition(b"\n")
    kind, own, name, at, again.symbol = rest.decode().split("\n")
    facts = _read(f"{place}/{name}")
    if (
        (kind, own) != (FORMAT, pair)
        or sha256(rest).hexdigest().encode() != digest
        or sha256(facts).hexdigest() != name
    ):
        return False
    again.judged_at = float(at)
    lines = facts.decode().removesuffix("\n").split("\n")
    if lines[:5] != [FORMAT, *own_places(), top, _common(again.git_dir)]:
        return False
    variables = lines[6 : (end := 6 + int(lines[5]))]
    present = lines[end + 1 : (last := end + 1 + int(lines[end]))]
    return _surrounded(variables, environ) and _stands(present, lines[last:])


def own_places() -> list[str]:
    """Return what this Python is, and where our package lies."""
    return [sys.executable, os.path.dirname(os.path.dirname(os.path.abspath(__file__)))]


def _surrounded(variables: "Sequence[str]", environ: "Mapping[str, str]") -> bool:
    """Tell whether the variables that count have the values that were written down: ``NAME=value``, or ``NAME``."""
    names = {line.partition("=")[0] for line in variables}
    if any(name.startswith(OTHERS) and name not in names and name not in NO_MATTER for name in environ):
        return False
    return all(line == variable(line.partition("=")[0], environ) for line in variables)


def variable(name: str, environ: "Mapping[str, str]") -> str:
    """Return the line for a variable."""
    if name not in environ:
        return name
    return f"{name}={search_path(environ[name]) if name == 'PATH' else environ[name]}"


def _stands(present: "Sequence[str]", absent: "Sequence[str]") -> bool:
    for line in present:
        path = line.split(" ", 4)[4]
        if f"{looked_at(os.stat(path))} {path}" != line:
            return False
    return not any(map(os.path.lexists, absent))


def _read(path: str) -> bytes:
    """Return what is in a file of ours.

    Raises:
        OSError: It is not there, not a file, or another user's.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with open(handle, "rb") as file:
        if os.fstat(handle).st_uid != os.geteuid():
            raise PermissionError(path)
        return file.read()


def _oid(text: str) -> bool:
    return len(text) in {40, 64} and not text.strip("0123456789abcdef")


def _git(environ: "Mapping[str, str]", *argv: str | bytes, stdin: bytes = b"") -> tuple[int, bytes]:
    """Return the exit code of git and what it printed; its own words on what went wrong are nobody's here."""
    env = {name: value for name, value in reading_environment(environ).items() if name not in NEVER} | ALWAYS
    program = executable(env)
    child = Child(
        program, [os.fsencode(word) for word in (program, *OPTIONS, *argv)], env, stdin=bool(stdin), quiet=False
    )
    try:
        out, _, _ = talk(child, stdin, None, None)
        return child.wait(), out
    finally:
        child.close()
