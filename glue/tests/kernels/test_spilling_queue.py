from pathlib import Path

import pyarrow as pa
import pytest

from tributary.kernels.transform.spilling_queue import SpillingQueue


def batch(number: int) -> pa.RecordBatch:
    """Ten rows, about 100 bytes; every third of another schema."""
    return pa.record_batch({f"c{number % 3}": [f"{number:02}" for _ in range(10)]})


@pytest.mark.parametrize("memory_bytes", [0, 250, 1 << 20])
def test_gives_batches_back_in_their_order(memory_bytes: int, tmp_path: Path) -> None:
    path = tmp_path / "queue"
    with SpillingQueue(path, memory_bytes) as queue:
        given: list[pa.RecordBatch] = []
        # In and out by turns, so that it fills and empties several times.
        for number, taken in enumerate([0, 0, 0, 0, 2, 0, 0, 5, 0, 1, 1, 1, 0, 0]):
            queue.append(batch(number))
            given += [queue.popleft() for _ in range(taken)]
        assert path.exists() == (memory_bytes < 1 << 20)
        given += [queue.popleft() for _ in range(14 - len(given))]
        with pytest.raises(IndexError):
            queue.popleft()
    assert given == [batch(number) for number in range(14)]
    assert not path.exists()
