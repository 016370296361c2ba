"""Where models listen is said by the user and the environment, never by a repository."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from everycommit.config import parse
from everycommit.config.load import load
from everycommit.config.models import KEY, loopback, wrong_url
from everycommit.config.schema import Config, ModelSettings
from everycommit.errors import SettingsErrors
from everycommit.model.servers import SERVERS

URL = "https://api.example.com/v1"
FAST = f'[model.fast]\nurl = "{URL}"\nmodel = "m"\n'


def loaded(
    own: str = "", *, base: str | None = None, target: str | None = None, environ: dict[str, str] | None = None
) -> Config:
    """The settings that judge where the user's file says *own*."""
    files = [None if text is None else text.encode() for text in (base, target)]
    return load(
        base=files[0],
        target=files[1],
        user=("~/s.toml", own.encode()) if own else None,
        environ=environ or {},
        flags={},
    )


def mistakes(*argv: Any, **more: Any) -> tuple[str, ...]:
    with pytest.raises(SettingsErrors) as caught:
        loaded(*argv, **more)
    return caught.value.lines


def test_a_model_of_the_users_is_read_whole() -> None:
    text = FAST + (
        'key_command = ["pass", "show", "x"]\ntransport = "sdk"\nstrong = true\nrank = 3\ncontext = 32768\nslots = 8\n'
        "samples = 2\nprice_in = 1\nprice_out = 2.5\n"
    )

    config = loaded(text)

    assert config.settings.model["fast"] == ModelSettings(
        url=URL,
        model="m",
        transport="sdk",
        key_command=("pass", "show", "x"),
        strong=True,
        rank=3,
        context=32768,
        slots=8,
        samples=2,
        price_in=1.0,
        price_out=2.5,
    )
    assert config.sources["model.fast.url"] == "user settings ~/s.toml"


def test_models_keep_the_order_of_the_file() -> None:
    assert list(loaded(FAST.replace("fast", "zeta") + FAST).settings.model) == ["zeta", "fast"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "[model.fast]\nmodel = 'm'",
            "[model.fast].url: missing; write the base of its API, https://api.example.com/v1",
        ),
        (f"[model.fast]\nurl = '{URL}'", "[model.fast].model: missing; write the model's name as the server knows it"),
        (
            FAST + "key_env = 'K'\nkeyring = 's'",
            "[model.fast].keyring: a key has one place, and key_env",
        ),
        (FAST + "slots = 0", "[model.fast].slots: 0 is none; write 1 or more, or false"),
        (FAST + "rank = 0", "[model.fast].rank: 0 is not a whole number of 1 or more"),
        (FAST + "price_in = nan", "[model.fast].price_in: nan is not a number of 0 or more, or false for none"),
        (
            FAST + "key_command = 'pass show'",
            '[model.fast].key_command: "pass show" is not a list; write ["pass show"]',
        ),
        (FAST + "key_command = ['']", '[model.fast].key_command: [""] names no program; write it and its arguments'),
        (FAST + "api_key = 'x'", "[model.fast].api_key: no such setting"),
        (FAST.replace("fast", "Fast"), "[model].Fast: a model's name here is made of a-z, 0-9 and -"),
        (FAST.replace("fast", "env"), "[model].env: this name has a meaning of its own; choose another one"),
        ("[model]\nfast = 1", "[model].fast: 1 is not a table"),
        ("model = 1", "model: 1 is not a table"),
        ("[modell.fast]\nurl = 'x'", "modell: no such setting; did you mean 'model'?"),
        (
            "[review]\negress = 'denied'",
            "[review].egress: \"denied\" is not one of 'allow', 'deny'",
        ),
    ],
)
def test_each_mistake_is_a_line_and_leaves_no_half_a_model(text: str, line: str) -> None:
    found = parse.user("s.toml", text.encode())

    assert found.mistakes[0].removeprefix("s.toml ").removeprefix("s.toml: ").startswith(line)
    assert not any(key.startswith("model.fast.") for key in found.values)


@pytest.mark.parametrize(
    ("url", "right"),
    [
        ("https://api.example.com/v1", True),
        ("http://localhost:8080/v1", True),
        ("http://127.0.0.2:1/v1", True),
        ("http://[::1]:1/v1", True),
        ("http://api.example.com/v1", False),
        ("http://127.0.0.1.example.com/v1", False),
        ("http://0.0.0.0:80/v1", False),
        ("https://me:secret@api.example.com/v1", False),
        ("https://secret@api.example.com/v1", False),
        ("https://api.example.com/v1?key=secret", False),
        ("https://api.example.com:port/v1", False),
        ("https://[::1", False),
        ("ftp://api.example.com", False),
        ("api.example.com", False),
        ("https://", False),
        ("https://a b/v1", False),
    ],
)
def test_an_address_is_https_or_this_machine_and_holds_no_key(url: str, *, right: bool) -> None:
    said = wrong_url(url)

    assert (said is None) is right
    assert "me:secret" not in (said or "")
    assert "//secret" not in (said or "")


def test_this_machine_is_told_without_asking_anybody() -> None:
    assert loopback("localhost")
    assert not loopback("localhost.example.com")


