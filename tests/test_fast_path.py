"""The hook says yes from files alone only while every single thing is as it was written down; else Python judges."""

import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from everycommit.config.schema import PolicySettings, ReviewSettings
from everycommit.record import fields
from everycommit.repo.again import FORBIDDEN, OTHERS
from everycommit.repo.fastpath import Fast, found
from everycommit.repo.githooks import script
from everycommit.repo.known import NAMES, Pair, Said, Unfit, folder, keep, looked, spoken, witnessed
from support import Repo

TODAY, LATER = "everycommit  ✓ known, judged at 14:02", "everycommit  ✓ known, judged on 2026-01-02 at 14:02"
PYTHON = "#!/bin/sh\necho started\nexit 7\n"
ABSENT = ("no/settings.toml", "no/ruff.toml", "no/scope.json")


@dataclass
class World:
    """A repository whose staged change was judged, and a hook whose Python only says that it was started."""

    repo: Repo
    python: Path
    base: Path
    fast: Fast

    @property
    def hook(self) -> Path:
        return self.repo.root / ".git/hooks/pre-commit"

    @property
    def facts(self) -> Path:
        return folder(self.repo.root / ".git") / "facts"

    @property
    def files(self) -> Path:
        return next(folder(self.repo.root / ".git").glob("*.files"))

    @property
    def witnesses(self) -> list[Path]:
        return [self.base / "tool" / name for name in ("RECORD", "python", "site")] + [self.base / "with space" / "a b"]

    def known(self, *, midnight: float | None = None, copy: Path | None = None) -> "World":
        """Write down that what is staged passed, a moment after it was staged."""
        time.sleep(0.06)
        git_dir = self.repo.root / ".git"
        keep(
            git_dir,
            Pair(self.repo.text("rev-parse", "HEAD"), self.repo.text("write-tree"), copy or git_dir / "index"),
            Said(int(time.time() + 1000 if midnight is None else midnight), TODAY, LATER),
            places=(str(self.python), self.fast.home, str(self.repo.root), str(git_dir)),
            environ=self.repo.environ,
            witnesses=looked(
                [str(path) for path in self.witnesses], [str(self.base / name) for name in ABSENT], before=float("inf")
            ),
        )
        return self

    def call(self, **env: str) -> "subprocess.CompletedProcess[str]":
        """Call the hook as git does, in the top of the working tree."""
        environ = self.repo.environ | {"GIT_INDEX_FILE": ".git/index", "GIT_AUTHOR_DATE": f"@{time.time():.0f} +0000"}
        return subprocess.run(
            [self.hook],
            cwd=self.repo.root,
            env=environ | env,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )

    def unseen(self) -> "World":
        """Forget which index file it was: its content alone tells."""
        line = self.facts.read_text().splitlines()[FACTS.index("seen")]
        for path, ending in ((self.facts, f"\n{line}\n"), (self.files, f" {line}\n")):
            text = path.read_text()
            assert ending in text
            path.write_text(text.replace(ending, f"{ending[0]}-\n"))
        return self

    def says_known(self, **env: str) -> bool:
        """Tell whether the hook answered by itself; it must be one or the other, and quiet."""
        done = self.call(**env)
        assert (done.returncode, done.stdout) in {(0, f"{TODAY}\n"), (0, f"{LATER}\n"), (7, "started\n")}, done
        assert done.stderr == ""
        return done.returncode == 0


@pytest.fixture(scope="module")
def fast(tmp_path_factory: pytest.TempPathFactory) -> Fast:
    made = found("/where/everycommit is", os.environ, tmp_path_factory.mktemp("scratch"))
    assert made is not None, "no stat here that tells enough"
    return made


