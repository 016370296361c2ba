"""Which gates there are."""

import subprocess
import sys

import pytest

from everycommit.config.schema import CommandSettings, Settings
from everycommit.gates.catalog import gates


def test_gates_come_in_order_and_commands_of_the_user_behind_them() -> None:
    listed = gates(Settings(command={"docs": CommandSettings(run=("true",)), "assets": CommandSettings(run=("true",))}))

    assert list(listed) == ["policy", "lint", "types", "tests", "review", "docs", "assets"]
    assert [gate.name for gate in listed.values()] == list(listed)
    assert len(listed) == 7


def test_a_gate_that_is_not_there_is_not_there() -> None:
    assert "nosuch" not in gates(Settings())
    with pytest.raises(KeyError):
        gates(Settings())["nosuch"]


def test_asking_for_one_gate_imports_no_other() -> None:
    code = """
import sys
from everycommit.config.schema import Settings
from everycommit.gates.catalog import gates
gates(Settings())["policy"]
print(*sorted(name for name in sys.modules if name.startswith("everycommit.gates.")))
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()

    assert not {f"everycommit.gates.{name}" for name in ("lint", "typecheck", "tests", "command", "ruff")} & set(said)
    assert "everycommit.gates.policy" in said
