"""The settings that judge a change: defaults, user, repository, environment and flags become one.

Weakest first: defaults < the user's file < the repository (base's settings, tightened by target's) < environment <
flags.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import SettingsErrors
from .schema import Config, Settings

if TYPE_CHECKING:
    from .merge import Layer
    from .parse import Parsed
    from .schema import ModelSettings

PREFIX = "EVERYCOMMIT_"
_INTERNAL = frozenset(f"{PREFIX}{name}" for name in ("REPORT", "WORKTREE", "SNAPSHOT", "HOOK"))
_MODEL = f"{PREFIX}MODEL"
_COMMAND = f"{PREFIX}COMMAND_"


def load(
    *,
    base: bytes | None,
    target: bytes | None,
    user: tuple[str, bytes] | None,
    environ: Mapping[str, str],
    flags: Mapping[str, object],
    whole: bool = False,
    adopt: bool = True,
    commands_from_base: bool = False,
    models_later: bool = False,
    read: Callable[[bytes], Mapping[str, Any]] | None = None,
) -> Config:
    """Return the settings that judge the change from *base* to *target*, and where each came from.

    *base* and *target* are the two trees' pyproject.toml, None where there is none; *user* is the name to show of the
    user's file and its content; *flags* are by key, ``{"timeout": 60.0}``, None is not given.

    *whole*: there is no base, target judges alone. *adopt*: whether a base without our table leaves the word to
    target; else base's defaults judge. *commands_from_base* (CI): commands as base has them and none of target's,
    not even with *whole*. *models_later*: where the user's file sets up models and nothing else, it is read when
    somebody looks at ``Settings.model``, which then raises. *read* reads a pyproject.toml; None: ``parse.document``.

    Raises:
        SettingsErrors: Mistakes in target, the user's file, the environment or the flags, all at once. Those of base
            are notes and count as unset, so that the commit that mends them can pass.
    """
    overriding = any(name.startswith(PREFIX) for name in environ) or any(value is not None for value in flags.values())
    named = any(content is not None and b"everycommit" in content for content in (base, target))
    later = models_later and user is not None and _only_models(user[1])
    if not (overriding or named) and (later or user is None):
        return Config(settings=Settings(model=_LaterModels(user)) if user else Settings())
    from . import parse
    from .fields import built, command_name, service_name

    new = parse.repository(target, read)
    old = parse.NOTHING if whole else new if base == target else parse.repository(base, read)
    own = parse.user(*user) if user else parse.NOTHING
    adopting = not whole and adopt and new.present and not old.present
    layer = _repository(old, new, alone=whole or adopting, commands_from_base=commands_from_base)
    values = {
        key: value
        for key, value in own.values.items()
        if command_name(key) not in layer.commands and service_name(key) not in layer.services
    }
    sources = dict.fromkeys(values, f"user settings {user[0]}" if user else "")
    _over(values, sources, layer.values, layer.sources, instead_of_default=True)
    mistakes, notes = [*new.mistakes, *own.mistakes], []
    for found in (_environment(environ, values), _models(environ), _flags(flags)):
        _over(values, sources, found.values, found.sources)
        mistakes += found.mistakes
        notes += found.notes
    if mistakes:
        raise SettingsErrors(mistakes)
    return Config(
        settings=built(values),
        sources=sources,
        loosened=layer.loosened,
        adopting=adopting,
        notes=(*_said(old, new, adopting=adopting), *layer.notes, *notes),
    )


def user_file(environ: Mapping[str, str]) -> Path:
    """Return where the user's settings are, whether or not they are there.

    Without a home it is the null device: a relative path would let a repository speak for the user.

    Source: XDG Base Directory Specification, which also has relative values of its variables ignored.
    """
    for name, below in (("XDG_CONFIG_HOME", ""), ("HOME", ".config")):
        if environ.get(name, "").startswith("/"):
            return Path(environ[name], below, "everycommit", "settings.toml")
    return Path(os.devnull)


def user_settings(environ: Mapping[str, str]) -> tuple[str, bytes] | None:
    """Return the user's settings file as ``load`` takes it: its name with ``~`` for the home, and its content.

    Raises:
        SettingsErrors: The file is there and cannot be read.
    """
    path = user_file(environ)
    home = environ.get("HOME", "").rstrip("/")
    label = f"~{str(path)[len(home) :]}" if home and str(path).startswith(f"{home}/") else str(path)
    try:
        return label, path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise SettingsErrors([f"{label}: cannot be read: {error.strerror}"]) from error


def _over(
    values: dict[str, Any],
    sources: dict[str, str],
    upper: Mapping[str, Any],
    upper_sources: Mapping[str, str],
    *,
    instead_of_default: bool = False,
) -> None:
    """Lay a layer over the others; what they have is not taken back where the setting is the stricter side's.

    *instead_of_default*: a repository does not take back a default either, only the user does.
    """
    from .fields import field_of
    from .merge import over

    for key, value in upper.items():
        field = field_of(key)
        lower = values.get(key, field.default)
        judges = over(field, lower, value) if key in values or instead_of_default else value
        if judges == value:
            sources[key] = upper_sources[key]
        elif judges != lower:
            sources[key] = f"{sources.get(key, 'default')} and {upper_sources[key]}"
        values[key] = judges


def _only_models(content: bytes) -> bool:
    """Tell whether a settings file sets up models and nothing else, without parsing it; in doubt it does not."""
    lines = [line for line in (line.strip() for line in content.split(b"\n")) if line and not line.startswith(b"#")]
    return (
        bool(lines)
        and lines[0].startswith(b"[")
        and all(line.startswith(b"[model.") for line in lines if line.startswith(b"["))
    )


class _LaterModels(Mapping[str, "ModelSettings"]):
    """The models of the user's file, read at the first look: parsing TOML costs a docs-only commit half a start.

    Looking raises SettingsErrors where there are mistakes.
    """

    def __init__(self, user: tuple[str, bytes]) -> None:
        self._user = user
        self._read: Mapping[str, ModelSettings] | None = None

    def _models(self) -> "Mapping[str, ModelSettings]":
        if self._read is None:
            from . import parse
            from .fields import built

            own = parse.user(*self._user)
            if own.mistakes:
                raise SettingsErrors(own.mistakes)
            self._read = built(own.values).model
        return self._read

    def __getitem__(self, name: str) -> "ModelSettings":
        return self._models()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._models())

    def __len__(self) -> int:
        return len(self._models())

    def __bool__(self) -> bool:
        # It has a table: whether there are models can be told without reading it.
        return True


class _Found:
    """Values of the environment or of flags on their way."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.sources: dict[str, str] = {}
        self.mistakes: list[str] = []
        self.notes: list[str] = []

    def take(self, key: str, value: object, source: str) -> None:
        from .fields import field_of
        from .values import Mistake, checked, from_text

        field = field_of(key)
        try:
            self.values[key] = from_text(field, value) if isinstance(value, str) else checked(field, value)
            self.sources[key] = source
        except Mistake as mistake:
            self.mistakes.append(f"{source}: {mistake}")


