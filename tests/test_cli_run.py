"""The command line of `run` and `hook`: which change, which gates, and one clear line for whatever is wrong."""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from everycommit.cli import run
from everycommit.cli.main import main
from support import Repo, state

QUICK = ("--skip", "types", "--skip", "tests")


@pytest.fixture
def shop(repo: Repo) -> Repo:
    """A repository with one commit and a change staged that lint refuses."""
    repo.environ["VIRTUAL_ENV"] = sys.prefix
    repo.stage("a.py", "A = 1\n").stage("README.md", "# Shop\n").commit("start")
    return repo.stage("a.py", "import os\n\nA = 1\n")


def judged(repo: Repo, *argv: str, code: int, **env: str) -> dict[str, Any]:
    """Run with ``--format json``; return the one verdict."""
    before = state(repo)
    done = Repo(repo.root, repo.environ | env).everycommit("run", "--format", "json", *argv)
    assert done.returncode == code, done.stdout + done.stderr
    assert state(repo) == before
    report = json.loads(done.stdout)
    assert report["exit"] == code
    (verdict,) = report["verdicts"]
    assert isinstance(verdict, dict)
    return verdict


def outcomes(verdict: dict[str, Any]) -> dict[str, str]:
    return {gate["gate"]: gate["outcome"] for gate in verdict["gates"]}


def test_staged_is_the_default(shop: Repo) -> None:
    verdict = judged(shop, *QUICK, code=1)

    ended = {"policy": "passed", "lint": "failed", "types": "skipped", "tests": "skipped", "review": "passed"}
    assert outcomes(verdict) == ended
    assert [finding["rule"] for finding in verdict["gates"][1]["findings"]] == ["lint/F401"]
    assert judged(shop, "--staged", *QUICK, code=1)["change"] == verdict["change"]


def test_gates_can_be_named(shop: Repo) -> None:
    assert outcomes(judged(shop, "policy", code=0)) == {"policy": "passed"}


def test_words_without_flags_mean_the_same_with_and_without_a_parser(shop: Repo) -> None:
    parser = argparse.ArgumentParser()
    run.arguments(parser)

    assert run.Asked(**vars(parser.parse_args(["policy"]))) == run.Asked(gates=["policy"], skip=[], output=[])
    assert shop.everycommit("run", "polcy").stderr == shop.everycommit("run", "--staged", "polcy").stderr


def test_the_working_tree_with_untracked_files(shop: Repo) -> None:
    shop.write("new.py", "import sys\n").write("a.py", "A = 1\n")

    verdict = judged(shop, "lint", "--worktree", code=1)

    assert [file["path"] for file in verdict["change"]["files"]] == ["new.py"]
    assert [finding["path"] for finding in verdict["gates"][0]["findings"]] == ["new.py"]


def test_one_commit_a_range_and_the_merge_base_of_a_range(shop: Repo) -> None:
    shop.commit("unused")
    shop.git("checkout", "--quiet", "-b", "side", "HEAD^")
    shop.stage("b.py", "B = 1\n").commit("side")

    assert outcomes(judged(shop, "lint", "--commit", "main", code=1)) == {"lint": "failed"}
    assert outcomes(judged(shop, "lint", "--range", "main^..main", code=1)) == {"lint": "failed"}
    apart = judged(shop, "lint", "--range", "main...side", code=0)
    assert [file["path"] for file in apart["change"]["files"]] == ["b.py"]


def test_all_files_show_every_finding_and_judge_no_size(shop: Repo) -> None:
    shop.stage("table.txt", "x\n" * 500).commit("unused")

    verdict = judged(shop, "policy", "lint", "--all-files", code=1)

    assert outcomes(verdict) == {"policy": "passed", "lint": "failed"}


def test_a_doubt_that_settings_allow_at_commit_is_refused_at_push(shop: Repo) -> None:
    shop.stage("pyproject.toml", '[tool.everycommit.tests]\ninconclusive = "warn"\n')
    shop.stage("test_a.py", "import os\nos._exit(0)\n")

    assert outcomes(judged(shop, "tests", code=0)) == {"tests": "inconclusive"}
    assert outcomes(judged(shop, "tests", "--at", "push", code=2)) == {"tests": "inconclusive"}
    assert "NOT VERIFIED" in shop.everycommit("run", "tests").stdout


