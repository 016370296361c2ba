"""What was never meant to be committed: merge markers, calls into a debugger, prints for debugging."""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ..change import Blobs, Change, FileChange
from ..result import ERROR, WARNING, Finding
from ..text import printable
from .prints import prints
from .rule import Rule
from .sources import (
    Added,
    Gone,
    added,
    content,
    extension,
    finding,
    is_code,
    is_prose,
    is_python,
    is_script,
    is_test,
    module,
    old_content,
)

if TYPE_CHECKING:
    import ast

_START, _MIDDLE, _END = "<" * 7, "=" * 7, ">" * 7
_MARKERS = f"{_START} ours\nx = 1\n{_MIDDLE}\nx = 2\n{_END} theirs\n"

RULES = (
    Rule(
        id="policy/merge-marker",
        severity=ERROR,
        what="A conflict marker of a merge is left in a file.",
        why="Both sides of the conflict are in the file; nobody decided.",
        bad={"a.py": ("x = 1\n", _MARKERS)},
        good={
            "a.py": ("x = 1\n", f'MARK = """\n{_MARKERS}"""\n'),
            "a.rst": ("", f"Title\n{_MIDDLE}\n"),
        },
        way_on="Resolve the conflict and take the markers out.",
    ),
    Rule(
        id="policy/debugger",
        severity=ERROR,
        what="A call that stops in a debugger is added: breakpoint(), pdb.set_trace(), debugger;.",
        why="The program stops there, in production or in CI, and waits for somebody who is not there.",
        bad={"a.py": ("def f(x):\n    return x\n", "def f(x):\n    breakpoint()\n    return x\n")},
        good={"a.py": ("def f(x):\n    return x\n", 'def f(x):\n    """Use breakpoint() to look."""\n    return x\n')},
        way_on="Take it out.",
    ),
    Rule(
        id="policy/debug-print",
        severity=WARNING,
        what="A print is added where the project does not print, or a debugging aid such as `import pdb`.",
        why="It was for looking once; it then writes into everybody's output.",
        bad={"src/app.py": ("def f(x):\n    return x\n", "def f(x):\n    print(x)\n    return x\n")},
        good={
            "src/cli.py": ("def main():\n    return 0\n", 'def main():\n    print("usage: app FILE")\n    return 0\n')
        },
        way_on="Take it out, or use the project's logging.",
    ),
)
_MARKER, _DEBUGGER, _PRINT = RULES

_LINE = r"(<{7}|>{7}|\|{7})(?: .*)?\r?|={7}\r?"
_CALLS = (
    "breakpoint",
    "set_trace",
    "debugger",
    "pry",
    "byebug",
    "pdb",
    "dbg!",
    "var_dump",
    "console.",
    "print",
    "icecream",
)
_DEBUGGERS = frozenset(
    {"pdb", "ipdb", "pudb", "rpdb", "rdb", "bpdb", "wdb", "remote_pdb", "web_pdb", "debugpy", "celery"}
)
_OTHER_STOPS = {
    "js": r"^[ \t]*debugger[ \t]*;?[ \t]*(?://.*)?$",
    "rb": r"^[ \t]*(?:binding\.(?:pry|irb|b)|byebug)\b",
    "exs": r"^[ \t]*(?:require IEx;[ \t]*)?IEx\.pry\b",
    "ex": r"^[ \t]*(?:require IEx;[ \t]*)?IEx\.pry\b",
}
_OTHER_PRINTS = {
    "js": r"^[ \t]*console\.(?:log|debug|trace|dir|table)\(",
    "rs": r"^[ \t]*(?:let [\w ]{1,40}= )?dbg!\(",
    "php": r"^[ \t]*(?:var_dump|dd|dump|print_r)\(",
}


def check(change: Change, blobs: Blobs) -> list[Finding]:
    """Return the leftovers that *change* adds. Markers are looked for in all that lands: a merge can leave them."""
    gone = Gone(change)
    found = [one for file in added(change.landing, blobs) for one in _markers(file, change, blobs, gone)]
    for file in added(change.files, blobs):
        if is_code(file.file.path) and any(word in file.text for word in _CALLS):
            found += [one for one in _debugging(file, change, blobs) if not gone.holds(one.source)]
    return found


def _markers(file: Added, change: Change, blobs: Blobs, gone: Gone) -> Iterator[Finding]:
    if _START not in file.text and _END not in file.text:
        return
    path = file.file.path
    marks = [line for line in file.lines if line.text[:7] in _FIRST and re.fullmatch(_LINE, line.text)]
    kinds = [line.text[:7] for line in marks]
    whole = _START in kinds and _END in kinds and _MIDDLE in kinds
    sided = [line for line in marks if line.text[:7] != _MIDDLE]
    if not sided or not (whole or is_code(path)) or _meant(file.file, change, blobs):
        return
    for line in sided:
        # One finding a conflict: at its beginning, at its end only where no beginning was added.
        if line.text[:7] == (_START if _START in kinds else _END) and not gone.holds(line.text):
            shown = line.text[:60].rstrip()
            severity = WARNING if is_test(path) and not is_code(path) else _MARKER.severity
            message = f"conflict marker '{printable(shown)}'"
            yield finding(_MARKER.id, severity, path, line.new, message, hint=_MARKER.way_on, source=shown)


