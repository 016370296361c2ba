"""git is started, fed, cut, stopped in time and reaped."""

import os
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from everycommit.deadline import Deadline
from everycommit.errors import MissingObjects, RepositoryError, TimeRanOut, UsageError
from everycommit.repo.child import _fed
from everycommit.repo.git import Git
from everycommit.repo.surroundings import executable, reading_environment
from support import Repo


def git_of(repo: Repo, **env: str) -> Git:
    return Git(repo.root, repo.environ | env)


def fake_git(folder: Path, script: str) -> dict[str, str]:
    """Return an environment whose git is a shell *script*: for what the real one does not do on request."""
    folder.mkdir()
    program = folder / "git"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


def children() -> set[str]:
    """Return the ids of our children, dead ones that nobody waited for too."""
    return {child for task in Path("/proc/self/task").iterdir() for child in (task / "children").read_text().split()}


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_output_error_and_code_come_back_whatever_the_code(repo: Repo) -> None:
    done = git_of(repo).run("rev-parse", "--is-bare-repository", "--verify", "no-such-thing")

    assert done.code == 128
    assert done.out == b"false\n"
    assert b"fatal" in done.err
    assert not done.cut


def test_much_on_stdin_and_much_on_stdout_do_not_block_each_other(repo: Repo) -> None:
    content = os.urandom(3_000_000)
    git = git_of(repo)

    blob = git.text("hash-object", "-w", "--stdin", stdin=content)
    asked = f"{blob}\n".encode() * 20_000

    assert git.out("cat-file", "blob", blob) == content
    assert git.out("cat-file", "--batch-check", stdin=asked).count(b"\n") == 20_000


def test_git_that_stops_listening_is_no_error(repo: Repo) -> None:
    done = git_of(repo).run("rev-parse", "--git-dir", stdin=b"x" * 5_000_000)

    assert (done.code, done.out) == (0, b".git\n")


def test_git_that_closes_its_input_and_goes_on_is_no_error(repo: Repo, tmp_path: Path) -> None:
    deaf = git_of(repo, **fake_git(tmp_path / "deaf", "exec 0<&-; sleep 0.3; echo done"))

    assert deaf.run("status", stdin=b"x" * 5_000_000).out == b"done\n"


def test_a_full_pipe_takes_nothing_and_loses_nothing() -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    waiting = memoryview(b"x" * 1_000_000)

    left = waiting
    for _ in range(100):
        left = _fed(writing, left)
    got = os.read(reading, 1_000_000)

    assert len(got) + len(left) == len(waiting)
    os.close(reading)
    os.close(writing)


def test_git_is_ended_at_the_limit(repo: Repo) -> None:
    repo.stage("big", b"x\n" * 1_000_000).commit()

    done = git_of(repo).run("cat-file", "blob", "HEAD:big", limit=1000)

    assert done.cut
    assert done.out == b"x\n" * 500


def test_output_of_exactly_the_limit_is_not_cut(repo: Repo) -> None:
    repo.stage("small", b"12345").commit()

    done = git_of(repo).run("cat-file", "blob", "HEAD:small", limit=5)

    assert (done.cut, done.out, done.code) == (False, b"12345", 0)


def test_a_deadline_ends_git_and_reaps_it(repo: Repo, tmp_path: Path) -> None:
    slow = git_of(repo, **fake_git(tmp_path / "slow", "exec sleep 60"))
    before, start, open_before = children(), time.monotonic(), descriptors()

    with pytest.raises(TimeRanOut, match="time ran out"):
        slow.out("status", deadline=Deadline.after(0.2))

    assert time.monotonic() - start < 5
    assert children() == before
    assert descriptors() == open_before


def test_an_interrupt_ends_git_and_reaps_it(repo: Repo, tmp_path: Path) -> None:
    slow = git_of(repo, **fake_git(tmp_path / "slow", "exec sleep 60"))
    before = children()
    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))

    timer.start()
    with pytest.raises(KeyboardInterrupt):
        slow.run("status")

    timer.join()
    assert children() == before


def test_no_descriptor_is_left_open(repo: Repo) -> None:
    git = git_of(repo)
    git.run("version")
    before = descriptors()

    for _ in range(5):
        git.run("version", stdin=b"x")
        git.batch().close()

    assert descriptors() == before