@pytest.fixture
def world(repo: Repo, tmp_path: Path, fast: Fast) -> World:
    # Where its own Python is gone the hook takes an everycommit of the PATH: here there is to be none.
    folders = repo.environ["PATH"].split(os.pathsep)
    repo.environ["PATH"] = os.pathsep.join(one for one in folders if not (Path(one) / "everycommit").exists())
    repo.stage("a.py", "X = 1\n").stage("b.py", "Y = 1\n").commit().stage("a.py", "X = 2\n")
    python = tmp_path / "a python"
    python.write_text(PYTHON)
    python.chmod(0o755)
    made = World(repo, python, tmp_path, fast)
    made.hook.parent.mkdir(exist_ok=True)
    made.hook.write_bytes(script("pre-commit", (str(python), "-I"), fast=fast))
    made.hook.chmod(0o755)
    for path in made.witnesses:
        path.parent.mkdir(exist_ok=True)
        path.write_text("content\n")
    return made.known()


# --- what is known -------------------------------------------------------------------------------------------------


def test_a_known_pair_is_answered_without_python(world: World) -> None:
    done = world.call()

    assert (done.returncode, done.stdout, done.stderr) == (0, f"{TODAY}\n", "")


def test_nothing_is_said_where_nothing_is_known(world: World) -> None:
    shutil.rmtree(folder(world.repo.root / ".git"))

    assert not world.says_known()


def test_a_hook_of_a_machine_without_a_precise_stat_starts_python(world: World) -> None:
    world.hook.write_bytes(script("pre-commit", (str(world.python),)))

    assert not world.says_known()


@pytest.mark.parametrize("name", ["pre-merge-commit", "pre-push"])
def test_only_the_hook_of_commits_has_it(name: str, fast: Fast) -> None:
    assert script(name, ("/python",), fast=fast) == script(name, ("/python",))


def test_another_day_is_said_with_its_date(world: World) -> None:
    world.known(midnight=time.time() - 10)

    assert world.call().stdout == f"{LATER}\n"


@pytest.mark.parametrize("date", ["", "yesterday", "@12x +0000"])
def test_without_a_clock_the_date_is_said(world: World, date: str) -> None:
    assert world.call(GIT_AUTHOR_DATE=date).stdout == f"{LATER}\n"


def test_other_times_in_the_index_do_not_matter_where_the_tree_is_the_same(world: World) -> None:
    copy = world.base / "copy"
    shutil.copy(world.repo.root / ".git/index", copy)
    os.utime(world.repo.root / "b.py", (1, 1))
    world.repo.git("update-index", "--refresh")
    assert copy.read_bytes() != (world.repo.root / ".git/index").read_bytes()

    assert world.says_known()


def test_the_index_is_told_by_its_content_where_the_file_is_another(world: World) -> None:
    index = world.repo.root / ".git/index"
    content = index.read_bytes()
    assert world.unseen().says_known()
    world.known()
    index.unlink()
    index.write_bytes(content)

    assert world.says_known()


def test_an_index_that_is_being_written_is_told_by_its_content(world: World) -> None:
    """A second change within one tick of the clock could carry the same time."""
    index = world.repo.root / ".git/index"
    index.write_bytes(index.read_bytes())
    with mock.patch("time.sleep"):
        world.known()

    assert world.facts.read_text().splitlines()[FACTS.index("seen")] == "-"
    assert world.says_known()


def test_unstaged_edits_do_not_matter(world: World) -> None:
    world.repo.write("a.py", "broken(\n").write("new.py", "broken(\n")

    assert world.says_known()


def test_an_intent_to_add_is_no_part_of_the_commit(world: World) -> None:
    world.repo.write("new.py", "broken(\n").git("add", "--intent-to-add", "new.py")

    assert world.says_known()


def test_an_amended_message_is_known(world: World) -> None:
    world.repo.commit()

    assert world.call().stdout == f"{LATER}\n"


def test_packed_refs_and_a_detached_head_are_read(world: World) -> None:
    world.repo.git("pack-refs", "--all")
    assert world.says_known()

    world.repo.git("checkout", "--quiet", "--detach")
    assert world.says_known()


