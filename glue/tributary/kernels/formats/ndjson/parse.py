"""NDJSON to Arrow: exact text, one column a top-level key, every rejected line with its place and reason."""

import warnings
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Literal

from tributary.datasets.declaration import NdjsonFormat
from tributary.kernels.formats.asked import DEFAULT_LIMITS, Asked, Content
from tributary.kernels.formats.batch import FormatBatch
from tributary.kernels.formats.json.attribute_values import plain_values
from tributary.kernels.formats.ndjson.plain import parse_plain
from tributary.kernels.formats.ndjson.reasons import explained
from tributary.kernels.record_limits import RecordLimits
from tributary.terminal import show_error

Engine = Literal["native", "plain"]


def read_ndjson(asked: Asked, content: Content) -> Iterator[FormatBatch]:
    """The lines of a file."""
    limits = replace(asked.limits, declared=asked.keys)
    if not isinstance(asked.format, NdjsonFormat):
        raise TypeError(asked.format)
    if asked.format.attribute_values is None:
        return explained(parse(content.chunks, limits, keep_lines=asked.keeps_bytes), limits)
    return explained(plain_values(parse(content.chunks, limits, keep_lines=True)), limits)


def parse(
    chunks: Iterable[bytes],
    limits: RecordLimits = DEFAULT_LIMITS,
    *,
    keep_lines: bool = False,
    several: bool = True,
    engine: Engine | None = None,
) -> Iterator[FormatBatch]:
    """The records of a stream of bytes, cut anywhere, as batches of rows and rejects.

    A record is a line, or with `several` one of the objects that stand on it one behind the other. With
    `keep_lines` the positions hold the record of each row, too. Without an `engine` it is the native one;
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
            return parse_native(chunks, limits, keep_lines=keep_lines, several=several)
    return parse_plain(chunks, limits, keep_lines=keep_lines, several=several)


def _warn(error: ImportError) -> None:
    message = f"the native NDJSON kernel cannot be loaded, so lines are read a hundred times slower: {error}"
    warnings.warn(message, RuntimeWarning, stacklevel=3)
    show_error(message)
