"""After an edit: what ruff and the policy say of the files that were just edited."""

import os
from pathlib import Path

from ..agent.event import After
from ..agent.feedback import of_file
from ..errors import UsageError
from ..repo.repository import discover
from .call import Call
from .ending import parent_gone, signals
from .judge import Wish
from .place import isolated
from .working import REPEAT, candidate, judged_in

GATES = ("policy", "lint")


def of_edit(event: After, call: Call) -> str:
    """Return what the agent should know of its edit; empty where all is well."""
    try:
        repository = discover(call.cwd, call.environ)
    except UsageError:
        return ""
    paths = set()
    for name in event.paths:
        full = Path(os.path.realpath(Path(os.path.realpath(call.cwd)) / name))
        if full.is_relative_to(repository.top):
            paths.add(full.relative_to(repository.top).as_posix())
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
