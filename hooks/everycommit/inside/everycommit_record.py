"""Records what each test executed, opened and asked for, for ``everycommit tests map``.

PYTEST_DONT_REWRITE. Any pytest from 7 on, any Python from 3.8 on. Each test runs in a fork of its own, made after
collection: what a cache, a session fixture or a lazy import does once is seen for every test that needs it. Written
beside the file that EVERYCOMMIT_REPORT names, with ``.lines`` behind it, a JSON object a line:

- ``test``: ``id``, ``outcome``, ``always`` (why it has to run whatever changed, else null), ``lines`` (by file),
  ``names`` (asked for by computed access), ``own`` (its fixtures, its function, its classes), ``opened``, ``statted``,
  ``listed``. All paths from the root of the snapshot.
- ``import``: the same of all that ran outside of tests: imports, collection, hooks. ``under``: each function that ran
  (its path and first line) and the statements during which it did (path and line; an empty path: in a hook).
  ``asked``: the names that were asked for, and during which statements.

Both tell ``modules``: under which names which files were imported.
"""
# ruff: noqa: BLE001, ARG002 - what breaks in here must not break a test; hooks' names are fixed

from __future__ import annotations

import json
import linecache
import os
import sys
import tempfile

import pytest
from _pytest.runner import runtestprotocol
from everycommit_seen import Recorder, Seen  # type: ignore[import-not-found]
from everycommit_watch import watching  # type: ignore[import-not-found]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _Plugin:
    """Runs each test in a fork and writes what was seen."""

    def __init__(self, path: str, recorder: Recorder) -> None:
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
        imports = self.recorder.imports
        told = _told("import", self.recorder.seen)
        told["under"] = [[path, line, sorted(places)] for (path, line), places in sorted(imports.under.items())]
        told["asked"] = {name: sorted(places) for name, places in sorted(imports.asked.items()) if _is_name(name)}
        self.write(told)


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


def _is_name(name: str) -> bool:
    """Tell whether a line can mention it; ``%`` stands before a part of a module's name."""
    return (name[1:] if name[:1] == "%" else name).isidentifier()


def _told(kind: str, seen: Seen) -> dict[str, Any]:
    return {
        "kind": kind,
        "always": seen.always,
        "modules": seen.modules,
        "lines": {path: sorted(lines) for path, lines in seen.files.items() if lines},
        "names": sorted(name for name in seen.names if _is_name(name)),
        **{name: sorted(paths) for name, paths in seen.paths.items()},
    }


_recorder = None
if os.environ.get("EVERYCOMMIT_SNAPSHOT") and os.environ.get("EVERYCOMMIT_REPORT") and hasattr(os, "fork"):
    _recorder = Recorder(os.environ["EVERYCOMMIT_SNAPSHOT"])
    watching(_recorder)
    _recorder.start()


def pytest_configure(config: Any) -> None:
    if _recorder is not None and not config.pluginmanager.has_plugin("everycommit_recorder"):
        plugin = _Plugin(os.environ["EVERYCOMMIT_REPORT"] + ".lines", _recorder)
        config.pluginmanager.register(plugin, "everycommit_recorder")
