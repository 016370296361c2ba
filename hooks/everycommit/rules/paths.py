"""Paths that a change may not touch, and those outside of which it may not go."""

from collections.abc import Iterator, Sequence

from ..change import Blobs, Change, FileChange
from ..result import ERROR, Finding
from ..text import printable
from .globs import matches
from .rule import Rule

SEPARATOR = "::"
"""What stands between a file and a symbol in it."""
_VERBS = {"A": "added", "D": "deleted", "R": "renamed", "T": "replaced by another kind of thing"}


def check(
    change: Change,
    blobs: Blobs,
    *,
    protected: Sequence[str] = (),
    frozen: Sequence[str] = (),
    only: Sequence[str] = (),
) -> list[Finding]:
    """Return a finding for each path (and frozen symbol) that *change* should have left alone.

    *protected*, *frozen* and *only* are globs. An entry of *frozen* with ``::`` names a Python symbol
    (``src/api.py::Client.get``) or all public signatures of a module (``src/api.py::signatures``).
    """
    paths = [entry for entry in frozen if SEPARATOR not in entry]
    symbols = [entry for entry in frozen if SEPARATOR in entry]
    findings = [
        found
        for file in change.files
        for found in (*_closed(file, protected, "protected"), *_closed(file, paths, "frozen"), *_outside(file, only))
    ]
    if not symbols:
        return findings
    # Reading Python takes its time to import.
    from .symbols import frozen_symbols

    return findings + frozen_symbols(change, blobs, symbols)


def _closed(file: FileChange, patterns: Sequence[str], word: str) -> Iterator[Finding]:
    """Yield a finding where *file* touches one of *patterns*, from or to which a rename goes as well."""
    for path in dict.fromkeys((file.source, file.path)):
        if not matches(path, patterns):
            continue
        pattern = next(pattern for pattern in patterns if matches(path, [pattern]))
        yield Finding(
            path=file.path,
            line=_first(file),
            rule=f"policy/{word}-path",
            severity=ERROR,
            message=f"'{printable(path)}' is {word} ('{printable(pattern)}') and was {_verb(file)}",
            hint=f"Leave it as it is: git restore --source=HEAD --staged --worktree -- {printable(path)}",
        )
        return


def _outside(file: FileChange, only: Sequence[str]) -> Iterator[Finding]:
    if not only:
        return
    for path in dict.fromkeys((file.path, file.source)):
        if not matches(path, only):
            shown = ", ".join(f"'{printable(pattern)}'" for pattern in only[:3]) + ("…" if len(only) > 3 else "")
            yield Finding(
                path=file.path,
                line=_first(file),
                rule="policy/out-of-scope",
                severity=ERROR,
                message=f"'{printable(path)}' was {_verb(file)} and is out of scope: only {shown}",
                hint="Commit it by itself, outside of this task, or widen the scope.",
            )
            return


def _verb(file: FileChange) -> str:
    if file.status == "R":
        return f"renamed from '{printable(file.source)}'"
    return _VERBS.get(file.status, "changed")


def _first(file: FileChange) -> int | None:
    """Return the first changed line in the target's file; for a deleted one, the line before."""
    if file.deleted or not file.is_file:
        return None
    for hunk in file.hunks:
        last, removed = hunk.new_start - 1, False
        for line in hunk.lines:
            if line.kind == "+":
                return line.new
            if line.kind == " " and removed:
                return max(last, 1)
            removed = line.kind == "-"
            last = line.new or last
        if removed:
            return max(last, 1)
    return None


_CLIENT = '''class Client:
    """Talks to the server."""

    timeout: float = 5.0

    def get(self, path: str) -> bytes:
        return self.send("GET", path)
'''

RULES = (
    Rule(
        "policy/protected-path",
        ERROR,
        "A path that the settings protect is touched: added, changed, renamed or deleted.",
        "Applied migrations, licences and generated keys have no reason to change in daily work.",
        {"migrations/0001.sql": ("CREATE TABLE a (id int);\n", "CREATE TABLE a (id text);\n")},
        {"src/a.py": ("A = 1\n", "A = 2\n")},
        "Leave the path as it is, or take it out of policy.protected in a commit by itself.",
    ),
    Rule(
        "policy/frozen-path",
        ERROR,
        "A path that is frozen for this task is touched.",
        "What others build on at this moment has to stay as they know it.",
        {"src/types.py": ("Id = int\n", "Id = str\n")},
        {"src/nav.py": ("A = 1\n", "A = 2\n")},
        "Leave the path as it is; ask for it to be unfrozen if the task cannot be done without.",
    ),
    Rule(
        "policy/out-of-scope",
        ERROR,
        "A path outside the task's scope is touched.",
        "A change that wanders is hard to review and hard to take back.",
        {"setup.py": ("A = 1\n", "A = 2\n")},
        {"src/nav/icons.py": ("A = 1\n", "A = 2\n")},
        "Commit it by itself, outside of this task, or widen the scope.",
    ),
    Rule(
        "policy/frozen-symbol",
        ERROR,
        "A Python symbol, or a signature of a module, that is frozen for this task is changed, moved or deleted.",
        "Others build on the interface; comments, layout and what stands around it are free.",
        {"src/api.py": (_CLIENT, _CLIENT.replace("path: str", "path: str, retries: int = 3"))},
        {
            "src/api.py": (
                _CLIENT,
                "import logging\n\n\n# The only way in.\n" + _CLIENT + "\n\nLOG = logging.getLogger()\n",
            )
        },
        "Put the symbol back as it was; ask for it to be unfrozen if the task cannot be done without.",
    ),
)
EXAMPLES = {
    "policy/protected-path": {"protected": ("migrations/**",)},
    "policy/frozen-path": {"frozen": ("src/types.py",)},
    "policy/out-of-scope": {"only": ("src/nav/**",)},
    "policy/frozen-symbol": {"frozen": ("src/api.py::Client",)},
}
"""The settings under which a rule's examples are judged."""
