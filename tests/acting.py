"""Sessions of coding agents: a small repository, the client's events, and what is answered."""

import io
import json
import os
from pathlib import Path
from typing import Any, NamedTuple

from everycommit.cli.agent import answer
from everycommit.cli.call import Call
from support import Repo

EVENTS = Path(__file__).parent / "agents"
RECORDED = tuple(sorted(path.stem for path in EVENTS.glob("*.json")))
SETTINGS = '[tool.everycommit]\ncommit = ["policy", "lint"]\n'


def shop(repo: Repo, settings: str = SETTINGS) -> Repo:
    """Return *repo* with two modules and settings, committed."""
    repo.stage("src/nav.py", "A = 1\n").stage("src/pay.py", "B = 1\n").stage("pyproject.toml", settings)
    return repo.commit("start")


class Said(NamedTuple):
    """What the client got to read."""

    out: str
    err: str
    code: int

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def silent(self) -> bool:
        return self.out.strip() in {"", "{}"} and not self.err


def call(repo: Repo, stdin: str = "", cwd: Path | None = None) -> Call:
    """Return a call whose streams are texts in memory."""
    streams = {"stdin": io.StringIO(stdin), "stdout": io.StringIO(), "stderr": io.StringIO()}
    return Call(**streams, environ={"PATH": os.environ["PATH"], **repo.environ}, cwd=cwd or repo.root)


def sent(repo: Repo, name: str, event: object, cwd: Path | None = None) -> Said:
    """Send *event*, a table or a text, as client *name* does, in this process."""
    asked = call(repo, event if isinstance(event, str) else json.dumps(event), cwd)
    code = answer(name, asked)
    assert isinstance(asked.stdout, io.StringIO)
    assert isinstance(asked.stderr, io.StringIO)
    return Said(asked.stdout.getvalue(), asked.stderr.getvalue(), code)


def recorded(repo: Repo, name: str) -> dict[str, Any]:
    """Return the events of client *name* by their names, in *repo*."""
    text = (EVENTS / f"{name}.json").read_text()
    home = json.dumps(repo.environ["HOME"])[1:-1]
    return {
        one["name"]: one["event"] for one in json.loads(text.replace("{ROOT}", str(repo.root)).replace("{HOME}", home))
    }


def tool(repo: Repo, name: str, event: str = "PreToolUse", **given: object) -> dict[str, object]:
    """Return an event of Claude Code about a tool."""
    return {
        "hook_event_name": event,
        "session_id": "s",
        "cwd": str(repo.root),
        "tool_name": name,
        "tool_input": given,
    }


def bash(repo: Repo, command: str) -> Said:
    """Send a shell's command before it runs."""
    return sent(repo, "claude", tool(repo, "Bash", command=command))


def write(repo: Repo, path: str, content: str) -> Said:
    """Send a file before it is written."""
    return sent(repo, "claude", tool(repo, "Write", file_path=str(repo.root / path), content=content))


def stop(repo: Repo, *, again: bool = False, session: str = "s") -> Said:
    """Send a stop."""
    event = {"hook_event_name": "Stop", "session_id": session, "cwd": str(repo.root), "stop_hook_active": again}
    return sent(repo, "claude", event)


def why(said: Said) -> str:
    """Return why a tool was denied; fails where it was not."""
    decided = said.json["hookSpecificOutput"]
    assert decided["permissionDecision"] == "deny"
    reason = decided["permissionDecisionReason"]
    assert isinstance(reason, str)
    return reason
