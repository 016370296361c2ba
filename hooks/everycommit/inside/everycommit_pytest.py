"""Reports each test as it ends, a JSON object a line, into the file that EVERYCOMMIT_REPORT names.

PYTEST_DONT_REWRITE. Any pytest from 7 on, any Python from 3.8 on. Under xdist the controller alone writes; where a test
failed is worked out in the worker and travels with its report. EVERYCOMMIT_ONLY may name a file with absolute ids, a
line each: only these tests are kept. Records, by ``kind``:

- ``start``: ``root``, pytest's root folder, ``version``
- ``collected``: ``ids``; ``deselected``, a number
- ``done``: ``id``, ``outcome`` (passed, failed, error, skipped, xfailed, xpassed)
- ``failure``: ``id``, ``when`` (call, setup, teardown, collect), ``path`` (absolute), ``line`` (from 1), ``message``
- ``finish``: ``status``, pytest's exit code
"""
# ruff: noqa: BLE001, S110, SIM105, ARG002 - hooks take arguments by name; a broken report is no reason to fail a test

import json
import os

import pytest

_LONGEST = 400
_NAME = "everycommit_where"


def pytest_configure(config):
    path = os.environ.get("EVERYCOMMIT_REPORT")
    if path and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Reporter(config, path), "everycommit_reporter")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    path = os.environ.get("EVERYCOMMIT_ONLY")
    if path:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            only = set(file.read().split("\n"))
        items[:] = [item for item in items if os.path.join(str(config.rootpath), item.nodeid) in only]


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.outcome == "failed":
        _remember(report, item, call)


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report(collector):
    outcome = yield
    report = outcome.get_result()
    if report.outcome == "failed":
        _remember(report, collector, getattr(report, "call", None))


def _remember(report, node, call):
    """Hang the place and the message of a failure on its report: plain values, which xdist carries over."""
    try:
        setattr(report, _NAME, _where(report, node, call))
    except Exception:  # a report without a place is still a report
        pass


def _where(report, node, call):
    excinfo = getattr(call, "excinfo", None)
    path = str(getattr(node, "path", None) or getattr(node, "fspath", ""))
    line = _line(excinfo, path) if excinfo is not None else None
    if line is None and hasattr(node, "reportinfo"):
        at = node.reportinfo()[1]
        line = at + 1 if isinstance(at, int) else None
    return {"path": path, "line": line, "message": _message(report, excinfo)}


def _line(excinfo, path):
    """Return the last line of the test's own file that the failure went through, else None."""
    error = excinfo.value
    example = getattr(error, "example", None) or next(
        (getattr(failure, "example", None) for failure in getattr(error, "failures", ())), None
    )
    if example is not None:
        start = getattr(getattr(error, "test", None) or getattr(error.failures[0], "test", None), "lineno", None)
        return None if start is None else start + example.lineno + 1
    if isinstance(error, SyntaxError) and error.filename and _same(error.filename, path):
        return error.lineno
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        found = None
        trace = error.__traceback__
        while trace is not None:
            if _same(trace.tb_frame.f_code.co_filename, path):
                found = trace.tb_lineno
            trace = trace.tb_next
        cause = error.__cause__
        if isinstance(cause, SyntaxError) and cause.filename and _same(cause.filename, path):
            return cause.lineno
        if found is not None:
            return found
        error = cause
    return None


def _same(one, other):
    return one == other or os.path.realpath(one) == os.path.realpath(other)


def _message(report, excinfo):
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


def _short(text):
    """Return the first line of *text* that says something, without control characters, of bounded length."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    line = "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in line)
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "\N{HORIZONTAL ELLIPSIS}"


class _Reporter:
    """Writes the records; there is one a run, in the process that knows of every test."""

    def __init__(self, config, path):
        # Opened once: a test may change the folder, the limits or the permissions.
        self.file = open(path, "a", encoding="ascii")  # noqa: SIM115 - as long as the session
        self.outcomes = {}
        self.collected = False
        self.write(kind="start", root=str(config.rootpath), version=pytest.__version__)

    def write(self, **record):
        self.file.write(json.dumps(record) + "\n")
        self.file.flush()

    def pytest_deselected(self, items):
        self.write(kind="deselected", count=len(items))

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session):
        self._collected([item.nodeid for item in session.items])

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node, ids):
        if not self.collected:
            self._collected(list(ids))

    def _collected(self, ids):
        self.collected = True
        self.write(kind="collected", ids=ids)

    def pytest_collectreport(self, report):
        if report.outcome == "failed":
            self._failure(report, "collect")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report):
        name, when = report.nodeid, report.when
        if report.outcome == "failed":
            worst = "error" if when in ("setup", "teardown") else "failed"
            if self.outcomes.get(name) != "failed":
                self.outcomes[name] = worst
            self._failure(report, when if when in ("setup", "teardown") else "call")
        elif when == "call" or report.outcome == "skipped":
            self.outcomes.setdefault(name, _passed_or(report))
        # xdist tells of a worker that died by a report of its own kind, which has no teardown.
        if when not in ("setup", "call"):
            self.write(kind="done", id=name, outcome=self.outcomes.pop(name, "passed"))

    def _failure(self, report, when):
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
    def pytest_sessionfinish(self, session, exitstatus):
        self.write(kind="finish", status=int(exitstatus))


def _passed_or(report):
    if hasattr(report, "wasxfail"):
        return "xfailed" if report.outcome == "skipped" else "xpassed"
    return report.outcome
