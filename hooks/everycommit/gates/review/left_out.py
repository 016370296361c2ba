"""Which files no model reads, and why: told by their names and kinds alone, no line is looked at."""

from collections.abc import Iterator

from ...change import Change, FileChange
from ...config.schema import ReviewSettings
from ...rules.globs import matches
from ...rules.names import ACCEPTED
from ...rules.sources import is_prose, is_python
from ..sources import within


def readable(change: Change, settings: ReviewSettings, project: str = ".") -> Iterator[FileChange]:
    """Yield the files of *project* whose hunks are to be read."""
    for file in change.files:
        if within(project, file.path) and why_not(file, settings) is None:
            yield file


def compared(change: Change, project: str = ".") -> Iterator[FileChange]:
    """Yield the files of *project* that the static reader looks at."""
    for file in change.files if not change.whole else ():
        if within(project, file.path) and file.is_file and not file.binary and is_python(file.path):
            yield file


def why_not(file: FileChange, settings: ReviewSettings) -> str | None:
    """Return why no model reads *file*, None where one does; no hunk is looked at."""
    return _by_kind(file) or _by_name(file, settings)


def _by_kind(file: FileChange) -> str | None:
    reasons = (
        (file.deleted, "deleted as a whole"),
        (not file.deleted and not file.is_file, "no regular file"),
        (file.path == ACCEPTED, "what a person accepted"),
        (is_prose(file.path) and is_prose(file.source), "prose"),
        (file.binary, "binary"),
        (not (file.added or file.removed), "no line changed"),
    )
    return next((why for holds, why in reasons if holds), None)


def _by_name(file: FileChange, settings: ReviewSettings) -> str | None:
    # Compiling this many globs takes half a bare start: a commit of prose alone never comes here.
    from ...rules.secrets import ALLOWED, DENIED

    names = (file.path, file.source)
    if any(matches(name, settings.denied) for name in names):
        return "denied by the settings"
    if any(matches(name, DENIED) and not matches(name, ALLOWED) for name in names):
        return "holds secrets by its name"
    # A renamed file is left out only where both its names are: moving code into a vendored folder hides nothing.
    return "generated, vendored or locked" if all(matches(name, settings.left_out) for name in names) else None
