"""Gemini CLI. It counts milliseconds, and wants nothing but JSON on standard output.

Source: docs/hooks/reference.md in github.com/google-gemini/gemini-cli; tools: docs/tools/file-system.md, shell.md.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from . import claude
from .client import EMPTY, after, answered, before, word
from .event import Answer, Event, Stop, begun
from .tools import EDITED, SHELL, edits_of

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


def hooks(call: str) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    return {_EVENTS[event]: groups for event, groups in claude.grouped(call, TOOLS, unit=1000).items()}


def read(given: Mapping[str, Any]) -> Event | None:
    event, cwd = word(given, "hook_event_name"), word(given, "cwd")
    if event == "AfterAgent":
        # It says false, version 0.61, also where it stops once more.
        return Stop(cwd, word(given, "session_id"), again=given.get("stop_hook_active") is True or None)
    if event == "BeforeAgent":
        return begun(cwd, word(given, "session_id"), word(given, "prompt"))
    kind, args = TOOLS.get(word(given, "tool_name")), given.get("tool_input")
    if kind is None:
        return None
    if event == "BeforeTool":
        return before(_folder(cwd, args), kind, args)
    return after(cwd, edits_of(kind, args)) if event == "AfterTool" else None


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


def said(given: Mapping[str, Any], text: str) -> Answer:
    del given
    return answered(systemMessage=text)


def silent() -> Answer:
    return Answer("{}\n")
