"""What the rules ask of a recorded map of the tests: answers by name and by line, tests as bits of a number."""

from collections.abc import Sequence
from typing import Protocol

from .resolve import Modules
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

    def stating(self, token: str) -> Sequence[tuple[str, Statement]]:
        """Return the import-time statements that mention *token*, each with its file."""
        ...

    def statements(self, path: str) -> Sequence[Statement]: ...

    def mentioning(self, token: str) -> Sequence[tuple[str, int, int]]:
        """Return the lines of the statements that mention *token*."""
        ...

    def functions(self, name: str) -> Sequence[tuple[str, Function]]: ...

    def functions_at(self, path: str, line: int) -> Sequence[Function]:
        """Return the functions around *line*."""
        ...

    def classes(self, name: str) -> Sequence[tuple[str, Class]]: ...

    def modules(self) -> Modules:
        """Return which files an import may mean."""
        ...

    def assigned(self, token: str) -> bool:
        """Tell whether some import-time statement binds *token* to an object that may change."""
        ...

    def under(self, path: str, first: int, last: int) -> Sequence[tuple[str, int]]:
        """Return where the statements stand during which a function that begins in these lines ran at import.

        The path is empty where it ran outside of tests and of imports: in a hook of pytest.
        """
        ...

    def within(self, path: str, line: int) -> Sequence[tuple[str, int]]:
        """Return the functions that ran during the statement at *line*: their paths and first lines."""
        ...

    def asked(self, name: str) -> Sequence[tuple[str, int]]:
        """Return where the statements stand during which *name* was asked for by computed access."""
        ...
