"""Each hook manager is known by the files that its own init command makes, and its entry keeps the file's style."""

import difflib
import importlib
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everycommit.cli.init_manager import Offer, write
from everycommit.config.managers import Manager, managers
from everycommit.config.naming import COMMIT, entry
from everycommit.config.yaml_text import Unclear, added
from everycommit.errors import UsageError
from support import Repo
from terminal import on_a_terminal

yaml = importlib.import_module("yaml")  # pre-commit's own; nobody ships its types
BIN = Path(sys.executable).parent
SPACED = """\
# what runs here
ci: {autofix: false}
repos:
    - repo: https://example.com/a  # pinned
      rev: v1
      hooks:
          - id: one
            args: [--fix]

    # the second
    - repo: https://example.com/b
      rev: v2
      hooks:
          - id: two
            entry: |
                # no comment, but a script
                true
            # - id: three

# only here
default_stages: [pre-commit]
"""
OVERCOMMIT = """\
# Use this file to configure the Overcommit hooks you wish to use.
PreCommit:
  RuboCop:
    enabled: true
    on_warn: fail # Treat all warnings as failures

PrePush:
  RSpec:
    enabled: true
"""
HK = """\
amends "package://example.com/hk/Config.pkl"

hooks {
    ["pre-commit"] {
        stash = "git"
        steps {
            ["prelint"] {
                check = "make prelint"
            }
        }
    }
    ["fix"] {
        fix = true
        steps = linters
    }
}
"""


def said_by(tool: str, *argv: str) -> str:
    """What a program of this environment prints."""
    return subprocess.run([BIN / tool, *argv], capture_output=True, text=True, check=True).stdout


def only(files: dict[str, str], hooks_path: str = "") -> Manager:
    (manager,) = managers(files, hooks_path=hooks_path)
    return manager


def item(data: Any) -> Any:
    """The last repository of a configuration."""
    return data["repos"][-1]


# --- which are here ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tool", "argv", "file", "name"),
    [
        ("pre-commit", (), ".pre-commit-config.yaml", "pre-commit"),
        ("prek", (), ".pre-commit-config.yaml", "prek"),
        ("prek", ("--format", "toml"), "prek.toml", "prek"),
    ],
)
def test_what_the_managers_own_command_writes_is_known(tool: str, argv: tuple[str, ...], file: str, name: str) -> None:
    text = said_by(tool, "sample-config", *argv)

    manager = only({file: text})

    assert manager == Manager(name, file)
    assert manager.swallows


@pytest.mark.parametrize(
    ("files", "name", "beside"),
    [
        ({"lefthook.yml": "# all comments\n"}, "lefthook", ""),
        ({".config/lefthook.toml": ""}, "lefthook", ""),
        ({".husky/pre-commit": "npm test\n"}, "husky", ""),
        ({"package.json": '{"scripts": {"prepare": "husky || true"}, "lint-staged": {}}'}, "husky", "lint-staged"),
        ({".overcommit.yml": OVERCOMMIT}, "overcommit", ""),
        ({".config/hk.pkl": HK}, "hk", ""),
    ],
)
def test_each_is_known_by_its_documented_files(files: dict[str, str], name: str, beside: str) -> None:
    assert (only(files).name, only(files).beside) == (name, beside)


def test_lint_staged_is_seen_by_its_file_and_is_no_manager_itself() -> None:
    found = managers({".husky/pre-commit": ""}, frozenset({".lintstagedrc.json"}))

    assert [manager.beside for manager in found] == ["lint-staged"]
    assert managers({"package.json": '{"lint-staged": {}}'}, frozenset({".lintstagedrc.json"})) == ()


def test_a_plain_hooks_path_is_known_and_huskys_is_husky() -> None:
    assert only({}, hooks_path="tools/hooks") == Manager("core.hooksPath", "tools/hooks/pre-commit")
    assert only({}, hooks_path=".husky/_") == Manager("husky", ".husky/pre-commit")
    assert only({"t/pre-commit": "everycommit hook pre-commit\n"}, hooks_path="t").named
    # What `everycommit install` wrote there is this machine's, not the project's.
    assert not only({"t/pre-commit": "#!/bin/sh\n# everycommit hook 1 00\neverycommit\n"}, hooks_path="t").named


