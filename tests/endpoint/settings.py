"""How a simulated endpoint behaves."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Settings:
    """Everything that can be set; the defaults are a fast server that knows everything."""

    host: str = "127.0.0.1"
    port: int = 0
    """0: any free one; the first line of the output tells it."""
    models: tuple[str, ...] = ("simulated",)
    """Names that ``/v1/models`` lists; any name is answered, and ``fault:NAME`` brings that fault."""
    rule: str = ""
    """``module:function`` that makes answers: gets the parsed body of a request, returns a text or an ``Answer``."""
    script: str = ""
    """A JSON file with a list of answers, given in turn; the last one again and again."""
    records: str = ""
    """A folder that gets each request; empty: nothing is recorded."""
    first_seconds: float = 0.0
    """From having a slot to the first token, the reading of the question left out."""
    tokens_in: float = 0.0
    """Tokens of a question that are read a second; 0: at once."""
    tokens_out: float = 0.0
    """Tokens of an answer that are written a second; 0: at once."""
    slots: int = 8
    """Questions that are answered at once; the others wait in line."""
    context: int = 131072
    """Tokens of question and answer together; more is refused with 400."""
    cuts_at: int = 0
    """Tokens of a question that are read, the rest silently dropped, as Ollama does; 0: all."""
    rejects: dict[str, int] = field(default_factory=dict)
    """Names of parameters, or of ``strict json_schema schema json_object stream``, that are refused with that status
    and named in the error."""
    words: dict[str, str] = field(default_factory=dict)
    """What is said with the refusal of a name in ``rejects``, where the usual words will not do."""
    key: str = ""
    """A key that is asked for; empty: none."""
    elsewhere: str = "http://127.0.0.2:9/v1/chat/completions"
    """Where the fault ``redirect`` leads."""
    tls_cert: str = ""
    """PEM files; with them it speaks TLS."""
    tls_key: str = ""
