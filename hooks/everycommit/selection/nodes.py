"""Questions of a piece of syntax: which names it binds, which objects it changes, what it calls."""

import ast
from collections.abc import Iterable, Iterator

from .resolve import Scope

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_READS = frozenset(
    [
        *("capitalize", "casefold", "copy", "count", "decode", "encode", "endswith", "find", "format", "get", "index"),
        *("isalpha", "isdigit", "isidentifier", "isspace", "items", "join", "keys", "lower", "lstrip", "partition"),
        *("replace", "rfind", "rpartition", "rsplit", "rstrip", "split", "splitlines", "startswith", "strip", "title"),
        *("union", "upper", "values"),
    ]
)
"""Methods of built-in types that change nothing."""
_LOOKS = frozenset(
    [
        *("all", "any", "bool", "bytes", "callable", "dict", "float", "frozenset", "getattr", "hasattr", "hash", "id"),
        *("int", "isinstance", "issubclass", "len", "list", "max", "min", "range", "repr", "set", "sorted", "str"),
        *("sum", "tuple", "type"),
    ]
)
"""Functions that change nothing of what they are given."""


_MAKES = frozenset(["object", "frozenset", "TypeVar", "ParamSpec", "TypeVarTuple", "NewType", "re.compile"])
"""Makers of objects that cannot change."""


def variables(node: ast.FunctionDef | ast.AsyncFunctionDef) -> frozenset[str]:
    """Return the names that are surely variables of the function."""
    args = node.args
    listed = [*args.posonlyargs, *args.args, *args.kwonlyargs, *filter(None, (args.vararg, args.kwarg))]
    found, outer = {one.arg for one in listed}, set()
    waiting: list[ast.AST] = [*node.body]
    while waiting:
        one = waiting.pop()
        match one:
            case ast.Name(id=name, ctx=ast.Store()):
                found.add(name)
            case ast.Global(names=given) | ast.Nonlocal(names=given):
                outer |= {*given}
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.Lambda():
                continue
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                continue
            case ast.ExceptHandler(name=str() as name):
                found.add(name)
            case _:
                pass
        waiting += ast.iter_child_nodes(one)
    return frozenset(found - outer)


def bound(*nodes: ast.AST | None) -> set[str]:
    """Return the names that *nodes* bind or delete; not those inside functions."""
    found: set[str] = set()
    for node in _outside_functions(nodes):
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                found.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
            case ast.alias(name=name, asname=other):
                found.add(other or name.split(".")[0])
            case ast.ExceptHandler(name=str() as name) | ast.MatchAs(name=str() as name):
                found.add(name)
            case _:
                pass
    return found


def _outside_functions(nodes: Iterable[ast.AST | None]) -> Iterator[ast.AST]:
    waiting = [node for node in nodes if node is not None]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, FUNCTIONS):
            waiting += node.decorator_list
        elif isinstance(node, ast.comprehension):
            # Its variables are its own.
            waiting += [node.iter, *node.ifs]
        elif not isinstance(node, ast.Lambda):
            waiting += ast.iter_child_nodes(node)


def mutated(scope: Scope, *nodes: ast.AST | None) -> set[str]:
    """Return the tokens whose objects *nodes* may change.

    Of a variable the attributes count; where one is changed, what was read into variables may be what it stands for.
    """
    found = {f"{scope.file.path}:{name}" for name in rebound(*nodes)}
    variable = False
    for node in (node for root in nodes if root is not None for node in ast.walk(root)):
        for chain in _changing(node, scope):
            tokens, local = scope.chain(chain)
            found |= tokens
            variable = variable or local
        match node:
            case ast.Call(func=ast.Attribute(value=value, attr=method)) if method in _READS:
                found |= {f"{token}|{method}" for token in scope.chain(value)[0]}
            case _:
                pass
    if variable:
        found |= _read_into_variables(scope, nodes)
    return found


def _changing(node: ast.AST, scope: Scope) -> list[ast.AST]:  # noqa: PLR0911 - a kind of node a case
    """Return the ways to each object that *node* may change."""
    match node:
        case ast.Call(func=func) if of_pytest(func):
            # A mark keeps what it is given.
            return []
        case ast.Call(func=ast.Name(id=name)) if name in _LOOKS and scope.builtin(name):
            return []
        case ast.Call(func=func, args=args, keywords=keywords):
            given = [*args, *(keyword.value for keyword in keywords)]
            chains: list[ast.AST] = [one for one in given if isinstance(one, ast.Name | ast.Attribute | ast.Starred)]
            receiver = isinstance(func, ast.Attribute) and func.attr not in _READS
            return [*chains, *([func.value] if isinstance(func, ast.Attribute) and receiver else [])]
        case ast.Attribute(ctx=ast.Store() | ast.Del()) | ast.Subscript(ctx=ast.Store() | ast.Del()):
            return [node]
        case ast.AugAssign(target=target):
            return [target]
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return [*decorating(node)]
        case _:
            return []


def rebound(*nodes: ast.AST | None) -> set[str]:
    """Return the names that functions among *nodes* bind anew by ``global``."""
    return {
        name
        for root in nodes
        if root is not None
        for node in ast.walk(root)
        if isinstance(node, ast.Global)
        for name in node.names
    }


