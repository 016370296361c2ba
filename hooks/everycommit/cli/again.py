"""The hook's answer where what it judges passed before and all is as it was; what judges is not even loaded."""

import os
import sys
import time

from ..repo.again import FRAMEWORK, Again, committed, pushed
from ..repo.judged import remember

TYPE_CHECKING = False  # typing's own takes a third of a Python start
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TextIO

# As cli.hook has them, which would have to be loaded.
_CALLED_BY, _BESIDE = "EVERYCOMMIT_HOOK", "EVERYCOMMIT_BESIDE"
_NOTHING_STAGED = "nothing is staged: HEAD itself is judged"


def answered(name: str, words: "Sequence[str]", lines: "Sequence[str]", environ: "Mapping[str, str]") -> bool:
    """Say that the change hook *name* stands for is known to pass, where it is; return whether it was said.

    *lines* are what git says to pre-push.
    """
    if _BESIDE in environ:
        return False
    environ = {key: value for key, value in environ.items() if key != _CALLED_BY}
    try:
        top = os.getcwd()
    except OSError:
        return False
    if name == "pre-push":
        found = pushed(words[0], lines, environ, top) if words and FRAMEWORK not in environ else None
    else:
        found = committed(environ, top) if name == "pre-commit" and not words else None
    if found is None or not _said(found, sys.stdout):
        return False
    if name == "pre-commit":
        remember(found.git_dir, found.tree, found.base_commit)
    return True


def _said(again: Again, out: "TextIO") -> bool:
    """Write the line; False where the stream cannot carry it, and nothing was written."""
    at, now = time.localtime(again.judged_at), time.localtime()
    when = time.strftime("at %H:%M" if at[:3] == now[:3] else "on %Y-%m-%d at %H:%M", at)
    branch = again.ref.removeprefix("refs/heads/")
    title = "" if again.occasion == "commit" else f"push {branch}  " if branch.isascii() else "push  "
    note = "" if again.staged else f"  {_NOTHING_STAGED}"
    text = f"everycommit  {title}{again.symbol} known, judged {when}{note}\n"
    try:
        text.encode(out.encoding or "ascii")
    except (LookupError, UnicodeEncodeError):
        return False
    out.write(text)
    out.flush()
    return True
