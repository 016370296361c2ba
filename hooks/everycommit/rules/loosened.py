"""Which settings of a checker are looser in one tree than in another."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from .tool_files import Settings

_GROW = frozenset(
    [
        "ignore",
        "exclude",
        "per-file-ignores",
        "disable_error_code",
        "disable",
        "omit",
        "run.omit",
        "report.omit",
        "report.exclude_lines",
        "skips",
        "exclude_dirs",
        "norecursedirs",
        "report.partial_branches",
        "messages_control.disable",
        "main.ignore",
    ]
)
"""An entry more lets more pass."""
_CHOSEN = frozenset(["select", "enable_error_code", "enable-extensions"])
"""An entry less lets more pass."""
_WHERE = frozenset(["testpaths", "run.source", "run.source_pkgs", "files", "packages"])
"""The same, where nothing came in its place."""
_LOWER = frozenset({"report.fail_under"})
_RAISE = frozenset({"mccabe.max-complexity", "max-complexity", "timeout", "design.max-args", "design.max-branches"})
_ON = frozenset(
    [
        "strict",
        "check_untyped_defs",
        "no_implicit_optional",
        "no_implicit_reexport",
        "strict_equality",
        "strict_optional",
        "strict_bytes",
        "extra_checks",
        "run.branch",
        "xfail_strict",
        "strict_markers",
        "strict_config",
        "disallow_untyped_defs",
        "preview",
    ]
) - {"preview"}
_OFF = frozenset(
    ["ignore_errors", "ignore_missing_imports", "implicit_optional", "implicit_reexport", "report.ignore_errors"]
)
_ORDERED = {
    "follow_imports": ("normal", "silent", "skip"),
    "typeCheckingMode": ("strict", "standard", "basic", "off"),
}
"""From strict to loose; the first is what holds where nothing is said."""
_LESS = ("--deselect", "-k", "--ignore", "--ignore-glob", "--no-cov", "-m")
_MORE = ("--strict", "--strict-markers", "--strict-config", "--cov", "--doctest-modules", "--cov-branch", "--mypy")


class Looser(NamedTuple):
    """One setting that lets more pass than before."""

    tool: str
    key: str
    word: str
    """A word of the line that says so, to find it by."""
    message: str
    exception: bool = False
    """Whether it leaves out a rule, a path or a module, and all else is judged as before."""


def looser(old: Settings, new: Settings) -> Iterator[Looser]:
    """Yield what *new* is looser in; a tool that *old* does not set is new here, and weakens nothing."""
    for tool, was in old.items():
        if (now := new.get(tool)) is None:
            if was and not (tool == "flake8" and "ruff" in new):
                yield Looser(tool, "", "", f"all settings of {tool} are gone")
            continue
        for key in dict.fromkeys((*was, *now)):
            if was.get(key) != now.get(key) and not key.startswith("["):
                yield from _key(tool, key, was, now)
        yield from _overrides(tool, was, now)


def _key(tool: str, key: str, was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Looser]:  # noqa: C901 - a branch a kind
    before, after = was.get(key), now.get(key)
    if key in _GROW:
        yield from _grown(tool, key, was, now)
    elif key in _CHOSEN or key in _WHERE:
        yield from _shrunk(tool, key, _texts(before), _texts(after))
    elif key in _LOWER or key in _RAISE:
        yield from _moved(tool, key, before, after)
    elif _is_on(tool, key):
        implied = tool == "mypy" and now.get("strict") is True
        if after is False or (before is True and after is None):
            if before is True and not (after is None and implied):
                yield _said(tool, key, f"{key} is off")
            elif after is False and implied and before is None:
                yield _said(tool, key, f"{key} is off", exception=True)
    elif key in _OFF or (tool == "mypy" and key.startswith("allow_")):
        if after is True:
            yield _said(tool, key, f"{key} is on", exception=key != "ignore_errors")
    elif key in _ORDERED:
        order = _ORDERED[key]
        old, new = (order.index(value) if value in order else 0 for value in (before, after))
        if new > old:
            yield _said(tool, key, f"{key} goes from {before or order[0]} to {after or order[0]}")
    elif tool == "pytest":
        yield from _pytest(key, before, after)


def _grown(tool: str, key: str, was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Looser]:
    # Selecting more and leaving out some of it is a step forward.
    if set(_texts(now.get("select"))) - set(_texts(was.get("select"))):
        return
    added = Counter(_texts(now.get(key))) - Counter(_texts(was.get(key)))
    if added:
        everything = any(entry in {"ALL", "*", "**", "."} or entry.startswith("ALL in") for entry in added)
        yield _said(tool, key, f"{key} now holds {_some(added)}", next(iter(added)), exception=not everything)


def _shrunk(tool: str, key: str, was: list[str], now: list[str]) -> Iterator[Looser]:
    gone, came = Counter(was) - Counter(now), Counter(now) - Counter(was)
    if not gone or _covered(gone, now) or (key in _WHERE and (came or not now)):
        return
    yield _said(tool, key, f"{key} no longer holds {_some(gone)}", exception=key in _WHERE)


def _moved(tool: str, key: str, before: object, after: object) -> Iterator[Looser]:
    was, now = _number(before), _number(after)
    if was is not None and (now is None or (now < was if key in _LOWER else now > was)):
        yield _said(tool, key, f"{key} goes from {before} to {'no limit' if after is None else after}")


def _is_on(tool: str, key: str) -> bool:
    return key in _ON or (tool == "mypy" and key.startswith(("disallow_", "warn_", "strict_")))


def _said(tool: str, key: str, message: str, word: str = "", *, exception: bool = False) -> Looser:
    return Looser(tool, key, word.partition(" in ")[0] or key.rpartition(".")[2], f"{tool}: {message}", exception)


def _covered(gone: Counter[str], left: list[str]) -> bool:
    """Tell whether what is gone is part of what is left, as E501 is of E, and every code is of ALL."""
    return all(any(one == "ALL" or (one and code.startswith(one)) for one in left) for code in gone)


def _overrides(tool: str, was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Looser]:
    """Yield what single modules are newly let off; another module in the place of one that was is none more."""
    loose = [{key for key, value in side.items() if _lets_off(key, value)} for side in (was, now)]
    spare = Counter(key.partition("].")[2] for key in loose[0] - loose[1])
    for key in sorted(loose[1] - loose[0]):
        module, _, setting = key.partition("].")
        if spare[setting] > 0:
            spare[setting] -= 1
        else:
            yield _said(tool, key, f"{setting} is {str(now[key]).lower()} for {module[1:]}", module[1:], exception=True)


def _lets_off(key: str, value: object) -> bool:
    module, _, setting = key.partition("].")
    if not module.startswith("["):
        return False
    if setting == "ignore_errors":
        return value is True
    return value is False and (setting.startswith(("disallow_", "warn_", "strict")) or setting == "check_untyped_defs")


def _pytest(key: str, before: object, after: object) -> Iterator[Looser]:
    if key == "addopts":
        yield from _addopts(_options(before), _options(after))
    elif key == "filterwarnings":
        was, now = Counter(_texts(before)), Counter(_texts(after))
        if any(one.split(":")[0] == "error" for one in was) and not any(one.split(":")[0] == "error" for one in now):
            yield _said("pytest", key, "warnings are no longer errors")
        for entry in now - was:
            action, message, _, module, *_ = [*entry.split(":"), "", "", "", ""]
            if action == "ignore" and not message.strip() and not module.strip():
                yield _said("pytest", key, f"filterwarnings now holds '{entry}'", entry, exception=True)


def _addopts(was: Counter[str], now: Counter[str]) -> Iterator[Looser]:
    for option in (now - was).elements():
        name = option.partition("=")[0]
        if name in _LESS or option.startswith(("-p=no:", "-W=ignore")):
            said = f"addopts now holds '{option.replace('=', ' ', 1)}'"
            yield _said("pytest", "addopts", said, name, exception=name in {"-m", "-W"})
    left = {one.partition("=")[0]: one.partition("=")[2] for one in now}
    for option in (was - now).elements():
        name, _, value = option.partition("=")
        if (name in _MORE and name not in left) or (option.startswith("-W=error") and name not in left):
            yield _said("pytest", "addopts", f"addopts no longer holds '{option}'")
        elif name == "--cov-fail-under" and (_number(left.get(name)) or 0) < (_number(value) or 0):
            yield _said("pytest", "addopts", f"{name} goes from {value} to {left.get(name, 'no limit')}", name)


def _options(value: object) -> Counter[str]:
    """Return command-line options, each with its value behind ``=``."""
    words = [word.strip("'\"") for text in _texts(value) for word in text.split()]
    options: Counter[str] = Counter()
    last = ""
    for word in words:
        if word.startswith("-"):
            if last:
                options[last] += 1
            last = word
            if word[:2] in {"-p", "-W", "-k", "-m"} and len(word) > 2:
                last = f"{word[:2]}={word[2:]}"
        elif last:
            options[f"{last}={word}"] += 1
            last = ""
    if last:
        options[last] += 1
    return options


def _texts(value: object) -> list[str]:
    if value is None:
        return []
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def _number(value: object) -> float | None:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None


def _some(entries: Counter[str]) -> str:
    names = [f"'{name}'" for name in entries]
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
