"""Starts MiniStack on a loopback port with our guard and repairs, and ends when its parent does.

The port is bound before MiniStack is imported, for it reads its own port from the environment then; so two
starts at once never meet. The only line of standard output is `{"port": <number>}`; the rest goes to
standard error. Standard input is a pipe that the parent holds: at its end, the whole process group (functions
included) is killed. AWS_SECRET_ACCESS_KEY is the secret of the account's root, with which clients sign.
"""

import argparse
import asyncio
import json
import os
import resource
import signal
import socket
import sys
import tempfile
import threading
from pathlib import Path
from urllib.parse import urlsplit

HOST = "127.0.0.1"
KEEP_ALIVE_SECONDS = 75


def main() -> None:
    """Parse the command line, bind, repair, serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0, the default: any free port")
    parser.add_argument(
        "--unrepaired", action="store_true", help="leave MiniStack as it is, to test what it lacks"
    )
    parser.add_argument("--statements", type=Path, help="file for the statements of roles that decide")
    arguments = parser.parse_args()
    listener = bind(arguments.port)
    port = listener.getsockname()[1]
    os.environ.update(BIND_HOST=HOST, MINISTACK_HOST=HOST, GATEWAY_PORT=str(port), **own_folders())
    allow_many_connections()
    threading.Thread(target=end_with_parent, daemon=True).start()
    print(json.dumps({"port": port}), flush=True)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    # requests that the Glue runner passes on name the runner
    endpoints = (f"http://{HOST}:{port}", os.environ.get("AWS_ENDPOINT_URL_GLUE"))
    hosts = [urlsplit(endpoint).netloc for endpoint in endpoints if endpoint]
    asyncio.run(serve(listener, hosts, arguments.statements, repaired=not arguments.unrepaired))


def bind(port: int) -> socket.socket:
    """Return a socket bound to `port` of the loopback interface; exits naming the port where it is taken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        sys.exit(
            f"port {port} of {HOST} cannot be used ({error.strerror}); choose another, or end what holds it"
        )
    return listener


def own_folders() -> dict[str, str]:
    """Return where MiniStack looks for files: by itself at names in /tmp, which anybody may take before."""
    return {name: os.path.join(tempfile.gettempdir(), name) for name in ("S3_DATA_DIR", "STATE_DIR")}


def allow_many_connections() -> None:
    """Raise the soft limit of open files to the hard one, as MiniStack's own start does."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def end_with_parent() -> None:
    """Wait for the end of standard input, then kill the process group."""
    while os.read(0, 1):
        pass
    os.killpg(os.getpgrp(), signal.SIGKILL)


async def serve(listener: socket.socket, hosts: list[str], decisions: Path | None, *, repaired: bool) -> None:
    """Serve MiniStack on `listener`, to those who name one of `hosts`, until SIGTERM."""
    # Imported here, for they read the environment that main() completes.
    import guard  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415
    from hypercorn.asyncio import serve as serve_app  # noqa: PLC0415
    from hypercorn.config import Config  # noqa: PLC0415

    if repaired:
        import repairs  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415

        repairs.apply_all()
    if decisions:
        import statements  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415

        statements.note_decisions(decisions)
    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.keep_alive_timeout = KEEP_ALIVE_SECONDS
    config.loglevel = "WARNING"
    await serve_app(guard.guarded(hosts), config)


if __name__ == "__main__":
    main()
