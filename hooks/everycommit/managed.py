"""Environments that a manager made for a project, and keeps in a place of its own; found from files, none is started.

Each manager is known by a file of the project, and its environment by the manager's own rule.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from .digest import sha256
from .record import dataclass

_ENVIRONMENT_FILES = ("environment.yml", "environment.yaml")
_SMALL = 1 << 20
"""Bytes that are read of a file of the project."""


class Found(NamedTuple):
    """A Python of an environment."""

    python: Path
    origin: str
    """The manager, for people."""
    why: str
    """By which file it was known."""


class Place(NamedTuple):
    """Where managers are looked for."""

    root: Path
    """A folder of the project, real."""
    environ: Mapping[str, str]
    tracked: Callable[[str], bool]
    """Whether the change has a file of this name in *root*: what it says is then not the user's word."""

    def home(self, *parts: str) -> Path | None:
        """Return a path below the user's folder; None where nobody says which that is."""
        home = self.environ.get("HOME", "")
        return Path(home, *parts) if home.startswith("/") else None

    def said(self, path: Any) -> Path | None:
        """Return what a manager's setting says, ``~`` understood; None where it is no absolute path."""
        if not isinstance(path, str):
            return None
        if path.startswith("~/"):
            return self.home(path[2:])
        return Path(path) if path.startswith("/") else None

    def named(self, variable: str, *parts: str) -> Path | None:
        """Return the absolute path that *variable* says, or what *parts* are below it; None where it says none."""
        folder = self.environ.get(variable, "")
        return Path(folder, *parts) if folder.startswith("/") else None


@dataclass(frozen=True, slots=True)
class Managed:
    """What the managers of one folder have."""

    found: tuple[Found, ...]
    """Best first."""
    lacking: str
    """Which manager was recognised and has no environment, with its command; empty where there is none such."""
    looked: tuple[Path, ...]
    """Every file that was read and folder that was listed: another answer needs one of them to change."""


class _Manager(NamedTuple):
    name: str
    files: tuple[str, ...]
    """Each says that the project uses it."""
    table: str
    """So does a table of pyproject.toml that begins like this; empty: none does."""
    makes: str
    """The command that makes the environment."""
    folders: "Callable[[Place, list[Path]], Iterator[Path]]"
    """From a place to the environments, best first; adds what it looked at."""


def managed(place: Place) -> Managed:
    """Return what the managers of *place* have, in the order of ``_MANAGERS``."""
    looked = [place.root / "pyproject.toml"]
    settings = _read(looked[0])
    found, lacking = [], ""
    for manager in _MANAGERS:
        marks = [place.root / name for name in manager.files]
        looked += marks
        why = next((path.name for path in marks if path.is_file()), "")
        if not why and manager.table and re.search(rf"^\[+{re.escape(manager.table)}[\].]", settings, re.MULTILINE):
            why = f"[{manager.table}] of pyproject.toml"
        if not why:
            continue
        pythons = []
        for folder in manager.folders(place, looked):
            looked.append(folder / "bin" / "python")
            if os.path.lexists(looked[-1]):
                pythons.append(Found(looked[-1], manager.name, why))
        found += pythons
        if not pythons and manager.name == "tox" and not lacking and _copies(place, looked):
            lacking = f'{why} is here, but tox installed a built copy of the project: set package = "editable" in it'
        if not pythons and manager.makes and not lacking:
            lacking = f"{why} is here, but no environment of {manager.name}: run `{manager.makes}`"
    return Managed(tuple(found), lacking, tuple(dict.fromkeys(looked)))


def _pdm(place: Place, looked: list[Path]) -> Iterator[Path]:
    """Source: pdm 2, ``Project._saved_python``; one without a virtual environment (PEP 582) is none for us."""
    path = place.root / ".pdm-python"
    looked.append(path)
    python = Path(_read(path).strip())
    # What the repository itself says here is nobody's choice on this machine.
    if python.is_absolute() and not place.tracked(path.name) and python.parent.name == "bin":
        looked.append(python.parent.parent / "pyvenv.cfg")
        if looked[-1].is_file():
            yield python.parent.parent


def _poetry(place: Place, looked: list[Path]) -> Iterator[Path]:
    """Source: poetry 2, ``EnvManager.generate_env_name``: the digest of the project's folder tells whose it is."""
    mark = _digest(os.path.normcase(place.root))
    for folder in dict.fromkeys(_poetry_folders(place, looked)):
        own = [path for path in _listed(folder, looked) if re.search(rf"-{mark}-py\d[.\d]*$", path.name)]
        looked.append(folder / "envs.toml")
        chosen = re.search(rf'^\[[^\]\n]*-{mark}"?\]\s*\nminor = "([\d.]+)"', _read(looked[-1]), re.MULTILINE)
        wanted = f"-py{chosen[1]}" if chosen else ""
        yield from sorted(_by_use(own), key=lambda path: not (wanted and path.name.endswith(wanted)))


