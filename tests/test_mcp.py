"""``everycommit mcp``: what the official client is told, and what a client that misbehaves gets."""

import importlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest

from everycommit.agent.mcp import VERSIONS, fitting
from everycommit.agent.rpc import AT_ONCE, LONGEST
from support import Repo

jsonschema = importlib.import_module("jsonschema")
SETTINGS = '[tool.everycommit]\ncommit = ["policy", "lint"]\n'
GREETING = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
ARGV = [sys.executable, "-m", "everycommit", "mcp"]


@pytest.fixture
def shop(repo: Repo) -> Repo:
    """With a finding of lint in the working tree, and nothing staged."""
    repo.stage("pyproject.toml", SETTINGS).stage("a.py", "X = 1\n").commit()
    return repo.write("a.py", "import os\n\nX = 2\n")


def official(repo: Repo, *calls: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """Return what the official client is told."""
    client = Path(__file__).with_name("mcp_client.py")
    done = subprocess.run(
        [sys.executable, client, repo.root, sys.executable],
        input=json.dumps(calls),
        env=repo.environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def request(key: object, method: str, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": key, "method": method, "params": params}


def call(key: object, name: str, **arguments: Any) -> dict[str, Any]:
    return request(key, "tools/call", name=name, arguments=arguments)


def talk(repo: Repo, *messages: object, greet: bool = True) -> dict[Any, Any]:
    """Send *messages*, bytes as they are, and end; return the answers by id."""
    whole = [*([request(0, "initialize", **GREETING)] if greet else []), *messages]
    lines = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in whole]
    with served(repo) as server:
        stdin, stdout = streams(server)
        answers: dict[Any, Any] = {}
        for line in lines:
            stdin.write(line + b"\n")
            stdin.flush()
        wanted = sum(
            1
            for one in whole
            if isinstance(one, bytes) or (isinstance(one, dict) and "id" in one) or isinstance(one, list)
        )
        while len(answers) < wanted:
            said = stdout.readline()
            assert said, "the server ended"
            answer = json.loads(said)
            if "id" in answer:
                answers[answer["id"]] = answer
        stdin.close()
        assert server.wait(30) == 0
        assert server.stderr is not None
        assert server.stderr.read() == b""
    return answers


def streams(server: "subprocess.Popen[bytes]") -> tuple[IO[bytes], IO[bytes]]:
    assert server.stdin is not None
    assert server.stdout is not None
    return server.stdin, server.stdout


@contextmanager
def served(repo: Repo, *argv: str, cwd: Path | None = None) -> Iterator["subprocess.Popen[bytes]"]:
    pipe = subprocess.PIPE
    server = subprocess.Popen(
        [*ARGV, *argv], cwd=cwd or repo.root, env=repo.environ, stdin=pipe, stdout=pipe, stderr=pipe
    )
    try:
        with server:
            yield server
            server.kill()
    finally:
        server.kill()


def test_the_official_client_gets_the_verdict_of_the_working_tree(shop: Repo) -> None:
    told = official(shop, ("verify", {}), ("verify", {"what": "staged"}), ("verify", {"gates": ["policy"]}))

    assert told["greeting"]["serverInfo"]["name"] == "everycommit"
    assert "Call verify" in told["greeting"]["instructions"]
    worktree, staged, policy = told["results"]
    assert not worktree["isError"]
    assert "lint/F401" in worktree["content"][0]["text"]
    assert "everycommit run --worktree" in worktree["content"][0]["text"]
    (verdict,) = worktree["structuredContent"]["verdicts"]
    assert (worktree["structuredContent"]["exit"], verdict["outcome"]) == (1, "failed")
    assert [gate["gate"] for gate in verdict["gates"]] == ["policy", "lint"]
    assert "nothing to judge" in staged["content"][0]["text"]
    assert policy["structuredContent"]["exit"] == 0
    assert [done for done, _, message in told["progress"][:3] if "begin" not in message] == [1.0, 2.0]


def test_the_verdict_is_that_of_the_command(shop: Repo) -> None:
    (ours,) = official(shop, ("verify", {"fresh": True}))["results"]
    theirs = json.loads(shop.everycommit("run", "--worktree", "--fresh", "--format", "json").stdout)

    def told(whole: Mapping[str, Any]) -> list[Any]:
        return [
            [gate["gate"], gate["outcome"], [one["fingerprint"] for one in gate["findings"]]]
            for verdict in whole["verdicts"]
            for gate in verdict["gates"]
        ]

    assert told(ours["structuredContent"]) == told(theirs)
    assert ours["structuredContent"]["exit"] == theirs["exit"]


def test_rules_scope_and_background_are_told(shop: Repo) -> None:
    shop.everycommit("scope", "--only", "docs/**", "--goal", "write it down")
    calls: Sequence[tuple[str, dict[str, Any]]] = [
        ("explain", {"rule": "policy/added-lines"}),
        ("explain", {}),
        ("explain", {"rule": "policy/added-line"}),
        ("explain", {"rule": "--help"}),
        ("scope", {}),
        ("status", {}),
        ("verify", {"gates": ["nothing"]}),
    ]

    *fine, background, wrong = official(shop, *calls)["results"]

    words = [one["content"][0]["text"] for one in fine]
    assert "max_added_lines" in words[0]
    assert "added-lines  " in words[1]
    assert [one["isError"] for one in fine] == [False, False, True, True, False]
    assert "did you mean" in words[2]
    assert words[4].startswith("scope: only docs/**")
    assert "background" in background["content"][0]["text"]
    assert wrong["isError"]
    assert "'nothing': no such gate" in wrong["content"][0]["text"]


def test_nothing_is_written_by_any_tool(shop: Repo) -> None:
    before = {path: path.read_bytes() for path in shop.root.rglob("*") if path.is_file() and ".git" not in path.parts}
    index = (shop.root / ".git/index").read_bytes()

    official(shop, ("verify", {}), ("scope", {}), ("status", {}), ("explain", {}))

    after = {path: path.read_bytes() for path in shop.root.rglob("*") if path.is_file() and ".git" not in path.parts}
    assert (before, index) == (after, (shop.root / ".git/index").read_bytes())


def test_every_tool_says_what_it_takes_and_that_it_only_reads(shop: Repo) -> None:
    tools = talk(shop, request(1, "tools/list"))[1]["result"]["tools"]

    assert [tool["name"] for tool in tools] == ["verify", "explain", "scope", "status"]
    for tool in tools:
        jsonschema.Draft202012Validator.check_schema(tool["inputSchema"])
        assert tool["inputSchema"]["additionalProperties"] is False
        assert tool["annotations"]["readOnlyHint"] is True
        assert len(tool["description"]) > 60
    jsonschema.Draft202012Validator.check_schema(tools[0]["outputSchema"])


@pytest.mark.parametrize("asked", [*VERSIONS, "2099-01-01"])
def test_the_revision_is_the_clients_where_it_is_known(shop: Repo, asked: str) -> None:
    answer = talk(shop, request("a", "initialize", **GREETING | {"protocolVersion": asked}), greet=False)["a"]

    assert answer["result"]["protocolVersion"] == (asked if asked in VERSIONS else VERSIONS[-1])


def test_what_is_no_request_is_answered_with_its_code_and_the_session_goes_on(shop: Repo) -> None:
    cases: dict[object, tuple[object, int]] = {
        "unknown": (request("unknown", "resources/list"), -32601),
        "no tool": (call("no tool", "delete"), -32602),
        "no name": (request("no name", "tools/call"), -32602),
        "no version": (request("no version", "initialize"), -32602),
        "no params": ({"jsonrpc": "2.0", "id": "no params", "method": "ping", "params": [1]}, -32600),
        7: ({"jsonrpc": "2.0", "id": 7, "method": 3}, -32600),
    }

    answers = talk(shop, *(message for message, _ in cases.values()), request("ping", "ping"))

    assert {key: answers[key]["error"]["code"] for key in cases} == {key: code for key, (_, code) in cases.items()}
    assert answers["ping"]["result"] == {}


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"no JSON", -32700),
        (b"[" * 100_000, -32700),
        (b'{"jsonrpc": "2.0", "id": null, "method": "ping"}', -32600),
        (b'{"jsonrpc": "1.0", "id": 1, "method": "ping"}', -32600),
        (b'[{"jsonrpc": "2.0", "id": 1, "method": "ping"}]', -32600),
        (b'"ping"', -32600),
        (b"\xff\xfe", -32700),
        (b'{"x": "' + b"x" * (LONGEST + 10) + b'"}', -32600),
    ],
    ids=["words", "deep", "no id", "old", "batch", "text", "bytes", "long"],
)
def test_a_hostile_line_is_one_error(shop: Repo, line: bytes, code: int) -> None:
    answers = talk(shop, line, request(5, "ping"))

    assert answers[None]["error"]["code"] == code
    assert answers[5]["result"] == {}


