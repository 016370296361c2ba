"""What a change turns round inside a statement: a comparison, an order, a limit; a part of it that is dropped."""

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from ..rules.python_source import dumped
from .flat import Edit, Entry, Unit, differences, pairs
from .seen import Moves, Seen, given_up, last_name, shown

_OPPOSITE: Mapping[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.Lt: (ast.Gt, ast.GtE),
    ast.LtE: (ast.Gt, ast.GtE),
    ast.Gt: (ast.Lt, ast.LtE),
    ast.GtE: (ast.Lt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_BOUNDARY = {(ast.Lt, ast.LtE), (ast.LtE, ast.Lt), (ast.Gt, ast.GtE), (ast.GtE, ast.Gt)}
_SIGNS: Mapping[type[ast.AST], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.And: "and",
    ast.Or: "or",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
}
_LIMITS = ("max", "limit", "timeout", "retries", "attempts", "threshold", "quota")
_CONDITIONS = frozenset({"If", "Elif", "While", "Assert"})
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_CONVERSIONS = frozenset(
    {
        *("strip", "lstrip", "rstrip", "lower", "upper", "casefold", "split", "rsplit", "partition", "rpartition"),
        *("realpath", "abspath", "normpath", "normcase", "resolve", "expanduser", "quote", "quote_plus", "escape"),
        *("copy", "deepcopy", "list", "dict", "set", "frozenset"),
    }
)
"""Functions whose result is the same thing in a safer form: of one case, without surroundings, a copy, quoted."""
_ONE_EACH = 2
_AT_ONCE = 2
"""Differences in one statement; with more it says something new, and is not turned round."""


def turned(edit: Edit, moves: Moves) -> Iterator[Seen]:
    """Yield what became another in the statements that *edit* changes."""
    for old, new in pairs(edit):
        found = differences(old.node, new.node)
        if len(found) > _AT_ONCE:
            continue
        for one, other in found:
            caught = old.kind == "ExceptHandler"
            if _not_taken(one, other, moves) or (not caught and given_up(_lost(one, other), edit.was.node, moves)):
                continue
            for rule in _RULES:
                said = rule(one, other, old, edit)
                if said:
                    yield _placed(said, one, other, new, edit)
                    break


def _placed(said: tuple[str, str], one: ast.AST, other: ast.AST, new: Entry, edit: Edit) -> Seen:
    """Return what was *said* at the part that it is about: a statement can have many lines."""
    lost = next((getattr(part, "lineno", None) for part in _lost(one, other).body), None)
    if lost is not None and (getattr(one, "end_lineno", 0) or 0) > getattr(one, "lineno", 0):
        return Seen(*said, old=lost + edit.was.above)
    return Seen(*said, new=getattr(other, "lineno", new.line) + edit.unit.above)


def no_longer_async(was: Unit, now: Unit) -> Seen | None:
    """Return that a coroutine became a function: who awaits it gets something else, or it runs elsewhere."""
    old, new = was.node, now.node
    if isinstance(old, ast.AsyncFunctionDef) and isinstance(new, ast.FunctionDef):
        return Seen("await-removed", f"`{new.name}` is no longer async", new=new.lineno + now.above)
    return None


def swapped_names(edit: Edit, text: str) -> Iterator[Seen]:
    """Yield the calls that came whose arguments are named like parameters of the function, in another order.

    *text* is that of the new file: the function has to be in it.
    """
    for entry in edit.came:
        for call in _calls(entry):
            names = [one.id for one in call.args if isinstance(one, ast.Name)]
            if not len(names) == len(call.args) > 1:
                continue
            called = last_name(call.func)
            wanted = _parameters(text, called)[: len(names)]
            if names != wanted and sorted(names) == sorted(wanted):
                message = f"`{shown(call)}` gives its arguments in another order than `{called}` takes them"
                yield Seen("arguments-swapped", message, new=entry.line + edit.unit.above)


def _parameters(text: str, name: str) -> list[str]:
    """Return the parameters of the one function *name* in *text*, its instance left out."""
    found = re.findall(rf"\bdef {re.escape(name)}\(([^()]*)\)", text) if name else []
    names = [re.match(r"\s*(\w*)", part)[1] for part in found[0].split(",")] if len(found) == 1 else []  # type: ignore[index]
    return names[1:] if names[:1] in (["self"], ["cls"]) else names


def _calls(entry: Entry) -> Iterator[ast.Call]:
    if not entry.below:
        yield from (one for one in ast.walk(entry.node) if isinstance(one, ast.Call))


def _operators(one: ast.AST, other: ast.AST, old: Entry, edit: Edit) -> tuple[str, str] | None:
    kinds = (type(one), type(other))
    if kinds[0] not in _SIGNS or kinds[1] not in _SIGNS:
        return None
    compared = isinstance(one, ast.cmpop)
    if (
        compared
        and kinds not in _BOUNDARY
        and (kinds[1] not in _OPPOSITE.get(kinds[0], ()) or _with_its_sides(old, edit))
    ):
        return None
    return "comparison-turned", f"`{_SIGNS[kinds[0]]}` became `{_SIGNS[kinds[1]]}`"


def _with_its_sides(old: Entry, edit: Edit) -> bool:
    """Tell whether a condition was turned round along with what it chooses between, or with other lines beside it."""
    if not isinstance(old.node, ast.If):
        return False
    bodies = [dumped(one.node.body[0]) for one in edit.unit.entries if isinstance(one.node, ast.If)]
    return len(edit.gone) + len(edit.came) > _ONE_EACH or (
        bool(old.node.orelse) and dumped(old.node.orelse[0]) in bodies
    )


def _negated(one: ast.AST, other: ast.AST, old: Entry, edit: Edit) -> tuple[str, str] | None:
    if _with_its_sides(old, edit):
        return None
    for negated, plain in ((one, other), (other, one)):
        if isinstance(negated, ast.UnaryOp) and isinstance(negated.op, ast.Not) and _same(negated.operand, plain):
            return "comparison-turned", f"`{shown(one)}` became `{shown(other)}`"
    if isinstance(one, ast.Compare) and isinstance(one.ops[0], ast.IsNot) and _same(one.left, other):
        return "comparison-turned", f"`{shown(one)}` became `{shown(other)}`: empty and zero count as absent now"
    return None


def _by_one(one: ast.AST, other: ast.AST, old: Entry, edit: Edit) -> tuple[str, str] | None:  # noqa: ARG001
    for longer, shorter in ((one, other), (other, one)):
        if (
            isinstance(longer, ast.BinOp)
            and isinstance(longer.op, ast.Add | ast.Sub)
            and isinstance(longer.right, ast.Constant)
            and longer.right.value == 1
            and _same(longer.left, shorter)
        ):
            return "comparison-turned", f"`{shown(one)}` became `{shown(other)}`: it is moved by one"
    return None


def _parts(one: ast.AST, other: ast.AST, old: Entry, edit: Edit) -> tuple[str, str] | None:  # noqa: ARG001
    if isinstance(one, ast.IfExp) and any(_same(other, part) for part in (one.body, one.orelse)):
        return "condition-loosened", f"`{shown(one)}` became `{shown(other)}`: the condition is gone"
    if not isinstance(one, ast.BoolOp):
        return None
    left = other.values if isinstance(other, ast.BoolOp) and type(other.op) is type(one.op) else [other]
    gone = _missing(one.values, left)
    if gone is None or (old.kind not in _CONDITIONS and isinstance(one.op, ast.And)):
        return None
    return "condition-loosened", f"`{_SIGNS[type(one.op)]} {shown(gone)}` is gone from the condition"


def _called(one: ast.AST, other: ast.AST, old: Entry, edit: Edit) -> tuple[str, str] | None:  # noqa: ARG001
    if not isinstance(one, ast.Call) or not isinstance(other, ast.Call) or not _same(one.func, other.func):
        return None
    was, now = [dumped(part) for part in one.args], [dumped(part) for part in other.args]
    words = [{word.arg: dumped(word.value) for word in call.keywords} for call in (one, other)]
    name = last_name(one.func) or shown(one.func)
    if words[0] == words[1] and was != now and sorted(was) == sorted(now):
        return "arguments-swapped", f"the arguments of `{name}` changed places"
    if was == now and words[1].items() < words[0].items():
        lost = next(word for word in one.keywords if word.arg not in words[1])
        return "argument-dropped", f"`{shown(lost)}` is no longer given to `{name}`"
    if words[0] == words[1] and len(now) < len(was) and was[: len(now)] == now:
        return "argument-dropped", f"`{shown(one.args[len(now)])}` is no longer given to `{name}`"
    return None


def _wrapped(one: ast.AST, other: ast.AST, old: Entry, edit: Edit) -> tuple[str, str] | None:  # noqa: ARG001
    if isinstance(one, ast.Await) and _same(one.value, other):
        return "await-removed", f"`{shown(one.value)}` is no longer awaited"
    inner = one.value if isinstance(one, ast.Subscript) else one
    if not isinstance(inner, ast.Call) or not isinstance(other, ast.expr):
        return None
    if last_name(inner.func) not in _CONVERSIONS:
        return None
    on = inner.func.value if isinstance(inner.func, ast.Attribute) else None
    if (len(inner.args) == 1 and inner is one and _same(inner.args[0], other)) or (on is not None and _same(on, other)):
        return "conversion-dropped", f"`{shown(one)}` became `{shown(other)}`"
    return None


def _listed(one: ast.AST, other: ast.AST, old: Entry, edit: Edit) -> tuple[str, str] | None:  # noqa: ARG001
    many = (ast.Tuple, ast.List, ast.Set)
    if not isinstance(one, many) or not isinstance(other, ast.expr):
        return None
    left = other.elts if isinstance(other, many) else [other]
    gone = _missing(one.elts, left)
    if gone is None:
        return None
    if old.kind == "ExceptHandler":
        return "handler-removed", f"`{shown(gone)}` is no longer caught here"
    targets = [last_name(part) for part in getattr(old.node, "targets", ())]
    stored = isinstance(getattr(one, "ctx", None), ast.Store)
    if stored or type(one) is not type(other) or not left or "__all__" in targets:
        return None
    return "element-dropped", f"`{shown(gone)}` is gone from the list"


def _named(one: ast.AST, other: ast.AST, old: Entry, edit: Edit) -> tuple[str, str] | None:  # noqa: ARG001
    if not isinstance(one, ast.Name) or not isinstance(other, ast.Name) or not isinstance(one.ctx, ast.Load):
        return None
    # Where the old name is gone, or the new one is new, it was renamed.
    if one.id not in _names(edit.unit.node) or other.id not in _names(edit.was.node):
        return None
    return "other-name", f"`{one.id}` became `{other.id}`, and both are there"


def _constant(one: ast.AST, other: ast.AST, old: Entry, edit: Edit) -> tuple[str, str] | None:  # noqa: ARG001
    if not isinstance(one, ast.Constant) or not isinstance(other, ast.Constant):
        return None
    was, now = one.value, other.value
    if isinstance(was, str) and isinstance(now, str) and was != now:
        if now in {was.replace(r"\Z", "$"), was.replace(r"\Z", ""), was.removeprefix("^"), was.removesuffix("$")}:
            return "anchor-loosened", f"the pattern `{shown(other)}` lets through what `{shown(one)}` did not"
        return None
    named = [last_name(part).lower() for part in getattr(old.node, "targets", ())]
    limit = any(word in name for name in named for word in _LIMITS)
    if not limit or not _is_number(was):
        return None
    if now is None or (_is_number(now) and now > was):  # type: ignore[operator]
        return "limit-raised", f"the limit was {shown(one)}, and is {shown(other)} now"
    return None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_RULES: Sequence[Callable[[ast.AST, ast.AST, Entry, Edit], tuple[str, str] | None]] = (
    *(_operators, _negated, _by_one, _parts, _called, _wrapped, _listed, _named, _constant),
)


def _lost(one: ast.AST, other: ast.AST) -> ast.Module:
    """Return the parts of *one* that *other* does not have, where *one* holds several."""
    if not isinstance(one, ast.Call | ast.BoolOp | ast.IfExp | ast.Tuple | ast.List | ast.Set):
        return ast.Module([], [])
    parts = [*one.args, *one.keywords] if isinstance(one, ast.Call) else [*ast.iter_child_nodes(one)]
    left = {dumped(part) for part in ast.walk(other)}
    return ast.Module([part for part in parts if dumped(part) not in left], [])  # type: ignore[misc]


def _not_taken(one: ast.AST, other: ast.AST, moves: Moves) -> bool:
    """Tell whether an argument is gone because the function that it went to takes it no more."""
    if not isinstance(one, ast.Call) or not isinstance(other, ast.Call):
        return False
    return any(word.arg in moves.parameters for word in one.keywords)


def _same(one: ast.AST, other: ast.AST) -> bool:
    return dumped(one) == dumped(other)


def _missing(was: Sequence[ast.expr], left: Sequence[ast.AST]) -> ast.expr | None:
    """Return the first that is missing where *left* is *was* without some, and nothing else; else None."""
    kept = Counter(map(dumped, left))
    gone = []
    for part in was:
        if kept[dumped(part)] > 0:
            kept[dumped(part)] -= 1
        else:
            gone.append(part)
    return gone[0] if gone and not kept.total() else None


def _names(node: ast.AST) -> set[str]:
    found = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
    return found | {one.arg for one in ast.walk(node) if isinstance(one, ast.arg)}
