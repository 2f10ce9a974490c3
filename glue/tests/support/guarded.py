"""Memory that ends at a page that nobody may touch: a read beyond it kills the process."""

import ctypes
import mmap
from collections.abc import Iterable, Iterator
from typing import Literal

import pyarrow as pa

_PROTECTION_NONE = 0
_POISON = 0xA5

Side = Literal["end", "begin"]


class Arena:
    """Some pages between two forbidden ones; it holds one chunk at a time."""

    def __init__(self, most_bytes: int) -> None:
        page = mmap.PAGESIZE
        self.size = -(-max(most_bytes, 1) // page) * page
        self._map = mmap.mmap(-1, self.size + 2 * page)
        # Kept as long as the map: while it lives, the map cannot be closed.
        self._whole = (ctypes.c_char * len(self._map)).from_buffer(self._map)
        address = ctypes.addressof(self._whole)
        self._begin = address + page
        self._used = 0, 0
        protect = ctypes.CDLL(None, use_errno=True).mprotect
        protect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
        for forbidden in (address, self._begin + self.size):
            if protect(forbidden, page, _PROTECTION_NONE):
                raise OSError(ctypes.get_errno(), "mprotect failed")

    def place(self, data: bytes, side: Side) -> pa.Buffer:
        """Put the data at one end of the arena, where it stays until the next, as long as the arena lives."""
        if len(data) > self.size:
            raise ValueError(f"{len(data)} bytes do not fit into an arena of {self.size}")
        self.poison()
        at = self._begin + (self.size - len(data) if side == "end" else 0)
        ctypes.memmove(at, data, len(data))
        self._used = at, len(data)
        return pa.foreign_buffer(at, len(data))

    def poison(self) -> None:
        """Overwrite what was placed, for it may not be read again."""
        ctypes.memset(self._used[0] or self._begin, _POISON, self._used[1])


def guarded(chunks: Iterable[bytes], arena: Arena, side: Side = "end") -> Iterator[bytes]:
    """Each chunk in guarded memory, gone as soon as the next is asked for."""
    for chunk in chunks:
        yield arena.place(chunk, side)
    arena.poison()
