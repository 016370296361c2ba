"""What went wrong beside a coding agent, written down where nobody has to look while all is well."""

import time
from collections.abc import Mapping
from contextlib import suppress

from ..errors import EverycommitError
from ..repo.cache import cache_folder
from ..text import printable

MOST = 1 << 18
"""Bytes of the log; older lines go."""


def logged(name: str, error: BaseException, environ: Mapping[str, str]) -> str:
    """Return *error* as one line, and write it with its traceback at the end of the log."""
    known = isinstance(error, EverycommitError)
    said = printable(" ".join(str(error).split())) if known else f"a bug of everycommit, {type(error).__name__}"
    with suppress(OSError, EverycommitError):
        path = cache_folder(None, environ) / "agent.log"
        kept = path.read_bytes()[-MOST // 2 :] if path.exists() and path.stat().st_size > MOST else None
        if kept is not None:
            path.write_bytes(kept)
        with path.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"{time.strftime('%Y-%m-%dT%H:%M:%S')} {name}: {said}\n{'' if known else _traceback(error)}")
        if not known:
            return f"{said}; see {path}"
    return said


def _traceback(error: BaseException) -> str:
    import traceback

    return "".join(traceback.format_exception(error))
