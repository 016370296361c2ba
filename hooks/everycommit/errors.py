"""Everything that is expected to go wrong.

::

    EverycommitError        one sentence, exit 2
    |-- UsageError          the command line asks for something that is not there
    |-- SettingsErrors      mistakes in settings, a line each, all at once
    |-- RepositoryError     the repository, its index or its objects cannot be read
    |   `-- MissingObjects  a partial or shallow clone lacks what the change needs
    |-- SnapshotError       the tree could not be laid out as a folder
    |-- ToolError           a program is missing, broke, or said what it never promised to say
    |-- ModelError          a model gave no answer that can be used
    |   |-- EndpointError   no answer could be had: connection, status, limits
    |   |-- AnswerError     what came is no answer
    |   `-- WithheldError   the question holds a secret and was not sent
    `-- TimeRanOut          the deadline passed

    Interrupted             not an error: ctrl-C, a signal, or git went away; exit 130

Anything else that reaches the entry point is a bug of ours: traceback, exit 3.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class EverycommitError(Exception):
    """What happened, where, with the value in quotes, and the next step."""


class UsageError(EverycommitError):
    """The command line asks for something that is not there."""


class SettingsErrors(EverycommitError):  # noqa: N818 - it is many
    """Mistakes in settings: ``lines`` holds a sentence each."""

    def __init__(self, lines: "Sequence[str]") -> None:
        super().__init__("\n".join(lines))
        self.lines = tuple(lines)


class RepositoryError(EverycommitError):
    """The repository, its index or its objects cannot be read."""


class MissingObjects(RepositoryError):  # noqa: N818
    """A partial or shallow clone lacks objects that the change needs."""


class SnapshotError(EverycommitError):
    """A tree could not be laid out as a folder."""


class ToolError(EverycommitError):
    """A program is missing, broke, or said what it never promised to say."""


class ModelError(EverycommitError):
    """A model gave no answer that can be used."""


class EndpointError(ModelError):
    """No answer could be had from the endpoint: connection, status, limits."""


class AnswerError(ModelError):
    """What an endpoint sent is no answer."""


class WithheldError(ModelError):
    """A question holds what looks like a secret; nothing of it was sent."""


class TimeRanOut(EverycommitError):  # noqa: N818
    """The deadline passed before the work was done."""


class Interrupted(BaseException):
    """The user, a signal or git's own end stopped the run; ``code`` is the exit code."""

    def __init__(self, code: int = 130) -> None:
        super().__init__(code)
        self.code = code
