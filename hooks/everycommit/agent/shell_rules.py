"""What a shell's commands do that an agent is not left to do, and which files they change, as far as words tell."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from . import git_commands
from .event import DELETE, TOUCH, Edit, Refusal
from .shell import RUNNING_TEXT, Command, commands

_OFF = {"HUSKY": ("0",), "LEFTHOOK": ("0", "false")}
"""Variables that switch a hook manager off, and by which values."""
_LEFT_OUT = frozenset({"SKIP", "HUSKY_SKIP_HOOKS", "LEFTHOOK_EXCLUDE", "PRE_COMMIT_ALLOW_NO_CONFIG"})
"""Variables of which any value leaves hooks out."""
_HOOK_MANAGERS = frozenset({"pre-commit", "prek", "lefthook", "husky"})
_PERSONS = {
    "uninstall": "it takes the hooks away",
    "scope": "the task's scope is set by whoever gave the task",
    "trust": "commands are trusted by a person",
    "accept": "findings are accepted by a person",
    "init": "a person sets everycommit up",
}
"""Commands of everycommit that are a person's to give, and why."""
_ASK = "Ask the person you work for; say what you need and why."
_DELETING = frozenset({"rm", "unlink", "rmdir", "shred", "trash", "srm"})
_COPYING = frozenset({"cp", "ln", "install", "rsync"})
_HANDLING = frozenset({"chmod", "chown", "touch", "chattr"})
_LITERAL = r"""['"]([^'"\n]{1,300})['"]"""


class Read(NamedTuple):
    """What a command line comes to."""

    refused: tuple[Refusal, ...]
    edits: tuple[Edit, ...]
    """Files that it changes. The paths may hold wildcards."""
    named: tuple[Edit, ...] = ()
    """Files that it may change in a way that counts only where they are everycommit's own."""


def read(text: str) -> Read:
    """Return what the command line *text* comes to."""
    refused, edits, named = list[Refusal](), list[Edit](), list[Edit]()
    for command in commands(text):
        refused += [Refusal(what, way) for what, way in _refused(command)]
        edits += [_placed(edit, command) for edit in _edits(command)]
        named += [_placed(Edit(path, TOUCH), command) for path in _named(command)]
    return Read(tuple(refused), tuple(edits), tuple(named))


def _placed(edit: Edit, command: Command) -> Edit:
    folder = command.folder
    if command.name == "git":
        inside = git_commands.folder(command.words)
        folder = inside if inside.startswith("/") or folder == "." else f"{folder}/{inside}" if inside else folder
    if edit.path.startswith(("/", "~")) or folder in {".", ""}:
        return edit
    return edit._replace(path=f"{folder}/{edit.path}")


def _refused(command: Command) -> Iterator[tuple[str, str]]:
    yield from _variables(command)
    if command.name == "git":
        yield from git_commands.refused(command)
    elif command.name in _HOOK_MANAGERS and "uninstall" in command.words:
        yield f"`{command.name} uninstall` takes the hooks away", _ASK
    else:
        words = _everycommit(command.words)
        verb = words[0] if words else ""
        if verb in _PERSONS and not _only_looks(words):
            yield f"`everycommit {verb}` is not an agent's: {_PERSONS[verb]}", _ASK
        elif words[:2] == ["ledger", "clear"] or (verb == "agent" and not {"install", "--remove"}.isdisjoint(words)):
            yield f"`everycommit {words[0]} {words[1]}` is not an agent's to call", _ASK


def _only_looks(words: Sequence[str]) -> bool:
    """Tell whether a command of everycommit only shows what is set."""
    return words[:2] == ["scope", "show"] or words in (["scope"], ["trust"]) or not {"--help", "-h"}.isdisjoint(words)


def _everycommit(words: Sequence[str]) -> list[str]:
    """Return the words behind the program where that is everycommit, also as ``python -m everycommit``."""
    name = words[0].rpartition("/")[2] if words else ""
    if name == "everycommit":
        return list(words[1:])
    if name.startswith("python") and list(words[1:3]) == ["-m", "everycommit"]:
        return list(words[3:])
    return []


