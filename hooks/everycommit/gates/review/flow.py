"""What is certain at a line of Python: that it is reached as far as syntax goes, that a name is not None there."""

import ast
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from .names import Bound, Names

_NEVER_NONE = (
    *(ast.List, ast.Tuple, ast.Set, ast.Dict, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
    *(ast.JoinedStr, ast.Lambda, ast.Compare),
)
_MAKERS = frozenset(
    {
        *("list", "dict", "set", "frozenset", "tuple", "str", "bytes", "bytearray", "int", "float", "bool", "len"),
        *("sorted", "range", "enumerate", "zip", "map", "filter", "reversed", "open", "repr", "object", "sum", "abs"),
    }
)
"""Built-in functions that never return None."""
_COME_BACK = frozenset(
    {
        *("print", "append", "extend", "add", "update", "insert", "clear", "sort", "debug", "info", "warning", "error"),
        *("setdefault", "discard", "remove", "write", "close", "setattr", "isinstance", "join", "start"),
    }
)
"""Names of functions that are called for their effect and return; any other one may be made never to return."""
_TERMINATORS = (ast.Return, ast.Raise, ast.Continue, ast.Break)


class Step(NamedTuple):
    """One block on the way from a function down to a line."""

    owner: ast.AST
    """What the block belongs to."""
    field: str
    """Which block of it: ``body``, ``orelse``, ``finalbody``."""
    before: Sequence[ast.stmt]
    statement: ast.stmt


def way(tree: ast.Module, line: int) -> list[Step]:
    """Return the blocks from the module down to the statement that holds *line*; empty where none does."""
    steps: list[Step] = []
    owner: ast.AST = tree
    while True:
        found = _down(owner, line)
        if found is None:
            return steps
        steps.append(found)
        owner = found.statement


def reached(tree: ast.Module, line: int) -> bool:
    """Tell whether nothing in the syntax keeps *line* from running once its function is called.

    False wherever a condition, a handler, a loop or a call that may not return has a say.
    """
    steps = _in_function(way(tree, line))
    if not steps or isinstance(steps[0].owner, ast.Module):
        return False
    for step in steps:
        if not isinstance(step.owner, (ast.FunctionDef, ast.AsyncFunctionDef, ast.With, ast.AsyncWith)) and not (
            isinstance(step.owner, ast.Try) and step.field == "body"
        ):
            return False
        if not all(map(_goes_on, step.before)):
            return False
    return True


def not_none(tree: ast.Module, names: Names, name: str, line: int) -> bool:
    """Tell whether *name* is certainly not None wherever it is read on *line*."""
    if name in names.shared:
        return False
    if _is_a_thing(names.meaning(name, line)):
        return True
    steps = _in_function(way(tree, line))
    if not steps or any(_of_its_own(part, name) for part in _head(steps[-1].statement)):
        return False
    for step in reversed(steps):
        for statement in reversed(step.before):
            said = _says(statement, name, names)
            if said is not None:
                return said
        said = _entering(step, name)
        if said is not None:
            return said
    return False


def _is_a_thing(meaning: Bound | None) -> bool:
    """Tell whether a name stands for a module, or a function or class as it is written."""
    if meaning is None or not meaning.certain:
        return False
    return isinstance(meaning.node, ast.Import) or (
        meaning.kind in {"def", "class"} and not getattr(meaning.node, "decorator_list", ())
    )


def _head(statement: ast.stmt) -> Iterator[ast.AST]:
    """Yield the nodes of *statement* without the blocks below it."""
    for value in statement.__dict__.values():
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, ast.AST) and not isinstance(part, (ast.stmt, ast.ExceptHandler, ast.match_case)):
                yield from ast.walk(part)


def _of_its_own(node: ast.AST, name: str) -> bool:
    """Tell whether *node* has names of its own, or binds *name*."""
    return isinstance(node, (ast.Lambda, ast.comprehension)) or name in _bound_by(node)


def _down(owner: ast.AST, line: int) -> Step | None:
    for field, value in ast.iter_fields(owner):
        if not isinstance(value, list):
            continue
        for at, one in enumerate(value):
            if not isinstance(one, (ast.stmt, ast.ExceptHandler, ast.match_case)):
                break
            if isinstance(one, ast.stmt):
                if one.lineno <= line <= (one.end_lineno or one.lineno):
                    return Step(owner, field, value[:at], one)
            else:
                inner = _down(one, line)
                if inner is not None:
                    return inner
    return None


def _in_function(steps: Sequence[Step]) -> list[Step]:
    """Return the steps from the innermost function on."""
    functions = [at for at, one in enumerate(steps) if isinstance(one.owner, (ast.FunctionDef, ast.AsyncFunctionDef))]
    classes = [at for at, one in enumerate(steps) if isinstance(one.owner, ast.ClassDef)]
    start = max(functions, default=0)
    return [] if classes and classes[-1] > start else list(steps[start:])


