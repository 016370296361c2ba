"""Set up, list, test, measure and remove the models that review a change.

They are yours, not the repository's: ~/.config/everycommit/settings.toml says where each one listens and where its key
lies. The key itself is read when a model is asked, and is never shown or written.
"""

import argparse
from collections.abc import Iterator

from ..config.load import user_file, user_settings
from ..config.models import ENV
from ..config.own import without_table, write
from ..config.schema import Config
from ..errors import UsageError
from ..model.choice import FINDER, JUDGE, TYPICAL, TYPICAL_SECONDS, Choice, candidates, chosen
from ..model.measured import Measured
from ..model.profile import Profile
from ..model.profiles import profiles
from ..model.servers import SERVERS
from ..repo.cache import cache_folder
from ..report.style import style_for
from .call import Call
from .checkup_models import offered
from .settings import judging

WAYS = f"{' | '.join(one.name for one in SERVERS)} | URL"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parts = parser.add_subparsers(dest="deed", metavar="DEED")
    add = parts.add_parser("add", help="set up a model", allow_abbrev=False)
    add.add_argument("server", metavar="SERVER", help=f"{WAYS}: the base of an API, https://api.example.com/v1")
    add.add_argument("--name", help="what you call it (default: the server's name)")
    add.add_argument("--model", help="the model's name as the server knows it")
    add.add_argument("--transport", choices=("chat", "sdk"), help="sdk: the package openai (default: chat)")
    add.add_argument("--api", choices=("chat", "responses"), help="responses: OpenAI's, with --transport sdk")
    key = add.add_mutually_exclusive_group()
    key.add_argument("--key-env", metavar="NAME", help="the environment variable that holds its key")
    key.add_argument("--key-command", metavar="LINE", help="the command that prints its key; no shell reads it")
    key.add_argument("--keyring", metavar="SERVICE", help="the service under which the system's keyring has its key")
    key.add_argument("--no-key", action="store_true", help="it asks for no key")
    add.add_argument("--strong", action="store_true", help="it judges rather than finds: a large model")
    add.add_argument("--rank", type=_whole, metavar="N", help="the highest that is fast enough is chosen (default: 1)")
    add.add_argument("--context", type=_whole, metavar="TOKENS", help="question and answer (default: measured)")
    add.add_argument("--slots", type=_whole, metavar="N", help="questions at once (default: measured, else 4)")
    add.add_argument("--samples", type=_whole, metavar="N", help="how often the same is asked (default: 3, strong: 1)")
    add.add_argument("--price-in", type=_price, metavar="PRICE", help="of a million tokens of questions")
    add.add_argument("--price-out", type=_price, metavar="PRICE", help="of a million tokens of answers")
    add.add_argument("--yes", action="store_true", help="write without asking")
    parts.add_parser("list", help="show what is set up, and who would find and judge", allow_abbrev=False)
    test = parts.add_parser("test", help="ask one small question", allow_abbrev=False)
    test.add_argument("name", metavar="NAME", help="as `everycommit models list` shows it")
    test.add_argument("--seconds", type=_seconds, default=30.0, help="how long it may take (default: 30)")
    bench = parts.add_parser("bench", help="measure speed, context and slots", allow_abbrev=False)
    bench.add_argument("name", metavar="NAME", help="as `everycommit models list` shows it")
    bench.add_argument("--seconds", type=_seconds, default=90.0, help="how long it may take (default: 90)")
    bench.add_argument("--max-tokens", type=_whole, default=10_000, help="most tokens it may use (default: 10000)")
    bench.add_argument("--yes", action="store_true", help="measure without asking")
    remove = parts.add_parser("remove", help="take a model out of your settings", allow_abbrev=False)
    remove.add_argument("name", metavar="NAME", help="as `everycommit models list` shows it")


def main(args: argparse.Namespace, call: Call) -> int:
    """Do what is asked; return 0, or 2 where it could not be done."""
    if args.deed == "add":
        from .models_add import add

        return add(args, call)
    if args.deed == "remove":
        return _remove(args.name, call)
    if args.deed in {"test", "bench"}:
        from . import models_bench

        return (models_bench.test if args.deed == "test" else models_bench.bench)(args, call)
    return _list(call)


def found(call: Call) -> tuple[Config, tuple[Profile, ...], Measured]:
    """Return the settings that judge here, the models that are set up, and what is known of them."""
    config, _ = judging(call)
    measured = Measured(cache_folder(None, call.environ))
    return config, profiles(config.settings, measured), measured


def named(name: str, call: Call) -> tuple[Profile, Measured]:
    """Return the model that the user calls *name*, and what is known of all.

    Raises:
        UsageError: There is none.
    """
    _, every, measured = found(call)
    for profile in every:
        if profile.name == name:
            return profile, measured
    raise _nobody(name, [profile.name for profile in every])


