"""Which tests a change can affect: each fact of the change, and what it taints.

Every rule may only widen.
"""

import ast
from collections.abc import Iterable
from typing import NamedTuple

from .bodies import concerned
from .facts import Fact, facts, listed
from .nodes import FUNCTIONS, last_part
from .recorded import IMPORT, Map
from .resolve import Modules
from .source import Source, source
from .taint import AllError, Taint

_DOCUMENTED = ("__doc__", "getdoc")
_COMPILED = (".pyx", ".pxd", ".c", ".h", ".cc", ".cpp", ".hpp", ".rs", ".so", ".pyd", ".dylib", ".pth", ".f90", ".zig")
_SETTINGS = frozenset(
    [
        "pyproject.toml",
        "setup.py",
        "setup.cfg",
        "tox.ini",
        "pytest.ini",
        ".pytest.ini",
        "pytest.toml",
        ".pytest.toml",
        "uv.lock",
        "poetry.lock",
        "pdm.lock",
        "Pipfile",
        "Pipfile.lock",
        "pylock.toml",
        "noxfile.py",
        ".python-version",
        ".env",
        ".coveragerc",
        "meson.build",
        "CMakeLists.txt",
        "build.rs",
        "Cargo.toml",
        "Cargo.lock",
        ".gitattributes",
        ".gitmodules",
        "sitecustomize.py",
        "usercustomize.py",
    ]
)


class Changed(NamedTuple):
    """One file that differs from the recorded one."""

    path: str
    old: bytes | None
    """None where there was none."""
    new: bytes | None


class Selected(NamedTuple):
    """What a change can affect."""

    all: str | None
    """Why nothing less than all tests will do."""
    tests: int
    reasons: tuple[tuple[int, str], ...]
    """Tests and how the change reaches them; the first that holds a test explains it."""
    at_rest: bool = False
    """Whether all that changed are bodies of functions that ran in tests, and there alone: it is collected as ever."""


def selected(changes: Iterable[Changed], recorded: Map) -> Selected:
    """Return the tests that *changes* can affect."""
    taint = Taint(recorded)
    changes = tuple(changes)
    try:
        modules = recorded.modules()
        python = [one for one in changes if one.path.endswith(".py") and one.new is not None]
        for one in python:
            if one.old is None:
                modules.add(one.path)
        for one in python:
            # What one file calls another may define: all new sides first.
            taint.known.new[one.path] = source(_tree(one.new, one.path), one.path, modules)
        for one in changes:
            _file(one, taint, modules)
        taint.spread()
    except AllError as why:
        return Selected(str(why), recorded.everyone(), ())
    return Selected(None, taint.tests & ~IMPORT, tuple(taint.reasons), taint.at_rest)


def _file(one: Changed, taint: Taint, modules: Modules) -> None:
    name = one.path.rpartition("/")[2]
    if name in _SETTINGS or name.endswith(_COMPILED) or (name.startswith("requirements") and name.endswith(".txt")):
        raise AllError(f"{one.path} changed")
    if name.endswith(".py"):
        _python(one, name, taint, modules)
    else:
        _other(one, taint)


def _other(one: Changed, taint: Taint) -> None:
    taint.select(taint.map.beneath(one.path), f"{one.path} changed")
    taint.outside(taint.map.touched("opened", one.path), f"{one.path}, which it opens")
    taint.outside(taint.map.touched("statted", one.path), f"{one.path}, which it looks at")
    if one.old is None or one.new is None:
        taint.at_rest = False
        _listing(one.path, taint)


def _listing(path: str, taint: Taint) -> None:
    """Select who lists a folder in which *path* came or went, and the folders above it, which may be new as well."""
    folder = path
    while folder not in {"", "."}:
        folder = folder.rpartition("/")[0] or "."
        taint.outside(taint.map.touched("listed", folder), f"{folder}/, which it lists")
        # Path.is_dir and the like of a folder that comes with its first file.
        taint.outside(taint.map.touched("statted", folder), f"{folder}/, which it looks at")


def _python(one: Changed, name: str, taint: Taint, modules: Modules) -> None:
    path = one.path
    if (one.old is None or one.new is None) and name in {"__init__.py", "conftest.py"}:
        raise AllError(f"{path} came or went")
    old, new = _tree(one.old, path), _tree(one.new, path)
    taint.outside(taint.map.touched("opened", path), f"{path}, which it reads")
    if one.old is None or one.new is None:
        _module_came_or_went(path, name, old, taint)
        return
    if ast.dump(old) == ast.dump(new):
        return
    taint.select(taint.map.beneath(path), f"{path} changed")
    found = facts(old, new)
    was, now = source(old, path, modules), taint.known.new[path]
    for fact in found:
        _fact(fact, path, was, now, taint)


def _module_came_or_went(path: str, name: str, old: ast.Module, taint: Taint) -> None:
    taint.at_rest = False
    taint.outside(taint.map.touched("statted", path), f"{path}, which it looks at")
    _listing(path, taint)
    word = f"{path} came or went"
    taint.select(taint.map.beneath(path), word)
    taint.select(taint.map.ran(path, 1, 1 << 30) & ~IMPORT, word)
    taint.module(path, name.removesuffix(".py"), word)
    if old.body:
        for statement in taint.map.statements(path):
            taint.statement(path, statement, word)


