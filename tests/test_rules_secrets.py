"""Secrets: forms with checksums, examples told apart, what a finding may show. Every token here is made at run time."""

import json
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credentials import BASE62, REAL, checked, drawn, pem, worded
from everycommit.result import ERROR, WARNING
from everycommit.rules.secret_examples import is_example
from everycommit.rules.secret_formats import FORMATS, crc32_base62
from everycommit.rules.secret_scan import Hit, masked, secrets_in
from everycommit.rules.secrets import check
from support import Repo, change_of

LIMIT = 1.5 if sys.gettrace() is None else 15.0
"""Seconds; measuring coverage makes Python ten times slower."""


@pytest.mark.parametrize(("kind", "token"), REAL.items(), ids=list(REAL))
def test_a_form_is_found_wherever_it_stands(kind: str, token: str) -> None:
    """In quotes, behind a space, in JSON behind an escaped newline; and it is not merely likely."""
    for text in (f'x = "{token}"\n', f"Authorization: {token}", json.dumps({"body": f"one\n{token}\ntwo"})):
        assert [(hit.kind, hit.likely) for hit in secrets_in(text)] == [(kind, False)], text


@pytest.mark.parametrize("kind", ["RSA PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY", "PRIVATE KEY"])
def test_a_private_key_is_found_however_it_is_wrapped(kind: str) -> None:
    key = pem(kind)

    for text in (key, json.dumps({"key": key}), 'KEY = """\\\n' + key + '"""', key.replace("\n", "\n    ")):
        (hit,) = secrets_in(text)
        assert hit.kind == "private key"
        assert "END" in text[hit.start : hit.end]


def test_the_words_around_a_key_are_no_key() -> None:
    assert not secrets_in('if text.startswith("-----BEGIN PRIVATE KEY-----"):\n    raise ValueError(text)\n')
    assert not secrets_in("-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----\n")
    assert not secrets_in(pem("CERTIFICATE"))


@pytest.mark.parametrize(
    "value",
    [
        "AKIAIOSFODNN7" + "EXAMPLE",
        "x" * 36,
        "your-token-goes-here-1",
        "1234567890abcdef" * 2,
        "abc123" * 6,
        "${TOKEN}",
        "<token>",
        "0" * 40,
        "changeme123",
    ],
)
def test_an_example_is_told_apart(value: str) -> None:
    assert is_example(value)


@pytest.mark.parametrize("prefix", ["ghp" + "_", "AKIA", "sk_live_", "xoxb-", "hf_"])
def test_a_form_filled_with_an_example_is_quiet(prefix: str) -> None:
    for body in ("EXAMPLE" * 6, "x" * 36, "A" * 16, "0123456789abcdefghijklmnopqrstuvwxyz"):
        assert not secrets_in(f'token("{prefix}{body}")')


def test_a_wrong_checksum_makes_it_likely_only() -> None:
    token = checked("ghp" + "_")
    wrong = token[:-1] + ("a" if token[-1] != "a" else "b")

    (hit,) = secrets_in(wrong)

    assert hit.likely
    assert not crc32_base62(wrong)
    assert secrets_in(token)[0].checked


def test_text_with_dots_that_is_no_json_web_token() -> None:
    text = ".".join("eyJ" + drawn(BASE62, 30) for _ in range(3))

    assert [hit.likely for hit in secrets_in(text)] == [True]


@pytest.mark.parametrize(
    "line",
    [
        'API_KEY = os.environ["API_KEY"]',
        'password = "correct horse battery"',
        'token = "access_token"',
        'TOKEN_URL = "https://auth.example.com/oauth2/token"',
        'secret: "projects/a1/secrets/b2/versions/3"',
        'tokenizer = "bert-base-uncased-v2"',
        "password = get_password(user1, realm2)",
        'token_id = "f47ac10b-58cc-4372-a567-0e02b2c3d479"',
        "url = 'postgres://postgres:postgres@localhost:5432/db'",
        "url = f'postgres://{user}:{password}@{host}/db'",
        "git@github.com:owner/name.git and https://github.com/owner/name:8080/x@y",
        'hash = "sha256:' + "ab12" * 16 + '"',
    ],
)
def test_what_is_no_secret(line: str) -> None:
    assert not secrets_in(line, unquoted=True)


def test_a_random_value_of_a_telling_name_is_likely() -> None:
    value = worded(20) + "a1"

    for line in (f'DB_PASSWORD = "{value}"', f"'client_secret': '{value}'", f'config["api_key"] = "{value}"'):
        assert [(hit.kind, hit.likely) for hit in secrets_in(line)] == [("value that looks like a secret", True)]
    assert secrets_in(f"password: {value}\n", unquoted=True)
    assert not secrets_in(f"password: {value}\n")


