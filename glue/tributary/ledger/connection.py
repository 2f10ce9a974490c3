"""Connection to the ledger that reconnects, and repeats transactions where that is safe."""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import psycopg
from psycopg.errors import (
    AdminShutdown,
    CannotConnectNow,
    CrashShutdown,
    DeadlockDetected,
    LockNotAvailable,
    SerializationFailure,
    TooManyConnections,
)
from psycopg.rows import TupleRow

from tributary.errors import TransientError

Result = TypeVar("Result")
Connection = psycopg.Connection[TupleRow]
Work = Callable[[Connection], Result]

# Errors after which the server has rolled the transaction back.
_ROLLED_BACK = (DeadlockDetected, SerializationFailure, LockNotAvailable)
_UNREACHABLE = (AdminShutdown, CrashShutdown, CannotConnectNow, TooManyConnections)
_TRIES = 8
_FIRST_PAUSE_SECONDS = 0.02
_LONGEST_PAUSE_SECONDS = 5.0
# Milliseconds. A session that waits or is forgotten must not hold up the others, nor the server's cleaning.
_SESSION = {
    "lock_timeout": 30_000,
    "statement_timeout": 300_000,
    "idle_in_transaction_session_timeout": 60_000,
}


class LedgerUnreachableError(TransientError):
    """Ledger that did not answer for long, or a connection that broke in an unrepeatable transaction."""


class LedgerContendedError(TransientError):
    """Transaction that the server rolled back in favour of others at each try."""


@dataclass(frozen=True)
class Credentials:
    """Name and password, or token, of one new connection."""

    user: str
    password: str


@dataclass(frozen=True)
class LedgerSettings:
    """Settings of connections to the ledger; by libpq's rules None stands for PGHOST, PGPORT and so on.

    There is no password here: `credentials` is called for each new connection, so a token may be short-lived.
    """

    host: str | None = None
    port: int | None = None
    database: str | None = None
    user: str | None = None
    application: str = "tributary"
    role: str | None = None
    sslmode: Literal["disable", "prefer", "require", "verify-full"] | None = None
    sslrootcert: str | None = None
    credentials: Callable[[], Credentials] | None = None
    connect_seconds: int = 10
    patience_seconds: float = 60.0

    def parameters(self) -> dict[str, Any]:
        """Return the parameters of a new connection that are set."""
        options = [f"-c {name}={value}" for name, value in _SESSION.items()]
        if self.role is not None:
            options.append(f"-c role={self.role}")
        credentials = None if self.credentials is None else self.credentials()
        given = {
            "host": self.host,
            "port": self.port,
            "dbname": self.database,
            "user": self.user if credentials is None else credentials.user,
            "sslmode": self.sslmode,
            "sslrootcert": self.sslrootcert,
            "password": None if credentials is None else credentials.password,
            "application_name": self.application,
            "connect_timeout": self.connect_seconds,
            "options": " ".join(options),
            "keepalives_idle": 30,
            "tcp_user_timeout": 30_000,
        }
        return {name: value for name, value in given.items() if value is not None}


class LedgerConnection:
    """A connection that outlives restarts of the server; for one thread at a time."""

    def __init__(self, settings: LedgerSettings) -> None:
        self._settings = settings
        self._connection: Connection | None = None

    def __enter__(self) -> "LedgerConnection":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connection; the next transaction would make a new one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def once(self, work: Work[Result]) -> Result:
        """Run a transaction that must not be done twice: repeated only where it surely did nothing.

        Raises LedgerUnreachableError when the connection broke during it: whether it was done is unknown.
        """
        return self._run(work, repeatable=False)

    def repeatedly(self, work: Work[Result]) -> Result:
        """Run an idempotent transaction: repeated after any lost connection."""
        return self._run(work, repeatable=True)

    def _run(self, work: Work[Result], *, repeatable: bool) -> Result:
        deadline = time.monotonic() + self._settings.patience_seconds
        pauses, rolled_back = _pauses(), 0
        while True:
            connection, begun = self._connect(deadline), False
            try:
                with connection.transaction():
                    begun = True
                    return work(connection)
            except _ROLLED_BACK as error:
                rolled_back += 1
                if rolled_back == _TRIES:
                    raise LedgerContendedError(f"rolled back {_TRIES} times: {_text(error)}") from error
            except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                if not connection.closed and not isinstance(error, _UNREACHABLE):
                    raise
                self.close()
                if (begun and not repeatable) or time.monotonic() > deadline:
                    raise LedgerUnreachableError(f"the connection broke: {_text(error)}") from error
            time.sleep(next(pauses))

    def _connect(self, deadline: float) -> Connection:
        if self._connection is not None and not self._connection.closed:
            return self._connection
        pauses = _pauses()
        while True:
            try:
                self._connection = psycopg.connect(**self._settings.parameters(), autocommit=True)
                return self._connection
            except psycopg.OperationalError as error:
                if time.monotonic() > deadline:
                    raise LedgerUnreachableError(f"the ledger does not answer: {_text(error)}") from error
            time.sleep(next(pauses))


def _pauses() -> Iterator[float]:
    """Growing pauses in seconds, each spread at random, so that those who met do not meet again."""
    pause = _FIRST_PAUSE_SECONDS
    while True:
        yield pause * (0.5 + random.random())  # noqa: S311 no secret
        pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)


def _text(error: Exception) -> str:
    return " ".join(str(error).split())
