"""What is to be read of a change: pieces with what stands around them, and every file that is left out by name."""

from collections.abc import Mapping
from dataclasses import replace
from random import Random

import pytest

from everycommit.config.schema import ReviewSettings
from everycommit.gates.review.left_out import readable
from everycommit.gates.review.parts import Piece
from everycommit.gates.review.pieces import LARGEST, Work, pieces
from support import Repo, change_of

CART = """\
import os


class Cart:
    rate = 2

    @property
    def total(self):
        net = sum(self.prices)
        tax = net * self.rate
        return net + tax

    def empty(self):
        self.prices = []


def later():
    pass
"""


def work(
    repo: Repo,
    before: Mapping[str, bytes | str | None],
    after: Mapping[str, bytes | str | None],
    *,
    settings: ReviewSettings | None = None,
    modes: Mapping[str, str] | None = None,
) -> Work:
    change, blobs = change_of(repo, before, after, modes=modes)
    return pieces(change, blobs, settings or ReviewSettings(), random=fixed())


def fixed() -> Random:
    return Random(1)  # noqa: S311 - names of pieces


def only(found: Work) -> Piece:
    (piece,) = found.pieces
    return piece


def shown(piece: Piece) -> list[int]:
    return [row.number for row in piece.around if row.number is not None]


def test_a_hunk_comes_with_the_function_that_encloses_it(repo: Repo) -> None:
    """Numbers are those of the new side, and nothing is shown twice."""
    after = CART.replace("net * self.rate", "net // self.rate")

    piece = only(work(repo, {"a.py": CART}, {"a.py": after}))

    assert [(row.kind, row.number) for row in piece.rows if row.kind != " "] == [("-", None), ("+", 10)]
    assert piece.section == "Cart.total"
    # The hunk's own context reaches from the property's name to the next method's.
    assert sorted([*shown(piece), *(row.number for row in piece.rows if row.number)]) == [*range(7, 14)]
    assert shown(piece) == []


def test_a_change_between_functions_gets_the_lines_next_to_it(repo: Repo) -> None:
    after = CART.replace("rate = 2", "rate = 3")

    piece = only(work(repo, {"a.py": CART}, {"a.py": after}))

    assert piece.section == "Cart"
    assert shown(piece) == [1, *range(9, 19)]


def test_of_a_long_function_the_signature_and_the_lines_nearby_are_shown(repo: Repo) -> None:
    body = [f"    x{number} = {number}" for number in range(200)]
    before = "\n".join(["x = 1", "def long(", "    a,", "):", *body]) + "\n"

    piece = only(work(repo, {"a.py": before}, {"a.py": before.replace("x100 = 100", "x100 = 101")}))

    assert piece.section == "long"
    assert shown(piece) == [2, 3, 4, *range(90, 102), *range(109, 121)]


def test_what_another_hunk_shows_is_not_shown_again(repo: Repo) -> None:
    """So that a hunk stays the same piece while its neighbour is mended."""
    lines = [f"    x{number} = {number}" for number in range(40)]
    before = "\n".join(["def both():", *lines]) + "\n"
    after = before.replace("x5 = 5", "x5 = 6").replace("x30 = 30", "x30 = 31")
    mended = after.replace("x30 = 31", "x30 = 30 + 1")

    first, second = work(repo, {"a.py": before}, {"a.py": after}).pieces
    again = work(repo, {"a.py": before}, {"a.py": mended}).pieces

    assert not {*shown(first)} & {row.number for row in second.rows}
    assert len({first.digest, second.digest} & {piece.digest for piece in again}) == 1


def test_a_piece_that_only_moves_stays_the_same(repo: Repo) -> None:
    after = CART.replace("net * self.rate", "net // self.rate")

    here = only(work(repo, {"a.py": CART}, {"a.py": after}))
    below = only(work(repo, {"a.py": f"'''text'''\n{CART}"}, {"a.py": f"'''text'''\n{after}"}))
    elsewhere = only(work(repo, {"b.py": CART}, {"b.py": after}))

    assert here.digest == below.digest
    assert here.rows != below.rows
    assert here.digest != elsewhere.digest


def test_a_language_that_is_not_parsed_has_gits_word_for_the_function(repo: Repo) -> None:
    lines = ["func total(a int) int {", *(f"\tx{number}()" for number in range(60)), "}"]
    before = "\n".join(lines) + "\n"

    piece = only(work(repo, {"a.go": before}, {"a.go": before.replace("x30()", "x30(1)")}))

    assert piece.section == "func total(a int) int {"
    assert shown(piece) == [*range(17, 29), *range(36, 48)]


def test_python_that_does_not_parse_is_read_all_the_same(repo: Repo) -> None:
    piece = only(work(repo, {"a.py": "def f(:\n    1\n"}, {"a.py": "def f(:\n    2\n"}))

    assert [row.text for row in piece.rows] == ["def f(:", "    1", "    2"]


def test_a_long_hunk_is_read_in_pieces_cut_between_functions(repo: Repo) -> None:
    text = "\n".join(f"def f{number}():\n    return {number}\n\n" for number in range(100))

    found = work(repo, {}, {"a.py": text})

    assert found.hunks == 1
    assert len(found.pieces) > 2
    assert all(len(piece.rows) <= LARGEST for piece in found.pieces)
    assert all(piece.rows[0].text.startswith("def ") for piece in found.pieces)
    numbers = [
        row.number for piece in sorted(found.pieces, key=lambda one: one.rows[0].number or 0) for row in piece.rows
    ]
    assert numbers == [*range(1, text.count("\n") + 1 + (not text.endswith("\n")))]