def decorating(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> list[ast.expr]:
    """Return the decorators that may change the object that they are an attribute of."""
    return [one for one in node.decorator_list if not isinstance(one, ast.Name) and not of_pytest(one)]


def outside(scope: Scope, node: ast.stmt) -> set[str]:
    """Return the modules of other packages on which *node* sets something, or which it calls for the effect alone."""
    ways: list[ast.AST] = []
    for one in _outside_functions([node]):
        match one:
            case ast.Attribute(ctx=ast.Store() | ast.Del()) | ast.Subscript(ctx=ast.Store() | ast.Del()):
                ways.append(one)
            case ast.Expr(value=ast.Call(func=func)):
                ways.append(func)
            case _:
                pass
    return {token for way in ways for token in scope.chain(way)[0] if token.startswith("^")}


def _read_into_variables(scope: Scope, nodes: Iterable[ast.AST | None]) -> set[str]:
    found: set[str] = set()
    for node in (node for root in nodes if root is not None for node in ast.walk(root)):
        match node:
            case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value) | ast.NamedExpr(value=value):
                found |= scope.mentions(value)
            case ast.For(iter=value) | ast.AsyncFor(iter=value) | ast.withitem(context_expr=value):
                found |= scope.mentions(value)
            case _:
                pass
    return {token for token in found if token[0] not in "'%*@="}


def of_pytest(node: ast.AST) -> bool:
    """Tell whether *node* is ``pytest.mark.x``, ``pytest.fixture``, ``pytest.param`` or a call of it."""
    while isinstance(node, ast.Attribute | ast.Call):
        node = node.value if isinstance(node, ast.Attribute) else node.func
    return isinstance(node, ast.Name) and node.id == "pytest"


def kind_of(node: ast.stmt) -> str:
    """Return ``call``, or what is bound: ``constant``, ``alias`` (what another name stands for), ``other``."""
    if isinstance(node, ast.Expr):
        return "call"
    value = getattr(node, "value", node)
    simple = isinstance(node, ast.Assign | ast.AnnAssign)
    match value:
        case None | ast.Constant() | ast.JoinedStr() | ast.Compare():
            return "constant"
        case ast.Name() | ast.Attribute() if simple:
            return "alias"
        case ast.Call(func=func) if simple and ast.unparse(func).removeprefix("typing.").removeprefix("t.") in _MAKES:
            return "constant"
        case _:
            return "other"


def called(scope: Scope, *nodes: ast.AST | None) -> set[str]:
    """Return the tokens of what *nodes* call, decorate with or derive from."""
    found: set[str] = set()
    for node in (node for root in nodes if root is not None for node in ast.walk(root)):
        ways: list[ast.AST] = []
        if isinstance(node, ast.Call):
            ways = [node.func]
        elif isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            ways = [*node.decorator_list, *getattr(node, "bases", ())]
        elif isinstance(node, ast.With | ast.AsyncWith):
            ways = [item.context_expr for item in node.items]
        for way in ways:
            found |= callee(scope, way)
    return found


def callee(scope: Scope, node: ast.AST) -> set[str]:
    """Return the tokens of what is called where *node* is called."""
    match node:
        case ast.Name(id=name):
            return scope.name(name)
        case ast.Attribute():
            return scope.attribute(node)
        case _:
            return set()


def last_part(node: ast.AST) -> set[str]:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return {name}
        case _:
            return set()


def typing_only(node: ast.If) -> bool:
    """Tell whether *node* is ``if TYPE_CHECKING:``."""
    return last_part(node.test) == {"TYPE_CHECKING"}


def head(node: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[ast.AST, ...]:
    """Return what of a function runs where it is defined."""
    return (*node.decorator_list, node.args, *([node.returns] if node.returns else []))


def evaluated(node: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[ast.AST, ...]:
    """Return what decides on the object that a function is: its annotations only where a decorator may read them.

    What an annotation is can be seen by those alone who are handed the function: a name that changes its meaning
    makes no other function of it, and whoever takes the class of an argument from it runs the class.
    """
    if node.decorator_list:
        return head(node)
    return (*node.args.defaults, *(one for one in node.args.kw_defaults if one is not None))


def first_line(node: ast.stmt) -> int:
    """Return the first line of *node*, its decorators included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(one.lineno for one in decorators)])


def blocks(node: ast.stmt) -> tuple[list[ast.AST], list[list[ast.stmt]]]:
    """Return the head of a compound statement and its blocks; a simple one has no block."""
    match node:
        case ast.If(test=test) | ast.While(test=test):
            return [test], [[] if isinstance(node, ast.If) and typing_only(node) else node.body, node.orelse]
        case ast.For(target=target, iter=source_) | ast.AsyncFor(target=target, iter=source_):
            return [target, source_], [node.body, node.orelse]
        case ast.With(items=items, body=body) | ast.AsyncWith(items=items, body=body):
            return [*items], [body]
        case ast.Try() | ast.TryStar():
            handlers = [handler.type for handler in node.handlers if handler.type is not None]
            parts = [node.body, *(handler.body for handler in node.handlers), node.orelse, node.finalbody]
            return [*handlers], parts
        case ast.Match(subject=subject, cases=cases):
            heads = [part for case in cases for part in (case.pattern, case.guard) if part is not None]
            return [subject, *heads], [case.body for case in cases]
        case _:
            return [node], []
