"""`init` sees what kind of project it is and adds a short table of settings, every other byte staying."""

import stat
import subprocess
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import everycommit.config.recipes
from everycommit.cli.init import _append
from everycommit.config.detect import Found, found
from everycommit.config.load import load
from everycommit.config.proposal import appended, block, sentence
from everycommit.config.recipes import Recipe
from everycommit.config.schema import BUILT_IN
from everycommit.errors import UsageError
from support import EVERYCOMMIT, Repo
from terminal import on_a_terminal

PROJECT = b'[project]\nname = "shop"\nversion = "1"\n'


def settings_in(content: bytes) -> object:
    """What the loader makes of a file; SettingsErrors where it holds a mistake."""
    return load(base=content, target=content, user=None, environ={}, flags={}).settings


# --- what is found -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("paths", "layout"),
    [
        (["src/shop/__init__.py", "src/shop/prices.py", "tests/__init__.py"], "src layout"),
        (["src/shop.py"], "src layout"),
        (["shop/__init__.py", "shop/sub/__init__.py", "tests/__init__.py", "setup.py"], "packages at the top"),
        (["hooks/every/__init__.py", "lib/more/__init__.py"], "packages in hooks/ and lib/"),
        (["shop.py", "test_shop.py", "conftest.py"], "single modules"),
        (["setup.py", "conftest.py", "tests/test_a.py"], ""),
        (["README.md"], ""),
    ],
)
def test_the_layout_is_told_from_the_listing(paths: list[str], layout: str) -> None:
    assert found(paths, {}).layout == layout


@pytest.mark.parametrize(
    ("paths", "tests"),
    [
        (["tests/test_a.py", "tests/unit/test_b.py"], ("tests/",)),
        (["shop/tests/test_a.py", "test/b_test.py"], ("shop/tests/", "test/")),
        (["checks/deep/test_a.py"], ("checks/deep/",)),
        (["test_shop.py"], ("test_shop.py",)),
        (["tests/data/sample.py", "shop/contest.py"], ()),
    ],
)
def test_tests_are_found_by_their_names(paths: list[str], tests: tuple[str, ...]) -> None:
    assert found(paths, {}).tests == tests


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("pyproject.toml", b"[tool.pytest.ini_options]\n"),
        ("pyproject.toml", b'[project]\nname = "a"\n[dependency-groups]\ndev = ["pytest>=8"]\n'),
        ("pytest.ini", b""),
        ("tox.ini", b"[tox]\n[pytest]\n"),
        ("tox.ini", b"[testenv]\ndeps = pytest\n"),
        ("setup.cfg", b"[tool:pytest]\n"),
    ],
)
def test_pytest_is_seen_wherever_it_is_named(name: str, content: bytes) -> None:
    assert found(["tests/test_a.py"], {name: content}).pytest


def test_pytest_is_not_seen_where_nobody_names_it() -> None:
    assert not found(["tests/test_a.py"], {"pyproject.toml": PROJECT, "tox.ini": b"[tox]\n"}).pytest


@pytest.mark.parametrize(
    ("name", "content", "ruff", "mypy"),
    [
        ("pyproject.toml", b"[tool.ruff]\n", True, False),
        ("ruff.toml", b"", True, False),
        (".ruff.toml", b"", True, False),
        ("pyproject.toml", b"[tool.mypy]\n", False, True),
        ("mypy.ini", b"[mypy]\n", False, True),
        ("setup.cfg", b"[metadata]\n[mypy]\n", False, True),
        ("setup.cfg", b"[metadata]\nname = mypy\n", False, False),
    ],
)
def test_ruff_and_mypy_are_configured_where_they_look(name: str, content: bytes, *, ruff: bool, mypy: bool) -> None:
    project = found(["a.py"], {name: content})

    assert (project.ruff, project.mypy) == (ruff, mypy)


@pytest.mark.parametrize(
    ("name", "content", "by"),
    [
        ("pyproject.toml", b"[tool.ruff.format]\nquote-style = 'single'\n", "pyproject.toml"),
        ("ruff.toml", b"line-length = 100\n[format]\n", "ruff.toml"),
        (".pre-commit-config.yaml", b"repos:\n- repo: x\n  hooks:\n  - id: ruff-format\n", ".pre-commit-config.yaml"),
        ("prek.toml", b'hooks = [{id = "ruff-format"}]\n', "prek.toml"),
        (".pre-commit-config.yaml", b"repos: []\n", ""),
    ],
)
def test_who_formats_is_found(name: str, content: bytes, by: str) -> None:
    assert found(["a.py"], {name: content}).ruff_format == by


