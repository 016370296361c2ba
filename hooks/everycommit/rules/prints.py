"""Tells a print that was left in from one that is the program's way to speak."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..change import Blobs, Change
from .sources import Added, is_python, is_test, old_content

if TYPE_CHECKING:
    import ast

_TALKING_PARTS = frozenset(
    {
        *("cli", "__main__", "main", "scripts", "script", "bin", "tools", "tool", "examples", "example", "bench"),
        *("benchmark", "benchmarks", "docs", "doc", "demo", "demos", "setup", "conftest", "noxfile", "tasks", "manage"),
        *("console", "commands", "management", "ci", "dev", "utils_print", "tutorial", "notebooks", "samples"),
    }
)
_TALKING_NAMES = ("print", "main", "show", "dump", "usage", "help", "display", "report", "output", "echo", "cli", "log")
_TALKING_TESTS = ("verbose", "debug", "quiet", "trace", "__name__")
_PROGRAM = r"^(?:if __name__|#!|(?:import|from) (?:argparse|click|typer|rich)\b)|sys\.(?:stdout|argv)"
_PROGRAM_BEFORE = r"^(?:if __name__|#!|(?:import|from) argparse\b)"
"""A file that was a program before, told more strictly: a library may use click and still not print."""


def prints(tree: "ast.Module", file: Added, change: Change, blobs: Blobs, old: str) -> Iterator[int]:
    """Yield the added lines whose print nothing explains: neither the file, its neighbours, nor where it stands."""
    path = file.file.path
    if "print(" not in file.text or is_test(path) or _talks(path) or printing(old):
        return
    numbers = {line.new for line in file.lines}
    found = [number for number in _plain_prints(tree) if number in numbers]
    if not found or re.search(_PROGRAM_BEFORE if old else _PROGRAM, old or file.text, re.MULTILINE):
        return
    if not _neighbours_print(path, change, blobs):
        yield from found


def printing(text: str) -> bool:
    """Tell whether a line of Python *text* begins with a print."""
    return "print(" in text and re.search(r"^[ \t]*print\(", text, re.MULTILINE) is not None


def _talks(path: str) -> bool:
    parts = {part.partition(".")[0].lower() for part in path.split("/")}
    return bool(parts & _TALKING_PARTS) or any(part.endswith(("_cli", "_script", "_tool")) for part in parts)


def _plain_prints(tree: "ast.Module") -> list[int]:
    """Return the lines of prints to standard output, but for those in a place that says it prints."""
    import ast

    found: list[int] = []
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and _named(node.name):
            continue
        if isinstance(node, ast.If) and any(word in ast.unparse(node.test).lower() for word in _TALKING_TESTS):
            waiting += node.orelse
            continue
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"print", "pprint", "ic"}:
            found += [node.lineno] * all(keyword.arg != "file" for keyword in node.keywords)
        waiting += ast.iter_child_nodes(node)
    return sorted(found)


def _named(name: str) -> bool:
    return any(word in name.lower() for word in _TALKING_NAMES)


def _neighbours_print(path: str, change: Change, blobs: Blobs) -> bool:
    """Tell whether another file of the same folder, changed as well, printed before."""
    folder = path.rpartition("/")[0]
    return any(
        printing(old_content(other, blobs) or "")
        for other in change.files
        if other.path != path and is_python(other.path) and other.source.rpartition("/")[0] == folder
    )
