"""Every client's recorded events, answered in the client's own form."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, TextIO, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acting import EVENTS, RECORDED, Said, call, recorded, sent, shop
from everycommit.agent.client import NAMES, client
from everycommit.cli.agent import answer
from everycommit.record import replace
from support import Repo


def denied(name: str, said: Said) -> str:
    """Return the reason in the form of client *name*."""
    found: Any = said.json
    if name in {"claude", "codex"}:
        assert set(found) == {"hookSpecificOutput"}
        found = found["hookSpecificOutput"]
        assert found["hookEventName"] == "PreToolUse"
    if name == "gemini":
        assert found["decision"] == "deny"
        return str(found["reason"])
    if name == "cursor":
        assert found["permission"] == "deny"
        assert found["user_message"] == found["agent_message"]
        return str(found["agent_message"])
    assert found["permissionDecision"] == "deny"
    return str(found["permissionDecisionReason"])


def told(name: str, said: Said) -> str:
    found: Any = said.json
    if name == "cursor":
        return str(found["additional_context"])
    return str((found if name == "copilot" else found["hookSpecificOutput"])["additionalContext"])


def insisted(name: str, said: Said) -> str:
    found: Any = said.json
    if name == "cursor":
        return str(found["followup_message"])
    assert found["decision"] == ("deny" if name == "gemini" else "block")
    return str(found["reason"])


def test_there_are_events_of_every_client() -> None:
    assert set(RECORDED) == set(NAMES)
    for name in NAMES:
        for one in json.loads((EVENTS / f"{name}.json").read_text()):
            assert one["from"].startswith(("recorded from", "https://", "codex-rs/", "docs/")), one["name"]


@pytest.mark.parametrize("name", NAMES)
def test_a_session_is_held_to_its_scope_and_ends_when_all_is_mended(repo: Repo, name: str) -> None:
    """Outside of the scope and past the hooks: denied. Inside of it: told at once, told at the stop, then done."""
    events = recorded(shop(repo), name)
    repo.everycommit("scope", "--only", "src/nav.py")

    assert "'src/new.py' was added and is out of scope" in denied(name, sent(repo, name, events["before-write"]))
    assert sent(repo, name, events["before-edit"]).silent
    repo.write("src/nav.py", "import os\nA = 1\n")
    assert "lint/F401" in told(name, sent(repo, name, events["after-edit"]))
    assert "'src/pay.py' was deleted" in denied(name, sent(repo, name, events["before-delete"]))
    assert "skips the hooks" in denied(name, sent(repo, name, events["before-no-verify"]))
    assert "round 1 of 3" in insisted(name, sent(repo, name, events["stop"]))
    assert sent(repo, name, events["before-mend"]).silent
    repo.write("src/nav.py", "A = 1\n")
    assert sent(repo, name, events["after-mend"]).silent
    assert sent(repo, name, events["stop-again"]).silent
    assert not [*(repo.root / ".git/everycommit/agent").iterdir()]


@pytest.mark.parametrize(
    ("name", "event", "reason"),
    [
        ("claude", "multi-edit", "'src/pay.py' was changed"),
        ("claude", "notebook", "'notes.ipynb' was added"),
        ("codex", "heredoc", "'src/pay.py' was deleted"),
        ("copilot", "as-claude", "'src/pay.py' was changed"),
        ("copilot", "args-as-text", "'src/pay.py' was deleted"),
        ("cursor", "delete", "'src/pay.py' was deleted"),
        ("gemini", "in-folder", "'src/pay.py' was deleted"),
    ],
)
def test_other_tools_and_forms_are_understood(repo: Repo, name: str, event: str, reason: str) -> None:
    events = recorded(shop(repo), name)
    repo.everycommit("scope", "--only", "src/nav.py")

    assert reason in denied(name, sent(repo, name, events[event]))


@pytest.mark.parametrize(
    ("name", "event"),
    [
        *(("claude", event) for event in ("read", "subagent-stop")),
        *(("codex", event) for event in ("session-start", "mcp")),
        *(("copilot", event) for event in ("failure", "subagent-stop")),
        *(("cursor", event) for event in ("aborted", "after-file-edit")),
        *(("gemini", event) for event in ("read", "session-end")),
    ],
)
def test_what_is_not_for_us_gets_no_word(repo: Repo, name: str, event: str) -> None:
    events = recorded(shop(repo), name)
    repo.write("src/nav.py", "import os\n").everycommit("scope", "--only", "src/nav.py")

    assert sent(repo, name, events[event]).silent


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", ["", "{", "[]", "7", "null", '{"hook_event_name": 7}', "\ud800", '{"cwd": {}}'])
def test_what_is_no_event_never_breaks_the_session(repo: Repo, name: str, text: str) -> None:
    said = sent(repo, name, text)

    assert said.code == 0
    assert said.out.strip() in {"", "{}"}
    assert said.err == "" or said.err.startswith("everycommit: nothing was judged here: standard input holds ")


def test_what_is_no_event_is_written_down(repo: Repo) -> None:
    sent(repo, "claude", "{")

    log = Path(repo.environ["XDG_CACHE_HOME"], "everycommit/agent.log").read_text()
    assert "claude: standard input holds no JSON" in log
    assert "Traceback" not in log


def test_a_bug_of_ours_never_breaks_the_session(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    events = recorded(shop(repo), "claude")
    monkeypatch.setattr("everycommit.cli.agent_events._why_not", lambda *_: 1 / 0)

    said = sent(repo, "claude", events["before-edit"])

    assert (said.out, said.code) == ("", 0)
    assert "a bug of everycommit, ZeroDivisionError; see " in said.err
    assert "Traceback" in Path(repo.environ["XDG_CACHE_HOME"], "everycommit/agent.log").read_text()


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(NAMES), st.data())
def test_no_field_of_an_event_can_break_the_session(repo: Repo, name: str, data: st.DataObject) -> None:
    """Recorded events with a field more, a field less, or something odd in it."""
    if not (repo.root / "src").exists():
        shop(repo)
    events = recorded(repo, name)
    event = dict(events[data.draw(st.sampled_from(sorted(events)))])
    for target in (event, event.get("tool_input"), event.get("toolArgs")):
        if isinstance(target, dict) and target:
            key = data.draw(st.sampled_from([*target, "unheard_of"]))
            if data.draw(st.booleans()):
                target[key] = data.draw(ODD)
            else:
                target.pop(key, None)

    said = sent(repo, name, event)

    assert said.code == 0
    assert said.out.strip() == "" or isinstance(said.json, dict)
    assert "a bug of everycommit" not in said.err


def test_the_answer_of_the_command_line_is_the_same(repo: Repo) -> None:
    """As the client calls it: a process of its own, with pipes."""
    events = recorded(shop(repo), "claude")
    repo.everycommit("scope", "--only", "src/nav.py")

    done = subprocess.run(
        [sys.executable, "-m", "everycommit", "agent", "claude"],
        cwd=repo.root,
        env=repo.environ,
        input=json.dumps(events["before-write"]),
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == sent(repo, "claude", events["before-write"]).out


def test_outside_of_a_repository_nothing_is_held(repo: Repo, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    for event in recorded(Repo(folder, repo.environ), "claude").values():
        if event["hook_event_name"] != "PreToolUse" or event["tool_name"] != "Bash":
            assert sent(repo, "claude", event, cwd=folder).silent


def test_a_file_is_held_by_its_own_repository(repo: Repo, tmp_path: Path) -> None:
    """Also where the agent was started above it."""
    events = recorded(shop(repo), "claude")
    repo.everycommit("scope", "--only", "src/nav.py")

    said = sent(repo, "claude", events["before-write"] | {"cwd": str(tmp_path)}, cwd=tmp_path)

    assert "out of scope" in denied("claude", said)


def test_a_folder_that_is_gone_is_looked_for_above_it(repo: Repo) -> None:
    events = recorded(shop(repo), "claude")
    repo.everycommit("scope", "--only", "src/nav.py")
    event = events["before-write"] | {"cwd": str(repo.root / "gone/for/good")}

    assert "out of scope" in denied("claude", sent(repo, "claude", event, cwd=Path("/")))


def test_every_adapter_says_what_it_has_to() -> None:
    for name in NAMES:
        adapter = client(name)
        assert adapter.hooks("everycommit agent x")
        assert 5 <= adapter.MOST_ROUNDS <= 8
        assert adapter.NEXT.endswith(".")


@pytest.mark.parametrize("name", ["claude", "codex", "copilot", "gemini"])
def test_what_was_there_before_the_person_asked_is_not_the_agents_to_mend(repo: Repo, name: str) -> None:
    events = recorded(shop(repo), name)
    repo.write("src/nav.py", "import os\nA = 1\n")

    assert sent(repo, name, events["begin"]).silent
    assert sent(repo, name, events["stop"]).silent
    assert sent(repo, name, events["begin"]).silent
    repo.write("src/pay.py", "B = 2\n")
    assert "round 1 of 3" in insisted(name, sent(repo, name, events["stop"]))


def test_our_own_text_is_no_new_turn(repo: Repo) -> None:
    """Gemini CLI sends what makes it go on as a prompt; rounds would never end."""
    events = recorded(shop(repo), "gemini")
    for number in (1, 2):
        repo.write("src/nav.py", f"import os\nA = {number}\n")
        assert f"round {number} of 3" in insisted("gemini", sent(repo, "gemini", events["stop"]))
        assert sent(repo, "gemini", events["go-on"]).silent
    repo.write("src/nav.py", "import os\nA = 3\n")
    assert sent(repo, "gemini", events["begin"]).silent
    repo.write("src/nav.py", "import os\nA = 4\n")
    assert "round 1 of 3" in insisted("gemini", sent(repo, "gemini", events["stop"]))


@pytest.mark.parametrize(("name", "event"), [("cursor", "stop-again"), ("copilot", "stop-again")])
def test_where_a_stop_has_no_word_for_the_person_it_goes_to_standard_error(repo: Repo, name: str, event: str) -> None:
    events = recorded(shop(repo), name)
    repo.write("src/nav.py", "import os\nA = 1\n")
    sent(repo, name, events["stop"])

    said = sent(repo, name, events[event])

    assert said.out.strip() in {"", "{}"}
    assert "REFUSED, and no longer insisted on: nothing changed since you were told" in said.err


@pytest.mark.parametrize(
    ("args", "path"),
    [
        ("*** Begin Patch\n*** Delete File: src/pay.py\n*** End Patch", "src/pay.py"),
        ('{"path": "src/pay.py", "file_text": "B = 2"}', "src/pay.py"),
    ],
)
def test_copilots_arguments_may_be_a_text(repo: Repo, args: str, path: str) -> None:
    shop(repo).everycommit("scope", "--only", "src/nav.py")

    said = sent(repo, "copilot", {"cwd": str(repo.root), "toolName": "edit", "toolArgs": args})

    assert f"'{path}' was" in said.json["permissionDecisionReason"]


def test_an_event_without_end_is_not_read(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("everycommit.cli.agent_events._LONGEST", 10)

    assert "an event of 20 characters is too long" in sent(repo, "claude", '"' + "x" * 18 + '"').err


def test_the_log_does_not_grow_for_ever(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("everycommit.cli.agent_log.MOST", 1000)
    for _ in range(60):
        sent(repo, "claude", "{")

    assert Path(repo.environ["XDG_CACHE_HOME"], "everycommit/agent.log").stat().st_size < 1300


def test_a_client_that_reads_nothing_is_no_error(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    class Shut:
        def write(self, _: str) -> int:
            raise BrokenPipeError

    asked = replace(call(repo, "{"), stdout=cast("TextIO", Shut()))
    monkeypatch.setattr(sys, "stdout", sys.stdout)
    monkeypatch.setattr(sys, "stderr", sys.stderr)

    assert answer("gemini", asked) == 0
