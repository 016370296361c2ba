"""Reports each test as it ends, a JSON object a line, into the file that EVERYCOMMIT_REPORT names.

PYTEST_DONT_REWRITE. Any pytest from 7 on, any Python from 3.8 on. Under xdist the controller alone writes; where a test
failed is worked out in the worker and travels with its report. A file ``.only`` beside that file holds absolute ids, a
line each, with something behind them: only these tests are kept. A file ``.without`` holds whole ids: these tests are
deselected. A file ``.shard`` says, as JSON, which shard's tests are kept of what is left: ``number`` from 0, ``loads``
and ``costs`` as ``everycommit_shards.shares`` takes them, ``top``, the folder that the ids in ``costs`` start from.
A file ``.modules`` names another one, to which the modules that were imported are written (``everycommit_server``).
Records, by ``kind``:

- ``start``: ``root``, pytest's root folder, ``version``
- ``collected``: ``ids``; ``deselected``, a number
- ``left``: ``ids`` of ``.without`` that were there (not under xdist); ``elsewhere``: ``ids`` of other shards' tests
- ``done``: ``id``, ``outcome`` (passed, failed, error, skipped, xfailed, xpassed), ``seconds``
- ``failure``: ``id``, ``when`` (call, setup, teardown, collect), ``path`` (absolute), ``line`` (from 1), ``message``
- ``finish``: ``status``, pytest's exit code
"""
# ruff: noqa: BLE001, S110, SIM105, ARG002 - hooks take arguments by name; a broken report is no reason to fail a test

from __future__ import annotations

import json
import os
import sys

import pytest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator, Iterable
    from typing import Any

_LONGEST = 400
_NAME = "everycommit_where"


@pytest.hookimpl(trylast=True)
def pytest_configure(config: Any) -> None:
    # --stepwise ends the run at the first failure, and there is no option that takes it back.
    if config.pluginmanager.has_plugin("stepwiseplugin"):
        config.pluginmanager.unregister(name="stepwiseplugin")
    path = os.environ.get("EVERYCOMMIT_REPORT")
    if path:
        from everycommit_children import watch  # type: ignore[import-not-found]

        watch(path)
    if path and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Reporter(config, path), "everycommit_reporter")


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: Any) -> None:
    asked = os.environ.get("EVERYCOMMIT_REPORT", "") + ".modules"
    if hasattr(config, "workerinput") or not os.path.isfile(asked):
        return
    with open(asked, encoding="utf-8", errors="surrogateescape") as file:
        path = file.read()
    # What pytest rewrites has to be imported after it was told so.
    names = [name for name, module in list(sys.modules.items()) if not _rewritten(module)]
    with open(path + ".new", "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write("\n".join(names))
    os.replace(path + ".new", path)


def _rewritten(module: Any) -> bool:
    return type(getattr(module, "__loader__", None)).__name__ == "AssertionRewritingHook"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: Any, items: list[Any]) -> None:
    path = os.environ.get("EVERYCOMMIT_REPORT", "") + ".only"
    if os.path.isfile(path):
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            only = tuple(filter(None, file.read().split("\n")))
        root = str(config.rootpath)
        items[:] = [item for item in items if _begins(only, os.path.join(root, item.nodeid))]
    path = os.environ.get("EVERYCOMMIT_REPORT", "") + ".without"
    if os.path.isfile(path):
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            without = frozenset(file.read().split("\n"))
        root = str(config.rootpath)
        dropped = [item for item in items if _whole(root, item.nodeid) in without]
        if dropped:
            gone = set(map(id, dropped))
            items[:] = [item for item in items if id(item) not in gone]
            if hasattr(config, "workerinput"):
                # The controller does not hear of what a worker deselects; each worker deselects the same.
                config.workeroutput["everycommit_dropped"] = len(dropped)
            config.hook.pytest_deselected(items=dropped)
            reporter = config.pluginmanager.get_plugin("everycommit_reporter")
            if reporter is not None:
                reporter.write(kind="left", ids=[item.nodeid for item in dropped])
    path = os.environ.get("EVERYCOMMIT_REPORT", "") + ".shard"
    if os.path.isfile(path):
        with open(path, encoding="ascii") as file:
            _keep_own(config, items, json.load(file))


