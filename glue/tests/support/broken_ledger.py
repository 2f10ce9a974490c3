"""A connection to the ledger that breaks at one moment of a transaction."""

from collections.abc import Callable
from typing import Any, Literal

from tributary.ledger.connection import Connection, LedgerConnection

Moment = Literal["before", "after"]
# Given the process id of the session in the server.
Break = Callable[[int], object]


def break_once(ledger: LedgerConnection, moment: Moment, break_session: Break) -> None:
    """Let the next transaction's session end before the commit, or after it and before its answer."""
    connect, state = ledger._connect, {"broken": False}

    def connect_once(deadline: float) -> Any:
        connection = connect(deadline)
        if state["broken"]:
            return connection
        state["broken"] = True
        return _Breaking(connection, moment, break_session)

    ledger._connect = connect_once  # type: ignore[method-assign]


class _Breaking:
    def __init__(self, connection: Connection, moment: Moment, break_session: Break) -> None:
        self._connection, self._moment, self._break = connection, moment, break_session

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def transaction(self) -> Any:
        return _BreakingTransaction(self._connection, self._moment, self._break)


class _BreakingTransaction:
    def __init__(self, connection: Connection, moment: Moment, break_session: Break) -> None:
        self._connection, self._moment, self._break = connection, moment, break_session
        self._transaction = connection.transaction()

    def __enter__(self) -> object:
        return self._transaction.__enter__()

    def __exit__(self, *error: Any) -> None:
        if self._moment == "after":
            self._transaction.__exit__(*error)
        self._break(self._connection.info.backend_pid)
        if self._moment == "before":
            self._transaction.__exit__(*error)
        self._connection.execute("SELECT")
