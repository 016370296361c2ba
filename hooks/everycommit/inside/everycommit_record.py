"""Records what each test executed, opened and asked for, for ``everycommit tests map``.

PYTEST_DONT_REWRITE. Any pytest from 7 on, any Python from 3.8 on. Each test runs in a fork of its own, made after
collection: what a cache, a session fixture or a lazy import does once is seen for every test that needs it. Written
beside the file that EVERYCOMMIT_REPORT names, with ``.lines`` behind it, a JSON object a line:

- ``test``: ``id``, ``outcome``, ``always`` (why it has to run whatever changed, else null), ``lines`` (by file),
  ``names`` (asked for by computed access), ``own`` (its fixtures, its function, its classes), ``opened``, ``statted``,
  ``listed``. All paths from the root of the snapshot.
- ``import``: the same of all that ran outside of tests: imports, collection, hooks.
"""
# ruff: noqa: BLE001, S110, SIM105, SLF001, ARG002 - what breaks in here must not break a test; hooks' names are fixed

from __future__ import annotations

import builtins
import importlib
import json
import linecache
import os
import re
import sys
import tempfile
import threading

import pytest
from _pytest.runner import runtestprotocol

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_PROGRAMS = frozenset(
    ["subprocess.Popen", "os.posix_spawn", "os.exec", "os.system", "os.fork", "os.forkpty", "os.spawn", "pty.spawn"]
)
_WORD = re.compile(r"[^\W\d]\w*")
_PYTEST = os.sep + "_pytest" + os.sep
_PLUGGY = os.sep + "pluggy" + os.sep


class _Seen:
    """What one test, or all that is not a test, was seen to do."""

    def __init__(self) -> None:
        self.files: dict[str, set[int]] = {}
        self.names: set[str] = set()
        self.paths: dict[str, set[str]] = {"opened": set(), "statted": set(), "listed": set()}
        self.always: str | None = None