@pytest.mark.parametrize(
    ("argv", "env", "said"),
    [
        (("--skip", "lint"), {}, "skipped by you (--skip lint)"),
        ((), {"SKIP": "everycommit-lint,other"}, "skipped by you (SKIP=everycommit-lint)"),
        ((), {"SKIP": "everycommit"}, "skipped by you (SKIP=everycommit)"),
    ],
)
def test_a_gate_left_out_is_said(shop: Repo, argv: tuple[str, ...], env: dict[str, str], said: str) -> None:
    verdict = judged(shop, "lint", *argv, code=0, **env)

    assert (verdict["gates"][0]["outcome"], verdict["gates"][0]["reason"]) == ("skipped", said)


def test_nothing_staged_is_skipped_and_says_what_could_be_judged(repo: Repo) -> None:
    repo.stage("a.py", "A = 1\n").commit("start")

    done = repo.everycommit("run")

    assert done.returncode == 0
    assert "nothing to judge" in done.stdout
    assert "--worktree" in done.stdout


def test_what_runs_too_long_is_ended_and_inconclusive(shop: Repo) -> None:
    shop.stage("test_a.py", "import time\n\n\ndef test_a():\n    time.sleep(60)\n")

    verdict = judged(shop, "tests", "--timeout", "3", code=2)

    assert outcomes(verdict) == {"tests": "inconclusive"}
    assert "time ran out" in verdict["gates"][0]["reason"]


def test_the_code_of_a_commit_on_no_local_branch_does_not_run_unasked(shop: Repo) -> None:
    shop.commit("unused")
    shop.git("checkout", "--quiet", "--detach", "HEAD^")
    shop.stage("b.py", "B = 1\n").commit("elsewhere")
    foreign = shop.text("rev-parse", "HEAD")
    shop.git("checkout", "--quiet", "main")

    done = shop.everycommit("run", "--commit", foreign)

    assert done.returncode == 2
    assert "--run-code" in done.stderr
    assert outcomes(judged(shop, "policy", "lint", "--commit", foreign, code=0)) == {
        "policy": "passed",
        "lint": "passed",
    }
    assert outcomes(judged(shop, "types", "--run-code", "--commit", foreign, code=0)) == {"types": "passed"}


COMMAND = '[tool.everycommit.command.hello]\nrun = ["python3", "-c", "print(1)"]\n'


def test_a_command_of_the_repository_waits_for_acceptance(shop: Repo) -> None:
    shop.stage("pyproject.toml", COMMAND)

    waiting = judged(shop, "hello", code=2)
    assert "everycommit trust" in waiting["gates"][0]["reason"]
    assert shop.everycommit("trust", "--yes").returncode == 0
    assert outcomes(judged(shop, "hello", code=0)) == {"hello": "passed"}
    shop.stage("pyproject.toml", COMMAND.replace("print(1)", "print(2)"))
    assert outcomes(judged(shop, "hello", code=2)) == {"hello": "inconclusive"}


def test_commands_of_the_base_run_in_ci_and_those_of_the_change_do_not(shop: Repo) -> None:
    shop.stage("pyproject.toml", COMMAND).commit("command")
    shop.stage("pyproject.toml", COMMAND + COMMAND.replace("hello", "other")).commit("another")

    verdict = judged(shop, "--at", "ci", "--commit", "HEAD", *QUICK, code=0, CI="true")

    assert outcomes(verdict)["hello"] == "passed"
    assert "other" not in outcomes(verdict)


