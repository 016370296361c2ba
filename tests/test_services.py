"""Servers that tests need: started once and only when needed, ended with the run, a doubt where they do not work."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from everycommit.config import parse
from everycommit.config.load import load
from everycommit.config.schema import CommandSettings, ServiceSettings, Settings
from everycommit.config.trust import service_digest
from everycommit.engine.plan import Step
from everycommit.engine.run import judged
from everycommit.errors import ToolError
from everycommit.gates.base import Job
from everycommit.gates.command import Command
from everycommit.gates.services import Services, inputs
from everycommit.gates.tests import Tests as Gate
from everycommit.ledger import Forgetful
from everycommit.proc import Children
from everycommit.record import replace
from everycommit.result import Outcome
from given import Folder, change, changed
from given import job as given_job
from judging import judging, lines
from support import Repo

ENVIRON = {"PATH": os.environ["PATH"]}
FILES = change(changed("src/a.py", 1))
SERVER = lines(
    "import http.server, os, sys",
    "open(os.path.join(sys.argv[2], 'pid'), 'w').write(str(os.getpid()))",
    "print('listening soon', flush=True)",
    "class Page(http.server.BaseHTTPRequestHandler):",
    "    def do_GET(self):",
    "        if self.path == '/end':",
    "            os._exit(3)",
    "        self.send_response(200 if self.path == '/health' else 404)",
    "        self.end_headers()",
    "        self.wfile.write(b'ANSWER')",
    "http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), Page).serve_forever()",
)


def service(folder: Path, code: str = SERVER, **more: Any) -> ServiceSettings:
    """The server, which writes its pid into *folder*."""
    env = (("APP", "http://127.0.0.1:{port}"),)
    return ServiceSettings(
        command=(sys.executable, "-c", code, "{port}", str(folder)), **{"env": env, "ready_seconds": 60.0, **more}
    )


@contextmanager
def given(folder: Path, *, accepted: bool = True, environ: dict[str, str] | None = None, **named: Any) -> Iterator[Job]:
    """Give a job whose services are *named*."""
    settings = Settings(services=named, command={"docs": CommandSettings(run=("true",))})
    with Children() as children, closing(Services(named, children=children, environ=environ or {})) as services:
        made = given_job(FILES, folder=folder, children=children, environ=ENVIRON, accepted=lambda _: accepted)
        yield replace(made, config=replace(made.config, settings=settings), services=services)


def used(job: Job, top: Path, gate: str = "tests") -> Any:
    assert job.services is not None
    lock = os.open(os.devnull, os.O_RDONLY)
    return job.services.used(job, _Snapshot(top, lock), gate)  # type: ignore[arg-type]


class _Snapshot(Folder):
    tree = FILES.target

    @property
    def caches(self) -> Path:
        return self.path.parent / f"{self.path.name}.caches"


def doubt(job: Job, top: Path) -> str:
    """Return why the services of the tests cannot be used."""
    with pytest.raises(ToolError) as told, used(job, top):
        pass
    return str(told.value)


def pid(folder: Path) -> int:
    return int((folder / "pid").read_text())


def alive(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


def ended(number: int) -> bool:
    until = time.monotonic() + 20
    while alive(number) and time.monotonic() < until:
        time.sleep(0.02)
    return not alive(number)


def get(url: str) -> bytes:
    from urllib.request import ProxyHandler, build_opener

    with build_opener(ProxyHandler({})).open(url, timeout=20) as answer:
        return bytes(answer.read())


@pytest.mark.parametrize(
    "ready",
    [
        {},
        {"ready": "{port}"},
        {"ready": "http://localhost:{port}/health"},
        {"ready": "line: listening"},
        {
            "ready_command": (
                sys.executable,
                "-c",
                "import socket, sys; socket.create_connection(('127.0.0.1', {port}))",
            )
        },
    ],
    ids=["port-by-itself", "port", "page", "line", "command"],
)
def test_it_is_ready_when_it_says_so_and_ends_with_the_run(tmp_path: Path, ready: dict[str, Any]) -> None:
    with given(tmp_path, db=service(tmp_path, **ready)) as job:
        with used(job, tmp_path) as variables:
            until = time.monotonic() + 20
            while ready == {"ready": "line: listening"} and time.monotonic() < until:
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", int(variables["APP"].rpartition(":")[2]))) == 0:
                        break
            assert get(f"{variables['APP']}/health") == b"ANSWER"
        first = pid(tmp_path)
        # Once a run: who needs it next finds it there.
        with used(job, tmp_path) as again:
            assert again == variables
            assert pid(tmp_path) == first

    assert ended(first)
    # Its folder goes with it.
    assert not list(tmp_path.with_name(f"{tmp_path.name}.caches").iterdir())


def test_who_needs_none_starts_none(tmp_path: Path) -> None:
    with given(tmp_path, db=service(tmp_path)) as job, used(job, tmp_path, "docs") as variables:
        assert variables == {}
    assert not (tmp_path / "pid").exists()


def test_what_nobody_accepted_does_not_start(tmp_path: Path) -> None:
    settings = service(tmp_path)

    with given(tmp_path, accepted=False, db=settings) as job:
        told = doubt(job, tmp_path)

    assert f"the service 'db' was not accepted on this machine ({service_digest('db', settings)[:12]})" in told
    assert told.endswith("everycommit trust")
    assert not (tmp_path / "pid").exists()


def test_one_that_never_gets_ready_is_ended_and_said_with_its_last_words(tmp_path: Path) -> None:
    code = "import os, sys, time; open(sys.argv[2] + '/pid', 'w').write(str(os.getpid())); print('hm', flush=True)"
    settings = service(tmp_path, f"{code}; time.sleep(600)", ready_seconds=1.5)

    with given(tmp_path, db=settings) as job:
        told = doubt(job, tmp_path)

    assert "the service 'db' was not ready after 1.5s (nothing listens at port " in told
    assert "see services.db.ready and ready_seconds" in told
    assert not (tmp_path / "pid").exists() or ended(pid(tmp_path))


@pytest.mark.parametrize(
    ("ready", "words"),
    [
        ({"ready": "line: done"}, "no line with 'done'"),
        ({"ready": "http://127.0.0.1:{port}/missing"}, "/missing"),
        ({"ready_command": ("false",)}, "false did not exit 0"),
    ],
)
def test_what_was_waited_for_is_named(tmp_path: Path, ready: dict[str, Any], words: str) -> None:
    with given(tmp_path, db=service(tmp_path, **{**ready, "ready_seconds": 0.5})) as job:
        assert words in doubt(job, tmp_path)


def test_one_that_ends_before_it_is_ready_is_said(tmp_path: Path) -> None:
    settings = service(tmp_path, "print('no such database'); raise SystemExit(4)")

    with given(tmp_path, db=settings) as job:
        told = doubt(job, tmp_path)

    assert told == "the service 'db' ended with 4 before it was ready; its last words:\nno such database"


def test_a_program_that_is_not_there_is_said(tmp_path: Path) -> None:
    with given(tmp_path, db=replace(service(tmp_path), command=("no-such-server", "{port}"))) as job:
        told = doubt(job, tmp_path)

    assert told.startswith("the service 'db': cannot start 'no-such-server': ")
    assert told.endswith("(services.db.command)")


def test_one_that_dies_while_it_is_used_leaves_a_doubt_and_is_started_again(tmp_path: Path) -> None:
    def let_it_die(job: Job) -> None:
        with used(job, tmp_path) as variables:
            with suppress(OSError):
                get(f"{variables['APP']}/end")
            assert ended(pid(tmp_path))

    with given(tmp_path, db=service(tmp_path)) as job:
        with pytest.raises(ToolError, match="'db' ended with 3 while tests ran"):
            let_it_die(job)
        with used(job, tmp_path) as variables:
            assert get(f"{variables['APP']}/health") == b"ANSWER"


def test_a_port_that_is_in_use_is_not_taken_for_the_service(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        with given(tmp_path, db=service(tmp_path, ready=str(port))) as job:
            told = doubt(job, tmp_path)

    assert f"port {port} is in use by another program; end that one, or write {{port}}" in told
    assert not (tmp_path / "pid").exists()


def test_a_free_port_that_somebody_takes_in_the_meantime_is_tried_once_more(tmp_path: Path) -> None:
    code = lines(
        "import os, sys",
        "if not os.path.exists(sys.argv[2] + '/once'):",
        "    open(sys.argv[2] + '/once', 'w').close()",
        "    sys.exit('Address already in use')",
        SERVER,
    )

    with given(tmp_path, db=service(tmp_path, code)) as job, used(job, tmp_path) as variables:
        assert get(f"{variables['APP']}/health") == b"ANSWER"


def test_for_another_tree_it_is_started_there_alone(tmp_path: Path) -> None:
    """A server of the change's code must not answer the tests of the tree before it."""
    here, before = tmp_path / "here", tmp_path / "before"
    here.mkdir()
    before.mkdir()
    code = SERVER.replace("b'ANSWER'", "os.getcwd().encode()")

    with given(here, web=service(tmp_path, code)) as job:
        with used(job, here) as variables:
            assert get(f"{variables['APP']}/health") == os.fsencode(here.resolve())
        first = pid(tmp_path)
        with used(job, before) as variables:
            assert get(f"{variables['APP']}/health") == os.fsencode(before.resolve())
            assert ended(first)
            # Nobody takes it away meanwhile.
            assert "time ran out" in doubt(replace(job, deadline=job.deadline.within(0.2)), here)


