"""The engine: newness as multisets, doubts that never pass, a deadline that ends."""

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import cast

import pytest

from everycommit.change import Change, FileChange, Hunk, Line
from everycommit.config import schema
from everycommit.config.schema import Config, Settings
from everycommit.deadline import Deadline
from everycommit.engine.new import marked
from everycommit.engine.plan import Step, planned
from everycommit.engine.run import Heard, UnderWay, run
from everycommit.errors import EverycommitError, Interrupted, TimeRanOut, ToolError
from everycommit.gates.base import Gate, Job
from everycommit.ledger import ALL, Forgetful, key
from everycommit.result import Finding, GateResult, Outcome, Verdict, exit_code

FILE = FileChange(
    path="a.py",
    status="M",
    old_mode="100644",
    mode="100644",
    old_id="1" * 40,
    id="2" * 40,
    added=1,
    hunks=(Hunk(3, 0, 3, 1, "", (Line("+", None, 3, "x = 1"),)),),
)
CHANGE = Change(base="b" * 40, target="c" * 40, parents=("b" * 40,), files=(FILE,), landing=(FILE,))
FINDING = Finding(path="a.py", line=1, rule="lint/F401", message="unused", source="import os")


@dataclass
class Scripted:
    """A gate that does what it is told."""

    name: str = "lint"
    keeps: str = ALL
    compared_with: tuple[str, ...] = ()
    result: GateResult | Exception | None = None
    old: Sequence[Finding] | Exception = ()
    reason: str | None = None
    seconds: float = 0.0
    asked: list[str] = field(default_factory=list)

    def skip(self, job: Job) -> str | None:
        return self.reason

    def inputs(self, job: Job) -> Mapping[str, str]:
        return {"target": job.change.target}

    def check(self, job: Job) -> GateResult:
        self.asked.append("check")
        time.sleep(self.seconds)
        if isinstance(self.result, Exception):
            raise self.result
        return self.result or GateResult(gate=self.name, outcome=Outcome.PASSED)

    def older(self, job: Job, parent: str, findings: Sequence[Finding]) -> Sequence[Finding]:
        self.asked.append(f"older {parent[:1]}")
        if isinstance(self.old, Exception):
            raise self.old
        return self.old


class Quiet:
    """A watch that remembers which gates ended."""

    def __init__(self) -> None:
        self.over: list[str] = []

    def started(self, gates: Sequence[str]) -> None: ...

    def said(self, gate: str, text: str) -> None: ...

    def ended(self, result: GateResult) -> None:
        self.over.append(result.gate)

    def close(self) -> None: ...


@dataclass
class Remembering:
    kept: dict[str, GateResult] = field(default_factory=dict)

    def get(self, name: str) -> GateResult | None:
        return self.kept.get(name)

    def put(self, name: str, result: GateResult) -> None:
        self.kept[name] = result

    def forget(self, name: str) -> None:
        self.kept.pop(name, None)


def job(change: Change = CHANGE, settings: Settings | None = None, occasion: str = "commit") -> Job:
    """A job whose hands are never used: these gates only talk."""
    hands = dict.fromkeys(("blobs", "trees", "children", "interpreter", "accepted", "say"))
    return Job(
        change=change,
        config=Config(settings=settings or Settings()),
        occasion=occasion,
        deadline=Deadline.after(60),
        environ={},
        **cast("dict[str, object]", hands),  # type: ignore[arg-type]
    )


def results(
    *gates: Scripted,
    the: Job | None = None,
    seconds: float = 60,
    ledger: Remembering | Forgetful | None = None,
    watch: Quiet | None = None,
) -> tuple[GateResult, ...]:
    steps = planned([cast("Gate", gate) for gate in gates], the or job(), skipped={})
    return run(
        steps,
        ledger=ledger or Forgetful(),
        watch=watch or Quiet(),
        deadline=Deadline.after(seconds),
        gone=lambda: False,
    )


def failed(*findings: Finding, gate: str = "lint") -> GateResult:
    return GateResult(gate=gate, outcome=Outcome.FAILED, findings=findings)


def test_a_finding_that_a_parent_has_is_old_and_the_gate_passes() -> None:
    (result,) = results(Scripted(result=failed(FINDING), old=[replace(FINDING, line=40)]))

    assert result.outcome is Outcome.PASSED
    assert [finding.new for finding in result.findings] == [False]
    assert not result.blocks


