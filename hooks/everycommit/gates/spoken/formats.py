"""The formats by name; what reads one is imported when it is asked for."""

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from itertools import islice

from .said import MOST, Said

TEXT = "text"
"""Nothing is read: another exit than 0 is one finding with the output's end."""
_READERS: Mapping[str, tuple[str, str]] = {
    "lines": ("plain", "lines"),
    "paths": ("plain", "paths"),
    "eslint": ("structured", "eslint"),
    "sarif": ("structured", "sarif"),
    "rdjson": ("structured", "rdjson"),
    "checkstyle": ("markup", "checkstyle"),
    "junit": ("markup", "junit"),
}


def read(name: str, output: bytes) -> list[Said]:
    """Return what *output* says in the format *name*.

    Raises:
        UnreadableError: It is not of that format.
    """
    module, function = _READERS[name]
    reader: Callable[[str], Iterator[Said]] = getattr(import_module(f".{module}", __package__), function)
    return list(islice(reader(output.decode("utf-8-sig", "replace")), MOST))
