"""``everycommit review`` against a simulated endpoint: the whole way, from the staged change to the wire and back."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from endpoint import Endpoint, simulated
from support import Repo

CLEAR = "def draw(icons):\n    clear()\n"
NAV = "def draw(icons):\n    for i in range(len(icons)):\n        show(icons[i])\n    clear()\n"


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    with simulated(tmp_path_factory.mktemp("honest"), rule="honest:answer") as endpoint:
        yield endpoint


@pytest.fixture
def endpoint(honest: Endpoint) -> Endpoint:
    return honest.fresh()


@pytest.fixture
def shop(repo: Repo) -> Repo:
    repo.stage("real/nav.py", CLEAR).commit("A secret plan")
    return repo.stage("real/nav.py", NAV.replace("len(icons)):", "len(icons) - 1):  # as agreed"))


def env(endpoint: Endpoint, **more: str) -> dict[str, str]:
    return {"EVERYCOMMIT_MODEL_URL": endpoint.url, "EVERYCOMMIT_MODEL": "small-8b", **more}


def review(repo: Repo, endpoint: Endpoint, *argv: str, **more: str) -> str:
    done = repo.everycommit("review", *argv, cwd=None, **env(endpoint, **more))
    assert done.returncode == 2 * ("EVERYCOMMIT_REVIEW_MAX_TOKENS" in more), done.stdout + done.stderr
    assert done.stderr == ""
    return done.stdout


def test_a_defect_is_shown_with_quote_scenario_votes_and_the_way_to_accept_it(shop: Repo, endpoint: Endpoint) -> None:
    out = review(shop, endpoint)

    assert "  ! review   1 of 1 hunk, 1 warning (3 of 3 votes)" in out
    assert "real/nav.py:2: warning  review/boundary  the last icon is never drawn\n" in out
    assert "    2 | for i in range(len(icons) - 1):  # as agreed\n" in out
    way_on = r'with icons = \["home"\] nothing is drawn \(3 of 3 votes\)  accept: everycommit accept \w{7} --reason'
    assert re.search(way_on, out)
    assert len(endpoint.asked()) > 3


def test_what_is_accepted_stays_quiet_and_nothing_is_asked_again(shop: Repo, endpoint: Endpoint) -> None:
    fingerprint = re.findall(r"everycommit accept (\w{7})", review(shop, endpoint))[0]
    asked = len(endpoint.asked())
    done = shop.everycommit("accept", fingerprint, "--reason", "drawn elsewhere", cwd=None, **env(endpoint))
    assert done.returncode == 0, done.stderr
    shop.git("add", ".everycommit/accepted.toml")

    out = review(shop, endpoint)

    assert "warning" not in out
    assert len(endpoint.asked()) == asked


def test_prose_alone_and_what_is_known_cost_no_question(shop: Repo, endpoint: Endpoint) -> None:
    review(shop, endpoint)
    asked = len(endpoint.asked())
    assert asked > 0

    review(shop, endpoint)
    shop.commit().stage("README.md", "# Words\n\nMore words.\n").stage("docs/nav.md", "Navigation.\n")
    said = review(shop, endpoint)
    run = shop.everycommit("run", cwd=None, **env(endpoint))

    assert len(endpoint.asked()) == asked
    assert "only prose changed" in said
    assert "only prose changed" in run.stdout


def test_a_dry_run_shows_every_word_and_sends_none(shop: Repo, endpoint: Endpoint) -> None:
    out = review(shop, endpoint, "--dry-run")

    assert endpoint.requests() == []
    assert out.startswith(f"To {endpoint.url} (env, small-8b):\n3 questions, about ")
    assert "1 portion, each read 3 times, once without comments and texts." in out
    assert "You read a change to a program" in out
    assert "## file real/nav.py\n" in out
    assert "    2 |+    for i in range(len(icons) - 1):  # as agreed\n" in out
    assert "secret plan" not in out


def test_what_a_dry_run_counts_is_about_what_is_sent(shop: Repo, endpoint: Endpoint) -> None:
    out = review(shop, endpoint, "--dry-run")
    said = int(re.findall(r"tokens, ([\d,]+) bytes", out)[0].replace(",", ""))

    review(shop, endpoint, EVERYCOMMIT_REVIEW_JUDGE="false")

    sent = sum(len(request.body) for request in endpoint.asked())
    assert said * 0.8 < sent < said * 1.5


def test_a_dry_run_names_what_is_not_sent(shop: Repo, endpoint: Endpoint) -> None:
    token = "ghp_" + "zQ8rT2vK9xLm4WcY7bNf1HsD6pJg0RtE3aUi"
    shop.stage("real/key.py", f"KEY = '{token}'\n").stage("uv.lock", "x\n")

    out = review(shop, endpoint, "--dry-run")

    assert token not in out
    assert "Not sent and not reviewed: real/key.py, 1 hunk (withheld: it holds what looks like a secret).\n" in out
    assert "Left out: uv.lock (generated, vendored or locked).\n" in out


def test_without_a_model_a_dry_run_shows_what_one_would_get(shop: Repo) -> None:
    out = shop.everycommit("review", "--dry-run").stdout

    assert out.startswith("No model is set up (everycommit models add); one would be sent this:\n")
    assert "## file real/nav.py" in out


@pytest.mark.parametrize(
    ("path", "environ", "why"),
    [
        (
            "real/nav.py",
            {"EVERYCOMMIT_REVIEW_EGRESS": "deny"},
            'nothing may be sent to a model (review.egress = "deny")',
        ),
        ("a.md", {}, "only prose changed"),
    ],
)
def test_where_nothing_would_be_sent_a_dry_run_says_why(
    repo: Repo, endpoint: Endpoint, path: str, environ: dict[str, str], why: str
) -> None:
    repo.stage(path, "one\n")

    assert review(repo, endpoint, "--dry-run", **environ) == f"Nothing would be sent: {why}.\n"
    assert why in review(repo, endpoint, **environ)
    assert endpoint.requests() == []


def test_all_lists_what_was_found_and_why_it_is_not_shown(shop: Repo, endpoint: Endpoint) -> None:
    out = review(shop, endpoint, "--all", EVERYCOMMIT_REVIEW_VOTES_ERROR="4", EVERYCOMMIT_REVIEW_SAMPLES="3")
    few = review(shop, endpoint, "--all")

    assert "All that was found, 1 finding:\n" in out
    assert "real/nav.py:2: error  review/boundary  the last icon is never drawn (3 of 3 votes; shown)\n" in few


def test_all_names_what_nobody_read(shop: Repo, endpoint: Endpoint) -> None:
    out = review(shop, endpoint, "--all", EVERYCOMMIT_REVIEW_MAX_TOKENS="50")

    assert "0 of 1 hunk: beyond review.max_tokens = 50" in out
    assert "Not read, or not by every reader:\nreal/nav.py:2\nreal/nav.py: beyond review.max_tokens = 50\n" in out


def test_an_endpoint_that_is_gone_is_not_green(shop: Repo, tmp_path: Path) -> None:
    done = shop.everycommit("review", EVERYCOMMIT_MODEL_URL="http://127.0.0.1:9/v1", EVERYCOMMIT_MODEL="small-8b")

    assert done.returncode == 0
    assert "0 of 1 hunk" in done.stdout
    allowed = 'Allowed by your settings (`review.unreachable = "warn"`); push will ask again.'
    assert f"NOT VERIFIED: review. {allowed}\n" in done.stdout
    ci = shop.everycommit("review", "--at", "ci", EVERYCOMMIT_MODEL_URL="http://127.0.0.1:9/v1", EVERYCOMMIT_MODEL="s")
    assert ci.returncode == 2


def test_the_same_bytes_come_out_the_same_however_often(shop: Repo, endpoint: Endpoint) -> None:
    first = json.loads(review(shop, endpoint, "--format", "json"))["verdicts"][0]["gates"][0]
    asked = len(endpoint.asked())

    again = [json.loads(review(shop, endpoint, "--format", "json"))["verdicts"][0]["gates"][0] for _ in range(3)]

    assert len(endpoint.asked()) == asked
    assert all(one["findings"] == first["findings"] for one in again)
    assert all(one["reused"] for one in again)
