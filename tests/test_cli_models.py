"""`everycommit models`: set up, listed, tested, measured and taken out, the file around it as it was."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from endpoint import Endpoint, simulated
from support import Repo
from terminal import on_a_terminal

KEY = "sk-7f3a91c"
URL = "https://api.example.com/v1"
FILE = "# mine\ntimeout = 120   # slow laptop\n"


@pytest.fixture(scope="module")
def simulation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """A fast endpoint with two models that asks for a key."""
    with simulated(
        tmp_path_factory.mktemp("endpoint"),
        rule="counting:answer",
        models=("small", "big"),
        key=KEY,
        first_seconds=0.02,
        tokens_in=200_000,
        tokens_out=1_200,
        slots=4,
        context=65_536,
    ) as found:
        yield found


def own(repo: Repo) -> Path:
    return Path(repo.environ["XDG_CONFIG_HOME"], "everycommit", "settings.toml")


def write(repo: Repo, text: str) -> None:
    own(repo).parent.mkdir(parents=True, exist_ok=True)
    own(repo).write_text(text)


def said(repo: Repo, *argv: str, code: int = 0, **env: Any) -> str:
    done = repo.everycommit("models", *argv, **env)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert KEY not in done.stdout + done.stderr
    return done.stdout if code == 0 else done.stderr


# --- add -----------------------------------------------------------------------------------------------------------


def test_flags_say_all_and_the_rest_of_the_file_stays(repo: Repo) -> None:
    write(repo, FILE)

    text = said(
        repo,
        *("add", "cerebras", "--model", "big-120b", "--strong", "--context", "65536", "--slots", "8"),
        *("--price-in", "0.5", "--price-out", "1.25", "--rank", "2", "--yes"),
    )

    assert own(repo).read_text().startswith(FILE)
    assert tomllib.loads(own(repo).read_text())["model"] == {
        "cerebras": {
            "url": "https://api.cerebras.ai/v1",
            "model": "big-120b",
            "key_env": "CEREBRAS_API_KEY",
            "strong": True,
            "rank": 2,
            "context": 65536,
            "slots": 8,
            "price_in": 0.5,
            "price_out": 1.25,
        }
    }
    assert "Its key in CEREBRAS_API_KEY, which is NOT set here." in text
    assert "`everycommit models test cerebras`" in text


@pytest.mark.parametrize(
    ("argv", "key"),
    [
        (["--key-env", "MY_KEY"], {"key_env": "MY_KEY"}),
        (["--key-command", "pass show 'my key'"], {"key_command": ["pass", "show", "my key"]}),
        (["--keyring", "models"], {"keyring": "models"}),
        (["--no-key"], {}),
    ],
)
def test_a_key_has_one_of_four_places(repo: Repo, argv: list[str], key: dict[str, object]) -> None:
    said(repo, "add", URL, "--model", "m", *argv, "--yes", MY_KEY=KEY)

    assert tomllib.loads(own(repo).read_text())["model"] == {"example": {"url": URL, "model": "m", **key}}
    assert KEY not in own(repo).read_text()


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["add", "cerebra", "--model", "m"], "'cerebra': no such server; did you mean 'cerebras'?"),
        (["add", "http://api.example.com/v1", "--model", "m"], "https is needed, but for this machine itself"),
        (["add", "https://me:sk-7f3a91c@api.example.com/v1", "--model", "m"], "it holds a user or a password"),
        (["add", URL, "--model", "m", "--yes"], "say where its key lies: --key-env NAME"),
        (["add", URL, "--model", "m", "--key-env", "sk-7f3a91c", "--yes"], "not the key itself"),
        (["add", URL, "--model", "m", "--key-env", "gsk_abc", "--yes"], "not the key itself"),
        (["add", URL, "--model", "m", "--key-command", "'", "--yes"], "No closing quotation"),
        (["add", URL, "--model", "m", "--key-command", "", "--yes"], "it names no program"),
        (["add", "cerebras", "--model", "m", "--name", "Fast", "--yes"], "'Fast' cannot be a model's name here"),
        (["add", "cerebras", "--model", "m", "--name", "env", "--yes"], "'env' cannot be a model's name here"),
        (["add", "cerebras", "--model", "m", "--slots", "0"], "'0' is not a whole number of 1 or more"),
        (["add", "cerebras", "--model", "m", "--price-in", "nan"], "'nan' is not a price"),
        (["add", "cerebras", "--model", "m", "--price-in", "free"], "'free' is not a price"),
        (["add", "cerebras", "--model", "m"], "nothing was written, as there is no terminal to ask on; add --yes"),
        (["test", "fast"], "'fast': no such model; `everycommit models add` sets one up"),
        (["test", "fast", "--seconds", "0"], "'0' is not a number of seconds above 0"),
        (["bench", "fast", "--seconds", "soon"], "'soon' is not a number of seconds"),
        (["remove", "fast"], "'fast': no such model"),
        (["remove", "env"], "'env' comes from the environment"),
    ],
)
def test_what_cannot_be_is_a_sentence_and_writes_nothing(repo: Repo, argv: list[str], words: str) -> None:
    assert words in said(repo, *argv, code=2)
    assert not own(repo).exists()


def test_a_name_is_given_once(repo: Repo) -> None:
    said(repo, "add", "openai", "--model", "m", "--yes")
    before = own(repo).read_bytes()

    text = said(repo, "add", "openai", "--model", "other", "--yes", code=2)

    assert "there is a model 'openai' already; choose another name with --name" in text
    assert own(repo).read_bytes() == before
    said(repo, "add", "openai", "--model", "other", "--name", "second", "--yes")
    assert set(tomllib.loads(own(repo).read_text())["model"]) == {"openai", "second"}


def test_without_a_home_nothing_is_written(repo: Repo) -> None:
    text = said(repo, "add", "openai", "--model", "m", "--yes", code=2, HOME="", XDG_CONFIG_HOME="")

    assert "there is no place for settings of yours: set HOME or XDG_CONFIG_HOME" in text
    assert not Path("/dev/null").is_file()


def test_a_broken_file_is_not_touched(repo: Repo) -> None:
    write(repo, "timeout = [")

    for argv in (["add", "openai", "--model", "m", "--yes"], ["remove", "openai"]):
        assert "not valid TOML" in said(repo, *argv, code=2)
    assert own(repo).read_text() == "timeout = ["


def test_a_person_is_asked_for_what_is_open(repo: Repo) -> None:
    write(repo, FILE)
    repo.environ["MY_KEY"] = KEY

    code, text = on_a_terminal(repo, "models", "add", "openai", "--model", "m", answers="MY_KEY\ny\n\n")

    assert code == 0, text
    assert "Environment variable that holds its key [OPENAI_API_KEY]: " in text
    assert '    [model.openai]\n    url = "https://api.openai.com/v1"\n    model = "m"\n' in text
    assert "Write this? [Y/n] " in text
    assert tomllib.loads(own(repo).read_text())["model"]["openai"]["key_env"] == "MY_KEY"
    assert tomllib.loads(own(repo).read_text())["model"]["openai"]["strong"] is True
    assert KEY not in text


def test_a_person_may_say_no(repo: Repo) -> None:
    code, text = on_a_terminal(repo, "models", "add", "openai", "--model", "m", answers="\nn\nn\n")

    assert code == 0
    assert "Nothing was written." in text
    assert not own(repo).exists()


def test_a_key_typed_in_place_of_a_name_is_not_kept(repo: Repo) -> None:
    code, text = on_a_terminal(repo, "models", "add", "openai", "--model", "m", answers="gsk_abc\nn\ny\n")

    assert code == 2
    assert "not the key itself" in text
    assert not own(repo).exists()


# --- with a server that answers ------------------------------------------------------------------------------------


def test_a_person_chooses_from_the_models_that_the_server_has(repo: Repo, simulation: Endpoint) -> None:
    repo.environ["MY_KEY"] = KEY

    code, text = on_a_terminal(repo, "models", "add", simulation.url, "--key-env", "MY_KEY", answers="9\n2\nn\ny\n")

    assert code == 0, text
    assert "   1  big\n   2  small\nWhich model, by number or by name? " in text
    assert tomllib.loads(own(repo).read_text())["model"] == {
        "local": {"url": simulation.url, "model": "small", "key_env": "MY_KEY"}
    }


def test_without_a_terminal_the_models_are_named(repo: Repo, simulation: Endpoint) -> None:
    add = ("add", simulation.url, "--key-env", "MY_KEY", "--yes")

    assert "say which model: --model NAME; it has big, small" in said(repo, *add, code=2, MY_KEY=KEY)
    assert "/models answered 401" in said(repo, *add, code=2, MY_KEY="another")
    assert "'MY_KEY', the key of profile 'local', is not set" in said(repo, *add, code=2)


def test_the_only_model_of_a_server_is_taken(repo: Repo, tmp_path: Path) -> None:
    with simulated(tmp_path / "one", models=("only",)) as one:
        text = said(repo, "add", one.url, "--yes")

    assert "It has one model: only\n" in text
    assert tomllib.loads(own(repo).read_text())["model"]["local"]["model"] == "only"


def test_where_nobody_answers_a_person_types_the_name_or_nothing(repo: Repo) -> None:
    code, text = on_a_terminal(repo, "models", "add", "http://127.0.0.1:9/v1", answers="\nmine\n\n\n")

    assert code == 0, text
    assert "Its models are not known here: 127.0.0.1:9: " in text
    assert tomllib.loads(own(repo).read_text())["model"]["local"]["model"] == "mine"
    code, text = on_a_terminal(repo, "models", "add", "http://127.0.0.1:9/v1", "--name", "b", answers="\x04")
    assert code == 2
    assert "nothing was written, as no model was named" in text


def given(repo: Repo, simulation: Endpoint, *more: str) -> None:
    said(repo, "add", simulation.url, "--name", "fast", "--model", "small", "--key-env", "MY_KEY", "--yes", *more)


def test_one_small_question_says_what_came(repo: Repo, simulation: Endpoint) -> None:
    given(repo, simulation)

    text = said(repo, "test", "fast", MY_KEY=KEY)

    first, second, third = text.splitlines()
    assert first == f"fast: small at {simulation.url}"
    assert second == 'answered {"city": "Paris"}'
    assert re.fullmatch(
        r"asked by json_schema strict; 0\.\d\d s to the first token, \d\.\d\d s in all; \d+ tokens in, \d+ tokens out",
        third,
    )
    assert "asked by json_schema strict" in said(repo, "list", MY_KEY=KEY), "what was learned is kept"


@pytest.mark.parametrize(
    ("argv", "env", "words"),
    [
        ([], {}, "the environment variable 'MY_KEY', the key of profile 'fast', is not set"),
        ([], {"MY_KEY": "wrong"}, "answered 401"),
        (["--seconds", "0.001"], {"MY_KEY": KEY}, "everycommit: "),
    ],
)
def test_what_went_wrong_with_it_is_one_line(
    repo: Repo, simulation: Endpoint, argv: list[str], env: dict[str, str], words: str
) -> None:
    given(repo, simulation)

    text = said(repo, "test", "fast", *argv, code=2, **env)

    assert words in text
    assert len(text.splitlines()) == 1


def test_a_bench_measures_the_endpoint_and_the_list_has_it(repo: Repo, simulation: Endpoint) -> None:
    given(repo, simulation, "--price-in", "1", "--price-out", "2")

    text = said(repo, "bench", "fast", MY_KEY=KEY)

    assert text.startswith(f"This asks small at {simulation.url} about 20 questions: some ")
    assert "at its price, at most 10,000 tokens and 90 s.\n" in text
    assert "\nslots    4 questions ran side by side\nform     json_schema strict\nused     " in text
    assert "\ncontext  16,384 tokens\n" in text, "a slot's part of it, as llama.cpp tells"
    known = json.loads(Path(repo.environ["XDG_CACHE_HOME"], "everycommit", "models.json").read_text())
    speed = known["models"][f"{simulation.url} small"]["speed"]
    # How near a busy machine comes to the endpoint's own numbers is the bench's to say.
    assert 0 <= speed["first_seconds"] < 10
    assert 0 < speed["tokens_out"] < 1_400
    assert "context 16,384; 4 at once; 3 of each question; asked by json_schema strict" in said(repo, "list")


def test_a_bench_of_another_machine_is_agreed_to_first(repo: Repo) -> None:
    said(repo, "add", URL, "--name", "far", "--model", "m", "--no-key", "--yes")

    assert "no terminal to agree on; add --yes" in said(repo, "bench", "far", code=2)
    code, text = on_a_terminal(repo, "models", "bench", "far", answers="n\n")
    assert (code, "Nothing was asked." in text) == (0, True)


def test_a_server_without_schemas_and_streams_is_benched_as_it_is(repo: Repo, tmp_path: Path) -> None:
    rejects = {"json_schema": 400, "strict": 400, "schema": 400, "json_object": 400}
    with simulated(tmp_path / "old", rule="counting:answer", rejects=rejects, slots=1, tokens_out=2_000) as old:
        said(repo, "add", old.url, "--model", "m", "--yes")
        text = said(repo, "bench", "local")

    assert "form     text\n" in text
    assert "slots    1 questions ran side by side\n" in text
    assert "note: asked by text it did not keep to the form" in text


# --- list ----------------------------------------------------------------------------------------------------------


def test_with_nothing_set_up_it_says_how_and_offers_what_is_here(repo: Repo) -> None:
    text = said(repo, "list", OPENAI_API_KEY=KEY)

    assert "No model is set up: the review is static only." in text
    assert "everycommit models add cerebras | openai | groq | ollama | vllm | llamacpp | URL" in text
    assert "OPENAI_API_KEY is set: everycommit models add openai\n" in text


def test_the_list_says_who_finds_and_judges_and_where_each_key_is(repo: Repo) -> None:
    said(repo, "add", URL, "--name", "fast", "--model", "small", "--key-env", "MY_KEY", "--yes", MY_KEY=KEY)
    said(repo, "add", URL, "--name", "large", "--model", "big", "--key-command", "no-such --x", "--strong", "--yes")
    said(repo, "add", URL, "--name", "third", "--model", "big", "--key-command", "sh -c x", "--yes")
    said(repo, "add", URL, "--name", "ring", "--model", "big", "--keyring", "models", "--yes")
    measured = {
        "speed": {"first_seconds": 0.2, "tokens_in": 5000, "tokens_out": 1000},
        "slots": 8,
        "context": 32768,
        "rung": "json_schema strict",
    }
    cache = Path(repo.environ["XDG_CACHE_HOME"], "everycommit", "models.json")
    cache.parent.mkdir(parents=True)
    cache.write_text(json.dumps({"version": 1, "models": {f"{URL} {name}": measured for name in ("small", "big")}}))

    text = said(repo, "list", MY_KEY=KEY)

    assert f"fast  small at {URL} (chat)\n    key in MY_KEY, which is set\n" in text
    assert "0.20 s to the first token, 5,000 tokens/s in, 1,000 tokens/s out" in text
    assert "context 32,768; 8 at once; 3 of each question; asked by json_schema strict" in text
    assert f"large  big at {URL} (chat, strong)\n    key from `no-such`, which is NOT on the PATH\n" in text
    assert "key from `sh`, which is there" in text
    assert "key in the keyring under 'models'" in text
    assert "    finds   fast  1.5 s expected\n    judges  large  1.5 s expected\n" in text
    assert "key in MY_KEY, which is NOT set here" in said(repo, "list")


def test_the_list_says_where_nothing_is_sent_and_who_is_not_there(repo: Repo) -> None:
    said(repo, "add", "ollama", "--model", "m", "--yes")
    repo.stage("pyproject.toml", "[tool.everycommit.review]\nfinder = 'theirs'\njudge = false\n").commit()

    text = said(repo, "list")
    assert "no key\n    not measured: everycommit models bench ollama\n" in text
    assert "finds   ollama  22.5 s guessed, as it was not measured; nobody fits, it is the fastest; 'theirs' is" in text
    assert "judges  nobody (review.judge = false)" in text
    denied = said(repo, "list", EVERYCOMMIT_REVIEW_EGRESS="deny")
    assert "Nothing is sent to any of them: review.egress is deny (environment EVERYCOMMIT_REVIEW_EGRESS)." in denied


def test_the_environments_model_is_in_the_list(repo: Repo) -> None:
    environ: Any = {"EVERYCOMMIT_MODEL_URL": URL, "EVERYCOMMIT_MODEL": "m", "EVERYCOMMIT_MODEL_KEY": KEY}

    text = said(repo, "list", **environ)

    assert f"env  m at {URL} (chat)\n    key in EVERYCOMMIT_MODEL_KEY, which is set\n" in text
    assert "finds   env" in text
    assert "judges  env" in text
    assert KEY not in repo.everycommit("settings", **environ).stdout


# --- remove --------------------------------------------------------------------------------------------------------


def test_what_was_added_is_taken_out_to_the_byte_with_what_was_measured(repo: Repo) -> None:
    write(repo, FILE)
    said(repo, "add", "ollama", "--model", "m", "--yes")
    cache = Path(repo.environ["XDG_CACHE_HOME"], "everycommit", "models.json")
    cache.parent.mkdir(parents=True, exist_ok=True)
    cache.write_text(json.dumps({"version": 1, "models": {"http://127.0.0.1:11434/v1 m": {"slots": 2}}}))

    said(repo, "remove", "ollama")

    assert own(repo).read_text() == FILE
    assert json.loads(cache.read_text())["models"] == {}


def test_a_wrong_model_can_be_taken_out(repo: Repo) -> None:
    write(repo, FILE + '[model.bad]\nurl = "http://api.example.com"\n')
    assert "url: " in said(repo, "list", code=2)

    assert "'bda': no such model; did you mean 'bad'?" in said(repo, "remove", "bda", code=2)
    said(repo, "remove", "bad")

    assert own(repo).read_text() == FILE


# --- doctor and init -----------------------------------------------------------------------------------------------


def doctor(repo: Repo, **env: Any) -> list[str]:
    """What doctor says of models, and of settings of one that are wrong."""
    words = ("models: ", "model fast", "no model", "review: ", "OPENAI_", "[model.")
    return [
        line for line in repo.everycommit("doctor", **env).stdout.splitlines() if any(word in line for word in words)
    ]


def test_doctor_says_who_reviews_and_whether_the_key_is_there(repo: Repo) -> None:
    repo.stage("a", "a\n").commit()
    said(repo, "add", URL, "--name", "fast", "--model", "m", "--key-env", "MY_KEY", "--yes")

    assert doctor(repo) == [
        "✓ models: fast finds, fast judges",
        "✗ model fast: key in MY_KEY, which is NOT set here",
        "! model fast was not measured: everycommit models bench fast",
    ]
    assert "✗ model fast: key in MY_KEY, which is NOT set here" not in doctor(repo, MY_KEY=KEY)
    assert doctor(repo, EVERYCOMMIT_REVIEW_EGRESS="deny") == [
        "✓ review: static only, nothing is sent to a model (review.egress, environment EVERYCOMMIT_REVIEW_EGRESS)"
    ]
    off = {"EVERYCOMMIT_REVIEW_FINDER": "false", "EVERYCOMMIT_REVIEW_JUDGE": "false"}
    assert doctor(repo, **off) == ["✓ no model: the review is static only."]


def test_doctor_and_init_offer_what_could_be_added(repo: Repo) -> None:
    offer = "OPENAI_API_KEY is set: everycommit models add openai"

    assert doctor(repo, OPENAI_API_KEY=KEY) == [
        "! no model: the review is static only. Add one: everycommit models add cerebras | openai | ollama | URL",
        f"! {offer}",
    ]
    begun = repo.everycommit("init", "--yes", OPENAI_API_KEY=KEY)
    assert begun.stdout.endswith(f"A model of yours could review each change. {offer}\n")


def test_a_mistake_of_a_model_is_said_once_by_doctor(repo: Repo) -> None:
    write(repo, "[model.fast]\nmodel = 'm'\n")

    assert [line[0] for line in doctor(repo)] == ["✗"]
