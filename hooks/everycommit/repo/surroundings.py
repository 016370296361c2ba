"""What every git of ours runs in, and which git that is; nothing that would have to be loaded first."""

import os

from ..errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

# What git hands to a hook and what finds the repository. All else of GIT_* changes output (GIT_DIFF_OPTS,
# GIT_EXTERNAL_DIFF, GIT_LITERAL_PATHSPECS, GIT_TRACE) or is of no use to a reader.
_KEPT = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_CEILING_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_DIR",
        "GIT_DISCOVERY_ACROSS_FILESYSTEM",
        "GIT_EXEC_PATH",
        "GIT_INDEX_FILE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_QUARANTINE_PATH",
        "GIT_SHALLOW_FILE",
        "GIT_WORK_TREE",
    }
)
ALWAYS = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"}
# core.fsmonitor names a program, also in the config of a repository that lies inside a tracked folder.
OPTIONS = ("--no-replace-objects", "-c", "core.fsmonitor=false", "-c", "safe.bareRepository=explicit")


def reading_environment(environ: "Mapping[str, str]") -> dict[str, str]:
    """Return *environ* for reading the user's repository: with what git gave the hook, without what bends output."""
    return {
        name: value
        for name, value in environ.items()
        if not name.startswith("GIT_") or name in _KEPT or name.startswith("GIT_CONFIG")
    }


def executable(environ: "Mapping[str, str]") -> str:
    """Return the path of git.

    Raises:
        UsageError: There is none on the PATH.
    """
    for folder in environ.get("PATH", os.defpath).split(os.pathsep):
        # A relative folder on the PATH would run a program that the repository brings along.
        path = os.path.join(folder, "git")  # noqa: PTH118 - on every call
        if folder.startswith("/") and os.access(path, os.X_OK) and not os.path.isdir(path):  # noqa: PTH112
            return path
    raise UsageError("git was not found on the PATH; install git 2.30 or newer")