def test_tools_wait_for_the_greeting_and_answers_to_nothing_are_nothing(shop: Repo) -> None:
    nothing = {"jsonrpc": "2.0", "id": 9, "result": {}}
    with served(shop) as server:
        stdin, stdout = streams(server)
        for one in (nothing, request(1, "ping"), call(2, "scope")):
            stdin.write(json.dumps(one).encode() + b"\n")
        stdin.close()
        answers = [json.loads(line) for line in stdout]

    assert sorted(one["id"] for one in answers) == [1, 2]
    assert answers[-1]["error"]["message"] == "'tools/call' before 'initialize'"


def test_arguments_that_do_not_fit_are_said_to_the_model(shop: Repo) -> None:
    calls = [
        call(1, "verify", what="all"),
        call(2, "verify", gates="lint"),
        call(3, "verify", fresh=1),
        call(4, "scope", clear=True),
        request(5, "tools/call", name="verify", arguments=[]),
    ]

    answers = talk(shop, *calls)

    assert [answers[key]["result"]["content"][0]["text"] for key in range(1, 6)] == [
        "verify: 'what' has to be one of worktree, staged",
        "verify: 'gates' has to be a list of texts",
        "verify: 'fresh' has to be true or false",
        "scope: 'clear': no such argument; there are none",
        "verify: its arguments have to be an object",
    ]
    assert all(answers[key]["result"]["isError"] for key in range(1, 6))
    assert fitting({"properties": {"a": {"type": "string"}}, "required": ["a"]}, {}) == "'a' is missing"


