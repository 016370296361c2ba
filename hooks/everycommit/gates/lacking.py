"""The way on where tests looked in vain for a file that only the working tree has."""

import json
import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from .base import Job

_LISTED = 20


def lacks(job: Job, files: Sequence[str]) -> str:
    """Return what to do about *files* of the working tree that the snapshot lacks; empty where there is none.

    What git ignores belongs into ``snapshot.link``: the setting is written out whole, to be copied.
    """
    if not files:
        return ""
    ignored = [path for path in job.trees.ignored(files) if path.isprintable()]
    if not ignored:
        one, lost = files[0], "is in your working tree but not in this change"
        return f"{one} {lost}: `git add {one}`; if git ignores it, snapshot.link"
    linked = job.config.settings.snapshot.link
    links = json.dumps([*linked, *(path for path in ignored[:_LISTED] if path not in linked)], ensure_ascii=False)
    line = f"[tool.everycommit.snapshot] link = {links}"
    return f"git ignores {ignored[0]}, and the code needs it; pyproject.toml: {line}"


def explains(message: str, files: Sequence[str]) -> bool:
    """Tell whether a failure with *message* is for want of one of *files*."""
    if re.search(r"ModuleNotFoundError|ImportError|No module named|cannot import name", message):
        return bool(files)
    looked = re.search(r"FileNotFoundError|No such file", message)
    return looked is not None and any(PurePosixPath(path).name in message for path in files)
