"""Git hooks: what stands where git looks for them, and the script that we put there.

A hook of ours is a POSIX shell script whose second line is the marker ``# everycommit hook VERSION DIGEST``; DIGEST is
over all that follows, in this and every later version, so that any version can tell an untouched hook from an edited
one. A hook that was there first is kept beside ours under ``<hook>.before-everycommit``, byte for byte with its mode,
and called first.
"""

import hashlib
import os
import re
import shlex
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from ..errors import RepositoryError, UsageError
from .fastpath import Fast, lines
from .judged import AFTER
from .repository import Repository

HOOKS = ("pre-commit", "pre-merge-commit", "pre-push")
OPTIONAL = ("post-commit",)
"""Written where somebody asked for it."""
VERSION = 1
BEFORE = ".before-everycommit"

_MARKER = re.compile(rb"\A#![^\n]*\n# everycommit hook (\d+) ([0-9a-f]{16})\n")
_MADE = re.compile(rb"^# folders made: (\d+)$", re.MULTILINE)
_PYTHON = re.compile(rb"^python=(.*?)^case ", re.MULTILINE | re.DOTALL)
_READS_ITS_NAME = re.compile(rb"basename[^\n]*\$\{?0|\$\{0##")
_ASKS_WHETHER_SOURCED = re.compile(rb"BASH_SOURCE|\(\s*return\b")
_SHELLS = ("sh", "dash", "bash", "ksh")  # not zsh, which changes $0 while it reads a file in
_FLAGS = re.compile(r"-[A-Za-z]+")
_MANAGERS = {
    b"j178/prek": "prek",
    b"pre-commit.com": "pre-commit",
    b"lefthook": "lefthook",
    b"husky": "husky",
    b"overcommit": "overcommit",
    b"hk run ": "hk",
}
_BESIDE = "EVERYCOMMIT_BESIDE"  # read in cli/hook.py
# A program in ruby asks for its own name with $0 alone, so it is read in under the old one.
_UNDER_ITS_NAME = "before, $0 = ARGV.shift(2); load File.expand_path(before)"

_HEAD = """\
# Written by `everycommit install`; `everycommit uninstall` takes it back. Edited, it is left alone by both.
"""
_FIND = """\
case $0 in */*) here=${0%/*} ;; *) here=. ;; esac
"""
# git gives the pushed refs on stdin once, and two have to read them: a here-document holds them for each.
# An empty one still has a newline, hence /dev/null. No pipe: `exec` must leave git as our parent.
_READ_ONCE = """\
    lines=$(cat)
    again() {
        if [ -z "$lines" ]; then exec </dev/null; return; fi
        exec <<REFS
$lines
REFS
    }
    again
"""
# Installed anew, these two move ours aside and call it: calling their older script back would be a circle.
_CALLED_BY_IT = ' && [ -z "${PRE_COMMIT_RUNNING_LEGACY-}${PREK_RUNNING_LEGACY-}" ]'
_END = """\
if command -v everycommit >/dev/null 2>&1; then
    exec everycommit hook NAME "$@"
fi
printf 'everycommit: not verified: %s is gone and no everycommit is on the PATH. Install it again and run `everycommit install`, or delete %s\\n' "$python" "$0" >&2
exit 2
"""  # noqa: E501 - one line of the script
_START = """\
try:
    from everycommit.cli.main import main
except ImportError as error:
    import sys
    print(f"everycommit: not verified: {sys.executable} cannot load everycommit any more ({error}).",
          "Install it there, or run `everycommit install` from where it is now.", file=sys.stderr)
    raise SystemExit(2)
raise SystemExit(main())
"""


class Kind(StrEnum):
    """Whose file stands where git looks for a hook."""

    ABSENT = "absent"
    OURS = "ours"
    EDITED = "edited"
    """It carries our marker, but not the text that we wrote under it."""
    FOREIGN = "foreign"


class Hook(NamedTuple):
    """What stands at one hook's place."""

    name: str
    path: Path
    kind: Kind
    content: bytes = b""
    """Empty for a link that leads nowhere."""
    runs: bool = False
    """Whether git would call it: git passes over a file that is not executable."""
    version: int | None = None
    """The marker's number, of ours and of an edited one."""

    @property
    def before(self) -> Path:
        return self.path.with_name(self.name + BEFORE)

    @property
    def made(self) -> int:
        """How many folders were made to hold a hook of ours."""
        found = _MADE.search(self.content) if self.kind is Kind.OURS else None
        return int(found[1]) if found else 0

    @property
    def python(self) -> str | None:
        """The interpreter that a hook of ours starts."""
        found = _PYTHON.search(self.content)
        return shlex.split(os.fsdecode(found[1]))[0] if found else None

    def supersedes(self, kept: "Hook") -> bool:
        """Tell whether a foreign hook is *kept* itself, or what the hook manager that wrote it made of it since."""
        return kept.content == self.content or (self.manager is not None and kept.manager == self.manager)

    @property
    def manager(self) -> str | None:
        """The hook manager that wrote a foreign hook, where its text tells."""
        if self.kind is not Kind.FOREIGN:
            return None
        if ".husky" in self.path.parts:
            return "husky"
        return next((name for sign, name in _MANAGERS.items() if sign in self.content), None)