def test_git_works_where_the_standard_streams_are_closed(repo: Repo) -> None:
    """Pipes then get the numbers 0 to 2, and a dup2 onto itself would be closed at exec."""
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom everycommit.repo.git import Git\n"
        "[os.close(n) for n in (0, 1, 2)]\n"
        f"done = Git(Path({str(repo.root)!r}), os.environ).run('hash-object', '--stdin', stdin=b'x')\n"
        f"Path({str(repo.root.parent / 'said')!r}).write_bytes(done.out)\n"
    )

    subprocess.run([sys.executable, "-c", code], env=os.environ | repo.environ, check=True)

    assert (repo.root.parent / "said").read_bytes() == repo.git("hash-object", "--stdin", stdin=b"x")


def test_git_ends_when_its_reader_goes(repo: Repo) -> None:
    """Python ignores SIGPIPE, and a git that inherited that would go on."""
    script = "echo $(sed -n 's/^SigIgn:\\t//p' /proc/self/status)"
    env = fake_git(repo.root.parent / "shows", script)

    ignored = int(git_of(repo, **env).text("status"), 16)

    assert not ignored & (1 << (signal.SIGPIPE - 1))


def test_an_error_says_what_git_said(repo: Repo) -> None:
    with pytest.raises(RepositoryError, match=r"git rev-parse in '.*': fatal: Needed a single revision"):
        git_of(repo).out("rev-parse", "--verify", "no-such-thing")


def test_an_expected_code_is_no_error(repo: Repo) -> None:
    assert git_of(repo).text("config", "--get", "no.such", ok=(0, 1)) == ""


def test_an_error_without_words_names_the_code(repo: Repo, tmp_path: Path) -> None:
    silent = git_of(repo, **fake_git(tmp_path / "silent", "exit 7"))

    with pytest.raises(RepositoryError, match="ended with 7 and said nothing"):
        silent.out("status")


def test_a_missing_object_has_an_error_of_its_own(repo: Repo) -> None:
    repo.stage("a", "a\n").commit()
    blob = repo.text("rev-parse", "HEAD:a")
    (repo.root / ".git/objects" / blob[:2] / blob[2:]).unlink()
    repo.path("a").unlink()  # git would take the content from there

    with pytest.raises(MissingObjects, match=blob):
        git_of(repo).out("diff-tree", "-p", "--root", "HEAD")


def test_no_git_is_said(repo: Repo) -> None:
    with pytest.raises(UsageError, match=r"git was not found on the PATH; install git 2\.30 or newer"):
        git_of(repo, PATH="/no/such/folder").run("version")


