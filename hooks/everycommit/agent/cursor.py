"""Cursor, the editor's agent and its command line.

Source: https://cursor.com/docs/hooks, "Hook events".
"""

from collections.abc import Mapping, Sequence
from typing import Any

from .client import EDIT_SECONDS, GUARD_SECONDS, STOP_SECONDS, after, answered, before, word
from .event import Answer, Before, Event, Stop
from .tools import EDITED, NOTEBOOK, PATCH, REMOVED, SHELL, edits_of

TITLE = "Cursor"
PROJECT, USER = ".cursor/hooks.json", ".cursor/hooks.json"
HOME = ""
HOLLOW: Mapping[str, Any] = {"version": 1}
MOST_ROUNDS = 5
NEXT = "Restart Cursor; its settings have a tab Hooks that shows what runs."
TOOLS = {
    "Write": EDITED,
    "StrReplace": EDITED,
    "Edit": EDITED,
    "MultiEdit": EDITED,
    "EditNotebook": NOTEBOOK,
    "ApplyPatch": PATCH,
    "Delete": REMOVED,
}


def hooks(call: str) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    # The shell's commands come through an event of their own, so that no command is judged twice.
    edits = "|".join(TOOLS)
    return {
        "beforeShellExecution": [{"command": call, "timeout": GUARD_SECONDS}],
        "preToolUse": [{"command": call, "matcher": edits, "timeout": GUARD_SECONDS}],
        "postToolUse": [{"command": call, "matcher": edits, "timeout": EDIT_SECONDS}],
        "stop": [{"command": call, "timeout": STOP_SECONDS}],
    }


def read(given: Mapping[str, Any]) -> Event | None:
    event, cwd = word(given, "hook_event_name"), word(given, "cwd") or _root(given)
    if event == "stop":
        if word(given, "status") in {"aborted", "error"}:
            return None
        loops = given.get("loop_count")
        return Stop(_root(given) or cwd, word(given, "conversation_id"), isinstance(loops, int) and loops > 0)
    if event == "beforeShellExecution":
        return Before(cwd, command=word(given, "command"))
    name, args = word(given, "tool_name"), given.get("tool_input")
    kind = SHELL if name == "Shell" else TOOLS.get(name)
    if kind is None:
        return None
    if event == "preToolUse":
        return before(cwd, kind, args)
    return after(cwd, edits_of(kind, args)) if event == "postToolUse" else None


def _root(given: Mapping[str, Any]) -> str:
    roots = given.get("workspace_roots")
    return roots[0] if isinstance(roots, list) and roots and isinstance(roots[0], str) else ""


def denied(given: Mapping[str, Any], why: str) -> Answer:
    del given
    return answered(permission="deny", user_message=why, agent_message=why)


def told(given: Mapping[str, Any], text: str) -> Answer:
    del given
    return answered(additional_context=text)


def insisted(given: Mapping[str, Any], text: str) -> Answer:
    del given
    return answered(followup_message=text)


def said(given: Mapping[str, Any], text: str) -> Answer:
    # A stop has no word for the person; the editor shows what a hook writes to standard error.
    del given
    return Answer("{}\n", f"{text}\n")


def silent() -> Answer:
    return Answer("{}\n")
