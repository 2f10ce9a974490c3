"""Sizes of the pages of a Parquet file by their headers, for a footer may say anything. A page is read whole.

A header is a Thrift struct of the compact protocol; of parquet.thrift's `PageHeader` the fields 2 and 3 are
the bytes of the page, decompressed and as stored.
"""

from collections.abc import Iterator
from typing import IO

from pyarrow import parquet

from tributary.errors import UnreadableParquetError

_FIRST_BYTES = 1 << 10
_MOST_BYTES = 16 << 20
_DECOMPRESSED, _STORED = 2, 3

_TRUE, _FALSE, _BYTE, _I64, _DOUBLE, _BINARY, _LIST, _SET, _STRUCT = 1, 2, 3, 6, 7, 8, 9, 10, 12


def page_bytes(file: IO[bytes], column: parquet.ColumnChunkMetaData) -> Iterator[int]:
    """The decompressed bytes of each page of a column; raises `UnreadableParquetError` for a broken one."""
    begin = column.data_page_offset
    if column.has_dictionary_page and 0 < column.dictionary_page_offset < begin:
        begin = column.dictionary_page_offset
    end = begin + column.total_compressed_size
    # A column without a value may have no page, and then no offset.
    while column.num_values and begin < end:
        header, length = _header(file, begin)
        stored, decompressed = header.get(_STORED, -1), header.get(_DECOMPRESSED, -1)
        if stored < 0 or decompressed < 0:
            raise _broken(begin)
        yield decompressed
        begin += length + stored


def _header(file: IO[bytes], begin: int) -> tuple[dict[int, int], int]:
    """Return the whole numbers of the header, by field, and its length."""
    size = _FIRST_BYTES
    while True:
        file.seek(begin)
        data = file.read(size)
        try:
            reader = _Compact(data)
            return reader.struct(), reader.at
        except (IndexError, RecursionError):
            if len(data) < size or size > _MOST_BYTES:
                raise _broken(begin) from None
            size *= 16


def _broken(begin: int) -> UnreadableParquetError:
    return UnreadableParquetError(
        f"no whole page header stands at byte {begin}: the file is cut off or broken"
    )


class _Compact:
    """Thrift's compact protocol, of which whole numbers are kept and all else is passed over."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def struct(self) -> dict[int, int]:
        found: dict[int, int] = {}
        field = 0
        while mark := self._byte():
            field = field + (mark >> 4) if mark >> 4 else self._number()
            value = self._value(mark & 15)
            if value is not None:
                found[field] = value
        return found

    def _value(self, kind: int, *, is_element: bool = False) -> int | None:
        if kind in (_TRUE, _FALSE):
            return self._byte() if is_element else kind
        if _BYTE < kind <= _I64:
            return self._number()
        if kind == _BYTE:
            self._skip(1)
        elif kind == _DOUBLE:
            self._skip(8)
        elif kind == _BINARY:
            self._skip(self._varint())
        elif kind in (_LIST, _SET):
            self._list()
        elif kind == _STRUCT:
            self.struct()
        else:
            raise IndexError(kind)
        return None

    def _list(self) -> None:
        mark = self._byte()
        count = mark >> 4 if mark >> 4 < 15 else self._varint()
        for _ in range(count):
            self._value(mark & 15, is_element=True)

    def _number(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    def _byte(self) -> int:
        self.at += 1
        return self._data[self.at - 1]

    def _skip(self, size: int) -> None:
        self.at += size
        if self.at > len(self._data):
            raise IndexError(self.at)
