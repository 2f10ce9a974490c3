"""NDJSON to Arrow: exact text, one column a top-level key, every rejected line with its place and reason."""

import warnings
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Literal

from tributary.kernels.formats.asked import DEFAULT_LIMITS, Asked, Content
from tributary.kernels.formats.batch import FormatBatch
from tributary.kernels.formats.ndjson.batch import NdjsonLimits
from tributary.kernels.formats.ndjson.plain import parse_plain
from tributary.terminal import show_error

Engine = Literal["native", "plain"]


def read_ndjson(asked: Asked, content: Content) -> Iterator[FormatBatch]:
    """The lines of a file."""
    return parse(content.chunks, replace(asked.limits, declared=asked.keys), keep_lines=asked.keeps_bytes)


def parse(
    chunks: Iterable[bytes],
    limits: NdjsonLimits = DEFAULT_LIMITS,
    *,
    keep_lines: bool = False,
    engine: Engine | None = None,
) -> Iterator[FormatBatch]:
    """The lines of a stream of bytes, cut anywhere, as batches of rows and rejects.

    With `keep_lines` the positions hold the line of each row, too. Without an `engine` it is the native one;
    where that cannot be loaded, the plain one, a hundred times slower, after a warning.
    """
    if engine != "plain":
        try:
            from tributary.kernels.formats.ndjson.native import parse_native, variants  # noqa: PLC0415

            variants()
        except ImportError as error:
            if engine == "native":
                raise
            _warn(error)
        else:
            return parse_native(chunks, limits, keep_lines=keep_lines)
    return parse_plain(chunks, limits, keep_lines)


def _warn(error: ImportError) -> None:
    message = f"the native NDJSON kernel cannot be loaded, so lines are read a hundred times slower: {error}"
    warnings.warn(message, RuntimeWarning, stacklevel=3)
    show_error(message)
