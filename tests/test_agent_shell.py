"""What a shell's command line does, as far as its words tell."""

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everycommit.agent.event import DELETE, TOUCH
from everycommit.agent.shell import commands
from everycommit.agent.shell_rules import read


def words(text: str) -> list[str]:
    return [" ".join(command.words) for command in commands(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a; b && c || d | e & f", ["a", "b", "c", "d", "e", "f"]),
        ("a 'b; c' \"d && e\" f\\;g", ["a b; c d && e f;g"]),
        ("a # b; c\nd", ["a", "d"]),
        ("(a; b) { c; }", ["a", "b", "c"]),
        ("if a; then b; else c; fi", ["a", "b", "c"]),
        ("for x in 1 2; do rm $x; done", ["x in 1 2", "rm $x"]),
        ('echo $(a b) `c` "$(d)"', ["a b", "c", "d", "echo $(a b) `c` $(d)"]),
        ("sh -c 'a; b'", ["sh -c a; b", "a", "b"]),
        ('bash -lc "git commit -n"', ["bash -lc git commit -n", "git commit -n"]),
        ("sudo -u root env A=1 git push", ["sudo -u root env A=1 git push", "env A=1 git push", "git push"]),
        ("timeout -s KILL 5 git push", ["timeout -s KILL 5 git push", "git push"]),
        ("echo x | xargs -n 1 rm", ["echo x", "xargs -n 1 rm", "rm"]),
        ("eval 'git push -f'", ["eval git push -f", "git push -f"]),
        ("cat <<EOF > x\ngit commit -n\nEOF\nls", ["cat", "ls"]),
        ("bash <<-'EOF'\n\trm x\n\tEOF\nls", ["rm x", "bash", "ls"]),
        ("a \\\n b", ["a b"]),
        ("a 2>&1 >/dev/null <in", ["a"]),
        ("diff <(a) >(b)", ["diff", "a", "b"]),
        ("find . -name '*.py' -exec rm {} +", ["find . -name *.py -exec rm {} +", "rm ."]),
        ("$'a' b", ["a b"]),
        ("'never closed", ["never closed"]),
        ("$(never closed", ["never closed", "$(never closed"]),
        ("`never closed", ["never closed", "`never closed"]),
        ("bash script.sh -c x", ["bash script.sh -c x"]),
        (
            'git commit -m "$(cat <<\'EOF\'\nSmile :) and "quote\n\nrm -rf src; git push -f\nEOF\n)" && ls',
            [
                "cat",
                "git commit -m $(cat <<'EOF'\nSmile :) and \"quote\n\nrm -rf src; git push -f\nEOF\n)",
                "ls",
            ],
        ),
        ("echo $((1 + 2)) $(a \"$(b ')')\")", ["1 + 2", "b )", "a $(b ')')", "echo $((1 + 2)) $(a \"$(b ')')\")"]),
        ("bash -euo pipefail -c 'a'", ["bash -euo pipefail -c a", "a"]),
        ("bash --norc -c 'a'", ["bash --norc -c a", "a"]),
        ("bash -c", ["bash -c"]),
        ("sudo", ["sudo"]),
        ("uv run --frozen git commit -n", ["uv run --frozen git commit -n", "git commit -n"]),
        ("uv run", ["uv run", ""]),
        ("find -exec rm {} ;", ["find -exec rm {}", "rm ."]),
        ("cat <<'A' <<B\nx\nA\ny\nB\nls", ["cat", "ls"]),
        ("cat <<EOF", ["cat"]),
        ("cat <<<x; ls", ["cat", "ls"]),
        ('a "b\\"c $(d)" e', ["d", 'a b"c $(d) e']),
        ("cd /x; cd y; a", ["cd /x", "cd y", "a"]),
    ],
)
def test_a_line_is_split_into_its_commands(text: str, found: list[str]) -> None:
    assert words(text) == found


def test_folders_and_variables_go_along() -> None:
    found = list(commands("cd src && A=1 B='2 3' make && cd nav; X=1; ls"))

    assert [(one.words[:1], one.folder) for one in found] == [
        (("cd",), "."),
        (("make",), "src"),
        (("cd",), "src"),
        ((), "src/nav"),
        (("ls",), "src/nav"),
    ]
    assert found[1].variables == (("A", "1"), ("B", "2 3"))
    assert found[3].variables == (("X", "1"),)


