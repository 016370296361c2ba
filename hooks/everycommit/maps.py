"""Where the maps of a clone's tests are: what it takes to look one up is imported when one is asked for."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .change import FileChange

if TYPE_CHECKING:
    from .testmap import TestMap

Differ = Callable[[str, str], Sequence[FileChange]]
"""Returns how two trees (object names) differ."""


class Maps:
    """The maps of one clone, given to the gate."""

    def __init__(self, common_dir: Path, differ: Differ) -> None:
        self.common_dir = common_dir
        self.differ = differ

    def of(self, project: str) -> "TestMap":
        """Return the map of *project*.

        Raises:
            NoMapError: There is none.
        """
        from .testmap import TestMap, place

        return TestMap(place(self.common_dir, project))