def test_at_least_fifty_five_forms_and_each_pattern_has_its_keyword() -> None:
    assert len(FORMATS) >= 55
    assert len({form.kind for form in FORMATS}) == len(FORMATS)


def test_masking_leaves_nothing_of_the_secret() -> None:
    token = checked("ghp" + "_")

    assert masked(f"a {token} b") == "a *** b"


def test_a_finding_shows_four_characters_at_most(repo: Repo) -> None:
    secrets = [REAL["Stripe live key"], REAL["npm access token"], pem("PRIVATE KEY"), worded(12) + "a1b2"]
    text = f'a = "{secrets[0]}"\nb = "{secrets[1]}"\n{secrets[2]}\npassword = "{secrets[3]}"\n'

    found = check(*change_of(repo, {}, {"a.py": text}))

    assert [(one.line, one.rule) for one in found] == [
        (1, "policy/secret"),
        (2, "policy/secret"),
        (3, "policy/secret"),
        (12, "policy/secret-likely"),
    ]
    said = repr(found)
    for secret in secrets:
        assert not any(secret[start : start + 5] in said for start in range(4, len(secret) - 5) if secret[0] != "-")


def test_a_secret_that_was_there_or_goes_away_is_not_new(repo: Repo) -> None:
    line = f'token = "{REAL["npm access token"]}"\n'

    assert not check(*change_of(repo, {"a.py": line}, {"b.py": "# moved\n" + line}))
    assert not check(*change_of(repo, {"a.py": line}, {"a.py": "token = os.environ['TOKEN']\n"}))


def test_tests_and_documentation_soften_what_is_usually_made_up_there(repo: Repo) -> None:
    key, token = pem("PRIVATE KEY"), REAL["npm access token"]

    found = check(*change_of(repo, {}, {"tests/server.key": key, "docs/a.md": key, "tests/a.py": f"'{token}'\n"}))

    assert [(one.path, one.severity) for one in found] == [
        ("docs/a.md", WARNING),
        ("tests/a.py", ERROR),
        ("tests/server.key", WARNING),
    ]


@pytest.mark.parametrize(
    ("path", "content", "denied"),
    [
        (".env", "A=1\n", True),
        ("deploy/.env.production", "A=1\n", True),
        (".env.example", "A=\n", False),
        ("deploy/id_rsa", "x\n", True),
        ("id_rsa.pub", "x\n", False),
        ("certs/ca.pem", pem("CERTIFICATE"), False),
        ("certs/server.pem", pem("CERTIFICATE") + pem("PRIVATE KEY"), True),
        (".netrc", "machine a\n", True),
        ("store.p12", b"\x00\x01", True),
        ("tests/data/.env", "A=1\n", False),
        ("src/environment.py", "A=1\n", False),
    ],
)
def test_files_that_hold_secrets_by_their_name(repo: Repo, path: str, content: str | bytes, *, denied: bool) -> None:
    found = check(*change_of(repo, {}, {path: content}))

    assert ("policy/denied-path" in {one.rule for one in found}) is denied


def test_renaming_a_denied_file_within_what_is_denied_raises_nothing(repo: Repo) -> None:
    change = change_of(repo, {".env": "A=1\nB=2\nC=3\n"}, {"deploy/.env": "A=1\nB=2\nC=3\n"})

    assert not check(*change)


@pytest.mark.parametrize(
    "piece",
    [
        "sk-",
        "eyJ",
        "eyJhbGciOiJ9.eyJ",
        "ghp_",
        "x://a:",
        "postgres://a:bbb@",
        'password="',
        "-----BEGIN PRIVATE KEY-----",
        "token token=",
        "secret\\n",
        "AKIA",
        "1234567890:AA",
        "%3Dxoxb-1-",
        "PuTTY-User-Key-File-2:",
    ],
)
def test_no_line_of_a_megabyte_takes_a_second(piece: str) -> None:
    text = piece * ((1 << 20) // len(piece))
    began = time.process_time()

    secrets_in(text, unquoted=True)

    assert time.process_time() - began < LIMIT


@given(st.text(max_size=400))
def test_hits_lie_inside_the_text_in_order(text: str) -> None:
    hits = secrets_in(text, unquoted=True)

    assert all(0 <= hit.start < hit.end <= len(text) for hit in hits)
    assert hits == sorted(hits, key=lambda hit: hit.start)
    assert isinstance(masked(text), str)
    assert all(isinstance(hit, Hit) for hit in hits)


def test_code_that_looks_for_keys_holds_none() -> None:
    """The header's name without the version that follows it in a key."""
    text = 'HEAD = "PuTTY-User-' + 'Key-File-"\n' + "x = 1\n" * 40 + 'TAIL = "Private-Lines:"\n'

    assert secrets_in(text) == []
