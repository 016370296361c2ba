"""Which gates there are, in the order in which they are shown."""

from collections.abc import Iterator, Mapping
from importlib import import_module

from ..config.schema import Settings
from .base import Gate

_MODULES = {"policy": "policy", "lint": "lint", "types": "typecheck", "tests": "tests", "review": "review.gate"}


def gates(settings: Settings, environ: Mapping[str, str] | None = None) -> Mapping[str, Gate]:
    """Return the gates by name: the built-in ones in order, then the user's commands.

    *environ* is where tests and commands get the variables from that the settings name for them.
    """
    return _Gates(settings, environ or {})


class _Gates(Mapping[str, Gate]):
    """Imports a gate's module when the gate is asked for: a run of policy alone loads no other."""

    def __init__(self, settings: Settings, environ: Mapping[str, str]) -> None:
        self._settings = settings
        self._environ = environ

    def __getitem__(self, name: str) -> Gate:
        if name not in _MODULES:
            from .command import Command

            return Command(name, self._settings.command[name], self._environ)
        if name == "tests":
            from .tests import Tests

            return Tests(self._environ)
        gate: Gate = getattr(import_module(f".{_MODULES[name]}", __package__), name.capitalize())()
        return gate

    def __iter__(self) -> Iterator[str]:
        yield from _MODULES
        yield from self._settings.command

    def __len__(self) -> int:
        return len(_MODULES) + len(self._settings.command)