def _poetry_folders(place: Place, looked: list[Path]) -> Iterator[Path]:
    """Yield where environments may lie, by variables, the project's own file, unless the change has it, and the user's.

    Source: poetry 2, ``Config.get``: each may name the cache folder, and ``virtualenvs.path``, which may start from it.
    """
    files = [None if place.tracked("poetry.toml") else place.root / "poetry.toml"]
    files += [
        folder / "config.toml" if folder else None
        for folder in (
            place.named("POETRY_CONFIG_DIR"),
            place.named("XDG_CONFIG_HOME", "pypoetry"),
            place.home(".config", "pypoetry"),
            place.home("Library", "Application Support", "pypoetry"),
        )
    ]
    settings = []
    for file in filter(None, files):
        looked.append(file)
        settings.append(_toml(_read(file)))
    caches = [
        place.named("POETRY_CACHE_DIR"),
        *(place.said(_at(table, "cache-dir")) for table in settings),
        place.named("XDG_CACHE_HOME", "pypoetry"),
        place.home(".cache", "pypoetry"),
        place.home("Library", "Caches", "pypoetry"),
    ]
    paths = [place.environ.get("POETRY_VIRTUALENVS_PATH"), *(_at(table, "virtualenvs", "path") for table in settings)]
    for path in (*paths, "{cache-dir}/virtualenvs"):
        for cache in filter(None, caches):
            folder = place.said(path.replace("{cache-dir}", str(cache)) if isinstance(path, str) else None)
            if folder:
                yield folder


def _hatch(place: Place, looked: list[Path]) -> Iterator[Path]:
    """Source: hatch 1, ``VirtualEnvironment`` and ``Path.id``."""
    named = [place.environ.get("HATCH_ENV_TYPE_VIRTUAL_PATH")]
    for name, keys in (("pyproject.toml", ("tool", "hatch", "envs")), ("hatch.toml", ("envs",))):
        text = _read(place.root / name)
        table = _at(_toml(text), *keys) if "path" in text else None
        named += [_at(one, "path") for one in table.values()] if isinstance(table, dict) else []
    found = []
    for path in named:
        if isinstance(path, str) and path:
            # Python's own join: a path that begins at the root stays one. No other Python may be named in this way.
            looked.append(place.root / path / "pyvenv.cfg")
            found += [looked[-1].parent] if looked[-1].is_file() else []
    yield from _by_use(found)
    mark = _digest(str(place.root))
    folders = (
        place.named("HATCH_DATA_DIR"),
        place.named("XDG_DATA_HOME", "hatch"),
        place.home(".local", "share", "hatch"),
        place.home("Library", "Application Support", "hatch"),
    )
    for folder in filter(None, folders):
        for project in _listed(folder / "env" / "virtual", looked):
            own = _listed(project / mark, looked)
            yield from _by_use(path for path in own if not path.name.endswith("-build"))


def _pipenv(place: Place, looked: list[Path]) -> Iterator[Path]:
    """Source: pipenv, ``Project._get_virtualenv_hash``: the digest is of the Pipfile's path."""
    mark = _digest(str(place.root / "Pipfile"))
    for folder in filter(None, (place.named("WORKON_HOME"), place.home(".local", "share", "virtualenvs"))):
        yield from _by_use(path for path in _listed(folder, looked) if path.name.endswith(f"-{mark}"))


def _conda(place: Place, looked: list[Path]) -> Iterator[Path]:
    """Source: conda's documentation; ``environments.txt`` lists all that conda made."""
    name = ""
    for file in _ENVIRONMENT_FILES:
        said = re.search(r"^name:\s*['\"]?([\w.-]+)['\"]?\s*(?:#.*)?$", _read(place.root / file), re.MULTILINE)
        name = name or (said[1] if said else "")
    active, made = place.named("CONDA_PREFIX"), place.home(".conda", "environments.txt")
    if active and active.name == name:
        yield active
    if made:
        looked.append(made)
        for line in sorted(_read(made).splitlines()):
            folder = Path(line.strip())
            if name and folder.is_absolute() and folder.name == name and folder.parent.name == "envs":
                yield folder


def _tox(place: Place, looked: list[Path]) -> Iterator[Path]:
    yield from _without_copies(place, ".tox", looked)