def test_of_equal_findings_as_many_are_old_as_a_parent_has_and_the_touched_line_is_the_new_one() -> None:
    three = [replace(FINDING, line=line) for line in (1, 3, 9)]

    found = marked(CHANGE, three, [[FINDING, FINDING]])

    assert [(finding.line, finding.new) for finding in found] == [(1, False), (3, True), (9, False)]


def test_a_finding_is_old_if_any_parent_of_a_merge_has_it() -> None:
    assert not marked(CHANGE, [FINDING], [[], [FINDING]])[0].new
    assert marked(CHANGE, [FINDING], [[], []])[0].new


def test_line_numbers_in_messages_do_not_make_a_finding_new() -> None:
    now = replace(FINDING, message="redefinition of f from line 14")

    assert not marked(CHANGE, [now], [[replace(now, message="redefinition of f from line 4")]])[0].new


def test_a_first_commit_has_no_parent_to_ask() -> None:
    gate = Scripted(result=failed(FINDING))

    (result,) = results(gate, the=job(replace(CHANGE, parents=())))

    assert result.outcome is Outcome.FAILED
    assert gate.asked == ["check"]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ToolError("mypy exited 2"), "mypy exited 2"),
        (TimeRanOut(""), "time ran out"),
        (ZeroDivisionError("division by zero"), "everycommit broke: ZeroDivisionError: division by zero"),
    ],
)
def test_whatever_breaks_in_a_gate_is_inconclusive_and_refuses(error: Exception, reason: str) -> None:
    (result,) = results(Scripted(result=error))

    assert (result.outcome, result.reason, result.blocks) == (Outcome.INCONCLUSIVE, reason, True)


def test_a_gate_that_fails_without_a_finding_is_inconclusive() -> None:
    (result,) = results(Scripted(result=GateResult(gate="lint", outcome=Outcome.FAILED)))

    assert result.outcome is Outcome.INCONCLUSIVE


def test_a_base_that_cannot_be_judged_makes_the_gate_inconclusive() -> None:
    (result,) = results(Scripted(result=failed(FINDING), old=ToolError("mypy broke")))

    assert result.outcome is Outcome.INCONCLUSIVE
    assert result.reason == "findings could not be compared with the base: mypy broke"


def test_new_errors_refuse_even_where_the_rest_could_not_be_seen() -> None:
    ledger = Remembering()
    doubt = replace(failed(FINDING), outcome=Outcome.INCONCLUSIVE, reason="time ran out after 12 of 312")

    (result,) = results(Scripted(result=doubt), ledger=ledger)

    assert (result.outcome, result.reason) == (Outcome.FAILED, "time ran out after 12 of 312")
    assert ledger.kept == {}


def test_old_findings_of_a_doubt_leave_it_a_doubt() -> None:
    doubt = replace(failed(FINDING), outcome=Outcome.INCONCLUSIVE, reason="time ran out")

    (result,) = results(Scripted(result=doubt, old=[FINDING]))

    assert (result.outcome, result.new_errors) == (Outcome.INCONCLUSIVE, 0)


def test_findings_that_could_not_be_compared_do_not_look_like_new_errors() -> None:
    doubt = replace(failed(FINDING), outcome=Outcome.INCONCLUSIVE, reason="time ran out")

    (result,) = results(Scripted(result=doubt, old=ToolError("no time")))

    assert result.outcome is Outcome.INCONCLUSIVE
    assert result.reason == "time ran out; findings could not be compared with the base: no time"
    assert [finding.severity for finding in result.findings] == ["warning"]


def test_a_warning_does_not_fail_a_gate() -> None:
    (result,) = results(Scripted(result=failed(replace(FINDING, severity="warning"))))

    assert result.outcome is Outcome.PASSED


def test_a_doubt_is_allowed_at_commit_where_the_settings_say_so_and_refused_at_push() -> None:
    settings = Settings(tests=schema.TestsSettings(inconclusive="warn"))
    doubt = Scripted("tests", result=ToolError("no pytest"))

    assert not results(doubt, the=job(settings=settings))[0].blocks
    assert results(doubt, the=job(settings=settings, occasion="push"))[0].blocks


