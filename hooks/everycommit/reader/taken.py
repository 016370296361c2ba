"""What a change takes away and puts nothing in its place: a check, a case, a handler, a lock, a clean-up, a return."""

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from .flat import Edit, Entry, Unit, pairs
from .seen import Moves, Seen, calls, given_up, last_name, shown

_ENDS = (ast.Return, ast.Raise, ast.Continue, ast.Break)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_WITHS = (ast.With, ast.AsyncWith)
_CLOSES = frozenset({"close", "aclose", "release", "shutdown"})
_LOCKS = ("lock", "mutex", "semaphore")
_OPTIONAL = frozenset({"ImportError", "ModuleNotFoundError"})
"""What is caught for packages that may not be there: once they have to be, it goes."""
_NEVER_RETURN = frozenset({"exit", "_exit", "abort", "fail", "skip"})


class _Gone(NamedTuple):
    entry: Entry
    whole: bool
    """Whether all that was below it is gone as well."""
    edit: Edit
    came: tuple[Entry, ...]
    """What came with it and is not another form of something that is gone."""

    def seen(self, rule: str, message: str) -> Seen:
        return Seen(rule, message, old=self.entry.line + self.edit.was.above)


def taken(edit: Edit, moves: Moves) -> Iterator[Seen]:
    """Yield what *edit* takes away."""
    both = list(pairs(edit))
    changed = {id(old) for old, _ in both}
    came = tuple(one for one in edit.came if all(one is not new for _, new in both))
    covered = 0
    for at, entry in enumerate(edit.gone):
        rule = _RULES.get(entry.kind)
        if at < covered or rule is None or id(entry) in changed or moves.came[entry.key]:
            continue
        below = edit.was.entries[edit.start + at + 1 : edit.start + at + 1 + entry.below]
        whole = len(edit.gone) - at - 1 >= entry.below
        # Most of what it held may have been moved: then it was rewritten, not taken away.
        if whole and below and all(moves.came[one.key] for one in below):
            continue
        about = getattr(entry.node, "test", None)
        if about is not None and given_up(about, edit.was.node, moves):
            continue
        seen = rule(_Gone(entry, whole, edit, came))
        if seen:
            yield seen
            covered = at + 1 + entry.below if whole else covered


def lost_return(was: Unit, now: Unit) -> Seen | None:
    """Return that a function which always came back with a value may now come to its end without one."""
    old, new = was.node, now.node
    if not isinstance(old, _FUNCTIONS) or not isinstance(new, _FUNCTIONS):
        return None
    gives = any(isinstance(one.node, ast.Return) and one.node.value is not None for one in now.entries)
    generates = any(isinstance(one, ast.Yield | ast.YieldFrom) for one in ast.walk(old))
    if not gives or generates or not _closed(old.body) or _closed(new.body):
        return None
    line = now.entries[-1].line + now.above
    return Seen(
        "return-lost", f"`{new.name}` may come to its end without a value; before, it always gave one", new=line
    )


def _if(gone: _Gone) -> Seen | None:
    node = gone.entry.node
    if gone.came or not isinstance(node, ast.If):
        return None
    test = shown(node.test)
    if not gone.whole:
        return gone.seen("guard-removed", f"`if {test}` is gone, and what it guarded always runs")
    if isinstance(node.body[-1], _ENDS):
        return gone.seen("guard-removed", f"the check `if {test}` is gone")
    return None if gone.edit.came else gone.seen("case-removed", f"the case `if {test}` is gone")


def _else(gone: _Gone) -> Seen | None:
    if gone.edit.came or not gone.whole:
        return None
    return gone.seen("case-removed", f"the `else` of `{_owner(gone)}` is gone")


def _owner(gone: _Gone) -> str:
    node = gone.entry.node
    test = getattr(node, "test", None)
    word = type(node).__name__.lower().removeprefix("async")
    return f"{word} {shown(test)}" if test is not None else word


def _handler(gone: _Gone) -> Seen | None:
    node = gone.entry.node
    if gone.came or not isinstance(node, ast.ExceptHandler):
        return None
    caught = shown(node.type) or "everything"
    if caught in _OPTIONAL or not _tried_still(gone):
        return None
    return gone.seen("handler-removed", f"`{caught}` is no longer caught here")


