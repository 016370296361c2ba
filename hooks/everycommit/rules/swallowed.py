"""Exceptions of any kind that are caught and dropped."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..change import Change, FileChange
from ..result import NOTE, WARNING, Finding
from .places import Contents
from .python_source import below, dumped, is_python, trees

if TYPE_CHECKING:
    import ast

PARSED_AT_MOST = 150_000
"""Characters of changed code with handlers in it that are compared; the handlers in more are not looked at."""
_A_LINE = 30
_BROAD = frozenset({"Exception", "BaseException"})
_WORDS = ("except", "suppress")


def swallowed(change: Change, contents: Contents) -> Iterator[Finding]:
    """Yield each handler that newly drops every exception: more of them than the change takes away."""
    files = [file for file in change.files if file.is_file and is_python(file.path) and _says(file)]
    left = PARSED_AT_MOST
    found: list[tuple[FileChange, int, str]] = []
    was: Counter[str] = Counter()
    for file in files:
        if left < _A_LINE * (file.added + file.removed):
            yield _unread(file)
            continue
        old, new, gone, came = contents.differing(file)
        gone = [block for block in gone if any(word in block.text for word in _WORDS)]
        came = [block for block in came if any(word in block.text for word in _WORDS)]
        left -= sum(len(block.text) for block in (*gone, *came))
        was.update(text for tree, above in trees(gone, old) or () for _, text in _handlers(tree, above))
        found += [(file, line, text) for tree, above in trees(came, new) or () for line, text in _handlers(tree, above)]
    if found and change.removed:
        was.update(_elsewhere(change, files, contents))
    # As many as there were may stay, wherever they stand now; those with the same text first.
    same = Counter(text for _, _, text in found) & was
    others = was.total() - same.total()
    for file, line, text in found:
        if same[text] > 0:
            same[text] -= 1
        elif others > 0:
            others -= 1
        else:
            yield Finding(
                path=file.path,
                line=line,
                rule="policy/swallowed-exception",
                severity=WARNING,
                message=f"{text.partition(':')[0]} drops every exception, also those that nobody thought of",
                hint="Catch what is expected by its name; let the rest through, or log it.",
                source=next((added.text for added in file.added_lines() if added.new == line), "")[:300],
            )


def _unread(file: FileChange) -> Finding:
    return Finding(
        path=file.path,
        rule="policy/handlers-not-compared",
        severity=NOTE,
        message="handlers of exceptions in this file were not looked at: the change is too large",
        hint="Read this file's change yourself, or commit it in smaller steps.",
    )


def _says(file: FileChange) -> bool:
    if file.binary or not file.added:
        return False
    return any(word in line.text for line in file.added_lines() for word in _WORDS)


def _elsewhere(change: Change, files: list[FileChange], contents: Contents) -> Iterator[str]:
    """Yield the handlers that go in the change's other files: they may have moved."""
    for file in change.files:
        if file in files or not file.removed or not is_python(file.source) or file.binary:
            continue
        if any(word in line.text for line in file.removed_lines() for word in _WORDS):
            old, _, gone, _ = contents.differing(file)
            gone = [block for block in gone if any(word in block.text for word in _WORDS)]
            for tree, above in trees(gone, old) or ():
                yield from (text for _, text in _handlers(tree, above))


def _handlers(tree: "ast.Module", above: int) -> list[tuple[int, str]]:
    """Return line and text of each handler that drops every exception."""
    import ast

    found = []
    for node in below(tree):
        if isinstance(node, ast.ExceptHandler) and _is_broad(node.type) and _drops(node):
            what = "except" if node.type is None else f"except {ast.unparse(node.type)}"
            found.append((node.lineno + above, f"{what}:{''.join(map(dumped, node.body))}"))
        elif isinstance(node, ast.With | ast.AsyncWith):
            for item in node.items:
                call = item.context_expr
                if isinstance(call, ast.Call) and _name(call.func) == "suppress" and any(map(_is_broad, call.args)):
                    found.append((call.lineno + above, f"{ast.unparse(call)}:"))
    return found


def _is_broad(caught: "ast.expr | None") -> bool:
    if caught is None:
        return True
    return any(_name(part) in _BROAD for part in getattr(caught, "elts", [caught]))


def _name(node: "ast.expr") -> str:
    return str(getattr(node, "attr", None) or getattr(node, "id", ""))


def _drops(handler: "ast.ExceptHandler") -> bool:
    """Tell whether the handler does nothing with what it caught: no call, no raise, no use of the exception."""
    import ast

    return not any(
        isinstance(part, ast.Call | ast.Raise | ast.Yield | ast.Await | ast.Assign | ast.AugAssign | ast.AnnAssign)
        or (isinstance(part, ast.Name) and part.id == handler.name)
        for statement in handler.body
        for part in below(statement)
    )
