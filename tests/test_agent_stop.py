"""When an agent says that it is done: what it is told, how often, and when nobody insists any more."""

import json
import sys
from pathlib import Path
from typing import Any

from acting import SETTINGS, Said, sent, shop, stop, tool
from everycommit.agent import rounds
from everycommit.agent.feedback import MOST, of_guard, within
from everycommit.change import Hunk, Line
from everycommit.record import replace
from everycommit.result import Finding, GateResult, Outcome, Verdict, stamped
from given import change, changed
from support import Repo


def reason(said: Said) -> str:
    assert said.json["decision"] == "block", said
    return str(said.json["reason"])


def test_a_clean_tree_and_a_good_one_get_no_word(repo: Repo) -> None:
    shop(repo)

    assert stop(repo).silent
    repo.write("src/nav.py", "A = 2\n")
    assert stop(repo).silent


def test_each_finding_comes_with_what_repeats_it(repo: Repo) -> None:
    shop(repo).write("src/nav.py", "import os\n\nA = 1\n").write("new.py", "def f(:\n")

    text = reason(stop(repo))

    lines = text.split("\n")
    assert lines[0] == "everycommit: not done yet, round 1 of 3. Mend these, then stop again:"
    assert "new.py:1:7: lint/syntax-error" in lines[1]
    assert lines[1].endswith("[everycommit run --worktree lint]")
    assert "repairs itself: ruff check --fix" in text
    assert lines[-1] == "all of it: everycommit run --worktree lint --format concise"
    assert len(text.encode()) <= MOST
    repeated = repo.everycommit("run", "--worktree", "lint", "--format", "concise")
    assert repeated.returncode == 1
    assert "src/nav.py:1:8: error lint/F401" in repeated.stdout


def test_types_are_among_the_fast_gates(repo: Repo) -> None:
    repo.environ["VIRTUAL_ENV"] = sys.prefix
    shop(repo, '[tool.everycommit]\ncommit = ["policy", "types"]\n').write("src/nav.py", "A: int = 'x'\n")

    assert "src/nav.py:1:10: types/assignment" in reason(stop(repo))


def test_a_gate_that_commit_has_not_is_not_asked_for(repo: Repo) -> None:
    shop(repo, '[tool.everycommit]\ncommit = ["review"]\n').write("src/nav.py", "import os\n")

    assert stop(repo).silent


def test_nobody_insists_for_ever(repo: Repo) -> None:
    shop(repo)
    for number in (1, 2, 3):
        repo.write("src/nav.py", f"import os\n\nA = {number + 1}\n")
        assert f"round {number} of 3" in reason(stop(repo, again=number > 1))
    repo.write("src/nav.py", "import os\n\nA = 9\n")

    said = stop(repo, again=True).json

    assert "decision" not in said
    assert (
        "REFUSED, and no longer insisted on: told 3 times, which is the limit (agent.rounds)" in said["systemMessage"]
    )
    assert "Left: lint: 1 finding." in said["systemMessage"]
    # The next turn begins anew.
    assert "round 1 of 3" in reason(stop(repo))


def test_the_client_may_allow_fewer_rounds(repo: Repo) -> None:
    shop(repo, SETTINGS + "[tool.everycommit.agent]\nrounds = 50\n").write("src/nav.py", "import os\n\nA = 1\n")

    assert "round 1 of 8" in reason(stop(repo))


def test_the_larger_number_of_rounds_counts(repo: Repo) -> None:
    own = Path(repo.environ["XDG_CONFIG_HOME"], "everycommit")
    own.mkdir(parents=True)
    (own / "settings.toml").write_text("[agent]\nrounds = 5\n")
    shop(repo, SETTINGS + "[tool.everycommit.agent]\nrounds = 4\n").write("src/nav.py", "import os\n\nA = 1\n")

    assert "round 1 of 5" in reason(stop(repo))


def test_what_did_not_change_is_not_said_twice(repo: Repo) -> None:
    shop(repo).write("src/nav.py", "import os\n\nA = 1\n")
    assert "round 1" in reason(stop(repo))

    assert "nothing changed since you were told" in stop(repo, again=True).json["systemMessage"]