def test_it_sees_what_is_allowed_and_the_variables_of_those_before_it(tmp_path: Path) -> None:
    code = "import os, sys; print(sorted(os.environ.items()), flush=True); sys.exit(os.path.isdir(os.environ['OWN']))"
    first = service(tmp_path)
    second = ServiceSettings(
        command=(sys.executable, "-c", code, "{port}"), sees=("TOKEN",), env=(("OWN", "{folder}"), ("PYTHONPATH", "/a"))
    )
    environ = {"TOKEN": "seen", "SECRET": "hidden"}

    with given(tmp_path, environ=environ, db=first, web=second) as job:
        told = doubt(job, tmp_path)

    assert "'web' ended with 1" in told
    assert "('APP', 'http://127.0.0.1:" in told
    assert "('TOKEN', 'seen')" in told
    assert "hidden" not in told


def test_one_that_needs_another_follows_it_to_its_new_place(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    web = replace(service(second, SERVER.replace("b'ANSWER'", "os.environ['APP'].encode()")), env=(("WEB", "{port}"),))

    def answer(variables: Any) -> bytes:
        return get(f"http://127.0.0.1:{variables['WEB']}/health")

    with given(tmp_path, db=service(first), web=web) as job:
        with used(job, tmp_path) as variables:
            assert answer(variables) == variables["APP"].encode()
        os.kill(pid(first), signal.SIGKILL)
        assert ended(pid(first))
        with used(job, tmp_path) as again:
            assert again["APP"] != variables["APP"]
            assert answer(again) == again["APP"].encode()


OUTER = """
import os, sys, time
sys.path[:0] = {path!r}
from pathlib import Path
from test_services import given, service, used
folder = Path(sys.argv[1])
with given(folder, db=service(folder)) as job, used(job, folder):
    print("ready", flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_it_ends_when_we_are_killed(tmp_path: Path, number: signal.Signals) -> None:
    outer = subprocess.Popen(
        [sys.executable, "-c", OUTER.format(path=sys.path), str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert outer.stdout is not None
    assert outer.stdout.readline() == "ready\n"
    assert alive(pid(tmp_path))

    outer.send_signal(number)
    outer.communicate(timeout=60)

    assert ended(pid(tmp_path))


def test_one_that_does_not_want_to_end_is_ended(tmp_path: Path) -> None:
    code = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n{SERVER}"
    with Children() as children:
        running = children.start(
            [sys.executable, "-c", code, "0", str(tmp_path)],
            cwd=tmp_path,
            env=ENVIRON,
            on_line=lambda _: None,
            patience=0.3,
        )
        until = time.monotonic() + 20
        while b"soon" not in running.said and time.monotonic() < until:
            time.sleep(0.02)
        assert running.code is None

        running.end()

    assert running.code == -signal.SIGKILL


USES = lines(
    "import os",
    "from urllib.request import ProxyHandler, build_opener",
    "",
    "",
    "def test_it():",
    "    page = build_opener(ProxyHandler({})).open(os.environ['APP'] + '/health', timeout=20)",
    "    assert page.read() == b'ANSWER'",
)


def test_tests_use_it_and_its_code_is_that_of_the_tree(repo: Repo, tmp_path: Path) -> None:
    """The change breaks the server, not the test: new, although the server of the change fails the old tree's too."""
    command = (sys.executable, "server.py", "{port}", str(tmp_path))
    settings = Settings(services={"web": replace(service(tmp_path), command=command)})
    repo.stage("server.py", SERVER).stage("test_it.py", USES).commit()
    repo.stage("server.py", SERVER.replace("ANSWER", "WRONG"))

    with judging(repo, settings=settings, accepted=lambda _: True) as given:
        [finding] = given.findings(Gate())
        plan = Gate().plan(replace(given.job, maps=object()))  # type: ignore[arg-type]
        assert given.job.services is not None
        told = [re.sub(r"[\d.]+s", "1s", line) for line in given.job.services.told("tests")]

    # Once for the change, in the tree before for its failure, and here again for the test alone.
    assert told[:2] == ["the service web was ready after 1s", "the service web was ready after 1s in the tree before"]
    assert (finding.path, finding.rule, finding.new) == ("test_it.py", "tests/failed", True)
    assert plan.all is not None
    assert ended(pid(tmp_path))


def test_a_service_that_does_not_work_is_no_failure_and_no_pass(repo: Repo, tmp_path: Path) -> None:
    settings = Settings(services={"web": service(tmp_path, "raise SystemExit('broken')")})
    repo.stage("test_it.py", "def test_it():\n    assert False\n")

    with judging(repo, settings=settings, accepted=lambda _: True) as given:
        import threading

        result = judged(Step(Gate(), given.job), Forgetful(), threading.Lock())

    assert result.outcome is Outcome.INCONCLUSIVE
    assert result.blocks
    assert "'web' ended with 1 before it was ready; its last words:\nbroken" in (result.reason or "")


def test_a_command_can_need_one(tmp_path: Path) -> None:
    run = (sys.executable, "-c", "import os; assert os.environ['APP']")
    command = CommandSettings(run=run)

    with given(tmp_path, db=service(tmp_path, gates=("e2e",))) as job:
        trees = _Snapshot(tmp_path, os.open(os.devnull, os.O_RDONLY))
        trees.target = lambda: trees  # type: ignore[method-assign]
        result = Command("e2e", command).check(replace(job, trees=trees))  # type: ignore[arg-type]

    assert result.outcome is Outcome.PASSED
    assert (tmp_path / "pid").exists()


def test_what_it_is_made_of_counts_for_the_ledger(tmp_path: Path) -> None:
    with given(tmp_path, db=service(tmp_path, sees=("TOKEN",))) as job:
        first = inputs(job, "tests", {"TOKEN": "a"})
        assert inputs(job, "lint", {}) == {}
        assert inputs(job, "tests", {"TOKEN": "a"}) == first
        assert inputs(job, "tests", {"TOKEN": "b"}) != first
    with given(tmp_path, db=service(tmp_path, sees=("TOKEN",), ready="{port}")) as job:
        assert inputs(job, "tests", {"TOKEN": "a"}) != first


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ('ready = "{port}"', ".command: missing"),
        ('command = ["a"]', ".ready: missing, as is {port} in its command"),
        ('command = ["a"]\nready = "soon"', """.ready: "soon" is none of '{port}'"""),
        ('command = ["a"]\nready = "http://example.com:80/"', ".ready: "),
        ('command = ["a"]\nready = "70000"', ".ready: "),
        ('command = ["a"]\nready = "line: "', ".ready: "),
        ('command = ["a"]\nready = "80"\nready_command = ["b"]', ".ready_command: there is 'ready' as well"),
        ('command = ["a", "{port}"]\ngates = ["lint"]', ".gates: 'lint' starts no code"),
        ('command = ["a", "{port}"]\nenv = ["A"]', ".env: "),
        ('command = ["a", "{port}"]\nenv = {GIT_DIR = "x"}', '.env: "GIT_DIR" is git'),
        ('command = ["a", "{port}"]\nenv = {A = 1}', ".env: 1 of A is not a text"),
        ('command = ["a", "{port}"]\nsees = ["EVERYCOMMIT_MODEL_KEY"]', ".sees: "),
        ("command = 3", ".command: 3 is not a list"),
    ],
)
def test_mistakes_are_said_and_leave_no_half_a_service(text: str, mistake: str) -> None:
    found = parse.repository(f"[tool.everycommit.services.db]\n{text}\n".encode())

    assert len(found.mistakes) == 1
    assert f"[tool.everycommit.services.db]{mistake}" in found.mistakes[0]
    assert found.values == {}


