"""The Pythons of this machine that a project may have."""

import os
import pwd
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from everycommit.environment import OLDEST

OWN = sys.version_info[:2]


@cache
def there(oldest: tuple[int, int] = OLDEST["pytest"]) -> dict[tuple[int, int], Path]:
    """Return those on the PATH, of pyenv and of uv, beside the one that runs the tests; none before *oldest*."""
    home = Path(pwd.getpwuid(os.getuid()).pw_dir)
    places = [*os.environ.get("PATH", "").split(os.pathsep)]
    places += sorted(map(str, [*home.glob(".pyenv/versions/*/bin"), *home.glob(".local/share/uv/python/*/bin")]))
    # A version manager's shim is there even where no such Python is.
    path = os.pathsep.join(place for place in places if "shims" not in place)
    found: dict[tuple[int, int], Path] = {}
    for minor in range(oldest[1], 20):
        program = shutil.which(f"python3.{minor}", path=path)
        if program and (3, minor) != OWN and not subprocess.run([program, "-c", ""], check=False).returncode:
            found[3, minor] = Path(program)
    return found
