"""Before a tool: what an edit that is about to happen may not do."""

import os
import subprocess
from pathlib import Path

import pytest

from acting import bash, sent, shop, stop, tool, why, write
from credentials import checked
from everycommit.agent.client import NAMES, client
from everycommit.agent.event import REPLACE, TOUCH, WRITE, Edit, Swap
from everycommit.agent.ours import PROJECT_FILES, USER_FILES
from everycommit.agent.patch import patched
from everycommit.agent.tools import command_of, edits_of
from support import Repo, state

TOKEN = checked("ghp_")


def policy(text: str) -> str:
    return f'[tool.everycommit]\ncommit = ["policy", "lint"]\n[tool.everycommit.policy]\n{text}\n'


def test_nothing_of_the_users_is_touched(repo: Repo) -> None:
    shop(repo).write("src/nav.py", "A = 2\n").write("new.py", "X = 1\n").stage("src/pay.py", "B = 2\n")
    before = state(repo)

    assert write(repo, "src/nav.py", "A = 3\n").silent
    assert bash(repo, "rm new.py").silent

    assert state(repo) == before


def test_protected_and_frozen_paths_and_symbols_stay(repo: Repo) -> None:
    shop(repo, policy('protected = ["src/pay.py"]'))
    repo.stage("src/api.py", "def get(a: int) -> int:\n    return a\n").commit()
    repo.everycommit("scope", "--frozen", "src/nav.py", "src/api.py::get")

    assert "'src/pay.py' is protected" in why(write(repo, "src/pay.py", "B = 2\n"))
    assert "'src/nav.py' is frozen" in why(bash(repo, "sed -i s/1/2/ src/nav.py"))
    assert "frozen-symbol" in why(write(repo, "src/api.py", "def get(a: int, b: int) -> int:\n    return a\n"))
    assert write(repo, "src/api.py", "def get(a: int) -> int:\n    return a\n\n\nB = 1\n").silent


def test_a_deletion_is_refused_where_the_settings_forbid_it(repo: Repo) -> None:
    shop(repo, policy('deletions = "forbid"'))

    assert "file-deleted" in why(bash(repo, "rm src/pay.py"))
    assert "file-deleted" in why(bash(repo, "rm -rf src"))
    assert "file-deleted" in why(bash(repo, "cd src && rm *.py"))
    assert "file-deleted" in why(bash(repo, "git rm -q src/pay.py"))
    repo.write("made.py", "X = 1\n")
    assert bash(repo, "rm made.py").silent


def test_many_files_are_more_than_a_change_may_delete(repo: Repo) -> None:
    shop(repo, policy("max_deleted_files = 3"))
    for number in range(5):
        repo.stage(f"lib/m{number}.py", f"X = {number}\n")
    repo.commit()

    assert "mass-deletion" in why(bash(repo, "rm -r lib"))
    assert bash(repo, "rm lib/m1.py").silent


def test_the_size_counts_what_is_there_already(repo: Repo) -> None:
    shop(repo, policy("max_added_lines = 10"))
    repo.write("src/new.py", "X = 1\n" * 8)

    assert "adds 12 lines, 2 over the limit of 10" in why(write(repo, "src/other.py", "Y = 1\n" * 4))
    assert write(repo, "src/other.py", "Y = 1\n" * 2).silent


def test_the_way_back_under_a_limit_is_open(repo: Repo) -> None:
    shop(repo, policy("max_added_lines = 10"))
    repo.write("src/new.py", "X = 1\n" * 30)

    assert write(repo, "src/new.py", "X = 1\n" * 20).silent
    assert "over the limit" in why(write(repo, "src/new.py", "X = 1\n" * 31))


def test_a_secret_is_refused_and_taking_it_out_is_not(repo: Repo) -> None:
    shop(repo)

    assert "policy/secret" in why(write(repo, "src/nav.py", f'A = "{TOKEN}"\n'))
    assert "denied-path" in why(write(repo, ".env", "A=1\n"))
    repo.write("src/nav.py", f'A = "{TOKEN}"\nB = 1\n')
    assert write(repo, "src/nav.py", f'A = "{TOKEN}"\n').silent
    assert TOKEN not in why(write(repo, "src/pay.py", f'B = "{TOKEN}"\n'))


