"""One Python file as statements: what runs when it is imported, what runs later, which names each mentions."""

import ast
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .nodes import (
    FUNCTIONS,
    blocks,
    bound,
    called,
    callee,
    decorating,
    evaluated,
    first_line,
    head,
    kind_of,
    last_part,
    mutated,
    outside,
    rebound,
    variables,
)
from .resolve import Modules, Names, Scope


class Statement(NamedTuple):
    """A statement that runs at import, or the head of a compound one with all that it decides on.

    What it binds are plain names; what it mentions, changes and calls are tokens, see ``resolve``.
    """

    first: int
    last: int
    scope: str
    """The classes around it, ``Outer.Inner``; empty at the top of the file."""
    kind: str
    """def, class, import, call (an expression alone), constant (cannot change in place), alias, block, other."""
    binds: tuple[str, ...]
    mentions: tuple[str, ...]
    mutates: tuple[str, ...]
    """Whose objects it may change: receivers of method calls, arguments, what items and attributes are set on."""
    calls: tuple[str, ...]
    """What it calls, decorates with or derives from."""


class Function(NamedTuple):
    """A function or method, with those inside it."""

    name: str
    scope: str
    first: int
    last: int
    mutates: tuple[str, ...]
    calls: tuple[str, ...]


class Class(NamedTuple):
    """A class; one that is not plain may be seen by others in ways that no name tells."""

    name: str
    scope: str
    first: int
    last: int
    bases: tuple[str, ...]
    plain: bool


class Source(NamedTuple):
    """All that is known of one file without running it."""

    statements: tuple[Statement, ...]
    mentions: tuple[tuple[str, int, int], ...]
    """A token and the lines of the statement that mentions it."""
    functions: tuple[Function, ...]
    classes: tuple[Class, ...]
    rebound: frozenset[str]
    """Names that functions bind anew by ``global``."""


def source(tree: ast.Module, path: str, modules: Modules) -> Source:
    """Return what the module *tree*, the file *path* among *modules*, says."""
    reader = _Reader(Names(path, tree, modules))
    reader.at_import(tree.body, "")
    return Source(
        tuple(reader.statements),
        tuple(reader.mentions),
        tuple(reader.functions),
        tuple(reader.classes),
        frozenset(rebound(tree)),
    )