def _tried_still(gone: _Gone) -> bool:
    """Tell whether something of what the handler was there for is still done."""
    tries = [
        one for one in gone.edit.was.entries if isinstance(one.node, ast.Try) and gone.entry.node in one.node.handlers
    ]
    if not tries:
        return False
    at = gone.edit.was.entries.index(tries[0])
    last = tries[0].node.body[-1].end_lineno or 0  # type: ignore[attr-defined]
    tried = {one.key for one in gone.edit.was.entries[at + 1 : at + 1 + tries[0].below] if one.line <= last}
    return any(one.key in tried for one in gone.edit.unit.entries)


def _finally(gone: _Gone) -> Seen | None:
    if _in_a_with_now(gone.edit):
        return None
    return gone.seen("close-removed", "a `finally` is gone: what it did is not done, or not after an error")


def _in_a_with_now(edit: Edit) -> bool:
    now, was = (sum(isinstance(one.node, _WITHS) for one in unit.entries) for unit in (edit.unit, edit.was))
    return now > was


def _with(gone: _Gone) -> Seen | None:
    node = gone.entry.node
    if not isinstance(node, _WITHS):
        return None
    text = ", ".join(shown(one.context_expr) for one in node.items)
    if any(word in text.lower() for word in _LOCKS) and not _takes_lock(gone.edit):
        return (
            gone.seen("lock-removed", f"`with {text}` is gone, and what it protected is not")
            if not gone.whole
            else None
        )
    opens = any(
        isinstance(one.context_expr, ast.Call) and last_name(one.context_expr.func) == "open" for one in node.items
    )
    came = [one.node for one in gone.edit.came if not isinstance(one.node, _WITHS)]
    if opens and calls(came, "open") and not calls([gone.edit.unit.node], "close"):
        return gone.seen("close-removed", f"`with {text}` is gone: the file is closed at no certain time")
    return None


def _takes_lock(edit: Edit) -> bool:
    return any(word in one.key.lower() for one in edit.came for word in (*_LOCKS, "acquire"))


def _call(gone: _Gone) -> Seen | None:
    node = gone.entry.node
    value = getattr(node, "value", None)
    call = value.value if isinstance(value, ast.Await) else value
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return None
    if call.func.attr == "acquire" and not _takes_lock(gone.edit):
        return gone.seen("lock-removed", f"`{shown(call)}` is gone")
    if call.func.attr not in _CLOSES or gone.came or _in_a_with_now(gone.edit):
        return None
    if _still_there(call.func.value, gone.edit.unit):
        return gone.seen("close-removed", f"`{shown(call)}` is gone")
    return None


def _still_there(node: ast.expr, now: Unit) -> bool:
    """Tell whether what was closed is still used: its closing was not taken away along with itself."""
    name = last_name(node)
    return bool(name) and any(last_name(one) == name for one in ast.walk(now.node))


_RULES: Mapping[str, Callable[[_Gone], Seen | None]] = {
    "If": _if,
    "Elif": _if,
    "Else": _else,
    "Finally": _finally,
    "ExceptHandler": _handler,
    "With": _with,
    "AsyncWith": _with,
    "Expr": _call,
}


def _closed(body: Sequence[ast.stmt]) -> bool:  # noqa: PLR0911 - a kind of statement a case
    """Tell whether nothing runs past the end of *body*."""
    if not body:
        return False
    last = body[-1]
    if isinstance(last, _ENDS):
        return True
    if isinstance(last, ast.If):
        return _closed(last.body) and _closed(last.orelse)
    if isinstance(last, _WITHS):
        return _closed(last.body)
    if isinstance(last, ast.Try):
        inner = _closed(last.orelse or last.body) and all(_closed(one.body) for one in last.handlers)
        return inner or _closed(last.finalbody)
    if isinstance(last, ast.While):
        endless = isinstance(last.test, ast.Constant) and bool(last.test.value)
        return endless and not any(isinstance(one, ast.Break) for one in ast.walk(last))
    if isinstance(last, ast.Match):
        # Without a case for all the rest it may still be complete: types know, we do not.
        return all(_closed(case.body) for case in last.cases)
    return (
        isinstance(last, ast.Expr) and isinstance(last.value, ast.Call) and last_name(last.value.func) in _NEVER_RETURN
    )
