"""The project's Python: where it is, what is installed in it, and which tools of it or of ours judge."""

import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from .deadline import Deadline
from .digest import sha256
from .distributions import editable_elsewhere, installed, listed, site_packages, stamp, stamped
from .errors import ToolError
from .ledger import doubt
from .record import dataclass, field

if TYPE_CHECKING:
    from .managed import Managed
    from .prefixed import Behind

_ASKING_SECONDS = 10.0
# Any Python there is can say this much about itself.
_QUESTION = """
import json, os, site, sys
names = []
places = [place for place in sys.path if os.path.isdir(place)]
for place in places:
    names += [name for name in os.listdir(place) if name.endswith((".dist-info", ".egg-info"))]
# We ask without the user's own packages; what we start later sees them.
user = site.getusersitepackages() if hasattr(site, "getusersitepackages") else ""
places += [user] if user and os.path.isdir(user) else []
print(json.dumps([sys.executable, "%d.%d.%d" % sys.version_info[:3], sys.prefix, names, places]))
"""
OLDEST = {"pytest": (3, 8), "mypy": (3, 7)}
"""For which Python what runs in the project's own with it is written: our plugin, and mypy's question to it."""
_VARIABLES = ("UV_PROJECT_ENVIRONMENT", "VIRTUAL_ENV")
"""Each may name the project's environment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """The Python that runs the project's code."""

    python: Path
    """Absolute; the link in a virtual environment stays a link, or Python would forget the environment."""
    version: str
    """``3.12.1``; of a virtual environment, what it said when it was made."""
    prefix: Path
    distributions: Mapping[str, str] = field(repr=False)
    """``{normalised name: version}`` of what is installed."""
    origin: str
    """Where it was found, for people: ``.venv``, ``VIRTUAL_ENV``, ``PATH``."""
    top: Path
    """The working tree's root: what an editable install in this Python may point at."""
    places: tuple[Path, ...] = ()
    """The folders with its distributions, where they are not the virtual environment's own."""
    behind: "Behind | None" = field(default=None, repr=False)
    """The prefix through which its programs are started; its paths are those behind it."""
    said: str = ""
    """What it says of itself for ``fingerprint``, where it lies behind a prefix."""
    why: str = ""
    """The project's file by which its manager was known; empty where it is no manager's."""
    lacking: str = ""
    """The manager that was recognised and has no environment, with its command, where the PATH had to do."""
    looked: tuple[Path, ...] = field(default=(), repr=False)
    """What was looked at before it was taken: another one may be as soon as one of these changes."""

    @property
    def shown(self) -> str:
        """``.venv (Python 3.12)``."""
        return f"{self.origin} (Python {'.'.join(self.version.split('.')[:2])})"

    @property
    def fingerprint(self) -> str:
        """Python and all that is installed in it, in one word: part of the key of what they judged.

        A doubt where an editable install lies outside the working tree: nobody tells when its code changes.
        """
        if self.said:
            return self.said
        if editable_elsewhere(self.prefix, self.top, self.places):
            return doubt("an editable install of this Python lies outside the working tree")
        listed = [f"{name}=={version}" for name, version in sorted(self.distributions.items())]
        stamps = list(stamped(self.places or site_packages(self.prefix)))
        program = os.path.realpath(self.python)
        text = "\n".join([os.fspath(self.python), self.version, stamp(program, program), *listed, *stamps])
        return sha256(text.encode(errors="surrogateescape")).hexdigest()


class Tool(NamedTuple):
    """A program that judges."""

    argv: tuple[str, ...]
    version: str
    ours: bool
    """Whether it was installed with us, because the project has none."""


class _Candidate(NamedTuple):
    python: Path
    origin: str
    why: str = ""
    lacking: str = ""
    looked: tuple[Path, ...] = ()


