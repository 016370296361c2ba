"""What the engine keeps, under which key, and what it never keeps."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pytest

from everycommit.engine.why import why
from everycommit.entries import Entry
from everycommit.errors import ToolError
from everycommit.gates.base import Job
from everycommit.ledger import ALL, NOTHING, PASSES, Anew, doubt, doubted, itself, repeatable
from everycommit.result import GateResult, Outcome
from test_engine import CHANGE, FINDING, Remembering, Scripted, failed, job, results

WHOLE = GateResult(gate="lint", outcome=Outcome.PASSED, everything=True)


@dataclass
class Compared(Scripted):
    """A gate whose clean pass holds whatever it is compared with, as tests are."""

    keeps: str = PASSES
    compared_with: tuple[str, ...] = ("parents",)
    result: GateResult | Exception | None = field(default_factory=lambda: WHOLE)

    def inputs(self, job: Job) -> Mapping[str, str]:
        return {"target": job.change.target, "parents": " ".join(job.change.parents)}


ELSEWHERE = job(replace(CHANGE, parents=("e" * 40,), base="e" * 40))


def known(gate: Scripted, ledger: Remembering, the: Job | None = None) -> bool:
    return results(gate, ledger=ledger, the=the)[0].reused


def test_a_gate_that_keeps_nothing_is_judged_each_time_and_looks_nothing_up() -> None:
    class Closed(Remembering):
        def get(self, name: str) -> GateResult | None:
            raise AssertionError("looked up")

    ledger = Closed()
    gate = Scripted(keeps=NOTHING)

    assert not known(gate, ledger)
    assert not known(gate, ledger)
    assert ledger.kept == {}


def test_a_failure_is_kept_only_where_it_cannot_be_the_weather() -> None:
    assert known_twice(Scripted(keeps=ALL, result=failed(FINDING)))
    assert not known_twice(Scripted(keeps=PASSES, result=failed(FINDING)))
    assert known_twice(Scripted(keeps=PASSES, result=failed(FINDING), old=[FINDING])), "old findings pass"


def known_twice(gate: Scripted) -> bool:
    ledger = Remembering()
    known(gate, ledger)
    return known(gate, ledger)


@pytest.mark.parametrize("outcome", [Outcome.INCONCLUSIVE, Outcome.DEFERRED])
def test_a_doubt_is_never_kept(outcome: Outcome) -> None:
    result = GateResult(gate="lint", outcome=outcome, reason="time ran out")

    assert not known_twice(Scripted(result=result))
    assert not known_twice(Scripted(result=replace(result, findings=(FINDING,)))), "a doubt that refuses is one, too"


def test_that_there_is_nothing_to_judge_is_kept() -> None:
    assert known_twice(Scripted(result=GateResult(gate="lint", outcome=Outcome.SKIPPED, reason="no tests here")))


def test_inputs_that_nobody_can_tell_make_a_verdict_unfit_to_be_kept() -> None:
    class Unsure(Scripted):
        def inputs(self, job: Job) -> Mapping[str, str]:
            return {"target": "c", "python": doubt("an editable install")}

    ledger = Remembering()

    assert not known(Unsure(), ledger)
    assert ledger.kept == {}
    assert doubted(doubt("x")) == "x"
    assert doubted("x") is None
    assert repeatable({"a": "x"})


def test_a_clean_pass_holds_whatever_it_is_compared_with() -> None:
    ledger = Remembering()

    assert not known(Compared(), ledger)
    assert known(Compared(), ledger, ELSEWHERE)


@pytest.mark.parametrize(
    "result",
    [
        replace(failed(FINDING), everything=True),
        replace(WHOLE, findings=(replace(FINDING, severity="note"),)),
        replace(WHOLE, everything=False),
    ],
    ids=["old findings", "a note", "some of the tests"],
)
def test_a_pass_that_looked_at_a_part_or_found_something_old_holds_for_its_comparison_only(result: GateResult) -> None:
    ledger = Remembering()
    gate = Compared(result=result, old=[FINDING])

    assert not known(gate, ledger)
    assert known(gate, ledger)
    assert not known(gate, ledger, ELSEWHERE)


def test_a_failure_that_is_judged_anew_ends_the_pass_that_was_kept() -> None:
    ledger = Remembering()
    known(Compared(), ledger)

    results(Compared(result=failed(FINDING)), ledger=Anew(ledger))  # type: ignore[arg-type]

    assert ledger.kept == {}


def test_blocking_follows_the_settings_of_now() -> None:
    ledger = Remembering()
    gate = Scripted(result=failed(FINDING))

    first, again = results(gate, ledger=ledger)[0], results(gate, ledger=ledger)[0]

    assert again.reused
    assert (first.blocks, again.blocks) == (True, True)
    assert again.inputs == first.inputs


def test_everycommit_itself_is_part_of_every_key() -> None:
    assert results(Scripted())[0].inputs["everycommit"] == itself()
    assert itself() == itself()


@dataclass
class Shelf(Remembering):
    shown: list[Entry | str] = field(default_factory=list)

    def entries(self) -> list[Entry | str]:
        return self.shown


def test_why_names_the_inputs_that_changed_against_the_nearest_entry() -> None:
    from everycommit.engine.plan import Step

    now = {"everycommit": itself(), "target": CHANGE.target}
    far = Entry("1", GateResult(gate="lint", outcome=Outcome.PASSED, judged_at=2.0), {"everycommit": "x", "old": "y"})
    near = Entry("2", GateResult(gate="lint", outcome=Outcome.PASSED, judged_at=1.0), {**now, "target": "before"})
    other = Entry("3", GateResult(gate="types", outcome=Outcome.PASSED, judged_at=3.0), now)
    step = Step(Scripted(), job())

    row = why(step, Shelf(shown=["broken", far, near, other]))

    assert (row.known, row.at, row.why) == (False, 1.0, "changed: target")
    assert row.changed == {"target": ("before", CHANGE.target)}
    assert why(step, Shelf(shown=[other])).why == "nothing is kept of this gate"
    assert why(step, Shelf(shown=[near._replace(inputs=now)])).why == "it holds no more"


def test_why_says_what_cannot_be_asked() -> None:
    from everycommit.engine.plan import Step

    class Broken(Scripted):
        def inputs(self, job: Job) -> Mapping[str, str]:
            raise ToolError("ruff is not there")

    row = why(Step(Broken(), job()), Shelf())

    assert (row.known, row.why) == (False, "cannot be judged: ruff is not there")