def test_a_comment_names_nobody_and_several_ids_are_told_from_one() -> None:
    def read(text: str) -> Manager:
        return only({".pre-commit-config.yaml": text})

    assert not read("# - id: everycommit\nrepos: []\n").named
    both = "repos:\n- repo: https://a/everycommit\n  hooks:\n  - id: everycommit-lint\n  - id: everycommit-types\n"
    assert (read(both).named, read(both).separate) == (True, True)
    assert not read(both.replace("-types", "")).separate
    assert not read(both.replace("everycommit-lint", "everycommit")).separate


# --- what is added -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tool", ["pre-commit", "prek"])
def test_the_entry_has_the_style_of_the_sample(tool: str) -> None:
    file = ".pre-commit-config.yaml"
    text = said_by(tool, "sample-config")

    ((_, content, mode),) = entry(only({file: text}), {file: text}).files

    assert content.startswith(text)
    assert mode is None
    first, second = (line for line in content.splitlines() if "- " in line and "repo:" in line)
    assert first.partition("repo:")[0] == second.partition("repo:")[0]
    ids = [line.partition("id:")[0] for line in content.splitlines() if " id:" in line]
    assert len(set(ids)) == 1
    hook = item(yaml.safe_load(content))["hooks"][0]
    assert (hook["id"], hook["entry"], hook["pass_filenames"], hook["always_run"]) == (
        "everycommit",
        COMMIT,
        False,
        True,
    )


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_what_stands_in_the_file_stays_and_the_entry_ends_its_list(newline: str) -> None:
    text = SPACED.replace("\n", newline)
    file = ".pre-commit-config.yaml"

    ((_, content, _),) = entry(only({file: text}), {file: text}).files

    lines, before = content.split(newline), text.split(newline)
    matcher = difflib.SequenceMatcher(None, before, lines, autojunk=False)
    assert [tag for tag, *_ in matcher.get_opcodes()] == ["equal", "insert", "equal"]
    old, new = yaml.safe_load(text), yaml.safe_load(content)
    assert new["repos"][:-1] == old["repos"]
    assert {**new, "repos": 0} == {**old, "repos": 0}
    at = lines.index("    - repo: local")
    assert (lines[at - 2].strip(), lines[at - 1]) == ("# - id: three", "")
    assert lines[at + 2] == "          - id: everycommit"


@pytest.mark.parametrize(
    "text",
    [
        "repos: [{repo: local, hooks: []}]\n",
        "repos: &all\n- repo: meta\n",
        "repos:\n\t- repo: meta\n",
        "repos:\n- repo: meta\n---\nrepos: []\n",
        "- repo: meta\n",
        "repos:\n  meta: true\n",
    ],
)
def test_what_is_written_another_way_is_left_to_its_author(text: str) -> None:
    file = ".pre-commit-config.yaml"

    found = entry(only({file: text}), {file: text})

    assert found.files == ()
    assert file in found.why
    assert item(yaml.safe_load(found.shown))["hooks"][0]["id"] == "everycommit"


def names() -> st.SearchStrategy[str]:
    return st.sampled_from(["pre-commit", "commit-msg", "jobs", "commands", "one", "a b", "x"])


def values() -> st.SearchStrategy[Any]:
    leaf = st.sampled_from([True, "word", "echo a: b # c", 3, None])
    return st.recursive(leaf, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names(), inner, max_size=3))


@given(
    st.dictionaries(names(), values(), max_size=3),
    st.sampled_from([("new",), ("pre-commit", "jobs"), ("pre-commit", "commands"), ("jobs",)]),
    st.booleans(),
    st.integers(1, 4),
)
def test_an_entry_is_all_that_a_parser_sees_changed(
    data: dict[str, Any], path: tuple[str, ...], is_list: object, indent: int
) -> None:
    """Whatever the file says: either the one entry is added, or the file is left to its author."""
    text = yaml.safe_dump(data, indent=indent + 1, sort_keys=False) if data else ""
    more: Any = [{"name": "every", "run": "it"}] if is_list else {"every": {"run": "it"}}
    try:
        content = added(text, path, more)
    except Unclear:
        return

    holder = wanted = data
    for key in path[:-1]:
        wanted = {} if wanted.get(key) is None else wanted[key]
    old = wanted.get(path[-1])
    now = yaml.safe_load(content)
    for key in path[:-1]:
        now = now[key]
        holder = holder.get(key) or {}
    assert now[path[-1]] == ([*(old or []), *more] if is_list else {**(old or {}), **more})
    assert {k: v for k, v in now.items() if k != path[-1]} == {k: v for k, v in holder.items() if k != path[-1]}