@given(st.text(alphabet="ab '\"\\$()`;&|<>#\n{}=-", max_size=40))
def test_no_text_is_too_odd_to_be_split(text: str) -> None:
    for command in commands(text):
        assert all(isinstance(word, str) for word in command.words)
    read(text)


def test_however_deep_it_is_nested_it_ends() -> None:
    for text in ("$(" * 5000, "$(a " * 300 + ")" * 300, "`" * 999, "(" * 5000, "sh -c '" * 100, '"$(' * 400):
        read(text)


@given(st.lists(st.text(alphabet="ab '\"\\$;&|<>#*", min_size=1, max_size=6), min_size=1, max_size=4))
def test_words_that_a_shell_would_quote_come_out_as_they_went_in(parts: list[str]) -> None:
    import shlex

    (command,) = commands("run " + shlex.join(parts))

    assert list(command.words) == ["run", *parts]


def test_the_shell_agrees() -> None:
    text = "printf '%s\\n' a\"b c\"'d' e\\ f $'g' # h"

    done = subprocess.run(["bash", "-c", text], capture_output=True, text=True, check=True)

    (command,) = commands(text)
    assert list(command.words[2:]) == done.stdout.splitlines()


REFUSED = {
    "git commit --no-verify -m x": "skips the hooks",
    "git commit --no-veri -m x": "skips the hooks",
    "git commit -nm x": "skips the hooks",
    "git commit -anm x": "skips the hooks",
    "git -C sub commit -m x -n": "skips the hooks",
    "cd sub && git commit -m x --no-verify": "skips the hooks",
    "(git add . ; git commit -m 'a b' -n)": "skips the hooks",
    "sh -c 'git commit -n -m x'": "skips the hooks",
    "/usr/bin/git push --no-verify": "skips the hooks",
    "git merge --no-verify x": "skips the hooks",
    "git -c core.hooksPath=/dev/null commit -m x": "core.hooksPath",
    "git -c CORE.HOOKSPATH= commit": "core.hooksPath",
    "git --config-env=core.hooksPath=X commit": "core.hooksPath",
    "git --config-env core.hooksPath=X commit": "core.hooksPath",
    "git config core.hooksPath /tmp/x": "core.hooksPath",
    "git -c alias.ok='commit --no-verify' ok -m x": "behind an alias",
    "git config --global --unset core.hookspath": "core.hooksPath",
    "git config set core.hooksPath x": "core.hooksPath",
    "GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=core.hooksPath GIT_CONFIG_VALUE_0= git commit": "GIT_CONFIG_COUNT",
    "export GIT_CONFIG_GLOBAL=/tmp/x": "GIT_CONFIG_GLOBAL",
    "HUSKY=0 git commit -m x": "HUSKY=0",
    "SKIP=everycommit git commit -m x": "SKIP=everycommit",
    "export LEFTHOOK=0; git commit": "LEFTHOOK=0",
    "LEFTHOOK_EXCLUDE=lint git push": "LEFTHOOK_EXCLUDE",
    "EVERYCOMMIT_POLICY_MAX_FILES=9 git commit": "EVERYCOMMIT_POLICY_MAX_FILES",
    "env SKIP=x git commit -m y": "SKIP=x",
    "git push --force": "forced push",
    "git push -fu origin main": "forced push",
    "git push --force-with-lease origin x": "forced push",
    "git push origin +main": "forced push",
    "git push --mirror": "forced push",
    "git push origin :old": "deletes a branch",
    "git push -d origin old": "deletes a branch",
    "git reset --hard HEAD~1": "reset --hard",
    "git clean -fdx": "clean -f",
    "git checkout -f": "--force",
    "git checkout -- .": "checkout .",
    "git restore .": "restore .",
    "git switch --discard-changes main": "--force",
    "git stash drop": "put aside",
    "git branch -D x": "branch -D",
    "git update-ref refs/heads/main x": "past the hooks",
    "pre-commit uninstall": "takes the hooks away",
    "everycommit uninstall": "takes the hooks away",
    "python -m everycommit scope clear": "the task's scope",
    "everycommit accept abc --reason x": "accepted by a person",
    "everycommit trust --yes": "trusted by a person",
    "uv run everycommit ledger clear": "not an agent's",
    "everycommit agent install claude --remove": "not an agent's",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_skips_forces_or_loses_is_refused(text: str) -> None:
    refused = read(text).refused

    assert refused, text
    assert REFUSED[text] in refused[0].what
    assert refused[0].way.endswith(".")


@pytest.mark.parametrize(
    "text",
    [
        "git commit -m '--no-verify is bad'",
        "git commit -m x -- -n",
        "git commit -mn",
        "git commit -F notes",
        "git commit -m -n",
        "git log -n 3",
        "git push -n",
        "git push origin main",
        "git push -u origin feature:feature",
        "git config core.hooksPath",
        "git config --get core.hooksPath",
        "git config user.name x",
        "git -c user.name=x commit -m y",
        "git clean -n -f",
        "git reset HEAD a.py",
        "git restore -- src/a.py",
        "git restore --staged .",
        "git checkout main",
        "git stash",
        "git stash pop",
        "git branch -d x",
        "git",
        "HUSKY=1 git commit -m x",
        "HUSKY=0 npm ci",
        "SKIP=1 pytest",
        "SKIP= git commit -m x",
        "everycommit run --worktree",
        "everycommit scope show",
        "everycommit scope",
        "everycommit explain secret",
        "everycommit ledger",
        "everycommit accept --help",
        "echo git push --force",
        "cat <<EOF > notes.md\ngit commit --no-verify\nEOF",
        "$GIT commit --no-verify",
    ],
)
def test_what_is_allowed_or_not_known_is_left_alone(text: str) -> None:
    assert not read(text).refused


@pytest.mark.parametrize(
    ("text", "edits"),
    [
        ("rm -rf a b", [("a", DELETE), ("b", DELETE)]),
        ("cd src; rm a", [("src/a", DELETE)]),
        ("git -C src rm a", [("src/a", DELETE)]),
        ("git rm -n a", []),
        ("mv a b", [("a", DELETE), ("b", TOUCH)]),
        ("git mv a b/", [("a", DELETE), ("b/a", TOUCH)]),
        ("cp a b c/", [("c/", TOUCH)]),
        ("cp a /else/x", [("/else/x", TOUCH)]),
        ("echo x > a", [("a", TOUCH)]),
        ("echo x >> a 2> b", [("a", TOUCH), ("b", TOUCH)]),
        ("echo x &> a", [("a", TOUCH)]),
        ("> a", [("a", TOUCH)]),
        ("echo x | tee -a a b", [("a", TOUCH), ("b", TOUCH)]),
        ("sed -i s/a/b/ c d", [("c", TOUCH), ("d", TOUCH)]),
        ("sed -i.bak -e s/a/b/ c", [("c", TOUCH)]),
        ("sed --in-place s/a/b/ c", [("c", TOUCH)]),
        ("sed -n p c", []),
        ("perl -pi -e s/a/b/ c", [("c", TOUCH)]),
        ("truncate -s 0 a", [("a", TOUCH)]),
        ("dd if=x of=a", [("a", TOUCH)]),
        ("find src -name x -delete", [("src", DELETE)]),
        ("find src -exec rm {} \\;", [("src", DELETE)]),
        ("cat < a", []),
        ("pytest -q", []),
    ],
)
def test_the_files_that_a_command_changes_are_named(text: str, edits: list[tuple[str, str]]) -> None:
    assert [(edit.path, edit.kind) for edit in read(text).edits] == edits


def test_what_only_counts_for_our_own_files_is_named_apart() -> None:
    assert [edit.path for edit in read("chmod -x .git/hooks/pre-commit").named] == [".git/hooks/pre-commit"]
    assert [edit.path for edit in read("python3 - <<'EOF'\nopen('a.py')\nEOF\n").named] == ["a.py"]
    assert [edit.path for edit in read("python3 -c \"open('a.py','w').write('x')\"").named] == ["a.py", "w", "x"]
