"""A page of the documentation as plain text: wrapped, without marks that only a renderer needs."""

import re
from collections.abc import Callable, Iterator, Sequence

_ITEM = r"\s*(?:[-*]|\d+\.)\s+"


def title(page: str) -> str:
    """Return the first heading; empty where there is none."""
    found = re.search(r"^# (.+)$", page, re.MULTILINE)
    return _bare(found[1]) if found else ""


def plain(page: str, width: int, strong: Callable[[str], str] = str) -> str:
    """Return *page*, written in Markdown, for a screen of *width* columns; headings go through *strong*."""
    out: list[str] = []
    for block, has_gap in _blocks(page):
        first = block[0].lstrip()
        indent = " " * (len(block[0]) - len(first))
        out += [""] * (has_gap and bool(out))
        if first.startswith("```"):
            out += [f"    {line}".rstrip() for line in block[1:-1]]
        elif first.startswith("#"):
            text = _bare(first.lstrip("#").strip())
            out.append(strong(text.upper() if first.startswith("# ") else text))
        elif first.startswith("|"):
            out += _table(block, width)
        else:
            out += _text(block, width, indent)
    return "\n".join([*out, ""])


def _blocks(page: str) -> Iterator[tuple[list[str], bool]]:
    """Yield headings, paragraphs, items, tables and fenced blocks as lines, and whether a blank line comes before."""
    block: list[str] = []
    has_gap = is_fenced = False
    for line in page.splitlines():
        text = line.strip()
        if not is_fenced:
            is_fence = text.startswith("```")
            starts = is_fence or text.startswith("#") or re.match(_ITEM, line) is not None
            if block and (not text or starts or block[0].startswith("#")):
                yield block, has_gap
                # Headings and fenced blocks stand apart, also where their author left no line.
                has_gap = block[0].startswith("#") or text.startswith(("#", "```"))
                block = []
            has_gap = has_gap or not text
            is_fenced = is_fence
            block += [line] if text else []
        else:
            block.append(line)
            if text == "```":
                yield block, has_gap
                block, has_gap, is_fenced = [], True, False
    if block:
        yield block, has_gap


def _text(block: Sequence[str], width: int, indent: str = "") -> list[str]:
    import textwrap

    item = re.match(_ITEM, block[0])
    return textwrap.wrap(
        _bare(" ".join(line.strip() for line in block)),
        max(width, 20),
        initial_indent=indent,
        subsequent_indent=" " * len(item[0]) if item else indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _table(block: Sequence[str], width: int) -> list[str]:
    """Return the rows with aligned columns; where that is too wide, each row as a few lines."""
    rows = [[_bare(cell.strip()) for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))] for line in block]
    rows = [row for row in rows if not all(re.fullmatch(r":?-*:?", cell) for cell in row)]
    widths = [max(len(row[at]) if at < len(row) else 0 for row in rows) for at in range(max(map(len, rows), default=0))]
    if sum(widths) + 2 * len(widths) <= width:
        return ["  ".join(cell.ljust(wide) for cell, wide in zip(row, widths, strict=False)).rstrip() for row in rows]
    lines = []
    for row in rows:
        head, *rest = [cell for cell in row if cell] or [""]
        lines += _text([f"- {head}: {'; '.join(rest)}" if rest else f"- {head}"], width)
    return lines


def _bare(text: str) -> str:
    """Return *text* without marks: links as their words, ``code`` as it is typed."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"\*\*(.+?)\*\*|(?<![\w*])\*(\S(?:.*?\S)?)\*(?![\w*])", lambda found: found[1] or found[2], text)
    return text.replace("\\|", "|")