def test_ignored_files_among_the_source_are_needed() -> None:
    source = ["src/shop/__init__.py", "src/shop/sub/a.py", "tests/test_a.py", "main.py"]
    ignored = [
        "src/shop/_version.py",
        "src/shop/_fast.cpython-311-x86_64-linux-gnu.so",
        "src/shop/generated/",
        "src/shop/sub/b_pb2.pyi",
        # none of these
        "src/shop/__pycache__/",
        "src/shop/build/",
        "src/shop/.mypy_cache/",
        "src/shop/notes.txt",
        "src/shop.egg-info/",
        "tests/scratch.py",
        "local_settings.py",
        "elsewhere/_version.py",
        "src/shop/od\udcffd.py",
    ]

    assert found(source, {}, ignored).link == (
        "src/shop/_fast.cpython-311-x86_64-linux-gnu.so",
        "src/shop/_version.py",
        "src/shop/generated",
        "src/shop/sub/b_pb2.pyi",
    )


@pytest.mark.parametrize(
    ("paths", "files", "python"),
    [
        (["a.py"], {}, True),
        ([], {"pyproject.toml": PROJECT}, True),
        ([], {"setup.cfg": b"[metadata]\n"}, True),
        (["index.js"], {"pyproject.toml": b"[tool.other]\n"}, False),
        ([], {}, False),
    ],
)
def test_python_is_where_its_files_are(paths: list[str], files: dict[str, bytes], *, python: bool) -> None:
    assert found(paths, files).python is python


@pytest.mark.parametrize("content", [b"[tool\n", b"\xff", b"\xef\xbb\xbf[tool]\n", b"a = " + b"[" * 10_000])
def test_a_broken_pyproject_is_one_clear_line(content: bytes) -> None:
    with pytest.raises(UsageError, match=r"pyproject\.toml: not valid TOML: .*; mend it and run this again"):
        found([], {"pyproject.toml": content})


# --- what is said --------------------------------------------------------------------------------------------------


def test_the_sentence_names_what_was_found() -> None:
    project = Found(
        python=True, layout="src layout", tests=("tests/",), pytest=True, ruff=True, ruff_format="", mypy=True
    )

    assert sentence(project, ".venv with Python 3.12") == (
        "Python project, src layout, tests/ with pytest, ruff and mypy configured, .venv with Python 3.12."
    )


def test_the_sentence_says_what_is_missing() -> None:
    assert sentence(Found(python=True, tests=("a/tests/", "b/tests/"), mypy=True)) == (
        "Python project, tests in a/tests/ and b/tests/, mypy configured, ruff with defaults, "
        "no interpreter of its own."
    )
    assert sentence(Found(python=True)).startswith("Python project, no tests yet, ruff and mypy with defaults")
    assert sentence(Found(python=False)).startswith("No Python here: the policy judges each change")


# --- what is proposed ----------------------------------------------------------------------------------------------


RECIPES = [one for one in vars(everycommit.config.recipes).values() if isinstance(one, Recipe)]


def projects() -> st.SearchStrategy[Found]:
    paths = st.lists(st.text(st.characters(exclude_categories=["C"]), min_size=1), max_size=3).map(tuple)
    return st.builds(
        Found,
        python=st.booleans(),
        ruff_format=st.sampled_from(["", "pyproject.toml", ".pre-commit-config.yaml", "prek.toml"]),
        link=paths,
        commands=st.lists(st.sampled_from(RECIPES), unique_by=lambda one: one.name, max_size=3).map(tuple),
    )


@given(projects())
def test_what_is_proposed_is_what_the_loader_reads(project: Found) -> None:
    text = block(project)

    settings = load(base=text.encode(), target=text.encode(), user=None, environ={}, flags={}).settings

    assert settings.commit == (BUILT_IN if project.python else ("policy", "review"))
    assert settings.push == BUILT_IN
    assert settings.snapshot.link == project.link
    assert {name: (one.run, one.files, one.format, one.report) for name, one in settings.command.items()} == {
        one.name: (one.run, one.files, one.format, one.report) for one in project.commands
    }
    assert settings.lint.format == (
        "always" if project.ruff_format in {".pre-commit-config.yaml", "prek.toml"} else "auto"
    )
    assert all("#" in line for line in text.splitlines() if "=" in line)


