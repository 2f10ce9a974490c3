"""Errors that a file can cause by what is in it."""

from typing import Final

import pyarrow as pa

from tributary.errors import TransformError

FAULTS_OF_A_FILE: Final = (
    TransformError,
    pa.ArrowException,
    ArithmeticError,
    LookupError,
    MemoryError,
    RecursionError,
    TypeError,
    ValueError,
)
"""Errors of the work on content, ours among them: no service, disk or declaration raises these.

SQL that fails for a value or wants more memory than DuckDB has is a `TransformError`; SQL that fails without
rows was found by `check_dataset`.
"""
