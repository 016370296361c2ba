"""Code that is not there yet: bodies left empty, promises to write them, code turned into comments."""

import re
from collections.abc import Iterator, Mapping, Sequence

from ..change import Blobs, Change, Line
from ..result import ERROR, NOTE, WARNING, Finding
from .bodies import bodies, placeholders
from .rule import Rule
from .sources import Added, Gone, added, content, finding, is_code, is_python, is_test, module, old_content

_OUT = "# ... rest of the code " + "unchanged ..."

RULES = (
    Rule(
        id="policy/code-left-out",
        severity=ERROR,
        what="A comment stands where code should be: `... rest of the code unchanged`.",
        why="Models shorten what they repeat; written to the file, the comment replaces the code.",
        bad={"a.py": ("def f():\n    return 1\n\n\ndef g():\n    return 2\n", f"def f():\n    return 1\n\n\n{_OUT}\n")},
        good={"a.py": ("x = 1\n", "# ... and so on for the rest of them\nx = 1\n")},
        way_on="Bring the code back.",
    ),
    Rule(
        id="policy/placeholder",
        severity=WARNING,
        what="A new function only raises NotImplementedError or holds `...`, or a comment promises the implementation. "
        "Protocols, abstract methods, overloads and stubs are left out.",
        why="It looks done from outside, and fails for whoever calls it.",
        bad={"a.py": (None, "def area(shape):\n    raise NotImplementedError\n")},
        good={
            "a.py": (
                None,
                "class Shape(ABC):\n    @abstractmethod\n    def area(self):\n        raise NotImplementedError\n",
            )
        },
        way_on="Write it, or leave the function out until it is written.",
    ),
    Rule(
        id="policy/empty-body",
        severity=NOTE,
        what="A new function does nothing: its body is `pass`.",
        why="Sometimes that is the point (a hook, a null object), sometimes the rest was forgotten.",
        bad={"a.py": (None, "def area(shape):\n    pass\n")},
        good={"a.py": (None, "def area(shape):\n    return shape.width * shape.height\n")},
        way_on="Write it, or say in a comment that nothing is right here.",
    ),
    Rule(
        id="policy/commented-code",
        severity=NOTE,
        what="Three or more lines of Python are added as comments.",
        why="Nobody runs, checks or deletes them; git remembers what was there.",
        bad={"a.py": ("x = 1\n", "x = 1\n# for item in items:\n#     total = total + item\n#     show(total)\n")},
        good={"a.py": ("x = 1\n", "x = 1\n# One line of words about it,\n# and another one,\n# and the last.\n")},
        way_on="Take them out.",
    ),
)
_LEFT_OUT, _PLACEHOLDER, _EMPTY, _COMMENTED = RULES

_COMMENT = r"^\s*(?:#|//|/\*|<!--|--|\{/\*|;|%)\s*"
_ELISION = _COMMENT + (
    r"(?:\(?(?:\.{3}|\u2026)\s?\(?.{0,40}?\b(?:existing|remaining|rest|unchanged|omitted|previous|other|same)\b.{0,60}"
    r"\b(?:code|implementation|unchanged|functions?|methods?|imports?|class|logic|file|as before|here|above|below)\b"
    r"|\(?(?:the )?(?:rest|remainder) of (?:the |this |your )?(?:code|file|function|class|implementation|methods?)"
    r"\b.{0,30}(?:unchanged|same|here|omitted|goes|remains|\.{3}|\u2026)"
    r"|[\[(]?(?:existing|previous|original|remaining|other) (?:code|implementation|methods|functions|imports)\b.{0,20}"
    r"(?:unchanged|here|remains?|stays?|omitted|continues|\.{3}|\u2026))"
)
_PROMISE = _COMMENT + (
    r"(?:(?:TODO|FIXME|XXX)\b[:\s(].{0,40}?"
    r"\b(?:implement|finish this|complete this|fill (?:this|in)|write (?:this|the))"
    r"|(?:your|actual|real) (?:code|implementation|logic) (?:here|goes here)"
    r"|implement(?:ation)? (?:me|here|goes here)"
    r"|(?:this is )?(?:a |just a )?(?:placeholder|dummy|stub)(?: implementation\b| for (?:now|the actual|the real)\b|$)"
    r"|not (?:yet )?implemented(?: yet)?\.?$|for now,? (?:just |we |simply )?(?:return|pass|skip|do nothing))"
)
_SIGNS = ("...", "\u2026", "rest of", "remain", "existing", "previous", "original", "other")
_PROMISES = (
    "todo",
    "fixme",
    "xxx",
    "code here",
    "goes here",
    "implement",
    "placeholder",
    "dummy",
    "stub",
    "for now",
    "logic",
)
_OPENERS = frozenset("#/<-{;%")
_FEWEST = 3