def test_a_command_is_proposed_that_the_loader_would_read() -> None:
    """It stands in comments; taking them away makes it a gate."""
    text = block(found(["README.md"], {}))
    lines = [line.removeprefix("# ") for line in text.splitlines() if not line.startswith("# A command")]

    settings = load(base=None, target="\n".join(lines).encode(), user=None, environ={}, flags={}, whole=True).settings

    assert settings.command["test"].run == ("make", "test")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        PROJECT,
        PROJECT.removesuffix(b"\n"),
        PROJECT.replace(b"\n", b"\r\n"),
        PROJECT.replace(b"\n", b"\r\n").removesuffix(b"\r\n"),
        PROJECT + b"# a last word\n\n\n",
        b"[tool.ruff]\nline-length = 100\n",
        b"tool.ruff.line-length = 100\n",
        b"[tool]\n[tool.ruff]\n",
        "[tool.poetry]\ndescription = 'ü'\n".encode(),
    ],
)
def test_what_is_appended_keeps_every_byte_and_says_what_was_shown(content: bytes) -> None:
    text = block(found(["a.py"], {}))

    more = appended(content, text)

    whole = tomllib.loads((content + more).decode())
    shown = tomllib.loads(text)["tool"]["everycommit"]
    assert whole["tool"]["everycommit"] == shown
    whole["tool"].pop("everycommit")
    before = tomllib.loads(content.decode())
    assert whole == before | {"tool": before.get("tool", {})}
    assert (b"\r\n" in more) == (b"\r\n" in content)
    assert more.replace(b"\r\n", b"").count(b"\r") == 0
    assert settings_in(content + more) == settings_in(text.encode())


@pytest.mark.parametrize("content", [b"tool = {ruff = {}}\n", b"tool = 1\n", b"[[tool]]\n"])
def test_a_closed_table_is_refused_with_the_way_on(content: bytes) -> None:
    with pytest.raises(UsageError, match="add the lines above by hand"):
        appended(content, block(Found(python=True)))


# --- the command ---------------------------------------------------------------------------------------------------


@pytest.fixture
def shop(repo: Repo) -> Repo:
    """A small Python project."""
    repo.stage("pyproject.toml", PROJECT + b"[tool.ruff]\n[tool.pytest.ini_options]\n")
    return repo.stage("src/shop/__init__.py", "").stage("tests/test_shop.py", "").commit()


def test_init_shows_and_writes_nothing_without_a_terminal(shop: Repo) -> None:
    before = shop.path("pyproject.toml").read_bytes()

    done = shop.everycommit("init")

    assert done.returncode == 2
    assert "Python project, src layout, tests/ with pytest, ruff configured, mypy with defaults" in done.stdout
    assert "Would add to pyproject.toml:\n    [tool.everycommit]\n    commit = [" in done.stdout
    assert done.stderr.splitlines() == [
        "everycommit: nothing was written, as there is no terminal to ask on; `everycommit init --yes` writes it"
    ]
    assert shop.path("pyproject.toml").read_bytes() == before


