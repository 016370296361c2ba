"""The skill that tells an agent how to work under everycommit, and where each client looks for it.

Source: https://agentskills.io/specification, "SKILL.md format": name and description, their characters and lengths.
"""

import re

from .. import __version__
from ..digest import sha256

NAME = "everycommit"
FOLDERS = {
    "agents": ".agents/skills",
    "claude": ".claude/skills",
    "codex": ".agents/skills",
    "copilot": ".github/skills",
    "cursor": ".cursor/skills",
    "gemini": ".gemini/skills",
}
"""By client; ``agents``: the folder that several of them share."""
DESCRIPTION = (
    "How to work in a repository that everycommit guards, where every commit, push and agent step is judged (policy on "
    "the diff, ruff, mypy, affected tests, review). Use it before you commit, when a commit or an edit was refused, "
    "when everycommit prints findings, or when pyproject.toml has a table tool.everycommit."
)
_BODY = """\
# Working under everycommit

everycommit judges every change before it lands, over exactly the tree that would be committed. What it refuses does
not land: not at the commit, not at the push, not in CI. So find out early and mend small.

## The loop

1. Read the limits first: `everycommit scope show` says what this task may touch, `everycommit settings policy` how
   large a change may be. Stay inside; what is out of scope is refused however good it is.
2. Take one small step that leaves the code whole, with its tests.
3. `everycommit run --worktree --format concise` judges all of the working tree against HEAD, untracked files too.
   What was judged before is known at once, so run it after each step.
4. Mend what it finds, the first finding first: a syntax error hides others. Then go back to 3.
5. Stage exactly what belongs together and commit. The hook judges what is staged; it is known where nothing changed.

## Reading a verdict

- A line is `path:line: severity  rule  message`. Errors refuse, warnings do not. Only what this change brings counts:
  older findings are not shown and not yours.
- `everycommit explain RULE` says what a rule of the policy or the review finds, why, and what to do.
- `NOT VERIFIED` is no pass: something could not be judged, and the reason says how to make it so.
- Exit codes: 0 verified, 1 refused for findings, 2 could not be verified or wrong use, 3 a bug of everycommit.
- `repair: COMMAND` lines can be run as they are.

## What to leave alone

- Hooks are not skipped: no `--no-verify`, no `-n`, no `SKIP=`, no `core.hooksPath`. The push and CI judge the same
  commits.
- Tests are not weakened to pass: no skips, no deleted asserts, no widened tolerances. Mend the code, or say that the
  test is wrong and why.
- `[tool.everycommit]`, `.everycommit/`, `everycommit accept`, `scope`, `trust` and `uninstall` are for the person.
  Where a finding is right and the code should stay, say so and ask; `everycommit accept FINGERPRINT --reason "..."`
  is theirs to run.
- A change that is too large is split, not squeezed: commit a first part that stands by itself.

## When it does not end

Where the same finding comes back twice, stop and say what you tried. `everycommit doctor` says what is missing on
this machine, `everycommit status` what still runs in the background, `everycommit run --explain` what ran, where and
why.
"""
_HEAD = re.compile(r'\A---\n(?:.*\n)*?  digest: "([0-9a-f]{16})"\n---\n\n')


def text() -> str:
    """Return the skill, with a digest of its body, by which an edited one can be told."""
    head = [
        "---",
        f"name: {NAME}",
        f"description: {DESCRIPTION}",
        "license: MIT",
        "compatibility: Needs everycommit and git on the PATH.",
        "metadata:",
        f'  version: "{__version__}"',
        f'  digest: "{_digest(_BODY)}"',
        "---",
    ]
    return "\n".join(head) + "\n\n" + _BODY


def is_ours(found: str) -> bool:
    """Tell whether *found* is a skill as some version of everycommit wrote it, and nobody has edited it since."""
    head = _HEAD.match(found)
    return head is not None and _digest(found[head.end() :]) == head[1]


def _digest(body: str) -> str:
    return sha256(body.encode()).hexdigest()[:16]
