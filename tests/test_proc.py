"""Children: groups, deadlines, the watcher, the environment."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from everycommit.deadline import Deadline
from everycommit.errors import Interrupted, ToolError
from everycommit.proc import Children, Done, child_environment

PYTHON = sys.executable
ENV = {"PATH": os.environ["PATH"]}


@pytest.fixture
def children() -> Iterator[Children]:
    with Children() as started:
        yield started


def ran(
    children: Children, *argv: str, cwd: Path = Path("/"), seconds: float = 20, env: dict[str, str] | None = None
) -> Done:
    return children.run(argv, cwd=cwd, env=ENV if env is None else env, deadline=Deadline.after(seconds))


def shell(children: Children, script: str, *, seconds: float = 20) -> Done:
    return ran(children, "sh", "-c", script, seconds=seconds)


def is_alive(pid: int) -> bool:
    """Tell whether a process is there and more than a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return bool(status.stdout.strip()) and not status.stdout.strip().startswith("Z")


def gone(pid: int, seconds: float = 3.0) -> bool:
    """Wait until a process is gone."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not is_alive(pid):
            return True
        time.sleep(0.02)
    return False


def written(path: Path, seconds: float = 10.0) -> str:
    """Wait until somebody wrote a whole line into *path*."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if path.exists() and path.read_text().endswith("\n"):
            return path.read_text().strip()
        time.sleep(0.01)
    raise AssertionError(f"nothing in {path}")


def test_output_code_and_time_of_a_child(children: Children) -> None:
    done = shell(children, "echo out; echo err >&2; exit 3")

    assert (done.code, done.out, done.err) == (3, b"out\n", b"err\n")
    assert not done.late
    assert not done.cut
    assert 0 < done.seconds < 10


def test_a_signal_is_a_negative_code(children: Children) -> None:
    assert shell(children, "kill -KILL $$").code == -9


def test_a_child_leads_a_group_of_its_own_and_has_no_stdin(children: Children) -> None:
    script = "import os, sys; print(os.getpid() == os.getpgrp(), repr(sys.stdin.read()))"

    done = ran(children, PYTHON, "-c", script)

    assert done.out == b"True ''\n"


def test_a_file_as_stdin(children: Children, tmp_path: Path) -> None:
    source = tmp_path / "a b'$HOME"
    source.write_text("read me")

    done = children.run(["cat"], cwd=tmp_path, env=ENV, deadline=Deadline.after(10), stdin=source)

    assert done.out == b"read me"


def test_arguments_and_environment_arrive_as_they_are(children: Children) -> None:
    odd = ["", "a b", "$(id)", "'", '"', "-n", "\n", os.fsdecode(b"\xff")]
    env = ENV | {"f": "kept", "word": "x"}

    done = ran(children, PYTHON, "-c", "import os, sys; print([os.fsencode(a) for a in sys.argv[1:]])", *odd)
    seen = ran(children, PYTHON, "-c", "import os; print(os.environ['f'], os.environ['word'])", env=env)

    assert done.out.decode().strip() == str([os.fsencode(word) for word in odd])
    assert seen.out == b"kept x\n"


def test_the_child_holds_no_descriptor_of_ours_but_those_kept(children: Children, tmp_path: Path) -> None:
    held = os.open(tmp_path, os.O_RDONLY)
    os.set_inheritable(held, True)
    kept = os.open(tmp_path, os.O_RDONLY)
    script = "import os\nfor fd in range(3, 200):\n    try: os.fstat(fd)\n    except OSError: continue\n    print(fd)"

    done = children.run([PYTHON, "-c", script], cwd=tmp_path, env=ENV, deadline=Deadline.after(10), keep=[kept])

    assert done.out.split() == [str(kept).encode()]
    os.close(held)
    os.close(kept)


def test_lines_are_handed_on_as_they_come(children: Children) -> None:
    lines: list[bytes] = []

    children.run(
        ["sh", "-c", "printf 'one\\ntwo'; sleep 0.1; printf 'more\\n\\nend'; echo no >&2"],
        cwd=Path("/"),
        env=ENV,
        deadline=Deadline.after(10),
        on_line=lines.append,
    )

    assert lines == [b"one", b"twomore", b"", b"end"]