@pytest.mark.parametrize("sample", [True, False])
def test_prek_toml_gets_one_more_repository(*, sample: bool) -> None:
    text = (
        said_by("prek", "sample-config", "--format", "toml")
        if sample
        else '[[repos]]\nrepo = "local"\n\n[[repos.hooks]]\nid = "a"\nname = "a"\nlanguage = "system"\nentry = "true"\n'
    )

    ((_, content, _),) = entry(only({"prek.toml": text}), {"prek.toml": text}).files

    assert content.startswith(text)
    assert content.count("[[repos.hooks]]") == (0 if sample else 2)
    assert item(tomllib.loads(content))["hooks"][0]["entry"] == COMMIT
    closed = {"prek.toml": "repos = []\n"}
    assert "closed form" in entry(only(closed), closed).why
    broken = {"prek.toml": "repos:\n"}
    assert "no TOML as it stands: " in entry(only(broken), broken).why
    assert "line 1" in entry(only(broken), broken).why


def test_lefthook_gets_a_job_or_a_command_as_its_file_has_them() -> None:
    by_jobs = "pre-commit:\n    jobs:\n    -   name: a\n        run: make a\n"
    by_name = "commit-msg:\n  jobs:\n  - run: x\npre-commit:\n  # mine\n  commands:\n    a:\n      run: make a\n"
    contents = [
        entry(only({"lefthook.yml": text}), {"lefthook.yml": text}).files[0].content for text in (by_jobs, by_name)
    ]

    jobs, commands = map(yaml.safe_load, contents)
    assert jobs["pre-commit"]["jobs"][1] == {"name": "everycommit", "run": COMMIT}
    assert "    -   name: everycommit\n" in contents[0]
    assert list(commands["pre-commit"]["commands"]) == ["a", "everycommit"]
    assert commands["pre-merge-commit"]["jobs"] == [
        {"name": "everycommit", "run": f"{COMMIT.replace('pre-', 'pre-merge-')}"}
    ]


def test_lefthook_in_toml_and_json() -> None:
    toml = {"lefthook.toml": "[pre-commit.commands.a]\nrun = 'a'\n"}
    json = {"lefthook.json": "{}"}

    content = entry(only(toml), toml).files[0].content

    assert list(tomllib.loads(content)["pre-commit"]["commands"]) == ["a", "everycommit"]
    assert (entry(only(json), json).files, "JSON" in entry(only(json), json).why) == ((), True)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("lefthook.yml", "pre-commit:\n  parallel: true\n  jobs:\n    - run: fix\n      stage_fixed: true\n"),
        ("hk.pkl", HK.replace('stash = "git"', "fix = true")),
    ],
)
def test_where_files_are_staged_after_the_judgement_our_own_hook_is_said_to_be_the_way(name: str, text: str) -> None:
    found = entry(only({name: text}), {name: text})

    assert found.files == ()
    assert "`everycommit install` judges what comes of it" in found.why


def test_hk_gets_a_step_at_the_end_of_its_hook() -> None:
    ((_, content, _),) = entry(only({"hk.pkl": HK}), {"hk.pkl": HK}).files

    step = '            ["everycommit"] {\n                check = "everycommit hook pre-commit"\n            }\n'
    end = '        }\n    }\n    ["fix"]'
    assert step + end in content
    assert content.replace(step, "") == HK
    assert "by hand" not in entry(only({"hk.pkl": HK}), {"hk.pkl": HK}).why
    bare = {"hk.pkl": 'hooks {\n    ["pre-commit"] { steps = linters }\n}\n'}
    assert entry(only(bare), bare).files == ()


def test_overcommit_gets_a_script_that_it_can_sign() -> None:
    config, script = entry(only({".overcommit.yml": OVERCOMMIT}), {".overcommit.yml": OVERCOMMIT}).files

    hooks = yaml.safe_load(config.content)
    assert list(hooks["PreCommit"]) == ["RuboCop", "Everycommit"]
    assert hooks["PreCommit"]["Everycommit"]["required_executable"] == f"./{script.path}"
    assert hooks["PrePush"] == yaml.safe_load(OVERCOMMIT)["PrePush"]
    assert (script.content, script.mode) == (f"#!/bin/sh\nexec {COMMIT}\n", 0o755)