class _Recorder:
    """Sees lines by ``sys.monitoring`` where there is one, else by ``sys.settrace``."""

    def __init__(self, root: str) -> None:
        self.root = os.path.join(os.path.realpath(root), "")
        self.given = os.path.join(root, "")
        self.seen = _Seen()
        self.in_test = False
        self.tracers: dict[str, Any] = {}
        self.paths: dict[str, str | None] = {}
        self.monitoring: Any = getattr(sys, "monitoring", None)
        self.tool = 4
        if self.monitoring is not None and self.monitoring.get_tool(self.tool) is not None:
            self.monitoring = None

    def begin(self) -> None:
        """Begin anew: forget what was seen and see everything again."""
        self.seen = _Seen()
        self.tracers = {}
        if self.monitoring is not None:
            self.monitoring.restart_events()
        else:
            threading.settrace(self.call)
            sys.settrace(self.call)

    def start(self) -> None:
        if self.monitoring is None:
            threading.settrace(self.call)
            sys.settrace(self.call)
            return
        events = self.monitoring.events
        self.monitoring.use_tool_id(self.tool, "everycommit")
        self.monitoring.register_callback(self.tool, events.LINE, self.line)
        self.monitoring.register_callback(self.tool, events.PY_START, self.py_start)
        self.monitoring.set_events(self.tool, events.LINE | events.PY_START)

    def undisturbed(self) -> bool:
        """Tell whether nobody took our place."""
        if self.monitoring is None:
            return sys.gettrace() == self.call
        return bool(self.monitoring.get_tool(self.tool) == "everycommit")

    def inside(self, name: object) -> str | None:
        """Return the path *name* from the root of the snapshot; None where it lies outside."""
        if isinstance(name, bytes):
            name = os.fsdecode(name)
        if not isinstance(name, str):
            return None
        if not os.path.isabs(name):
            try:
                name = os.path.join(os.getcwd(), name)
            except OSError:
                return None
        name = os.path.normpath(name)
        for root in (self.root, self.given):
            if name.startswith(root):
                return name[len(root) :]
            if name + os.sep == root:
                return "."
        return None

    def code_path(self, filename: str) -> str | None:
        """Return the path of a code object's file; ``""`` where it was made up as the program ran; None: foreign."""
        try:
            known: str | None = self.paths[filename]
        except KeyError:
            pass
        else:
            return known
        found: str | None
        if filename.startswith("<frozen"):
            found = None
        elif filename.startswith("<") or not filename.endswith(".py"):
            found = ""
        else:
            found = self.inside(filename)
            if found is None:
                real = os.path.realpath(filename)
                found = self.inside(real) if real != filename else None
        self.paths[filename] = found
        return found

    # sys.settrace

    def call(self, frame: Any, event: str, arg: Any) -> Any:
        code = frame.f_code
        tracer = self.tracers.get(code.co_filename, self)
        if tracer is self:
            tracer = self._tracer(code)
        if tracer is None:
            return None
        return tracer(frame, event, arg)

    def _tracer(self, code: Any) -> Any:
        path = self.code_path(code.co_filename)
        if path is None:
            tracer = None
        elif path == "":

            def tracer(frame: Any, event: str, arg: Any) -> Any:  # noqa: ARG001
                self.made_up(frame.f_code)

        else:
            add = self.seen.files.setdefault(path, set()).add

            def tracer(frame: Any, event: str, arg: Any) -> Any:  # noqa: ARG001
                if event == "line":
                    add(frame.f_lineno)
                return tracer

        self.tracers[code.co_filename] = tracer
        return tracer

    # sys.monitoring

    def line(self, code: Any, number: int) -> Any:
        path = self.code_path(code.co_filename)
        if path:
            self.seen.files.setdefault(path, set()).add(number)
        return self.monitoring.DISABLE

    def py_start(self, code: Any, offset: int) -> Any:
        path = self.code_path(code.co_filename)
        if path == "":
            self.made_up(code)
        return self.monitoring.DISABLE

    def made_up(self, code: Any) -> None:
        """Note the names that code without a file of its own mentions: a compiled template, a generated method."""
        names = self.seen.names
        names.update(code.co_names)
        for constant in code.co_consts:
            if isinstance(constant, str):
                names.update(_WORD.findall(constant[:400]))

    # what is asked for by name, by path, and who is started

    def asked(self, name: Any) -> None:
        if type(name) is str and self.in_test:
            self.seen.names.add(name)

    def path(self, kind: str, name: Any) -> None:
        found = self.inside(name)
        if found is None or "__pycache__" in found:
            return
        if not self.in_test and (found.endswith(".py") or not self.ours_on_stack()):
            return
        self.seen.paths[kind].add(found)

    def ours_on_stack(self) -> bool:
        """Tell whether code of the project is what asks, not pytest."""
        frame: Any = sys._getframe(1)
        while frame is not None:
            if self.code_path(frame.f_code.co_filename):
                return True
            frame = frame.f_back
        return False

    def event(self, event: str, args: Any) -> None:
        if event in ("open", "os.listdir") and sys._getframe(2).f_code.co_filename.startswith("<frozen importlib"):
            # The import system reads sources and folders, too: that a module ran is in its lines.
            return
        if event == "open":
            self.path("opened", args[0])
        elif event in ("os.listdir", "os.scandir"):
            if isinstance(args[0], int):
                self.must("it lists a folder by number")
            else:
                self.path("listed", args[0] or ".")
        elif event in ("sqlite3.connect", "ctypes.dlopen"):
            self.path("opened", args[0])
        elif event in _PROGRAMS:
            self.must("it starts programs")
        elif event == "pickle.find_class" and self.in_test:
            self.seen.names.update(str(args[0]).split("."), str(args[1]).split("."))
        elif event == "import" and self.in_test:
            self.seen.names.update(str(args[0]).split("."))

    def must(self, why: str) -> None:
        if self.seen.always is None and (self.in_test or self.ours_on_stack()):
            self.seen.always = why


def _watching(recorder: _Recorder) -> None:  # noqa: C901 - closures over one recorder
    """Put ourselves between the program and what tells by which names and paths it asks."""

    def hook(event: str, args: Any) -> None:
        try:
            recorder.event(event, args)
        except Exception:
            pass

    sys.addaudithook(hook)

    def named(name: str, module: Any, place: int) -> None:
        real = getattr(module, name)

        def asking(*args: Any, **keywords: Any) -> Any:
            if recorder.in_test and len(args) > place and not _pytests_own(sys._getframe(1).f_code.co_filename):
                recorder.asked(args[place])
            return real(*args, **keywords)

        _same_name(asking, real)
        setattr(module, name, asking)

    def statted(name: str) -> None:
        real = getattr(os, name)

        def asking(*args: Any, **keywords: Any) -> Any:
            if args and not isinstance(args[0], int):
                try:
                    recorder.path("statted", os.fspath(args[0]))
                except Exception:
                    pass
            return real(*args, **keywords)

        _same_name(asking, real)
        setattr(os, name, asking)
        # Whether a platform takes a folder's number is asked by identity of the function.
        for group in (os.supports_dir_fd, os.supports_follow_symlinks, os.supports_fd, os.supports_effective_ids):
            if real in group:
                group.add(asking)

    for name in ("stat", "lstat", "access"):
        statted(name)
    for name in ("getattr", "hasattr"):
        named(name, builtins, 1)
    real_import = importlib.import_module

    def import_module(name: str, package: str | None = None) -> Any:
        if recorder.in_test and isinstance(name, str):
            recorder.seen.names.update(name.split("."))
        return real_import(name, package)

    _same_name(import_module, real_import)
    importlib.import_module = import_module


