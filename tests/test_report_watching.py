"""The view of `everycommit watch`: every state at every size, in words that a person reads at a glance."""

import pytest

from everycommit.record import replace
from everycommit.report.gate_rows import Row
from everycommit.report.style import Style, cells
from everycommit.report.watching import HELP, View, findings, frame
from everycommit.result import ERROR, NOTE, WARNING, Finding, GateResult, Outcome, Verdict
from given import change, changed

WIDE = Style(color=False, ascii=False, width=80, terminal=True)
ASCII = Style(color=False, ascii=True, width=80, terminal=True)
COLOR = Style(color=True, ascii=False, width=80, terminal=True)
BAD = Finding(path="src/a.py", line=3, rule="lint/F401", severity=ERROR, message="`os` imported", source="import os")
MILD = Finding(
    path="src/b.py", line=9, rule="policy/debug-print", severity=WARNING, message="prints", hint="Take it out."
)
LOOSE = Finding(path=None, line=None, rule="policy/added-lines", severity=NOTE, message="many\x1b[31m lines\nhere")


def verdict(
    *found: Finding, added: int = 4, limit: int | None = 400, blocks: bool = False, empty: bool = False
) -> Verdict:
    counts = {"added": added} | ({} if limit is None else {"limit": limit})
    policy = GateResult(gate="policy", outcome=Outcome.PASSED, counts=counts, summary=f"{added} lines")
    lint = GateResult(
        gate="lint", outcome=Outcome.PASSED, findings=tuple(replace(one, new=True) for one in found), blocks=blocks
    )
    return Verdict(
        occasion="commit", change=change() if empty else change(changed("a.py", 1)), gates=(policy, lint), seconds=1.3
    )


def view(*found: Finding, added: int = 4, limit: int | None = 400, blocks: bool = False, **more: object) -> View:
    made = verdict(*found, added=added, limit=limit, blocks=blocks)
    rows = []
    for gate in made.gates:
        row = Row(gate.gate, 0.0)
        row.result = gate
        rows.append(row)
    start = View(where="shop (main)", rows=rows, verdict=made, found=findings(made), judged_at=1.0)
    return replace(start, **more)  # type: ignore[arg-type]


def shown(view: View, style: Style = WIDE, width: int = 79, height: int = 24) -> str:
    return "\n".join(frame(view, style, width, height))


@pytest.mark.parametrize("style", [WIDE, ASCII, COLOR])
@pytest.mark.parametrize("width", [1, 7, 20, 39, 79, 199])
@pytest.mark.parametrize("height", [1, 2, 5, 8, 10, 24, 60])
def test_a_frame_keeps_to_its_window(style: Style, width: int, height: int) -> None:
    wide = Finding(
        path="src/字.py", line=1, rule="lint/X", severity=ERROR, message="宽" * 100, source="字" * 90, hint="字 " * 90
    )
    for made in (
        view(BAD, MILD, LOOSE, wide, selected=3, scope="only src/**"),
        view(),
        view(page=HELP),
        view(error="the settings are wrong " * 9),
        View(),
        view(*[BAD] * 60, selected=30, message="m" * 300),
    ):
        lines = frame(made, style, width, height)
        plain = [line if not style.color else __import__("re").sub(r"\x1b\[\d+m", "", line) for line in lines]
        assert len(lines) <= height
        assert all(cells(line) <= max(width, 20) for line in plain)
        assert not any("\x1b" in line for line in plain)
    assert frame(View(), style, 0, height) == frame(View(), style, width, 0) == []


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (View(), "waiting for the tree to rest"),
        (View(judging=True), "judging"),
        (view(judging=True), "changed; judging again"),
        (view(stale=True), "changed since "),
        (view(BAD, blocks=True), "would be refused; judged "),
        (view(MILD), "would pass; judged "),
        (view(error="no HEAD"), "NOT VERIFIED"),
        (replace(view(), verdict=verdict(empty=True)), "nothing changed, "),
    ],
)
def test_the_first_line_says_where_it_stands(made: View, words: str) -> None:
    first, *_ = frame(made, WIDE, 79, 24)

    assert words in first
    assert (" in 1.3s" in first) is ("judged " in first)


def test_a_narrow_window_has_the_larger_half_of_the_news() -> None:
    assert frame(view(BAD, blocks=True), WIDE, 39, 10)[0].endswith("would be refused")
    assert "everycommit" in frame(view(BAD, blocks=True), WIDE, 39, 10)[0]


def test_findings_come_with_errors_first_and_the_chosen_one_says_more() -> None:
    first, second = shown(view(MILD, BAD)), shown(view(MILD, BAD, LOOSE, selected=1))

    lines = [line for line in first.split("\n") if "/" in line and "lines" not in line]
    assert lines[0].startswith("\u203a src/a.py:3 error lint/F401")
    assert "      3 | import os" in first
    assert "Take it out." not in first
    assert "      Take it out." in second
    assert "import os\n" not in second
    assert "many\\x1b[31m lines\\nhere" in second.replace("\u241b", "\\x1b")
    assert "> src/a.py:3 error" in shown(view(BAD), ASCII)


def test_size_is_a_bar_against_the_limit() -> None:
    assert "██████████████████░░░░░░  300 of 400 lines" in shown(view(added=300))
    assert "########################  900 of 400 lines" in shown(view(added=900), ASCII)
    assert "size   7 lines added" in shown(view(added=7, limit=None))
    assert "size   300 of 400 lines" in shown(view(added=300), width=39)
    assert "\x1b[31m" in shown(view(added=900), COLOR)
    assert "size" not in shown(View())


def test_the_scope_the_keys_a_page_and_a_message_have_their_place() -> None:
    made = view(MILD, scope="only src/**  (goal: mend it)")

    assert "  scope  only src/**  (goal: mend it)" in shown(made)
    assert shown(made).endswith("o open  a accept  e explain  r again  ? help  q quit")
    assert shown(replace(made, message="accepted")).endswith("accepted")
    page = shown(replace(made, page=HELP))
    assert "judges the working tree" in page
    assert page.endswith("esc back  q quit")
    assert shown(replace(made, page=[f"line {number}" for number in range(99)], scrolled=50)).count("line 5") == 10


def test_where_nothing_is_found_it_says_so_once_it_is_known() -> None:
    assert "no findings" in shown(view())
    assert "no findings" not in shown(view(stale=True)) + shown(view(judging=True)) + shown(View())


def test_the_list_follows_the_chosen_one() -> None:
    many = [replace(BAD, line=number) for number in range(1, 90)]

    assert "\u203a src/a.py:80 " in shown(view(*many, selected=79))
    assert "\u203a src/a.py:89 " in shown(view(*many, selected=500))
    assert " more below" in shown(view(*many))