def test_an_endless_line_is_handed_on_in_pieces(children: Children) -> None:
    lines: list[bytes] = []

    done = children.run(
        [PYTHON, "-c", "print('x' * 1_000_000)"],
        cwd=Path("/"),
        env=ENV,
        deadline=Deadline.after(20),
        on_line=lines.append,
    )

    assert len(done.out) == 1_000_001
    assert len(b"".join(lines)) == 1_000_000
    assert max(map(len, lines)) < 300_000


def test_output_past_the_limit_is_dropped_and_said(children: Children) -> None:
    done = children.run(
        [PYTHON, "-c", "import sys; sys.stdout.write('x' * 5_000_000); sys.exit(4)"],
        cwd=Path("/"),
        env=ENV,
        deadline=Deadline.after(20),
        limit=1000,
    )

    assert (done.code, done.out, done.cut) == (4, b"x" * 1000, True)


def test_an_error_in_the_line_callback_ends_the_child(children: Children, tmp_path: Path) -> None:
    def fails(line: bytes) -> None:
        raise ValueError(line)

    with pytest.raises(ValueError, match="hello"):
        children.run(
            ["sh", "-c", f"echo $$ > {tmp_path}/pid; echo hello; sleep 60"],
            cwd=Path("/"),
            env=ENV,
            deadline=Deadline.after(10),
            on_line=fails,
        )

    assert gone(int(written(tmp_path / "pid")))


@pytest.mark.parametrize(
    "script",
    [
        "sleep 60",
        "trap '' INT TERM HUP; sleep 60; sleep 60",
        "exec >&- 2>&-; sleep 60",
        "yes",
        "yes >&2 & yes",
        "(sleep 60 &) ; sleep 60",
        "kill -STOP $$; sleep 60",
        "while :; do sleep 60 & sleep 0.05; done",
    ],
    ids=["sleeps", "ignores", "closes", "floods", "floods both", "double forks", "stops itself", "forks on"],
)
def test_the_deadline_ends_a_child_whatever_it_does(children: Children, script: str) -> None:
    began = time.monotonic()

    done = shell(children, script, seconds=0.3)

    assert done.late
    assert done.code < 0 or done.code == 130
    assert 0.29 < time.monotonic() - began < 1.5


def test_late_pytest_like_programs_may_still_report(children: Children) -> None:
    script = (
        "import time\ntry:\n    print('begun', flush=True); time.sleep(60)\n"
        "except KeyboardInterrupt:\n    print('so far')"
    )

    done = ran(children, PYTHON, "-c", script, seconds=1.0)

    assert done.late
    assert done.out == b"begun\nso far\n"


def test_a_passed_deadline_starts_nothing(children: Children, tmp_path: Path) -> None:
    done = ran(children, "touch", str(tmp_path / "made"), seconds=0)

    assert done.late
    assert not (tmp_path / "made").exists()


def test_what_a_child_leaves_in_its_group_is_ended_and_not_waited_for(children: Children, tmp_path: Path) -> None:
    done = shell(children, f"sleep 60 & echo $! > {tmp_path}/pid; echo done")

    assert done.code == 0
    assert done.out == b"done\n"
    assert not done.late
    assert done.seconds < 5
    assert gone(int(written(tmp_path / "pid")))


def test_who_leaves_the_group_with_the_pipe_is_not_waited_for(children: Children) -> None:
    script = "import subprocess, sys; print(subprocess.Popen(['sleep', '5'], start_new_session=True).pid, flush=True)"

    done = ran(children, PYTHON, "-W", "ignore", "-c", script)

    assert done.code == 0
    assert done.seconds < 4
    os.kill(int(done.out), signal.SIGKILL)


def test_stop_ends_what_runs_and_what_comes_later(children: Children, tmp_path: Path) -> None:
    raised: list[BaseException] = []

    def run() -> None:
        try:
            shell(children, f"trap '' INT; echo $$ > {tmp_path}/pid; sleep 60; sleep 60")
        except Interrupted as stopped:
            raised.append(stopped)

    thread = threading.Thread(target=run)
    thread.start()
    pid = int(written(tmp_path / "pid"))
    began = time.monotonic()
    children.stop()
    thread.join(timeout=5)

    assert time.monotonic() - began < 2
    assert len(raised) == 1
    assert gone(pid)
    with pytest.raises(Interrupted):
        shell(children, "echo")


