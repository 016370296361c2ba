"""The environment that we were started with, without what Python itself put there."""

import json
import subprocess
import sys

import pytest

SCRIPT = """
import json, os, sys
from everycommit.repo.surroundings import started_with
print(json.dumps([os.environ.get("LC_CTYPE"), started_with(os.environ).get("LC_CTYPE")]))
"""


def told(**env: str) -> list[str | None]:
    """Return LC_CTYPE as Python has it and as it was set, in a process with this environment alone."""
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=env, capture_output=True, text=True, check=True)
    found: list[str | None] = json.loads(done.stdout)
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="the system does not tell with what a process was started")
def test_a_locale_that_nobody_set_is_none() -> None:
    for env in ({}, {"LANG": "C"}):
        made_up, ours = told(**env)
        assert made_up in {"C.UTF-8", "C.utf8", "UTF-8"}
        assert ours is None


@pytest.mark.parametrize(
    "env",
    [
        {"LC_CTYPE": "C.UTF-8"},
        {"LC_CTYPE": "de_DE.UTF-8"},
        {"LANG": "C.UTF-8", "LC_CTYPE": "C.UTF-8"},
        {"LANG": "C", "LC_CTYPE": "C.UTF-8"},
    ],
    ids=str,
)
def test_one_that_somebody_set_stays(env: dict[str, str]) -> None:
    assert told(**env)[1] == env["LC_CTYPE"]
