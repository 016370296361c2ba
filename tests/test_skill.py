"""``everycommit skill``: valid by the format's own validator, written once, never over somebody's edits."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from everycommit.agent.skill import DESCRIPTION, FOLDERS, NAME, is_ours, text
from everycommit.cli.main import COMMANDS
from support import Repo

PLACE = ".agents/skills/everycommit/SKILL.md"


def skill(repo: Repo, *argv: str, code: int = 0, **env: str) -> str:
    done = repo.everycommit("skill", *argv, cwd=None, **env)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_it_is_valid_by_the_formats_own_validator(repo: Repo) -> None:
    skill(repo, "install")
    folder = repo.root / PLACE
    check = "import sys; from skills_ref import validate; from pathlib import Path; print(validate(Path(sys.argv[1])))"

    done = subprocess.run(
        [sys.executable, "-c", check, folder.parent], capture_output=True, text=True, check=False, env=repo.environ
    )

    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr


def test_it_keeps_the_lengths_of_the_format() -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", NAME)
    assert len(DESCRIPTION) <= 1024
    assert ": " not in DESCRIPTION, "YAML would take it for another key"
    assert len(text().splitlines()) < 500


def test_every_command_that_it_names_is_there() -> None:
    named = set(re.findall(r"`everycommit ([a-z]+)", text()))

    assert named
    assert named <= set(COMMANDS)


@pytest.mark.parametrize("client", FOLDERS)
def test_each_client_has_its_folder(repo: Repo, client: str) -> None:
    said = skill(repo, "install", "--for", client)

    path = repo.root / FOLDERS[client] / "everycommit/SKILL.md"
    assert path.read_text() == text() == skill(repo, "show")
    assert said == f"Written: {FOLDERS[client]}/everycommit/SKILL.md\n"


def test_it_is_written_once_and_an_older_one_is_brought_up_to_date(repo: Repo) -> None:
    skill(repo, "install")
    assert "up to date" in skill(repo, "install")
    path = repo.root / PLACE
    path.write_text(text().replace('version: "', 'version: "0.0.'))

    assert "Brought up to date" in skill(repo, "install")
    assert path.read_text() == text()


def test_an_edited_one_is_left_alone(repo: Repo) -> None:
    skill(repo, "install")
    path = repo.root / PLACE
    edited = path.read_text() + "\nOurs: ask before you touch the database.\n"
    path.write_text(edited)

    assert not is_ours(edited)
    for action in ("install", "uninstall"):
        assert "was edited, or is not ours" in skill(repo, action, code=2)
        assert path.read_text() == edited
    assert "Brought up to date" in skill(repo, "install", "--force")


def test_uninstall_takes_back_what_install_made(repo: Repo) -> None:
    (repo.root / ".agents").mkdir()
    (repo.root / ".agents/other.md").touch()
    skill(repo, "install")

    assert skill(repo, "uninstall") == f"Removed: {PLACE}\n"

    assert [path.name for path in (repo.root / ".agents").iterdir()] == ["other.md"]
    assert "There is no skill" in skill(repo, "uninstall")


def test_the_users_own_goes_to_the_home(repo: Repo, tmp_path: Path) -> None:
    skill(repo, "install", "--user", HOME=str(tmp_path))

    assert (tmp_path / PLACE).read_text() == text()
    assert "there is no HOME" in skill(repo, "install", "--user", code=2, HOME="")


def test_a_link_is_not_followed_out_of_the_repository(repo: Repo, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (repo.root / ".agents").symlink_to(tmp_path / "elsewhere")

    assert "leads elsewhere by a link" in skill(repo, "install", code=2)
    assert not list((tmp_path / "elsewhere").iterdir())


def test_what_cannot_be_read_or_written_is_said(repo: Repo) -> None:
    (repo.root / ".agents").write_text("a file")
    assert "cannot be written" in skill(repo, "install", code=2)
    (repo.root / ".agents").unlink()
    (repo.root / PLACE).parent.mkdir(parents=True)
    (repo.root / PLACE).write_bytes(b"\xff")
    assert "cannot be read" in skill(repo, "install", code=2)
