"""Which files of a batch kill their reader; the real child processes are in test_batch_faults.py."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from tributary.batch import suspects
from tributary.errors import NoAnswerError, TransientError, WorkerKilledError
from tributary.ledger.claims import BatchFile

FILES = [BatchFile(number, "raw", f"{number}.json", "v", 1, datetime.now(UTC)) for number in range(10_000)]


class Children:
    """Stand in for child processes: one dies when it gets a deadly file."""

    def __init__(self, deadly: Sequence[int], error: Exception | None = None) -> None:
        self.runs = 0
        self.read = 0
        self._deadly = set(deadly)
        self._error = error or WorkerKilledError("ended by SIGKILL")

    def __call__(self, _: Callable[..., Any], files: Sequence[BatchFile], memory_bytes: int) -> None:
        self.runs += 1
        self.read += len(files)
        assert memory_bytes == 7
        if self._deadly.intersection(file.id for file in files):
            raise self._error


def found(monkeypatch: pytest.MonkeyPatch, children: Children) -> list[int]:
    monkeypatch.setattr(suspects, "run_alone", children)
    result = suspects.poison_files(FILES, 7, 120, print)
    assert {why.reason for why in result.values()} <= {"killed-worker"}
    return [file.id for file in result]


@pytest.mark.parametrize("deadly", [[0], [9_999], [4_711], [17, 5_000, 5_001]])
def test_finds_poison_files_among_ten_thousand(monkeypatch: pytest.MonkeyPatch, deadly: list[int]) -> None:
    children = Children(deadly)
    assert found(monkeypatch, children) == deadly
    assert children.runs <= 1 + 28 * len(deadly)
    assert children.read <= (1 + 2 * len(deadly)) * len(FILES) + 28 * len(deadly)


def test_blames_nobody_where_all_survive(monkeypatch: pytest.MonkeyPatch) -> None:
    children = Children([])
    assert (found(monkeypatch, children), children.runs) == ([], 1)


@pytest.mark.parametrize("error", [NoAnswerError("the disk is full"), TransientError("no network")])
def test_blames_no_file_for_what_may_pass(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    with pytest.raises(type(error)):
        found(monkeypatch, Children([5], error))