def test_results_come_in_plan_order_whatever_ends_first() -> None:
    watch = Quiet()

    both = results(Scripted("slow", seconds=0.2), Scripted("quick"), watch=watch)

    assert [result.gate for result in both] == ["slow", "quick"]
    assert watch.over == ["quick", "slow"]


def test_a_gate_that_never_comes_back_is_inconclusive_soon_after_the_deadline() -> None:
    began = time.monotonic()

    (result,) = results(Scripted(seconds=30), seconds=0.1)

    assert result.outcome is Outcome.INCONCLUSIVE
    assert time.monotonic() - began < 10


def test_a_run_ends_when_git_went_away() -> None:
    steps = (Step(cast("Gate", Scripted(seconds=5)), job()),)

    with pytest.raises(Interrupted):
        run(steps, ledger=Forgetful(), watch=Quiet(), deadline=Deadline.after(60), gone=lambda: True)


def test_an_empty_change_is_skipped_never_passed() -> None:
    (result,) = results(Scripted(), the=job(replace(CHANGE, files=(), landing=())))

    assert (result.outcome, result.reason) == (Outcome.SKIPPED, "nothing to judge")


def test_a_gate_whose_skipping_breaks_is_inconclusive() -> None:
    class Broken(Scripted):
        def skip(self, job: Job) -> str | None:
            raise ToolError("no object 1234")

    (result,) = results(Broken())

    assert (result.outcome, result.reason) == (Outcome.INCONCLUSIVE, "no object 1234")


def test_what_the_user_leaves_out_is_said() -> None:
    (step,) = planned([cast("Gate", Scripted())], job(), skipped={"lint": "skipped by you (--skip lint)"})

    assert step.ended
    assert step.ended.reason == "skipped by you (--skip lint)"
    assert step.ended.left_out


def test_a_verdict_under_the_same_key_is_reused_and_a_doubt_is_never_kept() -> None:
    ledger = Remembering()
    gate = Scripted(result=failed(FINDING))

    first, second = results(gate, ledger=ledger)[0], results(gate, ledger=ledger)[0]

    assert (first.reused, second.reused) == (False, True)
    assert gate.asked.count("check") == 1
    results(Scripted("types", result=ToolError("broke")), ledger=ledger)
    assert len(ledger.kept) == 1


def test_what_is_known_is_looked_up_one_gate_at_a_time_and_checked_at_once() -> None:
    """Threads that only compute hinder each other; gates that wait for programs do not."""
    looking: list[str] = []
    checking = threading.Barrier(2, timeout=20)

    class Looking(Scripted):
        def inputs(self, job: Job) -> Mapping[str, str]:
            looking.append(self.name)
            time.sleep(0.05)
            looking.append(self.name)
            return super().inputs(job)

        def check(self, job: Job) -> GateResult:
            checking.wait()
            return super().check(job)

    steps = planned([Looking("lint"), Looking("types")], job(), skipped={})
    results = run(steps, ledger=Remembering(), watch=Quiet(), deadline=Deadline.after(60), gone=lambda: False)

    assert [result.outcome for result in results] == [Outcome.PASSED, Outcome.PASSED]
    assert looking[0] == looking[1]
    assert looking[2] == looking[3]


def test_a_key_changes_with_each_part_of_it() -> None:
    keys = {
        key("lint", ".", {"a": "1"}),
        key("types", ".", {"a": "1"}),
        key("lint", "packages/a", {"a": "1"}),
        key("lint", ".", {"a": "2"}),
        key("lint", ".", {"a": "1", "b": ""}),
        key("lint", ".", {"a": "1\0b"}),
    }

    assert len(keys) == 6
    assert key("lint", ".", {"a": "1", "b": "2"}) == key("lint", ".", {"b": "2", "a": "1"})


