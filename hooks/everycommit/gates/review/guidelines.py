"""What the project says of right and wrong, as it stood before the change, and what the task is for."""

from collections.abc import Sequence

from ...change import Blobs, Change
from ...config.parse import REPOSITORY
from ...config.schema import Config
from .egress import safe
from .prompt import Brief

FILES = ("REVIEW.md", "AGENTS.md")
MOST = 6000
"""Characters of a file that are sent: readers get worse with more."""


def briefed(change: Change, blobs: Blobs, config: Config, project: str = ".") -> tuple[Brief, tuple[str, ...]]:
    """Return what goes into every question beside the hunks, and what there is to say of it.

    Of a change that has no older tree, or that brings our settings, nothing of its own counts: nobody writes the rules
    by which he is judged.
    """
    parts: list[str] = []
    notes: list[str] = []
    if change.parents:
        folders = ["", *([f"{project}/"] if project != "." else [])]
        names = [f"{folder}{name}" for folder in folders for name in FILES]
        for name, (mode, oid) in sorted(blobs.entries(change.parents[0], names).items()):
            if mode.startswith("100"):
                text = blobs.read(oid).decode("utf-8", "replace").strip()
                parts += [f"{name}:\n{_cut(text)}"] if text else []
                notes += [f"of {name} the first {MOST:,} characters are sent"] if len(text) > MOST else []
    rules = _rules(change, config)
    parts += ["Settings:\n" + "\n".join(f"- {rule}" for rule in rules)] if rules else []
    return Brief(guidelines=safe("\n\n".join(parts)), goal=safe(config.goal)), tuple(notes)


def _rules(change: Change, config: Config) -> Sequence[str]:
    own = REPOSITORY in config.sources.get("review.rules", "") and (config.adopting or not change.parents)
    return () if own else config.settings.review.rules


def _cut(text: str) -> str:
    return text if len(text) <= MOST else text[:MOST].rpartition("\n")[0]