def find(
    *,
    setting: str | None,
    top: Path,
    main_worktree: Path,
    environ: Mapping[str, str],
    tracked: Callable[[str], bool],
    accepted: Callable[[str], bool],
    project: str = ".",
    key: str = "interpreter",
) -> Interpreter:
    """Return the project's Python: the setting, a virtual environment, a manager's, or what PATH has; no tracked one.

    *tracked* tells whether the change's tree has a path, *accepted* whether a digest was accepted on this machine.
    *key* is where *setting* stands, for people. A virtual environment is read, not started; any other Python is started
    once.

    Raises:
        ToolError: There is none, or the setting's may not be used.
    """
    if setting is not None:
        return _read(_setting(setting, top, tracked, accepted, key), top, environ)
    refused: list[str] = []
    lacking: list[str] = []
    for candidate in _candidates(top, main_worktree, environ, tracked=tracked, project=project, lacking=lacking):
        path = _tracked_part(candidate.python, top, tracked)
        if path is None:
            return _read(candidate, top, environ)
        refused.append(path)
    told = f"; '{refused[0]}' is tracked by the repository and is never started" if refused else ""
    places = f"'{top}'" if project == "." else f"'{top / project}' or '{top}'"
    way_on = lacking[0] if lacking else "make one: python3 -m venv .venv"
    raise ToolError(
        f"no Python for this project: no .venv in {places}, no VIRTUAL_ENV, no python3 on PATH{told}; {way_on}"
    )


def tool(name: str, interpreter: Interpreter | None) -> Tool:
    """Return ruff, mypy or pytest: the project's own where it has one, else ours told of *interpreter*.

    Without an interpreter only ruff can be had.

    Raises:
        ToolError: pytest is not installed there, or a tool is not where its distribution should have put it.
        ToolError: That Python is too old for it.
    """
    theirs = interpreter.distributions.get(name) if interpreter else None
    if name == "ruff":
        # Behind a prefix with other paths, a file of the same path here is another one.
        here = interpreter is not None and (interpreter.behind is None or interpreter.behind.folder is None)
        program = interpreter.prefix / "bin" / "ruff" if interpreter and here else None
        if theirs and program and os.access(program, os.X_OK):
            return Tool((str(program),), theirs, ours=False)
        return Tool((_our_ruff(),), _our_version(name), ours=True)
    if interpreter is None:
        raise ToolError(f"{name} needs the project's Python, and there is none")
    oldest = OLDEST[name]
    if tuple(map(int, interpreter.version.split(".")[:2])) < oldest:
        # Older ones cannot load our site hook: they would import the working tree, and nobody would notice.
        raise ToolError(
            f"{name} needs Python {oldest[0]}.{oldest[1]} or later here, but the one of {interpreter.shown} is older: "
            "make it with a newer one, or name one in [tool.everycommit].interpreter"
        )
    if theirs:
        return Tool((str(interpreter.python), "-m", name), theirs, ours=False)
    if name == "mypy" and interpreter.behind is None:
        argv = (sys.executable, "-m", "mypy", "--python-executable", str(interpreter.python))
        return Tool(argv, _our_version(name), ours=True)
    install = f"{_short(interpreter.python, interpreter.top)} -m pip install {name}"
    raise ToolError(f"{name} is not installed in {interpreter.shown}: {interpreter.lacking or install}")


def _setting(
    setting: str, top: Path, tracked: Callable[[str], bool], accepted: Callable[[str], bool], key: str
) -> _Candidate:
    from .config.trust import interpreter_digest

    python = top / Path(setting).expanduser()
    if python.is_dir():
        python = python / "bin" / "python"
    at = f"pyproject.toml [tool.everycommit].interpreter = '{setting}'"
    if key == "project":
        at = f"pyproject.toml [tool.everycommit].project: python = '{setting}'"
    path = _tracked_part(python, top, tracked)
    if path is not None:
        raise ToolError(
            f"{at}: '{path}' is tracked by the repository; a Python from the change itself is never started"
        )
    if not accepted(interpreter_digest(setting)):
        raise ToolError(f"{at} was not accepted on this machine; look at it and run: everycommit trust")
    if not os.access(python, os.X_OK):
        raise ToolError(f"{at}: there is no Python that can be started; make it, or mend the setting")
    return _Candidate(python, setting)