def test_two_sessions_do_not_count_each_others_rounds(repo: Repo) -> None:
    shop(repo).write("src/nav.py", "import os\n\nA = 1\n")
    reason(stop(repo, session="a"))
    repo.write("src/nav.py", "import os\n\nA = 2\n")

    assert "round 2" in reason(stop(repo, again=True, session="a"))
    assert "round 1" in reason(stop(repo, again=True, session="../../b"))


def test_a_client_that_does_not_say_again_is_remembered(repo: Repo) -> None:
    """Gemini CLI 0.61 says false at every stop."""
    shop(repo)
    event = {"hook_event_name": "AfterAgent", "session_id": "g", "cwd": str(repo.root), "stop_hook_active": False}
    for number in (1, 2, 3):
        repo.write("src/nav.py", f"import os\n\nA = {number}\n")
        assert f"round {number} of 3" in sent(repo, "gemini", event).json["reason"]
    repo.write("src/nav.py", "import os\n\nA = 4\n")

    assert "no longer insisted on" in sent(repo, "gemini", event).json["systemMessage"]


def test_the_clients_own_hook_file_is_a_persons_to_commit(repo: Repo) -> None:
    shop(repo).everycommit("agent", "install", "claude")
    repo.everycommit("scope", "--only", "src/**")

    said = stop(repo)

    assert "not insisted on, but a commit of all this is refused: policy: 1 finding" in said.json["systemMessage"]


def test_what_took_too_long_is_said_and_not_insisted_on(repo: Repo) -> None:
    repo.environ["VIRTUAL_ENV"] = sys.prefix
    settings = '[tool.everycommit]\ncommit = ["policy", "tests"]\n[tool.everycommit.agent]\nseconds = 0.5\n'
    shop(repo, settings).stage("tests/test_slow.py", "import time\n\n\ndef test_slow() -> None:\n    time.sleep(60)\n")
    repo.commit().write("src/nav.py", "A = 2\n")

    said = stop(repo)

    assert "decision" not in said.json
    assert said.json["systemMessage"].startswith("everycommit: NOT VERIFIED: tests: ")


def test_a_state_that_cannot_be_read_counts_as_none(repo: Repo) -> None:
    shop(repo).write("src/nav.py", "import os\n\nA = 1\n")
    path = rounds.place(repo.root / ".git", "s")
    for text in (b"{", b"[]", b'{"version": 9}', b'{"version": 1, "number": "x"}', b"\xff"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)
        assert "round 1" in reason(stop(repo, again=True))


def test_old_sessions_are_forgotten(repo: Repo) -> None:
    import os

    shop(repo).write("src/nav.py", "import os\n\nA = 1\n")
    old = rounds.place(repo.root / ".git", "old")
    old.parent.mkdir(parents=True)
    old.write_text("{}")
    os.utime(old, (0, 0))

    reason(stop(repo))

    assert not old.exists()


def test_an_edit_that_is_right_gets_no_word(repo: Repo, tmp_path: Path) -> None:
    shop(repo).write("src/nav.py", "import os\n")

    def after(path: str, cwd: Path | None = None) -> Said:
        return sent(repo, "claude", tool(repo, "Write", "PostToolUse", file_path=path, content="x"), cwd)

    assert after("src/pay.py").silent
    assert after(str(tmp_path / "elsewhere.py")).silent
    assert "lint/F401" in after("src/nav.py").json["hookSpecificOutput"]["additionalContext"]


def finding(path: str, line: int, rule: str = "lint/F401", message: str = "unused") -> Finding:
    return Finding(path=path, line=line, rule=rule, message=message, source=f"line {line}")


def verdict(*found: Finding, blob: str = "1", lines: tuple[str, ...] = ("a", "b", "c"), target: str = "t") -> Verdict:
    """Return a verdict on a change that added *lines* to ``a.py``."""
    added = tuple(Line("+", None, number, text) for number, text in enumerate(lines, start=1))
    file = replace(changed("a.py", len(lines), new=blob * 40), hunks=(Hunk(0, 0, 1, len(lines), "", added),))
    gates: dict[str, list[Finding]] = {}
    for one in stamped(found):
        gates.setdefault(one.rule.partition("/")[0], []).append(one)
    results = [
        GateResult(gate=name, outcome=Outcome.FAILED, findings=tuple(group), blocks=True)
        for name, group in gates.items()
    ]
    return Verdict(occasion="commit", change=replace(change(file), target=target), gates=tuple(results))