def _tree(content: bytes | None, path: str) -> ast.Module:
    try:
        return ast.parse(content or b"")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise AllError(f"{path} cannot be parsed") from None


def _fact(fact: Fact, path: str, was: Source, now: Source, taint: Taint) -> None:
    place = f"{path}:{fact.first}"
    name = f"{fact.scope}.{fact.name}" if fact.scope and fact.name else fact.name
    side = now if fact.kind == "added" else was
    taint.at_rest = taint.at_rest and fact.kind == "body" and isinstance(fact.old, FUNCTIONS)
    if fact.kind == "doc":
        _doc(fact, place, name, path, taint)
    elif fact.kind == "body":
        _body(fact, path, f"{name} ({place})", was, taint)
    else:
        if path.rpartition("/")[2] == "conftest.py":
            # A fixture may be for everyone, a hook is.
            taint.select(taint.map.beneath(path.rpartition("/")[0] or "."), f"{path} has other names")
        word = f"{name or 'a statement'} ({place})"
        if fact.kind != "added":
            taint.select(taint.map.ran(path, fact.first, fact.last) & ~IMPORT, word)
        elif not fact.scope:
            # Whoever is the first to import the file runs the new statement, too.
            for one in was.statements:
                taint.select(taint.map.ran(path, one.first, one.first) & ~IMPORT, word)
        _named(fact, path, word, side, taint)


def _named(fact: Fact, path: str, word: str, side: Source, taint: Taint) -> None:  # noqa: C901, PLR0912 - a kind a rule
    """Taint what a changed head or statement binds and may change."""
    if not fact.scope and fact.name.startswith("__") and fact.name.endswith("__"):
        raise AllError(f"{fact.name} of {path} changed")
    sides = [(side, fact.first, fact.last)]
    if fact.new is not None and fact.kind in {"head", "class"}:
        taint_last = fact.new.end_lineno or fact.new.lineno
        sides.append((taint.known.new[path], fact.new.lineno, taint_last))
    # What the old statement called ran where it was recorded.
    before = {
        call
        for statement in (side.statements if fact.kind != "added" else ())
        if fact.first <= statement.first and statement.last <= fact.last
        for call in statement.calls
    }
    for one, first, last in sides:
        for statement in one.statements:
            if not (first <= statement.first and statement.last <= last):
                continue
            if isinstance(node := fact.old or fact.new, ast.ImportFrom | ast.Import):
                alias = node.names[0]
                if statement.binds != (alias.asname or alias.name.split(".")[0],):
                    continue
            if fact.kind in {"head", "class"} and statement.binds != (fact.name,):
                continue
            known = before if fact.kind != "added" else set()
            taint.statement(path, statement, word, changed=True, known=known)
    if isinstance(fact.old or fact.new, ast.Assign | ast.AugAssign | ast.AnnAssign) and "__all__" in ast.unparse(
        fact.old or fact.new or ast.Pass()
    ):
        for one_name in listed(fact):
            taint.name(path, one_name, word)
    if fact.kind in {"removed", "added"}:
        for cls in side.classes:
            if fact.first <= cls.first and cls.last <= fact.last:
                taint.cls(path, cls, word)


def _body(fact: Fact, path: str, word: str, was: Source, taint: Taint) -> None:
    if fact.old is None or fact.new is None:
        return
    ran = 0
    for first, last in concerned(fact.old, fact.new):
        # The lines of the head run at import always; those of the body only where somebody calls it.
        begin = max(first, fact.old.body[0].lineno) if isinstance(fact.old, FUNCTIONS) else first
        ran |= taint.map.ran(path, begin, last)
    taint.select(ran, word)
    # What compiling the file says, an error or a warning, is seen where a test that is selected imports it.
    taint.at_rest = taint.at_rest and bool(ran & ~IMPORT) and not ran & IMPORT
    if ran & IMPORT:
        taint.at_import(path, fact.first, fact.last, word)
        for function in taint.known.new[path].functions:
            if function.name == fact.name and function.scope == fact.scope:
                known = {call for one in was.functions if one[:2] == function[:2] for call in one.calls}
                taint.calls([call for call in function.calls if call not in known], word)


def _doc(fact: Fact, place: str, name: str, path: str, taint: Taint) -> None:
    word = f"the docstring of {name or 'the module'} ({place})"
    decorated = [*getattr(fact.old, "decorator_list", ()), *getattr(fact.old, "bases", ())]
    bases = [part for one in getattr(fact.old, "bases", ()) for part in last_part(one)]
    lines = {fact.first, *(one.lineno for one in decorated), getattr(fact.old, "lineno", fact.first)}
    other = taint.known.documented(path, lines, bases)
    if decorated and other:
        # Whoever decorates or derives may read it: a command line's help, a route's description.
        word = f"{word}, which {other} may read"
        if fact.scope:
            taint.attribute(fact.name, path, fact.scope, word)
        else:
            taint.name(path, fact.name, word)
        taint.select(taint.map.ran(path, fact.first, fact.last) & ~IMPORT, word)
    if not name:
        for one in taint.map.statements(path):
            if f"{path}:__doc__" in one.mentions:
                taint.statement(path, one, word)
    function = isinstance(fact.old, FUNCTIONS)
    for one_name in _DOCUMENTED:
        taint.attribute(one_name, path, f"={name}" if function else name, word)
