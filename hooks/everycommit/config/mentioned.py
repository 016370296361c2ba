"""Ignored files that the code names: `.env`, data, what a build has made."""

import re
from collections.abc import Collection, Sequence

_MOST = 200
"""Names that git is asked for at once."""
# What tools write and read themselves, and what a program writes while it runs.
_MADE = (
    r"(?:__pycache__|node_modules|build|dist|site|target|htmlcov|coverage|venv|env|logs?|te?mp|caches?|out(?:put)?|reports?"
    r"|.*\.(?:py[co]|log|pid|egg-info|sqlite3?|db|sw[op]|bak|orig|rej|cover|egg)|.*~|[Tt]humbs\.db)"
)
_ENV = r"\.env(?:\.\w+)?"
_TEXTS = ("*.py", "*.pyi", "*.toml", "*.cfg", "*.ini")


def candidates(ignored: Collection[str]) -> list[str]:
    """Return those of *ignored* (from the root, a folder with ``/`` at its end) that code may read, in their order."""
    return sorted(path for path in ignored if path.isprintable() and _may_be_read(path))[:_MOST]


def question(paths: Sequence[str]) -> list[str]:
    """Return the arguments of ``git grep`` that print where code names *paths*, see ``mentioned``."""
    named = [re.sub(r"([][\\.*^$+?(){}|])", r"\\\1", _name(path)) for path in paths]
    # In quotes, or the last part of a path in quotes; python-dotenv looks for .env unasked.
    patterns = [f"[\"'/]{name}/?[\"']" for name in named] + [r"load_dotenv\("]
    words = [word for pattern in patterns for word in ("-e", pattern)]
    return ["grep", "-h", "-o", "-I", "-E", *words, "--", *_TEXTS]


def mentioned(paths: Sequence[str], said: str) -> tuple[str, ...]:
    """Return those of *paths* that what ``git grep`` *said* names, a folder without its ``/``."""
    names = {line.strip("\"'/") for line in said.splitlines()}
    if any("load_dotenv" in line for line in said.splitlines()):
        names.add(".env")
    return tuple(path.rstrip("/") for path in paths if _name(path) in names)


def _name(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]


def _may_be_read(path: str) -> bool:
    *folders, name = path.rstrip("/").split("/")
    if any(part.startswith(".") or re.fullmatch(_MADE, part) for part in folders):
        return False
    if name.startswith("."):
        return not path.endswith("/") and re.fullmatch(_ENV, name) is not None
    return re.fullmatch(_MADE, name) is None
