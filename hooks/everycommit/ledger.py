"""What was judged before: the key of a verdict, and where verdicts are kept."""

import hashlib
import json
from collections.abc import Mapping
from typing import Protocol

from .result import GateResult

KEY_VERSION = 1


def key(gate: str, project: str, inputs: Mapping[str, str]) -> str:
    """Return the SHA-256 (hex) over all that a verdict depends on.

    *inputs* are the gate's own (``Gate.inputs``): a part left out there is a false hit here.
    """
    parts = json.dumps([KEY_VERSION, gate, project, sorted(inputs.items())], ensure_ascii=True)
    return hashlib.sha256(parts.encode()).hexdigest()


class Ledger(Protocol):
    """Verdicts by key. Any doubt is a miss; a doubt is never kept."""

    def get(self, key: str) -> GateResult | None: ...

    def put(self, key: str, result: GateResult) -> None: ...


class Forgetful:
    """Keeps nothing: every change is judged anew."""

    def get(self, key: str) -> GateResult | None:  # noqa: ARG002
        return None

    def put(self, key: str, result: GateResult) -> None:
        """Forget it."""
