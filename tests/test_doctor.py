"""`doctor` says what is missing for a true verdict, and each line that is not good says the way on."""

import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from everycommit.cli.call import Call
from everycommit.cli.checkup_files import _bytes, cache, used
from everycommit.config.schema import Settings
from everycommit.repo.githooks import BEFORE
from support import Repo

RIGHT = "✓"
NOTE = "!"
WRONG = "✗"
NO_MODEL = "no model: the review is static only. Add one: everycommit models add cerebras | openai | ollama | URL"


@pytest.fixture
def shop(repo: Repo) -> Repo:
    """A Python project with everything that it needs, hooks installed."""
    repo.environ["VIRTUAL_ENV"] = sys.prefix
    repo.stage("src/shop/__init__.py", "").stage("tests/test_shop.py", "").stage("pyproject.toml", "[tool.ruff]\n")
    repo.commit()
    done = repo.everycommit("install", "--no-fill")
    assert done.returncode == 0, done.stderr
    return repo


def doctor(repo: Repo, *, cwd: Path | None = None, code: int = 0, **env: str) -> list[str]:
    done = repo.everycommit("doctor", cwd=cwd, **env)
    assert (done.returncode, done.stderr) == (code, ""), done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert any(line.startswith(WRONG) for line in lines) is (code == 2)
    return lines


def only(lines: list[str], mark: str) -> list[str]:
    """The lines with *mark*, but for the one that every machine of these tests has: no model is set up."""
    return [line.removeprefix(f"{mark} ") for line in lines if line.startswith(mark) and NO_MODEL not in line]


def test_a_healthy_project_has_nothing_but_good_lines(shop: Repo) -> None:
    lines = doctor(shop)

    assert not only(lines, WRONG)
    assert not only(lines, NOTE)
    assert f"{NOTE} {NO_MODEL}" in lines
    text = "\n".join(lines)
    python = f"{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"
    assert "✓ everycommit 0.1.0 with Python" in text
    assert "✓ git 2." in text
    assert f"✓ repository {shop.root}\n" in text
    assert f"✓ interpreter {sys.prefix}/bin/python {python}, found by VIRTUAL_ENV" in text
    for tool in ("ruff", "mypy", "pytest"):
        assert f"✓ {tool} " in text
    assert "✓ hooks: pre-commit, pre-merge-commit, pre-push in .git/hooks (version 1)" in text
    assert f"✓ snapshot folder {shop.environ['XDG_CACHE_HOME']}/everycommit writable (" in text


def test_in_a_c_locale_the_marks_are_ascii(shop: Repo) -> None:
    done = shop.everycommit("doctor", LC_ALL="C")

    assert done.stdout.startswith("ok everycommit")
    assert done.stdout.isascii()


def test_outside_a_repository_it_says_so_and_looks_at_the_rest(repo: Repo, tmp_path: Path) -> None:
    lines = doctor(repo, cwd=tmp_path)

    assert only(lines, NOTE) == [
        f"no repository to look at: '{tmp_path}' is not in a git repository; go into one, or make one with `git init`"
    ]
    assert any("ruff" in line for line in only(lines, RIGHT))
    assert any("snapshot folder" in line for line in only(lines, RIGHT))


def test_without_git_it_says_so(repo: Repo, tmp_path: Path) -> None:
    lines = doctor(repo, code=2, PATH=str(tmp_path))

    assert only(lines, WRONG) == ["git was not found on the PATH; install git 2.30 or newer"]


def test_a_git_that_is_too_old_is_named(repo: Repo, tmp_path: Path) -> None:
    git = tmp_path / "bin/git"
    git.parent.mkdir()
    git.write_text('#!/bin/sh\ncase "$*" in *version*) echo "git version 2.17.1" ;; *) exit 129 ;; esac\n')
    git.chmod(0o755)

    lines = doctor(repo, code=2, PATH=f"{git.parent}:/usr/bin:/bin")

    assert "git is 2.17, and everycommit needs git 2.30 or newer" in only(lines, WRONG)[0]


def test_a_repository_without_python_needs_no_interpreter(repo: Repo) -> None:
    repo.stage("README.md", "").commit()
    repo.everycommit("install", "--no-fill")

    lines = doctor(repo, PATH="/usr/bin:/bin")

    assert "no Python here: lint, types and tests have nothing to judge" in only(lines, RIGHT)


