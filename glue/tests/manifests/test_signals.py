"""What the script does at a signal, whatever the engine made of it."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from typing import Any

import pytest

from jobs import manifests_stream
from tests.support.manifests import ManifestWorld


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ends_in_order_though_the_engine_takes_signals_as_spark_does(
    world: ManifestWorld, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    before = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}
    hurries: list[bool] = []

    @contextmanager
    def open_engine(*_: object) -> Iterator[None]:
        signal.signal(number, signal.default_int_handler)
        yield None

    class Signalled:
        def __init__(self, hurry: Event, **_: Any) -> None:
            self._hurry = hurry

        def run(self) -> None:
            signal.raise_signal(number)
            hurries.append(self._hurry.is_set())

    monkeypatch.setattr(manifests_stream, "open_engine", open_engine)
    monkeypatch.setattr(manifests_stream, "Stream", Signalled)
    try:
        assert manifests_stream.main(world.arguments()) == 0
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
    assert hurries == [True]
