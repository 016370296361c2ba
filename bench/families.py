"""Every family of rules that is there, found by its modules, with the settings' defaults."""

import importlib
import pkgutil
from collections.abc import Callable
from functools import cache

import everycommit.rules
from everycommit.change import Blobs, Change
from everycommit.config.schema import Settings
from everycommit.result import Finding
from everycommit.rules.size import size

Check = Callable[[Change, Blobs], list[Finding]]


@cache
def families() -> tuple[tuple[str, Check], ...]:
    """Return name and check of each module of rules that declares both."""
    found = []
    for name in sorted(module.name for module in pkgutil.iter_modules(everycommit.rules.__path__)):
        module = importlib.import_module(f"everycommit.rules.{name}")
        if hasattr(module, "RULES") and hasattr(module, "check"):
            found.append((name, module.check))
    return tuple(found)


def findings(change: Change, blobs: Blobs, *, sizes: bool = True) -> list[Finding]:
    """Return what all families find, and with *sizes* what goes beyond the default limits."""
    found = [finding for _, check in families() for finding in check(change, blobs)]
    return found + (size(change, Settings().policy, blobs) if sizes else [])
