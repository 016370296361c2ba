"""A plugin of pytest: writes the ids of what does not pass to the file that BENCH_FAILING names, a line each."""

import os
from pathlib import Path

import pytest

_PLACE = os.environ["BENCH_FAILING"]


def _tell(name: str) -> None:
    with Path(_PLACE).open("a", encoding="utf-8") as file:
        file.write(name + "\n")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.failed:
        _tell(report.nodeid)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    if report.failed:
        _tell(report.nodeid)
