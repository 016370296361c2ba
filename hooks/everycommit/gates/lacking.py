"""The way on where tests looked in vain for a file that only the working tree has."""

import json
import os
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
    wanted = dict.fromkeys(_whole(job, ignored)[:_LISTED])
    links = json.dumps([*linked, *(path for path in wanted if path not in linked)], ensure_ascii=False)
    line = f"[tool.everycommit.snapshot] link = {links}"
    return f"git ignores {ignored[0]}, and the code needs it; pyproject.toml: {line}"


def _whole(job: Job, ignored: Sequence[str]) -> list[str]:
    """Return *ignored* with packages in the place of their ``__init__.py``, where git ignores all of the package.

    What such a package loads next is ignored as well, and may be a library that no import names.
    """
    packages = [path.rpartition("/")[0] for path in ignored if path.endswith("/__init__.py")]
    tree = job.trees.target().path
    whole = {path for path in job.trees.ignored(packages) if not os.path.lexists(tree / path)}
    found = []
    for path in ignored:
        folders = [str(folder) for folder in PurePosixPath(path).parents if str(folder) in whole]
        found.append(folders[-1] if folders else path)
    return found


def explains(message: str, files: Sequence[str]) -> bool:
    """Tell whether a failure with *message* is for want of one of *files*."""
    if re.search(r"ModuleNotFoundError|ImportError|No module named|cannot import name", message):
        return bool(files)
    looked = re.search(r"FileNotFoundError|No such file", message)
    return looked is not None and any(PurePosixPath(path).name in message for path in files)
