"""A pair of trees is known again only while every single thing is as it was written down; else it is judged."""

import ast
import io
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from everycommit.cli import again as front
from everycommit.repo import pairs
from everycommit.repo.again import FORBIDDEN, OTHERS, committed, place_of, pushed
from everycommit.repo.known import NAMES, Unfit, looked
from everycommit.repo.patch import parsed
from support import Repo

ABSENT = ("no/RECORD", "no/scope.json")


@dataclass
class World:
    """A repository whose staged change was judged, at the commit and for a push."""

    repo: Repo
    base: Path

    @property
    def place(self) -> Path:
        return Path(place_of(str(self.repo.root / ".git")))

    @property
    def witnesses(self) -> list[Path]:
        return [self.base / "tool/RECORD", self.base / "tool", self.base / "with space/a b"]

    @property
    def environ(self) -> dict[str, str]:
        return dict(self.repo.environ)

    def keep(self, occasions: Sequence[str] = ("commit", "push"), *, before: float = float("inf")) -> "World":
        """Write down that what is staged passed."""
        trees = self.repo.text("rev-parse", "HEAD^{tree}"), self.repo.text("write-tree")
        pairs.keep(
            self.repo.root / ".git",
            [(occasion, *trees) for occasion in occasions],
            files=parsed(self.repo.git("diff-tree", "-M", "-r", "-z", "--raw", "--numstat", "--full-index", *trees)),
            judged_at=1_700_000_000.25,
            symbol="✓",
            top=self.repo.root,
            common_dir=self.repo.root / ".git",
            environ=self.environ,
            witnesses=looked(
                [str(path) for path in self.witnesses], [str(self.base / name) for name in ABSENT], before=before
            ),
        )
        return self

    def knows(self, **env: str) -> bool:
        return committed(self.environ | env, str(self.repo.root)) is not None

    def knows_push(self, line: str | None = None, *, remote: str = "origin", **env: str) -> bool:
        head, parent = self.repo.text("rev-parse", "HEAD", "HEAD^").split()
        usual = f"refs/heads/main {head} refs/heads/main {parent}"
        return pushed(remote, [line or usual], self.environ | env, str(self.repo.root)) is not None


@pytest.fixture
def world(repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    repo.stage("a.py", "X = 1\n").stage("b.py", "Y = 1\n").commit().stage("a.py", "X = 2\n").stage("c d.py", "Z = 1\n")
    made = World(repo, tmp_path)
    for path in made.witnesses:
        path.parent.mkdir(exist_ok=True, parents=True)
        if path.suffix or path.name != "tool":
            path.write_text(f"{path}\n")
    monkeypatch.chdir(repo.root)
    return made.keep()


def test_a_pair_that_passed_is_known(world: World) -> None:
    found = committed(world.environ, str(world.repo.root))

    assert found is not None
    assert (found.judged_at, found.symbol, found.staged) == (1_700_000_000.25, "✓", True)
    assert found.tree == world.repo.text("write-tree")
    assert found.base_commit == world.repo.text("rev-parse", "HEAD")


def test_renames_and_odd_names_and_modes_are_told_alike(world: World) -> None:
    """git's records of a commit that was judged, and of the index, are the same words."""
    repo = world.repo.commit()
    repo.git("mv", "a.py", "z.py")
    repo.git("update-index", "--chmod=+x", "b.py")
    for path in ("a.py/inner", "a.b", "ümlaut", "tab\tname", 'quote"name'):
        repo.stage(path, f"{path}\n")
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},sub")

    world.keep()

    assert world.knows()


def test_nothing_is_known_where_nothing_was_written_down(world: World) -> None:
    pairs.forget(world.repo.root / ".git")

    assert not world.knows()
    assert not any(world.place.iterdir())


def test_another_occasion_is_another_verdict(world: World) -> None:
    pairs.forget(world.repo.root / ".git")
    world.keep(["commit"]).repo.commit()

    assert not world.knows_push()


def _conflict(repo: Repo) -> None:
    oid = repo.text("rev-parse", ":a.py")
    repo.git("update-index", "--index-info", stdin=f"0 {oid}\ta.py\n100644 {oid} 1\ta.py\n".encode())


STAGED: dict[str, Callable[[Repo], object]] = {
    "more is staged": lambda repo: repo.stage("e.py", ""),
    "less is staged": lambda repo: repo.git("reset", "--quiet", "c d.py"),
    "other text": lambda repo: repo.stage("a.py", "X = 3\n"),
    "another mode": lambda repo: repo.git("update-index", "--chmod=+x", "a.py"),
    "a file is deleted": lambda repo: repo.git("rm", "--quiet", "b.py"),
    "a file becomes a link": lambda repo: repo.git(
        "update-index", "--cacheinfo", f"120000,{repo.text('rev-parse', ':a.py')},a.py"
    ),
    "a submodule": lambda repo: repo.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},sub"),
    "another commit below": lambda repo: repo.git("commit", "--quiet", "--allow-empty", "-m", "x", "--only", "c d.py"),
    "a merge": lambda repo: (repo.root / ".git/MERGE_HEAD").write_text(repo.text("rev-parse", "HEAD")),
    "work in the background": lambda repo: (repo.root / ".git/everycommit/background").mkdir(),
    "no commit": lambda repo: repo.git("checkout", "--quiet", "--orphan", "other"),
    "a conflict": _conflict,
}


