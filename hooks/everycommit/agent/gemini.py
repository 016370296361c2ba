"""Gemini CLI. It counts milliseconds, and wants nothing but JSON on standard output.

Source: docs/hooks/reference.md in github.com/google-gemini/gemini-cli; tools: docs/tools/file-system.md, shell.md.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from . import claude
from .claude import said
from .client import EMPTY, answered, word
from .event import Answer, Before, Event, Stop
from .tools import EDITED, SHELL

__all__ = ["HOLLOW", "denied", "hooks", "insisted", "read", "said", "silent", "told"]

TITLE = "Gemini CLI"
PROJECT, USER = ".gemini/settings.json", ".gemini/settings.json"
HOME = ""
HOLLOW: Mapping[str, Any] = EMPTY
MOST_ROUNDS = 8
NEXT = "Gemini CLI runs a project's hooks in a folder that you trust; `/hooks panel` shows them."
TOOLS = {"write_file": EDITED, "replace": EDITED, "run_shell_command": SHELL}
_EVENTS = {
    "UserPromptSubmit": "BeforeAgent",
    "PreToolUse": "BeforeTool",
    "PostToolUse": "AfterTool",
    "Stop": "AfterAgent",
}
_AS_CLAUDE = {theirs: event for event, theirs in _EVENTS.items()}


def hooks(call: str) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    return {_EVENTS[event]: groups for event, groups in claude.grouped(call, TOOLS, unit=1000).items()}


def read(given: Mapping[str, Any]) -> Event | None:
    event = _AS_CLAUDE.get(word(given, "hook_event_name"), "")
    found = claude.understood({**given, "hook_event_name": event}, TOOLS)
    if isinstance(found, Stop):
        # It says false, version 0.61, also where it stops once more.
        return found._replace(again=found.again or None)
    if isinstance(found, Before):
        return found._replace(cwd=_folder(found.cwd, given.get("tool_input")))
    return found


def _folder(cwd: str, args: object) -> str:
    """Return where a command of the shell runs: it may name a folder of its own."""
    inside = word(args, "dir_path", "directory") if isinstance(args, dict) else ""
    return inside if inside.startswith("/") else f"{cwd}/{inside}" if inside else cwd


def denied(given: Mapping[str, Any], why: str) -> Answer:
    del given
    return answered(decision="deny", reason=why)


def told(given: Mapping[str, Any], text: str) -> Answer:
    del given
    return answered(hookSpecificOutput={"hookEventName": "AfterTool", "additionalContext": text})


insisted = denied


def silent() -> Answer:
    return Answer("{}\n")