@pytest.mark.parametrize(
    ("script", "after"),
    [
        ("npx lint-staged\n", "npx lint-staged\neverycommit hook pre-commit\n"),
        ("npx lint-staged", "npx lint-staged\neverycommit hook pre-commit\n"),
        ("#!/usr/bin/env sh\na\r\n", "#!/usr/bin/env sh\na\r\neverycommit hook pre-commit\r\n"),
        ("#!/bin/sh\na\nexit 0\n", "#!/bin/sh\neverycommit hook pre-commit || exit $?\na\nexit 0\n"),
    ],
)
def test_huskys_script_judges_what_lint_staged_leaves(script: str, after: str) -> None:
    files = {".husky/pre-commit": script}

    commit, merge, push = entry(only(files), files).files

    assert commit.content == after
    assert (merge.content, push.content) == ("everycommit hook pre-merge-commit\n", 'everycommit hook pre-push "$@"\n')


@pytest.mark.parametrize(
    ("script", "after"),
    [
        ("#!/bin/sh\n# mine\nmake\n", "#!/bin/sh\neverycommit hook pre-commit || exit $?\n# mine\nmake\n"),
        ("#!/bin/bash\nset -eu\nmake\n", "#!/bin/bash\nset -eu\nmake\neverycommit hook pre-commit\n"),
        ("#!/bin/sh", "#!/bin/sh\neverycommit hook pre-commit || exit $?\n"),
        ("#!/usr/bin/env python3\n", None),
    ],
)
def test_a_script_of_the_project_keeps_its_exit_code(script: str, after: str | None) -> None:
    """Without `set -e` the last line's exit code is the script's: a line behind it would make a refusal a pass."""
    files = {"t/pre-commit": script, "t/pre-merge-commit": "#!/bin/sh\nexec everycommit hook pre-merge-commit\n"}

    found = entry(only(files, hooks_path="t"), files)

    assert [file.content for file in found.files][:1] == ([after] if after else [])
    assert bool(found.why) is (after is None)
    assert "t/pre-merge-commit" not in [file.path for file in found.files]


def test_a_script_that_reads_the_pushed_refs_is_left_to_its_author() -> None:
    files = {".husky/pre-commit": "a\n", ".husky/pre-push": "while read line; do :; done\n"}

    found = entry(only(files), files)

    assert found.files == ()
    assert "takes them from the other" in found.why


# --- the commands --------------------------------------------------------------------------------------------------


def begun(repo: Repo, tool: str) -> Path:
    """Let the manager's own commands set up *repo*; return its configuration."""
    homes = {"PRE_COMMIT_HOME": str(repo.root.parent / "pc"), "PREK_HOME": str(repo.root.parent / "prek")}
    repo.environ |= homes
    path = repo.root / ("prek.toml" if tool == "prek" else ".pre-commit-config.yaml")
    if tool == "prek":
        run(repo, tool, "init")
    else:
        path.write_text(said_by(tool, "sample-config"))
        run(repo, tool, "install")
    return path


