"""The parts of git's output belong together, and a line of content is never taken for one of git's."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest

from everycommit.errors import RepositoryError
from everycommit.repo import patch
from everycommit.repo.patch import complete, parsed

WEIRD = Path(__file__).parents[2] / "shared/bench/weird_diffs"
ZERO = b"0" * 40
ONE, TWO = b"1" * 40, b"2" * 40
INDEX = b"index " + ONE + b".." + TWO + b" 100644\n"


def record(path: bytes = b"a.py", status: bytes = b"M", modes: bytes = b"100644 100644") -> bytes:
    return b":" + modes + b" " + ONE + b" " + TWO + b" " + status + b"\0" + path + b"\0"


def output(body: bytes, *, counts: bytes = b"1\t1\ta.py\0", records: bytes | None = None) -> bytes:
    head = b"diff --git a/a.py b/a.py\n" + INDEX + b"--- a/a.py\n+++ b/a.py\n"
    return (record() if records is None else records) + counts + b"\0" + head + body


def test_nothing_is_no_file() -> None:
    assert parsed(b"") == ()


def test_lines_carry_their_numbers_and_no_newline() -> None:
    (file,) = parsed(output(b"@@ -3,2 +3,2 @@ def f():\n x\n-y\n+z\n"))

    (hunk,) = file.hunks
    assert hunk[:5] == (3, 2, 3, 2, "def f():")
    assert [tuple(line) for line in hunk.lines] == [(" ", 3, 3, "x"), ("-", 4, None, "y"), ("+", None, 4, "z")]
    assert (file.added, file.removed, file.unread) == (1, 1, None)


def test_content_that_looks_like_a_header_is_content() -> None:
    odd = [b"diff --git a/b b/b", b"@@ -1 +1 @@", b"-- a/x", b"++ b/x", b"index 1..2", b"Binary files a and b differ"]
    body = b"@@ -1,6 +1,12 @@\n" + b"".join(b" " + line + b"\n" for line in odd)
    body += b"".join(b"+" + line + b"\n" for line in odd)

    (file,) = parsed(output(body, counts=b"6\t0\ta.py\0"))

    assert [line.text.encode() for line in file.added_lines()] == odd


@pytest.mark.parametrize("odd", ["\r", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\0", "\t"])
def test_a_line_ends_at_a_newline_alone(odd: str) -> None:
    text = f"a{odd}b{odd}"
    body = f"@@ -1 +1 @@\n-{text}\n+{odd}{text}\n".encode()

    (file,) = parsed(output(body))

    assert [line.text for line in file.hunks[0].lines] == [text, odd + text]


def test_bytes_that_are_not_utf8_come_back() -> None:
    (file,) = parsed(output(b"@@ -1 +1 @@\n-\xff\xfe\n+\xe9 caf\n"))

    texts = [line.text.encode("utf-8", "surrogateescape") for line in file.hunks[0].lines]
    assert texts == [b"\xff\xfe", b"\xe9 caf"]


def test_a_missing_newline_at_the_end_is_no_line() -> None:
    marker = b"\\ No newline at end of file\n"
    (file,) = parsed(output(b"@@ -1 +1 @@\n-a\n" + marker + b"+b\n" + marker))

    assert [(line.kind, line.text) for line in file.hunks[0].lines] == [("-", "a"), ("+", "b")]


def test_hunks_are_a_sequence_that_is_parsed_once() -> None:
    (file,) = parsed(output(b"@@ -1 +1 @@\n-a\n+b\n@@ -9 +9 @@\n-c\n+d\n", counts=b"2\t2\ta.py\0"))

    assert len(file.hunks) == 2
    assert file.hunks[1].old_start == 9
    assert [hunk.new_start for hunk in file.hunks[:]] == [1, 9]
    assert file.hunks[0] is next(iter(file.hunks))


def test_counts_that_disagree_with_the_patch_are_not_guessed_away() -> None:
    (file,) = parsed(output(b"@@ -1 +1 @@\n-a\n+b\n", counts=b"5\t1\ta.py\0"))

    assert file.unread == patch.DISAGREES
    assert (file.added, file.removed, len(file.hunks)) == (5, 1, 0)


def test_a_hunk_that_is_shorter_than_its_header_is_not_guessed() -> None:
    (file,) = parsed(output(b"@@ -1,7 +1,7 @@\n-a\n+b\n"))

    assert file.unread == patch.DISAGREES


def test_hunks_that_unidiff_refuses_are_an_error() -> None:
    """The sums agree here, yet the first hunk is longer than it says and the second shorter."""
    (file,) = parsed(output(b"@@ -1 +1 @@\n-a\n-c\n+b\n@@ -9,2 +9 @@\n-c\n+d\n", counts=b"2\t3\ta.py\0"))

    with pytest.raises(RepositoryError, match=r"the diff of 'a\.py' cannot be read"):
        list(file.hunks)


def test_a_patch_of_other_objects_is_refused() -> None:
    raw = output(b"@@ -1 +1 @@\n-a\n+b\n").replace(b"index 1111", b"index 1112")

    with pytest.raises(RepositoryError, match=r"its patch and its list disagree at 'a\.py'"):
        parsed(raw)


def test_a_rename_has_both_paths() -> None:
    raw = record(b"old name", b"R087").removesuffix(b"\0") + b"\0new\nname\0" + b"0\t0\t\0old name\0new\nname\0"

    (file,) = parsed(raw + b"\0diff --git a/old name b/new\\nname\nsimilarity index 100%\n")

    assert (file.status, file.old_path, file.path, file.source) == ("R", "old name", "new\nname", "old name")
    assert list(file.hunks) == []


def test_counts_without_a_patch_are_counts_of_lines_not_asked_for() -> None:
    (file,) = parsed(record() + b"3\t4\ta.py\0")

    assert (file.added, file.removed, file.unread, list(file.hunks)) == (3, 4, patch.NOT_ASKED, [])


def test_a_binary_file_has_no_lines() -> None:
    raw = record() + b"-\t-\ta.py\0\0diff --git a/a.py b/a.py\n" + INDEX + b"Binary files a/a.py and b/a.py differ\n"

    (file,) = parsed(raw)

    assert (file.binary, file.added, file.removed, file.unread) == (True, 0, 0, None)


def two_files(*, cut_at: int | None = None) -> bytes:
    second = b":100644 100644 " + ONE + b" " + TWO + b" M\0b.py\0"
    body = b"@@ -1 +1 @@\n-a\n+b\n"
    more = b"diff --git a/b.py b/b.py\n" + INDEX + b"--- a/b.py\n+++ b/b.py\n" + body
    return (output(body, records=record() + second, counts=b"1\t1\ta.py\0" + b"1\t1\tb.py\0") + more)[:cut_at]


def test_a_cut_patch_keeps_counts_and_whole_sections_at_every_byte() -> None:
    whole = two_files()
    start = whole.index(b"diff --git")
    second = whole.index(b"diff --git", start + 1)

    for cut_at in range(start + 1, len(whole)):
        first, last = parsed(two_files(cut_at=cut_at), cut=True)
        assert [(file.path, file.added, file.removed) for file in (first, last)] == [("a.py", 1, 1), ("b.py", 1, 1)]
        assert last.unread == patch.TOO_LARGE
        read = cut_at >= second + len(b"diff --git ")
        assert (first.unread is None, len(first.hunks)) == ((True, 1) if read else (False, 0))
        assert complete(two_files(cut_at=cut_at))


def test_a_cut_list_is_not_complete() -> None:
    start = two_files().index(b"diff --git")

    assert not any(complete(two_files(cut_at=cut_at)) for cut_at in range(1, start))


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b":100644 100644 1 2\0a\0", "no record of a diff of two trees"),
        (b"::100644 100644 100644 1 2 3 MM\0a\0", "no record of a diff of two trees"),
        (b":100644 100644 1 2 M\0a", "ends in the middle"),
        (record(), "ends in the middle"),
        (record() + b"1 1 a.py\0", "counts no lines"),
        (record() + b"1\t1\ta.py\0extra\0", "was not expected after the counts"),
        (record() + b"1\t1\ta.py\0\0diff --cc a.py\n", "a combined diff; only a diff of two trees"),
        (record() + b"1\t1\ta.py\0\0hello\n", "'hello' is not a patch"),
        (
            record() + record(b"b") + b"1\t1\ta.py\0" + b"1\t1\tb\0" + output(b"")[len(record()) + 9 :],
            "ends before 'b'",
        ),
        (output(b"diff --git a/b b/b\n", counts=b"0\t0\ta.py\0"), "more files than its list"),
    ],
)
def test_what_is_no_diff_of_two_trees_is_refused(raw: bytes, message: str) -> None:
    with pytest.raises(RepositoryError, match=message):
        parsed(raw)


def path_of(side: dict[str, str] | None) -> bytes | None:
    """Return the bytes of a path in an expected file."""
    if side is None:
        return None
    return base64.b64decode(side["b64"]) if "b64" in side else side["utf8"].encode()


def built(expected: dict[str, Any], diff: bytes) -> bytes:
    """Return the list and the counts that git would print in front of *diff*, with the ids of its index lines."""
    raw = counts = b""
    sections = re.split(rb"^(?=diff --git )", diff, flags=re.MULTILINE)[1:]
    for file in expected["files"]:
        halves = [sections.pop(0) for _ in range(1 + (file["status"] == "T")) if sections]
        found = re.findall(rb"^index ([0-9a-f]+)\.\.([0-9a-f]+)", b"".join(halves), re.MULTILINE)
        ids = [part.ljust(40, b"0") for part in (found[0][0], found[-1][1])] if found else [ONE, ONE]
        old, new = path_of(file["old"]), path_of(file["new"])
        status = file["status"].encode()
        modes = [(file[mode] or "000000").encode() for mode in ("old_mode", "new_mode")]
        raw += b":" + b" ".join([*modes, *ids, status]) + b"\0"
        lines = b"-\t-\t" if file["binary"] else b"%d\t%d\t" % (file["added"], file["removed"])
        if status == b"R":
            assert old is not None
            assert new is not None
            raw += old + b"\0" + new + b"\0"
            counts += lines + b"\0" + old + b"\0" + new + b"\0"
        else:
            path = new if new is not None else old
            assert path is not None
            raw += path + b"\0"
            counts += lines + path + b"\0"
    return raw + counts + b"\0" + diff


@pytest.mark.skipif(not WEIRD.is_dir(), reason=f"the samples of odd diffs are not at {WEIRD}")
@pytest.mark.parametrize("name", sorted(path.stem for path in WEIRD.glob("*.diff")) or ["absent"])
def test_odd_diffs_of_git_are_read_or_refused(name: str) -> None:
    diff = (WEIRD / f"{name}.diff").read_bytes()
    expected = json.loads((WEIRD / f"{name}.expected.json").read_text())

    if expected["parse"] != "standard":
        with pytest.raises(RepositoryError, match="diff of two trees"):
            parsed(built(expected, diff))
        return
    files = parsed(built(expected, diff))

    assert len(files) == expected["n_files"]
    assert sum(file.added for file in files) == expected["added"]
    assert sum(file.removed for file in files) == expected["removed"]
    for file, want in zip(files, expected["files"], strict=True):
        path = path_of(want["new"]) if want["new"] is not None else path_of(want["old"])
        assert file.path.encode("utf-8", "surrogateescape") == path
        assert file.unread is None
        assert file.binary == want["binary"]
        assert (len(file.added_lines()), len(file.removed_lines())) == (want["added"] or 0, want["removed"] or 0)
