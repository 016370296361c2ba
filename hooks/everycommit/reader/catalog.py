"""The rules of the static reader: what only the old and the new code together can show.

Which of them are here was decided by measurement, see docs/reader.md: a rule that speaks as often of sound
commits as of defects that are brought back is none.
"""

from collections.abc import Mapping, Sequence

from ..change import Blobs, Change, FileChange
from ..result import NOTE, WARNING, Finding
from ..rules.places import Contents, line_before
from ..rules.python_source import LARGEST
from ..rules.rule import Rule
from ..rules.sources import is_python, is_test
from ..text import printable
from .compared import compared
from .seen import Seen

PREFIX = "review/"
UNREAD = f"{PREFIX}not-compared"
READ_AT_MOST = 1_500_000
"""Characters of old and new files together that are held against each other."""


def _rule(name: str, what: str, why: str, way_on: str, *, bad: tuple[str, str], good: tuple[str, str]) -> Rule:
    examples = [{"src/app.py": (f"{old}\n", f"{new}\n")} for old, new in (bad, good)]
    return Rule(f"{PREFIX}{name}", WARNING, what, why, examples[0], examples[1], way_on)


_LOAD = "def load(items, key, lock):\n    if key not in items:\n        return None\n    return items[key].value"
_SAVE = "def save(path, text, lock):\n    with lock:\n        path.write_text(text)"
_READ = (
    "def read(path):\n    file = path.open()\n    try:\n        return file.read()\n    finally:\n        file.close()"
)
_SIZE = "def size(text):\n    try:\n        return int(text)\n    except ValueError:\n        return 0"
_SIGN = "def sign(n):\n    if n < 0:\n        return -1\n    return 1"
_KIND = "def kind(n):\n    if n < 0:\n        word = 'owed'\n    else:\n        word = 'paid'\n    return word"
_KEY = "def key(name, n):\n    return (name, n, n % 2)"

RULES: Sequence[Rule] = (
    _rule(
        "guard-removed",
        "A check in front of code is gone, and the code is still there.",
        "The case that it stopped reaches the code now.",
        "Put the check back, or show by a test that the case cannot come.",
        bad=(_LOAD, _LOAD.replace("    if key not in items:\n        return None\n", "")),
        good=(_LOAD, _LOAD.replace("key not in items", "items.get(key) is None")),
    ),
    _rule(
        "condition-loosened",
        "A part of a condition is gone.",
        "More cases pass, or fewer are caught, than before.",
        "Put the part back, or show by a test that it was never needed.",
        bad=("def ends(a):\n    return a is None or a.next is None", "def ends(a):\n    return a.next is None"),
        good=("def ends(a):\n    return a is None or a.next is None", "def ends(a):\n    return not (a and a.next)"),
    ),
    _rule(
        "case-removed",
        "A case that was treated apart is gone, and nothing came in its place.",
        "It now takes the way of the others, or none.",
        "Put the case back, or show by a test what becomes of it.",
        bad=(_KIND, _KIND.replace("    else:\n        word = 'paid'\n", "")),
        good=(_KIND, _KIND.replace("'paid'", "'settled'")),
    ),
    _rule(
        "handler-removed",
        "An exception is no longer caught, and what can raise it is still done.",
        "It now goes up to callers that never met it.",
        "Catch it as before, or say to callers that it comes.",
        bad=(_SIZE, "def size(text):\n    return int(text)"),
        good=(_SIZE, _SIZE.replace("ValueError", "(TypeError, ValueError)")),
    ),
    _rule(
        "close-removed",
        "What was opened is no longer closed, or not after an error.",
        "Files, sockets and locks stay taken until somebody runs out of them.",
        "Close it in a `with` or a `finally`.",
        bad=(_READ, "def read(path):\n    file = path.open()\n    return file.read()"),
        good=(_READ, "def read(path):\n    with path.open() as file:\n        return file.read()"),
    ),
    _rule(
        "lock-removed",
        "A lock is no longer taken, and what it protected is still done.",
        "Two at once now meet in the middle of it.",
        "Take the lock, or say what keeps others away.",
        bad=(_SAVE, "def save(path, text, lock):\n    path.write_text(text)"),
        good=(_SAVE, _SAVE.replace("with lock", "with self.lock")),
    ),
    _rule(
        "return-lost",
        "A function that always gave a value may come to its end without one.",
        "Callers get None where they never did.",
        "Give a value on every way through, or raise.",
        bad=(_SIGN, "def sign(n):\n    if n < 0:\n        return -1\n    if n > 0:\n        return 1"),
        good=(_SIGN, "def sign(n):\n    if n < 0:\n        return -1\n    return n > 0"),
    ),
    _rule(
        "await-removed",
        "A coroutine is no longer awaited, or is a function now.",
        "Its work is not done when the next line runs, or it runs in another thread.",
        "Await it, or see to it that every caller knows.",
        bad=("async def run(job):\n    await job.start()", "async def run(job):\n    job.start()"),
        good=("async def run(job):\n    await job.start()", "async def run(job):\n    await job.begin()"),
    ),
    _rule(
        "comparison-turned",
        "A comparison, a sign or a condition is turned round, or moved by one, and nothing else.",
        "It is how a slip of the finger looks: the cases at the boundary, or all of them, go the other way.",
        "If it is meant, a test of the boundary says so.",
        bad=(
            "def full(items, size):\n    return len(items) >= size",
            "def full(items, size):\n    return len(items) > size",
        ),
        good=(
            "def full(items, size):\n    return len(items) >= size",
            "def full(items, size):\n    return len(items) >= 9",
        ),
    ),
    _rule(
        "arguments-swapped",
        "Arguments changed places, or are named like the parameters of the function in another order.",
        "Where both are of one type, nothing else tells.",
        "Give them in the order of the function, or by name.",
        bad=(
            "def copy(source, target): ...\ndef run(a):\n    pass",
            "def copy(source, target): ...\ndef run(source, target):\n    copy(target, source)",
        ),
        good=(
            "def copy(source, target): ...\ndef run(a):\n    pass",
            "def copy(source, target): ...\ndef run(source, target):\n    copy(source, target)",
        ),
    ),
    _rule(
        "argument-dropped",
        "A call gives an argument less, and the function still takes it.",
        "Its default counts now: another encoding, no time limit, other rules.",
        "Give the argument, or say why the default is right.",
        bad=(
            "def read(path):\n    return path.read_text(encoding='utf-8')",
            "def read(path):\n    return path.read_text()",
        ),
        good=(
            "def read(path):\n    return path.read_text(encoding='utf-8')",
            "def read(path):\n    return path.read_text(encoding='ascii')",
        ),
    ),
    _rule(
        "element-dropped",
        "A list in the code has an element less.",
        "What it stood for is no longer allowed, compared, copied or cleaned up.",
        "If it is meant, a test of that element says so.",
        bad=(
            "def key(name, size):\n    return (name, size, size % 2)",
            "def key(name, size):\n    return (name, size)",
        ),
        good=(
            "def key(name, size):\n    return (name, size, size % 2)",
            "def key(name, size):\n    return (name, size, size % 3)",
        ),
    ),
    _rule(
        "other-name",
        "A variable is read where another one was, and both are still there.",
        "It is how a mistaken copy looks: the code runs, on the wrong thing.",
        "If it is meant, a test in which the two differ says so.",
        bad=(
            "def move(start, end):\n    log(start)\n    return walk(end)",
            "def move(start, end):\n    log(start)\n    return walk(start)",
        ),
        good=(
            "def move(start, end):\n    log(start)\n    return walk(end)",
            "def move(start, stop):\n    log(start)\n    return walk(stop)",
        ),
    ),
    _rule(
        "conversion-dropped",
        "A value is used as it is that was cleaned, copied or quoted before.",
        "Another case, blanks around it or a change of the original now come through.",
        "Put the call back, or show by a test that its absence does nothing.",
        bad=("def key(name):\n    return table[name.lower()]", "def key(name):\n    return table[name]"),
        good=("def key(name):\n    return table[name.lower()]", "def key(name):\n    return table[name.casefold()]"),
    ),
    _rule(
        "anchor-loosened",
        "A pattern has lost its beginning or its end, or lets a newline follow.",
        "Text that only contains what is allowed passes for what is allowed.",
        r"Anchor it with `^` and `\Z`, or use `fullmatch`.",
        bad=("NAME = r'^[a-z]+\\Z'", "NAME = r'^[a-z]+$'"),
        good=("NAME = r'^[a-z]+\\Z'", "NAME = r'^[a-z0-9]+\\Z'"),
    ),
    _rule(
        "limit-raised",
        "A limit lets more through than before, or nothing at all any more.",
        "What it protected from can happen.",
        "If it is meant, say where the new number comes from.",
        bad=("MAX_RETRIES = 3", "MAX_RETRIES = 300"),
        good=("MAX_RETRIES = 3", "MAX_RETRIES = 2"),
    ),
)
_WAY_ON: Mapping[str, str] = {rule.id: rule.way_on for rule in RULES}


