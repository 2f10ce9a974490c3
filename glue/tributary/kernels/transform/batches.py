"""Regrouping of a stream of Arrow batches."""

from collections.abc import Iterable, Iterator

import pyarrow as pa


class BatchQueue:
    """Rows of a stream of batches, taken in any number at a time."""

    def __init__(self, batches: Iterable[pa.RecordBatch]) -> None:
        self._batches = iter(batches)
        self._current: pa.RecordBatch | None = None

    def take(self, rows: int) -> list[pa.RecordBatch]:
        """The next `rows` rows, without copying; fewer at the end of the stream."""
        return list(self.pieces(rows))

    def pieces(self, rows: int) -> Iterator[pa.RecordBatch]:
        """Yield the next rows in pieces, each batch requested after the one before it was processed."""
        while rows > 0:
            if self._current is None:
                self._current = next(self._batches, None)
                if self._current is None:
                    break
            piece = self._current.slice(0, rows)
            rows -= piece.num_rows
            left = self._current.num_rows - piece.num_rows
            self._current = self._current.slice(piece.num_rows) if left else None
            yield piece