def _keep_own(config: Any, items: list[Any], shard: dict[str, Any]) -> None:
    from everycommit_shards import shares  # type: ignore[import-not-found]

    root, top = str(config.rootpath), os.path.join(shard["top"], "")
    names = [_whole(root, item.nodeid) for item in items]
    names = [name[len(top) :] if name.startswith(top) else name for name in names]  # noqa: FURB188 - Python 3.8
    share = shares(names, shard["costs"], shard["loads"])
    own = [share[name] == shard["number"] for name in names]
    others = [item.nodeid for place, item in enumerate(items) if not own[place]]
    items[:] = [item for place, item in enumerate(items) if own[place]]
    reporter = config.pluginmanager.get_plugin("everycommit_reporter")
    if reporter is not None:
        reporter.write(kind="elsewhere", ids=others)
    elif hasattr(config, "workerinput"):
        config.workeroutput["everycommit_elsewhere"] = others


def _whole(root: str, node: str) -> str:
    file, marks, rest = node.partition("::")
    return os.path.normpath(os.path.join(root, file)) + marks + rest


def _begins(lines: tuple[str, ...], name: str) -> bool:
    return any(line.startswith(name) for line in lines)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: Any, call: Any) -> Generator[None, Any, None]:
    outcome = yield
    report = outcome.get_result()
    if report.outcome == "failed":
        _remember(report, item, call)


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report(collector: Any) -> Generator[None, Any, None]:
    outcome = yield
    report = outcome.get_result()
    if report.outcome == "failed":
        _remember(report, collector, getattr(report, "call", None))


def _remember(report: Any, node: Any, call: Any) -> None:
    """Hang the place and the message of a failure on its report: plain values, which xdist carries over."""
    try:
        setattr(report, _NAME, _where(report, node, call))
    except Exception:  # a report without a place is still a report
        pass


def _where(report: Any, node: Any, call: Any) -> dict[str, Any]:
    excinfo = getattr(call, "excinfo", None)
    if excinfo is not None:
        _lacks(excinfo.value)
    path = str(getattr(node, "path", None) or getattr(node, "fspath", ""))
    line = _line(excinfo, path) if excinfo is not None else None
    if line is None and hasattr(node, "reportinfo"):
        at = node.reportinfo()[1]
        line = at + 1 if isinstance(at, int) else None
    return {"path": path, "line": line, "message": _message(report, excinfo)}


def _lacks(error: Any) -> None:
    """Tell our site hook which file was looked for in vain: it knows whether only the working tree has it."""
    finder = next((one for one in sys.meta_path if getattr(one, "everycommit", False)), None)
    seen: set[int] = set()
    while finder is not None and error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, FileNotFoundError) and isinstance(error.filename, (str, os.PathLike)):
            finder.lacks(os.path.abspath(os.fspath(error.filename)))  # type: ignore[attr-defined]
        error = error.__cause__ or error.__context__


def _line(excinfo: Any, path: str) -> int | None:
    """Return the last line of the file *path* that the failure, else its cause, went through; else None."""
    error = excinfo.value
    failed = next(iter(getattr(error, "failures", ())), error)
    if hasattr(failed, "example"):
        start = failed.test.lineno
        return None if start is None else int(start + failed.example.lineno + 1)
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, SyntaxError) and error.filename and _same(error.filename, path):
            return error.lineno
        found: int | None = None
        trace = error.__traceback__
        while trace is not None:
            if _same(trace.tb_frame.f_code.co_filename, path):
                found = trace.tb_lineno
            trace = trace.tb_next
        if found is not None:
            return found
        error = error.__cause__
    return None


def _same(one: str, other: str) -> bool:
    return one == other or os.path.realpath(one) == os.path.realpath(other)


