"""Names that mix Latin letters with letters of other scripts that look the same.

Source: Unicode's confusables.txt (UTS 39), the pairs that are alike in common typefaces.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

_ALIKE = {
    "Cyrillic": frozenset(map(chr, (0x430, 0x435, 0x43E, 0x440, 0x441, 0x443, 0x445, 0x456, 0x458)))
    | frozenset(map(chr, (0x455, 0x4BB, 0x501, 0x51B, 0x51D, 0x410, 0x412, 0x415, 0x41A, 0x41C, 0x41D, 0x41E, 0x420)))
    | frozenset(map(chr, (0x421, 0x422, 0x425, 0x405, 0x406, 0x408, 0x4AE, 0x4CF))),
    "Greek": frozenset(map(chr, (0x391, 0x392, 0x395, 0x396, 0x397, 0x399, 0x39A, 0x39C, 0x39D, 0x39F, 0x3A1, 0x3A4)))
    | frozenset(map(chr, (0x3A5, 0x3A7, 0x3B1, 0x3BF, 0x3C1, 0x3C5, 0x3BD, 0x3B9))),
    "Armenian": frozenset(map(chr, (0x570, 0x578, 0x57D, 0x585, 0x581, 0x566))),
    "full-width": frozenset(map(chr, (*range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B)))),
}
_ALL = frozenset().union(*_ALIKE.values())
_LETTERS = r"[^\W\d_]+"
_STRINGS = r'"(?:[^"\\]|\\.)*+"|\'(?:[^\'\\]|\\.)*+\'|`(?:[^`\\]|\\.)*+`|/\*(?:[^*]|\*(?!/))*+|//.*|(?:^|\s)#.*|<!--.*'


def mixed_scripts(text: str, number: int, whole: str, *, python: bool) -> Iterator[tuple[str, str]]:
    """Yield names of line *text* that mix scripts, with the look-alikes named. Strings and comments are left out.

    For Python, *whole* is the file and *number* the line's: its own tokens tell what is a name.
    """
    if _ALL.isdisjoint(text):
        return
    names = _python_names(whole).get(number, ()) if python else re.findall(r"\w+", re.sub(_STRINGS, " ", text))
    for name in dict.fromkeys(names):
        for run in re.findall(_LETTERS, name):
            alike = _ALL.intersection(run)
            if alike and re.search("[A-Za-z]", run):
                char = min(alike)
                script = next(script for script, characters in _ALIKE.items() if char in characters)
                yield name, f"the {script} letter U+{ord(char):04X} among Latin ones"
                break


@lru_cache(maxsize=2)
def _python_names(whole: str) -> dict[int, list[str]]:
    import io
    import tokenize

    names: dict[int, list[str]] = {}
    try:
        for token in tokenize.generate_tokens(io.StringIO(whole).readline):
            if token.type == tokenize.NAME:
                names.setdefault(token.start[0], []).append(token.string)
    except (tokenize.TokenError, SyntaxError, ValueError):
        pass  # what came before the mistake is still known
    return names
