"""What an earlier run took, read from its machine format: the same file makes the same split on every machine."""

import hashlib
import json
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..shards import Durations


def durations(name: str, cwd: Path) -> Durations:
    """Return the seconds of gates and tests in the file *name*, a result of ``run --shard`` or ``run --join``.

    Raises:
        UsageError: There is no such file, or it is none.
    """
    try:
        found = json.loads((cwd / name).read_bytes())
        gates = [gate for verdict in found["verdicts"] for gate in verdict["gates"]]
        took: dict[str, int] = {}
        for gate in gates:
            took[gate["gate"]] = max(took.get(gate["gate"], 0), _milliseconds(gate["seconds"]))
        tests = {
            str(test): _milliseconds(seconds)
            for gate in gates
            for test, seconds in ((gate.get("part") or {}).get("seconds") or {}).items()
        }
    except OSError as error:
        raise UsageError(f"--durations '{name}': cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UsageError(
            f"--durations '{name}': not a result of `everycommit run --join` or `--shard` with --format json"
        ) from None
    words = json.dumps([sorted(took.items()), sorted(tests.items())], ensure_ascii=True)
    return Durations(took, tests, hashlib.sha256(words.encode()).hexdigest())


def _milliseconds(seconds: Any) -> int:
    if type(seconds) not in (int, float) or not 0 <= seconds < 1e6:
        raise ValueError("not a number of seconds")
    return round(float(seconds) * 1000)