def check(change: Change, blobs: Blobs) -> list[Finding]:
    """Return what the rules find in the Python files of *change*, tests left out: the policy looks at those."""
    if change.whole:
        return []
    contents = Contents(blobs)
    left = READ_AT_MOST
    files: dict[str, tuple[str, str]] = {}
    found: list[Finding] = []
    by_path: dict[str, FileChange] = {}
    for file in change.files:
        if not (file.is_file and file.was_file and is_python(file.path)) or is_test(file.path) or file.binary:
            continue
        old, new, *_ = contents.differing(file)
        left -= len(old) + len(new)
        if left < 0 or max(len(old), len(new)) > LARGEST:
            found.append(_unread(file))
            continue
        files[file.path], by_path[file.path] = (old, new), file
    texts = {path: new.split("\n") for path, (_, new) in files.items()}
    try:
        found += [_finding(seen, by_path[path], texts[path]) for path, seen in compared(files)]
    except RecursionError:
        found += [_unread(file) for file in by_path.values()]
    return sorted(set(found), key=lambda one: (one.path or "", one.line or 0, one.rule, one.message))


def _finding(seen: Seen, file: FileChange, lines: Sequence[str]) -> Finding:
    line = seen.new if seen.new is not None else line_before(file, seen.old or 1)
    line = max(1, min(line or 1, len(lines)))
    rule = f"{PREFIX}{seen.rule}"
    return Finding(
        path=file.path,
        line=line,
        rule=rule,
        severity=WARNING,
        message=printable(" ".join(seen.message.split())),
        source=lines[line - 1][:300],
        hint=_WAY_ON[rule],
    )


def _unread(file: FileChange) -> Finding:
    return Finding(
        path=file.path,
        rule=UNREAD,
        severity=NOTE,
        message="old and new code of this file were not held against each other: it is too large",
        hint="Read this file's change yourself, or commit it in smaller steps.",
    )