def test_what_git_ignores_is_in_no_commit(repo: Repo) -> None:
    shop(repo).stage(".gitignore", "build/\n.env\n").commit()
    repo.everycommit("scope", "--only", "src/**")

    assert write(repo, "build/out.txt", "x\n").silent
    assert write(repo, ".env", f"TOKEN={TOKEN}\n").silent
    assert "out of scope" in why(write(repo, "docs.md", "x\n"))


def test_an_edit_that_changes_nothing_or_lies_elsewhere_is_nothing_to_us(repo: Repo, tmp_path: Path) -> None:
    shop(repo)
    repo.everycommit("scope", "--only", "docs/**")
    other = tmp_path / "other.py"

    assert write(repo, "src/nav.py", "A = 1\n").silent
    assert sent(repo, "claude", tool(repo, "Write", file_path=str(other), content="x")).silent
    assert bash(repo, f"echo x > {other}; echo x > /dev/null; rm $FILE").silent
    assert sent(repo, "claude", tool(repo, "Edit", file_path=str(repo.root / "src/nav.py"), old_string="Z")).silent


def test_a_link_is_what_it_points_to(repo: Repo) -> None:
    shop(repo)
    (repo.root / "way.py").symlink_to("src/pay.py")
    repo.git("add", "way.py")
    repo.commit()
    repo.everycommit("scope", "--only", "way.py")

    assert "'src/pay.py' was changed" in why(write(repo, "way.py", "B = 2\n"))
    assert bash(repo, "rm way.py").silent


def test_before_the_first_commit_what_a_commit_is_held_to_holds(repo: Repo) -> None:
    """There is nothing that a scope could keep as it is, and secrets are secrets."""
    repo.everycommit("scope", "--only", "src/**")

    assert write(repo, "a.py", "A = 1\n").silent
    assert "policy/secret" in why(write(repo, "a.py", f'A = "{TOKEN}"\n'))


def test_a_linked_worktree_has_a_scope_of_its_own(repo: Repo, tmp_path: Path) -> None:
    shop(repo).git("worktree", "add", "-q", str(tmp_path / "other"))
    other = Repo((tmp_path / "other").resolve(), repo.environ)
    other.everycommit("scope", "--only", "src/nav.py")

    assert "out of scope" in why(write(other, "src/pay.py", "B = 2\n"))
    assert write(repo, "src/pay.py", "B = 2\n").silent
    assert "git's and everycommit's own" in why(bash(other, f"rm {repo.root}/.git/hooks/pre-commit"))
    assert "'.git' is git's own" in why(bash(other, "rm .git"))


def test_a_repository_inside_of_this_one_is_its_own_matter(repo: Repo) -> None:
    shop(repo).write("sub/.git/config", "[core]\n")
    repo.everycommit("scope", "--only", "src/**")

    assert bash(repo, "rm sub/.git/config").silent


def test_a_folder_that_git_ignores_may_go(repo: Repo) -> None:
    shop(repo, policy("max_deleted_files = 3")).stage(".gitignore", "build/\n").commit()
    for number in range(9):
        repo.write(f"build/{number}.o", "x")

    assert bash(repo, "rm -rf build").silent


