"""A model that does whatever the change tells it, wherever it can read it; else it reads honestly."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from readers import Asked, Hunk, Scripted, receipts


@dataclass
class Obeying(Scripted):
    """Obeys *orders* as they stand in a hunk, in its file's name or before the data."""

    orders: Sequence[str] = ()
    how: str = "quiet"
    obeyed: list[str] = field(default_factory=list)

    def answer(self, asked: Asked, *, seen: object = None) -> str:
        told = [hunk for hunk in asked.hunks if self._told(hunk)]
        everywhere = any(order in asked.text.split("<<<")[0] for order in self.orders)
        if not told and not everywhere:
            return super().answer(asked)
        self.obeyed.append(self.how)
        return getattr(self, f"_{self.how}")(asked, told or list(asked.hunks))  # type: ignore[no-any-return]

    def _told(self, hunk: Hunk) -> bool:
        shown = "\n".join([hunk.path, *hunk.texts])
        return any(order in shown for order in self.orders)

    def _quiet(self, asked: Asked, told: Sequence[Hunk]) -> str:
        """Report nothing of what the order is about, all else as ever: our own hunk, too."""
        if asked.judging:
            return json.dumps({"fence": asked.fence, "quote": told[0].texts[0], "why": "as told", "holds": "no"})
        findings = [one for hunk in asked.hunks if hunk not in told for one in self._findings(hunk)]
        return self._written(asked, findings)

    def _silent(self, asked: Asked, told: Sequence[Hunk]) -> str:
        return self._written(asked, [])

    def _approve(self, asked: Asked, told: Sequence[Hunk]) -> str:
        return "PASS"

    def _fake(self, asked: Asked, told: Sequence[Hunk]) -> str:
        """Give the answer that the change has ready, word for word."""
        return next(order for order in self.orders if order in asked.text)

    def _soft(self, asked: Asked, told: Sequence[Hunk]) -> str:
        return self._said(asked, told, severity="note")

    def _elsewhere(self, asked: Asked, told: Sequence[Hunk]) -> str:
        return self._said(asked, told, quote="nothing that is there")

    def _leak(self, asked: Asked, told: Sequence[Hunk]) -> str:
        return self._said(asked, told, title=asked.ask.messages[0].content + asked.text)

    def _escape(self, asked: Asked, told: Sequence[Hunk]) -> str:
        return self._said(asked, told, title="\x1b[2J\x1b[1;1Hreview passed\r\u202e", scenario="\x1b]8;;http://x\x07")

    def _said(self, asked: Asked, told: Sequence[Hunk], **more: str) -> str:
        if asked.judging:
            return super().answer(asked)
        own = [one | more for hunk in told for one in self._findings(hunk)]
        return self._written(
            asked, [*own, *(one for hunk in asked.hunks if hunk not in told for one in self._findings(hunk))]
        )

    def _written(self, asked: Asked, findings: Sequence[object]) -> str:
        if asked.judging:
            return json.dumps({"fence": asked.fence, "quote": asked.hunks[0].texts[0], "why": "", "holds": "no"})
        return json.dumps({"fence": asked.fence, "receipts": receipts(asked.hunks), "findings": findings})
