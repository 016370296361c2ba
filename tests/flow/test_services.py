"""A service through the installed hook: it lives as long as the tests in the background do, whatever ends them."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from flow.conftest import PRICES, PYPROJECT, Shop

SERVER = """\
import http.server
import os
import sys
from pathlib import Path

Path(sys.argv[2]).write_text(str(os.getpid()))
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler).serve_forever()
"""
TEST = """\
import os
import time
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

from shop import prices


def test_server() -> None:
    while not Path({go!r}).exists():
        time.sleep(0.02)
    assert build_opener(ProxyHandler({{}})).open(os.environ["SERVER"], timeout=20).status == 200
    assert prices.total([]) == 0
"""
SETTINGS = """
[tool.everycommit.services.server]
command = ["{python}", "server.py", "{{port}}", "{pid}"]
env = {{ SERVER = "http://127.0.0.1:{{port}}/" }}
"""


def soon_gone(pid: int) -> bool:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.02)
    return False


def left(shop: Shop, text: str, pid: Path) -> int:
    """Commit *text* behind the prices; the tests go on in the background, with the service. Return its process."""
    pid.unlink(missing_ok=True)
    done = shop.stage("src/shop/prices.py", f"{PRICES}\n\n{text}\n").attempt("commit", "-m", "change")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "goes on in the background" in done.stdout + done.stderr
    until = time.monotonic() + 30
    while not (pid.exists() and pid.read_text()) and time.monotonic() < until:
        time.sleep(0.02)
    return int(pid.read_text())


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")
def test_it_lives_and_ends_with_the_tests_in_the_background(shop: Shop) -> None:
    go, pid = shop.root.parent / "go", shop.root.parent / "pid"
    settings = PYPROJECT.replace("budget = 200 ", "budget = 1 ") + SETTINGS.format(pid=pid, python=sys.executable)
    shop.stage("pyproject.toml", settings).stage("server.py", SERVER)
    shop.stage("tests/test_server.py", TEST.format(go=str(go)))
    shop.git("commit", "-q", "--no-verify", "-m", "A service")
    assert shop.everycommit("trust", "--yes").returncode == 0

    first = left(shop, "RATE = 19", pid)
    assert Path(f"/proc/{first}").exists()
    go.touch()
    waited = shop.everycommit("status", "--wait")

    assert waited.returncode == 0, waited.stdout
    assert soon_gone(first)
    # Another server would have to be asked for: the hook without Python knows nothing of it.
    assert not (shop.root / ".git/everycommit/known/facts").exists()

    go.unlink()
    second = left(shop, "RATE = 20", pid)
    worker = int(shop.everycommit("status", "--format", "json").stdout.partition('"pid": ')[2].partition(",")[0])
    os.kill(worker, signal.SIGKILL)

    assert soon_gone(second)
