"""The pytest server: the same verdict as a fresh run, whatever tests do, and none where anything has changed."""

import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from everycommit import record
from everycommit.config.schema import Settings
from everycommit.environment import Interpreter, find
from everycommit.gates import pytest as runs
from everycommit.gates import served
from everycommit.gates.inside import inside, scratch
from everycommit.gates.tests import Tests as Gate
from everycommit.result import GateResult, Outcome
from judging import Judging, judging, lines, replaced
from support import Repo, give_python

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="there is a server on Linux alone")
FRESH = Settings()
SERVED = replaced(FRESH, "tests", server=True)
PASSES = lines("import plain", "import shop", "", "", "def test_it():", "    assert (plain.TEN, shop.ONE) == (10, 1)")
PLAIN = "import os\nTEN = 10\nPID = os.getpid()\n"
LONGEST = 60.0
NOTHING: Mapping[str, str] = {}


class Shop:
    """A project with a Python of its own that has a plain package, one that warns, and a plugin."""

    def __init__(self, folder: Path) -> None:
        home = folder / "home"
        home.mkdir(parents=True)
        self.repo = Repo.make(folder / "repo", home)
        give_python(self.repo)
        (self.site,) = (self.repo.root / ".venv/lib").glob("python*/site-packages")
        self.told = folder / "told"
        install(self.site, "plain", {"plain/__init__.py": PLAIN})
        install(self.site, "noisy", {"noisy.py": "import warnings\nwarnings.warn('old', DeprecationWarning)\n"})
        plugin = {"handy.py": "import pytest\n@pytest.fixture\ndef handy():\n    return 1\n"}
        install(self.site, "handy", plugin, entry_points="[pytest11]\nhandy = handy\n")
        (self.site / "shop.pth").write_text(f"{self.repo.root / 'src'}\n")
        self.repo.write(".gitignore", "__pycache__/\n")
        self.repo.stage("src/shop.py", "ONE = 1\n").stage("tests/test_it.py", PASSES).commit("start")

    def edit_plain(self, ten: int) -> None:
        """Let the plain package say *ten*."""
        path = self.site / "plain/__init__.py"
        path.write_text(PLAIN.replace("10", str(ten)))
        # Python takes byte code for that of any text of the same size and second: each text has a second of its own.
        os.utime(path, (ten, ten))

    @contextmanager
    def judging(
        self, settings: Settings, files: Mapping[str, str] = NOTHING, *, seconds: float = LONGEST
    ) -> Iterator[Judging]:
        """Give the job of judging *files* (of tests, by their names) on top of the first commit."""
        repo = self.repo
        repo.git("reset", "--quiet", "--hard")
        for name, content in files.items():
            repo.stage(f"tests/{name}.py", content)
        with judging(repo, settings=settings, interpreter=self.python, seconds=seconds) as job:
            yield job

    def judged(self, settings: Settings, files: Mapping[str, str] = NOTHING, *, seconds: float = LONGEST) -> GateResult:
        with self.judging(settings, files, seconds=seconds) as job:
            return replace(job.check(Gate()), seconds=0)

    def python(self) -> Interpreter:
        root, environ = self.repo.root, self.repo.environ
        return find(
            setting=None,
            top=root,
            main_worktree=root,
            environ=environ,
            tracked=lambda _: False,
            accepted=lambda _: False,
        )

    @property
    def folder(self) -> Path:
        (home,) = (self.repo.root.parent / "cache/worktrees").iterdir()
        return home / "pytest"

    def servers(self) -> list[int]:
        """Return the processes that serve this project."""
        found = []
        for place in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                words = (place / "cmdline").read_bytes().split(b"\0")
                if b"everycommit_server" in words and (place / "cwd").readlink() == self.folder:
                    found.append(int(place.name))
        return found

    def warmed(self) -> "Shop":
        """Judge until a server listens."""
        assert self.judged(SERVED).outcome is Outcome.PASSED
        self.wait(self.servers_listen)
        return self

    def servers_listen(self) -> bool:
        """Tell whether the one server of this project can be reached."""
        found = self.servers()
        with socket.socket(socket.AF_UNIX) as client, suppress(OSError):
            for path in self.folder.iterdir():
                if len(found) == 1 and path.is_socket():
                    client.connect(str(path))
                    return True
        return False

    def wait(self, done: Callable[[], bool]) -> None:
        until = time.monotonic() + LONGEST
        while not done():
            assert not list(self.folder.glob("*.refused")), next(self.folder.glob("*.refused")).read_text()
            assert time.monotonic() < until, sorted(path.name for path in self.folder.iterdir())
            time.sleep(0.05)

    def close(self) -> None:
        with suppress(ValueError, OSError):
            for number in self.servers():
                os.kill(number, signal.SIGKILL)