def _pytests_own(filename: str) -> bool:
    return _PYTEST in filename or _PLUGGY in filename


def _same_name(ours: Any, real: Any) -> None:
    for name in ("__name__", "__qualname__", "__module__", "__doc__"):
        try:
            setattr(ours, name, getattr(real, name))
        except (AttributeError, TypeError):
            pass


class _Plugin:
    """Runs each test in a fork and writes what was seen."""

    def __init__(self, path: str, recorder: _Recorder) -> None:
        self.path = path
        self.recorder = recorder

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: Any, nextitem: Any) -> bool:
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        for report in self._forked(item):
            item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    def _forked(self, item: Any) -> list[Any]:
        handle, place = tempfile.mkstemp(prefix="everycommit-", dir=os.path.dirname(self.path))
        os.close(handle)
        child = os.fork()
        if child == 0:
            code = 1
            try:
                self._child(item, place)
                code = 0
            finally:
                os._exit(code)
        os.waitpid(child, 0)
        try:
            with open(place, encoding="ascii") as file:
                told = json.load(file)
            reports = [
                item.config.hook.pytest_report_from_serializable(config=item.config, data=data)
                for data in told.pop("reports")
            ]
        except Exception:
            told = {"kind": "test", "id": item.nodeid, "always": "it ended its process", "outcome": "failed"}
            words = "the process of this test ended while it was recorded"
            reports = [pytest.TestReport(item.nodeid, item.location, {}, "failed", words, "call")]
            reports.append(pytest.TestReport(item.nodeid, item.location, {}, "passed", None, "teardown"))
        finally:
            os.unlink(place)
        self.write(told)
        return reports

    def _child(self, item: Any, place: str) -> None:
        recorder = self.recorder
        linecache.clearcache()
        recorder.begin()
        seen = recorder.seen
        recorder.in_test = True
        reports = runtestprotocol(item, nextitem=None, log=False)
        recorder.in_test = False
        undisturbed = recorder.undisturbed()
        sys.settrace(None)
        failed = any(report.outcome == "failed" for report in reports)
        skipped = any(report.outcome == "skipped" for report in reports)
        if failed:
            seen.always = "it failed when it was recorded"
        elif not undisturbed:
            seen.always = "it traces"
        elif getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            seen.always = "its inputs are drawn anew in each run"
        elif not skipped and not any(seen.files.values()) and not seen.names:
            seen.always = "none of its lines was seen"
        told = _told("test", seen)
        told["id"] = item.nodeid
        told["outcome"] = "failed" if failed else "skipped" if skipped else "passed"
        told["own"] = sorted(_own_names(item))
        told["reports"] = [
            item.config.hook.pytest_report_to_serializable(config=item.config, report=report) for report in reports
        ]
        with open(place, "w", encoding="ascii") as file:
            json.dump(told, file, default=repr)

    def write(self, record: dict[str, Any]) -> None:
        with open(self.path, "a", encoding="ascii") as file:
            file.write(json.dumps(record) + "\n")

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: Any) -> None:
        self.write(_told("import", self.recorder.seen))


def _own_names(item: Any) -> set[str]:
    """Return the names by which a change can mean this test: its function, classes, fixtures and marks."""
    own = set(getattr(item, "fixturenames", ()))
    for mark in item.iter_markers():
        own.add(mark.name)
        if mark.name == "usefixtures":
            own.update(map(str, mark.args))
    function = getattr(item, "originalname", None) or item.name
    own.add(str(function))
    cls = getattr(item, "cls", None)
    for base in getattr(cls, "__mro__", ()):
        own.add(base.__name__)
    return own


def _told(kind: str, seen: _Seen) -> dict[str, Any]:
    return {
        "kind": kind,
        "always": seen.always,
        "lines": {path: sorted(lines) for path, lines in seen.files.items() if lines},
        "names": sorted(name for name in seen.names if name.isidentifier()),
        **{name: sorted(paths) for name, paths in seen.paths.items()},
    }


_recorder = None
if os.environ.get("EVERYCOMMIT_SNAPSHOT") and os.environ.get("EVERYCOMMIT_REPORT") and hasattr(os, "fork"):
    _recorder = _Recorder(os.environ["EVERYCOMMIT_SNAPSHOT"])
    _watching(_recorder)
    _recorder.start()


def pytest_configure(config: Any) -> None:
    if _recorder is not None and not config.pluginmanager.has_plugin("everycommit_recorder"):
        plugin = _Plugin(os.environ["EVERYCOMMIT_REPORT"] + ".lines", _recorder)
        config.pluginmanager.register(plugin, "everycommit_recorder")