def test_a_relative_path_never_starts_a_git_of_the_repository(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_git(tmp_path / "repo" / "bin", "exit 1")
    monkeypatch.chdir(repo.root)

    assert executable({"PATH": f"bin:.::{os.environ['PATH']}"}).startswith("/")


def test_a_git_that_cannot_be_started_is_said(repo: Repo, tmp_path: Path) -> None:
    broken = tmp_path / "broken" / "git"
    broken.parent.mkdir()
    broken.write_bytes(b"\0\1\2 no program")
    broken.chmod(stat.S_IRWXU)
    before = descriptors()

    with pytest.raises(UsageError, match=r"broken/git' could not be started: Exec format error"):
        git_of(repo, PATH=str(broken.parent)).run("version", stdin=b"x")

    assert descriptors() == before


def test_an_old_git_is_named_when_it_does_not_understand(repo: Repo, tmp_path: Path) -> None:
    script = 'case "$*" in *version) echo "git version 2.20.1";; *) echo "error: unknown option" >&2; exit 129;; esac'
    old = git_of(repo, **fake_git(tmp_path / "old", script))

    with pytest.raises(UsageError, match=r"git is 2\.20, and everycommit needs git 2\.30 or newer"):
        old.out("write-tree", "--missing-ok")


def test_a_new_git_that_does_not_understand_is_not_called_old(repo: Repo) -> None:
    with pytest.raises(RepositoryError, match="unknown option"):
        git_of(repo).out("write-tree", "--no-such-option")


def test_a_git_without_a_version_counts_as_oldest(repo: Repo, tmp_path: Path) -> None:
    assert git_of(repo, **fake_git(tmp_path / "odd", "echo hello")).version() == (0, 0)


def test_an_ignored_sigchld_is_said(repo: Repo) -> None:
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        with pytest.raises(RepositoryError, match="SIGCHLD is ignored"):
            git_of(repo).run("version")
    finally:
        signal.signal(signal.SIGCHLD, before)


def test_variables_that_bend_output_are_left_out() -> None:
    given = {
        "PATH": "/bin",
        "GIT_DIR": ".git",
        "GIT_INDEX_FILE": ".git/index.lock",
        "GIT_CONFIG_PARAMETERS": "'safe.directory'='*'",
        "GIT_CONFIG_COUNT": "0",
        "GIT_DIFF_OPTS": "-u0",
        "GIT_EXTERNAL_DIFF": "evil",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_ICASE_PATHSPECS": "1",
        "GIT_TRACE": "1",
        "GIT_TRACE2_EVENT": "1",
        "GIT_AUTHOR_NAME": "A",
    }

    assert set(reading_environment(given)) == {
        "PATH",
        "GIT_DIR",
        "GIT_INDEX_FILE",
        "GIT_CONFIG_PARAMETERS",
        "GIT_CONFIG_COUNT",
    }


def test_git_never_sees_the_key_of_a_model(repo: Repo) -> None:
    git = git_of(repo, EVERYCOMMIT_MODEL_KEY="sk-7", EVERYCOMMIT_MODEL="m")

    done = git.run("-c", "alias.seen=!env", "seen")

    assert b"EVERYCOMMIT_MODEL=m" in done.out
    assert b"sk-7" not in done.out


def test_a_batch_answers_many_questions(repo: Repo) -> None:
    repo.stage("a", b"one\ntwo").stage("empty", b"").stage("big", b"x" * 3_000_000).commit()
    head = repo.text("rev-parse", "HEAD")

    with git_of(repo).batch() as batch:
        answers = [batch.ask(f"HEAD:{name}") for name in ("a", "empty", "big", "no", "a")]
        commit = batch.ask("HEAD")

    contents = [answer and answer[2] for answer in answers]
    assert contents == [b"one\ntwo", b"", b"x" * 3_000_000, None, b"one\ntwo"]
    assert commit is not None
    assert commit[:2] == (head, "commit")


def test_a_batch_serves_threads_without_mixing_answers(repo: Repo) -> None:
    for number in range(20):
        repo.stage(f"f{number}", f"{number}\n" * 1000)
    repo.commit()
    wrong: list[int] = []

    def asks(number: int) -> None:
        for _ in range(20):
            answer = batch.ask(f"HEAD:f{number}")
            if answer is None or answer[2] != f"{number}\n".encode() * 1000:
                wrong.append(number)

    with git_of(repo).batch() as batch:
        threads = [threading.Thread(target=asks, args=(number,)) for number in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert wrong == []


def test_a_batch_refuses_a_name_with_a_newline(repo: Repo) -> None:
    with git_of(repo).batch() as batch, pytest.raises(RepositoryError, match="not a revision"):
        batch.ask("HEAD\nHEAD")


def test_a_batch_that_was_ended_says_so(repo: Repo) -> None:
    batch = git_of(repo).batch()
    batch.close()

    with pytest.raises(RepositoryError, match="cat-file ended"):
        batch.ask("HEAD")
    batch.close()


def test_a_batch_whose_git_dies_says_so(repo: Repo, tmp_path: Path) -> None:
    with (
        git_of(repo, **fake_git(tmp_path / "dies", "read line; exit 1")).batch() as batch,
        pytest.raises(RepositoryError, match="cat-file ended while it was asked for 'HEAD'"),
    ):
        batch.ask("HEAD")


def test_a_batch_that_was_interrupted_is_not_asked_again(repo: Repo, tmp_path: Path) -> None:
    """Half an answer would be taken for the next one."""
    env = fake_git(tmp_path / "half", "read line; echo 1234 blob 10; sleep 60")
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    batch = git_of(repo, **env).batch()

    timer.start()
    with pytest.raises(KeyboardInterrupt):
        batch.ask("HEAD")
    timer.join()

    with pytest.raises(RepositoryError, match="cat-file ended"):
        batch.ask("HEAD")
    batch.close()