def check(change: Change, blobs: Blobs) -> list[Finding]:
    """Return what *change* adds unfinished."""
    gone = Gone(change)
    found = [
        one
        for file in added(change.files, blobs)
        if is_code(file.file.path)
        for one in (*_comments(file), *(_python(file, change, blobs) if is_python(file.file.path) else ()))
    ]
    return [one for one in found if not gone.holds(one.source)]


def _comments(file: Added) -> Iterator[Finding]:
    lower = file.text.lower()
    for rule, pattern, signs in ((_LEFT_OUT, _ELISION, _SIGNS), (_PLACEHOLDER, _PROMISE, _PROMISES)):
        if not any(sign in lower for sign in signs):
            continue
        compiled = re.compile(pattern, re.IGNORECASE)
        for line in file.lines:
            if line.text.lstrip()[:1] in _OPENERS and compiled.match(line.text[:300]):
                yield _at(rule, file, line, f"'{line.text.strip()[:80]}'")


def _python(file: Added, change: Change, blobs: Blobs) -> Iterator[Finding]:
    yield from _commented(file)
    if file.file.path.endswith(".pyi") or not any(sign in file.text for sign in ("NotImplemented", "...", "pass")):
        return
    test = is_test(file.file.path)
    tree = module(content(file.file, blobs) or "") if _suspects(file, test=test) else None
    if tree is None:
        return
    lines = {line.new: line for line in file.lines}
    found = [
        (one, touched)
        for one in placeholders(tree)
        if (touched := [lines[place] for place in range(one.first, one.last + 1) if place in lines])
        and not (test and one.what in {"pass", "..."})
    ]
    if not found:
        return
    known = _bodies(old_content(file.file, blobs))
    elsewhere = _moved(change, blobs, file) if file.file.status == "A" else {}
    for one, touched in found:
        if one.what in {known.get(one.name), elsewhere.get(one.name)}:
            continue
        rule = _EMPTY if one.what == "pass" and one.name not in known else _PLACEHOLDER
        emptied = " and held code before" if known.get(one.name) == "code" else ""
        yield _at(rule, file, touched[0], f"{one.name}() holds only {one.what}{emptied}")


def _suspects(file: Added, *, test: bool) -> bool:
    """Tell whether an added line may be all that a function holds; only then is the file parsed, which costs."""
    numbers = {line.new for line in file.lines}
    before = ""
    for line in (line for hunk in file.file.hunks for line in hunk.lines) if file.file.hunks else file.lines:
        text = line.text.strip()
        if line.kind == "-" or not text:
            continue
        if line.new in numbers and "NotImplementedError" in text and text.startswith("raise "):
            return True
        if not test and line.new in numbers:
            alone = text.startswith(("pass", "...")) and (
                before.startswith(("def ", "async def ", ")")) or before.endswith('"""') or before == ""
            )
            if alone or (text.endswith((": ...", ": pass")) and ("def " in text or text.startswith(")"))):
                return True
        before = text
    return False


def _bodies(old: str | None) -> Mapping[str, str]:
    """Return ``{qualified name: what its body is}`` of the functions of *old* text."""
    tree = module(old) if old else None
    return {one.name: one.what or "code" for one in bodies(tree)} if tree else {}


def _moved(change: Change, blobs: Blobs, file: Added) -> Mapping[str, str]:
    """Return the bodies that files deleted or shortened by *change* had: they may have moved here."""
    found: dict[str, str] = {}
    for other in change.files:
        if other.removed and is_python(other.source) and other.path != file.file.path:
            found.update(_bodies(old_content(other, blobs)))
    return found


def _commented(file: Added) -> Iterator[Finding]:
    """Yield each block of consecutive added comment lines that parses as code."""
    block: list[Line] = []
    for line in (*file.lines, None):
        comment = line is not None and line.text.lstrip().startswith("#")
        if comment and line is not None and (not block or line.new == (block[-1].new or 0) + 1):
            block.append(line)
            continue
        if len(block) >= _FEWEST and _is_code([one.text for one in block]):
            yield _at(_COMMENTED, file, block[0], f"{len(block)} lines of code as comments")
        block = [line] if comment and line is not None else []


def _is_code(comments: Sequence[str]) -> bool:
    import ast
    from textwrap import dedent

    text = "\n".join(line.lstrip().lstrip("#") for line in comments)
    if not any(sign in text for sign in "=(:") or len(text) > 20_000:
        return False
    tree = module(dedent(text))
    if tree is None:
        return False
    words = (ast.Constant, ast.Name, ast.Attribute, ast.Tuple, ast.BinOp, ast.Compare)
    telling = [
        node
        for node in tree.body
        if not (isinstance(node, ast.Expr) and isinstance(node.value, words))
        and not (isinstance(node, ast.AnnAssign) and node.value is None)
    ]
    return 2 * len(telling) > len(tree.body)


def _at(rule: Rule, file: Added, line: Line, message: str) -> Finding:
    return finding(rule.id, rule.severity, file.file.path, line.new, message, hint=rule.way_on, source=line.text)