def test_at_ci_on_a_persons_machine_commands_wait_as_ever(shop: Repo) -> None:
    shop.stage("pyproject.toml", COMMAND).commit("command").stage("b.txt", "b\n").commit("more")

    assert outcomes(judged(shop, "hello", "--at", "ci", "--commit", "HEAD", code=2)) == {"hello": "inconclusive"}


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("lnt",), "'lnt': no such gate; did you mean 'lint'?"),
        (("--skip", "zebra"), "'zebra': no such gate; there are policy, lint, types, tests, review"),
        (("--timeout", "soon"), "--timeout 'soon': not a number of seconds above 0"),
        (("--timeout", "-1"), "--timeout '-1': not a number of seconds above 0"),
        (("--commit", "nowhere"), "'nowhere'"),
        (("--range", "HEAD"), "'HEAD'"),
        (("--commit=--output=x",), "'--output=x'"),
        (("--all",), "unrecognized arguments: --all"),
        (("--staged", "--worktree"), "not allowed with"),
    ],
)
def test_wrong_use_is_one_clear_line(shop: Repo, argv: tuple[str, ...], said: str) -> None:
    done = shop.everycommit("run", *argv)

    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not Path(shop.root, "x").exists()


def test_a_folder_without_a_repository_a_bare_one_and_one_that_is_gone(tmp_path: Path, repo: Repo) -> None:
    bare = Repo.make(tmp_path / "bare", tmp_path / "home", bare=True)

    outside = repo.everycommit("run", cwd=tmp_path)
    inside = bare.everycommit("run")

    assert (outside.returncode, inside.returncode) == (2, 2)
    assert "not in a git repository" in outside.stderr
    assert "bare repository" in inside.stderr


