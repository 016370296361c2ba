"""OpenAI Codex. It refuses an answer with a key that it does not know, and one without a reason.

Source: codex-rs/hooks/schema/generated in github.com/openai/codex, and https://developers.openai.com/codex/hooks.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from . import claude
from .claude import denied, insisted, said, silent, told
from .client import EMPTY
from .event import Before, Event
from .patch import patched
from .tools import EDITED, PATCH, SHELL

__all__ = ["HOLLOW", "denied", "hooks", "insisted", "read", "said", "silent", "told"]

TITLE = "Codex"
PROJECT, USER = ".codex/hooks.json", ".codex/hooks.json"
HOME = "CODEX_HOME"
HOLLOW: Mapping[str, Any] = EMPTY
MOST_ROUNDS = 8
NEXT = "Codex runs a project's hooks once you trust the project and look them through: `/hooks`."
TOOLS = {"apply_patch": PATCH, "Write": EDITED, "Edit": EDITED, "Bash": SHELL}


def hooks(call: str) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    return claude.grouped(call, TOOLS)


def read(given: Mapping[str, Any]) -> Event | None:
    found = claude.understood(given, TOOLS)
    if isinstance(found, Before) and "*** Begin Patch" in found.command:
        # A shell's `apply_patch <<EOF` is taken by codex itself, with what follows as the patch.
        return found._replace(edits=tuple(patched(found.command)))
    return found
