"""Sizes are asked for once for all, contents once."""

from collections.abc import Sequence

from everycommit.rules.asked import Asked
from given import ZEROS, Objects, change, changed


class Counting(Objects):
    """Remembers each question."""

    def __init__(self) -> None:
        super().__init__()
        self.questions: list[list[str]] = []
        self.reads: list[str] = []

    def sizes(self, oids: Sequence[str]) -> dict[str, int]:
        self.questions.append(list(oids))
        return super().sizes(oids)

    def read(self, oid: str) -> bytes:
        self.reads.append(oid)
        return super().read(oid)


def test_the_first_question_is_for_all_files_that_git_showed_no_lines_of() -> None:
    objects = Counting()
    ids = [objects.put(bytes([number])) for number in range(3)]
    other = objects.put(b"other")
    asked = Asked(
        change(*[changed(f"{oid}.bin", new=oid, binary=True) for oid in ids], changed("a", new=other)), objects
    )

    assert asked.sizes([ids[0]]) == {ids[0]: 1}
    assert asked.sizes([ids[1], ZEROS]) == {ids[1]: 1}
    assert objects.questions == [sorted([ZEROS, *ids])]
    assert asked.sizes([other]) == {other: 5}
    assert asked.sizes([other]) == {other: 5}
    assert len(objects.questions) == 2


def test_small_contents_are_read_once_and_large_ones_are_not_kept() -> None:
    objects = Counting()
    small, large = objects.put(b"x"), objects.put(b"y" * (5 << 20))
    asked = Asked(change(), objects)

    for _ in range(2):
        assert asked.read(small) == b"x"
        assert len(asked.read(large)) == 5 << 20

    assert objects.reads == [small, large, large]


def test_entries_are_those_of_the_tree() -> None:
    objects = Objects()
    oid = objects.put(b"x", "a.py")

    assert Asked(change(), objects).entries("c" * 40, ["a.py", "b.py"]) == {"a.py": ("100644", oid)}