def test_a_folder_that_is_gone_is_one_clear_line(repo: Repo) -> None:
    line = f"mkdir gone && cd gone && rmdir ../gone && {sys.executable} -P -m everycommit run"

    done = subprocess.run(
        ["sh", "-c", line], cwd=repo.root, env=repo.environ, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (2, "everycommit: the current folder is gone; go into one that is there\n")


def test_an_index_that_somebody_locked_is_read_all_the_same(shop: Repo) -> None:
    (shop.root / ".git/index.lock").touch()

    assert outcomes(judged(shop, "policy", code=0)) == {"policy": "passed"}


@pytest.mark.slow
def test_a_hundred_thousand_staged_files_are_one_clear_refusal(shop: Repo) -> None:
    blob = shop.git("hash-object", "-w", "--stdin", stdin=b"one\n").decode().strip()
    lines = "".join(f"100644 {blob} 0\td{number % 100}/f{number}.txt\n" for number in range(100_000))
    shop.git("update-index", "--add", "--index-info", stdin=lines.encode())

    done = shop.everycommit("run", "policy")

    assert done.returncode == 1, done.stderr
    assert "policy/files" in done.stdout
    assert "100,001 files" in done.stdout


def test_a_line_of_sixty_megabytes_is_no_hindrance(shop: Repo) -> None:
    shop.stage("long.txt", "x" * 60_000_000)

    verdict = judged(shop, "policy", code=1)

    assert [finding["rule"] for finding in verdict["gates"][0]["findings"]] == ["policy/file-bytes"]


def test_a_checkout_that_cannot_be_written_is_judged(shop: Repo) -> None:
    """As root permissions bind nobody; what counts is that nothing there is written, which `judged` holds."""
    for path in (shop.root, shop.root / ".git", shop.root / ".git/objects"):
        path.chmod(0o555)
    try:
        assert outcomes(judged(shop, "policy", "lint", code=1)) == {"policy": "passed", "lint": "failed"}
    finally:
        for path in (shop.root, shop.root / ".git", shop.root / ".git/objects"):
            path.chmod(0o755)


@pytest.mark.skipif(os.geteuid() != 0 or not Path("/bin/mount").exists(), reason="needs a small file system of its own")
def test_a_full_disk_is_one_clear_line(shop: Repo, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", small], check=False).returncode:
        pytest.skip("this machine mounts nothing")
    try:
        (small / "filling").write_bytes(b"x" * 60_000)
        done = shop.everycommit("run", "lint", XDG_CACHE_HOME=str(small), TMPDIR=str(small))
    finally:
        subprocess.run(["umount", small], check=True)

    assert done.returncode == 2
    assert "Traceback" not in done.stderr + done.stdout
    assert "No space left" in done.stderr + done.stdout


def test_a_full_or_unwritable_cache_is_one_clear_line(shop: Repo) -> None:
    done = shop.everycommit("run", "lint", XDG_CACHE_HOME="/dev/null/x", TMPDIR="/dev/null/y", HOME="/dev/null/z")

    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "/dev/null" in done.stderr or "tmp" in done.stderr


def test_a_broken_tool_is_inconclusive_and_named(shop: Repo, tmp_path: Path) -> None:
    """A ruff that prints what it never promised to print does not pass anything."""
    fake = tmp_path / "venv"
    (fake / "bin").mkdir(parents=True)
    (fake / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.11.0\n")
    (fake / "bin/python").symlink_to(sys.executable)
    (fake / "lib/python3.11/site-packages/ruff-9.9.9.dist-info").mkdir(parents=True)
    (fake / "bin/ruff").write_text("#!/bin/sh\necho no JSON\nexit 0\n")
    (fake / "bin/ruff").chmod(0o755)

    verdict = judged(shop, "lint", code=2, VIRTUAL_ENV=str(fake))

    assert outcomes(verdict) == {"lint": "inconclusive"}
    assert "ruff" in verdict["gates"][0]["reason"]


def test_help_and_version_speak_and_no_flag_is_abbreviated(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("everycommit ")
    for name in ("run", "hook", "settings", "doctor", "trust", "init", "install", "uninstall", "demo"):
        with pytest.raises(SystemExit) as ended:
            main([name, "--help"])
        assert ended.value.code == 0
        assert name in capsys.readouterr().out
    assert main([]) == 2
    assert "commands:" in capsys.readouterr().out
    assert main(["rnu"]) == 2
    assert "did you mean 'run'?" in capsys.readouterr().err


def test_a_bug_of_ours_keeps_its_traceback_and_ends_with_3(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(repo.root)
    monkeypatch.setattr("everycommit.repo.repository.discover", None)
    monkeypatch.setattr("everycommit.cli.place.discover", None)

    assert main(["run"]) == 3

    said = capsys.readouterr().err
    assert "Traceback" in said
    assert "bug of everycommit" in said


def test_a_reader_that_goes_away_is_no_bug(shop: Repo) -> None:
    command = f"{sys.executable} -m everycommit run lint | true"

    done = subprocess.run(
        ["sh", "-c", command], cwd=shop.root, env=shop.environ, capture_output=True, text=True, check=False
    )

    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("flag", [{"FORCE_COLOR": "1"}, {"FORCE_COLOR": "1", "NO_COLOR": "1"}])
def test_colour_follows_the_two_variables(shop: Repo, flag: dict[str, str]) -> None:
    done = Repo(shop.root, shop.environ | flag).everycommit("run", "lint")

    assert ("\x1b[" in done.stdout) is ("NO_COLOR" not in flag)


def test_a_hook_name_that_is_none_is_said(shop: Repo) -> None:
    done = shop.everycommit("hook", "pre-cmmit")

    assert done.returncode == 2
    assert "pre-merge-commit" in done.stderr


def test_a_push_hook_without_its_remote_is_wrong_use(shop: Repo) -> None:
    assert "remote's name is missing" in shop.everycommit("hook", "pre-push").stderr


def test_output_goes_through_any_encoding(shop: Repo) -> None:
    shop.stage(b"caf\xe9.py", "import os\n")

    done = subprocess.run(
        [sys.executable, "-m", "everycommit", "run", "lint"],
        cwd=shop.root,
        env=shop.environ | {"LC_ALL": "C", "PYTHONIOENCODING": "ascii:strict"},
        capture_output=True,
        check=False,
    )

    assert done.returncode == 1, os.fsdecode(done.stderr)
    assert b"lint/F401" in done.stdout


def test_of_a_suite_that_could_be_collected_neither_before_nor_now_that_is_said(repo: Repo) -> None:
    repo.environ["VIRTUAL_ENV"] = sys.prefix
    repo.stage("test_a.py", "import no_such_module\n\n\ndef test_a():\n    pass\n").commit()
    repo.stage("a.py", "X = 1\n")

    done = repo.everycommit("run", "tests")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 tests, 1 file cannot be collected, as before: no test ran" in " ".join(
        (done.stdout + done.stderr).split()
    )
    repo.stage("test_b.py", "def test_b():\n    pass\n")
    assert "no test ran" not in repo.everycommit("run", "tests").stdout
