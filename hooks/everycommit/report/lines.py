"""``--format json-lines``: one JSON object a line, of the machine format's keys: verdicts, gates, findings."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from ..result import Verdict
from . import machine


def render(verdicts: Sequence[Verdict], *, exit: int) -> str:  # noqa: A002
    """Return a line for each verdict, each of its gates and each of their findings, then one with the exit code.

    ``type`` tells which; ``verdict`` and ``gate`` say what it belongs to.
    """
    return "".join(json.dumps(one, ensure_ascii=True, allow_nan=False) + "\n" for one in _objects(verdicts, exit))


def _objects(verdicts: Sequence[Verdict], code: int) -> Iterator[dict[str, Any]]:
    whole = machine.whole(verdicts, exit=code)
    for number, verdict in enumerate(whole.pop("verdicts")):
        gates = verdict.pop("gates")
        yield {"type": "verdict", "verdict": number, **verdict}
        for gate in gates:
            findings = gate.pop("findings")
            yield {"type": "gate", "verdict": number, **gate}
            for finding in findings:
                yield {"type": "finding", "verdict": number, "gate": gate["gate"], **finding}
    yield {"type": "end", **whole}
