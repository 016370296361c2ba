"""The worker: one process that holds the keys, asks, has no child, cannot be read, and ends when it has to."""

import json
import os
import shlex
import signal
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

import everycommit
from endpoint import Endpoint, simulated
from everycommit.deadline import Deadline
from everycommit.errors import AnswerError, EndpointError, TimeRanOut, WithheldError
from everycommit.model.client import Reply
from everycommit.model.profile import Key, Profile, Speed
from everycommit.model.worker import PROGRAM, Worker
from everycommit.proc import Children
from wire import ANSWER, SHAPE, InThisProcess, profile, question, soon

SECRET = "a-key-that-nobody-sees-7"
linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    with simulated(tmp_path_factory.mktemp("endpoint"), script=[ANSWER], slots=64) as started:
        yield started


@pytest.fixture
def endpoint(shared: Endpoint) -> Endpoint:
    return shared.fresh()


@pytest.fixture(autouse=True)
def _no_warming_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that is being made when all is closed would be left open; a process of its own takes it along."""
    monkeypatch.setattr("everycommit.model.process._WARM", 0)


@contextmanager
def working(
    environ: dict[str, str] | None = None,
    *,
    inside: bool = False,
    seconds: float = 60,
    program: tuple[str, ...] = PROGRAM,
) -> Iterator[Worker]:
    """Yield a worker; with *inside* it is a thread of this process."""
    told = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"]} | (environ or {})
    with Children() as children:
        starter: Any = InThisProcess(children, {"HOME": told["HOME"]}) if inside else children
        worker = Worker(starter, environ=told, deadline=Deadline.after(seconds), program=program)
        try:
            yield worker
        finally:
            worker.close()


def started(worker: Worker, who: Profile) -> int:
    """Start *worker*, wait until it is ready, return its process."""
    worker.start([who])
    until = time.monotonic() + 20
    while worker.pid is None and time.monotonic() < until:
        time.sleep(0.01)
    assert worker.pid is not None
    return worker.pid


def gone(pid: int, seconds: float = 5.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


def key_command(*argv: str) -> Key:
    return Key(kind="command", name=shlex.join(argv))


@pytest.mark.parametrize("transport", ["chat", "sdk"])
def test_a_question_goes_through_another_process_and_comes_back_whole(endpoint: Endpoint, transport: str) -> None:
    speed = Speed(first_seconds=0.1, tokens_in=1000, tokens_out=100)
    pieces: list[str] = []

    with working() as worker:
        reply = worker.ask(
            profile(endpoint.url, transport, speed=speed),
            question(shape=SHAPE, files=("a.py",)),
            deadline=soon(30),
            on_text=pieces.append,
        )

    assert isinstance(reply, Reply)
    assert (reply.text, reply.finish, reply.rung) == (ANSWER, "stop", "json_schema strict")
    assert "".join(pieces) == ANSWER
    assert endpoint.asked()[0].json["response_format"]["json_schema"]["schema"] == SHAPE


def test_starting_returns_at_once_and_warms_the_connection(endpoint: Endpoint) -> None:
    with working() as worker:
        started(worker, profile(endpoint.url, slots=2))
        until = time.monotonic() + 10
        while len(endpoint.requests()) < 2 and time.monotonic() < until:
            time.sleep(0.02)

        assert [(request.method, request.path) for request in endpoint.requests()] == [("HEAD", "/v1/models")] * 2


def test_pages_of_an_endpoint_can_be_read(endpoint: Endpoint) -> None:
    with working(inside=True) as worker:
        status, text = worker.get(profile(endpoint.url), "/models", deadline=soon(20))
        _, props = worker.get(profile(endpoint.url), "//props", deadline=soon(20))

    assert status == 200
    assert json.loads(text)["data"][0]["id"] == "simulated"
    assert json.loads(props)["total_slots"] == 64


@pytest.mark.parametrize(
    ("fault", "kind"),
    [("401", EndpointError), ("html", AnswerError), ("silent", TimeRanOut), ("not_json", AnswerError)],
)
def test_errors_come_through_as_what_they_are(endpoint: Endpoint, fault: str, kind: type[Exception]) -> None:
    with working(inside=True) as worker, pytest.raises(kind, match=r"127\.0\.0\.1"):
        worker.ask(profile(endpoint.url, model=f"fault:{fault}"), question(), deadline=soon(1))


def test_a_secret_in_a_question_comes_through_as_withheld(endpoint: Endpoint) -> None:
    token = "glpat" + "-" + "x7Kq9Zt2Lm4Vb8Rw1Yc5"

    with working(inside=True) as worker, pytest.raises(WithheldError):
        worker.ask(profile(endpoint.url), question(token), deadline=soon())


def test_what_left_is_logged_in_the_users_state_folder(endpoint: Endpoint, tmp_path: Path) -> None:
    with working({"XDG_STATE_HOME": str(tmp_path)}) as worker:
        worker.ask(profile(endpoint.url), question(files=("a.py",)), deadline=soon(20))

    (line,) = (tmp_path / "everycommit/sent.jsonl").read_text().splitlines()
    assert json.loads(line)["files"] == ["a.py"]


def test_many_questions_of_several_profiles_at_once(endpoint: Endpoint) -> None:
    with working() as worker, ThreadPoolExecutor(16) as threads:
        asked = [profile(endpoint.url, model=f"m{number % 4}") for number in range(48)]
        replies = list(threads.map(lambda who: worker.ask(who, question(), deadline=soon(30)), asked))

    assert [reply.model for reply in replies] == [who.model for who in asked]
    assert all(reply.text == ANSWER for reply in replies)


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize(
    "key",
    [Key(kind="environment", name="MODEL_KEY"), key_command("printf", "  %s\\n", SECRET)],
    ids=lambda key: key.kind,
)
def test_a_key_gets_to_the_endpoint_and_nowhere_else(
    endpoint: Endpoint, tmp_path: Path, key: Key, *, inside: bool
) -> None:
    environ = {"MODEL_KEY": f" {SECRET}\n"} if key.kind == "environment" else {}
    with working({"XDG_STATE_HOME": str(tmp_path), **environ}, inside=inside) as worker:
        worker.ask(profile(endpoint.url, key=key), question(), deadline=soon(20))

        assert endpoint.asked()[0].headers["authorization"] == f"Bearer {SECRET}"
        if not inside and sys.platform == "linux":
            for name in ("cmdline", "environ"):
                assert SECRET.encode() not in Path(f"/proc/{worker.pid}/{name}").read_bytes()
    assert SECRET not in (tmp_path / "everycommit/sent.jsonl").read_text()


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (Key(kind="environment", name="NOT_THERE"), "the environment variable 'NOT_THERE', .* is not set"),
        (
            key_command("sh", "-c", "echo half-a-key; exit 3"),
            "command that prints the key .* exited 3; run it",
        ),
        (key_command("true"), "printed nothing"),
        (key_command("no-such-program-anywhere"), "exited 127"),
        (Key(kind="command", name="unbalanced 'quote"), "exited 127"),
        (key_command("printf", "two\\nlines"), "holds characters that no key has"),
    ],
)
def test_a_key_that_cannot_be_had_is_said(endpoint: Endpoint, key: Key, words: str) -> None:
    with working(inside=True) as worker, pytest.raises(EndpointError, match=words) as caught:
        worker.ask(profile(endpoint.url, key=key), question(), deadline=soon(20))

    assert "half-a-key" not in str(caught.value)
    assert endpoint.asked() == []


def test_a_key_command_that_hangs_ends_at_the_deadline(endpoint: Endpoint) -> None:
    with working(inside=True, seconds=5) as worker, pytest.raises(TimeRanOut, match="key of profile 'tested'"):
        worker.ask(profile(endpoint.url, key=key_command("sleep", "60")), question(), deadline=soon(0.5))


def test_a_key_from_the_keyring(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    import keyring
    from keyring.backend import KeyringBackend

    class Held(KeyringBackend):
        priority = 1.0

        def get_password(self, service: str, username: str) -> str | None:
            return SECRET if (service, username) == ("models.example", "everycommit") else None

        def set_password(self, service: str, username: str, password: str) -> None: ...

        def delete_password(self, service: str, username: str) -> None: ...

    monkeypatch.setattr("keyring.core._keyring_backend", Held())  # type: ignore[no-untyped-call]
    assert isinstance(keyring.get_keyring(), Held)
    there, absent = (Key(kind="keyring", name=name) for name in ("models.example", "other.example"))

    with working(inside=True) as worker:
        worker.ask(profile(endpoint.url, key=there), question(), deadline=soon(20))
        with pytest.raises(EndpointError, match=r"`keyring set other\.example everycommit` puts it there"):
            worker.ask(profile(endpoint.url, key=absent), question(), deadline=soon(20))

    assert endpoint.asked()[0].headers["authorization"] == f"Bearer {SECRET}"


def children(pid: int | None) -> str:
    """Return the numbers of the processes that the threads of *pid* started; threads end while we look."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):
            found.append((task / "children").read_text())
    assert found
    return "".join(found)