def _message(report: Any, excinfo: Any) -> str:
    longrepr = report.longrepr
    crash = getattr(longrepr, "reprcrash", None)
    if crash is not None:
        return _short(crash.message)
    text = str(longrepr) if longrepr is not None else ""
    cause = excinfo.value.__cause__ if excinfo is not None else None
    if cause is not None:
        return _short("%s: %s" % (type(cause).__name__, cause))
    told = [line[1:].strip() for line in text.splitlines() if line.startswith("E ")]
    if told:
        return _short(told[-1])
    if excinfo is not None and hasattr(excinfo.value, "example"):
        return _short("%s: doctest `%s`" % (excinfo.type.__name__, excinfo.value.example.source.strip()))
    if excinfo is not None and excinfo.typename != "MultipleDoctestFailures":
        return _short(excinfo.exconly(tryshort=True))
    return _short(text)


def _short(text: str) -> str:
    """Return the first line of *text* that says something, without control characters, of bounded length."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    line = "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in line)
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "\N{HORIZONTAL ELLIPSIS}"


class _Reporter:
    """Writes the records; there is one a run, in the process that knows of every test."""

    def __init__(self, config: Any, path: str) -> None:
        # Opened once: a test may change the folder, the limits or the permissions.
        self.file = open(path, "a", encoding="ascii")  # noqa: SIM115 - as long as the session
        self.outcomes: dict[str, str] = {}
        self.seconds: dict[str, float] = {}
        self.collected = False
        self.dropped = False
        self.parted = False
        self.write(kind="start", root=str(config.rootpath), version=pytest.__version__)

    def write(self, **record: Any) -> None:
        self.file.write(json.dumps(record) + "\n")
        self.file.flush()

    def pytest_deselected(self, items: list[Any]) -> None:
        self.write(kind="deselected", count=len(items))

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: Any) -> None:
        self._collected([item.nodeid for item in session.items])

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: Iterable[str]) -> None:
        if not self.collected:
            self._collected(list(ids))

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: Any) -> None:
        dropped = getattr(node, "workeroutput", {}).get("everycommit_dropped")
        if dropped and not self.dropped:
            self.dropped = True
            self.write(kind="deselected", count=dropped)
        others = getattr(node, "workeroutput", {}).get("everycommit_elsewhere")
        if others is not None and not self.parted:
            self.parted = True
            self.write(kind="elsewhere", ids=others)

    def _collected(self, ids: list[str]) -> None:
        self.collected = True
        self.write(kind="collected", ids=ids)

    def pytest_collectreport(self, report: Any) -> None:
        if report.outcome == "failed":
            self._failure(report, "collect")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: Any) -> None:
        name, when = report.nodeid, report.when
        self.seconds[name] = self.seconds.get(name, 0) + getattr(report, "duration", 0)
        if report.outcome == "failed":
            worst = "error" if when in ("setup", "teardown") else "failed"
            if self.outcomes.get(name) != "failed":
                self.outcomes[name] = worst
            self._failure(report, when if when in ("setup", "teardown") else "call")
        elif when == "call" or report.outcome == "skipped":
            self.outcomes.setdefault(name, _passed_or(report))
        # xdist tells of a worker that died by a report of its own kind, which has no teardown.
        if when not in ("setup", "call"):
            seconds = round(self.seconds.pop(name, 0), 4)
            self.write(kind="done", id=name, outcome=self.outcomes.pop(name, "passed"), seconds=seconds)

    def _failure(self, report: Any, when: str) -> None:
        where = getattr(report, _NAME, None) or {}
        message = where.get("message") or _message(report, None)
        context = getattr(report, "context", None)
        told = getattr(context, "msg", None)
        self.write(
            kind="failure",
            id=report.nodeid,
            when=when,
            path=where.get("path"),
            line=where.get("line"),
            message=message,
            part=None if context is None else _short(str(told) if told else str(dict(getattr(context, "kwargs", {})))),
        )

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: Any, exitstatus: int) -> None:
        self.write(kind="finish", status=int(exitstatus))


def _passed_or(report: Any) -> str:
    if hasattr(report, "wasxfail"):
        return "xfailed" if report.outcome == "skipped" else "xpassed"
    return str(report.outcome)