def _repository(old: "Parsed", new: "Parsed", *, alone: bool, commands_from_base: bool) -> "Layer":
    from . import merge

    layer = merge.alone(new.values) if alone else merge.together(old.values, new.values)
    return merge.with_commands_of(layer, old.values) if commands_from_base else layer


def _said(old: "Parsed", new: "Parsed", *, adopting: bool) -> Iterable[str]:
    """Yield what the verdict has to say of the two files."""
    if old is not new:
        yield from (f"before this change, and counted as not set: {mistake}" for mistake in old.mistakes)
    if adopting:
        yield "[tool.everycommit] comes with this change: its own settings judge it, limits on size are off"
    if old.present and not new.present:
        yield "[tool.everycommit] goes with this change: the settings before it judge it"


def _environment(environ: Mapping[str, str], values: Mapping[str, Any]) -> _Found:
    """Return what variables say; *values* are those of the layers below, for the names of commands.

    An empty variable counts as not set.
    """
    found = _Found()
    named = sorted(name for name in environ if name.startswith(PREFIX) and environ[name])
    named = [name for name in named if name not in _INTERNAL and not name.startswith(_MODEL)]
    if not named:
        return found
    known = _variables(values)
    for name in named:
        source = f"environment {name}"
        if name in known:
            found.take(known[name], environ[name], source)
        elif _of_some_command(name):
            found.notes.append(f"{source}: there is no such command here")
        else:
            from .values import nearest

            found.mistakes.append(f"{source}: no such setting{nearest(name, list(known))}")
    return found


def _models(environ: Mapping[str, str]) -> _Found:
    """Return the profile that the environment makes; its key is not read here."""
    found = _Found()
    if not any(name.startswith(_MODEL) and environ[name] for name in environ):
        return found
    from .models import ENV, KEY, PREFIX, variables, wrong

    known = variables()
    for name in sorted(name for name in environ if name.startswith(_MODEL) and environ[name] and name != KEY):
        if name in known:
            found.take(known[name], environ[name], f"environment {name}")
        else:
            from .values import nearest

            found.mistakes.append(f"environment {name}: no such setting{nearest(name, [*known, KEY])}")
    if not environ.get(f"{PREFIX}_URL"):
        if found.values:
            found.notes.append(f"environment {PREFIX}: no model is set up by it, as {PREFIX}_URL is not set")
        found.values, found.sources = {}, {}
        return found
    said = {key.rpartition(".")[2]: value for key, value in found.values.items()}
    for name, what in wrong(said) if not found.mistakes else ():
        variable = next(variable for variable, key in known.items() if key == f"model.{ENV}.{name}")
        found.mistakes.append(f"environment {variable}: {what}")
    if environ.get(KEY):
        found.values[f"model.{ENV}.key_env"], found.sources[f"model.{ENV}.key_env"] = KEY, f"environment {KEY}"
    return found


def _variables(values: Mapping[str, Any]) -> dict[str, str]:
    """Return the key that each variable stands for."""
    from .fields import command_name, command_table, keys

    commands = {name for key in values if (name := command_name(key))}
    every = [*keys(), *(f"command.{name}.{part}" for name in sorted(commands) for part in command_table())]
    return {PREFIX + key.upper().replace(".", "_").replace("-", "_"): key for key in every}


def _of_some_command(name: str) -> bool:
    """Tell whether *name* is that of a command's setting: a variable of the shell holds in every repository."""
    from .fields import command_table

    return name.startswith(_COMMAND) and any(
        name.endswith(f"_{part.upper()}") and len(name) > len(_COMMAND) + len(part) + 1 for part in command_table()
    )


def _flags(flags: Mapping[str, object]) -> _Found:
    found = _Found()
    for key, value in flags.items():
        if value is not None:
            found.take(key, value, f"flag --{key.replace('.', '-').replace('_', '-')}")
    return found
