"""Notes which Pythons a test starts so that ``sitecustomize`` is not there: an editable install is the working tree's.

That is with ``-I`` or ``-E``, or in an environment of their own without PYTHONPATH. PYTEST_DONT_REWRITE. Any Python
from 3.8 on. ``EVERYCOMMIT_REPORT`` plus ``.unwatched`` gets a line each: the test that ran, a tab, the command.
"""
# ruff: noqa: BLE001, S110 - what breaks in here must not break a test

from __future__ import annotations

import os
import re
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_HERE = os.path.dirname(os.path.realpath(__file__))
_PYTHON = r"python(\d+(\.\d+)*)?(\.exe)?"
_WITH_VALUE = "cmWX"
"""Options that take what follows. Source: the documentation of Python's command line."""
_WITHOUT_US = "IE"
_MOST = 20


def watch(report: str) -> None:
    """Have ``report.unwatched`` written from now on."""
    told: list[str] = []

    def hook(event: str, args: Any) -> None:
        if event != "subprocess.Popen" or len(told) >= _MOST:
            return
        try:
            executable, argv, _, env = args
            if unwatched(executable, argv, env):
                test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]
                command = " ".join(os.fsdecode(word) for word in argv)[:200]
                told.append(f"{test}\t{command}".replace("\n", " "))
                with open(report + ".unwatched", "a", encoding="utf-8", errors="surrogateescape") as file:
                    file.write(told[-1] + "\n")
        except Exception:
            pass

    sys.addaudithook(hook)


def unwatched(executable: Any, argv: Any, env: Any) -> bool:
    """Tell whether *argv* starts a Python that does not load what watches it."""
    if isinstance(argv, (str, bytes)) or not argv:
        return False
    words = [os.fsdecode(word) for word in argv]
    program = os.fsdecode(executable) if executable else words[0]
    if not re.fullmatch(_PYTHON, os.path.basename(program)) and program != sys.executable:
        return False
    if any(letter in _WITHOUT_US for letter in _options(words[1:])):
        return True
    if env is None:
        return False
    path = env.get("PYTHONPATH", env.get(b"PYTHONPATH", ""))
    return _HERE not in map(os.path.realpath, os.fsdecode(path).split(os.pathsep))


def _options(words: list[str]) -> str:
    """Return the letters of Python's own options, in front of what it is to run."""
    found, skip = "", False
    for word in words:
        if skip:
            skip = False
            continue
        if not word.startswith("-") or word == "-":
            break
        if word.startswith("--"):
            continue
        for place, letter in enumerate(word[1:], 2):
            found += letter
            if letter in _WITH_VALUE:
                skip = place == len(word)
                break
        if found[-1:] in {"c", "m"}:
            break
    return found
