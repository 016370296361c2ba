"""Shards: the split, what each judges, and the one verdict that they make."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everycommit.errors import UsageError
from everycommit.inside.everycommit_shards import shares
from everycommit.shards import Durations, Shard, added, parsed, summed
from support import Repo, give_python

FILES = st.sampled_from(["tests/test_a.py", "tests/test_b.py", "deep/test_c.py", "test_d.py"])
PARTS = st.sampled_from(["TestX", "TestY", "test_1", "test_2", "test_3[a::b]", "test_4[ü]", "::"])
IDS = st.builds(lambda file, parts: "::".join([file, *parts]), FILES, st.lists(PARTS, max_size=9))
COSTS = st.dictionaries(IDS, st.integers(0, 100_000))


@given(st.lists(IDS, max_size=60), COSTS, st.lists(st.integers(0, 50_000), min_size=1, max_size=9), st.randoms())
def test_every_name_has_one_shard_whatever_order_it_is_met_in(
    names: list[str], costs: dict[str, int], loads: list[int], random: Any
) -> None:
    share = shares(names, costs, loads)

    assert share.keys() == set(names)
    assert set(share.values()) <= set(range(len(loads)))
    shuffled = random.sample(names, len(names))
    assert shares(shuffled, dict(reversed(costs.items())), loads) == share


@given(st.lists(IDS, max_size=60), COSTS, st.integers(1, 9))
def test_no_shard_has_more_than_a_fair_part_and_its_costliest_piece(
    names: list[str], costs: dict[str, int], of: int
) -> None:
    costs = {**dict.fromkeys(names, 1), **{name: max(1, cost) for name, cost in costs.items()}}

    share = shares(names, costs, [0] * of)

    loads = [sum(costs[name] for name in names if share[name] == number) for number in range(of)]
    fair = -(-sum(loads) // of)
    twice = max((costs[name] * count for name, count in Counter(names).items()), default=0)
    assert max(loads) <= fair + max(fair, twice)


def test_a_file_stays_together_until_it_costs_more_than_a_shards_part() -> None:
    small = [f"test_{file}.py::test_{number}" for file in "abc" for number in range(3)]

    share = shares(small, {}, [0, 0, 0])
    assert {file: len({share[name] for name in small if name.startswith(f"test_{file}")}) for file in "abc"} == {
        "a": 1,
        "b": 1,
        "c": 1,
    }

    slow = {f"test_a.py::{name}": 9000 for name in ("TestX::test_1", "TestX::test_2", "TestY::test_1", "TestY::test_2")}
    share = shares([*slow, *small], {**slow, **dict.fromkeys(small, 10)}, [0, 0])
    assert share["test_a.py::TestX::test_1"] == share["test_a.py::TestX::test_2"]
    assert share["test_a.py::TestX::test_1"] != share["test_a.py::TestY::test_1"]


def test_gates_that_cannot_be_split_go_to_one_shard_each_the_costliest_first() -> None:
    took = Durations({"types": 9000, "policy": 10, "docs": 4000}, {"a": 1}, "x")

    shards = [Shard(number, 2, took).with_gates(["policy", "types", "docs"]) for number in (1, 2)]

    assert [shard.elsewhere("types") for shard in shards] == [None, 1]
    assert [shard.elsewhere("docs") for shard in shards] == [2, None]
    assert shards[0].loads == shards[1].loads == (9000, 4010)
    assert Shard(1, 2).with_gates(["policy", "types", "docs"]).homes == {"policy": 1, "types": 2, "docs": 1}


@given(st.lists(st.text(), max_size=20), st.integers(1, 4))
def test_sums_of_parts_are_the_sum_of_the_whole_and_tell_a_lost_or_doubled_name(names: list[str], of: int) -> None:
    parts = [summed(names[number::of]) for number in range(of)]

    assert added(parts) == summed(names)
    assert added([*parts, summed(["more"])]) != summed(names)
    assert not names or added([*parts, summed(names[:1])]) != summed(names)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0/3", "--shard '0/3': there is no such shard; they go from 1/3 to 3/3"),
        ("4/3", "--shard '4/3': there is no such shard; they go from 1/3 to 3/3"),
        ("1/0", "with n from 1 to 1000"),
        ("1/5000", "with n from 1 to 1000"),
        ("3", "--shard '3': not a shard; write i/n, such as --shard 1/3"),
        ("-1/3", "not a shard"),
        ("1/3/5", "not a shard"),
        ("a/b", "not a shard"),
        ("", "not a shard"),
    ],
)
def test_a_shard_that_is_none_is_one_clear_sentence(text: str, said: str) -> None:
    with pytest.raises(UsageError) as error:
        parsed(text)

    assert said in str(error.value)


SETTINGS = """\
[tool.pytest.ini_options]
pythonpath = ["."]

