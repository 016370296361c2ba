"""Questions of a piece of syntax: which names it mentions, binds, changes and calls.

Names are plain identifiers without their module: ``x`` in one file and ``x`` in another are one name. That is wider
than the truth and never narrower, and a package that hands names on is transparent by itself.
"""

import ast
import re
from collections.abc import Iterable, Iterator

REFLECTS = "*reflects*"
"""Stands among the mentions of a statement that may reach any name."""
COMPUTES = "*computes*"
"""The same of one that computes the name of an attribute: which ones a test asks for is recorded."""
_REFLECTING_CALLS = frozenset(["vars", "dir", "globals", "locals", "eval", "exec", "compile", "__import__"])
"""By their bare names: ``re.compile`` is another."""
_REFLECTING = frozenset(
    [
        "attrgetter",
        "methodcaller",
        "getmembers",
        "getmembers_static",
        "__subclasses__",
        "__dict__",
        "__annotations__",
        "__mro__",
        "get_type_hints",
        "get_annotations",
        "signature",
        "getfullargspec",
        "getsource",
        "iter_modules",
        "walk_packages",
        "__code__",
        "__bases__",
        "mro",
    ]
)
_COMPUTED = frozenset({"getattr", "hasattr", "setattr", "delattr"})
_WORD = re.compile(r"[^\W\d]\w*")
_FIELD = re.compile(r"\{([^{}]*)\}|%\((\w+)\)")
_LONGEST = 2000
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def identifiers(text: str) -> set[str]:
    """Return the words in a string constant that could be names: of a sentence only those in its fields."""
    if any(map(str.isspace, text)):
        text = " ".join("".join(field) for field in _FIELD.findall(text))
    return set(_WORD.findall(text[:_LONGEST]))


def names(*nodes: ast.AST | None, local: frozenset[str] = frozenset()) -> set[str]:
    """Return every identifier that *nodes* mention, in strings too; of functions and classes inside, all.

    A variable of a function, *local*, is no such name.
    """
    found: set[str] = set()
    for root in nodes:
        if root is None:
            continue
        for node in ast.walk(root):
            if not (isinstance(node, ast.Name) and node.id in local):
                found |= _own(node)
    return found


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


def _own(node: ast.AST) -> set[str]:  # noqa: C901, PLR0911 - a kind of node a case
    match node:
        case ast.Name(id=name):
            return {name, REFLECTS} if name in _REFLECTING or name in _REFLECTING_CALLS else {name}
        case ast.Attribute(attr=name):
            return {name, REFLECTS} if name in _REFLECTING else {name}
        case ast.Constant(value=str() as text):
            return identifiers(text)
        case ast.alias(name=name, asname=other):
            return {*name.split("."), *([other] if other else [])}
        case ast.ImportFrom(module=module):
            return set((module or "").split(".")) - {""}
        case ast.keyword(arg=str() as name):
            return {name}
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.Global(names=listed) | ast.Nonlocal(names=listed):
            return set(listed)
        case ast.MatchClass(kwd_attrs=listed):
            return set(listed)
        case ast.Call(func=ast.Name(id=name), args=args) if name in _COMPUTED:
            return {COMPUTES} if len(args) < 2 or not isinstance(args[1], ast.Constant) else set()
        case _:
            return set()


def bound(*nodes: ast.AST | None) -> set[str]:
    """Return the names that *nodes* bind, delete or set something on; not those inside functions."""
    found: set[str] = set()
    for node in _outside_functions(nodes):
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                found.add(name)
            case ast.Attribute(attr=name, ctx=ast.Store() | ast.Del()):
                found |= {name, *root_names(node)}
            case ast.Subscript(ctx=ast.Store() | ast.Del()):
                found |= root_names(node)
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


def root_names(node: ast.AST) -> set[str]:
    """Return the name at the beginning of ``a.b[c].d``, and the attributes on the way."""
    found: set[str] = set()
    while True:
        match node:
            case ast.Attribute(value=value, attr=name):
                found.add(name)
                node = value
            case ast.Subscript(value=value) | ast.Starred(value=value):
                node = value
            case ast.Call(func=value):
                node = value
            case ast.Name(id=name):
                return found | {name}
            case _:
                return found


def mutated(*nodes: ast.AST | None, local: frozenset[str] = frozenset()) -> set[str]:
    """Return the names whose objects *nodes* may change, *local* being the variables of the function they are in.

    Of a variable the attributes count; where one is changed, what was read into variables may be what it stands for.
    """
    chains = [chain for root in nodes if root is not None for node in ast.walk(root) for chain in _changing(node)]
    found = {name for chain in chains for name in chain if name not in local}
    if local and any(chain & local for chain in chains):
        found |= _read_into_variables(nodes, local)
    return found


def _changing(node: ast.AST) -> list[set[str]]:  # noqa: PLR0911 - a kind of node a case
    """Return the names on the way to each object that *node* may change."""
    match node:
        case ast.Call(func=func) if of_pytest(func):
            # A mark keeps what it is given.
            return []
        case ast.Call(func=func, args=args, keywords=keywords):
            given = [*args, *(keyword.value for keyword in keywords)]
            chains = [root_names(one) for one in given if isinstance(one, ast.Name | ast.Attribute | ast.Starred)]
            return [*chains, *([root_names(func.value)] if isinstance(func, ast.Attribute) else [])]
        case ast.Attribute(ctx=ast.Store() | ast.Del()) | ast.Subscript(ctx=ast.Store() | ast.Del()):
            return [root_names(node)]
        case ast.AugAssign(target=target):
            return [root_names(target)]
        case ast.Global(names=listed):
            return [{*listed}]
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            decorators = [one for one in node.decorator_list if not isinstance(one, ast.Name) and not of_pytest(one)]
            return [root_names(one) for one in decorators]
        case _:
            return []


def _read_into_variables(nodes: Iterable[ast.AST | None], local: frozenset[str]) -> set[str]:
    found: set[str] = set()
    for node in (node for root in nodes if root is not None for node in ast.walk(root)):
        match node:
            case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value) | ast.NamedExpr(value=value):
                found |= names(value, local=local)
            case ast.For(iter=value) | ast.AsyncFor(iter=value) | ast.withitem(context_expr=value):
                found |= names(value, local=local)
            case _:
                pass
    return found


def of_pytest(node: ast.AST) -> bool:
    """Tell whether *node* is ``pytest.mark.x``, ``pytest.fixture``, ``pytest.param`` or a call of it."""
    while isinstance(node, ast.Attribute | ast.Call):
        node = node.value if isinstance(node, ast.Attribute) else node.func
    return isinstance(node, ast.Name) and node.id == "pytest"


def changeable(node: ast.stmt) -> bool:
    """Tell whether what an assignment binds is an object that can be changed."""
    value = getattr(node, "value", node)
    return value is not None and not isinstance(value, ast.Constant | ast.JoinedStr | ast.Compare)


def called(*nodes: ast.AST | None) -> set[str]:
    """Return the last names of what *nodes* call, decorate with or derive from."""
    found: set[str] = set()
    for root in nodes:
        for node in ast.walk(root) if root is not None else ():
            if isinstance(node, ast.Call):
                found |= last_part(node.func)
            elif isinstance(node, (*FUNCTIONS, ast.ClassDef)):
                for one in (*node.decorator_list, *getattr(node, "bases", ())):
                    found |= last_part(one)
            elif isinstance(node, ast.With | ast.AsyncWith):
                for item in node.items:
                    found |= last_part(item.context_expr)
    return found


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
