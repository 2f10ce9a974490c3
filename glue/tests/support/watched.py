"""The ledger, and S3, with somebody between who may act at each call."""

from collections.abc import Callable
from typing import Any, TypeVar

from tributary.ledger import batches
from tributary.ledger.connection import LedgerConnection, LedgerSettings, Work

Result = TypeVar("Result")
Interceptor = Callable[[str, Any, Callable[[Any], Any]], Any]

Send = Callable[[Any], Any]

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


class Interruption:
    """Lets somebody else act before the first call of a name is sent, or after its answer came."""

    def __init__(self, at: str, act: Callable[[], object], moment: str = "before") -> None:
        self.acted = False
        self._at = at
        self._act = act
        self._moment = moment

    def __call__(self, name: str, request: Any, send: Send) -> Any:
        is_now = not self.acted and name.startswith(self._at)
        self.acted = self.acted or is_now
        if is_now and self._moment == "before":
            self._act()
        answer = send(request)
        if is_now and self._moment == "after":
            self._act()
        return answer


def _name(work: Work[Any]) -> str:
    """The function that makes the transaction, or what it changes of a held batch."""
    maker = work.__qualname__.split(".<locals>")[0].rpartition(".")[2]
    held = dict(zip(work.__code__.co_freevars, work.__closure__ or (), strict=True))
    return _CHANGES[held["change"].cell_contents] if maker == "_change" else maker