def test_another_branch_at_the_same_commit_is_the_same_pair(world: World) -> None:
    world.repo.git("checkout", "--quiet", "-b", "other/branch")

    assert world.says_known()


def test_the_path_of_gits_own_parts_does_not_matter(world: World) -> None:
    """git puts them first for a hook, `everycommit run` is without them."""
    git_core = world.repo.text("--exec-path")

    assert world.says_known(PATH=f"{git_core}:{world.repo.environ['PATH']}")
    assert not world.says_known(PATH=f"{world.repo.environ['PATH']}:{git_core}")


def test_a_foreign_hook_is_called_first(world: World) -> None:
    before = world.hook.with_name("pre-commit.before-everycommit")
    before.write_text("#!/bin/sh\necho first\nexit $CODE\n")
    before.chmod(0o755)

    assert world.call(CODE="0").stdout == f"first\n{TODAY}\n"
    assert (world.call(CODE="3").returncode, world.call(CODE="3").stdout) == (3, "first\n")


@pytest.mark.parametrize("shell", ["dash", "bash", "ksh", "busybox"])
def test_every_shell_reads_it_alike(world: World, shell: str) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"no {shell} here")
    words = [program, "sh"] if shell == "busybox" else [program]
    link = world.base / "sh"
    link.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
    link.chmod(0o755)
    world.hook.write_bytes(world.hook.read_bytes().replace(b"#!/bin/sh", b"#!" + os.fsencode(link)))

    # Given away by the shell's name alone where it sets variables that were not there.
    assert world.says_known(SHELL="/bin/sh") is world.known().says_known(SHELL="/bin/sh")
    world.repo.environ["SHELL"] = "/bin/sh"
    assert world.known().says_known()
    world.witnesses[0].write_text("changed\n")
    assert not world.says_known()


# --- what is not ---------------------------------------------------------------------------------------------------

Change = Callable[[World], object]


