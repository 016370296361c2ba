"""A model that the user set up: where it listens, what it is good for, how fast it was when it was measured."""

from ..record import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """Where a key comes from; the key itself is read by the worker alone, and never held here."""

    kind: str
    """``none``, ``environment``, ``command`` or ``keyring``."""
    name: str = ""
    """The variable, the command line (split as a shell would, run without one), or the keyring's service, whose user
    is ``everycommit``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """What was measured, and corrected by every call since."""

    first_seconds: float
    """From the question to the first token of its answer, the reading of the question left out."""
    tokens_in: float
    """Tokens of a question that are read a second."""
    tokens_out: float
    """Tokens of an answer that are written a second."""

    def seconds(self, *, tokens_in: int, tokens_out: int) -> float:
        """Return how long an answer of *tokens_out* to a question of *tokens_in* is expected to take."""
        return self.first_seconds + tokens_in / self.tokens_in + tokens_out / self.tokens_out


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One model at one endpoint."""

    name: str
    url: str
    """The API's base, ``https://api.example.com/v1``."""
    model: str
    transport: str = "chat"
    """``chat`` (our own, light) or ``sdk`` (the package openai)."""
    api: str = "chat"
    """``chat`` (chat completions) or, by ``sdk`` alone, ``responses``."""
    key: Key = Key(kind="none")
    strong: bool = False
    """Whether it judges rather than finds; large models do."""
    rank: int = 0
    """Among several the one with the highest rank that is fast enough is chosen."""
    context: int = 8192
    """Tokens of question and answer together."""
    slots: int = 4
    """Questions that it answers at once."""
    samples: int | None = None
    """How often the same is asked; None: 1 of a strong one, 3 of any other."""
    rung: str | None = None
    """The surest of ``client.RUNGS`` that the server knows; None where nobody tried."""
    speed: Speed | None = None
    price_in: float | None = None
    """Price of a million tokens of questions, in the user's currency."""
    price_out: float | None = None
    """The same of its answers."""
    role: str = ""
    """What it was chosen for in this run, ``finder`` or ``judge``; empty where nobody chose."""