SLOW = '[tool.everycommit]\ncommit = ["policy"]\n[tool.everycommit.command.slow]\nrun = ["sleep", "60"]\n'


@pytest.fixture
def slow(repo: Repo) -> Repo:
    repo.stage("pyproject.toml", SLOW).stage("a.py", "X = 1\n").commit().write("a.py", "X = 2\n")
    assert repo.everycommit("trust", "--yes").returncode == 0
    return repo


def under_way(server: "subprocess.Popen[bytes]", *calls: Mapping[str, Any]) -> None:
    """Greet and call, and wait until the first gate has begun."""
    stdin, stdout = streams(server)
    for one in (request(0, "initialize", **GREETING), *calls):
        stdin.write(json.dumps(one).encode() + b"\n")
    stdin.flush()
    begun = 0
    while begun < len(calls):
        begun += b"slow begin" in stdout.readline()
    time.sleep(0.5)


def slowly(key: object) -> dict[str, Any]:
    return request(key, "tools/call", name="verify", arguments={}, _meta={"progressToken": f"t{key}"})


def sleeping(repo: Repo) -> bool:
    """Tell whether a child of a run in *repo* is still there."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes()
            if words == b"sleep\x0060\x00" and str(repo.root.parent) in str((entry / "cwd").readlink()):
                return True
        except OSError:
            continue
    return False


def ended(repo: Repo) -> bool:
    for _ in range(100):
        if not sleeping(repo):
            return True
        time.sleep(0.1)
    return False


@pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="looks for children in /proc")
def test_a_call_that_is_taken_back_ends_its_children_and_is_not_answered(slow: Repo) -> None:
    with served(slow) as server:
        under_way(server, slowly(1))
        stdin, stdout = streams(server)
        cancel = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}
        stdin.write(json.dumps(cancel).encode() + b"\n" + json.dumps(request(2, "ping")).encode() + b"\n")
        stdin.flush()

        answer: dict[str, Any] = {}
        while "id" not in answer:
            answer = json.loads(stdout.readline())
        assert answer["id"] == 2
        assert ended(slow)
        stdin.close()
        assert server.wait(30) == 0
        assert b'"id": 1' not in stdout.read()


@pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="looks for children in /proc")
@pytest.mark.parametrize("how", ["end of input", "SIGTERM"])
def test_a_client_that_goes_away_leaves_nothing_behind(slow: Repo, how: str) -> None:
    with served(slow) as server:
        under_way(server, slowly(1))
        stdin, _ = streams(server)
        if how == "SIGTERM":
            server.send_signal(signal.SIGTERM)
        else:
            stdin.close()

        assert server.wait(30) == 0
        assert ended(slow)


def test_calls_cannot_be_piled_up(slow: Repo) -> None:
    with served(slow) as server:
        under_way(server, *(slowly(key) for key in range(1, AT_ONCE + 1)))
        stdin, stdout = streams(server)
        for one in (call(90, "scope"), slowly(1), request(91, "ping")):
            stdin.write(json.dumps(one).encode() + b"\n")
        stdin.flush()
        answers: dict[int, Any] = {}
        while 91 not in answers:
            one = json.loads(stdout.readline())
            answers[one.get("id", -1)] = one

    assert "4 requests are worked on" in answers[90]["error"]["message"]
    assert "is still worked on" in answers[1]["error"]["message"]


def test_a_client_that_reads_nothing_any_more_ends_no_session(shop: Repo) -> None:
    with served(shop) as server:
        stdin, stdout = streams(server)
        stdout.close()
        stdin.write(json.dumps(request(0, "initialize", **GREETING)).encode() + b"\n")
        stdin.close()

        assert server.wait(30) == 0


def test_the_repository_can_be_named_and_has_to_be_one(shop: Repo, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    answers: list[str] = []
    for argv in (("--folder", str(shop.root)), ()):
        with served(shop, *argv, cwd=elsewhere) as server:
            stdin, stdout = streams(server)
            for one in (request(0, "initialize", **GREETING), call(1, "verify")):
                stdin.write(json.dumps(one).encode() + b"\n")
            stdin.flush()
            stdout.readline()
            answers.append(json.loads(stdout.readline())["result"]["content"][0]["text"])
            stdin.close()
            assert server.wait(30) == 0

    assert "lint/F401" in answers[0]
    assert answers[1].startswith("not verified: ")
    wrong = shop.everycommit("mcp", "--folder", "nowhere")
    assert (wrong.returncode, wrong.stderr) == (2, "everycommit: --folder 'nowhere': no such folder\n")
