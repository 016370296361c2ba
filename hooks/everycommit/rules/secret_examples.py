"""Tells a made-up value in documentation or a test from one that somebody could use."""

import math
from collections import Counter
from itertools import pairwise

_WORDS = (
    *("example", "placeholder", "changeme", "change_me", "change-me", "change-this", "redacted", "dummy", "sample"),
    *("fake", "foobar", "replace", "insert", "xxxx", "notreal", "not-real", "not_real", "todo", "your-", "your_"),
    *("yourtoken", "yourkey", "yoursecret", "deadbeef", "test-", "test_", "-test", "_test", "testing", "mysecret"),
    *("...", "***", "___", "<", ">", "${", "{{", "%(", "$("),
)
_LOOKED_AT = 120
_RUN = 8


def is_example(value: str) -> bool:
    """Tell whether *value* is made up: a word says so, a character or a part repeats, or it counts up."""
    head = value[:_LOOKED_AT]
    lower = head.lower()
    if any(word in lower for word in _WORDS):
        return True
    few = len(set(lower)) <= max(2, min(5, len(head) // 5))
    return few or _repeats(head) or _counts_up(lower) or entropy(head) < _least(len(head))


def entropy(text: str) -> float:
    """Return Shannon's entropy of *text* in bits a character."""
    total = len(text)
    return -sum(number / total * math.log2(number / total) for number in Counter(text).values()) if total else 0.0


def _least(length: int) -> float:
    """Return the entropy that a random text of hexadecimal digits, the poorest alphabet, clearly exceeds."""
    return 2.7 if length >= 30 else 2.2


def _repeats(text: str) -> bool:
    """Tell whether *text* is one part again and again, or holds a long run of one character."""
    period = (text + text).find(text, 1)
    return period <= len(text) // 2 or any(character * _RUN in text for character in set(text))


def _counts_up(text: str) -> bool:
    run = 1
    for before, after in pairwise(text):
        run = run + 1 if ord(after) - ord(before) == 1 else 1
        if run >= _RUN:
            return True
    return False
