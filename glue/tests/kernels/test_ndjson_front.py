"""Which engine reads, and what is said where the native one is missing."""

import sys
from collections.abc import Iterator

import pytest

from tributary.kernels.formats.ndjson import native as ndjson_native
from tributary.kernels.formats.ndjson.parse import Engine, parse

DATA = [b'{"a":1}\nx\n']


@pytest.fixture
def no_library(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    ndjson_native._loaded.cache_clear()
    monkeypatch.setitem(sys.modules, "tributary_native", None)
    yield
    ndjson_native._loaded.cache_clear()


def rows(engine: Engine | None) -> list[dict[str, str]]:
    (batch,) = parse(DATA, engine=engine)
    assert batch.rejects.num_rows == 1
    return batch.rows.to_pylist()


@pytest.mark.parametrize("engine", [None, "native", "plain"])
@pytest.mark.filterwarnings("error")
def test_reads_by_the_engine_named(engine: Engine | None) -> None:
    assert rows(engine) == [{"a": "1"}]


@pytest.mark.usefixtures("no_library")
def test_reads_slowly_but_not_quietly_without_the_library(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.warns(RuntimeWarning, match="cannot be loaded"):
        assert rows(None) == [{"a": "1"}]
    assert "cannot be loaded" in capfd.readouterr().err


@pytest.mark.usefixtures("no_library")
def test_does_not_read_without_the_library_that_was_asked_for() -> None:
    with pytest.raises(ImportError):
        rows("native")
    assert rows("plain") == [{"a": "1"}]
