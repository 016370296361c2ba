"""Hooks are written, called, told apart and taken back; a foreign hook is never lost."""

import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import everycommit
from everycommit.config.trust import Accepted
from everycommit.errors import RepositoryError, UsageError
from everycommit.repo.githooks import BEFORE, HOOKS, Hook, Kind, hooks_folder, look, script
from everycommit.repo.install import Step, install, uninstall
from everycommit.repo.repository import discover
from support import Repo, state
from terminal import on_a_terminal

START = (sys.executable, "-I")
RECORDER = """\
#!{python}
import json, os, pathlib, sys
seen = {{"argv": sys.argv[1:], "stdin": sys.stdin.read(), "ppid": os.getppid()}}
pathlib.Path({record!r}).write_text(json.dumps(seen))
raise SystemExit({code})
"""
HUSKY = '#!/usr/bin/env sh\n. "$(dirname "$0")/h"'
HUSKY_H = """\
#!/usr/bin/env sh
n=$(basename "$0")
s=$(dirname "$(dirname "$0")")/$n
[ ! -f "$s" ] && exit 0
sh -e "$s" "$@"
c=$?
exit $c
"""


@pytest.fixture
def folder(repo: Repo) -> Path:
    """The repository's hooks folder, without git's samples."""
    path = repo.root / ".git/hooks"
    shutil.rmtree(path)
    path.mkdir()
    return path


@pytest.fixture
def recorder(tmp_path: Path) -> Path:
    """A program in place of Python that writes down how it was called, in `record.json` beside it, and ends with 7."""
    return executable(
        tmp_path / "py",
        RECORDER.format(python=sys.executable, record=str(tmp_path / "record.json"), code=7),
    )


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A hooks folder that a user without rights can reach, too."""
    with tempfile.TemporaryDirectory() as top:
        Path(top).chmod(0o755)
        folder = Path(top, "hooks")
        folder.mkdir()
        yield folder
        folder.chmod(0o755)


@contextmanager
def nobody() -> Iterator[None]:
    """Give up root's rights, where the tests run as root: it may write and read everything."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(before)


def executable(path: Path, content: str | bytes, mode: int = 0o755) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    path.chmod(mode)
    return path


def recorded(recorder: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((recorder.parent / "record.json").read_text())
    return found


def call(hook: Path, *argv: str, cwd: Path, stdin: str = "", **env: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [hook, *argv], cwd=cwd, input=stdin, capture_output=True, text=True, check=False, env=os.environ | env
    )


def did(steps: tuple[Step, ...]) -> list[str]:
    return [step.did for step in steps]


def listing(folder: Path) -> dict[str, tuple[bytes | str, int]]:
    return {
        path.name: (
            str(path.readlink()) if path.is_symlink() else path.read_bytes(),
            stat.S_IMODE(path.lstat().st_mode),
        )
        for path in folder.iterdir()
    }


# --- writing -------------------------------------------------------------------------------------------------------


def test_install_writes_three_executable_hooks_with_a_marker(folder: Path) -> None:
    steps = install(folder, START)

    assert did(steps) == ["written"] * 3
    assert sorted(path.name for path in folder.iterdir()) == sorted(HOOKS)
    for name in HOOKS:
        hook = look(folder, name)
        assert (hook.kind, hook.runs, hook.version, hook.python) == (Kind.OURS, True, 1, sys.executable)
        first, second, *_ = hook.content.decode().splitlines()
        assert first == "#!/bin/sh"
        assert second.startswith("# everycommit hook 1 ")


def test_install_twice_changes_nothing(folder: Path) -> None:
    install(folder, START)
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino) for path in folder.iterdir()}

    steps = install(folder, START)

    assert did(steps) == ["unchanged"] * 3
    assert before == {
        path.name: (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino) for path in folder.iterdir()
    }


@pytest.mark.parametrize("version", [b"0", b"7"])
def test_an_untouched_hook_of_another_version_is_replaced(folder: Path, version: bytes) -> None:
    install(folder, ("/elsewhere/python",))
    path = folder / "pre-commit"
    path.write_bytes(path.read_bytes().replace(b"# everycommit hook 1 ", b"# everycommit hook %s " % version, 1))
    assert look(folder, "pre-commit").version == int(version)

    steps = install(folder, START)

    assert did(steps) == ["renewed"] * 3
    assert look(folder, "pre-commit") == Hook(
        "pre-commit", path, Kind.OURS, script("pre-commit", START), runs=True, version=1
    )