@linux
def test_the_worker_has_no_child_and_sees_little_of_the_environment(endpoint: Endpoint) -> None:
    key = key_command("printf", SECRET)
    told = {"AWS_SECRET_ACCESS_KEY": "of-the-user", "HTTPS_PROXY": "http://proxy.example:8080"}
    with working(told) as worker:
        worker.ask(profile(endpoint.url, key=key), question(), deadline=soon(20))

        assert children(worker.pid) == ""
        seen = Path(f"/proc/{worker.pid}/environ").read_bytes()
        assert b"of-the-user" not in seen
        assert b"proxy.example" in seen


READER = r"""
import os, sys
sys.path[:0] = sys.argv[4:]
from everycommit.deadline import Deadline
from everycommit.model.profile import Key, Profile
from everycommit.model.worker import Worker
from everycommit.model.client import Ask, Message
from everycommit.proc import Children
from pathlib import Path

url, command, home, *paths = sys.argv[1:]
begin = f"import sys; sys.path[:0] = {paths!r}; from everycommit.model.process import main; main()"
with Children() as children:
    worker = Worker(
        children,
        environ={"PATH": os.environ["PATH"], "HOME": home},
        deadline=Deadline.after(30),
        program=(sys.executable, "-I", "-c", begin),
    )
    who = Profile(name="p", url=url, model="m", key=Key(kind="command", name=command))
    reply = worker.ask(who, Ask(messages=(Message("user", "hello"),), max_tokens=99), deadline=Deadline.after(30))
    print("answered" if reply.text else "not answered")
    script = '''
import os, sys
for name in ("environ", "mem", "maps", "fd"):
    try:
        path = f"/proc/{sys.argv[1]}/{name}"
        os.listdir(path) if name == "fd" else os.close(os.open(path, os.O_RDONLY))
        print(name, "open")
    except OSError as error:
        print(name, "denied")
'''
    for pid in (worker.pid, os.getpid()):
        done = children.run([sys.executable, "-c", script, str(pid)], cwd=Path("/"), env={"PATH": os.environ["PATH"]},
            deadline=Deadline.after(20))
        print(done.out.decode().split())
    worker.close()
"""


