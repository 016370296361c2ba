"""What a client's tool call does to files: its arguments by the names that the clients give them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .event import DELETE, REPLACE, TOUCH, WRITE, Edit, Swap
from .patch import patched

EDITED, SHELL, PATCH, NOTEBOOK = "edit", "shell", "patch", "notebook"
REMOVED = DELETE
_PATHS = ("file_path", "path", "notebook_path", "target_file", "filePath", "target_notebook")
_WHOLE = ("content", "contents", "file_text")
_OLD = ("old_string", "old_str", "oldString")
_NEW = ("new_string", "new_str", "newString")
_ALL = ("replace_all", "allow_multiple", "replaceAll")
_PATCHES = ("command", "patch", "input", "patchText")


def edits_of(kind: str, given: object) -> tuple[Edit, ...]:
    """Return the edits of a tool of *kind* with its arguments *given*; none where they have another form."""
    if kind == PATCH:
        return tuple(patched(given if isinstance(given, str) else _text(_table(given), _PATCHES)))
    args = _table(given)
    path = _text(args, _PATHS)
    if not path or kind == SHELL:
        return ()
    if kind == DELETE:
        return (Edit(path, DELETE),)
    if kind == NOTEBOOK:
        # The cells are JSON inside of JSON: what comes in is known, where it will stand is not.
        return (Edit(path, TOUCH, _text(args, ("new_source", *_NEW))),)
    return (_edit(path, args),)


def command_of(given: object) -> str:
    """Return the command line of a shell tool."""
    if isinstance(given, str):
        return given
    command = _table(given).get("command")
    if isinstance(command, Sequence) and not isinstance(command, str):
        import shlex

        return _script([str(word) for word in command]) or shlex.join(map(str, command))
    return command if isinstance(command, str) else ""


def _script(argv: Sequence[str]) -> str:
    """Return what a shell that is called as ``bash -lc SCRIPT`` runs; empty where it is called in another way."""
    return argv[2] if len(argv) == 3 and argv[1].startswith("-") and "c" in argv[1] else ""


def _edit(path: str, args: Mapping[str, Any]) -> Edit:
    whole = next((args[name] for name in _WHOLE if isinstance(args.get(name), str)), None)
    swaps = tuple(_swaps(args))
    if whole is not None and not swaps:
        return Edit(path, WRITE, whole)
    if swaps:
        return Edit(path, REPLACE, swaps=swaps)
    # Some other way to edit, such as the insertion of lines: what comes in is looked at all the same.
    return Edit(path, TOUCH, _text(args, (*_NEW, "insert_text", "text", "code_edit")))


def _swaps(args: Mapping[str, Any]) -> Iterator[Swap]:
    several = args.get("edits")
    for item in several if isinstance(several, list) else [args]:
        table = _table(item)
        if any(isinstance(table.get(name), str) for name in _OLD):
            yield Swap(_text(table, _OLD), _text(table, _NEW), any(table.get(name) is True for name in _ALL))


def _text(table: Mapping[str, Any], names: Sequence[str]) -> str:
    return next((table[name] for name in names if isinstance(table.get(name), str)), "")


def _table(given: object) -> Mapping[str, Any]:
    return given if isinstance(given, dict) else {}