def _variables(command: Command) -> Iterator[tuple[str, str]]:
    exported = command.words[1:] if command.name in {"export", "declare", "typeset", "setenv"} else ()
    pairs = [word.partition("=") for word in exported]
    lasting = [(name, value) for name, equals, value in pairs if equals]
    lasting += command.variables if not command.words else ()
    here = command.variables if command.name == "git" or _everycommit(command.words) else ()
    for name, value in (*lasting, *here):
        if name.startswith("GIT_CONFIG"):
            yield f"{name} changes git's settings, and may take the hooks away", "Leave git's settings as they are."
        elif value in _OFF.get(name, ()) or (name in _LEFT_OUT and value not in {"", "0"}):
            yield f"{name}={value} skips hooks", "Let the hooks run."
        elif name.startswith("EVERYCOMMIT_"):
            yield f"{name} changes everycommit's settings", _ASK


def _edits(command: Command) -> Iterator[Edit]:
    yield from (Edit(path, TOUCH) for path in command.writes)
    words = [word for word in command.words[1:] if not word.startswith("-")]
    flags = [word for word in command.words[1:] if word.startswith("-")]
    if command.name == "git":
        yield from _of_git(command)
    elif command.name in _DELETING or (command.name == "find" and "-delete" in flags):
        yield from (Edit(path, DELETE) for path in (words if command.name != "find" else words[:1]))
    elif command.name == "mv" and words:
        yield from _moved(words)
    else:
        yield from (Edit(path, TOUCH) for path in _written(command.name, words, flags))


def _of_git(command: Command) -> Iterator[Edit]:
    _, verb, rest = git_commands.parted(command.words)
    paths = [word for word in rest if not word.startswith("-")]
    if verb == "rm" and "--dry-run" not in rest and "-n" not in rest:
        yield from (Edit(path, DELETE) for path in paths)
    elif verb == "mv" and paths:
        yield from _moved(paths)


def _written(name: str, words: Sequence[str], flags: Sequence[str]) -> Sequence[str]:
    """Return the files that a program writes into."""
    if name in _COPYING and len(words) > 1:
        return [_into(words[-1], words[:-1])]
    if name in {"tee", "truncate"}:
        return words if name == "tee" else words[-1:]
    if name == "sed" and any(flag.startswith("--in-place") or _bundled(flag) for flag in flags):
        # Behind -e and -f stands a script each; where there is none of them, the first word is one.
        scripts = sum(flag in {"-e", "-f", "--expression", "--file"} for flag in flags)
        joined = any(flag.startswith(("--expression=", "--file=")) for flag in flags)
        return words[scripts or (0 if joined else 1) :]
    if name == "perl" and any(_bundled(flag) for flag in flags):
        return words[1:]
    return [word[3:] for word in words if word.startswith("of=")] if name == "dd" else ()


def _bundled(flag: str) -> bool:
    """Tell whether ``-i`` is among short options such as ``-pi`` or ``-ni``."""
    return not flag.startswith("--") and "i" in flag.partition(".")[0]


def _moved(words: Sequence[str]) -> Iterator[Edit]:
    *sources, target = words
    yield from (Edit(path, DELETE) for path in sources)
    if sources:
        yield Edit(_into(target, sources), TOUCH)


def _into(target: str, sources: Sequence[str]) -> str:
    """Return *target* as the file that it becomes, where it is written as a folder."""
    return f"{target}{sources[0].rpartition('/')[2]}" if target.endswith("/") and len(sources) == 1 else target


def _named(command: Command) -> Iterator[str]:
    if command.name in _HANDLING:
        yield from (word for word in command.words[1:] if not word.startswith("-"))
    elif command.name.rstrip("0123456789.") in RUNNING_TEXT and any(
        word in {"-c", "-e", "-E", "--eval"} for word in command.words
    ):
        import re

        for word in command.words[1:]:
            yield from re.findall(_LITERAL, word)