_FIRST = frozenset({_START, _MIDDLE, _END, "|" * 7})


def _meant(file: FileChange, change: Change, blobs: Blobs) -> bool:
    """Tell whether the markers are content: inside a string of Python that parses, or there before as test data."""
    if is_python(file.path) and module(content(file, blobs) or "") is not None:
        return True
    if (is_test(file.path) or is_prose(file.path)) and f"\n{_START} " in "\n" + (old_content(file, blobs) or ""):
        return True
    for parent in change.parents[1:]:
        entry = blobs.entries(parent, [file.path]).get(file.path)
        if entry and entry[1] == file.id:
            return True  # it came as it is from the other side
    return False


def _debugging(file: Added, change: Change, blobs: Blobs) -> Sequence[Finding]:
    if is_python(file.file.path):
        return list(_python(file, change, blobs))
    return list(_others(file, blobs))


def _python(file: Added, change: Change, blobs: Blobs) -> Iterator[Finding]:
    if not any(word in file.text for word in ("breakpoint(", "set_trace", "pdb", "icecream", "print(")):
        return
    tree = module(content(file.file, blobs) or "")
    if tree is None:
        return
    old = old_content(file.file, blobs) or ""
    lines = {line.new: line.text for line in file.lines}
    for number, what in _stops(tree, lines):
        if what.partition("(")[0] + "(" not in old:
            yield _debug(_DEBUGGER, file, number, f"{what} stops in a debugger", lines[number])
    for number, what in _debug_imports(tree, lines):
        if not re.search(rf"^[ \t]*(?:import|from) {re.escape(what)}\b", old, re.MULTILINE):
            yield _debug(_PRINT, file, number, f"imports the debugger {what}", lines[number])
    for number in prints(tree, file, change, blobs, old):
        yield _debug(_PRINT, file, number, "prints, which nothing here does", lines[number])


def _stops(tree: "ast.Module", lines: dict[int | None, str]) -> Iterator[tuple[int, str]]:
    import ast

    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.lineno in lines:
            call = node.func
            if isinstance(call, ast.Name) and call.id in {"breakpoint", "set_trace"}:
                yield node.lineno, f"{call.id}()"
            elif isinstance(call, ast.Attribute) and call.attr in {"set_trace", "post_mortem", "breakpoint"}:
                owner = call.value.id if isinstance(call.value, ast.Name) else getattr(call.value, "attr", "")
                if owner in _DEBUGGERS:
                    yield node.lineno, f"{owner}.{call.attr}()"


def _debug_imports(tree: "ast.Module", lines: dict[int | None, str]) -> Iterator[tuple[int, str]]:
    import ast

    known = (_DEBUGGERS | {"icecream"}) - {"celery", "rdb"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import) and node.lineno in lines:
            yield from ((node.lineno, alias.name) for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.lineno in lines and not node.level and node.module in known:
            yield node.lineno, node.module or ""


def _others(file: Added, blobs: Blobs) -> Iterator[Finding]:
    language = _language(file.file.path)
    for table, rule in ((_OTHER_STOPS, _DEBUGGER), (_OTHER_PRINTS, _PRINT)):
        pattern = table.get(language)
        if pattern is None or not re.search(pattern, file.text, re.MULTILINE):
            continue
        quiet = rule is _PRINT and (is_test(file.file.path) or _prints_anyway(file, blobs))
        if quiet or re.search(pattern, old_content(file.file, blobs) or "", re.MULTILINE):
            continue
        for line in file.lines:
            if re.match(pattern, line.text):
                yield _debug(rule, file, line.new, f"{line.text.strip()[:40]} is for debugging", line.text)


def _prints_anyway(file: Added, blobs: Blobs) -> bool:
    """Tell whether a file is a program that talks to its user: by its folder, its name or its first line."""
    path = file.file.path
    parts = set(path.lower().replace(".", "/").split("/"))
    talks = {"scripts", "script", "bin", "cli", "tools", "examples", "example", "benchmark", "docs", "build", "config"}
    return bool(parts & talks) or (content(file.file, blobs) or "").startswith("#!")


def _language(path: str) -> str:
    return "js" if is_script(path) else extension(path)


def _debug(rule: Rule, file: Added, number: int | None, message: str, source: str) -> Finding:
    return finding(rule.id, rule.severity, file.file.path, number, message, hint=rule.way_on, source=source)