def test_a_verdict_is_as_good_as_its_worst_gate() -> None:
    def verdict(*outcomes: Outcome, blocks: bool = True) -> Verdict:
        gates = tuple(
            GateResult(gate="g", outcome=o, blocks=blocks and o in {"failed", "inconclusive"}) for o in outcomes
        )
        return Verdict(occasion="commit", change=CHANGE, gates=gates)

    assert verdict(Outcome.PASSED, Outcome.SKIPPED).outcome is Outcome.PASSED
    assert verdict(Outcome.SKIPPED).outcome is Outcome.SKIPPED
    assert verdict().outcome is Outcome.SKIPPED
    assert verdict(Outcome.PASSED, Outcome.INCONCLUSIVE).outcome is Outcome.INCONCLUSIVE
    assert verdict(Outcome.DEFERRED, Outcome.PASSED).outcome is Outcome.DEFERRED
    assert verdict(Outcome.FAILED, Outcome.INCONCLUSIVE).outcome is Outcome.FAILED
    assert exit_code([verdict(Outcome.FAILED), verdict(Outcome.INCONCLUSIVE)]) == 1
    assert exit_code([verdict(Outcome.INCONCLUSIVE)]) == 2
    assert exit_code([verdict(Outcome.INCONCLUSIVE, blocks=False)]) == 0
    assert exit_code([]) == 0


def test_every_expected_error_is_one_of_the_tree() -> None:
    import everycommit.errors as tree

    found = [thing for thing in vars(tree).values() if isinstance(thing, type) and issubclass(thing, Exception)]

    assert all(issubclass(error, EverycommitError) for error in found)


@dataclass
class Held(Scripted):
    """A gate that says how far it is and then waits to be let go."""

    word: str = "2/9  test_a.py"
    go: threading.Event = field(default_factory=threading.Event)
    said: threading.Event = field(default_factory=threading.Event)

    def check(self, job: Job) -> GateResult:
        job.say(self.word)
        self.said.set()
        self.go.wait(30)
        return GateResult(gate=self.name, outcome=Outcome.PASSED)


def under_way(*gates: Scripted, the: Job | None = None) -> UnderWay:
    heard = Heard(Quiet())
    found = the or job()
    steps = planned([cast("Gate", gate) for gate in gates], found, skipped={})
    steps = tuple(replace(step, job=replace(found, say=partial(heard.said, step.gate.name))) for step in steps)
    return UnderWay(steps, ledger=Forgetful(), watch=heard, deadline=Deadline.after(60))


def test_what_is_not_done_in_time_is_deferred_with_numbers_and_comes_to_its_end_later() -> None:
    held = Held("tests")
    run = under_way(Scripted("lint"), held)
    assert held.said.wait(30)
    while run.results()[0].outcome is Outcome.DEFERRED:
        time.sleep(0.01)

    assert not run.wait(lambda: False, until=time.monotonic())
    lint, tests = run.results()
    held.go.set()
    assert run.wait(lambda: False)

    assert lint.outcome is Outcome.PASSED
    assert (tests.outcome, tests.blocks) == (Outcome.DEFERRED, False)
    assert tests.reason == "2 of 9 done in 0s; the rest goes on in the background"
    assert tests.counts == {"done": 2, "total": 9}
    assert [result.outcome for result in run.results()] == [Outcome.PASSED, Outcome.PASSED]


@pytest.mark.parametrize("word", ["212 files", "", "a/b", "2/"])
def test_without_numbers_a_deferral_says_so(word: str) -> None:
    held = Held("types", word=word)
    run = under_way(held)
    assert held.said.wait(30)

    (types,) = run.results()
    held.go.set()

    assert types.reason == "not done in 0s; it goes on in the background"
    assert types.counts == {}
    assert run.wait(lambda: False)


def test_settings_say_whether_a_deferral_stops_the_commit() -> None:
    for settings, occasion in ((Settings(deferred="refuse"), "commit"), (Settings(), "push")):
        held = Held("tests")
        run = under_way(held, the=job(settings=settings, occasion=occasion))

        (tests,) = run.results()
        held.go.set()

        assert tests.blocks
        assert exit_code([Verdict(occasion=occasion, change=CHANGE, gates=(tests,))]) == 2
        assert run.wait(lambda: False)


def test_the_longest_gate_begins_first() -> None:
    """Gates are planned from the quickest on."""
    begun: list[str] = []

    class Noting(Scripted):
        def inputs(self, job: Job) -> Mapping[str, str]:
            begun.append(self.name)
            time.sleep(0.05)
            return {}

    results(Noting("lint"), Noting("types"), Noting("tests"))

    assert begun == ["tests", "types", "lint"]


def test_a_doubt_of_planning_blocks_like_any_other() -> None:
    class Unplanned(Scripted):
        def skip(self, job: Job) -> str | None:
            raise ToolError("no objects here")

    (result,) = results(Unplanned())

    assert (result.outcome, result.blocks) == (Outcome.INCONCLUSIVE, True)