@linux
def test_a_test_of_the_same_user_cannot_read_the_worker(endpoint: Endpoint, tmp_path: Path) -> None:
    """As root everything can be read, so it runs as nobody; what it can read of us shows that the test can fail."""
    as_user: dict[str, Any] = {"user": 65534, "group": 65534, "extra_groups": []} if os.getuid() == 0 else {}
    paths = [str(Path(everycommit.__file__).parent.parent), sysconfig.get_path("purelib")]
    look = "import sys; sys.path[:0] = sys.argv[1:]; import everycommit.model.worker, httpcore"
    for python in (sys.executable, "/usr/bin/python3"):
        with suppress(OSError, subprocess.CalledProcessError):
            subprocess.run([python, "-c", look, *paths], check=True, capture_output=True, cwd="/", **as_user)
            break
    else:
        pytest.skip("another user can start no Python here")

    done = subprocess.run(
        [python, "-c", READER, endpoint.url, f"printf {SECRET}", "/nonexistent", *paths],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd="/",
        **as_user,
    )

    assert done.returncode == 0, done.stderr
    answered, worker, ourselves = done.stdout.splitlines()
    assert answered == "answered"
    assert worker == str(["environ", "denied", "mem", "denied", "maps", "denied", "fd", "denied"])
    assert ourselves.count("open") >= 2


def test_it_ends_with_the_run(endpoint: Endpoint) -> None:
    with working(seconds=1.5) as worker:
        pid = started(worker, profile(endpoint.url))

        assert gone(pid)
        with pytest.raises(TimeRanOut):
            worker.ask(profile(endpoint.url), question(), deadline=soon())


def test_it_ends_when_it_is_closed_and_says_so(endpoint: Endpoint) -> None:
    with working() as worker:
        pid = started(worker, profile(endpoint.url))

        worker.close()

        assert gone(pid)
        with pytest.raises(EndpointError, match="was closed"):
            worker.ask(profile(endpoint.url), question(), deadline=soon())


def test_whoever_waits_is_told_that_it_was_killed(endpoint: Endpoint) -> None:
    silent = profile(endpoint.url, model="fault:silent")
    with working() as worker:
        pid = started(worker, silent)
        threading.Timer(0.3, os.kill, (pid, signal.SIGKILL)).start()
        began = time.monotonic()

        with pytest.raises(EndpointError, match="the process that asks models ended"):
            worker.ask(silent, question(), deadline=soon(20))

        assert time.monotonic() - began < 10


