"""Which characters of a text do not show, and which of them belong where they stand.

Source: Unicode 15: Bidi_Control, Default_Ignorable_Code_Point, emoji sequences (UTS 51), joiners (UAX 31).
"""

import re
import unicodedata

BIDI = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))
"""Embeddings, overrides and isolates: they reorder what follows."""
_ZWNJ, _ZWJ, _BOM = chr(0x200C), chr(0x200D), chr(0xFEFF)
_TAG_BASE, _TAG_END = chr(0x1F3F4), chr(0xE007F)
_RANGES = (
    *((0x00, 0x08), (0x0B, 0x0B), (0x0E, 0x1F), (0x7F, 0x9F), (0xAD, 0xAD), (0x034F, 0x034F), (0x061C, 0x061C)),
    *((0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x200B, 0x200F), (0x2028, 0x202E), (0x2060, 0x206F)),
    *((0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF9, 0xFFFB)),
    *((0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF)),
)
_CLASS = "[" + "".join(f"{chr(low)}-{chr(high)}" for low, high in _RANGES) + "]"
_JOINING = frozenset(
    {"ARABIC", "SYRIAC", "MONGOLIAN", "NKO", "DEVANAGARI", "BENGALI", "GURMUKHI", "GUJARATI", "ORIYA", "TAMIL"}
    | {"TELUGU", "KANNADA", "MALAYALAM", "SINHALA", "KHMER", "MYANMAR", "TIBETAN", "THAI", "LAO"}
)
_MANY = 3
_MOST = 2000
"""Of one text; more say no more."""


def hidden_characters(text: str, *, start: bool) -> list[tuple[str, bool]]:
    """Return the characters of *text* that do not show and do not belong, in order, the first 2000.

    Each with whether it carries text: a tag character, or one of a row of variation selectors. With *start* the text
    begins a file, where a byte order mark may stand.
    """
    found = []
    for match in re.finditer(_CLASS, text):
        char, place = match[0], match.start()
        if not _belongs(char, text, place, start=start):
            found.append((char, _carries(char, text, place)))
            if len(found) == _MOST:
                break
    return found


def _carries(char: str, text: str, place: int) -> bool:
    if 0xE0000 <= ord(char) <= 0xE007F:
        return True
    return _is_selector(char) and sum(map(_is_selector, text[max(0, place - _MANY) : place + _MANY + 1])) >= _MANY


def _is_selector(char: str) -> bool:
    return 0xFE00 <= ord(char) <= 0xFE0F or 0xE0100 <= ord(char) <= 0xE01EF


def _belongs(char: str, text: str, place: int, *, start: bool) -> bool:
    before = text[place - 1] if place else ""
    if char == _BOM:
        return start and place == 0
    if _is_selector(char):
        return _selectable(before, char)
    if char in {_ZWJ, _ZWNJ}:
        return _joins(before, text[place + 1 : place + 2], char)
    return 0xE0020 <= ord(char) <= 0xE007F and _in_flag(text, place)


def _selectable(before: str, char: str) -> bool:
    """Tell whether a variation selector has something before it that has variations."""
    if not before or _is_selector(before):
        return False
    kind = unicodedata.category(before)
    if ord(char) >= 0xE0100:
        return kind == "Lo"
    return (
        kind[0] in "SP" or before in "0123456789#*" or kind == "Lo" or unicodedata.name(before, "").startswith("MONG")
    )


def _joins(before: str, after: str, char: str) -> bool:
    """Tell whether a joiner stands in an emoji sequence or between letters of a script that joins."""
    if char == _ZWJ and before and (unicodedata.category(before)[0] == "S" or _is_selector(before) or _is_skin(before)):
        return bool(after) and unicodedata.category(after)[0] == "S"
    return bool(before) and unicodedata.name(before, "").split(" ")[0] in _JOINING


def _is_skin(char: str) -> bool:
    return 0x1F3FB <= ord(char) <= 0x1F3FF


def _in_flag(text: str, place: int) -> bool:
    """Tell whether a tag character belongs to the flag of a region: a black flag, up to six tags, the end tag."""
    start = text.rfind(_TAG_BASE, max(0, place - 8), place)
    if start < 0:
        return False
    end = text.find(_TAG_END, start, start + 9)
    return place <= end and all(0xE0020 <= ord(char) <= 0xE007F for char in text[start + 1 : end])