class _Reader:
    """Walks a module; what runs at import becomes statements, what runs later mentions."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.statements: list[Statement] = []
        self.mentions: list[tuple[str, int, int]] = []
        self.functions: list[Function] = []
        self.classes: list[Class] = []

    def at_import(self, body: Sequence[ast.stmt], scope: str) -> None:
        for node in body:
            self._one(node, scope)

    def _one(self, node: ast.stmt, scope: str) -> None:
        first, last = first_line(node), node.end_lineno or node.lineno
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                end = max(node.body[0].lineno - 1, node.lineno)
                self._add(node, scope, "def", {node.name}, evaluated(node), last=end)
                self._function(node, scope)
            case ast.ClassDef():
                heads: list[ast.AST] = [*node.decorator_list, *node.bases]
                heads += [keyword.value for keyword in node.keywords]
                self._add(node, scope, "class", {node.name}, heads, last=node.lineno)
                self._class(node, scope, first, last)
                self.at_import(node.body, f"{scope}.{node.name}" if scope else node.name)
            case ast.Import() | ast.ImportFrom():
                self._import(node, scope)
            case ast.Expr(value=ast.Constant()) | ast.Pass():
                return
            case ast.AnnAssign() if not scope:
                # Nobody is handed the annotations of a module.
                self._add(node, scope, kind_of(node), bound(node), [node.target, *([node.value] if node.value else [])])
            case _:
                heads, inner = blocks(node)
                if not inner:
                    self._add(node, scope, kind_of(node), bound(node), heads)
                    return
                # Whatever decides on a block decides on all that it binds; in a `try` anything may.
                if isinstance(node, ast.Try | ast.TryStar):
                    self._add(node, scope, "block", bound(node), [*heads, *node.body])
                else:
                    begin = min((first_line(block[0]) for block in inner if block), default=last + 1)
                    end = last if isinstance(node, ast.Match) else max(begin - 1, node.lineno)
                    self._add(node, scope, "block", bound(node), heads, last=end)
                for block in inner:
                    self.at_import(block, scope)

    def _add(
        self,
        node: ast.stmt,
        scope: str,
        kind: str,
        binds: set[str],
        heads: Sequence[ast.AST],
        *,
        last: int | None = None,
    ) -> None:
        first = first_line(node)
        end = last or node.end_lineno or node.lineno
        here = self.names.top(in_class=bool(scope))
        calls, mutates = called(here, *heads), mutated(here, *heads)
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            for one in (*node.decorator_list, *getattr(node, "bases", ())):
                calls |= callee(here, one)
            for one in decorating(node):
                mutates |= here.chain(one)[0]
        # A module of another package is changed where nothing else comes of the call, or something is set on it.
        mutates = {token for token in mutates if token[0] != "^"} | outside(here, node)
        mentions = here.mentions(*heads)
        if getattr(node, "decorator_list", None):
            # Its decorators are handed it.
            mentions |= {f"={token}" for name in binds for token in (f".{name}", f"{self.names.path}:{name}")}
        told = _s(mentions), _s(mutates), _s(calls)
        self._state(Statement(first, end, scope, kind, _s(binds), *told))

    def _state(self, statement: Statement) -> None:
        self.statements.append(statement)
        # It may run in a test, too, where a test is the first to import the file.
        own = (f"{self.names.path}:{name}" for name in statement.binds if not statement.scope)
        self._mention({*statement.mentions, *own}, statement.first, statement.last)

    def _mention(self, found: Iterable[str], first: int, last: int) -> None:
        self.mentions += [(name, first, last) for name in found]

    def _import(self, node: ast.Import | ast.ImportFrom, scope: str) -> None:
        # By name: of what a line imports only the one name is another's.
        first, last = node.lineno, node.end_lineno or node.lineno
        for one in self.names.imported(node):
            self._state(Statement(first, last, scope, "import", (one.name,), _s(one.tokens), (), ()))

    def _class(self, node: ast.ClassDef, scope: str, first: int, last: int) -> None:
        bases = tuple(name for base in node.bases for name in last_part(base))
        plain = not node.decorator_list and not node.keywords and len(bases) == len(node.bases)
        self.classes.append(Class(node.name, scope, first, last, bases, plain))

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: str) -> None:
        first, last = first_line(node), node.end_lineno or node.lineno
        here = self.names.within(variables(node), node)
        mutates, calls = mutated(here, *node.body), called(here, *node.body)
        mutates = {token for token in mutates if token[0] != "^"}
        self.functions.append(Function(node.name, scope, first, last, _s(mutates), _s(calls)))
        self._later(node.body, here)

    def _later(self, body: Sequence[ast.stmt], here: Scope) -> None:
        """Note what the statements of a function mention, each where its lines are."""
        for node in body:
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                continue
            first, last = first_line(node), node.end_lineno or node.lineno
            if isinstance(node, FUNCTIONS):
                found = here.name(node.name) | here.mentions(*head(node))
                if node.decorator_list:
                    found |= {f"=.{node.name}", f"={self.names.path}:{node.name}"}
                self._mention(found, first, max(node.body[0].lineno - 1, node.lineno))
                self._later(node.body, self.names.within(here.local | variables(node), node, here))
            elif isinstance(node, ast.ClassDef):
                heads: list[ast.AST] = [*node.decorator_list, *node.bases, *node.keywords]
                self._mention(here.name(node.name) | here.mentions(*heads), first, node.lineno)
                # Its body sees the variables around it, but what it binds hides none of them from methods.
                self._later(node.body, Scope(self.names, here.local - bound(*node.body), here.aliases, in_class=True))
            else:
                self._compound(node, first, last, here)

    def _compound(self, node: ast.stmt, first: int, last: int, here: Scope) -> None:
        heads, inner = blocks(node)
        if not inner:
            self._mention(here.mentions(node), first, last)
            return
        ends = [getattr(part, "end_lineno", None) or first for part in heads]
        begin = min((block[0].lineno for block in inner if block), default=last)
        self._mention(here.mentions(*heads), first, max(first, *ends) if isinstance(node, ast.Match) else begin)
        if isinstance(node, ast.Try | ast.TryStar):
            for handler in node.handlers:
                self._mention(here.mentions(handler.type), handler.lineno, handler.body[0].lineno)
        for block in inner:
            self._later(block, here)


def _s(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(found))
