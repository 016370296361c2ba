"""The settings of checkers, from whichever file holds them, as flat tables that can be compared."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Settings = dict[str, dict[str, Any]]
"""``{tool: {key: value}}``; a value is a list of texts, a text, a number or a flag. A dot joins the parts of a key."""

_TABLES = {
    "ruff": "ruff",
    "mypy": "mypy",
    "pytest": "pytest",
    "coverage": "coverage",
    "flake8": "flake8",
    "pylint": "pylint",
    "bandit": "bandit",
    "pyright": "pyright",
    "basedpyright": "pyright",
}
_RUFF_FILES = frozenset({"ruff.toml", ".ruff.toml"})
_INI_FILES = frozenset(
    {"setup.cfg", "tox.ini", "mypy.ini", ".mypy.ini", ".coveragerc", "pytest.ini", ".flake8", ".bandit"}
)
_SECTIONS = {
    "flake8": "flake8",
    "mypy": "mypy",
    "tool:pytest": "pytest",
    "pytest": "pytest",
    "coverage:run": "coverage.run",
    "coverage:report": "coverage.report",
    "bandit": "bandit",
}
_COVERAGE = {"run": "coverage.run", "report": "coverage.report"}
_EXTENDS = {
    "extend-select": "select",
    "extend-ignore": "ignore",
    "extend-exclude": "exclude",
    "extend-per-file-ignores": "per-file-ignores",
    "report.exclude_also": "report.exclude_lines",
}
_FLAGS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


def holds_settings(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name == "pyproject.toml" or name in _RUFF_FILES or name in _INI_FILES


def read(path: str, text: str) -> Settings | None:
    """Return the checkers' settings in *text*, the content of *path*; None where it cannot be read."""
    name = path.rpartition("/")[2]
    if name in _INI_FILES:
        return _ini(text, coverage=name == ".coveragerc")
    import tomllib

    try:
        found = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError):
        return None
    tables = {"ruff": found} if name in _RUFF_FILES else found.get("tool", {})
    settings: Settings = {}
    for table, tool in _TABLES.items():
        if isinstance(value := tables.get(table) if isinstance(tables, dict) else None, dict):
            flat = dict(_flat(value))
            settings[tool] = _joined((_key(tool, key), value) for key, value in flat.items())
    return settings


def _joined(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return a table in which what extends a list is part of that list."""
    table: dict[str, Any] = {}
    for key, value in pairs:
        name = _EXTENDS.get(key, key)
        earlier = table.get(name)
        table[name] = earlier + value if isinstance(earlier, list) and isinstance(value, list) else value
    return table


def _key(tool: str, key: str) -> str:
    if tool == "ruff":
        return key.removeprefix("lint.")
    if tool == "pytest":
        return key.removeprefix("ini_options.")
    return key.replace("-", "_") if tool in {"mypy", "coverage"} else key


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if key == "overrides" and isinstance(value, list):
            yield from _overrides(value)
        elif key in {"per-file-ignores", "extend-per-file-ignores"} and isinstance(value, dict):
            yield f"{prefix}{key}", [f"{code} in {glob}" for glob, codes in value.items() for code in _texts(codes)]
        elif isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", [str(one) for one in value] if isinstance(value, list) else value


def _overrides(tables: list[Any]) -> Iterator[tuple[str, Any]]:
    for table in tables:
        if isinstance(table, dict):
            for module in _texts(table.get("module", "")):
                yield from ((f"[{module}].{key}", value) for key, value in table.items() if key != "module")


def _texts(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def _ini(text: str, *, coverage: bool) -> Settings:
    settings: Settings = {}
    for section, key, value in _pairs(text):
        known = (_COVERAGE if coverage else _SECTIONS).get(section)
        if section.startswith("mypy-"):
            for module in section.removeprefix("mypy-").split(","):
                settings.setdefault("mypy", {})[f"[{module}].{key.replace('-', '_')}"] = _value(key, value)
        elif known is not None:
            tool, _, part = known.partition(".")
            normal = key if tool in {"flake8", "pytest", "bandit"} else key.replace("-", "_")
            settings.setdefault(tool, {})[f"{part}.{normal}" if part else normal] = _value(key, value)
    return {tool: _joined(table.items()) for tool, table in settings.items()}


_LISTS = (
    "ignore",
    "select",
    "exclude",
    "omit",
    "source",
    "disable",
    "error_code",
    "testpaths",
    "filterwarnings",
    "skips",
)


def _value(key: str, value: str) -> object:
    if key.replace("-", "_") in {"ignore_errors", "ignore_missing_imports"}:
        return _FLAGS.get(value.lower(), value)
    if "per-file-ignores" in key:
        return list(_per_file(value))
    if any(word in key.replace("-", "_") for word in _LISTS):
        lines = (
            value.split("\n") if "filterwarnings" in key or "exclude_" in key else value.replace(",", "\n").split("\n")
        )
        return [line.strip() for line in lines if line.strip()]
    if value.lower() in _FLAGS and not value.isdigit():
        return _FLAGS[value.lower()]
    try:
        return float(value)
    except ValueError:
        return value


def _per_file(value: str) -> Iterator[str]:
    for line in value.split("\n"):
        glob, _, codes = line.partition(":")
        yield from (f"{code.strip()} in {glob.strip()}" for code in codes.split(",") if code.strip())


def _pairs(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield section, key and value; a value goes on where a line is indented."""
    section, key, values = "", "", list[str]()
    for line in [*text.split("\n"), "[end]"]:
        stripped = line.strip()
        if not stripped or stripped.startswith(("#", ";")):
            continue
        if line[0] in " \t" and key:
            values.append(stripped)
            continue
        if key:
            yield section, key, "\n".join(value for value in values if value)
        key, values = "", []
        if stripped.startswith("["):
            section = stripped.strip("[]").strip()
        else:
            cut = min((place for place in map(stripped.find, "=:") if place > 0), default=len(stripped))
            key, values = stripped[:cut].strip(), [stripped[cut + 1 :].strip()]