@pytest.mark.parametrize(
    "command",
    [
        "rm -rf .git/hooks",
        "rm -rf .git",
        "rm .git/everycommit/scope.json",
        "echo x > .git/config",
        "echo '*.py' >> .git/info/exclude",
        "mv .git/hooks/pre-commit /tmp/x",
        "chmod -x .git/hooks/pre-commit",
        "python3 -c \"import os; os.remove('.git/hooks/pre-commit')\"",
        "cp x .git/hooks/pre-commit",
        "find .git/hooks -delete",
        "python3 - <<'EOF'\nimport os\nos.remove('.git/hooks/pre-commit')\nEOF",
        "tee .git/everycommit/accepted.json < x",
        "cd .git/hooks && rm pre-commit",
        "sed -i /tool.everycommit/d pyproject.toml",
        "rm pyproject.toml",
        "rm -rf .",
        "rm -rf ../*",
        "echo x >> .everycommit/accepted.toml",
        "rm .claude/settings.json",
        "echo {} > .claude/settings.json",
        "echo x > ~/.config/everycommit/settings.toml",
        "echo x >> ~/.gitconfig",
    ],
)
def test_what_is_ours_is_left_alone(repo: Repo, command: str) -> None:
    repo.environ["XDG_CONFIG_HOME"] = ""
    shop(repo).everycommit("agent", "install", "claude")
    repo.write(".git/hooks/pre-commit", "#!/bin/sh\n").write(".git/everycommit/scope.json", "{}").write("x", "x")
    (repo.root / ".git/everycommit/scope.json").unlink()

    assert why(bash(repo, command))


def test_the_clients_file_may_change_as_long_as_it_calls_us(repo: Repo) -> None:
    shop(repo).everycommit("agent", "install", "claude")
    text = (repo.root / ".claude/settings.json").read_text()

    assert write(repo, ".claude/settings.json", text.replace('"hooks"', '"model": "x",\n  "hooks"', 1)).silent
    assert "makes you ask everycommit" in why(write(repo, ".claude/settings.json", "{}"))
    off = text.replace('"hooks"', '"disableAllHooks": true,\n  "hooks"', 1)
    assert "makes you ask everycommit" in why(write(repo, ".claude/settings.json", off))


def test_the_users_file_of_a_client_calls_us_as_well(repo: Repo) -> None:
    shop(repo).everycommit("agent", "install", "gemini", "--user")

    assert "makes you ask everycommit" in why(bash(repo, "rm ~/.gemini/settings.json"))
    assert bash(repo, "echo x > ~/.claude/settings.json").silent


def test_the_files_of_all_clients_are_known() -> None:
    for name in NAMES:
        assert client(name).PROJECT in PROJECT_FILES
        assert client(name).USER in USER_FILES


def test_settings_may_be_tightened_and_not_loosened(repo: Repo) -> None:
    shop(repo, policy("max_added_lines = 10"))

    assert write(repo, "pyproject.toml", policy("max_added_lines = 5")).silent
    reason = why(write(repo, "pyproject.toml", policy("max_added_lines = 50")))
    assert "loosens policy.max_added_lines" in reason
    assert "an agent may tighten settings" in reason
    assert write(repo, "pyproject.toml", policy("max_added_lines = 10") + '[project]\nname = "x"\n').silent


def test_what_a_person_accepted_is_no_reason(repo: Repo) -> None:
    shop(repo).write("src/nav.py", f'A = "{TOKEN}"\n')
    repo.git("add", "-A")
    found = repo.everycommit("run", "policy", "--format", "json").stdout
    import json

    fingerprint = json.loads(found)["verdicts"][0]["gates"][0]["findings"][0]["fingerprint"]
    repo.everycommit("accept", fingerprint, "--reason", "made up for a test")
    repo.write("src/nav.py", "A = 1\n")

    assert write(repo, "src/nav.py", f'A = "{TOKEN}"\n').silent


def test_settings_that_cannot_be_read_are_said_and_deny_nothing(repo: Repo) -> None:
    shop(repo, "[tool.everycommit]\ncommti = 3\n").write("pyproject.toml", "[tool.everycommit]\ncommti = 4\n")

    said = write(repo, "src/nav.py", "A = 2\n")

    assert said.out == ""
    assert "no such setting" in said.err
    assert "NOT VERIFIED" in stop(repo).json["systemMessage"]