def test_stop_ends_a_child_whose_lines_nobody_takes(children: Children, tmp_path: Path) -> None:
    ended = threading.Event()

    def held_up(line: bytes) -> None:
        ended.wait(20)

    def run() -> None:
        with pytest.raises(Interrupted):
            children.run(
                ["sh", "-c", f"echo x; trap '' INT; echo $$ > {tmp_path}/pid; sleep 60; sleep 60"],
                cwd=Path("/"),
                env=ENV,
                deadline=Deadline.after(30),
                on_line=held_up,
            )

    thread = threading.Thread(target=run)
    thread.start()
    pid = int(written(tmp_path / "pid"))
    children.stop()

    assert gone(pid)
    ended.set()
    thread.join(timeout=5)
    assert not thread.is_alive()


def test_when_git_went_away_the_run_ends() -> None:
    asked = threading.Event()
    began = time.monotonic()

    def interrupted() -> bool:
        asked.set()
        return time.monotonic() - began > 0.3

    with Children(interrupted) as children, pytest.raises(Interrupted):
        shell(children, "sleep 60")

    assert asked.is_set()
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["no-such-tool-at-all"], "'no-such-tool-at-all': it is not on the PATH"),
        (["/no/such/tool"], "'/no/such/tool': there is no such file"),
        (["./plain"], "is not executable"),
        (["./orphan"], "not found"),
        (["echo", "a\0b"], "null byte"),
        (["echo", "x" * 3_000_000], "Argument list too long"),
    ],
)
def test_what_cannot_be_started_is_said_with_its_name(
    children: Children, tmp_path: Path, argv: list[str], said: str
) -> None:
    (tmp_path / "plain").write_text("x")
    (tmp_path / "orphan").write_text("#!/no/such/interpreter\n")
    (tmp_path / "orphan").chmod(0o755)

    with pytest.raises(ToolError) as caught:
        ran(children, *argv, cwd=tmp_path)

    assert said in str(caught.value)
    assert argv[0] in str(caught.value)


def test_a_missing_folder_or_input_is_said(children: Children, tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="no folder '/no/such/folder'"):
        ran(children, "echo", cwd=Path("/no/such/folder"))
    with pytest.raises(ToolError, match="cannot read"):
        children.run(["cat"], cwd=tmp_path, env=ENV, deadline=Deadline.after(5), stdin=tmp_path / "no-such-input")


def test_a_program_that_itself_ends_with_127_is_no_missing_program(children: Children) -> None:
    done = shell(children, "no-such-thing; exit 127")

    assert done.code == 127


def test_relative_folders_on_the_path_are_passed_over(children: Children, tmp_path: Path) -> None:
    (tmp_path / "ruff-of-the-change").write_text("#!/bin/sh\necho mine\n")
    (tmp_path / "ruff-of-the-change").chmod(0o755)

    with pytest.raises(ToolError, match="not on the PATH"):
        ran(children, "ruff-of-the-change", cwd=tmp_path, env={"PATH": f".::{os.environ['PATH']}"})


