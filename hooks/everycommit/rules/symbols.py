"""Frozen Python symbols: what a name is bound to, compared as syntax, so that layout, comments and place are free."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ..change import Blobs, Change, FileChange
from ..result import ERROR, Finding
from ..text import printable
from .globs import matches
from .paths import SEPARATOR
from .places import Contents, line_before
from .python_source import dumped, module

if TYPE_CHECKING:
    import ast

SIGNATURES = "signatures"
_LONGEST = 80


class _Part(NamedTuple):
    """One statement that gives a name its meaning, and the conditions around it."""

    text: str
    line: int


def frozen_symbols(change: Change, blobs: Blobs, frozen: Sequence[str]) -> list[Finding]:
    """Return a finding for each symbol of *frozen* (``path glob::name``) that *change* alters, moves or deletes.

    The name is ``Client``, ``Client.get`` or ``signatures``: every public signature of the module, bodies free.
    """
    contents = Contents(blobs)
    entries = [(path, name) for path, _, name in (entry.partition(SEPARATOR) for entry in frozen)]
    findings: list[Finding] = []
    for file in change.files:
        names = dict.fromkeys(name for path, name in entries if matches(file.source, [path]))
        if not names or not file.was_file:
            continue
        stays = {name for path, name in entries if matches(file.path, [path])}
        moved = {name: name not in stays for name in names}
        try:
            findings += _compared(file, contents, names, moved)
        except RecursionError:
            findings.append(
                _finding(file, 1, f"frozen symbols of '{printable(file.source)}' cannot be compared: too deep")
            )
    return findings


def _compared(
    file: FileChange, contents: Contents, names: Iterable[str], moved: Mapping[str, bool]
) -> Iterator[Finding]:
    before, after = module(contents.old(file)), module(contents.new(file))
    for name in names:
        shown = f"'{printable(file.source)}{SEPARATOR}{printable(name)}'"
        if file.deleted or not file.is_file:
            if before is None or _meaning(before, name):
                yield _finding(file, None, f"{shown} is frozen and its file is gone")
        elif before is None or after is None:
            which = "base" if before is None else "target"
            yield _finding(file, 1, f"{shown} is frozen and cannot be compared: the {which}'s file cannot be parsed")
        elif name == SIGNATURES:
            yield from _signatures_differ(file, before, after, shown, moved=moved[name])
        elif (was := _bindings(before, name)) and moved[name]:
            yield _finding(file, 1, f"{shown} is frozen and its file is now '{printable(file.path)}'")
        elif was and list(now := _bindings(after, name)) != list(was):
            yield _changed(file, was, now, shown)


def _changed(file: FileChange, was: Mapping[str, int], now: Mapping[str, int], shown: str) -> Finding:
    if not now:
        return _finding(file, line_before(file, min(was.values())), f"{shown} is frozen and is gone from its file")
    new = [line for text, line in now.items() if text not in was]
    return _finding(file, min(new or now.values()), f"{shown} is frozen and was changed")


def _signatures_differ(
    file: FileChange, before: "ast.Module", after: "ast.Module", shown: str, *, moved: bool
) -> Iterator[Finding]:
    was, now = _signatures(before.body), _signatures(after.body)
    if moved and was:
        yield _finding(file, 1, f"{shown} are frozen and the file is now '{printable(file.path)}'")
        return
    for name, part in was.items():
        if name not in now:
            yield _finding(file, line_before(file, part.line), f"{shown} are frozen and '{name}' is gone")
        elif now[name].text != part.text:
            yield _finding(file, now[name].line, f"{shown} are frozen and that of '{name}' was changed")
    for name, part in now.items():
        if name not in was:
            yield _finding(file, part.line, f"{shown} are frozen and '{name}' was added")


def _meaning(tree: "ast.Module", name: str) -> bool:
    return bool(_signatures(tree.body) if name == SIGNATURES else _bindings(tree, name))


def _bindings(tree: "ast.Module", name: str) -> dict[str, int]:
    """Return ``{what: line}`` of every statement that binds, deletes or alters *name* (dotted inside a class)."""
    import ast

    first, _, rest = name.partition(".")
    found: dict[str, int] = {}
    for statement, around in _statements(tree.body, ""):
        if rest and isinstance(statement, ast.ClassDef) and statement.name == first:
            inside = _bindings(ast.Module(statement.body, []), rest)
            found |= {f"{around}{text}": line for text, line in inside.items()}
        elif _binds(statement, first, name):
            text = f"{around}{dumped(statement)}"
            # The same statement twice is not the same as once.
            found[text if text not in found else f"{text} #{len(found)}"] = _line(statement)
    return found


def _statements(body: Sequence["ast.stmt"], around: str) -> Iterator[tuple["ast.stmt", str]]:
    """Yield the statements of *body*, also those under conditions, each with the conditions it stands under."""
    import ast

    for statement in body:
        yield statement, around
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        condition = dumped(statement.test) if isinstance(statement, ast.If | ast.While) else type(statement).__name__
        for field in ("body", "orelse", "finalbody"):
            inside = getattr(statement, field, [])
            # A number for the way down: a chain of a thousand elif would make a text of it long.
            yield from _statements(inside, f"{hash((around, field, condition)):x}: ")
        for part in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
            yield from _statements(part.body, f"{hash((around, type(part).__name__)):x}: ")


def _binds(statement: "ast.stmt", first: str, name: str) -> bool:
    import ast

    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return statement.name == name
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return any((alias.asname or alias.name.split(".")[0]) == name for alias in statement.names)
    if isinstance(statement, ast.If | ast.While | ast.Try | ast.With | ast.AsyncWith | ast.Match):
        return False  # their statements come by themselves
    for target in _targets(statement):
        root = target
        while isinstance(root, ast.Attribute | ast.Subscript):
            root = root.value
        if isinstance(root, ast.Name) and root.id == first and (root is target) <= (first == name):
            return True
    return False


def _targets(statement: "ast.stmt") -> Iterator["ast.expr"]:
    """Yield what *statement* assigns to or deletes, and the first argument of ``setattr`` and ``delattr``."""
    import ast

    call = getattr(statement, "value", None)
    if isinstance(statement, ast.Expr) and isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
        if call.func.id in {"setattr", "delattr"} and call.args:
            yield ast.Attribute(call.args[0], "", ast.Store())
        return
    if type(statement).__name__ == "TypeAlias":  # 3.12
        yield statement.name  # type: ignore[attr-defined]
    single = [statement.target] if isinstance(statement, ast.AnnAssign | ast.AugAssign | ast.For) else []
    for target in [*single, *(statement.targets if isinstance(statement, ast.Assign | ast.Delete) else [])]:
        for part in target.elts if isinstance(target, ast.Tuple | ast.List) else [target]:
            yield part.value if isinstance(part, ast.Starred) else part


def _signatures(body: Sequence["ast.stmt"], prefix: str = "") -> dict[str, _Part]:
    """Return the public signatures of a module or class: functions, classes, annotated and class attributes."""
    import ast

    found: dict[str, _Part] = {}
    for statement, around in _statements(body, ""):
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            name = statement.name
            kind = type(statement).__name__
            parts: list[ast.AST | None] = [statement.args, statement.returns, *statement.decorator_list]
        elif isinstance(statement, ast.ClassDef):
            name, kind, parts = (
                statement.name,
                "class",
                [*statement.bases, *statement.keywords, *statement.decorator_list],
            )
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            # In a class a default is part of how it is called; in a module the value is a body.
            name, kind, parts = statement.target.id, "name", [statement.annotation, statement.value if prefix else None]
        elif isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            name = statement.targets[0].id
            if name != "__all__" and not prefix:
                continue
            kind, parts = "name", [statement.value]
        else:
            continue
        if name.startswith("_") and not name.endswith("__"):
            continue
        text = around + kind + "".join(dumped(part) if part is not None else "-" for part in parts)
        full = prefix + name
        earlier = found.get(full)  # overloads
        found[full] = _Part(f"{earlier.text}\n{text}", earlier.line) if earlier else _Part(text, _line(statement))
        if isinstance(statement, ast.ClassDef):
            found |= _signatures(statement.body, f"{full}.")
    return found


def _line(statement: "ast.stmt") -> int:
    decorators: Sequence[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(decorator.lineno for decorator in decorators)])


def _finding(file: FileChange, line: int | None, message: str) -> Finding:
    return Finding(
        path=file.path,
        line=line,
        rule="policy/frozen-symbol",
        severity=ERROR,
        message=message,
        hint="Put it back as it was; ask for it to be unfrozen if the task cannot be done without.",
    )