def test_a_cut_never_parts_a_removed_line_from_what_replaced_it(repo: Repo) -> None:
    before = "".join(f"x{number} = {number}\n" for number in range(150))

    found = work(repo, {"a.py": before}, {"a.py": before.replace(" = ", " == ")})

    for piece in found.pieces:
        assert not (piece.rows[0].kind == "+" and any(row.kind == "-" for row in piece.rows))


def test_a_deletion_belongs_to_the_function_that_it_was_taken_from(repo: Repo) -> None:
    after = CART.replace("        self.prices = []\n", "        pass\n").replace("    rate = 2\n\n", "\n")

    found = work(repo, {"a.py": CART}, {"a.py": after})

    assert {piece.section for piece in found.pieces} == {"Cart", "Cart.empty"}


def test_a_removed_check_is_riskier_than_a_new_name(repo: Repo) -> None:
    before = "def f(user):\n    if not user.is_admin:\n        raise Denied\n    return 1\n"
    after = "def f(user):\n    return 1\n"

    found = work(repo, {"z.py": before, "a.py": "x = 1\n"}, {"z.py": after, "a.py": "y = 1\n"})

    assert [piece.path for piece in found.pieces] == ["z.py", "a.py"]


def test_each_file_that_is_not_read_is_named_with_the_reason(repo: Repo) -> None:
    marked = "// Code generated by x. DO NOT EDIT.\n"
    before: dict[str, bytes | str | None] = {"gone.py": "gone = 2\n", "made.go": marked, "same.py": "1\n", "link": "a"}
    after: dict[str, bytes | str | None] = {
        "made.go": marked + "x\n",
        "same.py": "1\n",
        "link": "b",
        "uv.lock": "x\n",
        "vendor/x.py": "x\n",
        "README.md": "x\n",
        "x.bin": b"\0\0",
        ".env": "KEY=1\n",
        "conf/keys.py": "x\n",
        "a.py": "1\n",
    }

    found = work(
        repo, before, after, settings=ReviewSettings(denied=("conf/**",)), modes={"same.py": "100755", "link": "120000"}
    )

    assert {one.path: one.why for one in found.unread} == {
        "gone.py": "deleted as a whole",
        "made.go": "generated, by its own words",
        "same.py": "no line changed",
        "link": "no regular file",
        "uv.lock": "generated, vendored or locked",
        "vendor/x.py": "generated, vendored or locked",
        "README.md": "prose",
        "x.bin": "binary",
        ".env": "holds secrets by its name",
        "conf/keys.py": "denied by the settings",
    }
    assert all(one.chosen for one in found.unread)
    assert only(found).path == "a.py"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"a.go": "x\n"}, {"a.go": "// @generated\nx\n"}),
        ({}, {"a.go": "// @generated\nx\n"}),
        ({"a.py": "x = 1\n" * 20}, {"vendor/a.py": "x = 1\n" * 20 + "y = 1\n"}),
    ],
    ids=["marks itself", "comes marked", "moves into a vendored folder"],
)
def test_a_change_does_not_take_itself_out_of_the_review(
    repo: Repo, before: dict[str, bytes | str | None], after: dict[str, bytes | str | None]
) -> None:
    found = work(repo, before, after)

    assert len(found.pieces) == 1
    assert found.unread == ()


def test_a_file_whose_hunks_were_not_read_is_a_doubt(repo: Repo) -> None:
    change, blobs = change_of(repo, {}, {"a.py": "1\n"})
    file = replace(change.files[0], hunks=(), unread="the diff is larger than 32 MiB")

    found = pieces(replace(change, files=(file,)), blobs, ReviewSettings(), random=fixed())

    assert found.pieces == ()
    assert [(one.why, one.chosen) for one in found.unread] == [("the diff is larger than 32 MiB", False)]


def test_only_the_projects_own_files_are_its_pieces(repo: Repo) -> None:
    change, blobs = change_of(repo, {}, {"one/a.py": "1\n", "two/b.py": "1\n"})

    found = pieces(change, blobs, ReviewSettings(), project="two", random=fixed())

    assert only(found).path == "two/b.py"
    assert [file.path for file in readable(change, ReviewSettings(), "one")] == ["one/a.py"]


def test_a_model_sees_what_nobody_else_would(repo: Repo) -> None:
    """Marks that turn text round, and characters without a width, stand there as their escapes."""
    found = work(repo, {}, {"a.py": "x = '\u202eab\u200b'\r\ny = '\udcff'\r\n"})

    assert [row.text for row in only(found).rows] == ["x = '\\u202eab\\u200b'", "y = '\\xff'"]


def test_names_tell_nothing_of_order_or_risk(repo: Repo) -> None:
    files: dict[str, bytes | str | None] = {f"f{number}.py": "1\n" for number in range(20)}

    found = work(repo, {}, files)

    numbers = [int(piece.id[1:]) for piece in found.pieces]
    assert len({*numbers}) == 20
    assert numbers != sorted(numbers)