def test_a_name_that_is_none_is_said() -> None:
    found = parse.repository(b"[tool.everycommit.services.DB]\ncommand = ['a', '{port}']\n")

    assert "a service's name is made of a-z, 0-9 and -" in found.mistakes[0]


BASE = b"""[tool.everycommit.services.web]
command = ["serve", "{port}"]
gates = ["tests", "e2e"]
[tool.everycommit.services.db]
command = ["db", "{port}"]
runs_code = false
"""


def loaded(base: bytes | None, target: bytes, **more: Any) -> Settings:
    return load(base=base, target=target, user=None, environ={}, flags={}, **more).settings


def test_the_order_of_the_file_is_the_order_in_which_they_start() -> None:
    assert list(loaded(BASE, BASE).services) == ["web", "db"]
    assert list(loaded(BASE, BASE).services_of("e2e")) == ["web"]


def test_the_change_says_what_its_tests_need_and_that_is_told() -> None:
    target = BASE.replace(b'"serve"', b'"serve2"').replace(b".db]", b".cache]")

    config = load(base=BASE, target=target, user=None, environ={}, flags={})

    assert config.settings.services["web"].command == ("serve2", "{port}")
    assert list(config.settings.services) == ["web", "cache"]
    assert "this change adds the service 'cache'" in config.notes
    assert "this change takes away the service 'db'" in config.notes


def test_a_change_cannot_say_that_a_service_runs_no_code() -> None:
    looser = BASE.replace(b'gates = ["tests", "e2e"]', b"runs_code = false")

    config = load(base=BASE, target=looser, user=None, environ={}, flags={})

    assert config.settings.services["web"].runs_code
    assert [one.key for one in config.loosened] == ["services.web.runs_code"]


def test_in_ci_a_service_of_the_change_is_for_tests_alone() -> None:
    target = BASE.replace(b'"serve"', b'"evil"')

    settings = loaded(BASE, target, commands_from_base=True)

    assert settings.services["web"].gates == ("tests",)
    assert loaded(BASE, BASE, commands_from_base=True).services["web"].gates == ("tests", "e2e")


def test_the_repository_s_service_is_whole() -> None:
    own = b"[services.web]\ncommand = ['mine', '{port}']\nsees = ['TOKEN']\n[services.own]\ncommand = ['b', '{port}']\n"

    services = load(base=BASE, target=BASE, user=("own", own), environ={}, flags={}).settings.services

    assert services["web"].sees == ()
    assert services["own"].command == ("b", "{port}")
