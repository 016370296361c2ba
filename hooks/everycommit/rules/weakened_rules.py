"""What the rules on weakened checks say of themselves."""

from ..result import ERROR, NOTE, WARNING
from .rule import Rule

_TEST = """def test_order():
    assert order([2, 1]) == [1, 2]


def test_empty():
    assert order([]) == []
"""
_CASES = """import pytest


@pytest.mark.parametrize("value", [0, 1, 2])
def test_double(value):
    assert double(value) == value + value
"""
_PATH = "tests/test_order.py"

RULES = (
    Rule(
        "policy/test-deleted",
        WARNING,
        "A test is gone, and is not found again under another name, in another file or merged into another test.",
        "Deleting the test that fails is the shortest way to a green run.",
        {_PATH: (_TEST, _TEST.partition("\n\n\n")[0] + "\n")},
        {_PATH: (_TEST, _TEST.replace("test_empty", "test_of_nothing"))},
        "Keep the test; where what it tests is gone as well, say so in the message.",
    ),
    Rule(
        "policy/test-uncollected",
        ERROR,
        "A test gets a name under which pytest does not collect it.",
        "It looks like a test and never runs.",
        {_PATH: (_TEST, _TEST.replace("test_empty", "check_empty"))},
        {_PATH: (_TEST, _TEST.replace("test_empty", "test_of_nothing"))},
        "Give it back a name that begins with test.",
    ),
    Rule(
        "policy/test-skipped",
        ERROR,
        "A test that ran before is skipped or expected to fail under no condition, or returns before its assertions.",
        "A skipped test is green. Skips stay for years.",
        {_PATH: (_TEST, "import pytest\n\n\n@pytest.mark.skip\n" + _TEST)},
        {_PATH: (_TEST, "# pytest.mark.skip would hide this one.\n" + _TEST)},
        "Mend what the test found; where it cannot run, say why in a commit of its own.",
    ),
    Rule(
        "policy/test-skipped-sometimes",
        WARNING,
        "A test that ran everywhere is skipped, or expected to fail, under a condition.",
        "It still runs somewhere; whether that is where it matters is worth a look.",
        {_PATH: (_TEST, "import pytest\n\n\n@pytest.mark.skipif(WINDOWS, reason='slow')\n" + _TEST)},
        {
            _PATH: (
                _TEST,
                _TEST + "\n\n@pytest.mark.skipif(WINDOWS, reason='slow')\ndef test_new():\n    assert order([1])\n",
            )
        },
        "Check that the condition is as narrow as it can be.",
    ),
    Rule(
        "policy/test-cases-removed",
        WARNING,
        "A parametrised test runs fewer cases than before.",
        "Leaving out the case that fails looks like tidying.",
        {_PATH: (_CASES, _CASES.replace("[0, 1, 2]", "[1]"))},
        {_PATH: (_CASES, _CASES.replace("[0, 1, 2]", "[0, 2, 1, 3]"))},
        "Put the cases back that still hold.",
    ),
    Rule(
        "policy/assertion-weakened",
        WARNING,
        "A test asserts fewer things than before, or lets more pass: a wider tolerance, `in` for `==`, any exception.",
        "The test still runs and is still green, but what it guarded is open.",
        {_PATH: (_TEST, _TEST.replace("order([2, 1]) == [1, 2]", "order([2, 1]) is not None"))},
        {_PATH: (_TEST, _TEST.replace("order([2, 1]) == [1, 2]", "order([3, 1]) == [1, 3]"))},
        "Assert what the code has to do; where it does something else now, say so in the message.",
    ),
    Rule(
        "policy/assertion-always-true",
        ERROR,
        "An assertion is added that is true whatever the code does.",
        "It counts as a test and guards nothing.",
        {_PATH: (_TEST, _TEST.replace("order([]) == []", "order([]) == [] or True"))},
        {_PATH: (_TEST, _TEST.replace("order([]) == []", "order([]) == [], 'nothing stays nothing'"))},
        "Assert what the code has to do.",
    ),
    Rule(
        "policy/swallowed-exception",
        WARNING,
        "Every exception is caught and dropped, where it was not before.",
        "A bug that raises is found in minutes; one that is swallowed is found by users.",
        {"src/app.py": ("load()\n", "try:\n    load()\nexcept Exception:\n    pass\n")},
        {"src/app.py": ("load()\n", "try:\n    load()\nexcept FileNotFoundError:\n    pass\n")},
        "Catch what is expected by its name; let the rest through, or log it.",
    ),
    Rule(
        "policy/timeout-raised",
        NOTE,
        "A time limit in a test is raised.",
        "What got slower is worth a look before the limit hides it.",
        {_PATH: ("@pytest.mark.timeout(5)\n" + _TEST, "@pytest.mark.timeout(60)\n" + _TEST)},
        {_PATH: ("@pytest.mark.timeout(5)\n" + _TEST, "@pytest.mark.timeout(4)\n" + _TEST)},
        "Find out why it takes longer now.",
    ),
    Rule(
        "policy/tests-not-compared",
        NOTE,
        "The tests of a file were not compared with the older ones: it cannot be parsed, or the change is too large.",
        "What was not looked at is said.",
        {_PATH: (_TEST, _TEST.replace("def test_empty():", "def test_empty(:"))},
        {_PATH: (_TEST, _TEST + "\n\n# the end\n")},
        "Read this file's change yourself.",
    ),
    Rule(
        "policy/handlers-not-compared",
        NOTE,
        "A file catches exceptions, and the change is too large to look at how.",
        "What was not looked at is said.",
        {"src/app.py": (None, "try:\n    load()\nexcept OSError:\n    stop()\n" * 2000)},
        {"src/app.py": (None, "try:\n    load()\nexcept OSError:\n    stop()\n" * 20)},
        "Read this file's change yourself, or commit it in smaller steps.",
    ),
)
