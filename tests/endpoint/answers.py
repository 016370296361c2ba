"""What is answered: by a rule, by a script, or the smallest thing that fits the schema."""

import importlib
import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from endpoint.settings import Settings

Body = Mapping[str, Any]


@dataclass(frozen=True)
class Answer:
    """One answer."""

    text: str = ""
    finish: str = "stop"
    refusal: str | None = None
    fault: str = ""
    """One of ``endpoint.faults.FAULTS`` that happens to this answer."""
    prompt_tokens: int | None = None
    """None: as many as the question has."""


Rule = Callable[[Body], "Answer | str"]


_LONG = 1_000_000


def tokens(text: str) -> list[str]:
    """Return *text* in pieces of about the size of a model's tokens; of a flood, in larger ones."""
    if len(text) > _LONG:
        return [text[place : place + 4000] for place in range(0, len(text), 4000)]
    return re.findall(r"\s?[^\W_]{1,6}|\s+|.", text, re.DOTALL)


def prompt(body: Body) -> str:
    """Return all text of a question."""
    parts = [body.get("instructions"), *(message.get("content") for message in messages(body))]
    return "\n".join(part if isinstance(part, str) else json.dumps(part) for part in parts if part)


def messages(body: Body) -> list[dict[str, Any]]:
    found = body.get("messages", body.get("input", []))
    return [{"role": "user", "content": found}] if isinstance(found, str) else [m for m in found if isinstance(m, dict)]


def shape(body: Body) -> Any:
    """Return the JSON schema that a question asks for; None where it asks for none."""
    wanted = body.get("response_format") or (body.get("text") or {}).get("format") or {}
    return wanted.get("schema") or (wanted.get("json_schema") or {}).get("schema")


def smallest(schema: Any) -> Any:
    """Return the smallest value that fits *schema*, of the portable subset."""
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return smallest(schema["anyOf"][-1])
    kind = schema.get("type", "object")
    kind = kind[-1] if isinstance(kind, list) else kind
    if kind == "object":
        return {name: smallest(inner) for name, inner in schema.get("properties", {}).items()}
    return {"array": [], "string": "", "integer": 0, "number": 0, "boolean": False, "null": None}[kind]


def plain(body: Body) -> Answer:
    """Answer with the smallest thing that fits the schema, or with a word where any text will do."""
    schema = shape(body)
    return Answer("ok" if schema is None else json.dumps(smallest(schema)))


class Script:
    """Answers in turn; the last one again and again."""

    def __init__(self, answers: list[Any]) -> None:
        self._answers = [Answer(**one) if isinstance(one, dict) else Answer(one) for one in answers]
        self._lock = threading.Lock()

    def __call__(self, body: Body) -> Answer:
        with self._lock:
            return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


class Answers:
    """Makes the answer to a request."""

    def __init__(self, settings: Settings) -> None:
        self._rule: Rule = plain
        if settings.script:
            self._rule = Script(json.loads(Path(settings.script).read_text()))
        elif settings.rule:
            module, _, name = settings.rule.partition(":")
            self._rule = getattr(importlib.import_module(module), name)
        self._lock = threading.Lock()
        self._counts: dict[str, int] = {}

    def answer(self, body: Body) -> Answer:
        """Return the answer.

        The model ``fault:NAME`` brings a fault to it, ``fault:NAME*2`` to the first two questions only.
        """
        made = self._rule(body)
        made = Answer(made) if isinstance(made, str) else made
        model = str(body.get("model", ""))
        if not model.startswith("fault:"):
            return made
        fault, _, times = model.removeprefix("fault:").partition("*")
        with self._lock:
            self._counts[model] = self._counts.get(model, 0) + 1
            over = times and self._counts[model] > int(times)
        return made if over else replace(made, fault=fault)
