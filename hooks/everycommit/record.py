"""Frozen dataclasses at a tenth of what they cost to define.

A hook starts at every commit. The standard library's ``dataclasses`` takes 0.7 bare Python starts to import (it brings
``inspect``) and 0.05 for each class it makes; we define some thirty. This module has the same names for the form that
the project uses, ``@dataclass(frozen=True, slots=True)``; type checkers see the standard library's. ``__init__`` is
compiled when the first instance is made. ``dataclasses.replace``, ``fields`` and ``asdict`` work on our classes, too.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import MISSING, Field, asdict, dataclass, field, fields, is_dataclass, replace
else:

    class Field:
        """One field, with the attributes of the standard library's that are used here."""

        __slots__ = ("compare", "default", "default_factory", "metadata", "name", "repr", "type")

        def __init__(self, default, default_factory, metadata, *, compare, repr) -> None:  # noqa: A002
            self.name = self.type = None
            self.default = default
            self.default_factory = default_factory
            self.metadata = metadata
            self.compare = compare
            self.repr = repr

        def absent(self) -> bool:
            """Tell whether a value has to be given."""
            return self.default is MISSING and self.default_factory is MISSING

    class _Missing:
        def __repr__(self) -> str:
            return "MISSING"

    MISSING = _Missing()
    _FIELDS = "__everycommit_fields__"

    def field(*, default=MISSING, default_factory=MISSING, metadata=None, compare=True, repr=True):  # noqa: A002
        """Return the specifier of a field."""
        return Field(default, default_factory, metadata or {}, compare=compare, repr=repr)

    def fields(of) -> tuple[Field, ...]:
        """Return the fields of a class or an instance, in order."""
        return tuple(getattr(of, _FIELDS).values())

    def is_dataclass(thing) -> bool:
        """Tell whether *thing* is a class made here, or an instance of one."""
        return hasattr(thing, _FIELDS)

    def replace(instance, /, **changes):
        """Return a copy of *instance* with *changes*."""
        known = {name: getattr(instance, name) for name in getattr(instance, _FIELDS)}
        return type(instance)(**known | changes)

    def asdict(instance) -> dict[str, Any]:
        """Return the fields by name, instances inside as dictionaries too."""
        return {name: _plain(getattr(instance, name)) for name in getattr(instance, _FIELDS)}

    def dataclass(*, frozen: bool, slots: bool, kw_only: bool = False) -> Callable[[type], type]:
        """Return the decorator; the class must be frozen and have slots."""
        if not (frozen and slots):
            raise TypeError("records are frozen and have slots; for anything else take the standard library's")
        return lambda cls: _made(cls, kw_only=kw_only)

    def _plain(value):
        if hasattr(value, _FIELDS):
            return asdict(value)
        if isinstance(value, tuple) and type(value) is tuple:
            return tuple(map(_plain, value))
        return {key: _plain(one) for key, one in value.items()} if isinstance(value, Mapping) else value

    def _made(cls: type, *, kw_only: bool) -> type:
        found: dict[str, Field] = {}
        space = dict(cls.__dict__)
        for name, kind in space.get("__annotations__", {}).items():
            value = space.pop(name, MISSING)
            one = value if isinstance(value, Field) else field(default=value)
            one.name, one.type = name, kind
            found[name] = one
        for name in ("__dict__", "__weakref__"):
            space.pop(name, None)
        space["__slots__"] = tuple(found)
        space["__match_args__"] = () if kw_only else tuple(found)
        space[_FIELDS] = found
        space["__dataclass_fields__"] = _StandardFields()
        space["__init__"] = _first_init(kw_only=kw_only)
        for name, function in _COMMON.items():
            space.setdefault(name, function)
        return type(cls)(cls.__name__, cls.__bases__, space)

    def _first_init(*, kw_only: bool):
        """Return an ``__init__`` that compiles the real one, puts it in its own place and calls it."""

        def __init__(self, *args, **keywords) -> None:  # noqa: N807
            cls = next(base for base in type(self).__mro__ if base.__dict__.get("__init__") is __init__)
            cls.__init__ = _compiled(cls, kw_only=kw_only)
            cls.__init__(self, *args, **keywords)

        return __init__

    def _compiled(cls: type, *, kw_only: bool):
        space: dict[str, Any] = {"missing": MISSING}
        heads, lines = [], []
        for name, one in getattr(cls, _FIELDS).items():
            space[f"set_{name}"] = cls.__dict__[name].__set__
            value = name
            if one.absent():
                heads.append(name)
            elif one.default_factory is MISSING:
                space[f"default_{name}"] = one.default
                heads.append(f"{name}=default_{name}")
            else:
                space[f"make_{name}"] = one.default_factory
                heads.append(f"{name}=missing")
                value = f"make_{name}() if {name} is missing else {name}"
            lines.append(f"    set_{name}(self, {value})")
        star = "*, " if kw_only and heads else ""
        source = f"def __init__(self, {star}{', '.join(heads)}):\n" + "\n".join(lines or ["    pass"])
        exec(source, space)  # noqa: S102 - the same as the standard library does, from our own names
        init = space["__init__"]
        init.__qualname__ = f"{cls.__qualname__}.__init__"
        return init

    class _StandardFields:
        """Gives the standard library its own view of our fields, when somebody asks with its functions."""

        def __get__(self, instance, cls):
            import dataclasses

            out = {}
            for name, one in getattr(cls, _FIELDS).items():
                default = {} if one.default is MISSING else {"default": one.default}
                factory = {} if one.default_factory is MISSING else {"default_factory": one.default_factory}
                made = dataclasses.field(
                    **default, **factory, metadata=one.metadata, compare=one.compare, repr=one.repr
                )
                made.name, made.type, made._field_type = name, one.type, dataclasses._FIELD  # noqa: SLF001
                out[name] = made
            return out

    def _values(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name, one in getattr(self, _FIELDS).items() if one.compare)

    def _equal(self, other):
        if type(other) is not type(self):
            return NotImplemented
        return _values(self) == _values(other)

    def _hash(self) -> int:
        return hash(_values(self))

    def _repr(self) -> str:
        parts = [f"{name}={getattr(self, name)!r}" for name, one in getattr(self, _FIELDS).items() if one.repr]
        return f"{type(self).__qualname__}({', '.join(parts)})"

    def _set(self, name, value) -> None:
        from dataclasses import FrozenInstanceError

        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def _delete(self, name) -> None:
        from dataclasses import FrozenInstanceError

        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def _state(self) -> list[Any]:
        return [getattr(self, name) for name in getattr(self, _FIELDS)]

    def _restore(self, state) -> None:
        for name, value in zip(getattr(self, _FIELDS), state, strict=True):
            object.__setattr__(self, name, value)

    _COMMON = {
        "__eq__": _equal,
        "__hash__": _hash,
        "__repr__": _repr,
        "__setattr__": _set,
        "__delattr__": _delete,
        "__getstate__": _state,
        "__setstate__": _restore,
    }


__all__ = ["MISSING", "Field", "asdict", "dataclass", "field", "fields", "is_dataclass", "replace"]
