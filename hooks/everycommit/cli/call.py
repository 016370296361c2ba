"""Where a command was called: streams, environment and folder, handed to every command."""

from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from ..record import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """The world as the command found it. Nothing below ``cli/`` reads ``os.environ`` or ``sys``."""

    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
    environ: Mapping[str, str]
    cwd: Path
