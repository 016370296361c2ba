"""One Python file as statements: what runs when it is imported, what runs later, which names each mentions."""

import ast
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .nodes import (
    FUNCTIONS,
    blocks,
    bound,
    called,
    changeable,
    first_line,
    head,
    last_part,
    mutated,
    names,
    of_pytest,
    root_names,
    variables,
)


class Statement(NamedTuple):
    """A statement that runs at import, or the head of a compound one with all that it decides on."""

    first: int
    last: int
    scope: str
    """The classes around it, ``Outer.Inner``; empty at the top of the file."""
    kind: str
    """def, class, import, call (an expression alone), constant (its value cannot change in place), other."""
    binds: tuple[str, ...]
    mentions: tuple[str, ...]
    mutates: tuple[str, ...]
    """Names whose objects it may change: receivers of method calls, arguments, what items and attributes are set on."""
    calls: tuple[str, ...]
    """Names that it calls, decorates with or derives from."""


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
    """A name and the lines of the statement that mentions it."""
    functions: tuple[Function, ...]
    classes: tuple[Class, ...]
    foreign: frozenset[str]
    """Names bound by absolute imports, each with the first part of its module: ``name module``."""
    rebound: frozenset[str]
    """Names that functions bind anew by ``global``."""


def source(tree: ast.Module) -> Source:
    """Return what the module *tree* says."""
    reader = _Reader()
    reader.at_import(tree.body, "")
    return Source(
        tuple(reader.statements),
        tuple(reader.mentions),
        tuple(reader.functions),
        tuple(reader.classes),
        frozenset(reader.foreign),
        frozenset(name for node in ast.walk(tree) if isinstance(node, ast.Global) for name in node.names),
    )


class _Reader:
    """Walks a module; what runs at import becomes statements, what runs later mentions."""

    def __init__(self) -> None:
        self.statements: list[Statement] = []
        self.mentions: list[tuple[str, int, int]] = []
        self.functions: list[Function] = []
        self.classes: list[Class] = []
        self.foreign: set[str] = set()

    def at_import(self, body: Sequence[ast.stmt], scope: str) -> None:
        for node in body:
            self._one(node, scope)

    def _one(self, node: ast.stmt, scope: str) -> None:
        first, last = first_line(node), node.end_lineno or node.lineno
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._add(node, scope, "def", {node.name}, head(node), last=max(node.body[0].lineno - 1, node.lineno))
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
            case _:
                heads, inner = blocks(node)
                if not inner:
                    kind = "call" if isinstance(node, ast.Expr) else "other" if changeable(node) else "constant"
                    self._add(node, scope, kind, bound(node), heads)
                    return
                # Whatever decides on a block decides on all that it binds; in a `try` anything may.
                deciding = [*heads, *(node.body if isinstance(node, ast.Try | ast.TryStar) else [])]
                self._add(node, scope, "other", bound(node), deciding)
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
        mentions = names(*heads)
        decorators = getattr(node, "decorator_list", [])
        calls = called(*heads).union(*map(last_part, (*decorators, *getattr(node, "bases", ()))))
        roots = [one for one in decorators if not isinstance(one, ast.Name) and not of_pytest(one)]
        mutates = mutated(*heads).union(*map(root_names, roots))
        self._state(Statement(first, end, scope, kind, _s(binds), _s(mentions), _s(mutates), _s(calls)))

    def _state(self, statement: Statement) -> None:
        self.statements.append(statement)
        # It may run in a test, too, where a test is the first to import the file.
        self._mention({*statement.mentions, *statement.binds}, statement.first, statement.last)

    def _mention(self, found: Iterable[str], first: int, last: int) -> None:
        self.mentions += [(name, first, last) for name in found]

    def _import(self, node: ast.Import | ast.ImportFrom, scope: str) -> None:
        module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
        for alias in node.names:
            name = alias.asname or alias.name.split(".")[0]
            mentions = {*alias.name.split("."), name, *module.split(".")} - {""}
            # By name: of what a line imports only the one name is another's.
            own = mentions - set(module.split(".")) if module else mentions
            first, last = node.lineno, node.end_lineno or node.lineno
            self._state(Statement(first, last, scope, "import", (name,), _s(own | {alias.name}), (), ()))
            if isinstance(node, ast.Import) or not node.level:
                self.foreign.add(f"{name} {(module or alias.name).split('.')[0]}")

    def _class(self, node: ast.ClassDef, scope: str, first: int, last: int) -> None:
        bases = tuple(name for base in node.bases for name in last_part(base))
        plain = not node.decorator_list and not node.keywords and len(bases) == len(node.bases)
        self.classes.append(Class(node.name, scope, first, last, bases, plain))

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: str) -> None:
        first, last = first_line(node), node.end_lineno or node.lineno
        self.functions.append(
            Function(
                node.name, scope, first, last, _s(mutated(*node.body, local=variables(node))), _s(called(*node.body))
            )
        )
        self._later(node.body, variables(node))

    def _later(self, body: Sequence[ast.stmt], local: frozenset[str]) -> None:
        """Note what the statements of a function mention, each where its lines are."""
        for node in body:
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                continue
            first, last = first_line(node), node.end_lineno or node.lineno
            if isinstance(node, FUNCTIONS):
                self._mention(
                    {node.name, *names(*head(node), local=local)}, first, max(node.body[0].lineno - 1, node.lineno)
                )
                self._later(node.body, local | variables(node))
            elif isinstance(node, ast.ClassDef):
                self._mention(
                    {node.name, *names(*node.decorator_list, *node.bases, *node.keywords, local=local)},
                    first,
                    node.lineno,
                )
                # Its body sees the variables around it, but what it binds hides none of them from methods.
                self._later(node.body, local - bound(*node.body))
            else:
                heads, inner = blocks(node)
                if not inner:
                    self._mention(names(node, local=local), first, last)
                    continue
                ends = [getattr(part, "end_lineno", None) or first for part in heads]
                begin = min((block[0].lineno for block in inner if block), default=last)
                self._mention(
                    names(*heads, local=local), first, max(first, *ends) if isinstance(node, ast.Match) else begin
                )
                if isinstance(node, ast.Try | ast.TryStar):
                    for handler in node.handlers:
                        self._mention(names(handler.type, local=local), handler.lineno, handler.body[0].lineno)
                for block in inner:
                    self._later(block, local)


def _s(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(found))
