"""Real agents on a scripted model: our hooks fire, and the agent obeys. Skipped where they are not installed."""

from pathlib import Path

import pytest

from real_agents import REAL, session


@pytest.mark.slow
@pytest.mark.parametrize("name", REAL)
def test_a_real_agent_is_held(name: str, tmp_path: Path) -> None:
    if not REAL[name].program.exists():
        pytest.skip(f"{REAL[name].package} is not installed here; `python bench/agents.py --install` gets it from npm")

    found = session(name, tmp_path)

    obeyed = found.obeyed()
    assert all(obeyed.values()), (obeyed, found.done.stdout[-2000:], found.done.stderr[-2000:], found.heard[-4000:])
