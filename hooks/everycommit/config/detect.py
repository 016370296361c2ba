"""What kind of project this is, seen from a listing and a few files."""

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from ..errors import UsageError
from ..record import dataclass
from . import managers as hook_managers
from .managers import Manager
from .recipes import FILES as RECIPE_FILES
from .recipes import Recipe, recipes

FILES = (
    "pyproject.toml",
    "setup.cfg",
    "tox.ini",
    "mypy.ini",
    ".mypy.ini",
    "ruff.toml",
    ".ruff.toml",
    "pytest.ini",
    ".pytest.ini",
    *RECIPE_FILES,
    *hook_managers.FILES,
)
"""The files whose content tells something."""

_TEST = re.compile(r"test_.*\.py|.*_test\.py")
_NOT_THE_PROJECT = {"setup.py", "conftest.py", "noxfile.py", "tasks.py", "fabfile.py", "versioneer.py"}
_BUILT = {"build", "dist", "node_modules", "htmlcov", "venv", "env"}
_NEEDED = (".py", ".pyi", ".so", ".pyd", ".dylib")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the project looks like."""

    python: bool
    layout: str = ""
    """``src layout``, ``packages at the top``, ``packages in hooks/``, ``single modules``; empty: no Python source."""
    tests: tuple[str, ...] = ()
    """Folders that hold tests, ``tests/``; a test file at the root by its name."""
    pytest: bool = False
    ruff: bool = False
    ruff_format: str = ""
    """The file that makes the project format with ruff; empty: none."""
    mypy: bool = False
    """Whether they are configured here."""
    managers: tuple[Manager, ...] = ()
    """The hook managers that are configured here."""
    link: tuple[str, ...] = ()
    """Ignored files and folders that the snapshot needs: in the middle of the source, named by the code, packages."""
    commands: tuple[Recipe, ...] = ()
    """What probably judges a project without Python."""
    settled: bool = False
    """Whether there is a table of ours already."""

    @property
    def managed(self) -> Manager | None:
        """The hook manager that names everycommit, None where none does."""
        return next((manager for manager in self.managers if manager.named), None)


_FOREIGN = re.compile(r"/(?:\.[^/]*|site-packages|node_modules)/")
"""An environment that nobody ignored, and what else is not the project's own code."""


def found(
    paths: Collection[str],
    files: Mapping[str, bytes],
    ignored: Collection[str] = (),
    *,
    mentioned: Collection[str] = (),
    hooks_path: str = "",
) -> Found:
    """Return what *paths* (from the root, ``/`` between the parts) and the contents of ``FILES`` tell.

    *ignored* are the paths that git ignores, a folder that is ignored whole with a ``/`` at its end; *mentioned* those
    of them that the code names, without it. *hooks_path* is the folder of the working tree that core.hooksPath names.

    Raises:
        UsageError: pyproject.toml is not valid TOML.
    """
    said = document(files.get("pyproject.toml", b""))
    tool = table(said, "tool")
    texts = {name: content.decode(errors="replace") for name, content in files.items()}
    source = [path for path in paths if path.endswith((".py", ".pyi")) and not _FOREIGN.search(f"/{path}")]
    python = bool(source) or "project" in said or "setup.cfg" in files
    commands = () if python else recipes(paths, texts)
    packages = {one.link for one in commands if one.link} - {*paths}
    return Found(
        python=python,
        layout=_layout(source),
        tests=_tests(source),
        pytest=_uses_pytest(tool, texts),
        ruff="ruff" in tool or bool({"ruff.toml", ".ruff.toml"} & files.keys()),
        ruff_format=_ruff_format(tool, texts),
        mypy="mypy" in tool
        or bool({"mypy.ini", ".mypy.ini"} & files.keys())
        or re.search(r"^\[mypy\]", texts.get("setup.cfg", ""), re.MULTILINE) is not None,
        managers=hook_managers.managers(texts, frozenset(paths), hooks_path=hooks_path),
        link=tuple(sorted({*_needed(source, ignored), *mentioned, *packages})),
        commands=commands,
        settled="everycommit" in tool,
    )


