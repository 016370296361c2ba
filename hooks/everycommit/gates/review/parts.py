"""What passes through a review: Piece -> Question -> Reply -> Answer -> Said, clustered -> Finding."""

from collections.abc import Mapping

from ...model.client import Ask
from ...record import dataclass, field

CATEGORIES = (
    "logic",
    "boundary",
    "null",
    "exception",
    "resource",
    "concurrency",
    "security",
    "data-loss",
    "api",
    "performance",
    "test",
    "other",
)
SEVERITIES = ("error", "warning", "note")
CLAIMS = ("undefined_name", "missing_import", "wrong_arity", "unreachable", "none_deref", "unused", "other")
"""What a finding says that a program can check; ``other`` cannot be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line as a model sees it."""

    kind: str
    """``" "`` context, ``"+"`` added, ``"-"`` removed."""
    number: int | None
    """On the new side, from 1; None for a removed line."""
    text: str
    old: int | None = None
    """On the old side, of a removed line; never shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One hunk to be read: the smallest thing that is seen or not seen."""

    id: str
    """Short and unique in a run, ``h7``."""
    path: str
    hunk: int = 0
    """Which hunk of the change it is, or is a part of: a long one is read in several pieces."""
    rows: tuple[Row, ...]
    around: tuple[Row, ...] = ()
    """The rest of the enclosing function, as far as it is worth its tokens."""
    section: str = ""
    """The enclosing function or class, by name."""
    risk: int = 0
    """The riskiest are asked first."""
    digest: str = ""
    """Of path, rows and what stands around: equal pieces are not asked again."""
    canary: bool = False
    """Whether it is one of ours, with a defect that a reader must report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One request: some pieces, in the order in which they are shown."""

    ask: Ask
    pieces: tuple[Piece, ...]
    fence: str
    """128 random bits in hex, which the answer has to give back."""
    sample: int
    stripped: bool = False
    """Whether comments, docstrings and texts were made neutral in this view."""
    tokens: int = 0
    """Estimated tokens of the question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One finding of one sample, found again in the code."""

    piece: str
    path: str
    line: int | None
    """From 1, on the new side; None where the quote is nowhere: ``unanchored``."""
    quote: str
    category: str
    severity: str
    title: str
    scenario: str
    """The input or state that goes wrong."""
    claim: str
    symbol: str
    sample: int
    stripped: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one question brought."""

    sample: int
    stripped: bool = False
    """As of the question."""
    seen: frozenset[str] = frozenset()
    """Pieces with a receipt that holds."""
    unseen: Mapping[str, str] = field(default_factory=dict)
    """``{piece: why}`` for all others of the question: content or endpoint, in words."""
    said: tuple[Said, ...] = ()
    endpoint: bool = False
    """Whether it was the endpoint that failed rather than the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Voted:
    """One finding of the review: what several samples said of one thing."""

    piece: str
    path: str
    line: int | None
    """As in ``Said``: where most of them found it."""
    quote: str
    category: str
    severity: str
    """The one in the middle; of two the lower one."""
    title: str
    scenario: str
    claim: str
    symbol: str
    votes: int
    """Samples that say it, of those that saw the piece."""
    samples: int
    """Samples that saw the piece."""
    only_stripped: bool = False
    """Whether nobody says it who read the comments and texts beside the code: they changed the reader's mind."""
    demoted: str = ""
    """Why the judge took it down, in its words."""
    aside: bool = False
    """Whether it is new in lines that were read before and did not change: it is listed, and not shown."""
