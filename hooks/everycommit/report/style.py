"""How a report looks on one stream: colour, symbols, width, and what the stream can carry."""

import os
from collections.abc import Callable, Mapping
from typing import TextIO

from ..record import dataclass
from ..text import printable

PIPE_WIDTH = 100
TERMINAL_WIDTH = 80
_SYMBOLS = {
    "passed": ("✓", "ok"),
    "failed": ("✗", "x"),
    "warned": ("!", "!"),
    "inconclusive": ("?", "?"),
    "deferred": ("…", ".."),
    "skipped": ("–", "-"),  # noqa: RUF001 - an en dash is meant
}
_PROBE = "".join(symbol for symbol, _ in _SYMBOLS.values()) + "⠋"
_OFF = {"", "0", "false"}


@dataclass(frozen=True, slots=True)
class Style:
    """What a renderer has to know of the stream; every text of others goes through ``text`` or ``line``."""

    color: bool
    ascii: bool
    """Whether symbols are written in ASCII."""
    width: int
    """Columns."""
    terminal: bool = False
    """Whether a person looks at a screen of that width: text is wrapped, and the cursor can be moved."""
    encoding: str = "utf-8"

    def text(self, text: str) -> str:
        """Return *text* harmless and encodable; newlines stay, tabs become spaces."""
        shown = printable(text).expandtabs(4)
        return shown if shown.isascii() else shown.encode(self.encoding, "backslashreplace").decode(self.encoding)

    def line(self, text: str) -> str:
        r"""Return *text* harmless, encodable and on one line: a newline is shown as ``\n``, a tab as ``\t``."""
        if "\n" in text or "\t" in text:
            text = text.replace("\n", "\\n").replace("\t", "\\t")
        return self.text(text)

    def symbol(self, name: str) -> str:
        return _SYMBOLS[name][self.ascii]

    @property
    def symbol_width(self) -> int:
        return 2 if self.ascii else 1

    @property
    def ellipsis(self) -> str:
        return "..." if self.ascii else "…"

    def good(self, text: str) -> str:
        return self._painted("32", text)

    def bad(self, text: str) -> str:
        return self._painted("31", text)

    def doubtful(self, text: str) -> str:
        return self._painted("33", text)

    def strong(self, text: str) -> str:
        return self._painted("1", text)

    def quiet(self, text: str) -> str:
        return self._painted("2", text)

    def of(self, kind: str) -> Callable[[str], str]:
        """Return the paint for a gate that ended as *kind* (a name of ``symbol``)."""
        return {"passed": self.good, "failed": self.bad, "skipped": self.quiet}.get(kind, self.doubtful)

    def _painted(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.color and text else text

    def cut(self, text: str, width: int) -> str:
        """Return *text* in at most *width* columns, its end left out where it is longer."""
        if cells(text) <= width:
            return text
        return _head(text, width - len(self.ellipsis)) + self.ellipsis[: max(0, width)]

    def middle(self, text: str, width: int) -> str:
        """Return *text* in at most *width* columns, its middle left out: a path keeps its first folder and its name."""
        if cells(text) <= width:
            return text
        room = width - len(self.ellipsis)
        if room < 2:
            return self.cut(text, width)
        front = _head(text, room // 3)
        back = _head(text[::-1], room - cells(front))[::-1]
        return front + self.ellipsis + back


PLAIN = Style(color=False, ascii=False, width=PIPE_WIDTH)
"""For a file."""


def style_for(stream: TextIO, environ: Mapping[str, str]) -> Style:
    """Return how to write to *stream*.

    ``NO_COLOR`` (not empty) is stronger than ``FORCE_COLOR``, which is stronger than a pipe or a dumb terminal.

    Source: no-color.org, force-color.org; ``FORCE_COLOR=0`` forces nothing, as in Node.
    """
    terminal = stream.isatty() and environ.get("TERM", "dumb") != "dumb"
    forced = environ.get("FORCE_COLOR", "") not in _OFF
    encoding = _encoding(stream)
    return Style(
        color=not environ.get("NO_COLOR") and (terminal or forced),
        ascii=_c_locale(environ) or not _carries(encoding, _PROBE),
        width=_width(stream, environ),
        terminal=terminal,
        encoding=encoding,
    )


def carried(text: str, stream: TextIO) -> str:
    """Return *text* with an escape for each sign that *stream* cannot write."""
    encoding = _encoding(stream)
    return text if text.isascii() else text.encode(encoding, "backslashreplace").decode(encoding)


def columns(stream: TextIO) -> int | None:
    """Return the width of the terminal behind *stream* now; None where there is none that says so."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except (OSError, ValueError, AttributeError):
        return None


def cells(text: str) -> int:
    """Return how many columns *text* takes: wide characters two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(_cell(char) for char in text)


def wrapped(text: str, width: int, *, first: int | None = None) -> list[str]:
    """Return *text* in lines of at most *width* columns, the first of *first*; broken at spaces only.

    A longer word keeps a line of its own, and what stands between backticks is never broken: both can be copied.
    """
    lines: list[str] = []
    current, *words = _words(text)
    room = width if first is None else first
    for word in words:
        longer = f"{current} {word}"
        if current.strip() and cells(longer.rstrip()) > room:
            lines.append(current.rstrip())
            current, room = word, width
        else:
            current = longer
    return [*lines, current.rstrip()]


def _words(text: str) -> list[str]:
    words: list[str] = []
    is_open = False
    for word in text.split(" "):
        if is_open:
            words[-1] += f" {word}"
        else:
            words.append(word)
        is_open ^= word.count("`") % 2 == 1
    # A backtick without its partner quotes nothing.
    return text.split(" ") if is_open else words


def _head(text: str, width: int) -> str:
    taken = 0
    for place, char in enumerate(text):
        taken += _cell(char)
        if taken > width:
            return text[:place]
    return text


def _cell(char: str) -> int:
    if char < "\u0300":
        return 1
    import unicodedata

    if unicodedata.combining(char) or unicodedata.category(char) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def _encoding(stream: TextIO) -> str:
    name = getattr(stream, "encoding", None) or "utf-8"
    return name if _carries(name, "a") else "ascii"


def _carries(encoding: str, text: str) -> bool:
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _c_locale(environ: Mapping[str, str]) -> bool:
    """Tell whether the user asked for the C locale; Python itself writes UTF-8 there all the same (PEP 540)."""
    locale = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or ""
    return locale in {"C", "POSIX"}


def _width(stream: TextIO, environ: Mapping[str, str]) -> int:
    said = environ.get("COLUMNS", "")
    if said.isascii() and said.isdigit() and 0 < int(said[:9]) < 10_000:
        return int(said)
    return columns(stream) or (TERMINAL_WIDTH if stream.isatty() else PIPE_WIDTH)