def _candidates(
    top: Path,
    main_worktree: Path,
    environ: Mapping[str, str],
    *,
    tracked: Callable[[str], bool],
    project: str,
    lacking: list[str],
) -> Iterator[_Candidate]:
    """Yield what there is, best first. A virtual environment counts once it has a ``bin/python``, even a broken one.

    *lacking* is told which manager has none.
    """
    roots = dict.fromkeys((top / project, top, main_worktree / project, main_worktree))
    for root in roots:
        for name in (".venv", "venv") if root in {top, main_worktree} else (".venv",):
            yield from _environment(root / name, _short(root / name, top))
        yield from _led_to(root / ".venv", top, tracked)
    for variable in _VARIABLES:
        folder = environ.get(variable)
        if folder and not (variable == "VIRTUAL_ENV" and _hook_runner(environ) and _same(folder, sys.prefix)):
            yield from _environment(top / folder, variable)
    looked = [top / folder / "bin" / "python" for name in _VARIABLES if (folder := environ.get(name))]
    looked += [root / ".venv" / name for root in roots for name in (".", "bin/python")]
    for root in roots:
        own = _managed(root, project if root in {top / project, main_worktree / project} else ".", environ, tracked)
        looked += own.looked
        lacking += [own.lacking] if own.lacking else []
        for python, origin, why in own.found:
            yield _Candidate(python, origin, why, looked=tuple(looked))
    ours = Path(sys.prefix, "bin") if _hook_runner(environ) else None
    for place in environ.get("PATH", os.defpath).split(os.pathsep):
        # A relative entry would mean another folder for each child.
        if Path(place).is_absolute() and not (ours and _same(place, ours)):
            python = Path(place, "python3")
            if python.is_file() and os.access(python, os.X_OK):
                yield _Candidate(python, "python3", lacking=lacking[0] if lacking else "", looked=tuple(looked))


def _managed(root: Path, inside: str, environ: Mapping[str, str], tracked: Callable[[str], bool]) -> "Managed":
    """Return what the managers of *root* have, the folder *inside* of a working tree."""
    from .managed import Place, managed

    begin = "" if inside == "." else f"{inside}/"
    return managed(Place(Path(os.path.realpath(root)), environ, lambda name: tracked(begin + name)))


def _environment(folder: Path, origin: str) -> Iterator[_Candidate]:
    python = folder / "bin" / "python"
    if os.path.lexists(python):
        yield _Candidate(python, origin)


def _led_to(file: Path, top: Path, tracked: Callable[[str], bool]) -> Iterator[_Candidate]:
    """Yield the virtual environment to which the file ``.venv`` leads: tox and hatch leave its path there (PEP 832)."""
    try:
        if not file.is_file() or (file.is_relative_to(top) and tracked(file.relative_to(top).as_posix())):
            return
        # Far more than a path takes.
        lines = file.read_bytes()[:5000].decode(errors="surrogateescape").splitlines()
        folder = file.parent / lines[0].strip() if lines and lines[0].strip() else None
        if folder is None or not (folder / "pyvenv.cfg").is_file():
            return
    except (OSError, ValueError):
        return
    for found in _environment(folder, _short(folder, top)):
        yield found._replace(why=".venv", looked=(file,))


def _hook_runner(environ: Mapping[str, str]) -> bool:
    """Tell whether pre-commit or prek runs us, out of an environment that it made for us."""
    return "PRE_COMMIT" in environ