@pytest.mark.parametrize("change", STAGED)
def test_another_change_is_not_known(world: World, change: str) -> None:
    assert world.knows()

    STAGED[change](world.repo)

    assert not world.knows()


def test_what_is_not_staged_and_other_times_do_not_matter(world: World) -> None:
    world.repo.write("a.py", "X = 9\n").write("new.py", "broken(")
    world.repo.git("add", "-N", "new.py")
    os.utime(world.repo.root / "b.py", (1, 1))

    assert world.knows()


def test_the_index_of_a_partial_commit_is_read(world: World) -> None:
    other = world.repo.root / ".git/next-index-1"
    other.write_bytes((world.repo.root / ".git/index").read_bytes())
    world.repo.git("reset", "--quiet")

    assert not world.knows()
    assert world.knows(GIT_INDEX_FILE=str(other))


def test_a_message_alone_is_known_by_what_it_stands_on(world: World) -> None:
    world.repo.commit()

    found = committed(world.environ, str(world.repo.root))

    assert found is not None
    assert not found.staged
    assert found.base_commit == world.repo.text("rev-parse", "HEAD^")
    assert not world.knows(PRE_COMMIT="1")


WITNESSES: dict[str, Callable[[World], object]] = {
    "written anew": lambda world: world.witnesses[0].write_text("other\n"),
    "the same text again": lambda world: world.witnesses[0].write_text(f"{world.witnesses[0]}\n"),
    "gone": lambda world: world.witnesses[2].unlink(),
    "a file comes into a folder": lambda world: (world.base / "tool/new").touch(),
    "what was absent is there": lambda world: (world.base / "no").symlink_to(world.base / "tool"),
    "another file in its place": lambda world: (
        (world.base / "tool/x").write_text("x"),
        (world.base / "tool/x").replace(world.witnesses[0]),
    ),
}


@pytest.mark.parametrize("change", WITNESSES)
def test_every_witness_counts(world: World, change: str) -> None:
    assert world.knows()

    WITNESSES[change](world)

    assert not world.knows()


@pytest.mark.parametrize("name", [*NAMES, *FORBIDDEN, *(f"{start}NEW" for start in OTHERS)])
def test_every_variable_counts(world: World, name: str) -> None:
    assert not world.knows(**{name: "something else"})


def test_other_variables_do_not_matter(world: World) -> None:
    path = world.environ["PATH"]

    assert world.knows(TERM="dumb", SOMETHING="x", PRE_COMMIT_HOME="/x", PATH=f"/usr/lib/git-core:{path}")
    assert not world.knows(PATH=f"{path}:/somewhere")


def test_it_is_of_this_working_tree_alone(world: World) -> None:
    assert committed(world.environ, str(world.base)) is None


def test_another_python_or_everycommit_knows_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/other/python")

    assert not world.knows()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_a_flipped_or_lost_byte_is_no_pair(world: World, data: st.DataObject) -> None:
    files = sorted(world.place.iterdir())
    file = data.draw(st.sampled_from([one for one in files if not one.name.startswith("push")]))
    content = file.read_bytes()
    at = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        broken = content[:at]
    else:
        broken = content[:at] + bytes([content[at] ^ data.draw(st.integers(1, 255))]) + content[at + 1 :]
    file.write_bytes(broken)
    try:
        # Without its last newline it says the same.
        assert not world.knows() or broken + b"\n" == content
    finally:
        file.write_bytes(content)
        assert world.knows()


def test_a_link_in_place_of_a_file_is_not_followed(world: World) -> None:
    (pair,) = world.place.glob("commit-*")
    elsewhere = world.base / "elsewhere"
    pair.rename(elsewhere)
    pair.symlink_to(elsewhere)

    assert not world.knows()


def test_a_push_of_the_pair_is_known(world: World) -> None:
    world.repo.commit()
    head, parent = world.repo.text("rev-parse", "HEAD", "HEAD^").split()

    assert world.knows_push()
    assert world.knows_push(f"refs/heads/x {head} refs/heads/y {parent}")
    world.repo.git("update-ref", "refs/remotes/origin/main", parent)
    assert world.knows_push(f"refs/heads/x {head} refs/heads/new {'0' * 40}")


