"""Text of the repository, of tools and of models, made safe for a terminal."""

import re

_SEQUENCE = r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_])"
_SEPARATORS = "\x85\u2028\u2029"


def printable(text: str) -> str:
    r"""Return *text* with every character that a terminal would obey shown as its escape; newline and tab stay.

    Bidirectional marks and zero-width characters count as such, and a lone surrogate of ``os.fsdecode`` becomes the
    byte it stands for (``\xff``): the result can be printed whatever it came from.
    """
    if text.isprintable():
        return text
    return "".join(char if _harmless(char) else _escaped(char) for char in text)


def tail(output: bytes, *, lines: int = 20, characters: int = 4000) -> str:
    """Return the last *lines* of a program's output, at most *characters* of them, without colours and control."""
    # A line holds hundreds of characters at most; what lies before is never looked at, however long the output.
    text = output[-4 * characters :].decode(errors="replace")
    kept = [_last_state(line) for line in re.sub(_SEQUENCE, "", text).split("\n")]
    shown = printable("\n".join(kept).strip("\n"))
    return "\n".join(shown.split("\n")[-lines:])[-characters:]


def _last_state(line: str) -> str:
    """Return what a terminal would show of *line* at its end: a progress bar goes back with a carriage return."""
    return line.rstrip("\r").rpartition("\r")[2].rstrip()


def _harmless(char: str) -> bool:
    return char.isprintable() or char in "\n\t" or (char.isspace() and char > "\x9f" and char not in _SEPARATORS)


def _escaped(char: str) -> str:
    if "\udc80" <= char <= "\udcff":
        return f"\\x{ord(char) - 0xDC00:02x}"
    return char.encode("unicode_escape").decode()
