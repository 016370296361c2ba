"""After an edit: what ruff and the policy say of the files that were just edited."""

import os
from pathlib import Path

from ..agent.event import After
from ..agent.feedback import of_file
from .call import Call
from .ending import parent_gone, signals
from .judge import Wish
from .place import isolated, nearby
from .working import REPEAT, candidate, judged_in

GATES = ("policy", "lint")


def of_edit(event: After, call: Call) -> str:
    """Return what the agent should know of its edit; empty where all is well."""
    repository = nearby(call)
    if repository is None:
        return ""
    found_in = (repository.inside(Path(os.path.realpath(call.cwd / name))) for name in event.paths)
    paths = {path for path in found_in if path is not None}
    if not paths:
        return ""
    with isolated(repository, call) as here:
        found = candidate(here, paths)
        if found.change.empty:
            return ""
        with signals():
            verdict = judged_in(here, found, call, Wish(gates=GATES), gone=parent_gone(None))
    findings = [one for gate in verdict.gates for one in gate.findings if one.blocking]
    return of_file(findings, REPEAT) if findings else ""
