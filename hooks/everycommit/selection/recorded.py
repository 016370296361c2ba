"""What the rules ask of a recorded map of the tests: answers by name and by line, tests as bits of a number."""

from collections.abc import Sequence
from typing import Protocol

from .source import Class, Function, Statement

IMPORT = 1
"""The bit of all that runs outside of tests; test number n has bit n."""


class Map(Protocol):
    """What was recorded. Bitmaps are integers with a bit for each test."""

    def everyone(self) -> int: ...

    def ran(self, path: str, first: int, last: int) -> int:
        """Return who ran one of these lines."""
        ...

    def named(self, name: str) -> int:
        """Return the tests that bear *name* or asked for it by computed access."""
        ...

    def touched(self, kind: str, path: str) -> int:
        """Return who opened, statted or listed *path*."""
        ...

    def beneath(self, folder: str) -> int:
        """Return the tests of the files under *folder*; of one file where it is one."""
        ...

    def stating(self, name: str) -> Sequence[tuple[str, Statement]]:
        """Return the import-time statements that mention *name*, each with its file."""
        ...

    def statements(self, path: str) -> Sequence[Statement]: ...

    def mentioning(self, name: str) -> Sequence[tuple[str, int, int]]: ...

    def functions(self, name: str) -> Sequence[tuple[str, Function]]: ...

    def functions_at(self, path: str, line: int) -> Sequence[Function]:
        """Return the functions around *line*."""
        ...

    def classes(self, name: str) -> Sequence[tuple[str, Class]]: ...

    def modules(self, name: str) -> Sequence[str]:
        """Return the files that ``import name`` may mean: ``name.py`` and ``name/__init__.py`` in any folder."""
        ...

    def assigned(self, name: str) -> bool:
        """Tell whether some import-time statement binds *name* to an object that may change."""
        ...

    def foreign(self, path: str, name: str) -> str | None:
        """Return the module outside the project that *name* comes from in *path*; None where it does not."""
        ...
