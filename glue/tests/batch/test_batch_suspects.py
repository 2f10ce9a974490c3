"""Which files of a batch kill their reader or fail in it; the real child processes: test_batch_faults.py."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from tributary.batch import suspects
from tributary.errors import (
    DeclarationError,
    NoAnswerError,
    TransformError,
    TransientError,
    WorkerKilledError,
)
from tributary.ledger.claims import BatchFile

FILES = [BatchFile(number, "raw", f"{number}.json", "v", 1, datetime.now(UTC)) for number in range(10_000)]


class Children:
    """Stand in for child processes: one dies when it gets a deadly file."""

    def __init__(self, deadly: Sequence[int], error: Exception | None = None) -> None:
        self.runs = 0
        self.read = 0
        self._deadly = set(deadly)
        self.error = error or WorkerKilledError("ended by SIGKILL")

    def __call__(self, _: Callable[..., Any], files: Sequence[BatchFile], memory_bytes: int) -> None:
        self.runs += 1
        self.read += len(files)
        assert memory_bytes == 7
        if self._deadly.intersection(file.id for file in files):
            raise self.error


def found(monkeypatch: pytest.MonkeyPatch, children: Children) -> list[int]:
    monkeypatch.setattr(suspects, "run_alone", children)
    result = suspects.poison_files(FILES, 7, 120, print)
    wanted = "transform-failed" if isinstance(children.error, TransformError) else "killed-worker"
    assert {why.reason for why in result.values()} <= {wanted}
    return [file.id for file in result]


@pytest.mark.parametrize("error", [None, TransformError("no")], ids=["deaths", "errors"])
@pytest.mark.parametrize("deadly", [[0], [9_999], [4_711], [17, 5_000, 5_001]])
def test_finds_poison_files_among_ten_thousand(
    monkeypatch: pytest.MonkeyPatch, deadly: list[int], error: Exception | None
) -> None:
    children = Children(deadly, error)
    assert found(monkeypatch, children) == deadly
    assert children.runs <= 1 + 28 * len(deadly)
    assert children.read <= (1 + 2 * len(deadly)) * len(FILES) + 28 * len(deadly)


def test_blames_nobody_where_all_survive(monkeypatch: pytest.MonkeyPatch) -> None:
    children = Children([])
    assert (found(monkeypatch, children), children.runs) == ([], 1)


@pytest.mark.parametrize("most", [FILES[:3], FILES])
def test_blames_the_sql_where_it_fails_for_all_or_for_hundreds(
    monkeypatch: pytest.MonkeyPatch, most: list[BatchFile]
) -> None:
    children = Children(range(10_000), TransformError("no"))
    monkeypatch.setattr(suspects, "run_alone", children)
    with pytest.raises(TransformError):
        suspects.poison_files(most, 7, 120, print)
    assert children.runs < 250


@pytest.mark.parametrize(
    "error", [NoAnswerError("the disk is full"), TransientError("no network"), DeclarationError("no")]
)
def test_blames_no_file_for_what_may_pass(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    with pytest.raises(type(error)):
        found(monkeypatch, Children([5], error))
