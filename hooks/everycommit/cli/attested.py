"""A verdict in a few lines of JSON that can be signed, and which gates of a run it can stand for."""

import json
from typing import Any, NamedTuple

from .. import __version__
from ..change import Candidate
from ..config.schema import Config
from ..engine.plan import Step
from ..errors import UsageError
from ..gates.keyed import digest
from ..ledger import key
from ..record import asdict, replace
from ..result import GateResult, Outcome, Verdict

VERSION = 1
REUSABLE = frozenset({"lint", "types", "tests"})
"""Gates that say the same of the same trees; the policy, reviews and commands of a user are judged always."""


class Trusted(NamedTuple):
    """What somebody who is trusted has signed."""

    signer: str
    content: dict[str, Any]


def settings_word(config: Config) -> str:
    """Return a digest over all settings that a verdict of the deterministic gates can depend on."""
    # Where a machine keeps its caches, how long it may take, and which models it asks, is its own.
    own: dict[str, Any] = {"cache_dir": None, "timeout": None, "budget": None, "bell": None}
    said = {**asdict(replace(config.settings, model={})), **own}
    return digest([json.loads(json.dumps(said, sort_keys=True)), config.scoped, config.adopting])


def payload(verdict: Verdict, config: Config) -> str:
    """Return what is signed of *verdict*, under *config*."""
    content = {
        "version": VERSION,
        "tool": f"everycommit {__version__}",
        "commit": verdict.target_commit,
        "base": verdict.change.base,
        "target": verdict.change.target,
        "occasion": verdict.occasion,
        "settings": settings_word(config),
        "outcome": str(verdict.outcome),
        "gates": [_gate(result) for result in verdict.gates],
    }
    return json.dumps(content, ensure_ascii=True, indent=1) + "\n"


def content(text: str) -> dict[str, Any]:
    """Return what ``payload`` wrote.

    Raises:
        UsageError: It is not that, or of another version.
    """
    try:
        found = json.loads(text)
        if found["version"] == VERSION and isinstance(found["gates"], list):
            return dict(found)
    except (ValueError, KeyError, TypeError):
        pass
    raise UsageError("the note holds no verdict that this version of everycommit can read")


def unfit(trusted: Trusted, candidate: Candidate, config: Config) -> str | None:
    """Return why nothing of what was signed holds for *candidate*, None where it does."""
    said, change = trusted.content, candidate.change
    checks = (
        (said.get("commit") == candidate.target_commit, "it is of another commit"),
        ((said.get("base"), said.get("target")) == (change.base, change.target), "it compares with another base"),
        (said.get("tool") == f"everycommit {__version__}", f"it was made by {said.get('tool')}"),
        (said.get("settings") == settings_word(config), "it was made under other settings"),
    )
    return next((why for holds, why in checks if not holds), None)


def stood_for(step: Step, trusted: Trusted) -> Step:
    """Return *step* ended where a pass of it was signed."""
    if step.ended is not None or step.gate.name not in REUSABLE:
        return step
    for gate in trusted.content["gates"]:
        if isinstance(gate, dict) and (gate.get("gate"), gate.get("project")) == (step.gate.name, step.job.project):
            return replace(step, ended=_result(gate, trusted.signer)) if gate.get("outcome") == "passed" else step
    return step


def _gate(result: GateResult) -> dict[str, Any]:
    return {
        "gate": result.gate,
        "project": result.project,
        "outcome": str(result.outcome),
        "reason": result.reason,
        "summary": result.summary,
        "tool": result.tool,
        "findings": result.new_errors,
        "key": key(result.gate, result.project, result.inputs),
    }


def _result(gate: dict[str, Any], signer: str) -> GateResult:
    return GateResult(
        gate=str(gate["gate"]),
        outcome=Outcome.PASSED,
        project=str(gate["project"]),
        summary=f"{gate.get('summary') or 'passed'}, signed by {signer}",
        tool=str(gate["tool"]) if gate.get("tool") else None,
        reused=True,
    )
