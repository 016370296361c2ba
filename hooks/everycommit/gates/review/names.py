"""What the names of a Python module are bound to, as far as that can be told for sure."""

import ast
import builtins
from collections.abc import Iterator, Sequence

from ...record import dataclass

ALWAYS = frozenset({"__name__", "__file__", "__doc__", "__builtins__", "__package__", "__spec__", "__loader__"})
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """One place that gives a name its meaning."""

    kind: str
    """import, def, class, parameter, assignment or other."""
    line: int
    certain: bool
    """Whether it happens whenever its scope runs that far: under no condition, in no loop, in no try."""
    node: ast.AST
    value: ast.expr | None = None
    """What is assigned, where it is one name that it is assigned to."""


class Scope:
    """A module, class, function, lambda or comprehension."""

    def __init__(self, node: ast.AST, parent: "Scope | None") -> None:
        self.node = node
        self.parent = parent
        self.bound: dict[str, list[Bound]] = {}
        self.read: dict[str, list[int]] = {}
        """Lines where a name is read in this very scope."""
        self.elsewhere: set[str] = set()
        """Names declared global or nonlocal."""
        self.unbound: set[str] = set()
        """Names that are deleted again somewhere."""
        self.star = False

    def bind(self, name: str, bound: Bound) -> None:
        self.bound.setdefault(name, []).append(bound)


