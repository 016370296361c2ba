"""One value of one setting: is it right, what would TOML write, what does a text of the environment mean."""

import json
import math
import re
from collections.abc import Callable
from typing import Any

from ..text import printable
from .fields import Field
from .schema import BUILT_IN

DAY = 86_400
_LONGEST = 60
_OR_NONE = frozenset({"limit", "text", "amount"})
_PROGRAMS = frozenset({"run", "key_command", "command", "ready_command"})
"""Settings that hold a program and its arguments."""
_VARIABLE = r"[A-Za-z_][A-Za-z0-9_]*"
_NEVER = ("GIT_", "EVERYCOMMIT_")
_SWITCH = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_NONE = ("false", "none")
EXPECTED = {
    "switch": "true or false",
    "seconds": f"a number of seconds above 0 and at most {DAY}",
    "amount": "a number of 0 or more, or false for none",
    "limit": "a whole number of 0 or more, or false for no limit",
    "number": "a whole number of 1 or more",
    "text": "a text, or false for none",
    "list": "a list of texts",
    "only": "a list of texts",
    "rules": "a table of severities by rule",
    "texts": "a table of texts by name",
    "projects": "a list of tables, each with `root`",
}


class Mistake(Exception):  # noqa: N818 - a sentence on its way to a list of them
    """What is wrong with a value: the end of a line that begins with the place."""


def checked(field: Field, value: object) -> Any:
    """Return *value* as the schema wants it: lists become tuples, false None.

    Raises:
        Mistake: It is not what *field* takes.
    """
    kind = field.kind
    if kind == "word":
        if not isinstance(value, str) or value not in field.choices:
            raise Mistake(f"{shown(value)} is not {_one_of(field.choices)}{nearest(value, field.choices)}")
        return value
    if kind in {"list", "only"}:
        items = _list(field, value)
        return items if kind == "list" else (items,) if items else ()
    if kind == "rules":
        from .severities import side

        return side(value)
    if kind in {"texts", "projects"}:
        return _texts(value) if kind == "texts" else _projects(value)
    if not _RIGHT[kind](value):
        raise Mistake(f"{shown(value)} is not {EXPECTED[kind]}")
    # Of a budget none is the strictest, and nobody means nothing by 0.
    if kind in _OR_NONE and (value is False or (field.merge == "max" and value == 0)):
        return None
    return float(value) if kind in {"seconds", "amount"} else value  # type: ignore[arg-type]


def from_text(field: Field, text: str) -> Any:
    """Return the value that *text*, of the environment or the command line, stands for; lists are comma separated.

    Raises:
        Mistake: It stands for none.
    """
    word = text.strip().lower()
    value: object = text
    if field.kind in {"list", "only"}:
        value = [part.strip() for part in text.split(",") if part.strip()]
    elif field.kind == "projects":
        value = [{"root": part.strip()} for part in text.split(",") if part.strip()]
    elif field.kind == "rules":
        pairs = (part.partition("=") for part in text.split(",") if part.strip())
        value = {name.strip(): severity.strip() for name, _, severity in pairs}
    elif field.kind == "switch":
        value = _SWITCH.get(word, text)
    elif field.kind in _OR_NONE and word in _NONE:
        value = False
    elif field.kind in {"limit", "number", "seconds", "amount"}:
        value = _number(text, whole=field.kind in {"limit", "number"})
    return checked(field, value)


def written(field: Field, value: Any) -> str:
    """Return *value* of *field* as a settings file writes it; what came of several sides is joined by "and"."""
    if field.kind == "only":
        return " and ".join(map(toml, value)) or "[]"
    if field.kind == "rules":
        from .severities import written_side

        return " and ".join(map(written_side, value)) or "{}"
    if field.kind == "texts":
        return f"{{{', '.join(f'{name} = {toml(text)}' for name, text in value)}}}"
    return toml(value)


def toml(value: object) -> str:
    """Return *value* as TOML writes it; none is ``false``."""
    if value is None or isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return printable(json.dumps(value, ensure_ascii=False))
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, dict):
        return "a table"
    return printable(str(value).removesuffix(".0"))


def shown(value: object) -> str:
    """Return *value* as TOML, short enough for a line."""
    text = toml(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def nearest(name: object, names: "tuple[str, ...] | list[str]") -> str:
    """Return ``; did you mean 'X'?`` with the nearest of *names*, nothing where none is near."""
    import difflib

    near = difflib.get_close_matches(str(name)[:100], names, n=1)
    return f"; did you mean '{near[0]}'?" if near else ""


def _list(field: Field, value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        raise Mistake(f"{shown(value)} is not a list; write [{shown(value)}]")
    if not isinstance(value, (list, tuple)):
        raise Mistake(f"{shown(value)} is not {EXPECTED['list']}")
    for item in value:
        _check_item(field, item)
    if field.name in _PROGRAMS and not any(value[:1]):
        raise Mistake(f"{shown(value)} names no program; write it and its arguments")
    return tuple(dict.fromkeys(value)) if field.choices else tuple(value)


def _texts(value: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict):
        raise Mistake(f"{shown(value)} is not {EXPECTED['texts']}")
    for name, text in value.items():
        _check_variable(name)
        if not isinstance(text, str) or "\0" in text:
            raise Mistake(f"{shown(text)} of {name} is not a text")
    return tuple(value.items())


def _projects(value: object) -> Any:
    from .several import projects

    return projects(value)


def _check_item(field: Field, item: object) -> None:
    if not isinstance(item, str) or "\0" in item:
        raise Mistake(f"{shown(item)} in the list is not a text")
    if field.choices and item not in field.choices:
        gates = field.choices == BUILT_IN
        what = "no built-in gate" if gates else f"not {_one_of(field.choices)}"
        known = (
            f"; there are {', '.join(BUILT_IN)} (a command of yours says in its own 'at' when it runs)" if gates else ""
        )
        raise Mistake(f"{shown(item)} is {what}{nearest(item, field.choices) or known}")
    if field.name in {"env", "sees"}:
        _check_variable(item)
    elif not item and field.name not in {"args", *_PROGRAMS}:
        raise Mistake('"" in the list is empty')


def _check_variable(name: str) -> None:
    if not re.fullmatch(_VARIABLE, name):
        raise Mistake(f"{shown(name)} is no name of an environment variable")
    if name.startswith(_NEVER):
        raise Mistake(f"{shown(name)} is git's or ours and never handed to a child")


def _number(text: str, *, whole: bool) -> object:
    try:
        return int(text) if whole else float(text)
    except ValueError:
        return text


def _is_switch(value: object) -> bool:
    return isinstance(value, bool)


def _is_seconds(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value <= DAY


def _is_amount(value: object) -> bool:
    number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    return value is False or (number and value >= 0)  # type: ignore[operator]


def _is_limit(value: object) -> bool:
    return value is False or (isinstance(value, int) and not isinstance(value, bool) and value >= 0)


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _is_text(value: object) -> bool:
    return value is False or (isinstance(value, str) and bool(value) and "\0" not in value)


def _one_of(choices: tuple[str, ...]) -> str:
    return f"one of {', '.join(repr(choice) for choice in choices)}"


_RIGHT: dict[str, Callable[[object], bool]] = {
    "switch": _is_switch,
    "seconds": _is_seconds,
    "amount": _is_amount,
    "limit": _is_limit,
    "number": _is_number,
    "text": _is_text,
}
