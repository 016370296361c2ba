"""A key changes with each thing that a verdict depends on, and with nothing else."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledgers import DEPENDENCIES, World, wrong

STATES = st.fixed_dictionaries({name: st.sampled_from(values) for name, (values, _) in DEPENDENCIES.items()})


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("world"))


@pytest.mark.parametrize("name", DEPENDENCIES)
def test_each_dependency_alone_changes_the_keys_of_its_gates_only(world: World, name: str) -> None:
    state = {one: values[0] for one, (values, _) in DEPENDENCIES.items()}

    assert [text for value in DEPENDENCIES[name][0][1:] for text in wrong(world, state, name, value)] == []


@settings(max_examples=300, deadline=None)
@given(st.data(), STATES)
def test_no_random_change_of_one_dependency_is_a_false_hit(world: World, data: st.DataObject, state: Any) -> None:
    name = data.draw(st.sampled_from(sorted(DEPENDENCIES)))
    value = data.draw(st.sampled_from(DEPENDENCIES[name][0]).filter(lambda value: value != state[name]))

    assert list(wrong(world, state, name, value)) == []