class Names:
    """The scopes of one module.

    Raises:
        RecursionError: It is nested too deep to be walked through.
    """

    def __init__(self, tree: ast.Module) -> None:
        self.scopes: list[Scope] = []
        self.module = self._scope(tree, None)
        self._block(self.module, tree.body, certain=True)
        shared = {name for scope in self.scopes for name in scope.elsewhere}
        self.shared = frozenset(shared)
        """Names that some function binds for another scope: nothing is certain of these."""

    def defined(self, name: str, line: int) -> bool:
        """Tell whether every read of *name* on *line* certainly finds something; False where it is not read there."""
        scopes = self._readers(name, line)
        return bool(scopes) and all(self._finds(name, scope, line) for scope in scopes)

    def meaning(self, name: str, line: int) -> Bound | None:
        """Return the one binding that *name* can have where it is read on *line*; None where that is not certain."""
        found = [bound for scope in self._readers(name, line) for bound in self._meanings(name, scope)]
        return found[0] if len({id(bound) for bound in found}) == 1 and name not in self.shared else None

    def bound_at(self, name: str, line: int) -> tuple[Scope, Bound] | None:
        """Return the scope that binds *name* on *line* and nowhere else; None where there is no such one."""
        for scope in self.scopes:
            bounds = scope.bound.get(name, [])
            if len(bounds) == 1 and bounds[0].line == line and name not in self.shared:
                return scope, bounds[0]
        return None

    def read_below(self, name: str, top: Scope) -> bool:
        """Tell whether *name*, bound in *top*, is read there or in a scope inside that does not bind it itself."""
        return any(name in scope.read and (scope is top or self._owner(name, scope) is top) for scope in self.scopes)

    def _readers(self, name: str, line: int) -> list[Scope]:
        return [scope for scope in self.scopes if line in scope.read.get(name, ())]

    def _owner(self, name: str, scope: Scope) -> Scope | None:
        """Return the scope that a read of *name* in *scope* finds it in; None for a built-in one."""
        here: Scope | None = scope
        while here is not None:
            own = name in here.bound and name not in here.elsewhere
            if own and (here is scope or not isinstance(here.node, ast.ClassDef)):
                return here
            here = here.parent
        return None

    def _meanings(self, name: str, scope: Scope) -> Sequence[Bound | None]:
        owner = self._owner(name, scope)
        return owner.bound[name] if owner else [None]

    def _finds(self, name: str, scope: Scope, line: int) -> bool:
        if name in self.shared:
            return False
        owner = self._owner(name, scope)
        if owner is None:
            return hasattr(builtins, name) or name in ALWAYS
        if name in owner.unbound:
            return False
        # What a function reads of the module around it was bound by the time that it is called.
        return any(
            bound.certain and (owner is not scope or bound.kind == "parameter" or bound.line < line)
            for bound in owner.bound[name]
        )

    def _scope(self, node: ast.AST, parent: Scope | None) -> Scope:
        scope = Scope(node, parent)
        self.scopes.append(scope)
        return scope

    def _block(self, scope: Scope, body: Sequence[ast.stmt], *, certain: bool) -> None:
        for statement in body:
            self._statement(scope, statement, certain=certain)

    def _statement(self, scope: Scope, node: ast.stmt, *, certain: bool) -> None:
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            self._definition(scope, node, certain=certain)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                name = alias.asname or (
                    alias.name if isinstance(node, ast.ImportFrom) else alias.name.partition(".")[0]
                )
                scope.star = scope.star or name == "*"
                scope.bind(name, Bound(kind="import", line=alias.lineno, certain=certain, node=node))
        elif isinstance(node, ast.Global | ast.Nonlocal):
            scope.elsewhere.update(node.names)
        elif isinstance(node, ast.Delete):
            scope.unbound.update(one.id for one in node.targets if isinstance(one, ast.Name))
            self._expressions(scope, node)
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            self._assignment(scope, node, certain=certain)
        else:
            self._compound(scope, node, certain=certain)

    def _definition(
        self, scope: Scope, node: "ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef", *, certain: bool
    ) -> None:
        kind = "class" if isinstance(node, ast.ClassDef) else "def"
        scope.bind(node.name, Bound(kind=kind, line=node.lineno, certain=certain, node=node))
        for one in node.decorator_list:
            self._expression(scope, one)
        inner = self._scope(node, scope)
        if isinstance(node, ast.ClassDef):
            for part in (*node.bases, *node.keywords):
                self._expression(scope, part)
        else:
            self._parameters(scope, inner, node.args)
            if node.returns:
                self._expression(scope, node.returns)
        self._block(inner, node.body, certain=True)

    def _parameters(self, outer: Scope, inner: Scope, found: ast.arguments) -> None:
        for default in (*found.defaults, *filter(None, found.kw_defaults)):
            self._expression(outer, default)
        for one in parameters(found):
            inner.bind(one.arg, Bound(kind="parameter", line=one.lineno, certain=True, node=one))
            if one.annotation:
                self._expression(outer, one.annotation)

    def _assignment(self, scope: Scope, node: "ast.Assign | ast.AnnAssign | ast.AugAssign", *, certain: bool) -> None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        alone = len(targets) == 1 and isinstance(targets[0], ast.Name) and not isinstance(node, ast.AugAssign)
        if node.value is not None:
            self._expression(scope, node.value)
        if isinstance(node, ast.AnnAssign):
            self._expression(scope, node.annotation)
        for target in targets:
            for one in ast.walk(target):
                if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store):
                    if isinstance(node, ast.AugAssign):
                        scope.read.setdefault(one.id, []).append(one.lineno)
                    # A bare annotation makes a name local and gives it nothing.
                    sure = certain and node.value is not None and not isinstance(node, ast.AugAssign)
                    value = node.value if alone else None
                    scope.bind(one.id, Bound(kind="assignment", line=one.lineno, certain=sure, node=node, value=value))
            self._expression(scope, target)

    def _compound(self, scope: Scope, node: ast.stmt, *, certain: bool) -> None:
        """Go through a statement of any other kind: what is bound under it is not certain, but for a ``finally``."""
        for field, value in ast.iter_fields(node):
            parts = value if isinstance(value, list) else [value]
            for part in parts:
                if isinstance(part, ast.stmt):
                    self._statement(scope, part, certain=certain and field == "finalbody")
                elif isinstance(part, ast.ExceptHandler):
                    if part.name:
                        scope.bind(part.name, Bound(kind="other", line=part.lineno, certain=False, node=part))
                        scope.unbound.add(part.name)
                    if part.type:
                        self._expression(scope, part.type)
                    self._block(scope, part.body, certain=False)
                elif isinstance(part, ast.match_case):
                    self._match(scope, part)
                elif isinstance(part, ast.AST):
                    self._expression(scope, part)

    def _match(self, scope: Scope, case: ast.match_case) -> None:
        for one in ast.walk(case.pattern):
            name = getattr(one, "name", None) or getattr(one, "rest", None)
            if isinstance(name, str):
                scope.bind(name, Bound(kind="other", line=case.pattern.lineno, certain=False, node=case))
        self._expression(scope, case.pattern)
        if case.guard:
            self._expression(scope, case.guard)
        self._block(scope, case.body, certain=False)

    def _expressions(self, scope: Scope, node: ast.AST) -> None:
        for part in ast.iter_child_nodes(node):
            self._expression(scope, part)

    def _expression(self, scope: Scope, node: ast.AST) -> None:
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Load):
                scope.read.setdefault(node.id, []).append(node.lineno)
            elif not any(bound.line == node.lineno for bound in scope.bound.get(node.id, ())):
                scope.bind(node.id, Bound(kind="other", line=node.lineno, certain=False, node=node))
        elif isinstance(node, ast.NamedExpr):
            # In a comprehension it binds the name of the function around that.
            outer = scope
            while isinstance(outer.node, _COMPREHENSIONS) and outer.parent:
                outer = outer.parent
            outer.bind(node.target.id, Bound(kind="other", line=node.lineno, certain=False, node=node))
            self._expression(scope, node.value)
        elif isinstance(node, ast.Lambda):
            inner = self._scope(node, scope)
            self._parameters(scope, inner, node.args)
            self._expression(inner, node.body)
        elif isinstance(node, _COMPREHENSIONS):
            self._comprehension(scope, node)
        else:
            self._expressions(scope, node)

    def _comprehension(
        self, scope: Scope, node: "ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp"
    ) -> None:
        inner = self._scope(node, scope)
        for place, one in enumerate(node.generators):
            for target in ast.walk(one.target):
                if isinstance(target, ast.Name) and isinstance(target.ctx, ast.Store):
                    inner.bind(target.id, Bound(kind="parameter", line=target.lineno, certain=True, node=one))
            self._expression(scope if place == 0 else inner, one.iter)
            self._expression(inner, one.target)
            for test in one.ifs:
                self._expression(inner, test)
        for value in (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,):
            self._expression(inner, value)


def parameters(found: ast.arguments) -> Iterator[ast.arg]:
    """Yield every parameter, in order."""
    yield from (*found.posonlyargs, *found.args)
    if found.vararg:
        yield found.vararg
    yield from found.kwonlyargs
    if found.kwarg:
        yield found.kwarg