def test_a_worker_that_cannot_start_is_said(endpoint: Endpoint) -> None:
    with (
        working(program=("/no/such/python",)) as worker,
        pytest.raises(EndpointError, match=r"the process that asks models did not start: .*'/no/such/python'"),
    ):
        worker.ask(profile(endpoint.url), question(), deadline=soon())


def test_a_worker_that_never_gets_ready_is_waited_for_until_the_deadline(endpoint: Endpoint) -> None:
    with (
        working(program=("sh", "-c", "sleep 60")) as worker,
        pytest.raises(TimeRanOut, match="did not start in time"),
    ):
        worker.ask(profile(endpoint.url), question(), deadline=soon(0.3))


def test_a_name_that_is_looked_up_for_ever_ends_at_the_deadline(endpoint: Endpoint) -> None:
    """A stand-in for a resolver that does not answer: the look-up blocks, and no time limit of a socket reaches it."""
    slow = (
        "import socket, sys, time\n"
        "socket.getaddrinfo = lambda *_, **__: time.sleep(60)\n"
        "from everycommit.model.process import main\n"
        "main()\n"
    )
    with working(program=(sys.executable, "-I", "-c", slow)) as worker:
        pid = started(worker, profile("https://models.example/v1"))
        began = time.monotonic()

        with pytest.raises(TimeRanOut, match="looking up the name took too long"):
            worker.ask(profile("https://models.example/v1"), question(), deadline=soon(4))

        assert time.monotonic() - began <= 4.5
        worker.close()
        assert gone(pid)


def test_a_mistake_of_ours_is_told_and_not_shown(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    from everycommit.errors import ModelError

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("with the question in it")

    monkeypatch.setattr("everycommit.model.chat.Chat.ask", broken)

    with working(inside=True) as worker, pytest.raises(ModelError, match="ZeroDivisionError, a mistake") as caught:
        worker.ask(profile(endpoint.url), question(), deadline=soon())

    assert "question in it" not in str(caught.value)


def test_a_question_that_is_too_long_for_the_pipe_is_said(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("everycommit.model.pipe.LONGEST", 5000)

    with working(inside=True) as worker, pytest.raises(EndpointError, match=r"a question of \d+ bytes is too long"):
        worker.ask(profile(endpoint.url), question("x" * 6000), deadline=soon())


def test_a_worker_that_does_not_read_is_not_waited_for(endpoint: Endpoint) -> None:
    """A stopped process takes what fits into the socket, and no more."""
    with working() as worker:
        pid = started(worker, profile(endpoint.url, slots=0))
        os.kill(pid, signal.SIGSTOP)
        began = time.monotonic()

        with pytest.raises(TimeRanOut, match="does not take the question"):
            worker.ask(profile(endpoint.url, slots=0), question("x" * 5_000_000), deadline=soon(1))

        assert time.monotonic() - began <= 1.5
        os.kill(pid, signal.SIGCONT)
        assert gone(pid)


def test_a_start_of_what_has_ended_raises_nothing(endpoint: Endpoint) -> None:
    with working() as worker:
        worker.start([profile(endpoint.url)])
        worker.close()

        worker.start([profile(endpoint.url, model="another")])

        with pytest.raises(EndpointError, match="was closed"):
            worker.ask(profile(endpoint.url), question(), deadline=soon())


def test_asking_through_the_worker_loads_nothing_heavy_here() -> None:
    script = "import sys, everycommit.model.worker; print(*sys.modules)"

    done = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=True)

    heavy = {"httpcore", "ssl", "openai", "ctypes", "subprocess", "everycommit.rules.secret_scan"}
    assert not heavy & set(done.stdout.split())


def test_an_unknown_package_is_named(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "everycommit.model.sdk", None)

    with working(inside=True) as worker, pytest.raises(EndpointError, match=r"pip install .*everycommit\[openai\]"):
        worker.ask(profile(endpoint.url, "sdk"), question(), deadline=soon())


def test_an_api_that_the_transport_does_not_know_is_said(endpoint: Endpoint) -> None:
    for transport, api, words in (("chat", "responses", "needs transport 'sdk'"), ("sdk", "soap", "neither")):
        with working(inside=True) as worker, pytest.raises(EndpointError, match=words):
            worker.ask(profile(endpoint.url, transport, api=api), question(), deadline=soon())