def test_init_writes_what_it_shows_and_says_the_next_step(shop: Repo) -> None:
    path = shop.path("pyproject.toml")
    before = path.read_bytes()
    path.chmod(0o640)
    (shop.root / "sub").mkdir()

    done = shop.everycommit("init", "--yes", cwd=shop.root / "sub")

    assert done.returncode == 0, done.stderr
    after = path.read_bytes()
    assert after.startswith(before)
    shown = "".join(line.removeprefix("    ") + "\n" for line in done.stdout.splitlines() if line.startswith("    "))
    assert tomllib.loads(shown)["tool"]["everycommit"] == tomllib.loads(after.decode())["tool"]["everycommit"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert done.stdout.endswith("Next: `git add pyproject.toml`, and `everycommit install` for the git hooks.\n")


def test_init_twice_changes_nothing(shop: Repo) -> None:
    shop.everycommit("init", "--yes")
    before = shop.path("pyproject.toml").read_bytes()

    done = shop.everycommit("init", "--yes")

    assert done.returncode == 0
    assert "has a [tool.everycommit] already: nothing was changed" in done.stdout
    assert shop.path("pyproject.toml").read_bytes() == before


def test_init_makes_a_file_for_a_project_that_has_none(repo: Repo) -> None:
    repo.write("shop.py", "")

    done = repo.everycommit("init", "--yes")

    assert done.returncode == 0, done.stderr
    assert "Would write a pyproject.toml:" in done.stdout
    assert list(tomllib.loads(repo.path("pyproject.toml").read_text())) == ["tool"]


def test_init_serves_a_repository_without_python(repo: Repo) -> None:
    repo.stage("Cargo.toml", "").stage("src/main.rs", "")

    done = repo.everycommit("init", "--yes")

    assert done.returncode == 0, done.stderr
    assert "No Python here: beside the policy clippy and cargo-test can judge each change." in done.stdout
    written = tomllib.loads(repo.path("pyproject.toml").read_text())["tool"]["everycommit"]
    assert written["commit"] == ["policy", "review"]
    assert written["command"]["cargo-test"]["run"] == ["cargo", "test", "--quiet"]


def test_init_accepts_the_commands_that_it_showed_and_no_others(repo: Repo) -> None:
    repo.stage("Makefile", "test:\n\ttrue\n").stage("src/main.c", "")

    done = repo.everycommit("init", "--yes")
    repo.git("add", "pyproject.toml")

    assert done.stdout.endswith("Accepted on this machine: test; others are asked by `everycommit trust`.\n")
    assert "  accepted      command.test (index): make test\n" in repo.everycommit("trust", "--list").stdout
    text = repo.path("pyproject.toml").read_text()
    repo.stage("pyproject.toml", text.replace('"make"', '"gmake"'))
    assert "  not accepted  command.test (index): gmake test\n" in repo.everycommit("trust", "--list").stdout


def test_init_accepts_nothing_where_it_wrote_nothing(repo: Repo) -> None:
    repo.stage("Makefile", "test:\n\ttrue\n").stage("src/main.c", "")

    done = repo.everycommit("init")

    assert done.returncode == 2
    assert not (repo.root / ".git/everycommit/accepted.json").exists()


def test_init_proposes_to_link_what_the_code_names_and_nothing_that_tools_leave_behind(shop: Repo) -> None:
    shop.stage(".gitignore", ".env\n/data/\n*.bin\nbuild/\nlogs/\nold.txt\n*.sqlite3\nmodel\\[1\\].json\nnot_me.json\n")
    named = ["data", "sample.bin", "build", "logs", "db.sqlite3", "model[1].json"]
    code = "".join(f'open("shared/{name}")\n' for name in named) + "from dotenv import load_dotenv\nload_dotenv()\n"
    shop.stage("src/shop/read.py", code + "# old.txt, modelX1.json\nPATH = 'not_me.json5'\n")
    for path in [
        ".env",
        "data/a.csv",
        "tests/sample.bin",
        "build/x",
        "logs/x",
        "old.txt",
        "db.sqlite3",
        "model[1].json",
    ]:
        shop.write(path, "x")
    shop.write("not_me.json", "x")

    done = shop.everycommit("init", "--yes")

    assert done.returncode == 0, done.stderr
    table = tomllib.loads(shop.path("pyproject.toml").read_text())["tool"]["everycommit"]
    assert table["snapshot"]["link"] == [".env", "data", "model[1].json", "tests/sample.bin"]


def test_init_proposes_to_link_what_git_ignores_and_the_package_needs(shop: Repo) -> None:
    shop.stage(".gitignore", "_version.py\n__pycache__/\n.venv/\n")
    shop.write("src/shop/_version.py", "").write("src/shop/__pycache__/a.pyc", "").write(".venv/lib/x/_version.py", "")

    done = shop.everycommit("init", "--yes")

    assert 'link = ["src/shop/_version.py"]' in done.stdout
    table = tomllib.loads(shop.path("pyproject.toml").read_text())["tool"]["everycommit"]
    assert table["snapshot"]["link"] == ["src/shop/_version.py"]


@pytest.mark.parametrize(("backend", "links"), [("mesonpy", True), ("setuptools.build_meta", False)])
def test_init_proposes_to_link_what_meson_python_built(shop: Repo, backend: str, *, links: bool) -> None:
    shop.stage("pyproject.toml", f'[build-system]\nrequires = []\nbuild-backend = "{backend}"\n').stage(
        ".gitignore", "build/\n"
    )
    shop.write("build/cp312/src/_fast.cpython-312-x86_64-linux-gnu.so", "").write("build/lib/other.so", "")

    done = shop.everycommit("init", "--yes")

    assert ('link = ["build/cp312/src/_fast.cpython-312-x86_64-linux-gnu.so"]' in done.stdout) is links


@pytest.mark.parametrize("is_named", [False, True])
def test_init_shows_the_entry_for_pre_commit_and_does_not_write_it(shop: Repo, *, is_named: bool) -> None:
    config = "repos: []  # everycommit\n" if is_named else "repos: []\n"
    shop.stage(".pre-commit-config.yaml", config)

    done = shop.everycommit("init", "--yes")

    said = "pre-commit is here: instead of `everycommit install` you can name everycommit in .pre-commit-config.yaml:"
    assert (said in done.stdout) is not is_named
    assert ("      - repo: local\n" in done.stdout) is not is_named
    assert shop.path(".pre-commit-config.yaml").read_text() == config


def test_init_tells_which_python_the_project_has(shop: Repo) -> None:
    import sys

    done = shop.everycommit("init", VIRTUAL_ENV=sys.prefix)

    assert f"VIRTUAL_ENV with Python {sys.version_info.major}.{sys.version_info.minor}." in done.stdout


def test_init_without_any_python_for_the_project_says_so(shop: Repo, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    git = subprocess.run(["which", "git"], capture_output=True, text=True, check=True).stdout.strip()
    (tmp_path / "bin/git").symlink_to(git)

    done = shop.everycommit("init", PATH=str(tmp_path / "bin"))

    assert "no interpreter of its own." in done.stdout


def test_init_refuses_a_broken_file_and_leaves_it(shop: Repo) -> None:
    shop.write("pyproject.toml", "[tool\n")

    done = shop.everycommit("init", "--yes")

    assert done.returncode == 2
    assert done.stderr.startswith("everycommit: pyproject.toml: not valid TOML: ")
    assert done.stderr.count("\n") == 1
    assert shop.path("pyproject.toml").read_text() == "[tool\n"


def test_init_writes_through_a_link_and_names_one_that_leads_nowhere(shop: Repo) -> None:
    path = shop.path("pyproject.toml")
    path.rename(shop.path("real.toml"))
    path.symlink_to("real.toml")
    assert shop.everycommit("init", "--yes").returncode == 0
    assert path.is_symlink()
    assert "[tool.everycommit]" in shop.path("real.toml").read_text()

    shop.path("real.toml").unlink()
    done = shop.everycommit("init", "--yes")

    assert done.returncode == 2
    assert "pyproject.toml is a link that leads nowhere (real.toml)" in done.stderr


def test_init_names_a_file_that_it_cannot_read(shop: Repo) -> None:
    shop.path("pyproject.toml").unlink()
    shop.path("pyproject.toml").mkdir()

    done = shop.everycommit("init", "--yes")

    assert done.returncode == 2
    assert "pyproject.toml cannot be read: Is a directory" in done.stderr


def test_a_full_disk_leaves_the_file_as_it_was(shop: Repo) -> None:
    """A limit on the size of files stands for the disk."""
    path = shop.path("pyproject.toml")
    before = path.read_bytes()
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({len(before) + 10},) * 2)"
    start = "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); from everycommit.cli.main import main"
    done = subprocess.run(
        [EVERYCOMMIT[0], "-B", "-c", f"{limit}; {start}; raise SystemExit(main(['init', '--yes']))"],
        cwd=shop.root,
        env={name: value for name, value in shop.environ.items() if not name.startswith("COV")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2, done.stderr
    assert "pyproject.toml cannot be written: File too large; nothing was changed" in done.stderr
    assert path.read_bytes() == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device here that is always full")
def test_a_full_device_is_one_clear_line() -> None:
    with pytest.raises(UsageError, match="/dev/full cannot be written: No space left on device; nothing was changed"):
        _append(Path("/dev/full"), b"text")


@pytest.mark.parametrize(
    ("answers", "writes"), [("\n", True), ("y\n", True), ("what\nyes\n", True), ("n\n", False), ("\x04", False)]
)
def test_on_a_terminal_init_asks(shop: Repo, answers: str, *, writes: bool) -> None:
    code, said = on_a_terminal(shop, "init", answers=answers)

    assert code == 0, said
    assert said.count("Write this? [Y/n]") == (2 if "what" in answers else 1)
    assert ("Written. Next:" in said, "Nothing was written." in said) == (writes, not writes)
    assert (b"tool.everycommit" in shop.path("pyproject.toml").read_bytes()) is writes


def test_an_environment_that_nobody_ignored_is_not_the_project() -> None:
    ours = found(
        ["src/shop/__init__.py", "tests/test_a.py", ".venv/lib/python3.12/site-packages/pip/tests/test_b.py"], {}
    )

    assert ours.tests == ("tests/",)