def test_what_is_special_about_the_repository_is_said(tmp_path: Path) -> None:
    repo = Repo.make(tmp_path / "new", tmp_path / "home", object_format="sha256")
    repo.everycommit("install", "--no-fill")
    unborn = doctor(repo)
    repo.stage("a", "").commit()
    repo.git("worktree", "add", "--quiet", str(tmp_path / "linked"))
    repo.git("config", "remote.origin.promisor", "true")
    linked = doctor(repo, cwd=tmp_path / "linked")

    assert f"repository {repo.root} (sha256, no commit yet)" in only(unborn, RIGHT)
    assert f"repository {tmp_path / 'linked'} (sha256, linked worktree of {repo.root})" in only(linked, RIGHT)
    assert any(line.startswith("a partial clone") for line in only(linked, NOTE))


def test_a_shallow_clone_is_said_with_the_way_on(repo: Repo, tmp_path: Path) -> None:
    repo.stage("a", "1").commit().stage("a", "2").commit()
    repo.git("clone", "--quiet", "--depth=1", f"file://{repo.root}", str(tmp_path / "clone"))
    clone = Repo(tmp_path / "clone", repo.environ)
    clone.everycommit("install", "--no-fill")

    assert any("git fetch --unshallow" in line for line in only(doctor(clone), NOTE))


# --- settings and commands -----------------------------------------------------------------------------------------


def test_every_mistake_in_the_settings_is_a_line(shop: Repo) -> None:
    shop.stage("pyproject.toml", "[tool.everycommit]\ntimeout = -1\ncomit = []\n")

    wrong = only(doctor(shop, code=2), WRONG)

    assert any("timeout" in line for line in wrong)
    assert any("comit" in line and "did you mean 'commit'" in line for line in wrong)


def test_where_the_settings_come_from_is_said(shop: Repo) -> None:
    shop.stage("pyproject.toml", "[tool.everycommit]\ntimeout = 100\n").commit()

    assert "settings: from environment and pyproject.toml" in only(doctor(shop, EVERYCOMMIT_LINT_FORMAT="never"), RIGHT)
    shop.stage("pyproject.toml", "").commit()
    assert any(line.startswith("settings: defaults; `everycommit init`") for line in only(doctor(shop), RIGHT))


def test_a_command_that_nobody_accepted_is_named_with_the_way_on(shop: Repo) -> None:
    shop.stage("pyproject.toml", '[tool.everycommit.command.docs]\nrun = ["make", "docs"]\n').commit()
    before = doctor(shop, code=2)
    shop.everycommit("trust", "--yes")
    after = doctor(shop)

    assert only(before, WRONG) == [
        "command.docs not accepted on this machine: read and accept with `everycommit trust`"
    ]
    assert "commands accepted: command.docs" in only(after, RIGHT)


def test_a_damaged_list_of_accepted_commands_is_said(shop: Repo) -> None:
    (shop.root / ".git/everycommit").mkdir(exist_ok=True)
    (shop.root / ".git/everycommit/accepted.json").write_text("{")

    assert any("accepted.json" in line for line in only(doctor(shop, code=2), WRONG))


def test_a_pyproject_that_is_no_toml_is_said(shop: Repo) -> None:
    shop.write("pyproject.toml", "[tool\n")

    assert any("pyproject.toml: not valid TOML" in line for line in only(doctor(shop, code=2), WRONG))


# --- the project's Python ------------------------------------------------------------------------------------------


def test_a_python_without_pytest_is_wrong_where_there_are_tests(shop: Repo) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", shop.root / ".venv"], check=True)
    with_tests = doctor(shop, code=2)
    shop.git("rm", "--quiet", "-r", "tests")
    without = doctor(shop)

    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert only(with_tests, WRONG) == [
        f"pytest is not installed in .venv (Python {version}): .venv/bin/python -m pip install pytest"
    ]
    assert any(line.startswith("pytest is not installed") for line in only(without, NOTE))
    assert any(line.startswith("mypy ") and line.endswith("(everycommit's)") for line in only(with_tests, RIGHT))
    assert any(line.startswith("interpreter .venv/bin/python ") for line in only(with_tests, RIGHT))


