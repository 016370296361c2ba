"""Claude Code.

Source: https://code.claude.com/docs/en/hooks, "Hook input and output"; tools: "PreToolUse input".
"""

from collections.abc import Mapping, Sequence
from typing import Any

from .client import EDIT_SECONDS, EMPTY, GUARD_SECONDS, STOP_SECONDS, after, answered, before, word
from .event import Answer, Event, Stop, begun
from .tools import EDITED, NOTEBOOK, SHELL, edits_of

TITLE = "Claude Code"
PROJECT, USER = ".claude/settings.json", ".claude/settings.json"
HOME = "CLAUDE_CONFIG_DIR"
HOLLOW: Mapping[str, Any] = EMPTY
MOST_ROUNDS = 8
NEXT = "Claude Code asks once whether you trust the folder; `/hooks` shows what it runs."
TOOLS = {"Write": EDITED, "Edit": EDITED, "MultiEdit": EDITED, "NotebookEdit": NOTEBOOK, "Bash": SHELL}


def hooks(call: str) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    return grouped(call, TOOLS)


def grouped(call: str, tools: Mapping[str, str], *, unit: int = 1) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """Return the entries of a client that groups hooks by tools; *unit*: how many of its units a second has."""

    def group(seconds: int, names: Sequence[str] = ()) -> Mapping[str, Any]:
        hook = {"type": "command", "command": call, "timeout": seconds * unit}
        return ({"matcher": "|".join(names)} if names else {}) | {"hooks": [hook]}

    edits = [name for name, kind in tools.items() if kind != SHELL]
    return {
        "UserPromptSubmit": [group(GUARD_SECONDS)],
        "PreToolUse": [group(GUARD_SECONDS, [*tools])],
        "PostToolUse": [group(EDIT_SECONDS, edits)],
        "Stop": [group(STOP_SECONDS)],
    }


def read(given: Mapping[str, Any]) -> Event | None:
    return understood(given, TOOLS)


def understood(given: Mapping[str, Any], tools: Mapping[str, str]) -> Event | None:
    """Return what an event means whose names are Claude Code's."""
    event, cwd = word(given, "hook_event_name"), word(given, "cwd")
    if event == "Stop":
        return Stop(cwd, word(given, "session_id"), given.get("stop_hook_active") is True)
    if event == "UserPromptSubmit":
        return begun(cwd, word(given, "session_id"), word(given, "prompt"))
    kind, args = tools.get(word(given, "tool_name")), given.get("tool_input")
    if kind is None:
        return None
    if event == "PreToolUse":
        return before(cwd, kind, args)
    return after(cwd, edits_of(kind, args)) if event == "PostToolUse" else None


def denied(given: Mapping[str, Any], why: str) -> Answer:
    del given
    decided = {"hookEventName": "PreToolUse", "permissionDecision": "deny", "permissionDecisionReason": why}
    return answered(hookSpecificOutput=decided)


def told(given: Mapping[str, Any], text: str) -> Answer:
    del given
    return answered(hookSpecificOutput={"hookEventName": "PostToolUse", "additionalContext": text})


def insisted(given: Mapping[str, Any], text: str) -> Answer:
    del given
    return answered(decision="block", reason=text)


def said(given: Mapping[str, Any], text: str) -> Answer:
    del given
    return answered(systemMessage=text)


def silent() -> Answer:
    return Answer()
