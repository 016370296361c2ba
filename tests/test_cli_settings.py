"""`everycommit settings` shows what judges the staged change, and why."""

import json
from pathlib import Path
from typing import Any

from everycommit.config.fields import keys
from support import Repo, state

POLICY = "[tool.everycommit.policy]\n"


def rows(repo: Repo) -> dict[str, Any]:
    done = repo.everycommit("settings", "--format", "json")
    assert done.returncode == 0, done.stderr
    return {row["key"]: row for row in json.loads(done.stdout)["settings"]}


def test_each_setting_is_a_line_with_value_source_and_merge_order(repo: Repo) -> None:
    repo.stage("pyproject.toml", POLICY + "max_files = 9\n").commit()
    repo.stage("pyproject.toml", POLICY + "max_files = 3\n")

    done = repo.everycommit("settings", EVERYCOMMIT_TIMEOUT="7")

    assert done.returncode == 0
    cells = {line.split()[0]: line for line in done.stdout.splitlines() if line}
    assert cells["policy.max_files"].split(maxsplit=2)[1:] == [
        "3",
        f"{'pyproject.toml, tightened by this change':40}  min",
    ]
    assert "environment EVERYCOMMIT_TIMEOUT" in cells["timeout"]
    assert cells["push"].split("]")[1].split() == ["default", "union"]
    assert set(keys()) <= set(cells)


def test_what_the_staged_change_loosens_is_listed(repo: Repo) -> None:
    repo.stage("pyproject.toml", POLICY + "max_files = 9\n").commit()
    repo.stage("pyproject.toml", POLICY + "max_files = 30\n")

    done = repo.everycommit("settings")

    assert "The staged change loosens these; the first value judges it:\n  policy.max_files  9 -> 30\n" in done.stdout
    page = json.loads(repo.everycommit("settings", "--format", "json").stdout)
    assert page["loosened"] == [{"key": "policy.max_files", "base": "9", "target": "30"}]
    assert page["version"] == 1
    assert page["adopting"] is False


def test_json_has_the_values_as_they_are(repo: Repo) -> None:
    repo.stage("pyproject.toml", POLICY + "max_files = false\n[tool.everycommit.command.docs]\nrun = ['make']\n")

    found = rows(repo)

    assert found["policy.max_files"] == {
        "key": "policy.max_files",
        "value": None,
        "toml": "false",
        "source": "pyproject.toml",
        "merge": "min",
    }
    assert found["command.docs.run"]["value"] == ["make"]
    assert found["command.docs.files"]["source"] == "default"


def test_only_the_index_counts(repo: Repo) -> None:
    repo.stage("pyproject.toml", POLICY + "max_files = 9\n").commit()
    repo.write("pyproject.toml", POLICY + "max_files = 1\n")

    assert rows(repo)["policy.max_files"]["value"] == 9


def test_it_can_be_asked_from_a_folder_below(repo: Repo) -> None:
    repo.stage("pyproject.toml", POLICY + "max_files = 9\n").stage("sub/pyproject.toml", POLICY + "max_files = 1\n")

    done = repo.everycommit("settings", "--format", "json", cwd=repo.root / "sub")

    found = {row["key"]: row["value"] for row in json.loads(done.stdout)["settings"]}
    assert found["policy.max_files"] == 9


def test_the_users_file_is_named(repo: Repo) -> None:
    home = Path(repo.environ["HOME"])
    path = home / "config/everycommit/settings.toml"
    path.parent.mkdir(parents=True)
    path.write_text("timeout = 9\n")

    assert rows(repo)["timeout"]["source"] == "user settings ~/config/everycommit/settings.toml"


def test_outside_a_repository_the_users_own_are_shown(repo: Repo, tmp_path: Path) -> None:
    done = repo.everycommit("settings", cwd=tmp_path, EVERYCOMMIT_TIMEOUT="7")

    assert done.returncode == 0
    assert "environment EVERYCOMMIT_TIMEOUT" in done.stdout
    assert "no repository's settings: " in done.stdout


def test_mistakes_are_a_line_each_and_exit_2(repo: Repo) -> None:
    repo.stage("pyproject.toml", POLICY + "max_fils = 9\nmax_files = 'x'\n")

    done = repo.everycommit("settings")

    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "everycommit: pyproject.toml [tool.everycommit.policy].max_fils: no such setting; did you mean 'max_files'?",
        (
            'everycommit: pyproject.toml [tool.everycommit.policy].max_files: "x" is not a whole number of 0 or more, '
            "or false for no limit"
        ),
    ]


def test_a_conflict_leaves_heads_settings(repo: Repo) -> None:
    """What will be committed is not known yet, and shown as dropped it would be a false alarm."""
    repo.stage("pyproject.toml", POLICY + "max_files = 9\n").commit()
    repo.git("checkout", "--quiet", "-b", "other")
    repo.stage("pyproject.toml", POLICY + "max_files = 8\n").commit()
    repo.git("checkout", "--quiet", "main")
    repo.stage("pyproject.toml", POLICY + "max_files = 7\n").commit()
    repo.git("merge", "--quiet", "other", code=1)

    assert rows(repo)["policy.max_files"]["value"] == 7
    assert "loosens" not in repo.everycommit("settings").stdout


def test_a_link_is_no_settings_file(repo: Repo) -> None:
    repo.write("elsewhere-everycommit", POLICY + "max_files = 1\n")
    repo.path("pyproject.toml").symlink_to("elsewhere-everycommit")
    repo.git("add", "pyproject.toml")

    assert rows(repo)["policy.max_files"]["value"] == 50


def test_showing_touches_nothing(repo: Repo) -> None:
    repo.stage("pyproject.toml", POLICY).commit().stage("pyproject.toml", POLICY + "max_files = 1\n")
    before = state(repo)

    repo.everycommit("settings")
    repo.everycommit("trust")

    assert state(repo) == before


def test_a_name_that_would_act_on_the_terminal_is_shown(repo: Repo) -> None:
    repo.stage("pyproject.toml", '[tool.everycommit]\ninterpreter = "a\\u001b[31m\\u202e"\n')

    done = repo.everycommit("settings")

    assert '"a\\u001b[31m\\u202e"' in done.stdout
