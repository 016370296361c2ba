"""What the documents say can be done, is done here."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from everycommit.config.parse import repository
from support import clean_environment

TOP = Path(__file__).resolve().parent.parent
PAGES = [TOP / "README.md", TOP / "SECURITY.md", *sorted((TOP / "docs").glob("*.md"))]


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(), re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_settings_in_the_documents_are_settings(page: Path) -> None:
    for block in blocks(page, "toml"):
        assert repository(block.encode()).mistakes == (), block


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_documents_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the tutorial's sed is GNU's here")
def test_the_tutorial_ends_in_refused_commits(tmp_path: Path) -> None:
    """Its blocks are run as they stand, but for installing everycommit itself."""
    environ = clean_environment(
        tmp_path / "home",
        PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        EVERYCOMMIT_BUDGET="false",  # however busy the machine is
    )
    first, install, passing, refused, forgotten = blocks(TOP / "docs/tutorial.md", "sh")
    install = "\n".join(line for line in install.splitlines() if not line.startswith("pipx "))

    def run(block: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["bash", "-ec", block], cwd=cwd, env=environ, capture_output=True, text=True, check=False, timeout=240
        )

    begun = run(first, tmp_path)
    if begun.returncode and "pip" in begun.stderr:
        pytest.skip("no package index here")
    assert begun.returncode == 0, begun.stdout + begun.stderr
    shop = tmp_path / "shop"
    for block, code, words in (
        (install, 0, ("hooks: pre-commit",)),
        (passing, 0, ("policy lint types tests 1",)),
        (refused, 1, ("types/return-value", "tests/failed", "Refused: types, tests.")),
        (forgotten, 1, ("tests/collection", "shop.vat")),
    ):
        done = run(block, shop)
        said = done.stdout + done.stderr
        assert done.returncode == code, said
        for word in words:
            assert word in said
