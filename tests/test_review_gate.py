"""The gate as a whole, with models by script: what is read passes, what is not is never green."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from everycommit.config.schema import Config, ModelSettings, ReviewSettings, Settings
from everycommit.engine.plan import Step
from everycommit.engine.run import judged
from everycommit.errors import AnswerError, EndpointError, TimeRanOut, ToolError, WithheldError
from everycommit.gates.base import Job
from everycommit.gates.review.asking import LATE, SPENT
from everycommit.gates.review.gate import Review
from everycommit.ledger import Forgetful
from everycommit.model.client import Reply
from everycommit.result import Finding, GateResult, Outcome
from judging import judging
from readers import FAST, STRONG, Asked, Scripted, found, receipts
from support import Repo

NAV = "".join(f"x{number} = {number}\n" for number in range(40))
CLEAR = """\
def draw(icons):
    clear()
"""
DRAW = """\
def draw(icons):
    for i in range(len(icons)):
        show(icons[i])
    clear()
"""
DEFECT: Mapping[str, Mapping[str, str]] = {"len(icons) - 1": {}}
TODAY = "2026-11-26"


@dataclass
class Answers:
    """Implements ``ledger.Answers`` in memory."""

    kept: dict[str, str] = field(default_factory=dict)

    def answer(self, key: str) -> str | None:
        return self.kept.get(key)

    def keep_answer(self, key: str, text: str) -> None:
        self.kept[key] = text


@pytest.fixture
def shop(repo: Repo) -> Repo:
    """Two files with a change of one hunk each; the one in ``src/nav.py`` brings a defect."""
    repo.stage("src/nav.py", CLEAR).stage("src/x.py", NAV).commit("Secret plan of the author")
    repo.stage("src/nav.py", DRAW.replace("len(icons)", "len(icons) - 1"))
    return repo.stage("src/x.py", NAV.replace("x20 = 20", "x20 = 21"))


def reader(**more: Any) -> Scripted:
    return Scripted(**{"paths": ["src/nav.py", "src/x.py"], "defects": DEFECT} | more)


@contextmanager
def job(repo: Repo, models: Scripted | None, *, seconds: float = 30, **review: Any) -> Iterator[Job]:
    more = {name: review.pop(name) for name in ("answers", "others", "config") if name in review}
    settings = Settings(review=ReviewSettings(**review), model={"fast": ModelSettings()} if models else {})
    with judging(repo, settings=settings, seconds=seconds) as at:
        yield replace(at.job, models=models, say=at.said.append, **more)


def check(repo: Repo, models: Scripted, **review: Any) -> GateResult:
    """Judge as a run does: with fingerprints, and what a gate raises made inconclusive."""
    with job(repo, models, **review) as made:
        return judged(Step(Review(lambda: TODAY), made), Forgetful(), threading.Lock())


def lines(result: GateResult) -> list[str]:
    return [f"{one.path}:{one.line} {one.severity} {one.rule} {one.message}" for one in result.findings]


# --- what is read ---------------------------------------------------------------------------------------------------


def test_a_change_that_is_read_without_a_finding_passes_and_says_how_much_was_read(shop: Repo) -> None:
    models = reader(defects={})

    result = check(shop, models)

    assert (result.outcome, result.findings, result.reason) == (Outcome.PASSED, (), None)
    assert (result.summary, result.brief) == ("2 of 2 hunks", "2/2 hunks")
    assert result.counts == {"hunks": 2, "seen": 2, "known": 0}
    assert result.tool == "small-8b"
    assert len(models.asked) == 3


def test_a_finding_is_a_warning_with_line_scenario_votes_and_the_way_to_accept_it(shop: Repo) -> None:
    result = check(shop, reader())

    (one,) = result.findings
    assert lines(result) == ["src/nav.py:2 warning review/boundary the last icon is never drawn"]
    assert one.source == "    for i in range(len(icons) - 1):"
    assert one.hint == (
        'with icons = ["home"] nothing is drawn (3 of 3 votes)  '
        f'accept: everycommit accept {one.fingerprint[:7]} --reason "..."'
    )
    assert result.summary == "2 of 2 hunks, 1 warning (3 of 3 votes)"
    assert (result.outcome, result.blocks) == (Outcome.PASSED, False)


def test_by_setting_what_is_voted_refuses(shop: Repo) -> None:
    result = check(shop, reader(), block="voted")

    assert lines(result) == ["src/nav.py:2 error review/boundary the last icon is never drawn"]
    assert (result.outcome, result.blocks) == (Outcome.FAILED, True)


def test_by_setting_only_what_the_code_shows_to_be_right_refuses(shop: Repo) -> None:
    right = {"show(icons": {"claim": "undefined_name", "symbol": "show", "title": "show is not there"}}
    shown = check(shop, reader(defects=right), block="reproduced")
    other = check(shop, reader(), block="reproduced")
    never = check(shop, reader(defects=right))

    assert [one.severity for result in (shown, other, never) for one in result.findings] == [
        "error",
        "warning",
        "warning",
    ]
    assert (shown.outcome, other.outcome, never.outcome) == (Outcome.FAILED, Outcome.PASSED, Outcome.PASSED)
    assert shown.findings[0].message == "show is not there (nothing in the module gives show a meaning)"


def test_what_one_of_three_says_is_not_shown(shop: Repo) -> None:
    models = reader()
    models.before = lambda asked: None if asked.ask.seed == 0 else replace(models, defects={}).answer(asked)

    assert check(shop, models).findings == ()
    assert lines(check(shop, models, votes_error=1)) != []


def test_three_readers_one_of_whom_sees_no_words(shop: Repo) -> None:
    shop.stage("src/nav.py", DRAW.replace("len(icons)):", "len(icons) - 1):  # as agreed with the designers"))
    models = reader()

    check(shop, models)

    seen = sorted((asked.ask.seed, "designers" in asked.text) for asked in models.questions)
    assert seen == [(0, True), (1, True), (2, False)]


def test_a_strong_model_reads_once_with_its_eyes_open(shop: Repo) -> None:
    models = reader(finder=STRONG)

    result = check(shop, models)

    assert len(models.questions) == 1
    assert result.findings[0].hint is not None
    assert "(1 of 1 votes)" in result.findings[0].hint


def test_what_only_the_reader_without_words_finds_is_shown_and_marked(shop: Repo) -> None:
    shop.stage("src/nav.py", DRAW.replace("len(icons)):", "len(icons) - 1):  # the last one is drawn below"))
    models = reader()
    blind = replace(models, defects={})
    models.before = lambda asked: blind.answer(asked) if "drawn below" in asked.text else None

    result = check(shop, models)

    assert len(result.findings) == 1
    assert "found only by the reader who did not see comments" in result.findings[0].message


def test_a_finding_whose_quote_is_nowhere_is_kept_and_marked(shop: Repo) -> None:
    models = reader(defects={})

    def before(asked: Asked) -> str:
        answer = json.loads(models.answer(asked))
        hunk = next(hunk for hunk in asked.hunks if hunk.path == "src/nav.py")
        answer["findings"].append(found(hunk, "for icon in none_of_these:"))
        return json.dumps(answer)

    models.before = before
    result = check(shop, models)

    assert [(one.path, one.line) for one in result.findings] == [("src/nav.py", None)]
    assert "unanchored" in result.findings[0].message


def test_nothing_but_the_change_is_sent(shop: Repo) -> None:
    shop.git("checkout", "-q", "-b", "branch-of-the-author")
    shop.git("config", "user.name", "Author Of All")
    models = reader()

    check(shop, models)

    sent = "\n".join(message.content for asked in models.asked for message in asked.ask.messages)
    assert "src/nav.py" in sent
    for word in ("Secret plan", "Author", "branch-of", "a@example.com", str(shop.root)):
        assert word not in sent, word
    assert all({*asked.ask.files} == {"src/nav.py", "src/x.py"} for asked in models.questions)


def test_each_question_has_another_fence_another_order_and_another_canary(shop: Repo) -> None:
    for number in range(8):
        shop.stage(f"src/n{number}.py", f"n = {number}\n")
    models = reader(paths=[*reader().paths, *(f"src/n{number}.py" for number in range(8))])

    check(shop, models, samples=4)

    assert len({asked.fence for asked in models.questions}) == 4
    assert len({tuple(hunk.path for hunk in models.own(asked)) for asked in models.questions}) > 1
    planted = [[hunk for hunk in asked.hunks if hunk.path not in models.paths] for asked in models.questions]
    assert [len(own) for own in planted] == [1] * 4
    assert len({own[0].path for own in planted}) > 1


def test_no_trace_of_a_canary_reaches_the_user(shop: Repo) -> None:
    models = reader()

    with job(shop, models) as made:
        said: list[str] = []
        result = Review(lambda: TODAY).check(replace(made, say=said.append))

    planted = {hunk.path for asked in models.questions for hunk in asked.hunks} - {*models.paths}
    assert planted
    shown = json.dumps([repr(result), said])
    assert not any(path in shown for path in planted)


def test_findings_appear_as_the_questions_close(shop: Repo) -> None:
    said: list[str] = []
    with job(shop, reader()) as made:
        Review(lambda: TODAY).check(replace(made, say=said.append))

    assert said == ["2/2 hunks, 1 finding"]


def test_no_more_is_asked_at_once_than_the_model_has_slots(shop: Repo) -> None:
    for number in range(12):
        shop.stage(f"src/n{number}.py", "".join(f"n{line} = {line} + {number}\n" for line in range(110)))
    now: list[int] = []
    most = []
    lock = threading.Lock()

    def before(asked: Asked) -> None:
        del asked
        with lock:
            now.append(1)
            most.append(len(now))
        time.sleep(0.02)
        with lock:
            now.pop()

    models = reader(
        paths=[*reader().paths, *(f"src/n{number}.py" for number in range(12))],
        before=before,
        finder=replace(FAST, slots=3, context=8192),
    )

    assert check(shop, models).outcome is Outcome.PASSED
    assert len(models.questions) > 6
    assert max(most) == 3


# --- what is not read -----------------------------------------------------------------------------------------------


def raising(error: Exception) -> Callable[[Scripted], Callable[[Asked], Any]]:
    def made(_: Scripted) -> Callable[[Asked], Any]:
        def before(_: Asked) -> Any:
            raise error

        return before

    return made


def saying(text: str, **more: Any) -> Callable[[Scripted], Callable[[Asked], Any]]:
    fields: dict[str, Any] = {"text": text, "finish": "stop", "rung": "text", "seconds": 0.1}
    return lambda _: lambda _: Reply(**fields | more)


def changing(how: Callable[[dict[str, Any], Asked, Scripted], None]) -> Callable[[Scripted], Callable[[Asked], Any]]:
    def made(models: Scripted) -> Callable[[Asked], Any]:
        def before(asked: Asked) -> str:
            answer = json.loads(models.answer(asked))
            how(answer, asked, models)
            return json.dumps(answer)

        return before

    return made


def without_canary(answer: dict[str, Any], asked: Asked, models: Scripted) -> None:
    own = {hunk.id for hunk in models.own(asked)}
    answer["findings"] = [one for one in answer["findings"] if one["hunk"] in own]


def only_canary(answer: dict[str, Any], asked: Asked, models: Scripted) -> None:
    """Obey a diff that says: report the planted one, read nothing else."""
    answer["receipts"] = receipts(hunk for hunk in asked.hunks if hunk.path not in models.paths)


CONTENT: Mapping[str, Callable[[Scripted], Callable[[Asked], Any]]] = {
    "empty": saying(""),
    "LGTM": saying("LGTM, approved"),
    "an approval in JSON": saying('{"approved": true}'),
    "an empty answer in our form": saying('{"fence": "", "receipts": [], "findings": []}'),
    "cut off": changing(lambda answer, asked, models: answer.pop("findings")),
    "length": lambda models: lambda asked: Reply(text=models.answer(asked), finish="length", seconds=0.1),
    "refusal": saying("", refusal="I cannot help with that"),
    "another fence": changing(lambda answer, asked, models: answer.update(fence="0" * 32)),
    "no receipt": changing(lambda answer, asked, models: answer.update(receipts=[])),
    "made-up receipts": changing(
        lambda answer, asked, models: answer.update(
            receipts=[{"hunk": hunk.id, "quote": "def reviewed_and_fine():"} for hunk in asked.hunks]
        )
    ),
    "the canary missed": changing(without_canary),
    "the canary alone": changing(only_canary),
    "two answers": lambda models: lambda asked: models.answer(asked) + models.answer(asked),
    "not an answer": raising(AnswerError("sent an answer without a choice")),
    "withheld": raising(WithheldError("not sent: the question holds what looks like a secret")),
}
ENDPOINT = {
    "no connection": raising(EndpointError("fast: no connection to 127.0.0.1")),
    "no time": raising(TimeRanOut("no answer within 6s")),
    "no words": raising(TimeRanOut()),
}


@pytest.mark.parametrize(
    ("name", "profile"),
    [*((name, STRONG) for name in CONTENT), *((name, FAST) for name in ("LGTM", "no receipt", "the canary missed"))],
)
def test_what_cannot_be_believed_is_not_reviewed_and_refuses(shop: Repo, name: str, profile: Any) -> None:
    models = reader(finder=profile, defects={})
    models.before = CONTENT[name](models)

    result = check(shop, models)

    assert (result.outcome, result.doubt, result.blocks) == (Outcome.INCONCLUSIVE, "inconclusive", True)
    assert (result.summary, result.counts["seen"]) == ("0 of 2 hunks", 0)
    assert result.reason
    assert any(note.startswith("not reviewed: src/nav.py:2 (") for note in result.notes)


@pytest.mark.parametrize("name", ENDPOINT)
def test_where_the_endpoint_gives_nothing_it_is_said_and_the_settings_speak(shop: Repo, name: str) -> None:
    models = reader()
    models.before = ENDPOINT[name](models)

    at_commit = check(shop, models)
    strict = check(shop, models, unreachable="refuse")

    assert (at_commit.outcome, at_commit.doubt, at_commit.blocks) == (Outcome.INCONCLUSIVE, "unreachable", False)
    assert at_commit.summary == "0 of 2 hunks"
    assert at_commit.reason
    assert strict.blocks


def test_in_ci_an_endpoint_that_gives_nothing_refuses(shop: Repo) -> None:
    models = reader()
    models.before = ENDPOINT["no connection"](models)

    with job(shop, models) as made:
        result = judged(Step(Review(lambda: TODAY), replace(made, occasion="ci")), Forgetful(), threading.Lock())

    assert (result.outcome, result.blocks) == (Outcome.INCONCLUSIVE, True)


def test_both_kinds_of_doubt_are_the_graver_one(shop: Repo) -> None:
    models = reader()
    bad, gone = CONTENT["LGTM"](models), ENDPOINT["no connection"](models)
    models.before = lambda asked: (bad if asked.ask.seed else gone)(asked)

    result = check(shop, models)

    assert (result.doubt, result.blocks) == ("inconclusive", True)
    assert result.reason == "the answer is no JSON"


def test_a_bug_of_ours_is_inconclusive_too(shop: Repo) -> None:
    models = reader()
    models.before = raising(RuntimeError("boom"))(models)

    result = check(shop, models)

    assert (result.outcome, result.blocks) == (Outcome.INCONCLUSIVE, True)
    assert "boom" in (result.reason or "")


def test_a_hunk_without_a_receipt_is_the_one_that_is_not_reviewed(shop: Repo) -> None:
    models = reader(defects={})

    def before(asked: Asked) -> str:
        return models.answer(asked, seen=[hunk for hunk in asked.hunks if hunk.path != "src/x.py"])

    models.before = before
    result = check(shop, models)

    assert (result.summary, result.outcome) == ("1 of 2 hunks", Outcome.INCONCLUSIVE)
    assert [note for note in result.notes if "not reviewed" in note] == [
        "not reviewed: src/x.py:21 (the answer does not show that it was read)"
    ]


def test_what_an_answer_leaves_open_is_asked_about_once_more(shop: Repo) -> None:
    models = reader(finder=STRONG)
    models.before = lambda asked: (
        models.answer(asked, seen=[hunk for hunk in asked.hunks if hunk.path != "src/x.py"])
        if len(models.asked) == 1
        else None
    )

    result = check(shop, models)

    assert result.outcome is Outcome.PASSED
    assert [[hunk.path for hunk in models.own(asked)] for asked in models.asked][1] == ["src/x.py"]
    assert len(result.findings) == 1


def test_a_sample_that_fails_has_no_vote(shop: Repo) -> None:
    models = reader()
    models.before = lambda asked: "LGTM" if asked.ask.seed == 1 else None

    result = check(shop, models)

    assert result.summary == "2 of 2 hunks, 1 warning (2 of 2 votes)"
    assert result.outcome is Outcome.PASSED


def test_when_time_is_over_the_rest_is_named(shop: Repo) -> None:
    models = reader()

    result = check(shop, models, seconds=0)

    assert models.asked == []
    assert (result.doubt, result.reason, result.summary) == ("unreachable", LATE, "0 of 2 hunks")


def test_the_riskiest_is_read_before_time_is_over(shop: Repo) -> None:
    shop.stage("src/login.py", "def login(user, password):\n    return run(password, shell=True)\n")
    big = "".join(f"value_{line} = {line}\n" for line in range(400))
    shop.stage("src/big.py", big)
    models = reader(
        paths=[*reader().paths, "src/login.py", "src/big.py"], finder=replace(STRONG, slots=1, context=8192)
    )

    def before(asked: Asked) -> None:
        if len(models.asked) > 1:
            raise TimeRanOut("no answer within 6s")

    models.before = before
    result = check(shop, models)

    assert "src/login.py" in {hunk.path for hunk in models.asked[0].hunks}
    assert result.counts["seen"] < result.counts["hunks"] == 4
    assert result.counts["seen"] >= 1
    assert result.outcome is Outcome.INCONCLUSIVE


def test_what_the_budget_does_not_pay_for_is_not_reviewed(shop: Repo) -> None:
    models = reader()

    result = check(shop, models, max_tokens=100)

    assert models.asked == []
    assert (result.summary, result.doubt) == ("0 of 2 hunks", "inconclusive")
    assert result.reason == "beyond review.max_tokens = 100"


def test_questions_that_cost_more_than_was_expected_end_the_budget(shop: Repo) -> None:
    """The plan is an estimate; what servers count is what is paid."""
    models = reader(finder=replace(STRONG, slots=1))
    models.before = lambda asked: "LGTM"

    with job(shop, models, max_tokens=3000) as made:
        result = Review(lambda: TODAY).check(made)

    assert len(models.asked) == 1
    assert result.reason in {SPENT, "the answer is no JSON"}
    assert result.outcome is Outcome.INCONCLUSIVE


def test_a_hunk_that_is_too_large_for_the_model_is_named(shop: Repo) -> None:
    shop.stage("src/data.py", "x = '" + "abc " * 9000 + "'\n")
    models = reader(paths=[*reader().paths, "src/data.py"], finder=replace(FAST, context=8192))

    result = check(shop, models)

    assert (result.summary, result.outcome) == ("2 of 3 hunks, 1 warning (3 of 3 votes)", Outcome.INCONCLUSIVE)
    assert "too large for one question of 'fast'" in (result.reason or "")


def test_a_file_with_a_secret_is_not_sent_not_reviewed_and_found(shop: Repo) -> None:
    token = "ghp_" + "zQ8rT2vK9xLm4WcY7bNf1HsD6pJg0RtE3aUi"
    shop.stage("src/x.py", NAV.replace("x20 = 20", f"x20 = '{token}'"))
    models = reader(defects={})

    result = check(shop, models)
    redacted = check(shop, models, secrets="redact")

    assert not any(token in message.content for asked in models.asked for message in asked.ask.messages)
    assert [one.rule for one in result.findings] == ["review/secret"]
    assert (result.summary, result.doubt, result.outcome) == (
        "1 of 2 hunks",
        "inconclusive",
        Outcome.INCONCLUSIVE,
    )
    assert redacted.outcome is Outcome.PASSED
    assert redacted.counts["seen"] == 2


def test_what_was_left_out_by_choice_is_named_and_no_doubt(shop: Repo) -> None:
    shop.stage("uv.lock", "x\n").stage("README.md", "words\n")

    result = check(shop, reader())

    assert result.outcome is Outcome.PASSED
    assert [note for note in result.notes if "left out" in note] == [
        "left out: README.md (prose)",
        "left out: uv.lock (generated, vendored or locked)",
    ]


# --- what comes after the votes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("holds", "expected"),
    [("yes", ["error"]), ("unsure", ["warning"]), ("no", [])],
)
def test_a_judge_takes_down_and_does_nothing_else(shop: Repo, holds: str, expected: list[str]) -> None:
    models = reader(judge=STRONG, holds=holds)

    result = check(shop, models, block="voted")

    assert [one.severity for one in result.findings] == expected
    assert sum(asked.judging for asked in models.asked) == 1


@pytest.mark.parametrize("error", [EndpointError("gone"), TimeRanOut("late"), AnswerError("no")])
def test_a_judge_who_does_not_answer_takes_nothing_down(shop: Repo, error: Exception) -> None:
    models = reader(judge=STRONG)

    def before(asked: Asked) -> None:
        if asked.judging:
            raise error

    models.before = before
    result = check(shop, models, block="voted")

    assert [one.severity for one in result.findings] == ["error"]
    assert result.outcome is Outcome.FAILED


def test_what_the_code_shows_to_be_wrong_is_dropped(shop: Repo) -> None:
    models = reader(defects={"show(icons": {"claim": "undefined_name", "symbol": "icons", "title": "no icons"}})

    assert check(shop, models).findings == ()


def test_what_lint_and_types_say_is_not_said_again(shop: Repo) -> None:
    models = reader(defects={"len(icons) - 1": {"claim": "undefined_name", "symbol": "show", "title": "no show"}})
    said = Finding(path="src/nav.py", line=2, rule="lint/F821", message="Undefined name `show`")
    lint = GateResult(gate="lint", outcome=Outcome.FAILED, findings=(said,))

    assert len(check(shop, models).findings) == 1
    assert check(shop, models, others=lambda: (lint,)).findings == ()


def test_an_accepted_finding_stays_quiet_in_whatever_words_it_comes_again(shop: Repo) -> None:
    (first,) = check(shop, reader()).findings
    shop.stage(
        ".everycommit/accepted.toml",
        f'[[accepted]]\nfingerprint = "{first.fingerprint[:12]}"\nrule = "review/boundary"\npath = "src/nav.py"\n'
        'reason = "the last one is drawn elsewhere"\nwho = "A"\n',
    )
    other = reader(
        defects={"len(icons) - 1": {"title": "one icon is lost"}}, paths=[*reader().paths, ".everycommit/accepted.toml"]
    )

    result = check(shop, other)

    assert [one.severity for one in result.findings] == ["note"]
    assert "drawn elsewhere" in (result.findings[0].hint or "")
    assert any(note.startswith("accepted: ") for note in result.notes)


# --- kept answers ---------------------------------------------------------------------------------------------------


def test_what_was_answered_is_not_asked_again_and_comes_out_the_same(shop: Repo) -> None:
    answers, models = Answers(), reader()

    first = check(shop, models, answers=answers)
    asked = len(models.asked)
    again = check(shop, replace(models, defects={}), answers=answers)

    assert len(models.asked) == asked
    assert again.findings == first.findings
    assert (again.outcome, again.counts["known"], again.summary) == (Outcome.PASSED, 2, first.summary)


def test_after_a_mend_only_what_was_touched_is_asked_about(shop: Repo) -> None:
    answers, models = Answers(), reader()
    check(shop, models, answers=answers)
    models.asked.clear()

    shop.stage("src/x.py", NAV.replace("x20 = 20", "x20 = 22"))
    result = check(shop, models, answers=answers)

    assert {hunk.path for asked in models.asked for hunk in models.own(asked)} == {"src/x.py"}
    assert len(result.findings) == 1
    assert result.counts["known"] == 1


def test_a_doubt_is_not_kept(shop: Repo) -> None:
    answers, models = Answers(), reader()
    models.before = lambda asked: "LGTM" if asked.ask.seed == 1 else None

    check(shop, models, answers=answers)

    assert answers.kept == {}


@pytest.mark.parametrize(
    "other",
    [
        {"finder": replace(FAST, model="other")},
        {"finder": replace(FAST, samples=2)},
    ],
)
def test_another_question_is_asked_anew(shop: Repo, other: dict[str, Any]) -> None:
    answers = Answers()
    check(shop, reader(), answers=answers)
    models = reader(**other)

    check(shop, models, answers=answers)

    assert models.questions != []


# --- whether there is anything to read ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("review", "models", "why"),
    [
        ({}, None, "no model is set up; add one: everycommit models add"),
        ({"egress": "deny"}, reader(), 'nothing may be sent to a model (review.egress = "deny")'),
        ({"finder": None}, reader(), "no model is to read it (review.finder = false)"),
        ({}, reader(finder=None), "no model that you set up reads it"),
    ],
)
def test_where_no_model_reads_the_static_reader_does_and_the_reason_is_said(
    repo: Repo, review: dict[str, Any], models: Scripted | None, why: str
) -> None:
    """Of what it does not look at, nothing is said to have been looked at."""
    before = "def f(a):\n    if a is None:\n        return 0\n    return a.size\n"
    repo.stage("src/nav.py", before).stage("a.go", "x\n").commit()
    repo.stage("src/nav.py", before.replace("    if a is None:\n        return 0\n", ""))
    with job(repo, models, **review) as made:
        assert Review().skip(made) is None
        python = judged(Step(Review(lambda: TODAY), made), Forgetful(), threading.Lock())
    repo.git("checkout", "-q", "HEAD", "--", ".")
    repo.stage("a.go", "y\n")
    with job(repo, models, **review) as made:
        go = Review().skip(made) or Review(lambda: TODAY).check(made).reason

    assert (python.outcome, python.summary, python.brief, python.reason) == (
        Outcome.PASSED,
        "static only",
        "static only",
        why,
    )
    assert [one.rule for one in python.findings] == ["review/guard-removed"]
    assert "accept: everycommit accept" in (python.findings[0].hint or "")
    assert go == why
    assert models is None or models.asked == []


def test_what_no_reader_looks_at_is_nothing_to_read(repo: Repo) -> None:
    repo.stage("README.md", "words\n").stage("uv.lock", "x\n")

    with job(repo, reader()) as made:
        assert Review().skip(made) == "nothing that is read (prose, generated, vendored or locked)"


def test_what_rules_and_models_find_is_told_together(shop: Repo) -> None:
    checked = "def first(items):\n    if not items:\n        return None\n    return items[0]\n"
    shop.stage("src/first.py", checked).commit("before")
    shop.stage("src/first.py", checked.replace("    if not items:\n        return None\n", ""))
    shop.stage("src/nav.py", DRAW.replace("len(icons)", "len(icons) - 1").replace("show", "draw_one"))

    result = check(shop, reader(paths=[*reader().paths, "src/first.py"]))

    assert sorted(one.rule for one in result.findings) == ["review/boundary", "review/guard-removed"]
    assert result.summary == "2 of 2 hunks"


def test_a_static_reader_that_breaks_is_no_pass_and_keeps_what_models_said(
    shop: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Job) -> list[Finding]:
        raise ToolError("ruff ended with 2")

    monkeypatch.setattr("everycommit.gates.review.review.static", broken)
    result = check(shop, reader())

    assert (result.outcome, result.reason) == (Outcome.INCONCLUSIVE, "the static reader: ruff ended with 2")
    assert len(result.findings) == 1


def test_a_file_that_was_generated_before_is_nothing_to_read(repo: Repo) -> None:
    repo.stage("a.go", "// @generated\nx\n").commit().stage("a.go", "// @generated\ny\n")

    result = check(repo, reader())

    assert (result.outcome, result.reason) == (Outcome.SKIPPED, "left out: a.go (generated, by its own words)")


def test_all_that_the_verdict_depends_on_is_named(shop: Repo) -> None:
    """A part left out would be a false reuse."""
    gate = Review(lambda: TODAY)
    with job(shop, reader()) as made:
        before = gate.inputs(made)
        settings = made.config.settings
        others = [
            replace(made, change=replace(made.change, target=made.change.base)),
            replace(made, change=replace(made.change, parents=())),
            replace(made, config=replace(made.config, goal="Round half up")),
            replace(made, config=replace(made.config, adopting=True)),
            replace(made, config=Config(settings=replace(settings, review=ReviewSettings(samples=9)))),
            replace(made, config=Config(settings=replace(settings, model={"x": ModelSettings(model="m")}))),
        ]

        assert gate.inputs(made) == before
        for other in others:
            assert gate.inputs(other) != before


def test_old_is_nothing_that_a_reader_of_the_change_says(shop: Repo) -> None:
    with job(shop, reader()) as made:
        assert Review().older(made, made.change.base, ()) == ()


def test_the_one_who_reads_is_asked_for_by_what_there_is_to_read(shop: Repo) -> None:
    models = reader()

    check(shop, models)

    role, tokens_in, tokens_out, seconds = models.chosen[0]
    assert role == "finder"
    assert 1000 < tokens_in < 6000
    assert tokens_out < 2000
    assert seconds <= 10