def test_edits_are_read_from_whatever_a_client_calls_its_arguments() -> None:
    assert edits_of("edit", {"path": "a", "file_text": "x"}) == (Edit("a", WRITE, "x"),)
    swap = Edit("a", REPLACE, swaps=(Swap("x", "y", everywhere=True),))
    assert edits_of("edit", {"file_path": "a", "old_string": "x", "new_string": "y", "replace_all": True}) == (swap,)
    assert edits_of("edit", {"path": "a", "insert_line": 3, "insert_text": "y"}) == (Edit("a", TOUCH, "y"),)
    assert edits_of("edit", {"content": "x"}) == edits_of("edit", None) == edits_of("shell", {"path": "a"}) == ()
    assert command_of({"command": ["bash", "-lc", "rm a"]}) == "rm a"
    assert command_of({"command": ["rm", "a b"]}) == "rm 'a b'"
    assert command_of({}) == command_of(3) == ""


def test_an_edit_tells_what_the_file_will_hold() -> None:
    assert Edit("a", REPLACE, swaps=(Swap("x", "y"),)).after(b"x x") == b"y x"
    assert Edit("a", REPLACE, swaps=(Swap("x", "y", everywhere=True), Swap("y y", "z"))).after(b"x x") == b"z"
    assert Edit("a", REPLACE, swaps=(Swap("", "new"),)).after(None) == b"new"
    assert Edit("a", REPLACE, swaps=(Swap("no", "y"),)).after(b"x") == b"x"
    assert Edit("a", TOUCH, "more").after(b"x") == b"x\nmore\n"


PATCH = """*** Begin Patch
*** Add File: new.py
+A = 1
+B = 2
*** Delete File: old.py
*** Update File: src/a.py
@@ def f():
 x
-y
+z
@@
-last
+end
*** Update File: from.py
*** Move to: to.py
@@
-a
+b
*** End Patch"""


def test_a_patch_is_a_list_of_edits() -> None:
    add, gone, update, source, target = patched(PATCH)

    assert add == Edit("new.py", WRITE, "A = 1\nB = 2\n")
    assert (gone.path, gone.kind) == ("old.py", "delete")
    assert update.after(b"x\ny\nmore\nlast\n") == b"x\nz\nmore\nend\n"
    assert (source.kind, target.path, target.content) == ("delete", "to.py", "b")
    assert list(patched("no patch")) == list(patched("*** Begin Patch\n+x\n*** End Patch")) == []


@pytest.mark.parametrize("path", ["\ud800.py", "x" * 300 + ".py", "y/" * 3000, "a\0b", "loop/x.py", ""])
def test_what_is_no_path_is_nothing_to_us(repo: Repo, path: str) -> None:
    shop(repo)
    (repo.root / "loop").symlink_to("loop")

    said = sent(repo, "claude", tool(repo, "Write", file_path=path, content="\ud800"))

    assert "a bug of everycommit" not in said.err
    assert said.out == ""


def test_odd_text_is_judged_as_the_client_can_write_it(repo: Repo) -> None:
    shop(repo)

    assert "policy/secret" in why(write(repo, "src/nav.py", f'A = "{TOKEN}"  # \ud800\n'))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_not_waited_for(repo: Repo) -> None:
    shop(repo)
    os.mkfifo(repo.root / "pipe")

    assert bash(repo, "echo x > pipe").silent


def test_a_hook_of_git_may_have_started_the_agent(repo: Repo) -> None:
    """git's own variables of another repository say nothing about where the agent works."""
    shop(repo)
    repo.everycommit("scope", "--only", "src/nav.py")
    repo.environ |= {"GIT_DIR": "/nowhere", "GIT_INDEX_FILE": "/nowhere/index"}

    assert "out of scope" in why(write(repo, "src/pay.py", "B = 2\n"))


def test_the_shell_does_what_was_read(repo: Repo) -> None:
    """A command that was let through really leaves tracked files as they are."""
    shop(repo)

    assert bash(repo, "cat src/*.py | grep -c A > /dev/null 2>&1; ls").silent
    subprocess.run(["bash", "-c", "cat src/*.py | grep -c A > /dev/null 2>&1; ls"], cwd=repo.root, check=True)

    assert repo.git("status", "--porcelain") == b""
