"""A change that is too large is refused with what is largest in it, and with a way to split it."""

import os

import pytest

from everycommit.change import GITLINK, LINK
from everycommit.config.schema import PolicySettings
from everycommit.errors import MissingObjects
from everycommit.result import ERROR, Finding
from everycommit.rules.size import counted, size
from given import ZEROS, Objects, change, changed

NO_LIMIT = PolicySettings(max_added_lines=None, max_removed_lines=None, max_files=None, max_file_bytes=None)


def rules(findings: list[Finding]) -> list[str]:
    return [finding.rule for finding in findings]


def test_a_change_at_the_limit_passes() -> None:
    limits = PolicySettings(max_added_lines=3, max_removed_lines=2, max_files=2, max_file_bytes=None)

    assert size(change(changed("a", 2, 2), changed("b", 1)), limits, Objects()) == []


def test_one_line_over_the_limit_is_a_finding() -> None:
    limits = PolicySettings(max_added_lines=3, max_file_bytes=None)

    [finding] = size(change(changed("a", 4)), limits, Objects())

    assert finding.rule == "policy/added-lines"
    assert finding.severity == ERROR
    assert finding.path is None
    assert finding.message == "adds 4 lines, 1 over the limit of 3: a +4"
    assert finding.hint == "Commit it in smaller steps; the limit is policy.max_added_lines."


def test_zero_allows_nothing_and_none_everything() -> None:
    nothing = PolicySettings(max_added_lines=0, max_removed_lines=0, max_files=0, max_file_bytes=None)

    found = size(change(changed("a", 1, 1)), nothing, Objects())

    assert rules(found) == ["policy/added-lines", "policy/removed-lines", "policy/files"]
    assert found[0].message.startswith("adds 1 line, 1 over the limit of 0")
    assert size(change(changed("a", 10**6, 10**6)), NO_LIMIT, Objects()) == []


def test_the_five_largest_files_are_named() -> None:
    limits = PolicySettings(max_removed_lines=0, max_file_bytes=None)
    files = [changed(f"{number}.py", 0, number) for number in range(8)]

    [finding] = size(change(*files), limits, Objects())

    assert finding.message == (
        "removes 28 lines, 28 over the limit of 0: 7.py -7, 6.py -6, 5.py -5, 4.py -4, 3.py -3, 2 more"
    )


def test_several_top_folders_are_a_way_to_split() -> None:
    limits = PolicySettings(max_added_lines=0, max_file_bytes=None)

    [finding] = size(
        change(changed("src/a/x", 3), changed("src/b", 4), changed("tests/x", 2), changed("x", 1), changed("moved/x")),
        limits,
        Objects(),
    )

    assert finding.hint is not None
    assert "src/ +7, tests/ +2, the root +1;" in finding.hint
    assert "moved" not in finding.hint


def test_many_top_folders_are_counted() -> None:
    limits = PolicySettings(max_added_lines=0, max_files=0, max_file_bytes=None)
    files = [changed(f"{name}/x", 1) for name in "abcdefg"]

    lines, number = size(change(*files), limits, Objects())

    assert lines.hint is not None
    assert "e/ +1, 2 more folders;" in lines.hint
    assert number.message == "touches 7 files, 7 over the limit of 0: a/ 1, b/ 1, c/ 1, d/ 1, e/ 1, 2 more folders"


def test_a_name_cannot_act_on_the_terminal() -> None:
    limits = PolicySettings(max_added_lines=0, max_file_bytes=None)
    path = os.fsdecode(b"a\x1b[2J\xff.py")

    [finding] = size(change(changed(path, 1)), limits, Objects())

    assert "a\\x1b[2J\\xff.py +1" in finding.message


def test_uncounted_files_count_nowhere() -> None:
    objects = Objects()
    lock = objects.put(b"x" * 100)
    limits = PolicySettings(max_added_lines=0, max_removed_lines=0, max_files=0, max_file_bytes=1)

    assert size(change(changed("sub/uv.lock", 900, 900, new=lock)), limits, objects) == []


def test_a_file_counts_unless_both_its_names_are_uncounted() -> None:
    """Moving code into a vendored folder, or out of it, is the author's work."""
    inside, outside = counted(
        [
            changed("vendor/a", 1, old="2" * 40, old_path="src/a"),
            changed("src/b", 1, old="2" * 40, old_path="vendor/b"),
            changed("vendor/c", 1, old="2" * 40, old_path="vendor/d"),
        ],
        ["vendor/**"],
    )

    assert [file.path for file in inside] == ["vendor/a", "src/b"]
    assert [file.path for file in outside] == ["vendor/c"]


def test_a_binary_file_counts_as_a_file() -> None:
    limits = PolicySettings(max_added_lines=0, max_files=0, max_file_bytes=None)

    assert rules(size(change(changed("a.png", binary=True)), limits, Objects())) == ["policy/files"]


def test_a_large_file_is_found_where_it_stands() -> None:
    objects = Objects()
    limits = PolicySettings(max_file_bytes=10)

    [finding] = size(change(changed("a.bin", new=objects.put(b"x" * 11), binary=True)), limits, objects)

    assert (finding.path, finding.line, finding.rule) == ("a.bin", None, "policy/file-bytes")
    assert finding.message == "has 11 bytes, 1 over the limit of 10"


def test_only_what_grows_beyond_the_limit_is_found() -> None:
    objects = Objects()
    small, large, larger = objects.put(b"x" * 5), objects.put(b"x" * 11), objects.put(b"x" * 12)
    limits = PolicySettings(max_file_bytes=10)

    found = size(
        change(
            changed("grown", old=small, new=large),
            changed("grows-on", old=large, new=larger),
            changed("shrinks", old=larger, new=large),
            changed("moved", old=large, new=large, old_path="was"),
            changed("gone", old=large, new=ZEROS),
            changed("small", old=large, new=small),
        ),
        limits,
        objects,
    )

    assert [(finding.path, finding.message) for finding in found] == [
        ("grown", "grows from 5 to 11 bytes, 1 over the limit of 10"),
        ("grows-on", "grows from 11 to 12 bytes, 2 over the limit of 10"),
    ]


def test_sizes_are_asked_for_once_and_not_without_need() -> None:
    objects = Objects()
    one, two = objects.put(b"x"), objects.put(b"xx")

    size(change(changed("a", new=one), changed("b", old=one, new=two)), PolicySettings(), objects)
    assert objects.asked == 1

    size(change(changed("a", new=one)), NO_LIMIT, objects)
    size(change(changed("a", old=one, new=ZEROS)), PolicySettings(), objects)
    assert objects.asked == 1


def test_a_submodule_has_no_bytes_and_a_link_has() -> None:
    objects = Objects()
    limits = PolicySettings(max_file_bytes=1)

    found = size(
        change(changed("module", mode=GITLINK), changed("link", mode=LINK, new=objects.put(b"xx"))), limits, objects
    )

    assert [finding.path for finding in found] == ["link"]


def test_an_object_that_is_not_here_is_no_pass() -> None:
    with pytest.raises(MissingObjects, match=r"a\.bin: object 1111.* is not in this clone"):
        size(change(changed("a.bin")), PolicySettings(), Objects())
