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
_COERCED = ("C.UTF-8", "C.utf8", "UTF-8")
"""What Python sets where the locale is C."""
ALWAYS = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"}
# core.fsmonitor names a program, also in the config of a repository that lies inside a tracked folder.
OPTIONS = ("--no-replace-objects", "-c", "core.fsmonitor=false", "-c", "safe.bareRepository=explicit")


def started_with(environ: "Mapping[str, str]") -> dict[str, str]:
    """Return *environ*, this process's own, without the locale that Python made up for itself at its start (PEP 538).

    Nobody who started us has it: a hook's shell, and the project's tools, would be told of a variable that is not set.
    """
    found = dict(environ)
    if found.get("LC_CTYPE") in _COERCED and not found.get("LC_ALL"):
        try:
            # Where the system keeps what the process was started with; elsewhere it stays as it is.
            with open("/proc/self/environ", "rb") as file:
                at_first = file.read()
        except OSError:
            return found
        del found["LC_CTYPE"]
        for line in at_first.split(b"\0"):
            name, _, value = line.partition(b"=")
            if name == b"LC_CTYPE":
                found["LC_CTYPE"] = os.fsdecode(value)
    return found


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
        path = os.path.join(folder, "git")
        if folder.startswith("/") and os.access(path, os.X_OK) and not os.path.isdir(path):
            return path
    raise UsageError("git was not found on the PATH; install git 2.30 or newer")