def test_no_shell_is_said(children: Children, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("everycommit.watcher.SHELL", "/no/such/shell")

    with pytest.raises(ToolError, match="/no/such/shell"):
        shell(children, "echo")


OUTER = """
import os, sys, threading, time
from pathlib import Path
from everycommit.deadline import Deadline
from everycommit.proc import Children
children = Children()
def run(script):
    children.run(["sh", "-c", script], cwd=Path("/"), env={"PATH": os.environ["PATH"]}, deadline=Deadline.after(60))
run("exit 0")
for n in range(3):
    name = f"{sys.argv[1]}/{n}"
    script = f"trap '' INT TERM HUP; sleep 61 & echo $$ $! > {name}.new; mv {name}.new {name}; sleep 62; sleep 63"
    threading.Thread(target=run, args=(script,), daemon=True).start()
time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
@pytest.mark.parametrize("whole_group", [False, True])
def test_children_end_when_we_are_killed(tmp_path: Path, number: signal.Signals, *, whole_group: bool) -> None:
    outer = subprocess.Popen(
        [PYTHON, "-c", OUTER, str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    )
    pids = [int(pid) for n in range(3) for pid in written(tmp_path / str(n)).split()]
    assert all(map(is_alive, pids))

    (os.killpg if whole_group else os.kill)(outer.pid, number)
    # Also shows that nobody else holds our output: reading it ends.
    outer.communicate(timeout=5)

    assert [pid for pid in pids if not gone(pid, 1.5)] == []


def test_a_child_is_ended_even_if_we_die_while_it_starts(tmp_path: Path) -> None:
    script = OUTER.replace("time.sleep(60)\n", "os.kill(os.getpid(), 9)\n")

    for attempt in range(10):
        folder = tmp_path / str(attempt)
        folder.mkdir()
        subprocess.run([PYTHON, "-c", script, str(folder)], capture_output=True, check=False, timeout=30)
    time.sleep(0.5)

    pids = [int(pid) for note in tmp_path.rglob("[0-9]") if note.is_file() for pid in note.read_text().split()]
    assert [pid for pid in pids if not gone(pid, 1.5)] == []


def test_a_watcher_that_somebody_ended_is_replaced(children: Children) -> None:
    shell(children, "exit 0")
    first = children._watcher
    assert first is not None
    first._process.kill()
    first._process.wait()
    first.forget(1)

    assert shell(children, "echo on").out == b"on\n"
    assert children._watcher is not first


def test_a_watcher_whose_pipe_somebody_holds_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("everycommit.watcher._PATIENCE", 0.1)
    children = Children()
    shell(children, "exit 0")
    assert children._watcher is not None
    held = os.dup(children._watcher.pipe)

    children.close()

    os.close(held)


def test_closing_leaves_no_process_and_no_descriptor() -> None:
    before = len(list(Path("/dev/fd").iterdir()))
    with Children() as children:
        shell(children, "exit 0")
        assert children._watcher is not None
        pid = children._watcher._process.pid

    assert not is_alive(pid)
    assert len(list(Path("/dev/fd").iterdir())) == before


def test_many_threads_at_once(children: Children) -> None:
    outs: list[bytes] = []
    threads = [
        threading.Thread(target=lambda n=n: outs.append(shell(children, f"echo {n}; sleep 0.05").out))
        for n in range(12)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)

    assert sorted(outs) == sorted(f"{n}\n".encode() for n in range(12))


def test_the_environment_is_an_allow_list() -> None:
    environ = {
        "PATH": "/bin",
        "HOME": "/h",
        "LC_ALL": "C",
        "PYENV_ROOT": "/p",
        "GIT_DIR": "x",
        "GIT_AUTHOR_NAME": "x",
        "OPENAI_API_KEY": "secret",
        "EVERYCOMMIT_MODEL_KEY": "secret",
        "HTTPS_PROXY": "http://user:secret@proxy",
        "SSH_AUTH_SOCK": "/run/x",
        "XDG_RUNTIME_DIR": "/run/user/1",
        "XDG_CACHE_HOME": "/c",
        "DATABASE": "test",
        "VIRTUAL_ENV": "/v",
        "PYTHONPATH": "/x",
    }

    env = child_environment(environ, ["DATABASE", "NOT_SET"], ceiling=Path("/slot"))

    assert env == {
        "PATH": "/bin",
        "HOME": "/h",
        "LC_ALL": "C",
        "PYENV_ROOT": "/p",
        "XDG_CACHE_HOME": "/c",
        "DATABASE": "test",
        "GIT_CEILING_DIRECTORIES": "/slot",
    }


@pytest.mark.parametrize("name", ["GIT_DIR", "GIT_", "EVERYCOMMIT_MODEL_KEY", "", "A=B"])
def test_some_names_are_never_handed_on(name: str) -> None:
    with pytest.raises(ToolError, match="never handed"):
        child_environment({name: "x"}, [name], ceiling=Path("/"))
