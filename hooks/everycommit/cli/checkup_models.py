"""What `doctor` and `init` say of the models: who finds and who judges, are their keys there, what could be added."""

from collections.abc import Iterator

from ..config.schema import Config
from ..errors import EverycommitError
from ..model.choice import FINDER, JUDGE
from ..model.servers import offers
from .call import Call
from .checkup import BAD, GOOD, NOTE, Line

ADD = "everycommit models add cerebras | openai | ollama | URL"


def models(call: Call) -> Iterator[Line]:
    """Yield who reviews; what is wrong with the settings was said before."""
    from .models import found, key_words, roles

    try:
        config, every, _ = found(call)
    except EverycommitError:
        return
    if config.settings.review.egress == "deny":
        yield Line(GOOD, f"review: static only, nothing is sent to a model (review.egress, {_denier(config)})")
        return
    choices = roles(config, every)
    if not choices:
        why = "" if every else f" Add one: {ADD}"
        yield Line(NOTE if not every else GOOD, f"no model: the review is static only.{why}")
        if not every:
            yield from (Line(NOTE, line) for line in offered(call))
        return
    deeds = {FINDER: "finds", JUDGE: "judges"}
    words = [f"{choice.profile.name} {deeds[role]}" for role, choice in choices.items()]
    yield Line(GOOD, f"models: {', '.join(words)}")
    for profile in {choice.profile.name: choice.profile for choice in choices.values()}.values():
        text, missing = key_words(profile, call)
        if missing:
            yield Line(BAD, f"model {profile.name}: {text}")
        if profile.speed is None:
            yield Line(NOTE, f"model {profile.name} was not measured: everycommit models bench {profile.name}")


def offered(call: Call) -> Iterator[str]:
    """Yield a line for each model that could be added here; none is asked before that."""
    yield from (f"{offer.because}: {offer.command}" for offer in offers(call.environ))


def _denier(config: Config) -> str:
    return config.sources.get("review.egress", "default")