def test_a_repository_may_name_a_model_and_nothing_else() -> None:
    naming = '[tool.everycommit.review]\nfinder = "fast"\n'
    telling = f'[tool.everycommit.model.fast]\nurl = "{URL}"\nmodel = "m"\n'

    assert loaded(FAST, base=naming, target=naming).settings.review.finder == "fast"
    (said,) = mistakes(FAST, base=naming, target=telling)
    assert said.startswith("pyproject.toml [tool.everycommit].model: a repository may not say where a model listens")
    assert "review.finder" in said
    mended = loaded(FAST, base=telling, target=naming)
    assert mended.settings.model["fast"].url == URL
    assert mended.notes[0].startswith("before this change, and counted as not set: pyproject.toml")


def test_the_environment_makes_a_profile_and_its_key_stays_where_it_is() -> None:
    environ = {
        "EVERYCOMMIT_MODEL_URL": "http://127.0.0.1:1/v1",
        "EVERYCOMMIT_MODEL": "m",
        KEY: "sk-7",
        "EVERYCOMMIT_MODEL_SLOTS": "2",
        "EVERYCOMMIT_MODEL_PRICE_IN": "0.5",
    }

    config = loaded(FAST, environ=environ)

    assert set(config.settings.model) == {"fast", "env"}
    assert config.settings.model["env"] == ModelSettings(
        url="http://127.0.0.1:1/v1", model="m", key_env=KEY, slots=2, price_in=0.5
    )
    assert config.sources["model.env.url"] == "environment EVERYCOMMIT_MODEL_URL"
    assert "sk-7" not in repr(config)


@pytest.mark.parametrize(
    ("environ", "line"),
    [
        ({"EVERYCOMMIT_MODEL_URL": URL}, "environment EVERYCOMMIT_MODEL: missing; write the model's name"),
        (
            {"EVERYCOMMIT_MODEL_URL": "http://a.example.com", "EVERYCOMMIT_MODEL": "m"},
            'environment EVERYCOMMIT_MODEL_URL: "http://a.example.com" would send code and key in the clear',
        ),
        (
            {"EVERYCOMMIT_MODEL_URLL": URL},
            "environment EVERYCOMMIT_MODEL_URLL: no such setting; did you mean 'EVERYCOMMIT_MODEL_URL'?",
        ),
        (
            {"EVERYCOMMIT_MODEL_SLOTS": "many", "EVERYCOMMIT_MODEL_URL": URL, "EVERYCOMMIT_MODEL": "m"},
            'environment EVERYCOMMIT_MODEL_SLOTS: "many" is not a whole number',
        ),
    ],
)
def test_each_mistake_of_the_environment_names_its_variable(environ: dict[str, str], line: str) -> None:
    (said,) = mistakes(environ=environ)

    assert said.startswith(line)


def test_without_an_address_the_environment_makes_no_profile_and_that_is_said() -> None:
    config = loaded(environ={"EVERYCOMMIT_MODEL": "m", "EVERYCOMMIT_MODEL_URL": ""})

    assert not config.settings.model
    assert config.notes == (
        "environment EVERYCOMMIT_MODEL: no model is set up by it, as EVERYCOMMIT_MODEL_URL is not set",
    )
    assert loaded(environ={KEY: "secret"}) == Config(settings=loaded().settings)


def test_the_page_on_models_shows_settings_that_are_right() -> None:
    page = (Path(__file__).parent.parent / "docs/models.md").read_text()

    blocks = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)

    assert blocks
    assert all(parse.user("s", block.encode()).mistakes == () for block in blocks)
    for one in SERVERS:
        key = f"`{one.key_env}`" if one.key_env else "none"
        assert f"| `{one.name}` | `{one.url}` | {key} |" in page


# --- read when somebody looks --------------------------------------------------------------------------------------


def later(text: str, **more: Any) -> Config:
    given: dict[str, Any] = {"base": None, "target": None, "environ": {}, "flags": {}}
    return load(user=("~/s.toml", text.encode()), models_later=True, **given | more)


def test_a_file_of_models_alone_is_read_when_somebody_looks() -> None:
    for text in (FAST, f"# mine\n\n{FAST}", FAST.replace("\n", "\r\n")):
        assert later(text).settings.model == loaded(FAST).settings.model
        assert len(later(text).settings.model) == 1

    assert later("[model.fast]\nmodel = 'm'\n").settings.model, "whether there are models is told without reading"
    broken = later("[model.fast]\nmodel = 'm'\n")
    with pytest.raises(SettingsErrors, match="url: missing"):
        broken.settings.model.get("fast")


@pytest.mark.parametrize(
    "text",
    [
        f"timeout = 9\n{FAST}",
        f"{FAST}[policy]\nmax_files = 9\n",
        f"{FAST}[[review]]\n",
        "model = {}\n",
        "[modell.fast]\nmodel = 'm'\n",
        "[model]\nfast = {}\n",
    ],
)
def test_a_file_that_says_more_is_read_at_once(text: str) -> None:
    """What it says, and what is wrong with it, is there as ever."""

    def said(how: Callable[[str], Config]) -> object:
        try:
            return how(text)
        except SettingsErrors as errors:
            return errors.lines

    assert said(later) == said(loaded)


def test_with_anything_else_that_speaks_all_is_read_at_once() -> None:
    assert later(FAST, environ={"EVERYCOMMIT_TIMEOUT": "9"}).sources["model.fast.url"] == "user settings ~/s.toml"
    assert later(FAST, target=b"[tool.everycommit]\n").sources["model.fast.url"] == "user settings ~/s.toml"