def test_no_python_for_the_project_is_said_with_the_way_on(shop: Repo, tmp_path: Path) -> None:
    git = shutil.which("git")
    assert git is not None
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/git").symlink_to(git)
    shop.environ.pop("VIRTUAL_ENV")

    lines = doctor(shop, code=2, PATH=str(tmp_path / "bin"))

    assert any("python3 -m venv .venv" in line for line in only(lines, WRONG))
    assert any(line.startswith("ruff ") for line in only(lines, RIGHT))


# --- hooks ---------------------------------------------------------------------------------------------------------


def test_hooks_that_are_not_there_are_wrong(shop: Repo) -> None:
    shop.everycommit("uninstall")

    assert only(doctor(shop, code=2), WRONG) == [
        "no hook pre-commit or pre-merge-commit or pre-push: `everycommit install` writes it"
    ]


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        ("edited", "! pre-commit: the hook was edited since everycommit wrote it"),
        (
            "version",
            "✗ pre-commit: the hook is of version 9, this everycommit writes 1: `everycommit install` mends it",
        ),
        ("mode", "✗ pre-commit: the hook is not executable, git passes over it: `everycommit install` mends it"),
        (
            "foreign",
            "✗ pre-commit: the hook is somebody else's, everycommit is not called: `everycommit install` keeps",
        ),
        ("manager", "✗ pre-commit: the hook is lefthook's, everycommit is not called: `everycommit install` keeps"),
        ("folder", "is a folder, not a hook; move it away"),
    ],
)
def test_what_is_wrong_with_a_hook_is_said_with_the_way_on(shop: Repo, trouble: str, said: str) -> None:
    path = shop.root / ".git/hooks/pre-commit"
    if trouble == "edited":
        path.write_bytes(path.read_bytes() + b"true\n")
    elif trouble == "version":
        path.write_bytes(path.read_bytes().replace(b"everycommit hook 1 ", b"everycommit hook 9 "))
    elif trouble == "mode":
        path.chmod(0o644)
    elif trouble == "folder":
        path.unlink()
        path.mkdir()
    else:
        path.write_text("#!/bin/sh\n" + "lefthook run\n" * (trouble == "manager"))

    lines = doctor(shop, code=0 if trouble == "edited" else 2)

    assert any(said in line for line in lines), lines


def test_a_hook_whose_python_is_gone_is_wrong(shop: Repo, tmp_path: Path) -> None:
    from everycommit.repo.install import install

    install(shop.root / ".git/hooks", (str(tmp_path / "gone/python"), "-I"))

    wrong = only(doctor(shop, code=2), WRONG)

    assert (
        f"pre-push: the Python that the hook starts is gone ({tmp_path}/gone/python): `everycommit install` mends it"
        in wrong
    )


def test_a_kept_hook_and_a_hooks_path_are_said(repo: Repo) -> None:
    repo.git("config", "core.hooksPath", "tools")
    repo.write("tools/pre-push", "#!/bin/sh\n")
    repo.path("tools/pre-push").chmod(0o755)
    repo.everycommit("install", "--no-fill")

    lines = doctor(repo)

    assert "core.hooksPath is set: git looks for hooks in tools" in only(lines, NOTE)
    assert f"pre-push: the hook that was there, pre-push{BEFORE}, is kept and called first" in only(lines, RIGHT)


def test_hooks_that_git_was_told_not_to_run_are_wrong(shop: Repo) -> None:
    shop.git("config", "core.hooksPath", "/dev/null")

    assert any("git runs no hooks here" in line for line in only(doctor(shop, code=2), WRONG))


@pytest.mark.parametrize("way", ["named", "moved"])
def test_under_a_hook_manager_that_calls_everycommit_all_is_well(shop: Repo, way: str) -> None:
    hooks = shop.root / ".git/hooks"
    if way == "named":
        shop.everycommit("uninstall")
        shop.stage(".pre-commit-config.yaml", "repos: []  # everycommit\n")
    else:
        (hooks / "pre-commit").rename(hooks / "pre-commit.legacy")
    (hooks / "pre-commit").write_text("#!/bin/sh\n# https://pre-commit.com\n")
    (hooks / "pre-commit").chmod(0o755)

    lines = doctor(shop)

    how = ".pre-commit-config.yaml" if way == "named" else "pre-commit.legacy"
    assert f"pre-commit: pre-commit calls everycommit ({how})" in only(lines, RIGHT)


