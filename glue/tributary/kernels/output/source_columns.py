"""Columns that say where a row comes from."""

import pyarrow as pa

SOURCE_COLUMNS = pa.schema(
    [("_source_file", pa.string()), ("_source_version", pa.string()), ("_source_line", pa.int64())]
)
"""Source columns of a row: key and version of the object, and its line, from 1."""

DATED_SOURCE_COLUMNS = SOURCE_COLUMNS.insert(2, pa.field("_source_revision", pa.int64()))
"""Source columns with the number of the version among those of its key; first in every dated object."""