def following(first: Verdict, second: Verdict) -> rounds.Round:
    """Return the second round of a session."""
    before = rounds.Before()
    before = rounds.after(before, rounds.this(before, first), first)
    return rounds.this(before, second)


def places(round_: rounds.Round) -> list[Any]:
    return [(one.path, one.line) for one in round_.told]


def test_after_a_mend_only_touched_lines_bring_new_findings() -> None:
    first = verdict(finding("a.py", 1))
    found = (finding("a.py", 1), finding("a.py", 2), finding("a.py", 3), finding("b.py", 9))

    second = following(first, verdict(*found, blob="2", lines=("a", "b", "changed"), target="u"))

    assert places(second) == [("a.py", 1), ("a.py", 3)]
    assert second.held_back == 2


def test_what_was_found_first_stays_known_although_it_was_not_shown() -> None:
    first = verdict(finding("a.py", 1), finding("b.py", 7))

    second = following(first, verdict(finding("b.py", 7), blob="2", lines=("a", "b", "d"), target="u"))

    assert places(second) == [("b.py", 7)]


def test_types_and_tests_may_fail_where_nobody_touched_a_line() -> None:
    found = (finding("b.py", 9, "types/arg-type"), finding("b.py", 9, "tests/failed"), finding("b.py", 9, "lint/X"))

    second = following(verdict(finding("a.py", 1)), verdict(*found, blob="2", lines=("a", "d"), target="u"))

    assert [one.rule for one in second.told] == ["types/arg-type", "tests/failed"]


def test_the_size_of_all_of_it_is_touched_by_any_mend() -> None:
    whole = Finding(path=None, rule="policy/added-lines", message="adds 9 lines")

    assert len(following(verdict(finding("a.py", 1)), verdict(whole, blob="2", lines=("d",), target="u")).told) == 1
    assert following(verdict(finding("a.py", 1)), verdict(whole)).held_back == 1


def test_a_file_without_lines_is_touched_as_a_whole() -> None:
    one = Finding(path="a.py", rule="policy/mode-change", message="x")

    assert len(following(verdict(finding("a.py", 1)), verdict(one, blob="2", target="u")).told) == 1
    assert following(verdict(finding("a.py", 1)), verdict(one, target="u")).held_back == 1


def test_a_file_that_was_taken_back_is_touched() -> None:
    first = verdict(finding("a.py", 1))
    gone = replace(first, change=replace(change(), target="u"))
    again = replace(gone, gates=(replace(first.gates[0], findings=(finding("a.py", 5), finding("c.py", 1))),))

    assert places(following(first, again)) == [("a.py", 5)]


def test_the_state_is_read_as_it_was_written(tmp_path: Path) -> None:
    before = rounds.after(rounds.Before(), rounds.this(rounds.Before(), verdict(finding("a.py", 1))), verdict())
    path = tmp_path / "x/s.json"

    rounds.write(path, before)

    assert rounds.read(path) == before
    json.loads(path.read_text())
    rounds.forget(path)
    rounds.forget(path)
    assert rounds.read(path) == rounds.Before()


def test_an_answer_is_never_longer_than_two_kilobytes() -> None:
    text = within("head", [f"- {number} " + "é" * 100 for number in range(50)], ["the end"])

    assert len(text.encode()) <= MOST
    assert "\nand 4" in text
    assert text.endswith("\nthe end")
    assert len(within("é" * 3000, ["x"], []).encode()) <= MOST


def test_a_findings_text_cannot_break_the_line() -> None:
    text = of_guard(
        [Finding(path="a\n.py", line=1, rule="policy/x", message="a\x1b[31m\nb" + "c" * 900, hint="do\nit")]
    )

    assert "\n" not in text
    assert "\x1b" not in text
    assert len(text) < 700