@pytest.mark.parametrize(
    "line",
    [
        "refs/heads/main {head} refs/heads/main {zeros}",
        "refs/heads/main {zeros} refs/heads/main {parent}",
        "refs/heads/main {parent} refs/heads/main {head}",
        "refs/heads/main {head} refs/heads/main {unknown}",
        "refs/heads/main {head} refs/notes/x {parent}",
        "HEAD {head} refs/heads/main {parent}",
        "refs/heads/main {head} refs/heads/main --all",
        "refs/heads/main {tree} refs/heads/main {parent}",
        "refs/heads/main",
        "",
    ],
)
def test_a_push_that_is_not_the_pair_is_judged(world: World, line: str) -> None:
    world.repo.commit()
    head, parent, tree = world.repo.text("rev-parse", "HEAD", "HEAD^", "HEAD^{tree}").split()
    words = {"head": head, "parent": parent, "tree": tree, "zeros": "0" * 40, "unknown": "1" * 40}

    assert pushed("origin", [line.format(**words)], world.environ, str(world.repo.root)) is None
    assert world.knows_push()


def test_pushes_that_only_the_usual_run_can_read_are_judged(world: World) -> None:
    world.repo.commit()
    head, parent = world.repo.text("rev-parse", "HEAD", "HEAD^").split()
    line = f"refs/heads/main {head} refs/heads/main {parent}"

    assert not world.knows_push(remote="https://example.com/x")
    assert not world.knows_push(remote="")
    assert pushed("origin", [line, line], world.environ, str(world.repo.root)) is None
    assert pushed("origin", [], world.environ, str(world.repo.root)) is None
    (world.repo.root / ".git/worktrees/other/everycommit/background").mkdir(parents=True)
    assert not world.knows_push()
    assert world.knows()


@pytest.mark.parametrize("value", ["two\nlines", "\x1b[1m"])
def test_values_that_are_no_line_are_not_written_down(world: World, value: str) -> None:
    world.repo.environ["HOME"] = value

    with pytest.raises(Unfit):
        world.keep()


def test_what_has_just_changed_is_not_written_down(world: World) -> None:
    with pytest.raises(Unfit, match="has just changed"):
        world.keep(before=time.time())


def test_what_nobody_knows_is_not_written_down(world: World) -> None:
    world.repo.environ["EVERYCOMMIT_TIMEOUT"] = "3"

    with pytest.raises(Unfit, match="EVERYCOMMIT_TIMEOUT is set"):
        world.keep()


def test_many_pairs_stay_few_files(world: World) -> None:
    trees = world.repo.text("rev-parse", "HEAD^{tree}"), world.repo.text("write-tree")
    for number in range(400):
        (world.place / f"commit-{number:040x}-{trees[0]}").touch()

    world.keep()

    assert len(list(world.place.iterdir())) < 400
    assert world.knows()


def test_taking_back_one_pair_leaves_the_others(world: World) -> None:
    first = world.repo.text("rev-parse", "HEAD^{tree}"), world.repo.text("write-tree")
    world.repo.stage("e.py", "")
    world.keep()

    pairs.forget(world.repo.root / ".git", first)

    assert world.knows()
    world.repo.git("reset", "--quiet", "e.py")
    assert not world.knows()


def test_the_line_says_when_and_what_was_let_pass_is_noted(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert front.answered("pre-commit", (), (), world.environ)
    assert capsys.readouterr().out == "everycommit  ✓ known, judged on 2023-11-14 at " + time.strftime(
        "%H:%M\n", time.localtime(1_700_000_000)
    )
    tree, commit = (world.repo.root / ".git/everycommit/judged").read_text().split()
    assert (tree, commit) == (world.repo.text("write-tree"), world.repo.text("rev-parse", "HEAD"))


@pytest.mark.parametrize(
    ("name", "words", "env"),
    [
        ("pre-commit", ["lint"], {}),
        ("pre-merge-commit", [], {}),
        ("post-commit", [], {}),
        ("pre-push", [], {}),
        ("pre-commit", [], {"EVERYCOMMIT_BESIDE": "1"}),
    ],
)
def test_other_hooks_and_words_are_judged(world: World, name: str, words: list[str], env: dict[str, str]) -> None:
    assert not front.answered(name, words, (), world.environ | env)


def test_a_stream_that_cannot_carry_the_words_hands_over(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ascii_only = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr("sys.stdout", ascii_only)

    assert not front.answered("pre-commit", (), (), world.environ)
    assert ascii_only.buffer.tell() == 0


def test_a_known_verdict_loads_nothing_but_what_tells_it(world: World) -> None:
    script = """if True:
        import sys
        before = set(sys.modules)
        from everycommit.cli.main import main
        code = main(["hook", "pre-commit"])
        print(code, sorted(set(sys.modules) - before))
    """

    argv = [sys.executable, "-I", "-c", script]
    done = subprocess.run(argv, env=world.environ, capture_output=True, text=True, check=True)

    assert done.stdout.startswith("everycommit  ✓ known")
    loaded = set(ast.literal_eval(done.stdout.splitlines()[1].removeprefix("0 ")))
    ours = {name.removeprefix("everycommit.") for name in loaded if name.startswith("everycommit.")}
    assert ours == {"cli", "cli.main", "cli.again", "errors", "digest", "repo", "repo.again", "repo.judged"} | {
        "repo.child",
        "repo.surroundings",
    }
    assert not loaded & {"typing", "pathlib", "re", "collections.abc", "contextlib", "enum", "json", "threading"}