@pytest.mark.parametrize("way", ["ours", "theirs"])
def test_a_change_that_is_judged_twice_is_said(repo: Repo, way: str) -> None:
    """Ours above theirs is judged once, as theirs leaves it to ours; theirs above ours judges again."""
    repo.stage(".pre-commit-config.yaml", "repos: []  # everycommit\n")
    hook = repo.path(".git/hooks/pre-commit")
    if way == "ours":
        repo.write(".git/hooks/pre-commit", "#!/bin/sh\n# https://pre-commit.com\n")
        hook.chmod(0o755)
    repo.everycommit("install", "--no-fill")
    if way == "theirs":
        hook.rename(f"{hook}.legacy")
        repo.write(".git/hooks/pre-commit", "#!/bin/sh\n# https://pre-commit.com\n")
        hook.chmod(0o755)

    lines = doctor(repo)

    once = ".pre-commit-config.yaml names everycommit: called by our own hook it leaves the change to that"
    twice = ".pre-commit-config.yaml names everycommit as well, so a change is judged twice: `everycommit uninstall`"
    assert (once in only(lines, RIGHT), twice in only(lines, NOTE)) == (way == "ours", way == "theirs")


# --- the snapshot --------------------------------------------------------------------------------------------------


def test_what_the_snapshot_lacks_is_said(shop: Repo, tmp_path: Path) -> None:
    shop.stage(".gitignore", "_version.py\n").write("src/shop/_version.py", "")
    shop.stage(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n").commit()
    for name in "abcd":
        shop.git("update-index", "--add", "--cacheinfo", f"160000,{shop.text('rev-parse', 'HEAD')},sub{name}")

    shop.stage("gone/.gitattributes", "").path("gone/.gitattributes").unlink()

    notes = only(doctor(shop), NOTE)

    assert any('[tool.everycommit.snapshot] link = ["src/shop/_version.py"]' in line for line in notes)
    assert "submodules (suba, subb, subc and 1 more): tests and types see the recorded commits" in notes
    assert any(line.startswith("Git LFS (.gitattributes): ") for line in notes)


def test_links_of_the_settings_are_looked_at(shop: Repo) -> None:
    shop.stage(".gitignore", "_version.py\n").write("src/shop/_version.py", "")
    shop.stage("pyproject.toml", '[tool.everycommit.snapshot]\nlink = ["src/shop/_version.py", "gone"]\n').commit()

    lines = doctor(shop, code=2)

    assert only(lines, WRONG) == ['snapshot.link names "gone", which is not here: make it, or take it out of the list']
    assert not only(lines, NOTE)


def test_a_cache_folder_that_cannot_be_used_is_wrong(shop: Repo) -> None:
    wrong = only(doctor(shop, code=2, EVERYCOMMIT_CACHE_DIR="/dev/null/cache"), WRONG)

    assert any("EVERYCOMMIT_CACHE_DIR" in line for line in wrong)


def test_little_room_is_said_with_the_way_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=3_200_000))
    stream = io.StringIO()
    environ = {"XDG_CACHE_HOME": str(tmp_path)}
    call = Call(stdin=stream, stdout=stream, stderr=stream, environ=environ, cwd=tmp_path)

    good, note = cache(Settings(), call)

    assert good.text.endswith("3.2 MB free)")
    assert (note.mark, note.text.split(";")[0]) == ("warned", "little room for snapshots")


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (999, "999 B"), (4100, "4.1 kB"), (85 * 10**9, "85 GB"), (2 * 10**12, "2.0 TB")]
)
def test_bytes_are_shown_in_the_unit_that_suits(count: int, text: str) -> None:
    assert _bytes(count) == text


def test_disk_use_is_counted_as_long_as_there_is_time(tmp_path: Path) -> None:
    for name in ("a", "sub/b"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x" * 100_000)

    size, is_whole = used(tmp_path, seconds=60)

    assert is_whole
    assert 200_000 <= size <= 300_000
    assert used(tmp_path, seconds=-1) == (0, False)
