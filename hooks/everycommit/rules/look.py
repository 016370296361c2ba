"""What can be told of a change at a glance: which families of rules could find something in it.

Importing a family costs up to 5 ms and parsing a patch more; a change of a README needs neither. When in doubt the
answer is yes.
"""

import re
from functools import cached_property

from ..change import ABSENT, GITLINK, LINK, Change, FileChange

_PROSE = ("md", "rst", "adoc", "markdown")
_PYTHON = ("py", "pyi")
_TEXT_AT_MOST = 1 << 18
"""Bytes of a patch that are looked through for words; in a larger one every family looks for itself."""
_SETS_UP = frozenset({"setup.py", "noxfile.py"})
_RUNS_CHECKS = ("ci/", ".")
"""How the folders of workflows and hooks begin."""
_FEW_REMOVED = 16
"""Fewer lines than this are never the greater part of a file that counts."""
_SECRETS = (
    rb"(?i:passw|passphrase|pwd|secret|token|api[_-]?key|access_key|_key|credential|PRIVATE KEY|PuTTY|://[^\s/@]*@"
    # Well-known forms: a word of theirs, or a run of letters and digits that no language has words for.
    rb"|[A-Za-z0-9_\-+/=]{18})"
)
_SUPPRESSES = (
    rb"(?i:noqa|ignore|nosec|pragma|pylint|mypy:|pyright:|pyre-|noinspection|nosemgrep|disable|@ts-|nolint|allow\()"
)
_PLAIN = rb"[\t\n\x20-\x7e]*+"


class Look:
    """A glance at one change."""

    def __init__(self, change: Change) -> None:
        self._change = change
        files = (*change.files, *(() if change.landing is change.files else change.landing))
        paths = {path for file in files for path in (file.path, file.source)}
        ends = {path.rpartition(".")[2].lower() for path in paths}
        self.prose = ends <= {*_PROSE}
        """Whether only prose is touched; never for ``.txt``, which requirements are written in."""
        self.python = not ends.isdisjoint(_PYTHON)
        plain = ends <= {*_PROSE, *_PYTHON} and not any(path.startswith(_RUNS_CHECKS) for path in paths)
        self.settings = not plain or any(path.rpartition("/")[2] in _SETS_UP for path in paths)
        """Whether a file can be one of settings, requirements, workflows, snapshots."""
        self.code = not self.prose
        self.generated = self.code or any("generated" in path.lower() or _is_odd(path) for path in paths)
        self.binary = any(file.binary for file in files)
        self.unread = any(file.unread for file in files)
        self.new = any(file.status != "M" for file in files)

    @property
    def net_removed(self) -> int:
        return self._change.removed - self._change.added

    @property
    def shape(self) -> bool:
        """Whether something goes, is moved, shrinks, becomes another kind of thing, or meets another's name."""
        change = self._change
        return any(map(_changes_shape, change.files)) or len({file.path.casefold() for file in change.files}) < len(
            change.files
        )

    @cached_property
    def text(self) -> bytes | None:
        """The patch as git prints it; None where it is large, or not all of it is here."""
        parts = [_patch(file) for file in self._change.landing if file.added or file.removed or file.unread]
        if self._change.files is not self._change.landing:
            parts += [_patch(file) for file in self._change.files]
        known = [part for part in parts if part is not None]
        if len(known) < len(parts) or sum(map(len, known)) > _TEXT_AT_MOST:
            return None
        return b"\n".join(known)

    @property
    def secret(self) -> bool:
        return self.new or self.text is None or re.search(_SECRETS, self.text) is not None

    @property
    def hidden(self) -> bool:
        return self.new or self.code or self.text is None or re.fullmatch(_PLAIN, self.text) is None

    @property
    def suppression(self) -> bool:
        return self.code and (self.text is None or re.search(_SUPPRESSES, self.text) is not None)

    @property
    def marker(self) -> bool:
        return self.text is None or b"+<<<<<<<" in self.text or b"+>>>>>>>" in self.text


def _is_odd(path: str) -> bool:
    """Tell whether the name has more than one ending, as those of generated files have."""
    return path.rpartition("/")[2].count(".") > 1


def _changes_shape(file: FileChange) -> bool:
    return (
        file.status not in "AM"
        or (file.old_mode not in (file.mode, ABSENT))
        or file.mode in {ABSENT, LINK, GITLINK}
        or file.removed - file.added >= _FEW_REMOVED
    )


def _patch(file: FileChange) -> bytes | None:
    if file.unread or ((file.added or file.removed) and not file.hunks):
        return None
    raw = getattr(file.hunks, "raw", None) if file.hunks else b""
    return raw if isinstance(raw, bytes) else None
