"""Text that shows as something else than it is: invisible characters, look-alikes, files that pass for binary."""

import re
from collections.abc import Iterator

from ..change import Blobs, Change, FileChange, Line
from ..result import ERROR, NOTE, Finding
from ..text import printable
from .confusable import mixed_scripts
from .invisible import BIDI, hidden_characters
from .rule import Rule
from .sources import Added, Gone, added, content, finding, is_code, is_python, is_test, old_content, read

_CR = "\r"
_SHOW = "Look at it with `git show` piped through `cat -v`, and type the line again."
_RTL = chr(0x202E)
_TAG = chr(0xE0041)
_CYRILLIC_A = chr(0x430)

RULES = (
    Rule(
        id="policy/bidi",
        severity=ERROR,
        what="A bidirectional control character in code or in a path: it is shown in another order than it runs.",
        why="It makes a comment look like code and code like a comment (CVE-2021-42574); no reader can see it.",
        bad={"a.py": ("x = 1\n", f"x = 1  # {_RTL} }}\n")},
        good={"a.po": ("", f'msgstr "{_RTL}abc{chr(0x202C)}"\n'), "a.py": ("x = 1\n", 'x = "\\u202e"\n')},
        way_on="Take the character out; where a string needs it, write its escape (\\u202e).",
    ),
    Rule(
        id="policy/invisible",
        severity=ERROR,
        what="An invisible character in code or in a path, or a text hidden in tag characters or variation selectors "
        "anywhere.",
        why="Names differ that look the same, and instructions to a model travel where no person sees them.",
        bad={"notes.md": ("one\n", f"one{_TAG}{_TAG}\n")},
        good={"notes.md": ("one\n", f"one {chr(0x2764)}{chr(0xFE0F)}\n")},
        way_on="Take the character out; where a string needs it, write its escape.",
    ),
    Rule(
        id="policy/invisible-text",
        severity=NOTE,
        what="An invisible character in prose, data, translations or tests.",
        why="It is often right there (right-to-left text, soft hyphens), and as often came with a paste.",
        bad={"notes.md": ("one\n", f"one{chr(0x200B)}two\n")},
        good={"notes.md": ("one\n", "one two\n")},
        way_on=_SHOW,
    ),
    Rule(
        id="policy/mixed-script",
        severity=ERROR,
        what="A name in code mixes Latin letters with look-alikes of another script.",
        why="Two names that look the same are two names: the wrong one is called and no review sees it.",
        bad={"a.py": ("admin = 1\n", f"{_CYRILLIC_A}dmin = 1\n")},
        good={"a.py": ("x = 1\n", f"x = 1  # {_CYRILLIC_A}dmin\n")},
        way_on="Type the name again on one keyboard.",
    ),
    Rule(
        id="policy/lone-cr",
        severity=ERROR,
        what="A carriage return in the middle of a line of code.",
        why="Python and JavaScript end a line there and git does not: what a diff shows as a comment runs as code.",
        bad={"a.py": ("x = 1\n", f"x = 1  # fine{_CR}y = 2\n")},
        good={"a.py": ("x = 1\n", f"x = 2{_CR}\n")},
        way_on="Write real line ends.",
    ),
    Rule(
        id="policy/not-text",
        severity=ERROR,
        what="A source file that cannot be read as text: NUL bytes, UTF-16, too large, or not in Python's encoding.",
        why="git shows no lines of it, so neither a reviewer nor any other rule can see what it says.",
        bad={"a.py": ("x = 1\n", "x = 1\0\n")},
        good={"a.bin": (None, "x\0\n")},
        way_on="Save it as UTF-8 without NUL bytes; give data a name that does not say source.",
    ),
)
_BY_NAME = {rule.id.partition("/")[2]: rule for rule in RULES}
_CONTROL = r"[\x00-\x08\x0b\x0e-\x1f\x7f]"


def check(change: Change, blobs: Blobs) -> list[Finding]:
    """Return what *change* adds that does not show."""
    gone = Gone(change)
    found = [one for file in change.files if not file.deleted for one in (*_path(file), *_unreadable(file, blobs))]
    for file in added(change.files, blobs):
        text = file.text
        # Almost every change is plain: two looks at the whole, and no look at a line.
        if text.isascii() and _CR not in text and not re.search(_CONTROL, text):
            continue
        found += [one for line in file.lines if not _plain(line.text) for one in _line(file, line, blobs, gone)]
    return found