def install(site: Path, name: str, files: dict[str, str], entry_points: str = "") -> None:
    info = site / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    if entry_points:
        (info / "entry_points.txt").write_text(entry_points)
    for path, content in files.items():
        (site / path).parent.mkdir(exist_ok=True)
        (site / path).write_text(content)
    (info / "RECORD").write_text("".join(f"{path},,\n" for path in [*files, f"{info.name}/METADATA"]))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    shop = Shop(tmp_path_factory.mktemp("served").resolve())
    yield shop
    shop.close()


@pytest.fixture
def shop(project: Shop) -> Shop:
    """The project with a server that listens."""
    return project if project.repo.root.with_name("cache").exists() and project.servers() else project.warmed()


@pytest.fixture
def by_server(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each run was made by a server, in order."""
    found: list[bool] = []
    real = served.by_server

    def noted(report: Path) -> bool:
        found.append(real(report))
        return found[-1]

    monkeypatch.setattr(served, "by_server", noted)
    return found


FAILS = lines(
    "import subprocess, sys, pytest",
    "def test_words():",
    "    print('said', flush=True)",
    "    subprocess.run([sys.executable, '-c', 'print(1)'], check=True)",
    "    assert 1 == 2",
    "@pytest.fixture",
    "def broken(): raise ValueError('setup')",
    "def test_setup(broken): pass",
    "def test_skipped(): pytest.skip('not here')",
    "def test_deep():",
    "    def down(): return down()",
    "    down()",
)
CASES: Mapping[str, tuple[Mapping[str, str], list[bool]]] = {
    "passes": ({}, [True]),
    "fails": ({"test_more": FAILS}, [True]),
    "cannot be parsed": ({"test_more": "def\n"}, [True]),
    "cannot be imported": ({"test_more": "import nowhere\n"}, [True]),
    "a conftest that raises": ({"conftest": "raise RuntimeError('no')\n"}, [True, False]),
    "no test is left": ({"conftest": "def pytest_collection_modifyitems(items): items[:] = []\n"}, [True, False]),
    "exits in the middle": ({"test_more": "import os\ndef test_a(): os._exit(3)\n"}, [True, False]),
    "crashes": ({"test_more": "import os\ndef test_a(): os.kill(os.getpid(), 11)\n"}, [True, False]),
    "leaves a child": (
        {"test_more": "import subprocess\ndef test_a(): subprocess.Popen(['sleep', '300'])\n"},
        [True],
    ),
    "a plugin's fixture": ({"test_more": "def test_a(handy): assert handy == 1\n"}, [True]),
    "warnings are errors": (
        {"test_more": "import pytest\npytestmark = pytest.mark.filterwarnings('error')\ndef test_a(): import noisy\n"},
        [True],
    ),
    "a fork and a thread": (
        {
            "test_more": lines(
                "import multiprocessing, threading",
                "def double(n): return 2 * n",
                "def test_a():",
                "    thread = threading.Thread(target=print); thread.start(); thread.join()",
                "    with multiprocessing.get_context('spawn').Pool(1) as pool:",
                "        assert pool.map(double, [2]) == [4]",
            )
        },
        [True],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_verdict_is_that_of_a_fresh_run(shop: Shop, by_server: list[bool], case: str) -> None:
    files, made = CASES[case]
    fresh = shop.judged(FRESH, files)
    by_server.clear()

    result = shop.judged(SERVED, files)

    assert result == fresh
    assert by_server == made
    assert len(shop.servers()) == 1


STATE = """
import json, locale, logging, os, pathlib, resource, signal, sys, threading

def descriptors(run):
    names = [f"/proc/self/fd/{fd}" for fd in range(64)]
    leads = [os.readlink(name) for name in names if os.path.lexists(name)]
    # Those that pytest opened itself are named after the run, or are gone already.
    return sorted({lead.partition(":")[0] for lead in leads if run not in lead and "deleted" not in lead})

def seen(run):
    return {
        "environ": {name: value for name, value in os.environ.items() if name != "EVERYCOMMIT_REPORT"},
        "words": [sys.argv, sys.orig_argv, sys.modules["__main__"].__spec__.name, str(sys.flags)],
        "places": [os.getcwd(), sys.path, [type(one).__name__ for one in sys.meta_path], len(sys.path_hooks)],
        "process": [os.umask(0o22), os.getpgid(0) == os.getpid(), os.nice(0), threading.active_count()],
        "signals": [str(signal.getsignal(n)) for n in range(1, 32)] + sorted(signal.pthread_sigmask(0, [])),
        "limits": [resource.getrlimit(n) for n in range(10)] + [sys.getrecursionlimit()],
        "streams": [sys.stdout.encoding, sys.stdout.errors, sys.stdout.isatty(), os.readlink("/proc/self/fd/0")],
        "locale": locale.setlocale(locale.LC_ALL),
        "logging": str(logging.root.handlers),
        "descriptors": descriptors(run),
    }

def test_state():
    run = os.environ["EVERYCOMMIT_REPORT"].rpartition("/")[0]
    pathlib.Path(%r).write_text(json.dumps(seen(run), default=str).replace(run, "RUN"))
"""


def test_a_run_in_a_fork_sees_what_a_fresh_one_sees(shop: Shop, by_server: list[bool]) -> None:
    told = []
    for settings in (FRESH, SERVED):
        shop.judged(
            replaced(settings, "tests", args=("-p", "no:cacheprovider")), {"test_state": STATE % str(shop.told)}
        )
        told.append(json.loads(shop.told.read_text()))

    assert by_server[-1]
    for name, value in told[0].items():
        assert told[1][name] == value, name


def test_the_projects_own_code_comes_from_the_snapshot_and_what_is_plain_was_there(shop: Shop) -> None:
    look = lines("import os, shop, plain", "def test_look():", "    open(%r, 'w').write(f'%s')")
    what = "{shop.__file__} {plain.PID == os.getpid()}"

    shop.judged(SERVED, {"test_look": look % (str(shop.told), what)})

    place, fresh = shop.told.read_text().split(" ")
    assert place.startswith(str(shop.folder.parent / "target"))
    assert fresh == "False"


def test_a_run_whose_time_is_up_ends_with_all_that_it_started(shop: Shop, by_server: list[bool]) -> None:
    waits = lines(
        "import os, subprocess, time",
        "def test_first(): pass",
        "def test_waits():",
        "    child = subprocess.Popen(['sleep', '300'])",
        f"    open({str(shop.told)!r}, 'w').write(f'{{os.getpid()}} {{child.pid}}')",
        "    time.sleep(300)",
    )
    shop.told.unlink(missing_ok=True)

    result = shop.judged(SERVED, {"test_waits": waits}, seconds=15)

    assert by_server == [True]
    assert result.outcome is Outcome.INCONCLUSIVE
    assert result.reason == "time ran out after 2 of 3"
    left = [Path("/proc", number) for number in shop.told.read_text().split()]
    shop.wait(lambda: not any(process.exists() for process in left))
    assert len(shop.servers()) == 1


def test_two_runs_at_once_do_not_meet(shop: Shop) -> None:
    with shop.judging(SERVED) as judged, ThreadPoolExecutor() as pool:
        snapshot = judged.job.trees.target()
        made = [pool.submit(runs.run, judged.job, snapshot, [], named={}, server=True) for _ in range(4)]
        found = [one.result() for one in made]

    assert [(one.report.status, len(one.report.done)) for one in found] == [(0, 1)] * 4


def test_tests_spread_by_xdist_run_in_fresh_workers(shop: Shop, by_server: list[bool]) -> None:
    pytest.importorskip("xdist")
    settings = replaced(SERVED, "tests", args=("-n", "2"))

    result = shop.judged(settings, {"test_more": FAILS})

    assert by_server == [True]
    assert result.findings == shop.judged(replaced(FRESH, "tests", args=("-n", "2")), {"test_more": FAILS}).findings


def test_a_server_that_is_killed_in_the_middle_costs_time_and_no_verdict(shop: Shop, by_server: list[bool]) -> None:
    kills = lines(
        "import os, signal, time",
        "def test_kills():",
        "    if b'everycommit_server' in open(f'/proc/{os.getppid()}/cmdline', 'rb').read():",
        "        os.kill(os.getppid(), signal.SIGKILL)",
        "        time.sleep(300)",
    )

    result = shop.judged(SERVED, {"test_kills": kills})

    assert (result.outcome, result.counts) == (Outcome.PASSED, {"selected": 2, "total": 2})
    assert by_server == [True, False]
    assert not shop.servers()
    # Its socket is still there: whoever finds nobody behind it starts another.
    assert any(path.is_socket() for path in shop.folder.iterdir())
    by_server.clear()
    assert shop.warmed().judged(SERVED).outcome is Outcome.PASSED
    assert by_server == [False, True]


def test_a_package_that_was_installed_anew_is_met_by_another_server(shop: Shop, by_server: list[bool]) -> None:
    """Though the version is the same: pip writes the record last."""
    before = shop.servers()
    shop.edit_plain(9)
    (shop.site / "plain-1.0.dist-info/RECORD").write_text("plain/__init__.py,,\n")
    try:
        result = shop.judged(SERVED)
    finally:
        shop.edit_plain(10)

    assert by_server == [False]
    assert (result.outcome, len(result.findings)) == (Outcome.FAILED, 1)
    shop.wait(lambda: not set(before) & set(shop.servers()))


def test_a_file_of_a_package_that_was_edited_by_hand_is_seen(shop: Shop, by_server: list[bool]) -> None:
    shop.wait(shop.servers_listen)
    assert shop.judged(SERVED).outcome is Outcome.PASSED
    shop.edit_plain(11)
    try:
        result = shop.judged(SERVED)
    finally:
        shop.edit_plain(10)

    assert by_server == [True, False]
    assert result.outcome is Outcome.FAILED


def test_a_module_of_the_project_that_hides_a_package_is_the_one_that_is_tested(
    shop: Shop, by_server: list[bool]
) -> None:
    shop.wait(shop.servers_listen)

    result = shop.judged(SERVED, {"plain": "TEN = 12\n"})

    assert by_server == [False]
    assert result == shop.judged(FRESH, {"plain": "TEN = 12\n"})
    assert result.outcome is Outcome.FAILED


def test_names_of_the_project_are_those_that_lie_in_no_package() -> None:
    files = ["src/shop/__init__.py", "src/shop/types.py", "src/shop/sub/json.py", "tests/test_a.py", "setup.py"]

    assert served.own(files) == ["json", "setup", "shop", "src", "test_a", "tests"]


@pytest.mark.parametrize("name", ["LANG", "TZ"])
def test_another_environment_is_another_server(shop: Shop, name: str) -> None:
    with shop.judging(SERVED) as judged:
        snapshot = judged.job.trees.target()
        places = []
        for environ in ({}, {name: "C"}, {"TERM": "dumb"}):
            job = record.replace(judged.job, environ={**judged.job.environ, **environ})
            with scratch(snapshot) as folder:
                env = inside(job.interpreter(), snapshot.path, folder / "report")
                places.append(served.client(job, snapshot, env, folder / "report")[4])

    assert places[0] == places[2] != places[1]


def test_nothing_is_served_where_more_takes_part_than_can_be_told(shop: Shop) -> None:
    with shop.judging(SERVED) as judged:
        snapshot = judged.job.trees.target()
        env = inside(judged.job.interpreter(), snapshot.path, snapshot.caches / "report")

        assert served.client(judged.job, snapshot, {**env, "PYTHONPATH": "/elsewhere"}, snapshot.caches / "r") == []
        (shop.site / "other.pth").write_text("/usr\n")
        assert served.client(judged.job, snapshot, env, snapshot.caches / "r") == []
        (shop.site / "other.pth").unlink()
