"""The ledger with somebody between who is told of each of its transactions."""

from collections.abc import Callable
from typing import Any, TypeVar

from tributary.ledger import batches
from tributary.ledger.connection import LedgerConnection, LedgerSettings, Work

Result = TypeVar("Result")
Interceptor = Callable[[str, Any, Callable[[Any], Any]], Any]

_CHANGES = {text: name.removeprefix("_").lower() for name, text in vars(batches).items() if name.isupper()}


class WatchedLedger(LedgerConnection):
    """Passes every transaction through an interceptor, under its name, as requests to S3 are passed."""

    def __init__(self, settings: LedgerSettings, interceptor: Interceptor) -> None:
        super().__init__(settings)
        self._interceptor = interceptor

    def once(self, work: Work[Result]) -> Result:
        return self._pass(work, super().once)

    def repeatedly(self, work: Work[Result]) -> Result:
        return self._pass(work, super().repeatedly)

    def _pass(self, work: Work[Result], run: Callable[[Work[Result]], Result]) -> Result:
        result: Result = self._interceptor(_name(work), None, lambda _: run(work))
        return result


def _name(work: Work[Any]) -> str:
    """The function that makes the transaction, or what it changes of a held batch."""
    maker = work.__qualname__.split(".<locals>")[0].rpartition(".")[2]
    held = dict(zip(work.__code__.co_freevars, work.__closure__ or (), strict=True))
    return _CHANGES[held["change"].cell_contents] if maker == "_change" else maker