def _plain(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _of(name: str, path: str, line: int | None, message: str, source: str = "") -> Finding:
    rule = _BY_NAME[name]
    return finding(rule.id, rule.severity, path, line, message, hint=rule.way_on, source=source)


def _line(file: Added, line: Line, blobs: Blobs, gone: Gone) -> Iterator[Finding]:
    path, text = file.file.path, line.text
    found = [
        _of(name, path, line.new, message, printable(text))
        for name, message in _in_text(path, text, first=line.new == 1)
    ]
    if is_code(path) and not text.isascii():
        names = mixed_scripts(text, line.new or 0, content(file.file, blobs) or "", python=is_python(path))
        found += [
            _of("mixed-script", path, line.new, f"'{printable(name)}' has {what}", printable(text))
            for name, what in names
        ]
    if found and not gone.holds(text):
        yield from found


def _in_text(path: str, text: str, *, first: bool) -> Iterator[tuple[str, str]]:
    code = is_code(path)
    if code and _CR in text[:-1]:
        yield "lone-cr", "a carriage return ends a line here for Python, not for git"
    characters = hidden_characters(text, start=first)
    for smuggled in (True, False):
        shown = [f"U+{ord(char):04X}" for char, is_smuggled in characters if is_smuggled is smuggled]
        if not shown:
            continue
        some = ", ".join(list(dict.fromkeys(shown))[:5])
        message = f"{len(shown)} hidden character{'s' if len(shown) > 1 else ''}: {some}"
        bidi = any(char in BIDI for char, _ in characters)
        if smuggled:
            yield "invisible", f"{message}; they carry text that nobody sees"
        elif code and bidi:
            yield "bidi", message
        elif code and not is_test(path):
            yield "invisible", message
        else:
            yield "invisible-text", message


def _path(file: FileChange) -> Iterator[Finding]:
    """Yield what hides in a path that is new."""
    if file.status not in "AR" or (file.path.isascii() and file.path.isprintable()):
        return
    characters = hidden_characters(file.path, start=False)
    if characters:
        some = ", ".join(dict.fromkeys(f"U+{ord(char):04X}" for char, _ in characters))
        name = "bidi" if any(char in BIDI for char, _ in characters) else "invisible"
        yield _of(name, file.path, None, f"the path {printable(file.path)} holds {some}")
    for name, what in mixed_scripts(file.path, 0, "", python=False):
        yield _of("mixed-script", file.path, None, f"'{printable(name)}' in the path has {what}")


def _unreadable(file: FileChange, blobs: Blobs) -> Iterator[Finding]:
    if not is_code(file.path) or not file.is_file or file.id == file.old_id:
        return
    if file.binary and file.unread is None:
        raw = read(file.id, blobs, sized=True)
        if raw is not None and (what := _binary(raw)):
            yield _of("not-text", file.path, None, what)
    elif file.unread is not None and content(file, blobs) is None:
        yield _of("not-text", file.path, None, f"too large to be looked at: {file.unread}")
    elif is_python(file.path) and any(_undecoded(line.text) for line in file.added_lines()):
        new, old = content(file, blobs) or "", old_content(file, blobs)
        if not _declared(new) and (old is None or not _undecoded(old)):
            line = next(line for line in file.added_lines() if _undecoded(line.text))
            yield _of("not-text", file.path, line.new, "is not UTF-8 and declares no encoding", printable(line.text))


def _binary(raw: bytes) -> str | None:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "is UTF-16: git and the tools see a binary file"
    nul = raw.find(b"\0")
    if nul < 0:
        return None
    line = raw.count(b"\n", 0, nul) + 1
    return f"holds a NUL byte in line {line}: git and the tools see a binary file"


def _undecoded(text: str) -> bool:
    return not text.isascii() and re.search("[\udc80-\udcff]", text) is not None


def _declared(text: str) -> bool:
    head = "\n".join(text.split("\n", 2)[:2])
    return re.search(r"^[ \t\f]*#.*?coding[:=][ \t]*[\w.\-]+", head, re.MULTILINE) is not None