def hooks_folder(repository: Repository) -> Path:
    """Return the folder in which git looks for hooks, absolute; it may not exist.

    Source: ``git rev-parse --git-path`` knows core.hooksPath, also relative to the top, and that linked
    worktrees share the common folder.

    Raises:
        UsageError: core.hooksPath names something that cannot be a folder.
    """
    # Asked for a hook, not for the folder: with an empty core.hooksPath git looks in "/" but calls the folder "./".
    hook = repository.git.text("rev-parse", "--git-path", "hooks/pre-commit")
    folder = Path(os.path.normpath(repository.top / hook)).parent
    solid = next(path for path in (folder, *folder.parents) if os.path.lexists(path))
    if folder == Path("/") or not solid.is_dir():
        raise UsageError(
            f"core.hooksPath is {str(folder)!r}, which is no folder, so git runs no hooks here; "
            "`git config --show-origin core.hooksPath` says who set it, `git config --unset core.hooksPath` undoes it"
        )
    return folder


def looked_after(folder: Path) -> tuple[str, ...]:
    """Return the names of the hooks that are ours to keep in *folder*: all but those that nobody asked for."""
    there = [look(folder, name) for name in OPTIONAL]
    ours = {Kind.OURS, Kind.EDITED}
    return (*HOOKS, *(hook.name for hook in there if hook.kind in ours or os.path.lexists(hook.before)))


def look(folder: Path, name: str) -> Hook:
    """Return what stands in *folder* under *name*, a hook's name or one with a suffix.

    Raises:
        RepositoryError: A folder stands there, or the file cannot be read.
    """
    path = folder / name
    if not os.path.lexists(path):
        return Hook(name, path, Kind.ABSENT)
    if path.is_dir():
        raise RepositoryError(f"{path} is a folder, not a hook; move it away")
    try:
        content = path.read_bytes() if path.exists() else b""
    except OSError as error:
        raise RepositoryError(f"cannot read the hook {path}: {error.strerror}") from error
    runs = os.access(path, os.X_OK)
    marker = _MARKER.match(content)
    if marker is None:
        return Hook(name, path, Kind.FOREIGN, content, runs)
    kind = Kind.OURS if _digest(content[marker.end() :]) == marker[2] and not path.is_symlink() else Kind.EDITED
    return Hook(name, path, kind, content, runs, int(marker[1]))


def script(
    name: str, start: Sequence[str], *, made: int = 0, before: Hook | None = None, fast: Fast | None = None
) -> bytes:
    """Return the hook *name* as a POSIX shell script.

    *start* is the interpreter and its options, *made* how many folders were made to hold the hook, *before* the hook
    that was there first: how it is called depends on its text. With *fast* a commit that passed before is answered
    without Python.
    """
    python, *options = start
    call = shlex.join([*options, "-c", _START])
    body = _HEAD + f"# folders made: {made}\n" * bool(made)
    body += f"python={shlex.quote(python)}\n" + _FIND
    reads = _READ_ONCE if name == "pre-push" else ""
    body += f"before=$here/{name}{BEFORE}\n"
    unless = _CALLED_BY_IT if before is not None and before.manager in {"pre-commit", "prek"} else ""
    body += f'if [ -f "$before" ] && [ -x "$before" ]{unless}; then\n'
    body += f'{reads}    {_BESIDE}=$$ {_foreign(name, before)} "$@" || exit $?\n'
    body += "    again\n" * bool(reads) + "fi\n"
    body += lines(fast) if fast and name == "pre-commit" else ""
    body += AFTER if name == "post-commit" else ""
    # Who called may be gone before Python has started.
    body += "EVERYCOMMIT_HOOK=$PPID\nexport EVERYCOMMIT_HOOK\n"
    body += f'if [ -f "$python" ] && [ -x "$python" ]; then\n    exec "$python" {call} hook {name} "$@"\nfi\n'
    body += _END.replace("NAME", name)
    rest = os.fsencode(body)
    return b"#!/bin/sh\n# everycommit hook %d %s\n" % (VERSION, _digest(rest)) + rest


def _digest(rest: bytes) -> bytes:
    return hashlib.sha256(rest).hexdigest()[:16].encode()


def _foreign(name: str, before: Hook | None) -> str:
    """Return the shell words that start the foreign hook.

    Under its new name a script that looks at its own (husky's finds the user's script by it, and without one ends
    well) would do nothing: its own shell reads it in, with ``$0`` as it was.
    """
    as_it_is = '"$before"'
    if before is None or _ASKS_WHETHER_SOURCED.search(before.content):
        return as_it_is
    if before.manager not in {"husky", "overcommit"} and not _READS_ITS_NAME.search(before.content):
        return as_it_is
    first = before.content.partition(b"\n")[0]
    if before.manager == "overcommit" and first.endswith(b"ruby"):
        return f'ruby -e {shlex.quote(_UNDER_ITS_NAME)} "$before" "$here/{name}"'
    words = os.fsdecode(first[2:]).split() if first.startswith(b"#!") else ["/bin/sh"]
    shell, *flags = words[1:] if words and Path(words[0]).name == "env" else words
    if Path(shell).name not in _SHELLS or not all(map(_FLAGS.fullmatch, flags)):
        return as_it_is
    return f'{shlex.join(words)} -c \'. "${{0%/*}}/{name}{BEFORE}"\' "$here/{name}"'
