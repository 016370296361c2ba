"""How base's and target's values become one, and which of target's values are looser.

The orders are described in ``schema``: base judges, target may tighten.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ..rules.severity import Side
from .fields import SERVICES, Field, command_name, command_table, field_of, keys, service_name, service_table
from .parse import REPOSITORY
from .schema import Loosening
from .values import shown, toml, written

TIGHTENED = f"{REPOSITORY}, tightened by this change"
Values = Mapping[str, Any]
Globs = tuple[tuple[str, ...], ...]


class Layer(NamedTuple):
    """What a repository's two files come to."""

    values: Mapping[str, Any]
    sources: Mapping[str, str]
    loosened: tuple[Loosening, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def commands(self) -> frozenset[str]:
        """Names of the commands: each is whole, the user's of the same name has no part in it."""
        return frozenset(_commands(self.values))

    @property
    def services(self) -> frozenset[str]:
        """Names of the services: whole as well."""
        return frozenset(_services(self.values))


def merged(field: Field, base: Any, target: Any) -> Any:
    """Return the value that judges where base has *base* and target has *target*."""
    return _ORDERS[field.merge](field, base, target)


def over(field: Field, lower: Any, upper: Any) -> Any:
    """Return what *upper* makes of a *lower* layer's value: it replaces it, or both count where the setting says so."""
    return _ORDERS[field.across](field, lower, upper) if field.across else upper


def looser(field: Field, base: Any, target: Any) -> bool:
    """Tell whether *target* allows something that *base* does not."""
    if field.merge == "strictest":
        from ..rules.severity import looser_rules

        return any(True for _ in looser_rules(base, target))
    if field.merge == "every":
        return bool(base) and not _inside(target, base)
    return field.merge != "target" and not _same(field, merged(field, base, target), target)


def alone(values: Values) -> Layer:
    """Return the layer of one file that judges by itself: a first commit, all files, adoption."""
    return Layer(dict(values), dict.fromkeys(values, REPOSITORY))


def together(base: Values, target: Values) -> Layer:
    """Return the layer of base's values tightened by target's."""
    merging = _Merging(base, target)
    for key in keys():
        if key in base or key in target:
            merging.setting(key)
    for name in sorted(_commands(base) | _commands(target)):
        merging.command(f"command.{name}")
    for name in dict.fromkeys((*_services(target), *_services(base))):
        merging.service(f"{SERVICES}.{name}")
    return Layer(merging.values, merging.sources, tuple(merging.loosened), tuple(merging.notes))


def with_commands_of(layer: Layer, base: Values) -> Layer:
    """Return *layer* with base's commands as they are, and no others; a service that is not base's is for tests alone.

    Tests run the change's code anyway; a command need not.
    """
    values = {key: value for key, value in layer.values.items() if not command_name(key)}
    commands = {key: value for key, value in base.items() if command_name(key)}
    notes = [f"the command '{name}' is new and runs in CI once it is in the base" for name in sorted(_new(layer, base))]
    kept = _kept_from_commands(values | commands, base)
    return layer._replace(
        values=kept,
        sources={key: layer.sources.get(key, REPOSITORY) for key in kept},
        notes=(*layer.notes, *notes),
    )


class _Merging:
    """Goes through the settings of both files, collecting."""

    def __init__(self, base: Values, target: Values) -> None:
        self.base = base
        self.target = target
        self.values: dict[str, Any] = {}
        self.sources: dict[str, str] = {}
        self.loosened: list[Loosening] = []
        self.notes: list[str] = []

    def setting(self, key: str) -> None:
        field = field_of(key)
        old, new = self.base.get(key, field.default), self.target.get(key, field.default)
        judges = merged(field, old, new)
        if field.merge == "target":
            if old != new:
                self.notes.append(f"this change sets {key} from {shown(old)} to {shown(new)}")
            if key in self.target:
                self._put(key, new, REPOSITORY)
            return
        if field.merge == "strictest":
            self._rules(key, old, new)
        elif looser(field, old, new):
            self.loosened.append(Loosening(key=key, base=written(field, old), target=written(field, new)))
        # Where base says nothing and target may not say what it says, the repository says nothing.
        if key in self.base or judges != field.default or judges == new:
            self._put(key, judges, REPOSITORY if _same(field, judges, old) else TIGHTENED)

    def command(self, key: str) -> None:
        here = [f"{key}.{part}" for part in command_table()]
        run = f"{key}.run"
        if run in self.base and run in self.target:
            for name in here:
                if name in self.base or name in self.target:
                    self.setting(name)
            return
        only = self.base if run in self.base else self.target
        if run in self.base:
            self.loosened.append(Loosening(key=run, base=toml(self.base[run]), target="[]"))
        for name in here:
            if name in only:
                self._put(name, only[name], REPOSITORY)

    def service(self, key: str) -> None:
        here = [f"{key}.{part}" for part in service_table()]
        program = f"{key}.command"
        if program in self.base and program in self.target:
            for name in here:
                if name in self.base or name in self.target:
                    self.setting(name)
            return
        # As with the tests' own settings, only target's fit target's tests.
        added = program in self.target
        self.notes.append(f"this change {'adds' if added else 'takes away'} the service '{service_name(key)}'")
        for name in here if added else ():
            if name in self.target:
                self._put(name, self.target[name], REPOSITORY)

    def _rules(self, key: str, old: tuple[Side, ...], new: tuple[Side, ...]) -> None:
        from ..rules.severity import looser_rules
        from .severities import written_rule

        for name in looser_rules(old, new):
            self.loosened.append(
                Loosening(key=f"{key}.{name}", base=written_rule(old, name), target=written_rule(new, name))
            )

    def _put(self, key: str, value: Any, source: str) -> None:
        self.values[key] = value
        self.sources[key] = source


def _smaller(_: Field, base: int | None, target: int | None) -> int | None:
    return min((value for value in (base, target) if value is not None), default=None)


def _stricter(field: Field, base: Any, target: Any) -> Any:
    if field.choices:
        return max(base, target, key=field.choices.index)
    return None if base is None or target is None else max(base, target)


def _union(field: Field, base: tuple[str, ...], target: tuple[str, ...]) -> tuple[str, ...]:
    if field.empty_is_all and not (base and target):
        return ()
    return tuple(dict.fromkeys((*base, *target)))


def _intersection(_: Field, base: tuple[str, ...], target: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(value for value in base if value in target)


def _every(_: Field, base: Globs, target: Globs) -> Globs:
    if _inside(target, base):
        return target
    return base if _inside(base, target) else tuple(dict.fromkeys((*base, *target)))


def _inside(one: Globs, other: Globs) -> bool:
    """Tell whether all that *one* lets through is let through by *other*, globs compared as texts."""
    return all(any(set(narrow) <= set(wide) for narrow in one) for wide in other)


def _strictest(field: Field, base: tuple[Side, ...], target: tuple[Side, ...]) -> tuple[Side, ...]:
    if not looser(field, base, target):
        return target
    return base if not looser(field, target, base) else (*(base or ({},)), *(target or ({},)))


_ORDERS: dict[str, Callable[[Field, Any, Any], Any]] = {
    "min": _smaller,
    "max": _stricter,
    "union": _union,
    "intersection": _intersection,
    "every": _every,
    "strictest": _strictest,
    "base": lambda _field, base, _target: base,
    "target": lambda _field, _base, target: target,
}


def _same(field: Field, one: Any, other: Any) -> bool:
    """Compare; order and repetition of a list count only where they mean something."""
    if field.merge in {"union", "intersection"}:
        return frozenset(one) == frozenset(other)
    if field.merge == "every":
        return _inside(one, other) and _inside(other, one)
    return bool(one == other)


def _commands(values: Values) -> set[str]:
    return {name for key in values if (name := command_name(key))}


def _new(layer: Layer, base: Values) -> set[str]:
    return _commands(layer.values) - _commands(base)


def _services(values: Values) -> dict[str, None]:
    """Return the names in the order of the file."""
    return dict.fromkeys(name for key in values if (name := service_name(key)))


def _kept_from_commands(values: dict[str, Any], base: Values) -> dict[str, Any]:
    for name in _services(values):
        start = f"{SERVICES}.{name}."
        here = {key: value for key, value in values.items() if key.startswith(start)}
        if here != {key: value for key, value in base.items() if key.startswith(start)}:
            gates = values.get(f"{start}gates", ("tests",))
            values[f"{start}gates"] = tuple(gate for gate in gates if gate == "tests")
    return values