def _same(one: str | Path, other: str | Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def _tracked_part(python: Path, top: Path, tracked: Callable[[str], bool]) -> str | None:
    """Return the path from *top* through which the repository would have a say in what *python* is, else None."""
    looked_at = [python, python.parent.parent / "pyvenv.cfg", Path(os.path.realpath(python))]
    for path in looked_at:
        try:
            parts = Path(os.path.normpath(path)).relative_to(top).parts
        except ValueError:
            continue
        for end in range(1, len(parts) + 1):
            relative = "/".join(parts[:end])
            whole = end == len(parts)
            # A tracked folder is fine, a tracked link or file on the way is not.
            if (whole or (top / relative).is_symlink()) and tracked(relative):
                return relative
    return None


def _read(candidate: _Candidate, top: Path, environ: Mapping[str, str]) -> Interpreter:
    python = candidate.python
    prefix = python.parent.parent
    said = _settings_of(prefix / "pyvenv.cfg")
    version = re.match(r"\d+\.\d+(\.\d+)?", said.get("version") or said.get("version_info") or "")
    if not os.access(python, os.X_OK):
        raise ToolError(
            f"{candidate.origin}: '{python}' cannot be started (it leads to '{os.path.realpath(python)}'); "
            "make the environment again: python3 -m venv --clear " + _short(prefix, top)
        )
    if version is None or said.get("include-system-site-packages", "false").lower() == "true":
        return _asked(candidate, top, environ)
    return Interpreter(
        python=python,
        version=version[0],
        prefix=prefix,
        distributions=installed(prefix),
        origin=candidate.origin,
        top=top,
        why=candidate.why,
        looked=candidate.looked,
    )


def _settings_of(path: Path) -> dict[str, str]:
    """Return what a ``pyvenv.cfg`` says; empty where there is none."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    pairs = (line.partition("=") for line in lines)
    return {key.strip().lower(): value.strip() for key, equals, value in pairs if equals}


def _asked(candidate: _Candidate, top: Path, environ: Mapping[str, str]) -> Interpreter:
    """Start *python* once: it is a shim, the system's, conda's, or sees the system's packages."""
    from .proc import Children, child_environment

    python, origin = candidate.python, candidate.origin
    with Children() as children:
        done = children.run(
            [str(python), "-I", "-c", _QUESTION],
            # A version manager's shim reads its choice from the folder it is started in.
            cwd=top,
            env=child_environment(environ, ceiling=top.parent),
            deadline=Deadline.after(_ASKING_SECONDS),
        )
    try:
        executable, version, prefix, names, places = json.loads(done.out)
    except ValueError:
        told = (done.err or done.out).decode(errors="replace").strip().splitlines()[-1:]
        why = "gave no answer within 10 s" if done.late else f"said: {told[0] if told else 'nothing'}"
        raise ToolError(
            f"{origin}: '{python}' is not a Python that works: it {why}; set [tool.everycommit].interpreter"
        ) from None
    return Interpreter(
        python=Path(executable or python),
        version=version,
        prefix=Path(prefix),
        distributions=listed(names),
        origin=origin,
        top=top,
        places=tuple(Path(place) for place in places if "packages" in Path(place).name),
        why=candidate.why,
        lacking=candidate.lacking,
        looked=candidate.looked,
    )


def _our_ruff() -> str:
    beside = Path(sys.executable).parent / "ruff"
    if os.access(beside, os.X_OK):
        return str(beside)
    try:
        from ruff.__main__ import find_ruff_bin  # type: ignore[import-untyped]

        return str(find_ruff_bin())
    except (ImportError, OSError) as error:
        raise ToolError(f"ruff is not there: {sys.executable} -m pip install ruff") from error


def _our_version(name: str) -> str:
    """Return the version of one of our own tools, from the name of its folder: importlib.metadata is slow to load."""
    for place in sys.path:
        try:
            names = [path.name for path in Path(place).iterdir()]
        except OSError:
            continue
        for found in names:
            if found.startswith(f"{name}-") and found.endswith(".dist-info"):
                return found.removeprefix(f"{name}-").removesuffix(".dist-info")
    raise ToolError(f"{name} is not there: {sys.executable} -m pip install {name}")


def _short(path: Path, top: Path) -> str:
    return str(path.relative_to(top)) if path.is_relative_to(top) else str(path)
