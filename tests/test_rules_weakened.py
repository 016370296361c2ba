"""Tests gone, skipped or emptied; assertions that let more pass; exceptions dropped."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from everycommit.rules import weakened
from everycommit.rules.rule import Rule
from rules import LONG, example_holds, findings, messages, rules, seconds
from support import Repo

HEAD = "import pytest\nfrom app import add, load\n\n\n"
ADD = "def test_add():\n    assert add(1, 2) == 3\n    assert add(0, 0) == 0\n\n\n"
LOAD = (
    "def test_load(tmp_path):\n    path = tmp_path / 'x'\n    assert load(path) == {}\n"
    "    with pytest.raises(KeyError):\n        load(1)\n\n\n"
)
CASES = "@pytest.mark.parametrize('value', [1, 2, 3])\ndef test_cases(value):\n    assert add(value, 0) == value\n\n\n"
CLASS = (
    "class TestAll:\n    name = 'x'\n\n    def test_one(self):\n        assert add(1, 1) == 2\n\n"
    "    def test_two(self):\n        text = '''\nassert at the margin\n'''\n        assert add(2, 2) == 4\n\n\n"
)
UNIT = (
    "class Case(unittest.TestCase):\n    def test_unit(self):\n        self.assertEqual(add(1, 2), 3)\n"
    "        self.assertAlmostEqual(add(0.1, 0.2), 0.3, places=7)\n"
)
WHOLE = HEAD + ADD + LOAD + CASES + CLASS + UNIT
PATH = "tests/test_app.py"


def judged(repo: Repo, *swaps: tuple[str, str], path: str = PATH) -> list[str]:
    """Return the rules that speak when parts of the test module are replaced."""
    after = WHOLE
    for old, new in swaps:
        assert old in after
        after = after.replace(old, new)
    return rules(repo, weakened, {PATH: WHOLE}, {path: after})


@pytest.mark.parametrize("rule", weakened.RULES, ids=lambda rule: rule.id)
def test_each_rule_finds_its_bad_example_and_not_its_good_one(repo: Repo, rule: Rule) -> None:
    example_holds(repo, weakened, rule)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (ADD, ""),
        (CLASS[CLASS.index("    def test_two") :], "\n"),
        (CLASS, ""),
    ],
)
def test_a_test_that_is_gone(repo: Repo, old: str, new: str) -> None:
    assert judged(repo, (old, new)) == ["test-deleted"]


def test_a_deleted_module_of_tests_is_one_finding(repo: Repo) -> None:
    [message] = messages(repo, weakened, {PATH: WHOLE}, {"a.py": ""})

    assert message == "test_add, test_load, test_cases, TestAll.test_one and 2 more are deleted with the file"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("test_add", "test_sum"),
        (ADD + LOAD, LOAD + ADD),
        ("import pytest\n", "import pytest\n\n# text\n"),
        ("assert add(1, 2) == 3\n", "assert add(2, 2) == 4\n"),
        ("assert add(1, 2) == 3\n", "assert add(1, 2) == 3, 'sum'\n    assert add(5, 5) == 10\n"),
        (
            "    assert load(path) == {}\n",
            "    result = load(path)\n    assert isinstance(result, dict)\n    assert result == {}\n",
        ),
        ("[1, 2, 3]", "[3, 2, 1, 0]"),
        ("[1, 2, 3]", "VALUES"),
        ("    assert add(1, 2) == 3\n    assert add(0, 0) == 0\n", "    assert (add(1, 2), add(0, 0)) == (3, 0)\n"),
        ("    assert add(1, 2) == 3\n    assert add(0, 0) == 0\n", "    assert add(1, 2) == 3 and add(0, 0) == 0\n"),
        ("    assert add(0, 0) == 0\n", "    check_zero(add)\n"),
        ("def test_load(", "def helper():\n    return 1\n\n\ndef test_load("),
        ("assert at the margin", "assert True, it is only text"),
        ("class TestAll:", "class TestEverything:"),
        ("def test_one(self)", "def test_first(self)"),
        ("places=7", "places=8"),
    ],
)
def test_what_weakens_nothing(repo: Repo, old: str, new: str) -> None:
    assert judged(repo, (old, new)) == []


def test_a_test_may_move_to_another_file(repo: Repo) -> None:
    after = {PATH: WHOLE.replace(LOAD, ""), "tests/test_load.py": HEAD + LOAD}

    assert rules(repo, weakened, {PATH: WHOLE}, after) == []


def test_an_assertion_may_move_to_a_helper(repo: Repo) -> None:
    helper = "def zero():\n    assert add(0, 0) == 0\n\n\n"

    assert (
        judged(repo, ("    assert add(0, 0) == 0\n", "    zero()\n"), ("def test_load", helper + "def test_load")) == []
    )


def test_a_test_may_be_merged_into_another(repo: Repo) -> None:
    more = "def test_load(tmp_path):\n    assert add(1, 2) == 3\n    assert add(0, 0) == 0\n"

    assert judged(repo, (ADD, ""), ("def test_load(tmp_path):\n", more)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("def test_add", "def check_add"),
        ("def test_add", "def _test_add"),
        ("class TestAll:", "class All:"),
    ],
)
def test_a_name_that_pytest_does_not_collect(repo: Repo, old: str, new: str) -> None:
    assert set(judged(repo, (old, new))) == {"test-uncollected"}


def test_a_module_that_pytest_does_not_collect(repo: Repo) -> None:
    assert judged(repo, path="tests/app_old.py") == ["test-uncollected"]
    assert judged(repo, path="tests/app_test.py") == []


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("def test_add", "@pytest.mark.skip\ndef test_add", "test-skipped"),
        ("def test_add", "@pytest.mark.skip(reason='later')\ndef test_add", "test-skipped"),
        ("def test_add", "@pytest.mark.xfail\ndef test_add", "test-skipped"),
        ("def test_add", "@pytest.mark.xfail(strict=False)\ndef test_add", "test-skipped"),
        ("def test_add", "@pytest.mark.skipif(True, reason='x')\ndef test_add", "test-skipped"),
        ("def test_add", "@unittest.skip('later')\ndef test_add", "test-skipped"),
        ("def test_add():\n", "def test_add():\n    pytest.skip('later')\n", "test-skipped"),
        ("def test_add():\n", "def test_add():\n    raise unittest.SkipTest('later')\n", "test-skipped"),
        ("def test_add():\n", "def test_add():\n    return\n", "test-skipped"),
        ("        self.assertEqual", "        self.skipTest('later')\n        self.assertEqual", "test-skipped"),
        ("    def test_unit", "    @unittest.expectedFailure\n    def test_unit", "test-skipped"),
        ("class TestAll:\n", "@pytest.mark.skip\nclass TestAll:\n", "test-skipped"),
        ("    name = 'x'\n", "    name = 'x'\n    pytestmark = pytest.mark.skip\n", "test-skipped"),
        ("    name = 'x'\n", "    __test__ = False\n", "test-skipped"),
        ("from app", "pytestmark = [pytest.mark.skip(reason='x')]\nfrom app", "test-skipped"),
        ("from app", "pytest.skip('later', allow_module_level=True)\nfrom app", "test-skipped"),
        ("[1, 2, 3]", "[1, 2, pytest.param(3, marks=pytest.mark.xfail)]", "test-skipped"),
        (
            "def test_add",
            "@pytest.mark.skipif(sys.platform == 'win32', reason='x')\ndef test_add",
            "test-skipped-sometimes",
        ),
        ("def test_add", "@pytest.mark.xfail(WINDOWS, reason='x')\ndef test_add", "test-skipped-sometimes"),
        ("def test_add", "@skip_on_windows\ndef test_add", "test-skipped-sometimes"),
        ("def test_add():\n", "def test_add():\n    if x:\n        pytest.skip('later')\n", "test-skipped-sometimes"),
        ("def test_add():\n", "def test_add():\n    pytest.importorskip('numpy')\n", "test-skipped-sometimes"),
        (
            "def test_add():\n",
            "def test_add(request):\n    request.node.add_marker(pytest.mark.xfail)\n",
            "test-skipped",
        ),
    ],
)
def test_a_test_that_no_longer_runs(repo: Repo, old: str, new: str, rule: str) -> None:
    assert judged(repo, (old, new)) == [rule]


def test_collection_can_leave_out_files(repo: Repo) -> None:
    before, after = "A = 1\n", "A = 1\ncollect_ignore = ['test_a.py']\n"

    assert rules(repo, weakened, {"conftest.py": before}, {"conftest.py": after}) == ["test-skipped"]
    assert rules(repo, weakened, {"conftest.py": after}, {"conftest.py": before}) == []


def test_a_new_test_may_come_with_a_skip(repo: Repo) -> None:
    new = "@pytest.mark.skip\ndef test_new():\n    assert add(1) == 1\n\n\n"

    assert judged(repo, (LOAD, LOAD + new)) == []


def test_a_skip_may_change_its_reason_or_go(repo: Repo) -> None:
    skipped = WHOLE.replace("def test_add", "@pytest.mark.skip(reason='a')\ndef test_add")

    assert rules(repo, weakened, {PATH: skipped}, {PATH: skipped.replace("'a'", "'b'")}) == []
    assert rules(repo, weakened, {PATH: skipped}, {PATH: WHOLE}) == []
    assert rules(repo, weakened, {PATH: skipped}, {PATH: skipped.replace("skip(", "skipif(WINDOWS, ")}) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    assert add(0, 0) == 0\n", ""),
        ("    assert add(0, 0) == 0\n", "    # assert add(0, 0) == 0\n    pass\n"),
        ("assert load(path) == {}", "assert load(path) is not None"),
        ("assert load(path) == {}", "assert load(path)"),
        ("assert load(path) == {}", "assert {} in [load(path)]"),
        ("assert load(path) == {}", "assert load(path) == {} or path"),
        ("pytest.raises(KeyError)", "pytest.raises(Exception)"),
        ("self.assertEqual(add(1, 2), 3)", "self.assertIsNotNone(add(1, 2))"),
        ("self.assertEqual(add(1, 2), 3)", "self.assertIn(add(1, 2), [3, 4])"),
        ("self.assertEqual(add(1, 2), 3)", "self.assertTrue(add(1, 2) >= 3)"),
        ("places=7", "places=2"),
    ],
)
def test_an_assertion_that_lets_more_pass(repo: Repo, old: str, new: str) -> None:
    assert judged(repo, (old, new)) == ["assertion-weakened"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("approx(1, rel=1e-6)", "approx(1, rel=0.1)", "rel goes from 1e-06 to 0.1"),
        ("approx(1, rel=1e-6)", "approx(1, rel=1e-9)", None),
    ],
)
def test_a_tolerance_may_only_shrink(repo: Repo, old: str, new: str, said: str | None) -> None:
    before = f"def test_a():\n    assert a() == {old}\n    assert abs(a() - 1) < 0.01\n"

    found = messages(repo, weakened, {PATH: before}, {PATH: before.replace(old, new)})
    wider = messages(repo, weakened, {PATH: before}, {PATH: before.replace("0.01", "0.5")})

    assert found == ([] if said is None else [f"test_a lets more pass: {said}"])
    assert wider == ["test_a lets more pass: < goes from 0.01 to 0.5"]


@pytest.mark.parametrize(
    "always",
    [
        "True",
        "1",
        "'text'",
        "(add(0, 0) == 0, 'zero')",
        "add(0, 0) == 0 or True",
        "not False",
        "1 == 1",
        "len(x) >= 0",
        "isinstance(x, object)",
        "(a for a in b)",
        "lambda: x",
    ],
)
def test_an_assertion_that_is_always_true(repo: Repo, always: str) -> None:
    assert "assertion-always-true" in judged(repo, ("add(0, 0) == 0\n", f"{always}\n"))


@pytest.mark.parametrize(
    "real", ["add(0, 0) == 0 and True", "len(x) >= 1", "x == x", "isinstance(x, int)", "False", "()", "0 == 1"]
)
def test_an_assertion_that_can_fail(repo: Repo, real: str) -> None:
    assert "assertion-always-true" not in judged(repo, ("add(0, 0) == 0\n", f"{real}\n"))


def test_a_finding_on_a_removed_line_names_the_line_before(repo: Repo) -> None:
    [gone] = findings(repo, weakened, {PATH: WHOLE}, {PATH: WHOLE.replace(LOAD, "")})
    [less] = findings(repo, weakened, {PATH: WHOLE}, {PATH: WHOLE.replace("    assert add(0, 0) == 0\n", "")})

    assert gone.line == (HEAD + ADD).count("\n")
    assert less.line == HEAD.count("\n") + 2


def test_cases_may_not_get_fewer(repo: Repo) -> None:
    assert judged(repo, ("[1, 2, 3]", "[1]")) == ["test-cases-removed"]
    assert judged(repo, ("@pytest.mark.parametrize('value', [1, 2, 3])\n", "")) == ["test-cases-removed"]


@pytest.mark.parametrize(
    "after",
    [
        "try:\n    load()\nexcept:\n    pass\n",
        "try:\n    load()\nexcept Exception:\n    ...\n",
        "try:\n    load()\nexcept (ValueError, BaseException) as error:\n    x = None\n    pass\n".replace(
            "    x = None\n", ""
        ),
        "for a in b:\n    try:\n        load()\n    except builtins.Exception:\n        continue\n",
        "def f():\n    try:\n        load()\n    except Exception:\n        return None\n",
        "with contextlib.suppress(Exception):\n    load()\n",
        "with suppress(KeyError, BaseException):\n    load()\n",
    ],
)
def test_every_exception_is_dropped(repo: Repo, after: str) -> None:
    assert rules(repo, weakened, {"a.py": "load()\n"}, {"a.py": after}) == ["swallowed-exception"]


@pytest.mark.parametrize(
    "after",
    [
        "try:\n    load()\nexcept KeyError:\n    pass\n",
        "try:\n    load()\nexcept Exception:\n    raise\n",
        "try:\n    load()\nexcept Exception:\n    log.exception('x')\n",
        "try:\n    load()\nexcept Exception as error:\n    last = error\n",
        "with suppress(KeyError):\n    load()\n",
        "text = 'except Exception: pass'\n",
        "# except: pass\n",
    ],
)
def test_what_is_expected_may_be_caught(repo: Repo, after: str) -> None:
    assert rules(repo, weakened, {"a.py": "load()\n"}, {"a.py": after}) == []


def test_a_handler_that_moves_is_not_new(repo: Repo) -> None:
    handler = "try:\n    load()\nexcept Exception:\n    pass\n"

    assert (
        rules(repo, weakened, {"a.py": handler, "b.py": "B = 1\n"}, {"a.py": "A = 1\n", "b.py": "B = 1\n" + handler})
        == []
    )
    assert rules(repo, weakened, {"a.py": handler}, {"a.py": handler.replace("load()", "load(1)")}) == []
    assert rules(repo, weakened, {"a.py": handler}, {"a.py": handler + handler.replace("load", "save")}) == [
        "swallowed-exception"
    ]


def test_time_limits_are_noted_in_tests_alone(repo: Repo) -> None:
    before, after = "def test_a():\n    wait(timeout=1)\n", "def test_a():\n    wait(timeout=5)\n"

    assert rules(repo, weakened, {PATH: before}, {PATH: after}) == ["timeout-raised"]
    assert rules(repo, weakened, {PATH: after}, {PATH: before}) == []
    assert rules(repo, weakened, {"src/a.py": before}, {"src/a.py": after}) == []


def test_data_of_tests_need_not_be_python(repo: Repo) -> None:
    before, after = {"tests/data/a.py": "assert (\n"}, {"tests/data/a.py": "assert ((\n"}

    assert rules(repo, weakened, before, after) == []


def test_a_rewrite_is_said_rather_than_compared(repo: Repo) -> None:
    text = "".join(f"def test_{number}():\n    assert {number} == f({number})\n" for number in range(3_000))

    assert rules(repo, weakened, {PATH: text}, {PATH: text.replace("f(", "g(")}) == ["tests-not-compared"]


def test_text_at_the_margin_inside_brackets_is_read_as_a_whole(repo: Repo) -> None:
    before = "VALUES = (\n1,\n2,\n)\n\n\n" + ADD

    assert rules(repo, weakened, {PATH: before}, {PATH: before.replace("1,\n2", "1,\n3").replace("== 3", "!= 3")}) == [
        "assertion-weakened"
    ]


PIECES = ["(", "[", "assert x\n", "assert True or ", "x = '''\n", "@a\n", "if x:\n ", "timeout=1 ", "except:", "-"]


@pytest.mark.parametrize("piece", [*PIECES, "class A:\n"])
def test_a_megabyte_does_not_take_long(repo: Repo, piece: str) -> None:
    text = piece * (900_000 // len(piece)) + "\n"

    assert seconds(repo, weakened, {PATH: "import a\n"}, {PATH: text}) < LONG
    assert seconds(repo, weakened, {PATH: text}, {PATH: text + "a\n"}) < LONG


@pytest.mark.parametrize("piece", ["(", "[", "not ", "-", "x.", "x + ", "if x:\n"])
def test_deep_source_breaks_nothing(repo: Repo, piece: str) -> None:
    after = WHOLE.replace("add(1, 2) == 3", f"{piece * 3000}1")

    findings(repo, weakened, {PATH: WHOLE}, {PATH: after})
    findings(repo, weakened, {"a.py": "a\n"}, {"a.py": f"try:\n    a({piece * 3000}1)\nexcept Exception:\n    pass\n"})


def test_a_deleted_file_that_is_too_large_to_compare_is_still_a_finding(repo: Repo) -> None:
    text = "".join(f"def test_{number}():\n    assert f({number})\n" for number in range(3_000))

    assert rules(repo, weakened, {PATH: text}, {"a": ""}) == ["test-deleted"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cut=st.integers(0, len(WHOLE)),
    drop=st.integers(0, 120),
    more=st.text(alphabet=st.sampled_from("\"'#\\\n ()[]:@=aassert\t\r\f\0é\ud800"), max_size=30),
)
def test_no_damage_to_the_source_breaks_the_rules(repo: Repo, cut: int, drop: int, more: str) -> None:
    """Whatever is cut out of a test module and put in, findings lie inside the file."""
    after = (WHOLE[:cut] + more + WHOLE[cut + drop :]).encode("utf-8", "surrogatepass")

    findings(repo, weakened, {PATH: WHOLE}, {PATH: after})
    findings(repo, weakened, {PATH: after}, {PATH: WHOLE})