def roles(config: Config, every: tuple[Profile, ...]) -> dict[str, Choice]:
    """Return who would find and judge a usual question; a role that nobody has is not in it."""
    review = config.settings.review
    if review.egress == "deny":
        return {}
    tokens_in, tokens_out = TYPICAL
    wishes = {FINDER: review.finder, JUDGE: review.judge}
    choices = {
        role: chosen(candidates(every, wish), role, tokens_in=tokens_in, tokens_out=tokens_out, seconds=TYPICAL_SECONDS)
        for role, wish in wishes.items()
    }
    return {role: choice for role, choice in choices.items() if choice}


def key_words(profile: Profile, call: Call) -> tuple[str, bool]:
    """Return where the key comes from and whether it is there, in words, and whether it is missing for sure."""
    kind, name = profile.key.kind, profile.key.name
    if kind == "environment":
        there = bool(call.environ.get(name))
        return f"key in {name}, which is {'set' if there else 'NOT set here'}", not there
    if kind == "command":
        import shlex
        import shutil

        program = shlex.split(name)[0]
        there = shutil.which(program, path=call.environ.get("PATH", "")) is not None
        return f"key from `{program}`, which is {'there' if there else 'NOT on the PATH'}", not there
    return (f"key in the keyring under '{name}'", False) if kind == "keyring" else ("no key", False)


def _list(call: Call) -> int:
    config, every, _ = found(call)
    style = style_for(call.stdout, call.environ)
    lines = [line for profile in every for line in _lines(profile, call)]
    if not every:
        lines = ["No model is set up: the review is static only.", f"Add one: everycommit models add {WAYS}"]
        lines += offered(call)
    else:
        lines += ["", *_roles(config, every)]
    call.stdout.write("".join(f"{style.text(line)}\n" for line in lines))
    return 0


def _lines(profile: Profile, call: Call) -> Iterator[str]:
    strong = ", strong" if profile.strong else ""
    yield f"{profile.name}  {profile.model} at {profile.url} ({profile.transport}{strong})"
    yield f"    {key_words(profile, call)[0]}"
    yield f"    {speed_words(profile)}"
    rung = f"; asked by {profile.rung}" if profile.rung else ""
    samples = profile.samples or (1 if profile.strong else 3)
    yield f"    context {profile.context:,}; {profile.slots} at once; {samples} of each question{rung}"


def speed_words(profile: Profile) -> str:
    """Return how fast it is, in words."""
    if profile.speed is None:
        return f"not measured: everycommit models bench {profile.name}"
    speed = profile.speed
    return (
        f"{speed.first_seconds:.2f} s to the first token, {speed.tokens_in:,.0f} tokens/s in, "
        f"{speed.tokens_out:,.0f} tokens/s out"
    )


def _roles(config: Config, every: tuple[Profile, ...]) -> Iterator[str]:
    review = config.settings.review
    if review.egress == "deny":
        yield f"Nothing is sent to any of them: review.egress is deny ({config.sources['review.egress']})."
        return
    tokens_in, tokens_out = TYPICAL
    choices = roles(config, every)
    yield (f"A question of {tokens_in:,} tokens with an answer of {tokens_out} within {TYPICAL_SECONDS:.0f} s:")
    for role, deed, wish in ((FINDER, "finds ", review.finder), (JUDGE, "judges", review.judge)):
        choice = choices.get(role)
        if choice is None:
            yield f"    {deed}  nobody (review.{role} = false)"
            continue
        speed = "expected" if choice.profile.speed else "guessed, as it was not measured"
        late = "" if choice.fits else "; nobody fits, it is the fastest"
        right = wish in {"auto", choice.profile.name} or choice.profile.name == ENV
        unknown = "" if right else f"; '{wish}' is not set up"
        yield f"    {deed}  {choice.profile.name}  {choice.seconds:.1f} s {speed}{late}{unknown}"


def _remove(name: str, call: Call) -> int:
    own = user_settings(call.environ)
    path = user_file(call.environ)
    if name == ENV:
        raise UsageError("'env' comes from the environment: unset EVERYCOMMIT_MODEL_URL")
    held = _held(own[1]) if own else {}
    if name not in held:
        raise _nobody(name, list(held))
    assert own is not None  # noqa: S101 - it holds the model
    write(path, without_table(own[1], f"model.{name}"))
    url, model = held[name].get("url"), held[name].get("model")
    if isinstance(url, str) and isinstance(model, str):
        Measured(cache_folder(None, call.environ)).forget(url, model)
    call.stdout.write(f"Removed '{name}' from {own[0]}.\n")
    return 0


def _held(content: bytes) -> dict[str, dict[str, object]]:
    """Return the models of a settings file as it writes them, right or wrong."""
    from ..config.own import tables

    return tables(content, "model")


def _nobody(name: str, names: list[str]) -> UsageError:
    from ..config.values import nearest

    near = nearest(name, names)
    way = near or (f"; there are {', '.join(names)}" if names else "; `everycommit models add` sets one up")
    return UsageError(f"'{name}': no such model{way}")


def _whole(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number of 1 or more")
    return int(text)


def _price(text: str) -> float:
    import math

    try:
        price = float(text)
    except ValueError:
        price = -1.0
    if not 0 <= price < math.inf:
        raise argparse.ArgumentTypeError(f"'{text}' is not a price: a number of 0 or more")
    return price


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 3600:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of seconds above 0 and at most 3600")
    return seconds