def _goes_on(statement: ast.stmt) -> bool:
    """Tell whether what follows *statement* runs, as far as can be told."""
    if isinstance(statement, ast.Expr):
        call = statement.value
        if isinstance(call, ast.Call):
            return getattr(call.func, "attr", getattr(call.func, "id", "")) in _COME_BACK
        return isinstance(call, ast.Constant)
    if isinstance(statement, (ast.If, ast.While, ast.For, ast.AsyncFor, ast.Try, ast.Match, ast.With, ast.AsyncWith)):
        return not any(isinstance(part, (*_TERMINATORS, ast.Call, ast.While)) for part in ast.walk(statement))
    return not isinstance(statement, (*_TERMINATORS, ast.Assert))


def _says(statement: ast.stmt, name: str, names: Names) -> bool | None:
    """Return what *statement* makes certain of *name* for what follows it; None where it does not touch it."""
    if isinstance(statement, (ast.Assign, ast.AnnAssign)):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        if any(isinstance(one, ast.Name) and one.id == name for one in targets) and statement.value is not None:
            return _made(statement.value, names)
    if _binds(statement, name):
        return False
    if isinstance(statement, ast.Assert) and _implies(statement.test, name, truth=True):
        return True
    if isinstance(statement, ast.If) and not statement.orelse and isinstance(statement.body[-1], _TERMINATORS):
        return True if _implies(statement.test, name, truth=False) else None
    return None


def _entering(step: Step, name: str) -> bool | None:
    """Return what entering the block of *step* makes certain of *name*; None where what was before goes on to hold."""
    owner, said = step.owner, None
    if isinstance(owner, (ast.FunctionDef, ast.AsyncFunctionDef)):
        first = next(iter((*owner.args.posonlyargs, *owner.args.args)), None)
        plain = not any(getattr(one, "id", "") == "staticmethod" for one in owner.decorator_list)
        said = name in {"self", "cls"} and first is not None and first.arg == name and plain
    elif isinstance(owner, (ast.If, ast.While)) and _implies(owner.test, name, truth=step.field == "body"):
        said = True
    elif isinstance(owner, (ast.While, ast.For, ast.AsyncFor, ast.Try, ast.With, ast.AsyncWith)):
        # A loop comes back with what it bound, and a handler begins anywhere in its try.
        said = False if _binds(owner, name) else None
    elif isinstance(owner, (ast.ExceptHandler, ast.match_case)):
        # What is bound in the try or by the pattern is not gone through here.
        said = False
    return said


def _made(value: ast.expr, names: Names) -> bool:
    """Tell whether *value* is certainly not None."""
    if isinstance(value, ast.Constant):
        return value.value is not None
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
        made = value.func.id
        if any(made in scope.bound for scope in names.scopes):
            bounds = names.module.bound.get(made, [])
            alone = len(bounds) == 1 and sum(made in scope.bound for scope in names.scopes) == 1
            return alone and isinstance(bounds[0].node, ast.ClassDef) and _plain(bounds[0].node)
        return made in _MAKERS and not names.module.star
    return isinstance(value, _NEVER_NONE)


def _plain(node: ast.ClassDef) -> bool:
    """Tell whether calling the class gives an instance of it, as far as the class itself has a say."""
    own = {getattr(one, "name", "") for one in node.body}
    return "__new__" not in own and not node.keywords and not node.decorator_list and not node.bases


def _implies(test: ast.expr, name: str, *, truth: bool) -> bool:
    """Tell whether *name* is not None where *test* came out as *truth*."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _implies(test.operand, name, truth=not truth)
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And if truth else ast.Or):
        return any(_implies(one, name, truth=truth) for one in test.values)
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        sides = [test.left, test.comparators[0]]
        if any(_is(one, name) for one in sides) and any(_nothing(one) for one in sides):
            return isinstance(test.ops[0], ast.IsNot if truth else ast.Is)
        return False
    if isinstance(test, ast.Call) and truth:
        return (
            getattr(test.func, "id", "") == "isinstance"
            and len(test.args) == 2
            and _is(test.args[0], name)
            and (isinstance(test.args[1], ast.Name) and test.args[1].id != "object")
        )
    return truth and _is(test, name)


def _is(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _nothing(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _binds(node: ast.AST, name: str) -> bool:
    """Tell whether *name* is bound or deleted anywhere in *node*."""
    return any(name in _bound_by(one) for one in ast.walk(node))


def _bound_by(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield node.name
    elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)):
        yield node.name or ""
    elif isinstance(node, ast.MatchMapping):
        yield node.rest or ""
    elif isinstance(node, ast.alias):
        yield node.asname or node.name.partition(".")[0]