def test_a_hook_that_lost_its_executable_bit_gets_it_back(folder: Path) -> None:
    install(folder, START)
    (folder / "pre-commit").chmod(0o644)

    steps = install(folder, START)

    assert did(steps) == ["renewed", "unchanged", "unchanged"]
    assert look(folder, "pre-commit").runs


def test_an_edited_hook_is_left_alone_by_both_and_said(folder: Path) -> None:
    install(folder, START)
    path = folder / "pre-push"
    edited = path.read_bytes() + b"echo mine\n"
    path.write_bytes(edited)

    again, back = install(folder, START), uninstall(folder)

    assert did(again) == ["unchanged", "unchanged", "left"]
    assert did(back) == ["removed", "removed", "left"]
    assert f"{path} was edited since everycommit wrote it; move it away and install again" in again[2].why
    assert path.read_bytes() == edited
    assert [entry.name for entry in folder.iterdir()] == ["pre-push"]


def test_a_read_only_folder_is_one_clear_error_and_nothing_changed(open_folder: Path) -> None:
    executable(open_folder / "pre-commit", "#!/bin/sh\n")
    open_folder.chmod(0o555)

    with (
        nobody(),
        pytest.raises(RepositoryError, match=r"hooks' cannot be written: Permission denied; nothing was changed"),
    ):
        install(open_folder, START)

    assert [path.name for path in open_folder.iterdir()] == ["pre-commit"]


