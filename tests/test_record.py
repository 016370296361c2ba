"""Our frozen dataclasses do what the standard library's do."""

import copy
import dataclasses
import pickle

import pytest

from everycommit.record import MISSING, asdict, dataclass, field, fields, is_dataclass, replace


@dataclass(frozen=True, slots=True)
class Point:
    """A place."""

    x: int
    y: int = 2
    seen: list[int] = field(default_factory=list, compare=False, repr=False)

    @property
    def sum(self) -> int:
        return self.x + self.y


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    ends: tuple[Point, ...] = ()
    name: str = field(default="", metadata={"help": "its name"})


def test_an_instance_is_made_read_compared_and_shown() -> None:
    point = Point(1, seen=[3])

    assert (point.x, point.y, point.sum, point.seen) == (1, 2, 3, [3])
    assert point == Point(1, 2)
    assert point != Point(2)
    assert point != object()
    assert hash(point) == hash(Point(1, 2))
    assert repr(point) == "Point(x=1, y=2)"
    assert Point.__doc__ == "A place."


def test_a_factory_makes_a_value_for_each() -> None:
    assert Point(1).seen is not Point(1).seen


def test_wrong_calls_are_type_errors_that_name_the_class() -> None:
    with pytest.raises(TypeError, match=r"Point\.__init__"):
        Point()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="unexpected keyword"):
        Point(1, z=2)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="positional"):
        Line((), "")  # type: ignore[call-arg]


def test_it_is_frozen_and_has_no_room_for_more() -> None:
    point = Point(1)

    with pytest.raises(dataclasses.FrozenInstanceError):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        del point.x
    assert not hasattr(point, "__dict__")


def test_replace_ours_and_the_standard_librarys() -> None:
    assert replace(Point(1), y=5) == Point(1, 5) == dataclasses.replace(Point(1), y=5)


def test_the_standard_library_knows_our_classes() -> None:
    line = Line(ends=(Point(1),), name="a")

    assert dataclasses.is_dataclass(Line)
    assert is_dataclass(Line)
    assert not is_dataclass(3)
    assert dataclasses.asdict(line) == asdict(line) == {"ends": ({"x": 1, "y": 2, "seen": []},), "name": "a"}
    assert [one.name for one in dataclasses.fields(Line)] == [one.name for one in fields(line)] == ["ends", "name"]
    assert [one.default for one in fields(Point)][1:] == [2, MISSING]
    assert fields(Line)[1].metadata == dataclasses.fields(Line)[1].metadata == {"help": "its name"}


def test_it_can_be_matched_copied_and_pickled() -> None:
    match Point(1, 7):
        case Point(x, y):
            assert (x, y) == (1, 7)
    assert copy.copy(Point(1)) == pickle.loads(pickle.dumps(Point(1))) == Point(1)


def test_other_forms_are_refused() -> None:
    with pytest.raises(TypeError, match="frozen"):
        dataclass(frozen=False, slots=True)
