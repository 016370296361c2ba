"""Checks that a change makes weaker: tests gone, skipped or emptied, assertions that let more pass."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ..change import Blobs, Change, FileChange
from ..result import Finding
from ..text import printable
from . import weakened_rules
from .places import Contents, line_before
from .python_source import trees
from .swallowed import swallowed

if TYPE_CHECKING:
    from .assertions import Assertion
    from .python_tests import Function

PARSED_AT_MOST = 150_000
"""Characters of changed test code that are compared, some 4,000 lines; what is left out of more is said."""
_A_LINE = 30
"""Characters that a changed line has at least, on average."""
_SAME = 0.6
"""The share of lines that two tests have in common where one is the other under a new name."""
_MANY = 150
"""Beyond so many tests without a partner, only names are compared."""
_NAMED = 4

_MATTERS = re.compile(
    r"skip|Skip|xfail|expectedFailure|pytestmark|__test__|collect_ignore"
    r"|\breturn\b|\bassert|\bparametrize\b|\braises\b|\bwarns\b"
)
_EMPTY = re.compile(
    r"\bassert\b\s*(?:True|\d|[\"'(]|not\b|lambda)|\bor\s+True\b|>=\s*0|\bobject\b|\bassert(?:True|Equal|_)\(\s*(?:True|\d)"
)
_TIMED = re.compile(r"timeout|fail_after|move_on_after|wait_for|deadline", re.IGNORECASE)
_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.])")
_LONGEST = 300
RULES = weakened_rules.RULES
_SEVERITY = {rule.id: rule.severity for rule in RULES}


class _Side(NamedTuple):
    """What differs in one file of one tree."""

    file: FileChange
    functions: "tuple[Function, ...]"


def check(change: Change, blobs: Blobs) -> list[Finding]:
    """Return what the change makes weaker. A first commit weakens nothing: it has no older tests."""
    contents = Contents(blobs)
    return [*_tests(change, contents), *_timeouts(change), *swallowed(change, contents)]


def _tests(change: Change, contents: Contents) -> list[Finding]:
    files = _candidates(change)
    if not files:
        return []
    from .python_tests import by_name

    before: list[_Side] = []
    after: list[_Side] = []
    unread: list[FileChange] = []
    left = PARSED_AT_MOST
    # Files that are only new come last: tests that went can be in them, no test of theirs can have become weaker.
    for file in sorted(files, key=lambda file: file.status == "A"):
        if left < _A_LINE * (file.added + file.removed):
            unread.append(file)
            continue
        old, new, gone, came = contents.differing(file)
        left -= sum(len(block.text) for block in (*gone, *came))
        was, now = (trees(gone, old), trees(came, new)) if left > 0 else (None, None)
        if was is None or now is None:
            if by_name(file.path) or left <= 0:
                unread.append(file)
            continue  # what is no module of tests by its name is data of one: it may be anything
        before.append(_side(file, was, gone, old))
        after.append(_side(file, now, came, new))
    return [*(_unread(file) for file in unread if file.status != "A"), *_compared(before, after)]


def _candidates(change: Change) -> list[FileChange]:
    """Return the test files in which something can have become weaker, and those where moved tests can be."""
    from .python_tests import is_test_file

    files = [
        file
        for file in change.files
        if (is_test_file(file.path) or is_test_file(file.source)) and not file.unread and not file.binary
    ]
    weaker = [file for file in files if file.status == "R" or (file.removed and file.status != "A") or _says(file)]
    return files if any(file.removed or file.status == "R" for file in weaker) else weaker


def _says(file: FileChange) -> bool:
    said = _EMPTY if file.status == "A" else _MATTERS
    return any(said.search(line.text[:_LONGEST]) for line in file.added_lines())


def _side(file: FileChange, parsed: "Sequence[tuple[object, int]]", blocks: Sequence[object], whole: str) -> _Side:
    from .python_tests import Function, functions

    found: list[Function] = []
    for number, (tree, above) in enumerate(parsed):
        text = whole if len(parsed) != len(blocks) else blocks[number].text  # type: ignore[attr-defined]
        try:
            found += functions(tree, above, text)  # type: ignore[arg-type]
        except RecursionError:
            continue  # an expression of a thousand parts is no test
    named = [one for one in found if one.name]
    if file.was_file and file.is_file:
        marks = tuple(mark for one in found if not one.name for mark in one.marks)
        named.append(Function("", 1, "", False, marks, (), None, frozenset()))
    return _Side(file, tuple(named))


def _compared(before: Sequence[_Side], after: Sequence[_Side]) -> Iterator[Finding]:
    pairs, gone, came = _paired(before, after)
    # An assertion that stands elsewhere in the change now was moved.
    lost, new = _assertions(before), _assertions(after)
    missing, moved_in = lost - new, new - lost
    for old, file, now in pairs:
        yield from _marked(old, now, file)
        if old.collected:
            yield from _cases(old, now, file)
            yield from _weaker(old, now, file, missing)
    yield from _trivial(after, moved_in)
    yield from _gone(gone, came, missing)
    yield from _uncollected(side.file for side in before)


def _assertions(sides: Sequence[_Side]) -> Counter[str]:
    return Counter(one.key for side in sides for function in side.functions for one in function.assertions)


_Pairs = list[tuple["Function", FileChange, "Function"]]
_Lone = list[tuple["Function", FileChange]]


def _paired(before: Sequence[_Side], after: Sequence[_Side]) -> tuple[_Pairs, _Lone, _Lone]:
    """Return (old, file, new) for what is in both trees, and what is only in the old and only in the new one."""
    pairs: _Pairs = []
    gone: _Lone = []
    came: _Lone = []
    for old_side, new_side in zip(before, after, strict=True):
        now = defaultdict(list)
        for function in new_side.functions:
            now[function.name].append(function)
        for function in old_side.functions:
            twin = next((one for one in now[function.name] if one.text == function.text), None)
            same = twin or next(iter(now[function.name]), None)
            if same is None:
                gone.append((function, old_side.file))
            else:
                now[function.name].remove(same)
                pairs.append((function, new_side.file, same))
        came += [(one, new_side.file) for rest in now.values() for one in rest]
    return pairs, gone, came


def _marked(old: "Function", now: "Function", file: FileChange) -> Iterator[Finding]:
    from .python_tests import RANK, SKIPIF

    was, is_now = Counter(mark.kind for mark in old.marks), Counter(mark.kind for mark in now.marks)
    more = is_now - was
    worst = max((RANK[kind] for kind in is_now), default=0)
    if more and (is_now.total() > was.total() or worst > max((RANK[kind] for kind in was), default=0)):
        for mark in now.marks:
            if more[mark.kind] > 0:
                more[mark.kind] -= 1
                what = f"{now.name} is now" if now.name else "the tests of this file are now"
                rule = "test-skipped-sometimes" if mark.kind == SKIPIF else "test-skipped"
                yield _finding(rule, file, mark.line, f"{what} {mark.kind}", _MEND)
    if now.unreached and not old.unreached and old.collected:
        message = f"{now.name} returns before its assertions"
        yield _finding("test-skipped", file, now.unreached, message, _MEND)


_MEND = "Mend what the test found; where the test is wrong, say so in a commit of its own."


def _cases(old: "Function", now: "Function", file: FileChange) -> Iterator[Finding]:
    if old.cases and now.cases is not None and now.cases < old.cases:
        message = f"{now.name} runs {now.cases} of its {old.cases} cases"
        yield _finding("test-cases-removed", file, now.line, message, "Put the cases back that still hold.")


def _weaker(old: "Function", now: "Function", file: FileChange, missing: Counter[str]) -> Iterator[Finding]:
    was, is_now = Counter(one.key for one in old.assertions), Counter(one.key for one in now.assertions)
    removed = _only(old.assertions, (was - is_now) & missing)
    added = _only(now.assertions, is_now - was)
    widened = list(_widened(removed, added))
    for before, after, name in widened:
        removed.remove(before)
        added.remove(after)
        message = f"{now.name} lets more pass: {name} goes from {_bound(before, name)} to {_bound(after, name)}"
        yield _finding("assertion-weakened", file, after.line, message, _MEND)
    if not removed or _hands_over(old, now):
        return
    removed.sort(key=lambda one: -one.strength)
    added.sort(key=lambda one: -one.strength)
    if len(added) < len(removed):
        number = len(removed) - len(added)
        total = len(old.assertions)
        message = f"{now.name} no longer asserts {number} of {total} things"
        line = line_before(file, removed[-1].line)
        yield _finding("assertion-weakened", file, line, message, _MEND)
        return
    for before, after in zip(removed, added, strict=False):
        if after.strength < before.strength and after.strength and before.names & after.names:
            message = f"{now.name} asserts less than before: {_WORDS[before.strength]} becomes {_WORDS[after.strength]}"
            yield _finding("assertion-weakened", file, after.line, message, _MEND)
            return


_WORDS = ("something that is always true", "any exception", "that it is there at all", "a part of it", "an exact value")


def _widened(
    removed: "Sequence[Assertion]", added: "Sequence[Assertion]"
) -> "Iterator[tuple[Assertion, Assertion, str]]":
    rest = [one for one in added if one.bounds]
    for before in removed:
        for after in rest:
            if before.bounds and before.shape == after.shape:
                wider = [name for (name, old), (_, new) in zip(before.bounds, after.bounds, strict=False) if new > old]
                if wider:
                    rest.remove(after)
                    yield before, after, wider[0]
                    break


def _bound(one: "Assertion", name: str) -> str:
    return f"{abs(next(number for key, number in one.bounds if key == name)):g}"


def _hands_over(old: "Function", now: "Function") -> bool:
    """Tell whether the new test calls something that asserts for it by its name."""
    return any(re.match("_?(?:check|verify|expect|ensure|validate|compare)", name) for name in now.calls - old.calls)


def _only(given: "Sequence[Assertion]", wanted: Counter[str]) -> "list[Assertion]":
    left = Counter(wanted)
    kept = []
    for one in given:
        if left[one.key] > 0:
            left[one.key] -= 1
            kept.append(one)
    return kept


def _trivial(after: Sequence[_Side], moved_in: Counter[str]) -> Iterator[Finding]:
    from .assertions import ALWAYS

    left = Counter(moved_in)
    for side in after:
        for function in side.functions:
            for one in function.assertions:
                if one.strength == ALWAYS and left[one.key] > 0:
                    left[one.key] -= 1
                    message = f"{function.name} asserts what is always true"
                    hint = "Assert what the code has to do; a tuple in parentheses is true whatever stands in it."
                    yield _finding("assertion-always-true", side.file, one.line, message, hint)


def _gone(gone: _Lone, came: _Lone, missing: Counter[str]) -> Iterator[Finding]:
    """Yield the tests that are no longer there, nor under another name, in another file or merged into another."""
    lost: defaultdict[str, list[tuple[Function, FileChange]]] = defaultdict(list)
    new = list(came)
    tests = [(old, file) for old, file in gone if old.collected]
    alike = len(tests) <= _MANY and len(new) <= _MANY
    for old, file in tests:
        again = _again(old, new, alike=alike)
        if again is not None:
            new.remove(again)
            now, place = again
            if not now.collected:
                message = f"{old.name} is now {now.name}: pytest does not collect it"
                yield _finding("test-uncollected", place, now.line, message, _RENAME)
            else:
                yield from _marked(old, now, place)
                yield from _cases(old, now, place)
                yield from _weaker(old, now, place, missing)
        elif not (old.assertions and all(missing[one.key] == 0 for one in old.assertions)):
            lost[file.path].append((old, file))
    for found in lost.values():
        yield _deleted([old for old, _ in found], found[0][1])


_RENAME = "Give it back a name that begins with test."


def _again(old: "Function", new: _Lone, *, alike: bool) -> "tuple[Function, FileChange] | None":
    last = old.name.rpartition(".")[2]
    same = [one for one in new if one[0].text and one[0].name.rpartition(".")[2] == last]
    best = next((one for one in same if one[0].text == old.text), same[0] if len(same) == 1 else None)
    if best is not None or not alike:
        return best
    lines = old.lines()
    score, found = 0.0, None
    for one in new:
        if one[0].text:
            others = one[0].lines()
            share = len(lines & others) / (len(lines | others) or 1)
            if share > score:
                score, found = share, one
    return found if score >= _SAME else None


def _deleted(tests: "Sequence[Function]", file: FileChange) -> Finding:
    names = ", ".join(test.name for test in tests[:_NAMED]) + (
        f" and {len(tests) - _NAMED} more" * (len(tests) > _NAMED)
    )
    message = f"{names} {'is' if len(tests) == 1 else 'are'} deleted"
    if file.deleted:
        message += " with the file"
    return _finding("test-deleted", file, line_before(file, tests[0].line), message, _KEEP)


_KEEP = "Keep the test; where what it tests is gone as well, say so in the message."


def _uncollected(files: Iterable[FileChange]) -> Iterator[Finding]:
    from .python_tests import by_name

    for file in files:
        if file.status == "R" and by_name(file.source) and not by_name(file.path):
            message = f"'{file.source}' was a module of tests; pytest does not collect it under this name"
            yield _finding("test-uncollected", file, 1, message, _RENAME)


def _unread(file: FileChange) -> Finding:
    if file.deleted:
        return _finding("test-deleted", file, None, "the tests of this file are deleted with it", _KEEP)
    message = "the tests of this file were not compared: it cannot be parsed, or the change is too large"
    return _finding("tests-not-compared", file, None, message, "Read this file's change yourself.")


def _timeouts(change: Change) -> Iterator[Finding]:
    from .python_tests import is_test_file

    for file in change.files:
        if file.removed and file.added and is_test_file(file.path):
            was: defaultdict[str, list[str]] = defaultdict(list)
            for line in file.removed_lines():
                if _TIMED.search(line.text[:_LONGEST]):
                    was[_NUMBER.sub("N", line.text[:_LONGEST])].append(line.text[:_LONGEST])
            for line in file.added_lines() if was else ():
                text = line.text[:_LONGEST]
                before = was[shape].pop(0) if was.get(shape := _NUMBER.sub("N", text)) else None
                raised = [(old, new) for old, new in zip(_numbers(before), _numbers(text), strict=False) if new > old]
                if before is not None and raised:
                    message = f"a time limit in a test goes from {raised[0][0]:g} to {raised[0][1]:g}"
                    hint = "Find out why it takes longer now."
                    yield _finding("timeout-raised", file, line.new, message, hint, source=text)


def _numbers(text: str | None) -> list[float]:
    return [float(number) for number in _NUMBER.findall(text or "")]


def _finding(rule: str, file: FileChange, line: int | None, message: str, hint: str, *, source: str = "") -> Finding:
    """Return a finding at *line* of the target's file, with its rule's own severity."""
    text = source or next((added.text for added in file.added_lines() if added.new == line), "")
    return Finding(
        path=file.path,
        line=None if file.deleted else line,
        rule=f"policy/{rule}",
        severity=_SEVERITY[f"policy/{rule}"],
        message=printable(message),
        hint=hint,
        source=text[:_LONGEST],
    )