@pytest.mark.parametrize("broken", ["pre-merge-commit", "pre-push"])
def test_when_one_hook_cannot_be_put_in_place_none_is(
    folder: Path, broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that fills up, or a file that is not ours to replace, between the first hook and the last."""
    executable(folder / "pre-commit", "#!/bin/sh\nexit 0\n", 0o700)
    executable(folder / "pre-push", script("pre-push", ("/old/python",)))
    before = listing(folder)
    real = Path.replace

    def replace(self: Path, target: Path) -> Path:
        if Path(target).name == broken:
            raise OSError(28, "No space left on device")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replace)

    with pytest.raises(RepositoryError, match="No space left on device; nothing was changed"):
        install(folder, START)

    assert listing(folder) == before


def test_a_folder_at_a_hooks_place_is_named(folder: Path) -> None:
    (folder / "pre-commit").mkdir()

    with pytest.raises(RepositoryError, match="pre-commit is a folder, not a hook; move it away"):
        install(folder, START)


def test_a_hook_that_cannot_be_read_is_named(open_folder: Path) -> None:
    executable(open_folder / "pre-commit", "#!/bin/sh\n", 0o100)

    with nobody(), pytest.raises(RepositoryError, match=r"cannot read the hook .*pre-commit: Permission denied"):
        install(open_folder, START)


# --- taking back ---------------------------------------------------------------------------------------------------


def test_uninstall_takes_back_exactly_what_was_written(folder: Path) -> None:
    executable(folder / "pre-commit", b"#!/bin/sh\nexit 0\xff\n", 0o710)
    (folder / "pre-push").symlink_to("../shared/push")
    executable(folder / "commit-msg", "#!/bin/sh\n")
    before = listing(folder)

    install(folder, START)
    changed = listing(folder)
    steps = uninstall(folder)

    assert changed["pre-commit" + BEFORE] == before["pre-commit"]
    assert did(steps) == ["restored", "removed", "restored"]
    assert listing(folder) == before


def test_uninstall_without_an_install_does_nothing(folder: Path) -> None:
    executable(folder / "pre-commit", "#!/bin/sh\n")
    before = listing(folder)

    assert did(uninstall(folder)) == ["absent"] * 3
    assert listing(folder) == before


def test_uninstall_puts_a_kept_hook_back_when_ours_was_deleted(folder: Path) -> None:
    executable(folder / "pre-commit", "#!/bin/sh\nexit 3\n")
    install(folder, START)
    (folder / "pre-commit").unlink()

    assert did(uninstall(folder))[0] == "restored"
    assert (folder / "pre-commit").read_text() == "#!/bin/sh\nexit 3\n"


def test_uninstall_leaves_a_hook_that_replaced_ours_and_names_the_kept_one(folder: Path) -> None:
    executable(folder / "pre-commit", "#!/bin/sh\nexit 3\n")
    install(folder, START)
    executable(folder / "pre-commit", "#!/bin/sh\nexit 4\n")

    step = uninstall(folder)[0]

    assert step.did == "left"
    assert f"the hook kept before it is {folder / 'pre-commit'}{BEFORE}" in step.why
    assert (folder / "pre-commit").read_text() == "#!/bin/sh\nexit 4\n"


def test_uninstall_removes_what_a_killed_install_left(folder: Path) -> None:
    install(folder, START)
    (folder / ".everycommit-pre-push-123").write_text("half")

    uninstall(folder)

    assert not list(folder.iterdir())


def test_uninstall_from_a_read_only_folder_is_one_clear_error(open_folder: Path) -> None:
    install(open_folder, START)
    open_folder.chmod(0o555)

    with nobody(), pytest.raises(RepositoryError, match="cannot be written: Permission denied"):
        uninstall(open_folder)


def test_folders_made_for_the_hooks_go_again_when_nothing_else_is_in_them(tmp_path: Path) -> None:
    folder = tmp_path / "a/b/hooks"
    (tmp_path / "a").mkdir()

    install(folder, START)
    install(folder, ("/other/python",))  # a second install does not forget who made them
    uninstall(folder)

    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert not list((tmp_path / "a").iterdir())


def test_a_folder_that_was_made_stays_while_somebody_elses_file_is_in_it(tmp_path: Path) -> None:
    folder = tmp_path / "hooks"
    install(folder, START)
    executable(folder / "commit-msg", "#!/bin/sh\n")

    uninstall(folder)

    assert [path.name for path in folder.iterdir()] == ["commit-msg"]


def test_an_empty_folder_that_was_there_stays(folder: Path) -> None:
    install(folder, START)
    uninstall(folder)

    assert folder.is_dir()


# --- the script ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shell", ["sh", "dash", "bash", "busybox"])
def test_every_hook_is_a_script_that_the_shell_reads(shell: str, folder: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")
    install(folder, START)
    argv = [shell, "sh", "-n"] if shell == "busybox" else [shell, "-n"]

    for name in HOOKS:
        assert subprocess.run([*argv, folder / name], check=False, capture_output=True).returncode == 0


@pytest.mark.parametrize("place", ["plain", "with space", "it's", 'a"b', "$HOME `id` \\ *", "new\nline", "ü\udcff"])
def test_the_interpreter_is_quoted_whatever_its_path(place: str, folder: Path, tmp_path: Path, recorder: Path) -> None:
    program = tmp_path / place / "py"
    program.parent.mkdir(exist_ok=True)
    recorder.rename(program)
    install(folder, (str(program), "-I"))

    done = call(folder / "pre-commit", cwd=tmp_path)

    assert done.returncode == 7, done.stderr
    argv = recorded(recorder)["argv"]
    assert isinstance(argv, list)
    assert (argv[0], argv[1], argv[3:]) == ("-I", "-c", ["hook", "pre-commit"])
    assert look(folder, "pre-commit").python == str(program)


def test_git_is_the_parent_of_what_the_hook_starts(folder: Path, tmp_path: Path, recorder: Path) -> None:
    """The run ends itself when git goes away; a shell in between would hide that."""
    executable(folder / "pre-push", "#!/bin/sh\ncat >/dev/null\n")
    install(folder, (str(recorder), "-I"))

    call(folder / "pre-push", "origin", "url", cwd=tmp_path, stdin="one\n")

    assert recorded(recorder)["ppid"] == os.getpid()


def test_arguments_reach_both_unchanged(folder: Path, tmp_path: Path, recorder: Path) -> None:
    executable(folder / "pre-push", f'#!/bin/sh\nprintf "%s|" "$@" > {tmp_path}/seen\n')
    install(folder, (str(recorder), "-I"))
    arguments = ["or igin", "a'b\"c$x\\", "", "*"]

    call(folder / "pre-push", *arguments, cwd=tmp_path)

    assert (tmp_path / "seen").read_text() == "".join(f"{argument}|" for argument in arguments)
    argv = recorded(recorder)["argv"]
    assert isinstance(argv, list)
    assert argv[3:] == ["hook", "pre-push", *arguments]


REFS = "refs/heads/a b 1111 refs/heads/$HOME `id` \\n 0000\nrefs/heads/ü 2222 refs/heads/ü 0000\n"


@pytest.mark.parametrize("refs", ["", REFS, REFS * 5000], ids=["none", "two", "10000"])
def test_pushed_refs_reach_the_foreign_hook_and_ours(refs: str, folder: Path, tmp_path: Path, recorder: Path) -> None:
    """More than a pipe holds too; and an empty list is empty, not a line."""
    executable(folder / "pre-push", f"#!/bin/sh\ncat > {tmp_path}/seen\n")
    install(folder, (str(recorder), "-I"))

    done = call(folder / "pre-push", "origin", "url", cwd=tmp_path, stdin=refs)

    assert (done.returncode, done.stderr) == (7, "")
    assert (tmp_path / "seen").read_text() == refs
    assert recorded(recorder)["stdin"] == refs


def test_a_foreign_hook_that_reads_nothing_takes_nothing_from_ours(
    folder: Path, tmp_path: Path, recorder: Path
) -> None:
    executable(folder / "pre-push", "#!/bin/sh\nexit 0\n")
    install(folder, (str(recorder), "-I"))

    done = call(folder / "pre-push", "origin", "url", cwd=tmp_path, stdin=REFS * 5000)

    assert (done.returncode, done.stderr) == (7, "")
    assert recorded(recorder)["stdin"] == REFS * 5000


@pytest.mark.parametrize("name", HOOKS)
def test_a_foreign_hook_that_refuses_ends_ours_with_its_code(
    name: str, folder: Path, tmp_path: Path, recorder: Path
) -> None:
    executable(folder / name, "#!/bin/sh\necho refused >&2\nexit 42\n")
    install(folder, (str(recorder), "-I"))

    done = call(folder / name, cwd=tmp_path)

    assert (done.returncode, done.stderr) == (42, "refused\n")
    assert not (tmp_path / "record.json").exists()


def test_a_foreign_hook_that_git_would_not_run_is_kept_and_not_called(
    folder: Path, tmp_path: Path, recorder: Path
) -> None:
    executable(folder / "pre-commit", "#!/bin/sh\nexit 42\n", 0o644)
    install(folder, (str(recorder), "-I"))

    assert call(folder / "pre-commit", cwd=tmp_path).returncode == 7

    uninstall(folder)
    assert stat.S_IMODE((folder / "pre-commit").stat().st_mode) == 0o644


def test_a_linked_foreign_hook_is_called_through_its_link(folder: Path, tmp_path: Path, recorder: Path) -> None:
    executable(folder.parent / "shared/commit", "#!/bin/sh\nexit 42\n")
    (folder / "pre-commit").symlink_to("../shared/commit")
    install(folder, (str(recorder), "-I"))

    assert call(folder / "pre-commit", cwd=tmp_path).returncode == 42


def test_a_link_that_leads_nowhere_is_kept_and_not_called(folder: Path, tmp_path: Path, recorder: Path) -> None:
    (folder / "pre-commit").symlink_to("gone")
    install(folder, (str(recorder), "-I"))

    assert call(folder / "pre-commit", cwd=tmp_path).returncode == 7

    uninstall(folder)
    assert (folder / "pre-commit").readlink() == Path("gone")


def test_a_foreign_hook_without_a_first_line_is_run_by_the_shell(folder: Path, tmp_path: Path, recorder: Path) -> None:
    executable(folder / "pre-commit", "exit 42\n")
    install(folder, (str(recorder), "-I"))

    assert call(folder / "pre-commit", cwd=tmp_path).returncode == 42


@pytest.mark.parametrize(
    "first", ["#!/bin/sh", "#!/bin/sh -e", "#!/usr/bin/env bash", "#! /bin/sh -", "#!/usr/bin/env -S bash -u", ""]
)
def test_a_foreign_hook_that_asks_for_its_own_name(first: str, folder: Path, tmp_path: Path, recorder: Path) -> None:
    """It sees the name it had; where its shell cannot be told, it is called plainly rather than not at all."""
    executable(folder / "pre-commit", f'{first}\nbasename "$0" > {tmp_path}/seen\nexit 42\n')
    install(folder, (str(recorder), "-I"))

    done = call(folder / "pre-commit", cwd=tmp_path)

    assert done.returncode == 42
    plain = first in {"#! /bin/sh -", "#!/usr/bin/env -S bash -u"}
    assert (tmp_path / "seen").read_text() == "pre-commit" + BEFORE * plain + "\n"


def test_a_foreign_hook_that_asks_whether_it_is_sourced_runs_on_its_own(
    folder: Path, tmp_path: Path, recorder: Path
) -> None:
    executable(
        folder / "pre-commit",
        '#!/usr/bin/env bash\nme=$(basename "$0")\n[[ "${BASH_SOURCE[0]}" == "$0" ]] && exit 42\nexit 0\n',
    )
    install(folder, (str(recorder), "-I"))

    assert call(folder / "pre-commit", cwd=tmp_path).returncode == 42


def test_huskys_hook_still_finds_the_users_script(tmp_path: Path, recorder: Path) -> None:
    folder = tmp_path / ".husky/_"
    executable(folder / "pre-commit", HUSKY)
    executable(folder / "h", HUSKY_H, 0o644)
    executable(tmp_path / ".husky/pre-commit", "exit 42\n", 0o644)
    steps = install(folder, (str(recorder), "-I"))

    assert steps[0].hook.manager == "husky"
    assert call(folder / "pre-commit", cwd=tmp_path).returncode == 42
    assert call(Path(".husky/_/pre-commit"), cwd=tmp_path).returncode == 42

    (tmp_path / ".husky/pre-commit").write_text("exit 0\n")
    assert call(folder / "pre-commit", cwd=tmp_path).returncode == 7


def test_a_lost_interpreter_refuses_and_says_the_way_on(folder: Path, tmp_path: Path) -> None:
    install(folder, ("/gone/bin/python", "-I"))

    done = call(folder / "pre-commit", cwd=tmp_path, PATH="/usr/bin:/bin")

    assert done.returncode == 2
    assert done.stderr == (
        "everycommit: not verified: /gone/bin/python is gone and no everycommit is on the PATH. "
        f"Install it again and run `everycommit install`, or delete {folder}/pre-commit\n"
    )


def test_a_lost_interpreter_is_made_up_for_by_the_path(folder: Path, tmp_path: Path, recorder: Path) -> None:
    install(folder, ("/gone/bin/python", "-I"))
    recorder.rename(tmp_path / "everycommit")

    done = call(folder / "pre-push", "origin", "url", cwd=tmp_path, PATH=f"{tmp_path}:/usr/bin:/bin")

    assert done.returncode == 7
    assert recorded(recorder)["argv"] == ["hook", "pre-push", "origin", "url"]


def test_an_interpreter_without_everycommit_refuses_without_a_traceback(folder: Path, tmp_path: Path) -> None:
    install(folder, (sys.executable, "-I", "-S"))  # -S: no site-packages, so no everycommit

    done = call(folder / "pre-commit", cwd=tmp_path)

    assert done.returncode == 2
    assert "cannot load everycommit any more (No module named 'everycommit')." in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_hook_starts_everycommit_itself(folder: Path, repo: Repo) -> None:
    install(folder, START)

    done = call(folder / "pre-commit", "--help", cwd=repo.root)

    assert done.returncode == 0
    assert "usage: everycommit hook" in done.stdout


def test_a_hook_called_by_its_bare_name_finds_the_foreign_one(folder: Path, recorder: Path) -> None:
    executable(folder / "pre-commit", "#!/bin/sh\nexit 42\n")
    install(folder, (str(recorder), "-I"))

    done = subprocess.run(["sh", "pre-commit"], cwd=folder, check=False)

    assert done.returncode == 42


# --- beside a hook manager -----------------------------------------------------------------------------------------

PRE_COMMIT = "#!/usr/bin/env bash\n# File generated by pre-commit: https://pre-commit.com\nexit {code}\n"


@pytest.mark.parametrize(
    ("content", "manager"),
    [
        (PRE_COMMIT, "pre-commit"),
        ("#!/bin/sh\n# File generated by prek: https://github.com/j178/prek\n", "prek"),
        ('#!/bin/sh\ncall_lefthook run "pre-commit" "$@"\n', "lefthook"),
        ("#!/bin/sh\n# husky\n", "husky"),
        ("#!/bin/sh\n", None),
    ],
)
def test_a_hook_managers_script_is_known_by_its_text(content: str, manager: str | None, folder: Path) -> None:
    executable(folder / "pre-commit", content)

    assert look(folder, "pre-commit").manager == manager


def test_ours_is_nobody_elses(folder: Path) -> None:
    install(folder, START)

    assert look(folder, "pre-commit").manager is None


def test_a_manager_that_wrote_its_hook_anew_is_kept_in_its_new_form(folder: Path) -> None:
    executable(folder / "pre-commit", PRE_COMMIT.format(code=1))
    install(folder, START)
    executable(folder / "pre-commit", PRE_COMMIT.format(code=2))

    assert install(folder, START)[0].did == "written"

    assert (folder / f"pre-commit{BEFORE}").read_text() == PRE_COMMIT.format(code=2)
    assert look(folder, "pre-commit").kind is Kind.OURS


def test_two_different_foreign_hooks_are_both_left(folder: Path) -> None:
    executable(folder / "pre-commit", "#!/bin/sh\nexit 1\n")
    install(folder, START)
    executable(folder / "pre-commit", "#!/bin/sh\nexit 2\n")
    before = listing(folder)

    step = install(folder, START)[0]

    assert step.did == "left"
    assert "are both not everycommit's; move one away and install again" in step.why
    assert listing(folder) == before


def test_ours_is_not_called_by_the_manager_that_moved_it_and_by_git(folder: Path) -> None:
    """`pre-commit install` moves the hook it finds to pre-commit.legacy and calls it: with ours above, a loop."""
    executable(folder / "pre-commit", PRE_COMMIT.format(code=1))
    install(folder, START)
    (folder / "pre-commit").rename(folder / "pre-commit.legacy")
    executable(folder / "pre-commit", PRE_COMMIT.format(code=1))

    install(folder, START)

    assert not (folder / "pre-commit.legacy").exists()
    assert look(folder, "pre-commit").kind is Kind.OURS


def test_uninstall_takes_ours_out_from_under_a_manager(folder: Path) -> None:
    install(folder, START)
    (folder / "pre-commit").rename(folder / "pre-commit.legacy")
    executable(folder / "pre-commit", PRE_COMMIT.format(code=1))

    steps = uninstall(folder)

    assert did(steps) == ["removed"] * 3
    assert [path.name for path in folder.iterdir()] == ["pre-commit"]


@pytest.mark.parametrize("manager", ["pre-commit", "prek"])
def test_ours_moved_aside_and_called_by_the_manager_does_not_call_it_back(
    folder: Path, tmp_path: Path, recorder: Path, manager: str
) -> None:
    text = {"pre-commit": PRE_COMMIT.format(code=42), "prek": "#!/bin/sh\n# https://github.com/j178/prek\nexit 42\n"}
    executable(folder / "pre-commit", text[manager])
    install(folder, (str(recorder), "-I"))
    (folder / "pre-commit").rename(folder / "pre-commit.legacy")

    variable = f"{manager.upper().replace('-', '_')}_RUNNING_LEGACY"
    done = call(folder / "pre-commit.legacy", cwd=tmp_path, **{variable: "1"})

    assert done.returncode == 7
    assert call(folder / "pre-commit.legacy", cwd=tmp_path).returncode == 42


def test_uninstall_drops_what_the_manager_has_written_anew_since(folder: Path) -> None:
    executable(folder / "pre-commit", PRE_COMMIT.format(code=1))
    install(folder, START)
    (folder / "pre-commit").rename(folder / "pre-commit.legacy")
    executable(folder / "pre-commit", PRE_COMMIT.format(code=2))
    after = (folder / "pre-commit").read_bytes()

    assert did(uninstall(folder)) == ["removed"] * 3

    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"pre-commit": after}


def test_a_file_system_without_hard_links_keeps_the_foreign_hook_too(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(self: Path, target: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", no_links)
    executable(folder / "pre-commit", "#!/bin/sh\nexit 3\n", 0o750)
    before = listing(folder)

    install(folder, START)
    assert listing(folder)["pre-commit" + BEFORE] == before["pre-commit"]

    uninstall(folder)
    assert listing(folder) == before


# --- where git looks -----------------------------------------------------------------------------------------------


def found(repo: Repo, cwd: Path | None = None) -> Path:
    return hooks_folder(discover(cwd or repo.root, repo.environ))


def test_hooks_lie_in_the_git_folder(repo: Repo) -> None:
    (repo.root / "sub").mkdir()

    assert found(repo) == repo.root / ".git/hooks"
    assert found(repo, repo.root / "sub") == repo.root / ".git/hooks"


def test_a_linked_worktree_shares_the_hooks(repo: Repo, tmp_path: Path) -> None:
    repo.stage("a", "1").commit()
    repo.git("worktree", "add", "--quiet", str(tmp_path / "linked"))

    assert found(repo, tmp_path / "linked") == repo.root / ".git/hooks"


def test_hooks_path_may_be_absolute_or_relative_to_the_top(repo: Repo, tmp_path: Path) -> None:
    (repo.root / "sub").mkdir()
    repo.git("config", "core.hooksPath", "tools/hooks")
    relative = found(repo, repo.root / "sub")
    repo.git("config", "core.hooksPath", str(tmp_path / "shared hooks"))

    assert relative == repo.root / "tools/hooks"
    assert found(repo) == tmp_path / "shared hooks"


@pytest.mark.parametrize("value", ["/dev/null", "", "file/below"])
def test_a_hooks_path_that_is_no_folder_is_named_with_the_way_on(repo: Repo, value: str) -> None:
    repo.write("file", "")
    repo.git("config", "core.hooksPath", value)

    with pytest.raises(UsageError, match=r"git runs no hooks here; `git config --show-origin core.hooksPath`"):
        found(repo)


# --- the commands --------------------------------------------------------------------------------------------------


def test_install_and_uninstall_say_what_they_did(repo: Repo) -> None:
    first = repo.everycommit("install", "--no-fill")
    again = repo.everycommit("install", "--no-fill")
    back = repo.everycommit("uninstall")
    none = repo.everycommit("uninstall")

    assert [done.returncode for done in (first, again, back, none)] == [0, 0, 0, 0]
    assert first.stdout == "✓ hooks: pre-commit, pre-merge-commit, pre-push\n"
    assert again.stdout == "✓ hooks: pre-commit, pre-merge-commit, pre-push (nothing had to change)\n"
    assert back.stdout == "✓ pre-commit: removed\n✓ pre-merge-commit: removed\n✓ pre-push: removed\n"
    assert none.stdout == f"There was no hook of everycommit in {repo.root}/.git/hooks.\n"


def test_install_says_what_became_of_the_hooks_that_were_there(repo: Repo) -> None:
    hooks = repo.root / ".git/hooks"
    executable(hooks / "pre-commit", PRE_COMMIT.format(code=0))
    executable(hooks / "pre-push", "#!/bin/sh\n", 0o644)

    said = repo.everycommit("install", "--no-fill").stdout

    assert "  pre-commit: the hook that was there is kept as pre-commit.before-everycommit and runs first\n" in said
    assert "  pre-push: the hook that was there is kept as pre-push.before-everycommit and is not executable" in said
    assert (
        "! pre-commit manages hooks here and may write its own over these; `everycommit install` mends that\n" in said
    )
    assert "  or name everycommit in its configuration instead: `everycommit init` shows the lines\n" in said

    back = repo.everycommit("uninstall").stdout
    assert "✓ pre-commit: taken out, and the hook from before put back\n" in back


def test_who_has_named_everycommit_already_is_not_told_to(repo: Repo) -> None:
    repo.stage(".pre-commit-config.yaml", "repos: []\n# x\n- id: everycommit\n")
    executable(repo.root / ".git/hooks/pre-commit", PRE_COMMIT.format(code=0))

    said = repo.everycommit("install", "--no-fill").stdout

    assert "  .pre-commit-config.yaml names everycommit: called by our own hook it leaves the change to that\n" in said
    assert "or name everycommit" not in said


@pytest.mark.parametrize(
    ("place", "said"), [("tools/hooks", "lies in the working tree"), ("../shared", "every repository")]
)
def test_install_says_when_the_hooks_are_not_this_repositorys_alone(repo: Repo, place: str, said: str) -> None:
    repo.git("config", "core.hooksPath", place)

    done = repo.everycommit("install", "--no-fill")

    assert done.returncode == 0
    assert "! core.hooksPath: " in done.stdout
    assert said in done.stdout
    assert look(repo.root / place, "pre-commit").kind is Kind.OURS


def test_a_hook_that_is_left_alone_is_an_exit_of_2(repo: Repo) -> None:
    repo.everycommit("install", "--no-fill")
    path = repo.root / ".git/hooks/pre-push"
    path.write_bytes(path.read_bytes() + b"true\n")

    again, back = repo.everycommit("install", "--no-fill"), repo.everycommit("uninstall")

    assert (again.returncode, back.returncode) == (2, 2)
    assert "✓ hooks: pre-commit, pre-merge-commit (nothing had to change)\n" in again.stdout
    assert f"✗ {path} was edited since everycommit wrote it; move it away and install again\n" in again.stdout
    assert f"✗ {path} was edited since everycommit wrote it\n" in back.stdout


def test_install_into_nothing_and_bare_is_one_line(tmp_path: Path) -> None:
    bare = Repo.make(tmp_path / "bare", tmp_path / "home", bare=True)

    for command in ("install", "uninstall"):
        for cwd in (tmp_path, bare.root):
            done = bare.everycommit(command, cwd=cwd)
            assert done.returncode == 2
            assert done.stderr.count("\n") == 1


def test_install_refuses_where_the_hook_could_not_load_everycommit(repo: Repo, tmp_path: Path) -> None:
    """A Python that has it through PYTHONPATH only: in a commit that variable may be another."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "bare"], check=True)
    code = Path(everycommit.__file__).parents[1]

    done = subprocess.run(
        [tmp_path / "bare/bin/python", "-m", "everycommit", "install"],
        cwd=repo.root,
        env=repo.environ | {"PYTHONPATH": str(code)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert f"everycommit is not installed in '{tmp_path}/bare/bin/python', a hook could not load it" in done.stderr
    assert not (repo.root / ".git/hooks/pre-commit").exists()


def test_everycommit_among_the_users_own_packages_is_started_so_that_it_is_found(repo: Repo) -> None:
    """`pip install --user`: -I would leave that folder out."""
    base = getattr(sys, "_base_executable", sys.executable)
    home = Path(repo.environ["HOME"])
    question = [base, "-c", "import site; print(site.getusersitepackages())"]
    asked = subprocess.run(question, env={"HOME": str(home)}, capture_output=True, text=True, check=True)
    packages = Path(asked.stdout.strip())
    if home not in packages.parents:
        pytest.skip("this Python keeps the user's packages elsewhere")
    packages.mkdir(parents=True)
    (packages / "everycommit.pth").write_text(f"{Path(everycommit.__file__).parents[1]}\n")

    done = subprocess.run(
        [base, "-m", "everycommit", "install", "--no-fill"],
        cwd=repo.root,
        env=repo.environ,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    hook = look(repo.root / ".git/hooks", "pre-commit")
    assert hook.python == base
    assert b'exec "$python" -E -P -c ' in hook.content
    helped = call(hook.path, "--help", cwd=repo.root, HOME=str(home))
    assert "usage: everycommit hook" in helped.stdout


COMMANDS = """\
[tool.everycommit.command.docs]
run = ["make", "docs"]
[tool.everycommit.command.web]
run = ["npm", "test"]
"""


def test_without_a_terminal_commands_wait(repo: Repo) -> None:
    repo.stage("pyproject.toml", COMMANDS).commit()

    done = repo.everycommit("install", "--no-fill")

    assert done.returncode == 0
    assert "command.docs (HEAD and index): make docs" in done.stdout
    assert done.stdout.endswith("2 of these wait: read them, then `everycommit trust`\n")
    assert not Accepted(repo.root / ".git").all()


def test_yes_accepts_the_commands(repo: Repo) -> None:
    repo.stage("pyproject.toml", COMMANDS).commit()

    done = repo.everycommit("install", "--no-fill", "--yes")
    again = repo.everycommit("install", "--no-fill")

    assert done.returncode == 0
    assert sorted(Accepted(repo.root / ".git").all().values()) == ["command.docs: make docs", "command.web: npm test"]
    assert "command" not in again.stdout


def test_on_a_terminal_install_asks_for_each_command(repo: Repo) -> None:
    repo.stage("pyproject.toml", COMMANDS).commit()

    code, said = on_a_terminal(repo, "install", "--no-fill", answers="n\ny\n")

    assert code == 0, said
    assert "Let command.docs run `make docs` here?" in said
    assert list(Accepted(repo.root / ".git").all().values()) == ["command.web: npm test"]


def test_mistakes_in_the_settings_are_said_after_the_hooks_are_there(repo: Repo) -> None:
    repo.stage("pyproject.toml", "[tool.everycommit]\ntimeout = -1\n").commit()

    done = repo.everycommit("install", "--no-fill")

    assert done.returncode == 2
    assert "timeout" in done.stderr
    assert look(repo.root / ".git/hooks", "pre-commit").kind is Kind.OURS


def test_install_fills_the_snapshot_of_head(repo: Repo) -> None:
    repo.stage("src/shop.py", "x = 1\n").commit()
    before = state(repo)

    done = repo.everycommit("install")

    assert done.returncode == 0, done.stderr
    assert "✓ snapshot filled" in done.stdout
    cache = Path(repo.environ["XDG_CACHE_HOME"], "everycommit")
    assert [path.read_text() for path in cache.rglob("shop.py")] == ["x = 1\n"]
    assert state(repo) == before


def test_without_a_commit_there_is_nothing_to_fill(repo: Repo) -> None:
    done = repo.everycommit("install")

    assert done.returncode == 0
    assert "snapshot" not in done.stdout


def test_on_a_terminal_filling_is_said_and_wiped_out(repo: Repo) -> None:
    repo.stage("a.py", "x = 1\n").commit()

    code, said = on_a_terminal(repo, "install", answers="")

    assert code == 0, said
    assert "  filling the snapshot, so that the first commit does not have to ...\r\x1b[K" in said
    assert said.index("filling") < said.index("snapshot filled")


def test_a_commit_runs_the_installed_hook_in_a_linked_worktree_and_under_hooks_path(repo: Repo, tmp_path: Path) -> None:
    """The folder that `install` writes to is the one that git itself calls from."""
    repo.stage("a", "1").commit()
    linked = Repo(tmp_path / "linked", repo.environ)
    repo.git("worktree", "add", "--quiet", str(linked.root))
    repo.git("config", "core.hooksPath", "tools/our hooks")
    repo.everycommit("install", "--no-fill")
    linked.everycommit("install", "--no-fill")
    for place in (repo, linked):
        executable(place.root / "tools/our hooks" / f"pre-commit{BEFORE}", "#!/bin/sh\necho before >&2\nexit 9\n")

        done = place.attempt("commit", "--allow-empty", "-m", "x")

        assert done.returncode == 1
        assert done.stderr == "before\n"