def _copies(place: Place, looked: list[Path]) -> bool:
    """Tell whether an environment of tox has pytest, and a built copy besides."""
    return any(_has_pytest(folder) and _has_copy(folder, place.root) for folder in _listed(place.root / ".tox", looked))


def _nox(place: Place, looked: list[Path]) -> Iterator[Path]:
    yield from _without_copies(place, ".nox", looked)


def _without_copies(place: Place, name: str, looked: list[Path]) -> Iterator[Path]:
    """Yield the environments in the folder *name* with pytest, but none with a built copy: it hides the snapshot."""
    for folder in _by_use(_listed(place.root / name, looked)):
        if _has_pytest(folder) and not _has_copy(folder, place.root):
            yield folder


def _uv(_: Place, __: list[Path]) -> Iterator[Path]:
    """Nothing: its environment is ``.venv``, or what UV_PROJECT_ENVIRONMENT says; both come before."""
    yield from ()


def _pyenv(place: Place, looked: list[Path]) -> Iterator[Path]:
    """Source: pyenv, ``pyenv-version-file-read`` and ``pyenv-prefix``: a name below its folder, never a way out."""
    words = _read(place.root / ".python-version").split()
    name = words[0] if words else ""
    if not re.fullmatch(r"\w[\w.-]*", name):
        return
    for root in filter(None, (place.named("PYENV_ROOT"), place.home(".pyenv"))):
        versions = {path.name: path for path in _listed(root / "versions", looked)}
        newest = sorted((key for key in versions if re.fullmatch(rf"{re.escape(name)}\.\d+", key)), key=_number)
        best = name if name in versions else newest[-1] if newest else ""
        if best:
            yield versions[best]
            return


def _toml(text: str) -> Any:
    """Return what *text* says; nothing where it cannot be read, which is its manager's to tell."""
    if not text.strip():
        return {}
    import tomllib

    try:
        return tomllib.loads(text)
    except ValueError:
        return {}


def _at(table: Any, *keys: str) -> Any:
    """Return what stands under *keys*; None where nothing does."""
    for key in keys:
        table = table.get(key) if isinstance(table, dict) else None
    return table


def _digest(path: str) -> str:
    """Return the eight characters by which poetry, hatch and pipenv tell projects apart."""
    from base64 import urlsafe_b64encode

    return urlsafe_b64encode(sha256(path.encode(errors="surrogateescape")).digest()).decode()[:8]


def _listed(folder: Path, looked: list[Path]) -> list[Path]:
    looked.append(folder)
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_SMALL).decode(errors="replace")
    except OSError:
        return ""


def _by_use(folders: "Iterator[Path] | list[Path]") -> list[Path]:
    """Return environments, those with pytest first, of these the newest Python's."""
    found = sorted(folders, key=lambda path: _number(path.name), reverse=True)
    return sorted(found, key=lambda path: not _has_pytest(path))


def _number(name: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", name.rpartition("-")[2])]


def _has_pytest(folder: Path) -> bool:
    return any(True for _ in folder.glob("lib/python*/site-packages/pytest/__init__.py"))


def _has_copy(folder: Path, root: Path) -> bool:
    """Tell whether something was built from *root* and installed there. Source: PEP 610."""
    for told in folder.glob("lib/python*/site-packages/*.dist-info/direct_url.json"):
        text = _read(told)
        if f"file://{root.as_uri().removeprefix('file://')}" in text and not re.search(r'"editable":\s*true', text):
            # tox installs a wheel that it built; one that leads to the source brings a .pth, whatever backend built it.
            leads = re.search(r"^[^/\n]+\.pth,", _read(told.with_name("RECORD")), re.MULTILINE)
            if not leads:
                return True
    return False


_MANAGERS = (
    _Manager("pdm", (".pdm-python", "pdm.lock"), "tool.pdm.dev-dependencies", "pdm install", _pdm),
    _Manager("poetry", ("poetry.lock", "poetry.toml"), "tool.poetry", "poetry install", _poetry),
    _Manager("hatch", ("hatch.toml",), "tool.hatch.envs", "hatch env create", _hatch),
    _Manager("pipenv", ("Pipfile",), "", "pipenv install --dev", _pipenv),
    _Manager("conda", _ENVIRONMENT_FILES, "", "conda env create", _conda),
    _Manager("uv", ("uv.lock",), "", "uv sync", _uv),
    _Manager("tox", ("tox.ini", "tox.toml"), "tool.tox", "", _tox),
    _Manager("nox", ("noxfile.py",), "", "", _nox),
    _Manager("pyenv", (".python-version",), "", "", _pyenv),
)
