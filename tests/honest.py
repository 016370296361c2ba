"""A rule for the simulated endpoint: it reads every hunk, reports what is planted below ``real/`` and every other hunk.

No canary ever lies in a folder of that name.
"""

from collections.abc import Mapping
from typing import Any

from everycommit.model.client import Ask, Message
from readers import Hunk, Scripted, taken_apart

DEFECTS: Mapping[str, Mapping[str, str]] = {"len(icons) - 1": {}}


class _Honest(Scripted):
    def ours(self, hunk: Hunk) -> bool:
        return not hunk.path.startswith("real/")


def answer(body: Mapping[str, Any]) -> str:
    """Return the answer to a request's *body*."""
    messages = tuple(Message(one["role"], one["content"]) for one in body["messages"])
    shape = {"holds": "holds" in str(body.get("response_format", ""))}
    asked = taken_apart(Ask(messages=messages, max_tokens=1, shape=shape if shape["holds"] else {}))
    return _Honest(defects=DEFECTS).answer(asked)