def run(repo: Repo, *argv: str) -> str:
    done = subprocess.run(
        [BIN / argv[0], *argv[1:]], cwd=repo.root, env=repo.environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("tool", ["pre-commit", "prek"])
def test_init_writes_an_entry_that_the_manager_itself_finds_right(repo: Repo, tool: str) -> None:
    path = begun(repo, tool)
    before = path.read_text()
    path.chmod(0o640)
    wrong = repo.everycommit("doctor").stdout

    done = repo.everycommit("init", "--write")

    assert done.returncode == 0, done.stderr
    assert path.read_text().startswith(before)
    assert path.stat().st_mode & 0o777 == 0o640
    run(repo, tool, "validate-config", str(path))
    assert f"Written: {path.name}. Next: `git add {path.name}`; `{tool} install --hook-type pre-commit" in done.stdout
    assert done.stdout.count("`everycommit install --hook pre-push`\n") == 1
    assert done.stdout.endswith("does not show a hook all refs that are pushed.\n")
    assert "adds it" not in done.stdout
    assert f"✗ pre-commit: the hook is {tool}'s, everycommit is not called" in wrong
    right = repo.everycommit("doctor").stdout
    assert f"✓ pre-commit: {tool} calls everycommit ({path.name})" in right
    assert (
        f"! at push {tool} does not show all refs that are pushed: `everycommit install --hook pre-push` does" in right
    )
    again = path.read_bytes()
    assert repo.everycommit("init", "--write").returncode == 0
    assert path.read_bytes() == again


@pytest.mark.parametrize(
    ("file", "text", "command"),
    [
        (".pre-commit-config.yaml", "repos: []\n# by hand\n- id: everycommit\n", "pre-commit install --hook-type"),
        ("prek.toml", 'entry = "everycommit hook pre-commit"\n', "prek install --hook-type pre-commit"),
        ("lefthook.yml", "pre-commit:\n  jobs:\n    - run: everycommit hook pre-commit\n", "lefthook install"),
        (".husky/pre-commit", "everycommit hook pre-commit\n", "npm install"),
        (".overcommit.yml", "PreCommit:\n  Everycommit:\n    enabled: true # everycommit\n", "overcommit --install"),
        ("hk.pkl", 'check = "everycommit hook pre-commit"\n', "hk install"),
    ],
)
def test_in_a_fresh_clone_an_entry_alone_judges_nothing_and_that_is_wrong(
    repo: Repo, file: str, text: str, command: str
) -> None:
    repo.stage(file, text)

    done = repo.everycommit("doctor")

    (line,) = [line for line in done.stdout.splitlines() if " no hook " in line]
    assert line.startswith("✗ no hook pre-commit or pre-merge-commit")
    assert f"`{command}" in line
    assert ("pre-push:" in line) is (command == "npm install")
    assert "names everycommit" in done.stdout


def test_a_manager_that_was_told_of_commits_alone_is_a_word_for_merges(repo: Repo) -> None:
    repo.stage(".pre-commit-config.yaml", "repos: []\n# x\n- id: everycommit\n")
    run(repo, "pre-commit", "install")

    told = repo.everycommit("doctor").stdout

    assert "! no hook pre-merge-commit: `pre-commit install --hook-type" in told


def test_on_a_terminal_settings_and_entry_are_asked_for_one_by_one(repo: Repo) -> None:
    path = begun(repo, "pre-commit")

    code, said = on_a_terminal(repo, "init", answers="n\ny\n")

    assert code == 0, said
    assert "Nothing was written." in said
    assert "Add the entry for pre-commit? [Y/n]" in said
    assert "id: everycommit" in path.read_text()
    assert not (repo.root / "pyproject.toml").exists()


def test_of_two_managers_the_one_whose_hook_runs_gets_the_entry(repo: Repo) -> None:
    repo.write("lefthook.yml", "pre-commit:\n  jobs:\n  - run: x\n")
    begun(repo, "prek")

    done = repo.everycommit("init", "--write")

    assert "everycommit" not in repo.path("lefthook.yml").read_text()
    assert "everycommit" in repo.path("prek.toml").read_text()
    assert "lefthook is configured as well (lefthook.yml); it is left alone." in done.stdout


def test_a_file_that_cannot_be_written_is_one_clear_line(repo: Repo) -> None:
    repo.write("tools", "a file, where the folder of the scripts should be")
    manager = only({}, hooks_path="tools")

    with pytest.raises(UsageError, match=r"tools/pre-commit cannot be written: .*; nothing was changed in it"):
        list(write(repo.root, Offer(manager, entry(manager, {}))))


def test_scripts_under_a_hooks_path_are_written_executable_and_called(repo: Repo) -> None:
    repo.git("config", "core.hooksPath", "tools/hooks")
    (repo.root / "tools/hooks").mkdir(parents=True)

    done = repo.everycommit("init", "--write")

    assert done.returncode == 0, done.stderr
    script = repo.path("tools/hooks/pre-commit")
    assert (script.read_text(), os.access(script, os.X_OK)) == ("#!/bin/sh\neverycommit hook pre-commit\n", True)
    repo.stage("tools/hooks/pre-commit", script.read_text()).stage("a.txt", "a\n")
    committed = repo.attempt("commit", "-m", "a", PATH=f"{BIN}{os.pathsep}{repo.environ['PATH']}")
    assert committed.returncode == 0, committed.stderr
    assert "policy" in committed.stdout + committed.stderr
    assert "✓ pre-commit: the hook of this project calls everycommit (pre-commit)" in repo.everycommit("doctor").stdout


# --- beside each other ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hook", ["pre-commit", "pre-push"])
def test_called_by_our_own_hook_what_the_manager_starts_leaves_the_change_to_it(
    repo: Repo, tmp_path: Path, hook: str
) -> None:
    """The kept hook calls everycommit itself, as a hook manager would."""
    remote = Repo.make(tmp_path / "remote", tmp_path / "home", bare=True)
    repo.git("remote", "add", "origin", str(remote.root))
    repo.write(f".git/hooks/{hook}", f'#!/bin/sh\n{sys.executable} -m everycommit hook {hook} "$@"\n')
    repo.path(f".git/hooks/{hook}").chmod(0o755)
    assert repo.everycommit("install", "--no-fill", "--hook", hook).returncode == 0
    repo.stage("a.txt", "a\n")

    done = repo.attempt("commit", "-m", "a")
    if hook == "pre-push":
        done = repo.attempt("push", "origin", "main")

    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert said.count("left to everycommit's own git hook, which comes next") == 1
    assert said.count("policy") == 1
    assert [path.name for path in sorted((repo.root / ".git/hooks").glob("pre-*")) if path.suffix != ".sample"] == [
        hook,
        f"{hook}.before-everycommit",
    ]


@pytest.mark.parametrize("pid", ["1234567", "x", "2", ""])
def test_a_variable_that_was_left_over_skips_nothing(repo: Repo, pid: str) -> None:
    """A program that a hook left running keeps the variable; only our hook above this very process counts."""
    repo.stage("a.txt", "a\n")

    done = subprocess.run(
        ["sh", "-c", f"({sys.executable} -m everycommit hook pre-commit); :"],
        cwd=repo.root,
        env=repo.environ | {"EVERYCOMMIT_BESIDE": pid},
        capture_output=True,
        text=True,
        check=False,
    )

    assert "policy" in done.stdout + done.stderr
    assert "left to" not in done.stdout


@pytest.mark.skipif(shutil.which("ruby") is None, reason="no ruby here")
def test_overcommits_program_is_called_under_its_own_name(repo: Repo) -> None:
    """It is linked to by every hook and does what its name says; the real one cannot be installed here."""
    program = '#!/usr/bin/env ruby\n# overcommit\nputs "as #{File.basename($0)} with #{ARGV.inspect}"\nexit 65\n'
    repo.write(".git/hooks/overcommit-hook", program)
    repo.path(".git/hooks/overcommit-hook").chmod(0o755)
    repo.path(".git/hooks/pre-commit").symlink_to("overcommit-hook")
    repo.everycommit("install", "--no-fill", "--hook", "pre-commit")
    repo.stage("a.txt", "a\n")

    done = repo.attempt("commit", "-m", "a")

    assert "as pre-commit with []" in done.stdout + done.stderr
    assert done.returncode == 1


@pytest.mark.parametrize("place", ["pre-commit.legacy", "pre-commit.old", "old-hooks/pre-commit"])
def test_uninstall_finds_ours_where_a_manager_moved_it(repo: Repo, place: str) -> None:
    hooks = repo.root / ".git/hooks"
    repo.everycommit("install", "--no-fill")
    moved = hooks / place
    moved.parent.mkdir(exist_ok=True)
    (hooks / "pre-commit").rename(moved)
    repo.write(".git/hooks/pre-commit", "#!/bin/sh\n# lefthook\n")
    told = repo.everycommit("doctor").stdout

    done = repo.everycommit("uninstall")

    assert done.returncode == 0, done.stdout
    assert "pre-commit: removed" in done.stdout
    assert not moved.exists()
    assert (hooks / "pre-commit").read_text() == "#!/bin/sh\n# lefthook\n"
    assert (f"ours was moved to {place}, where nobody calls it" in told) is (not place.endswith(".legacy"))


def test_the_hook_that_was_there_first_goes_where_the_manager_would_have_moved_it(repo: Repo) -> None:
    hooks = repo.root / ".git/hooks"
    repo.write(".git/hooks/pre-commit", "#!/bin/sh\necho mine\n")
    (hooks / "pre-commit").chmod(0o755)
    repo.everycommit("install", "--no-fill")
    begun(repo, "pre-commit")
    assert (hooks / "pre-commit.legacy").exists()

    done = repo.everycommit("uninstall")

    assert "pre-commit: taken out, and the hook from before put back" in done.stdout
    assert (hooks / "pre-commit.legacy").read_text() == "#!/bin/sh\necho mine\n"
    assert "pre-commit.com" in (hooks / "pre-commit").read_text()
    assert not (hooks / "pre-commit.before-everycommit").exists()


def test_uninstall_finds_ours_that_a_hooks_path_put_out_of_use(repo: Repo) -> None:
    repo.everycommit("install", "--no-fill")
    repo.git("config", "core.hooksPath", ".husky/_")

    done = repo.everycommit("uninstall")

    assert done.stdout.count("removed") == 3
    assert not [path for path in (repo.root / ".git/hooks").iterdir() if path.suffix != ".sample"]
