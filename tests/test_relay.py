"""Two processes for one run: the code arrives whoever ends first, and each notices the other's end."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from support import clean_environment

BEGIN = """\
import os, signal, sys, threading, time
from everycommit import relay
from everycommit.cli.ending import parent_gone, signals
from everycommit.errors import Interrupted

def at_work(gone=parent_gone(None)):
    return relay.forked(gone)

def until_gone(worker):
    while not worker.gone():
        time.sleep(0.01)

"""


def started(script: str, tmp_path: Path, *, pass_fds: tuple[int, ...] = ()) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", BEGIN + script],
        cwd=tmp_path,
        env=clean_environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        pass_fds=pass_fds,
    )


def ended(script: str, tmp_path: Path) -> tuple[int, str, str]:
    process = started(script, tmp_path)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def test_a_worker_that_ends_gives_its_own_code(tmp_path: Path) -> None:
    assert ended("at_work(); print('done'); sys.exit(7)", tmp_path) == (7, "done\n", "")


def test_a_worker_that_is_killed_is_no_pass(tmp_path: Path) -> None:
    code, _, err = ended("at_work(); os.kill(os.getpid(), signal.SIGKILL)", tmp_path)

    assert code == 128 + 9
    assert err == "everycommit: NOT VERIFIED: the process that judged was ended by signal 9\n"


def test_a_code_that_is_handed_over_ends_the_waiting_and_frees_the_output(tmp_path: Path) -> None:
    """The worker goes on until a file says so: the output would not come to its end before."""
    script = """\
worker = at_work()
print("verdict", flush=True)
worker.let_go(1)
print("nobody reads this", flush=True)
while not os.path.exists("go"):
    assert not worker.gone()
    time.sleep(0.01)
open("end", "w").write(f"{os.getsid(0) == os.getpid()} {os.isatty(0)}")
"""

    assert ended(script, tmp_path) == (1, "verdict\n", "")

    (tmp_path / "go").touch()
    while not (tmp_path / "end").exists() or not (tmp_path / "end").read_text():
        pass
    assert (tmp_path / "end").read_text() == "True False"


def test_many_threads_may_ask_at_once_and_none_is_told_wrongly(tmp_path: Path) -> None:
    script = """\
worker = at_work()
told = []
def ask():
    try:
        for _ in range(20000):
            if worker.gone():
                told.append("gone")
                return
    except BaseException as error:
        told.append(repr(error))
threads = [threading.Thread(target=ask) for _ in range(4)]
sys.setswitchinterval(1e-5)
for one in threads: one.start()
worker.let_go(0)
for one in threads: one.join()
open("end.new", "w").write(repr(told))
os.rename("end.new", "end")
"""

    assert ended(script, tmp_path) == (0, "", "")

    while not (tmp_path / "end").exists():
        pass
    assert (tmp_path / "end").read_text() == "[]"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_the_waiting_one_ends_the_worker_first(tmp_path: Path, number: signal.Signals) -> None:
    script = """\
with signals():
    worker = at_work()
    print("works", flush=True)
    until_gone(worker)
    time.sleep(0.2)
    open("end", "w").close()
"""
    process = started(script, tmp_path)
    assert process.stdout is not None
    process.stdout.readline()

    process.send_signal(number)

    assert process.wait(60) == 128 + number
    assert (tmp_path / "end").exists(), "git goes on only when all is given back"
    process.communicate()


def test_a_worker_notices_that_the_waiting_one_was_killed(tmp_path: Path) -> None:
    process = started("worker = at_work(); print(os.getpid(), flush=True); until_gone(worker)", tmp_path)
    assert process.stdout is not None
    worker = int(process.stdout.readline())
    assert worker != process.pid

    process.kill()

    assert process.communicate(timeout=60)[0] == "", "the output ends with the worker"
    assert process.returncode == -9


def test_nobody_to_hand_over_to_is_an_interruption(tmp_path: Path) -> None:
    script = """\
worker = at_work()
print("works", flush=True)
until_gone(worker)
try:
    worker.let_go(0)
except Interrupted:
    open("end", "w").close()
"""
    process = started(script, tmp_path)
    assert process.stdout is not None
    process.stdout.readline()
    process.kill()
    process.communicate(timeout=60)

    assert (tmp_path / "end").exists()


def test_the_end_of_who_called_ends_both(tmp_path: Path) -> None:
    """``git`` is the shell here: it is killed alone."""
    (tmp_path / "script.py").write_text(BEGIN + "worker = at_work(); print('works', flush=True); until_gone(worker)")
    shell = subprocess.Popen(
        ["sh", "-c", f"'{sys.executable}' script.py; true"],
        cwd=tmp_path,
        env=clean_environment(tmp_path),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert shell.stdout is not None
    shell.stdout.readline()

    os.kill(shell.pid, signal.SIGKILL)

    assert shell.communicate(timeout=60)[0] == ""


def test_what_the_shell_had_opened_is_closed_in_the_worker(tmp_path: Path) -> None:
    ours, theirs = os.pipe()
    script = f"""\
worker = at_work()
try:
    os.fstat({theirs})
except OSError:
    print("closed")
"""
    process = started(script, tmp_path, pass_fds=(theirs,))
    os.close(theirs)

    assert process.communicate(timeout=60)[0] == "closed\n"
    os.close(ours)
