"""A real PostgreSQL with the ledger's schema, started by the program that starts the local one."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.support.waiting import HANG_SECONDS
from tributary.ledger.connection import Connection, LedgerConnection, LedgerSettings

ROOT = Path(__file__).parents[3]
# The login that acts in a role, by right of its own or by SET ROLE; the superuser in others.
_LOGINS = {
    "ledger_lister": "tributary_lister",
    "ledger_batch": "tributary_batch",
    "ledger_operator": "tributary_operator",
    "ledger_maintainer": "tributary_operator",
}


class Server:
    """A running server, and how tests look into it."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.variables: dict[str, str] = {}
        self._read_variables()

    def settings(self, role: str | None = None, patience_seconds: float = HANG_SECONDS) -> LedgerSettings:
        """Settings of a connection that acts as one of the ledger's roles, or as the superuser."""
        login = _LOGINS.get(role or "")
        return LedgerSettings(
            host=self.variables["PGHOST"],
            port=int(self.variables["PGPORT"]),
            database=self.variables["PGDATABASE"],
            user=login or self.variables["PGUSER"],
            # what inherits its role's rights is to have them without asking
            role=None if login in ("tributary_lister", "tributary_batch") else role,
            patience_seconds=patience_seconds,
        )

    def connect(self, role: str | None = None) -> LedgerConnection:
        return LedgerConnection(self.settings(role))

    def superuser(self) -> Connection:
        return psycopg.connect(**self.settings().parameters(), autocommit=True)

    def crash(self) -> None:
        """Kill the server as a loss of power does; back when it is up again."""
        assert self._process.stdin is not None
        self._process.stdin.write("crash\n")
        self._process.stdin.flush()
        self._read_variables()

    def _read_variables(self) -> None:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("PostgreSQL does not come up; its reason stands above")
        self.variables = json.loads(line)


@contextmanager
def running_postgres() -> Iterator[Server]:
    """Start a server with the migrations applied, and end it."""
    node = shutil.which("node")
    assert node is not None
    process = subprocess.Popen(
        [node, "--import", "tsx", "local/postgres/serve.ts"],
        cwd=ROOT,
        env=os.environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Server(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(HANG_SECONDS)
