"""The documentation can be read where everycommit is installed, without a pager and without marks."""

import sys
import zipfile
from pathlib import Path

import pytest

from everycommit.cli.help import topics
from everycommit.cli.main import main
from everycommit.report.page import plain, title
from support import Repo

TOP = Path(__file__).resolve().parent.parent
PAGE = """\
# Beside a **manager**

It *is* one of [these](frameworks.md), and `a | b` stays; 2*3 and *args stay, too. The line is long
enough to be wrapped.
- first `item`, which is so long that it goes on in a second line of its own
- second

  ```sh
  everycommit init   # shows
  ```

| name | takes |
|---|---|
| `a` | b \\| c |
## Next
1. one
"""
SHOWN = """\
<BESIDE A MANAGER>

It is one of these, and `a | b` stays; 2*3
and *args stay, too. The line is long
enough to be wrapped.
- first `item`, which is so long that it
  goes on in a second line of its own
- second

      everycommit init   # shows

name  takes
`a`   b | c

<Next>

1. one
"""


def test_a_page_is_plain_text() -> None:
    assert plain(PAGE, 42, lambda text: f"<{text}>") == SHOWN
    assert title(PAGE) == "Beside a manager"
    assert title("no heading\n") == ""


def test_a_table_that_is_too_wide_becomes_a_list() -> None:
    text = plain("| name | why |\n|---|---|\n| a | " + "long " * 20 + "|\n| b | |\n", 40)

    assert text.startswith("- name: why\n- a: long long")
    assert max(map(len, text.splitlines())) <= 40
    assert text.endswith("- b\n")


@pytest.mark.parametrize("name", sorted(topics()))
def test_every_page_is_shown_whole(name: str) -> None:
    page = topics()[name].read_text()

    text = plain(page, 80)

    assert "```" not in text
    assert "](" not in text
    headings = [line for line in page.splitlines() if line.startswith("## ")]
    assert text.count("\n") > len(headings)


def test_help_lists_pages_shows_one_and_knows_commands(repo: Repo) -> None:
    listed, page, command = (repo.everycommit("help", *words) for words in ([], ["frameworks.md"], ["run"]))
    wrong = repo.everycommit("help", "framework")

    assert "  frameworks    Beside a hook manager\n" in listed.stdout
    assert page.stdout.startswith("BESIDE A HOOK MANAGER\n\npre-commit, prek")
    assert "usage: everycommit run" in command.stdout
    assert wrong.returncode == 2
    assert wrong.stderr == "everycommit: 'framework': no such page or command; did you mean 'frameworks'?\n"


@pytest.mark.slow
def test_the_pages_are_in_the_wheel(tmp_path: Path) -> None:
    import subprocess

    argv = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--quiet", "--wheel-dir", str(tmp_path), str(TOP)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode and "hatchling" in done.stderr:
        pytest.skip("no package index here")
    assert done.returncode == 0, done.stderr

    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        pages = {Path(name).stem for name in wheel.namelist() if name.startswith("everycommit/docs/")}
    assert pages == set(topics())


@pytest.mark.slow
@pytest.mark.parametrize("keep", [True, False])
def test_the_demo_leaves_its_folder_only_when_it_is_told_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], *, keep: bool
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    code = main(["demo", *["--keep"] * keep])

    said = capfd.readouterr().out
    assert code == 0, said
    assert bool(list(tmp_path.glob("everycommit-demo-*/shop/.git"))) is keep
    assert ("The repository is in" in said) is keep
