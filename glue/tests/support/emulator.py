"""A real MiniStack for a test session, guarded as the local one is, and how every client finds it."""

import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.waiting import HANG_SECONDS
from tributary.running import clients

_LAUNCHER = Path(__file__).parents[3] / "local" / "emulator" / "launcher.py"
# Of the account's root, in the emulators of this process.
_SECRET = secrets.token_hex(20)


@contextmanager
def running_emulator() -> Iterator[str]:
    """Start the emulator on a free port and point this process, and those it starts, to it."""
    with emulator_process() as (endpoint, _):
        yield endpoint


@contextmanager
def emulator_process() -> Iterator[tuple[str, int]]:
    """The same, with the emulator's process id."""
    with tempfile.TemporaryDirectory(prefix="tributary-emulator-") as folder:
        process = _start(folder)
        try:
            endpoint = f"http://127.0.0.1:{_announced_port(process)}"
            _wait_until_healthy(endpoint, process)
            with _environment(endpoint):
                yield endpoint, process.pid
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def client_variables(endpoint: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": _SECRET,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _start(folder: str) -> subprocess.Popen[bytes]:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": folder,
        "TMPDIR": folder,
        "AWS_SECRET_ACCESS_KEY": _SECRET,
        "LOG_LEVEL": "ERROR",
    }
    return subprocess.Popen(
        [sys.executable, _LAUNCHER, "--unrepaired"],
        env=environment,
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _announced_port(process: subprocess.Popen[bytes]) -> int:
    """Return the port in the launcher's first line."""
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"the emulator ended with exit code {process.wait()} before it was up")
    port: int = json.loads(line)["port"]
    return port


def _wait_until_healthy(endpoint: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + HANG_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the emulator ended with exit code {process.returncode} before it was up")
        try:
            with urllib.request.urlopen(f"{endpoint}/_ministack/health", timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"the emulator did not answer at {endpoint} within {HANG_SECONDS} s")


@contextmanager
def _environment(endpoint: str) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(client_variables(endpoint))
    for made in (clients.s3_client, clients.dynamodb_client, clients.sqs_client, clients.events_client):
        made.cache_clear()
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
