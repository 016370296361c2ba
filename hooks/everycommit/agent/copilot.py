"""GitHub Copilot: its command line, and the agent in the cloud. A hook that fails denies the tool, so none may.

Source: https://docs.github.com/copilot/reference/hooks-reference.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from .client import EDIT_SECONDS, GUARD_SECONDS, STOP_SECONDS, after, answered, before, word
from .event import Answer, Event, Stop, begun
from .tools import EDITED, PATCH, SHELL, edits_of

TITLE = "GitHub Copilot"
PROJECT, USER = ".github/hooks/everycommit.json", ".copilot/hooks/everycommit.json"
HOME = "COPILOT_HOME"
HOLLOW: Mapping[str, Any] = {"version": 1}
MOST_ROUNDS = 8
NEXT = "The agent in the cloud reads it from the default branch, and needs everycommit in its copilot-setup-steps."
TOOLS = {"create": EDITED, "edit": EDITED, "str_replace_editor": EDITED, "apply_patch": PATCH, "bash": SHELL}
_AS_CLAUDE = {"Write": EDITED, "Edit": EDITED, "Bash": SHELL}
"""The names that it gives to hooks written as Claude Code's are."""
_EVENTS = {
    "UserPromptSubmit": "userPromptSubmitted",
    "PreToolUse": "preToolUse",
    "PostToolUse": "postToolUse",
    "Stop": "agentStop",
}


def hooks(call: str) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    # A missing program would deny every tool.
    program = call.partition(" agent ")[0]
    safe = f"command -v {program} >/dev/null 2>&1 || exit 0; {call}"
    edits = "|".join(name for name, kind in TOOLS.items() if kind != SHELL)

    def hook(seconds: int, matcher: str = "") -> Mapping[str, Any]:
        matched = {"matcher": matcher} if matcher else {}
        return {"type": "command", **matched, "bash": safe, "timeoutSec": seconds}

    return {
        "userPromptSubmitted": [hook(GUARD_SECONDS)],
        "preToolUse": [hook(GUARD_SECONDS, "|".join(TOOLS))],
        "postToolUse": [hook(EDIT_SECONDS, edits)],
        "agentStop": [hook(STOP_SECONDS)],
    }


def read(given: Mapping[str, Any]) -> Event | None:
    event, cwd = _event(given), word(given, "cwd")
    if event == "agentStop":
        return Stop(cwd, word(given, "sessionId", "session_id"), given.get("stop_hook_active") is True)
    if event == "userPromptSubmitted":
        return begun(cwd, word(given, "sessionId", "session_id"), word(given, "prompt"))
    name = word(given, "toolName", "tool_name")
    kind, args = TOOLS.get(name) or _AS_CLAUDE.get(name), _args(given)
    if kind is None:
        return None
    if kind == EDITED and isinstance(args, str):
        kind = PATCH
    if event == "preToolUse":
        return before(cwd, kind, args)
    return after(cwd, edits_of(kind, args)) if event == "postToolUse" else None


def _event(given: Mapping[str, Any]) -> str:
    """Return the event's name, which its own form leaves out: it is told by what comes with it."""
    name = word(given, "hook_event_name")
    if name:
        return _EVENTS.get(name, name)
    if "toolResult" in given:
        return "postToolUse"
    if "toolName" in given and "error" not in given:
        return "preToolUse"
    if "prompt" in given:
        return "userPromptSubmitted"
    return "agentStop" if "stopReason" in given and "agentName" not in given else ""


def _args(given: Mapping[str, Any]) -> object:
    """Return the tool's arguments, which come as a text of JSON in some versions."""
    args = given.get("toolArgs", given.get("tool_input"))
    if not isinstance(args, str):
        return args
    try:
        return json.loads(args)
    except ValueError:
        return args


def denied(given: Mapping[str, Any], why: str) -> Answer:
    del given
    return answered(permissionDecision="deny", permissionDecisionReason=why)


def told(given: Mapping[str, Any], text: str) -> Answer:
    del given
    return answered(additionalContext=text)


def insisted(given: Mapping[str, Any], text: str) -> Answer:
    del given
    return answered(decision="block", reason=text)


def said(given: Mapping[str, Any], text: str) -> Answer:
    del given
    return Answer("", f"{text}\n")


def silent() -> Answer:
    return Answer()