def document(content: bytes) -> dict[str, Any]:
    """Return what a pyproject.toml says.

    Raises:
        UsageError: It is not valid TOML.
    """
    import tomllib

    try:
        return tomllib.loads(content.decode())
    except (ValueError, RecursionError) as error:
        raise UsageError(f"pyproject.toml: not valid TOML: {error}; mend it and run this again") from error


def table(holder: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the table *name* of *holder*, an empty one where it has none."""
    value = holder.get(name)
    return value if isinstance(value, dict) else {}


def listed(words: Sequence[str]) -> str:
    """Return ``a, b and c``."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _layout(source: Sequence[str]) -> str:
    folders = {str(PurePosixPath(path).parent) for path in source if path.endswith(("/__init__.py", "/__init__.pyi"))}
    tops = {folder for folder in folders if str(PurePosixPath(folder).parent) not in folders and not _is_test(folder)}
    roots = sorted({str(PurePosixPath(folder).parent) for folder in tops})
    if "src" in roots or any(path.startswith("src/") for path in source):
        return "src layout"
    if "." in roots:
        return "packages at the top"
    if roots:
        return f"packages in {listed([f'{root}/' for root in roots])}"
    modules = [
        path for path in source if "/" not in path and path not in _NOT_THE_PROJECT and not _TEST.fullmatch(path)
    ]
    return "single modules" if modules else ""


def _is_test(path: str) -> bool:
    return any(part in {"test", "tests", "testing"} for part in PurePosixPath(path).parts)


def _tests(source: Sequence[str]) -> tuple[str, ...]:
    """Return the folders of test files, the outermost only."""
    places = set()
    for path in source:
        if _TEST.fullmatch(PurePosixPath(path).name):
            parents = [str(parent) for parent in PurePosixPath(path).parents][:-1]
            named = [parent for parent in reversed(parents) if _is_test(parent)]
            places.add(f"{(named or parents)[0]}/" if parents else path)
    return tuple(sorted(places))


def _uses_pytest(tool: Mapping[str, Any], texts: Mapping[str, str]) -> bool:
    if "pytest" in tool or {"pytest.ini", ".pytest.ini"} & texts.keys():
        return True
    sections = (("tox.ini", r"^\[pytest\]"), ("setup.cfg", r"^\[tool:pytest\]"))
    if any(re.search(head, texts.get(name, ""), re.MULTILINE) for name, head in sections):
        return True
    return any(re.search(r"\bpytest\b", texts.get(name, "")) for name in ("pyproject.toml", "setup.cfg", "tox.ini"))


def _ruff_format(tool: Mapping[str, Any], texts: Mapping[str, str]) -> str:
    if "format" in table(tool, "ruff"):
        return "pyproject.toml"
    for name in ("ruff.toml", ".ruff.toml"):
        if re.search(r"^\s*\[format\]", texts.get(name, ""), re.MULTILINE):
            return name
    hooks = (".pre-commit-config.yaml", ".pre-commit-config.yml", "prek.toml")
    return next((name for name in hooks if re.search(r"\bruff-format\b", texts.get(name, ""))), "")


def _needed(source: Sequence[str], ignored: Collection[str]) -> tuple[str, ...]:
    """Return what lies ignored among the source: generated modules, built extensions, folders with an import name."""
    folders = {str(PurePosixPath(path).parent) for path in source} - {"."}
    folders = {folder for folder in folders if not _is_test(folder)}
    needed = []
    for path in ignored:
        name = PurePosixPath(path).name
        if str(PurePosixPath(path).parent) not in folders or not path.isprintable():
            continue  # the second: TOML can hold no path that is not text
        is_package = path.endswith("/") and name.isidentifier() and name not in _BUILT and not name.startswith("__")
        if is_package or path.endswith(_NEEDED):
            needed.append(path.rstrip("/"))
    return tuple(sorted(needed))