def _swapped(world: World) -> None:
    """Another index in place, with time and size kept."""
    index, other = world.repo.root / ".git/index", world.base / "other"
    shutil.copy2(index, other)
    world.repo.stage("a.py", "X = 3\n")
    content, stat = index.read_bytes(), other.stat()
    world.repo.stage("a.py", "X = 2\n")
    world.known()
    index.write_bytes(content)
    os.utime(index, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def _merging(world: World) -> None:
    (world.repo.root / ".git/MERGE_HEAD").write_text(world.repo.text("rev-parse", "HEAD") + "\n")


def _moved(world: World) -> None:
    """HEAD moved under the same index."""
    commit = world.repo.text("commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "x")
    world.repo.git("update-ref", "HEAD", commit)


def _moved_and_packed(world: World) -> None:
    _moved(world)
    world.repo.git("pack-refs", "--all", "--prune")


def _other_parent(world: World) -> None:
    """HEAD has the judged tree, on another parent."""
    parent = world.repo.text("commit-tree", "HEAD^{tree}", "-m", "x")
    commit = world.repo.text("commit-tree", world.repo.text("write-tree"), "-p", parent, "-m", "x")
    world.repo.git("update-ref", "HEAD", commit)


def _two_parents(world: World) -> None:
    first, second = world.repo.text("rev-parse", "HEAD"), world.repo.text("commit-tree", "HEAD^{tree}", "-m", "x")
    tree = world.repo.text("write-tree")
    world.repo.git("update-ref", "HEAD", world.repo.text("commit-tree", tree, "-p", first, "-p", second, "-m", "x"))


def _replaced(world: World) -> None:
    """A replacement object makes HEAD look as if it were the judged commit."""
    world.repo.commit()
    judged = world.repo.text("rev-parse", "HEAD")
    _other_parent(world)
    world.repo.git("replace", world.repo.text("rev-parse", "HEAD"), judged)


def _in_place_with_time_kept(world: World) -> None:
    path = world.witnesses[0]
    stat = path.stat()
    path.write_text("c0ntent\n")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def _renamed_over(world: World) -> None:
    path = world.witnesses[0]
    shutil.copy2(path, world.base / "same")
    (world.base / "same").replace(path)


def _folder_swapped(world: World) -> None:
    tool = world.witnesses[0].parent
    tool.rename(world.base / "old")
    shutil.copytree(world.base / "old", tool, copy_function=shutil.copy2)


def _linked_elsewhere(world: World) -> None:
    path = world.witnesses[1]
    shutil.copy2(path, world.base / "elsewhere")
    path.unlink()
    path.symlink_to(world.base / "elsewhere")


def _dangling(world: World) -> None:
    (world.base / "no").mkdir()
    (world.base / ABSENT[1]).symlink_to("nowhere")


def _there(world: World) -> None:
    (world.base / "no").mkdir()
    (world.base / ABSENT[-1]).touch()


def _copied_away(world: World) -> None:
    """The whole repository, its marker too, in another place."""
    shutil.copytree(world.repo.root, world.base / "copied", symlinks=True)
    world.repo.root = world.base / "copied"


def _folder_in_its_place(world: World) -> None:
    world.facts.unlink()
    world.facts.mkdir()


def _link_to_it(world: World) -> None:
    world.facts.rename(world.facts.with_name("kept"))
    world.facts.symlink_to("kept")


CHANGES: dict[str, Change] = {
    "something else is staged": lambda world: world.repo.stage("a.py", "X = 3\n"),
    "a mode is staged": lambda world: world.repo.git("update-index", "--chmod=+x", "a.py"),
    "a file is staged": lambda world: world.repo.stage("c.py", ""),
    "a deletion is staged": lambda world: world.repo.git("rm", "--quiet", "b.py"),
    "project settings are staged": lambda world: world.repo.stage("pyproject.toml", "[tool.everycommit]\n"),
    "nothing is staged": lambda world: world.repo.git("reset", "--quiet"),
    "index swapped, time kept": _swapped,
    "index is gone": lambda world: (world.repo.root / ".git/index").unlink(),
    "index is damaged": lambda world: (world.repo.root / ".git/index").write_bytes(b"DIRC"),
    "a merge": _merging,
    "HEAD moved": _moved,
    "HEAD moved and packed": _moved_and_packed,
    "the judged tree on another parent": _other_parent,
    "the judged tree with two parents": _two_parents,
    "a replaced HEAD": _replaced,
    "another root": lambda world: world.repo.git("symbolic-ref", "HEAD", "refs/heads/unborn"),
    "a witness touched": lambda world: world.witnesses[3].touch(),
    "a witness written in place, time kept": _in_place_with_time_kept,
    "a witness with other rights": lambda world: world.witnesses[2].chmod(0o600),
    "a witness renamed over": _renamed_over,
    "a witness is gone": lambda world: world.witnesses[0].unlink(),
    "a folder of witnesses swapped": _folder_swapped,
    "a witness is a link to the same content": _linked_elsewhere,
    "what was absent is a link": _dangling,
    "what was absent is there": _there,
    "the repository was copied": _copied_away,
    "the facts are a link": _link_to_it,
    "the facts belong to somebody else": lambda world: os.chown(world.facts, 12345, 12345),
    "the facts are a folder": _folder_in_its_place,
    "the witnesses are gone": lambda world: world.files.unlink(),
    "the Python is gone": lambda world: world.python.unlink(),
}


@pytest.mark.parametrize("seen", [True, False])
@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_what_the_verdict_depends_on_starts_python(world: World, change: str, *, seen: bool) -> None:
    if "somebody else" in change and os.geteuid():
        pytest.skip("only root can give files away")
    if not seen:
        world.unseen()
    assert world.says_known()

    CHANGES[change](world)

    done = world.call()
    assert TODAY not in done.stdout
    assert LATER not in done.stdout
    assert done.returncode in ({2} if not world.python.exists() else {7})


@pytest.mark.parametrize("name", FORBIDDEN)
@pytest.mark.parametrize("value", ["", "x"])
def test_variables_that_change_what_is_committed_or_left_out_start_python(world: World, name: str, value: str) -> None:
    assert not world.says_known(**{name: value})


@pytest.mark.parametrize("name", ["PATH", *NAMES])
def test_every_variable_that_a_tool_sees_counts(world: World, name: str) -> None:
    """Set, set to nothing, and taken away again are three things."""
    value = world.repo.environ.get(name, "")

    assert not world.says_known(**{name: f"{value}:/x"})
    if name in world.repo.environ:
        del world.repo.environ[name]
        if name != "PATH":  # the shell has one of its own
            assert not world.says_known()
    else:
        assert not world.says_known(**{name: ""})


def test_a_value_cannot_pass_for_two(world: World) -> None:
    first, second = NAMES[0], NAMES[1]
    world.repo.environ |= {first: "a", second: "b"}
    world.known()
    assert world.says_known()
    del world.repo.environ[second]

    assert not world.says_known(**{first: "a|xb"})


@pytest.mark.parametrize("name", [f"{beginning}OF_TOMORROW" for beginning in OTHERS])
@pytest.mark.parametrize("value", ["", "x", "a=b\nexport c='d'"])
def test_variables_that_nobody_knows_start_python(world: World, name: str, value: str) -> None:
    assert not world.says_known(**{name: value})
    with pytest.raises(Unfit, match=name):
        spoken(world.repo.environ | {name: value})


def test_other_variables_do_not_matter(world: World) -> None:
    assert world.says_known(TERM="other", EDITOR="ed", A="two\nlines=x", GIT_EDITOR=":", GIT_PREFIX="sub/")


@pytest.mark.parametrize("index", [".git/index.lock", ".git/next-index-1.lock", "", "/abs/index"])
def test_a_commit_of_a_part_starts_python(world: World, index: str) -> None:
    assert not world.says_known(GIT_INDEX_FILE=index)


def test_another_everycommit_or_python_starts_python(world: World) -> None:
    text = world.hook.read_text()
    for old, new in ((world.fast.home, "/where/another is"), (f"'{world.python}'", f"'{world.base}/py2'")):
        assert old in text
        shutil.copy2(world.python, world.base / "py2")
        world.hook.write_text(text.replace(old, new))

        assert not world.says_known()


@pytest.mark.parametrize("program", ["stat", "cmp", "cat"])
def test_programs_that_are_gone_start_python(world: World, program: str) -> None:
    path = getattr(world.fast, program)
    path = path[0] if program == "stat" else path
    world.hook.write_text(world.hook.read_text().replace(path, f"/gone/{program}"))

    # git tells an index that nobody could compare.
    assert world.says_known() is (program == "cmp")


def test_another_worktree_knows_nothing(world: World) -> None:
    world.repo.git("worktree", "add", "--quiet", "--detach", "../other", "HEAD")
    git_dir = world.repo.root / ".git/worktrees/other"
    other = Repo(world.base / "other", world.repo.environ).stage("a.py", "X = 2\n")
    world.repo.root = other.root

    hook = git_dir.parent.parent / "hooks/pre-commit"
    environ = other.environ | {"GIT_DIR": str(git_dir), "GIT_INDEX_FILE": str(git_dir / "index")}
    done = subprocess.run([hook], cwd=other.root, env=environ, capture_output=True, text=True, check=False)
    assert done.stdout == "started\n"


# --- the marker itself ---------------------------------------------------------------------------------------------

FACTS = ("format", "common", "base", "tree", "id", "seen", "end")
HEAD = ("python", "home", "top", "environ", "again", "count", "midnight", "today", "later")
"""The first lines of the other file."""
WORDS = ("midnight", "today", "later")
"""What is said, once all the rest is the same."""


@pytest.mark.parametrize("fact", FACTS)
@pytest.mark.parametrize("what", ["other", "empty", "gone", "twice", "with metacharacters"])
def test_every_fact_counts(world: World, fact: str, what: str) -> None:
    lines = world.facts.read_text().splitlines()
    assert len(lines) == len(FACTS)
    place = FACTS.index(fact)
    value = lines[place]
    lines[place : place + 1] = {
        "other": [f"{value}0"],
        "empty": [""],
        "gone": [],
        "twice": [value, value],
        "with metacharacters": [f"$(touch pwned)`touch pwned`;touch pwned;'\"*{value}"],
    }[what]
    world.facts.write_text("".join(f"{line}\n" for line in lines))

    done = world.call()

    assert done.returncode == 7
    assert not (world.repo.root / "pwned").exists()


def test_every_witness_counts(world: World) -> None:
    lines = world.files.read_text().splitlines()
    for place, line in enumerate(lines):
        for new in ([f"{line}0"], [], [line, line], ["/"], [f"$(touch pwned);`touch pwned` {line}"]):
            changed = [*lines[:place], *new, *lines[place + 1 :]]
            world.files.write_text("".join(f"{one}\n" for one in changed))
            # One more absent file, or another, takes no witness away; that it is absent is looked at all the same.
            absent = lines.index("absent") < place < lines.index("paths")
            words = place < len(HEAD) and HEAD[place] in WORDS and len(new) == 1
            assert world.call().returncode == 7 or absent or words, (line, new)
    assert not (world.repo.root / "pwned").exists()


@pytest.mark.parametrize("name", ["facts", "files"])
def test_a_marker_that_is_cut_off_starts_python(world: World, name: str) -> None:
    path: Path = getattr(world, name)
    content = path.read_bytes()
    step = max(1, len(content) // 80)
    ends = {*range(0, len(content) - 1, step), *(place for place, byte in enumerate(content) if byte == 10)}

    for end in sorted(ends - {len(content) - 1}):
        path.write_bytes(content[:end])
        assert not world.says_known(), end


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.one_of(st.binary(max_size=400), st.text(alphabet="\n $`'\"*|/;0e", max_size=200).map(str.encode)))
def test_garbage_starts_python(world: World, content: bytes) -> None:
    kept = world.facts.read_bytes()
    try:
        for text in (content, kept + content + b"x"):
            world.facts.write_bytes(text)
            assert world.call().returncode == 7
    finally:
        world.facts.write_bytes(kept)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_flipped_byte_starts_python(world: World, data: st.DataObject) -> None:
    kept = world.facts.read_bytes()
    place = data.draw(st.integers(0, len(kept) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda byte: byte != kept[place]))
    # A shell drops NUL bytes: then it is the byte that is missing.
    try:
        world.facts.write_bytes(kept[:place] + bytes([byte]) + kept[place + 1 :])
        assert world.call().returncode == 7
    finally:
        world.facts.write_bytes(kept)


# --- writing it down -----------------------------------------------------------------------------------------------


def test_a_later_pass_takes_the_place_of_the_one_before(world: World) -> None:
    world.repo.stage("a.py", "X = 3\n")

    assert world.known().says_known()
    assert len(list(folder(world.repo.root / ".git").iterdir())) == 3


def test_what_has_just_changed_is_not_written_down(world: World) -> None:
    path = str(world.witnesses[0])

    with pytest.raises(Unfit, match="has just changed"):
        witnessed([path], before=time.time())
    with pytest.raises(Unfit, match="cannot be looked at"):
        witnessed([path + "x"], before=float("inf"))
    assert witnessed([path], before=time.time() + 10)


@pytest.mark.parametrize("path", ["bin", "", "/bin::/usr/bin", "/bin:bin", "/bin:/x/git-core"])
def test_a_path_that_means_something_else_elsewhere_is_not_written_down(path: str) -> None:
    with pytest.raises(Unfit, match="PATH"):
        spoken({"PATH": path})


@pytest.mark.parametrize("value", ["a\nb", "a\x1b[0m", "\udcff", "a|b"])
def test_values_that_are_no_line_are_not_written_down(value: str) -> None:
    with pytest.raises(Unfit):
        spoken({"PATH": "/bin", "LANG": value})


@pytest.mark.parametrize("changed", [{"present": []}, {"present": ["/"] * 5000}, {"absent": ["relative"]}])
def test_what_cannot_be_looked_at_quickly_is_not_written_down(changed: dict[str, list[str]]) -> None:
    arguments = {"present": ["/"], "absent": ["/no/where"]}
    assert looked(**arguments, before=float("inf")).lines

    with pytest.raises(Unfit):
        looked(**{**arguments, **changed}, before=float("inf"))


def test_the_settings_of_the_policy_let_nothing_count_that_the_hook_does_not_see() -> None:
    """A new one goes into this list once `cli.known` was looked at: does it bring in a program, a file or a clock?"""
    of_the_change = {
        *("max_added_lines", "max_removed_lines", "max_files", "max_file_bytes", "max_file_added_lines", "uncounted"),
        *("deletions", "deletable", "max_deleted_files", "max_deleted_lines", "protected", "frozen", "only"),
        *("denied", "allowed", "rules", "inconclusive"),
    }
    refused_there = {"secrets_also"}

    assert {field.name for field in fields(PolicySettings)} == of_the_change | refused_there


def test_the_settings_of_the_review_let_nothing_count_that_the_hook_does_not_see() -> None:
    """As for the policy. Which model reads is in the user's own file, which the hook looks at."""
    of_the_change = {
        *("finder", "judge", "samples", "max_tokens", "fill", "ceiling", "votes_error", "votes_warning", "votes_note"),
        *("block", "inconclusive", "unreachable", "unreachable_ci", "egress", "secrets", "denied", "left_out", "rules"),
    }

    assert {field.name for field in fields(ReviewSettings)} == of_the_change


# --- which programs ------------------------------------------------------------------------------------------------


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    place = tmp_path / "programs"
    place.mkdir()
    for name in ("stat", "cmp", "cat"):
        (place / name).symlink_to(shutil.which(name) or "/gone")
    return place


def test_a_stat_that_counts_whole_seconds_is_not_enough(programs: Path, tmp_path: Path) -> None:
    """As busybox has it."""
    real = shutil.which("stat")
    (programs / "stat").unlink()
    (programs / "stat").write_text(f'#!/bin/sh\n{real} "$@" | sed "s/\\.[0-9]*//g"\n')
    (programs / "stat").chmod(0o755)

    assert found("/h", {"PATH": str(programs)}, tmp_path) is None


def test_the_other_form_of_stat_is_found(programs: Path, tmp_path: Path) -> None:
    """As BSD and macOS have it: a stand-in that takes its options and refuses the others."""
    real = shutil.which("stat")
    (programs / "stat").unlink()
    (programs / "stat").write_text(
        f"#!/bin/sh\n[ \"$1 $2 $3\" = '-L -f %d:%i %z %.9Fm %.9Fc %N' ] || exit 1\nshift 4\n"
        f"exec {real} -L -c '%d:%i %s %.9Y %.9Z %n' -- \"$@\"\n"
    )
    (programs / "stat").chmod(0o755)

    made = found("/h", {"PATH": str(programs)}, tmp_path)

    assert made is not None
    assert made.stat[1:3] == ("-L", "-f")


@pytest.mark.parametrize("name", ["stat", "cmp", "cat"])
def test_without_the_programs_there_is_no_fast_path(programs: Path, tmp_path: Path, name: str) -> None:
    (programs / name).unlink()

    assert found("/h", {"PATH": str(programs)}, tmp_path) is None
