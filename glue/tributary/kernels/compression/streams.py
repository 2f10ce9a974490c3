"""Compression of files, by their names."""

from collections.abc import Iterable, Iterator

from tributary.kernels.compression import gzip_stream, zstd_stream


def is_compressed(key: str) -> bool:
    """Return True where a file of that name is taken for compressed."""
    return key.endswith((".gz", ".zst"))


def uncompressed(key: str, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The bytes of a file's content: `.gz` is gunzipped, `.zst` is decompressed, anything else is as it is.

    Raises `BrokenGzipError` or `BrokenZstdError` where the stream does not hold what its name says.
    """
    if key.endswith(".gz"):
        return gzip_stream.decompressed(chunks)
    if key.endswith(".zst"):
        return zstd_stream.decompressed(chunks)
    return iter(chunks)
