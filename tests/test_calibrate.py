"""``everycommit review calibrate``: cases of a real history, read by rules and a simulated endpoint, and counted."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from endpoint import Endpoint, simulated
from everycommit.cli.calibrate_report import report
from everycommit.gates.review.history import BUG, CLEAN, Labelled, chosen, labelled
from everycommit.repo.past import Past
from support import Repo

GOOD = "def draw(icons):\n    for i in range(len(icons)):\n        show(icons[i])\n    clear()\n"
BAD = GOOD.replace("len(icons)", "len(icons) - 1")


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    with simulated(tmp_path_factory.mktemp("honest"), rule="honest:answer") as endpoint:
        yield endpoint


@pytest.fixture
def endpoint(honest: Endpoint) -> Endpoint:
    return honest.fresh()


@pytest.fixture
def past(repo: Repo) -> Repo:
    """Two fixes, one of which mends what the model sees, and two commits that stayed quiet."""
    other = "def total(prices):\n    return sum(prices)\n"
    repo.stage("real/nav.py", BAD).stage("real/sums.py", other).stage("README.md", "# Shop\n").commit("Start")
    repo.stage("real/nav.py", GOOD).commit("Fix the last icon that was never drawn")
    repo.stage("real/sums.py", other + "\n\ndef mean(prices):\n    return total(prices) / len(prices)\n").commit(
        "Add mean"
    )
    repo.stage("README.md", "# The shop\n").commit("Fix a heading")
    repo.stage("real/paths.py", "HOME = '/home'\n").commit("Add paths")
    repo.stage("real/paths.py", "HOME = '/srv'\n").commit("Fix the wrong home")
    return repo.stage("real/sizes.py", "SIZE = 3\n\n\ndef size():\n    return SIZE\n").commit("Add sizes")


def calibrate(repo: Repo, *argv: str, code: int = 0, endpoint: Endpoint | None = None) -> str:
    env = {"EVERYCOMMIT_MODEL_URL": endpoint.url, "EVERYCOMMIT_MODEL": "small-8b"} if endpoint else {}
    done = repo.everycommit("review", "calibrate", *argv, cwd=None, **env)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_fixes_taken_back_and_quiet_commits_are_read_by_the_rules_alone_where_no_model_is(past: Repo) -> None:
    said = calibrate(past)

    assert said.startswith("2 fixes taken back and 2 quiet commits of this project's history\n")
    assert "No model reads them: no model is set up; add one: everycommit models add." in said
    assert "\nthe rules  " in said
    assert "vote" not in said


def test_models_read_the_cases_and_each_number_of_votes_is_counted(past: Repo, endpoint: Endpoint) -> None:
    said = calibrate(past, "--yes", endpoint=endpoint)

    assert "4 cases to read: " in said
    assert "would be sent" in said
    rows = {line.split("  ")[0]: line for line in said.splitlines() if "vote" in line and " of 3" in line}
    assert list(rows) == ["models, 1 vote of 3", "models, 2 votes of 3", "models, 3 votes of 3"]
    assert all("1/2 = 0.50" in row and "0/2 = 0.00" in row for row in rows.values())
    assert "Nothing to change: 2 votes, as it is, did best here." in said
    assert "Asked: " in said


def test_nothing_is_sent_unasked_and_a_dry_run_sends_nothing(past: Repo, endpoint: Endpoint) -> None:
    said = calibrate(past, endpoint=endpoint, code=2)
    shown = calibrate(past, "--dry-run", endpoint=endpoint)

    assert "nothing was sent; --yes says that it may be" in said
    assert "4 cases to read" in shown
    assert not endpoint.asked()


def test_what_was_read_is_not_read_again(past: Repo, endpoint: Endpoint) -> None:
    first = calibrate(past, "--yes", endpoint=endpoint)
    asked = len(endpoint.asked())
    (kept,) = Path(past.environ["XDG_CACHE_HOME"]).glob("everycommit/calibrate/*.jsonl")
    with kept.open("a") as file:
        file.write('{"case": ["bug", "')

    again = calibrate(past, endpoint=endpoint)

    assert len(endpoint.asked()) == asked > 0
    assert "4 of them were read before" in again
    assert again.splitlines()[-6:] == first.splitlines()[-6:]


def test_what_is_forbidden_to_leave_does_not(past: Repo, endpoint: Endpoint) -> None:
    config = Path(past.environ["XDG_CONFIG_HOME"]) / "everycommit"
    config.mkdir(parents=True)
    (config / "settings.toml").write_text('[review]\negress = "deny"\n')

    said = calibrate(past, "--yes", endpoint=endpoint)

    assert "nothing may be sent to a model" in said
    assert not endpoint.asked()


def test_a_reader_that_fails_is_no_row_and_is_read_again(past: Repo, tmp_path: Path) -> None:
    with simulated(tmp_path / "broken", rule="honest:answer", key="asked for") as broken:
        said = calibrate(past, "--yes", endpoint=broken)

    assert "4 cases not read to the end, in no row below" in said
    assert "0/0" not in said
    assert "did best" not in said


def test_a_history_that_holds_too_little_is_said(repo: Repo) -> None:
    repo.stage("a.py", "X = 1\n").commit("Start").stage("a.py", "X = 2\n").commit("Add more")

    said = calibrate(repo, code=2)

    assert "the last 1 commit hold too little to go by" in said
    assert "--commits looks further back" in said


@pytest.mark.parametrize(
    "argv", [["--commit", "HEAD"], ["--all"], ["--fresh"], ["--cases", "0"], ["--cases", "many"], ["--format", "json"]]
)
def test_what_does_not_go_together_is_said(past: Repo, argv: Sequence[str]) -> None:
    assert "everycommit: " in calibrate(past, *argv, code=2)


def test_its_flags_go_with_it_alone(past: Repo) -> None:
    done = past.everycommit("review", "--cases", "3")

    assert (done.returncode, done.stderr) == (
        2,
        "everycommit: --cases, --commits and --yes go with `everycommit review calibrate`\n",
    )


def commit(subject: str, *files: tuple[int, str], oid: str = "") -> Past:
    return Past(oid or subject, "parent", subject, files)


@pytest.mark.parametrize(
    ("subject", "files", "kind"),
    [
        ("Fix a crash", ((3, "src/a.py"),), BUG),
        ("fix: off by one", ((3, "src/a.py"), (9, "tests/test_a.py")), BUG),
        ("Add a page", ((3, "src/a.py"), (2, "README.md")), CLEAN),
        ("Fix a typo", ((3, "src/a.py"),), None),
        ("Add docs", ((3, "src/a.py"),), None),
        ("Add a page", ((3, "src/a.py"), (3, "src/b.py")), None),
        ("Add a page", ((61, "src/a.py"),), None),
        ("Fix a crash", ((26, "src/a.py"),), None),
        ("Add a page", ((-1, "src/a.py"),), None),
        ("Add a page", ((3, "tests/a.py"),), None),
        ("Add a page", ((3, "src/a.js"),), None),
    ],
)
def test_labels_are_guessed_from_subject_and_files(
    subject: str, files: tuple[tuple[int, str], ...], kind: str | None
) -> None:
    assert [one.kind for one in labelled([commit(subject, *files)])] == ([kind] if kind else [])


def test_a_commit_whose_file_is_mended_soon_is_not_quiet() -> None:
    newest_first = [commit("Fix a crash", (1, "a.py")), commit("Add a", (2, "a.py")), commit("Add b", (2, "b.py"))]

    assert [(one.kind, one.oid) for one in labelled(newest_first)] == [(BUG, "Fix a crash"), (CLEAN, "Add b")]
    assert len(list(labelled(newest_first, quiet_for=0))) == 3


def test_the_same_cases_are_chosen_each_time() -> None:
    every = [Labelled(kind, str(number), "a.py") for number in range(50) for kind in (BUG, CLEAN)]

    assert chosen(every, 5) == chosen(every, 5)
    assert [one.kind for one in chosen(every, 5)].count(BUG) == 5
    assert chosen(every[:3], 5) == every[:3]


def read(kind: str, models: Sequence[Any] = (), rules: Sequence[Any] = (), open_: str = "") -> dict[str, Any]:
    numbers = {"questions": 1, "tokens_in": 10, "tokens_out": 1, "cost": 0}
    case = [kind, str(models), "a.py"]
    return {
        "case": case,
        "path": "a.py",
        "lines": [[10, 12]],
        "rules": rules,
        "models": models,
        "open": open_,
        **numbers,
    }


def test_the_number_of_votes_that_did_best_is_proposed_with_how_sure_that_is() -> None:
    lone, all_ = ["a.py", 11, 1, 3, "votes"], ["a.py", 11, 3, 3, "votes"]
    few = [read(BUG, [lone]), read(BUG, [all_]), read(CLEAN, [])]

    said = report(few, models=True)

    assert "1 vote did best here (fewer than the usual 2). In your settings file:" in said
    assert "    [review]\n    votes_error = 1\n    votes_warning = 1\n    votes_note = 1\n" in said
    assert "So few cases cannot tell it for sure" in said
    assert "So few" not in report(few[:1] * 200 + few[1:2] * 20 + few[2:] * 200, models=True)


def test_more_votes_are_proposed_where_fewer_cry_wolf() -> None:
    said = report(
        [read(BUG, [["a.py", 11, 3, 3, "votes"]])] * 30 + [read(CLEAN, [["a.py", 1, 2, 3, "votes"]])] * 30, models=True
    )

    assert "3 votes did best here (more than the usual 2)" in said


def test_what_is_never_shown_counts_for_nothing_and_what_always_is_at_any_number() -> None:
    kinds = [read(BUG, [["a.py", 11, 3, 3, "never"]]), read(BUG, [["a.py", 11, 1, 3, "always"]]), read(CLEAN)]

    rows = [line for line in report(kinds, models=True).splitlines() if line.startswith("models")]

    assert len(rows) == 3
    assert all("1/2 = 0.50" in row for row in rows)


def test_a_finding_of_the_rules_counts_where_it_is() -> None:
    said = report(
        [read(BUG, rules=[["a.py", 15, "x"], ["a.py", 99, "x"]]), read(CLEAN, rules=[["a.py", None, "x"]])],
        models=False,
    )

    assert "1/1 = 1.00" in said
    assert "1/3 = 0.33" in said


def test_models_that_say_nothing_leave_nothing_to_choose() -> None:
    assert "there is nothing to choose between" in report([read(BUG), read(CLEAN)], models=True)
    assert json.dumps(read(BUG))