[tool.everycommit.command.same]
run = ["true"]
"""
CODE = "def one() -> int:\n    return 1\n\n\ndef two() -> int:\n    return 2\n"
MANY = """\
import pytest
import code_


@pytest.mark.parametrize("n", range(6))
def test_n(n):
    assert code_.one() == 1
"""
TWO = """\
import code_


class TestTwo:
    def test_two(self):
        assert code_.two() == 2

    def test_skipped(self):
        import pytest

        pytest.skip("not today")
"""
OLD = "def test_old():\n    assert not 1\n"


@pytest.fixture
def project(repo: Repo) -> Repo:
    """A change with findings of every gate; two of its tests fail, one of them as before."""
    give_python(repo)
    repo.stage("code_.py", CODE).stage("pyproject.toml", SETTINGS).stage("other.py", "A = 1\n")
    repo.stage("tests/test_many.py", MANY).stage("tests/test_two.py", TWO).stage("tests/test_old.py", OLD).commit()
    assert repo.everycommit("trust", "--yes").returncode == 0
    repo.stage("code_.py", CODE.replace("return 2", "return '3'")).stage("other.py", "import os\n\nA = 1\n")
    return repo.stage("more.py", "import sys\n")


def results(repo: Repo, of: int, *argv: str) -> list[str]:
    """Run *of* shards; return the files of their results."""
    names = []
    for number in range(1, of + 1):
        done = repo.everycommit("run", "--shard", f"{number}/{of}", "--format", "json", *argv)
        assert done.stdout, done.stderr
        name = f"{repo.root.parent}/{number}-{of}{'-'.join(argv).replace('/', '_')}.json"
        Path(name).write_text(done.stdout)
        names.append(name)
    return names


def loaded(text: str) -> dict[str, Any]:
    found = json.loads(text)
    (verdict,) = found["verdicts"]
    return {**verdict, "exit": found["exit"]}


def alike(verdict: dict[str, Any]) -> dict[str, Any]:
    """Return what has to be the same, however many machines judged."""
    gates = {}
    for gate in verdict["gates"]:
        kept = {
            name: gate[name] for name in ("outcome", "blocks", "reason", "summary", "counts", "older", "notes", "tool")
        }
        findings = sorted(json.dumps(finding, sort_keys=True) for finding in gate["findings"])
        gates[gate["gate"]] = {**kept, "findings": findings}
    whole = {name: verdict[name] for name in ("outcome", "blocks", "change", "exit", "occasion", "notes", "shard")}
    return {**whole, "gates": gates}


def joining(repo: Repo, files: Sequence[str], *argv: str) -> Any:
    return repo.everycommit("run", "--join", *files, *argv)


def test_three_shards_together_say_what_one_run_says(project: Repo) -> None:
    whole = loaded(project.everycommit("run", "--fresh", "--format", "json").stdout)

    files = results(project, 3)
    parts = [loaded(Path(name).read_text()) for name in files]
    done = joining(project, files, "--format", "json")

    assert {gate["outcome"] for gate in whole["gates"]} == {"passed", "failed"}
    assert alike(loaded(done.stdout)) == alike(whole)
    assert done.returncode == whole["exit"] == 1
    ran = [gate["counts"]["selected"] for part in parts for gate in part["gates"] if gate["gate"] == "tests"]
    assert (sum(ran), min(ran) > 0) == (9, True)
    assert [next(gate for gate in part["gates"] if gate["gate"] == "types")["reason"] for part in parts] == [
        "shard 2 of 3 judges it",
        None,
        "shard 2 of 3 judges it",
    ]
    assert "this is shard 1 of 3, a part" in parts[0]["notes"][-1]

    # The joined result is the durations of the next run, and the next run says the same.
    Path(project.root.parent, "durations.json").write_text(done.stdout)
    again = joining(project, results(project, 2, "--durations", "../durations.json"), "--format", "json")
    assert alike(loaded(again.stdout)) == alike(whole)


@pytest.fixture
def clean(project: Repo) -> Repo:
    """A change that every gate passes."""
    project.git("reset", "--quiet", "--hard")
    project.git("rm", "--quiet", "tests/test_old.py")
    project.commit()
    return project.stage("code_.py", CODE.replace("return 2", "return 1 + 1")).stage("more.py", "B = 1\n")


def test_what_a_shard_found_is_never_kept_as_a_pass_of_all(clean: Repo) -> None:
    files = results(clean, 2)

    assert "0 entries" in clean.everycommit("ledger", "size").stdout
    assert not list((clean.root / ".git/everycommit").glob("known/*"))
    done = joining(clean, files)
    assert done.returncode == 0, done.stdout
    assert "policy lint types tests 8 review same  ✓" in done.stdout
    assert "known" not in done.stdout
    assert "0 entries" in clean.everycommit("ledger", "size").stdout


def test_shards_that_are_missing_doubled_or_of_another_run_are_named_and_verify_nothing(clean: Repo) -> None:
    one, two = results(clean, 2)

    def refused(*files: str) -> str:
        done = joining(clean, files)
        assert done.returncode == 2, done.stdout + done.stderr
        assert "✓" not in done.stdout
        assert "NOT VERIFIED" in done.stdout
        return " ".join(done.stdout.split())

    assert "shard 2 of 2 is missing" in refused(one)
    assert "shard 1 of 2 is missing" in refused(two)
    assert f"shard 1 of 2 is there twice: {one} and {one}" in refused(one, one, two)
    first, *_, last = results(clean, 5, "policy")
    assert "shards 2, 3 and 4 of 5 are missing" in refused(first, last)
    assert f"shard 5 of 5 ({last}) is one of 5, shard 1 of 2 ({one}) one of 2" in refused(one, last)
    _, other = results(clean, 2, "policy", "lint")
    assert f"shard 2 of 2 ({other}) was judged under other settings or other gates than {one}" in refused(one, other)
    _, split = results(clean, 2, "--durations", one)
    assert "was split by other durations" in refused(one, split)
    clean.stage("more.py", "B = 2\n")
    _, later = results(clean, 2, "--timeout", "250")
    assert f"shard 2 of 2 ({later}) is of another target tree than {one}" in refused(one, later)
    version = edited(two, lambda whole: whole.update(tool="everycommit 0.0.1"))
    assert "is of another version" in refused(one, version)


def edited(name: str, edit: Callable[[dict[str, Any]], object]) -> str:
    """Return a copy of the result *name* that *edit* changed."""
    whole = json.loads(Path(name).read_text())
    edit(whole)
    Path(f"{name}.edited").write_text(json.dumps(whole))
    return f"{name}.edited"


def of_tests(whole: dict[str, Any]) -> dict[str, Any]:
    gate: dict[str, Any] = next(gate for gate in whole["verdicts"][0]["gates"] if gate["gate"] == "tests")
    return gate


NO_WHOLE: Sequence[tuple[Callable[[dict[str, Any]], object], str]] = (
    (lambda whole: of_tests(whole)["part"].update(own=3), "together the shards judged"),
    (lambda whole: of_tests(whole)["part"].update(own_sum="0" * 64), "or some of them twice"),
    (lambda whole: of_tests(whole)["part"].update(all=9), "shard 2 split another whole, 9 in all, than shard 1, 8"),
    (lambda whole: of_tests(whole).update(part=None), "shard 2 does not say which part it judged"),
    (lambda whole: of_tests(whole).update(tool="pytest 1.0"), "shard 2 judged with pytest 1.0, shard 1 with pytest"),
    (
        lambda whole: of_tests(whole).update(outcome="inconclusive", reason="time ran out", blocks=True),
        "shard 2: time ran out",
    ),
    (lambda whole: whole["verdicts"][0]["gates"][0].update(part=None), "shard 2 left it out, shard 1 did not"),
    (
        lambda whole: whole["verdicts"][0]["gates"][0]["part"].update(by=2),
        "shard 2 was to judge it, and shard 1 knows nothing of that",
    ),
)


def test_parts_that_make_no_whole_verify_nothing(clean: Repo) -> None:
    one, two = results(clean, 2, "policy", "tests")

    for edit, said in NO_WHOLE:
        done = joining(clean, [one, edited(two, edit)])
        assert (done.returncode, said in done.stdout) == (2, True), done.stdout


def test_a_run_without_gates_is_not_verified_by_half_of_it(clean: Repo) -> None:
    clean.stage("pyproject.toml", "[tool.everycommit]\npush = []\n").commit().stage("c.txt", "c\n")
    one, two = results(clean, 2, "--at", "push")

    half = joining(clean, [one])
    assert (half.returncode, "? shards   shard 2 of 2 is missing" in half.stdout) == (2, True), half.stdout
    assert joining(clean, [one, two]).returncode == 0


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("--shard", "0/3"), "--shard '0/3': there is no such shard"),
        (("--durations", "a.json"), "it goes with --shard i/n"),
        (("--shard", "1/2", "--durations", "nowhere.json"), "--durations 'nowhere.json': cannot be read"),
        (("--shard", "1/2", "--durations", "a.json"), "--durations 'a.json': not a result of"),
        (("--join", "nowhere.json"), "--join 'nowhere.json': cannot be read: No such file"),
        (("--join", "a.json"), "--join 'a.json': not a result of everycommit; write each shard's with"),
        (("--join", "b.json"), "--join 'b.json': not a result of everycommit"),
        (("--join", "whole.json"), "--join 'whole.json': a result of everycommit, but of no shard"),
        (("tests", "--join", "a.json"), "--join takes results alone"),
        (("--join", "a.json", "--shard", "1/2"), "--join takes results alone"),
        (("--join", "a.json", "--commit", "HEAD"), "--join takes results alone"),
        (("--join",), "expected at least one argument"),
    ],
)
def test_wrong_use_is_one_clear_sentence(repo: Repo, argv: tuple[str, ...], said: str) -> None:
    repo.stage("c.txt", "c\n").commit().write("a.json", "[1]").write("b.json", '{"version": 2, "tool": "x"}')
    repo.write("whole.json", repo.everycommit("run", "policy", "--commit", "HEAD", "--format", "json").stdout)

    done = repo.everycommit("run", *argv)

    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    assert "Traceback" not in done.stderr


def test_files_that_cannot_be_collected_are_one_finding_and_xdist_splits_the_same(clean: Repo) -> None:
    clean.stage("tests/test_broken.py", "import nowhere\n")
    whole = loaded(clean.everycommit("run", "tests", "--format", "json").stdout)

    parts = results(clean, 3, "tests")
    together = loaded(joining(clean, parts, "--format", "json").stdout)

    assert alike(together) == alike(whole)
    assert len(whole["gates"][0]["findings"]) == 1
    clean.stage("pyproject.toml", SETTINGS + '[tool.everycommit.tests]\nargs = ["-n", "2"]\n')
    spread = loaded(joining(clean, results(clean, 3, "tests"), "--format", "json").stdout)
    assert alike(spread)["gates"]["tests"] == alike(whole)["gates"]["tests"]


def test_more_shards_than_there_is_work_still_make_a_whole(clean: Repo) -> None:
    whole = loaded(clean.everycommit("run", "--fresh", "--format", "json").stdout)

    together = loaded(joining(clean, results(clean, 11), "--format", "json").stdout)

    assert alike(together) == alike(whole)
    assert whole["outcome"] == "passed"
