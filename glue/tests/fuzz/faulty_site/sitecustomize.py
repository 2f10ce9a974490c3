"""Spoils the native kernel wherever its input holds `true`; on the path of the fuzzer's own tests only.

`TRIBUTARY_TEST_FAULTS` is `crash` or `differ`.
"""

import os
import signal
from collections.abc import Iterable, Iterator
from typing import Any

from tributary.kernels.formats.batch import FormatBatch
from tributary.kernels.formats.ndjson import native as ndjson_native
from tributary.kernels.record_limits import RecordLimits

_real = ndjson_native.parse_native


def _spoiled(chunks: Iterable[bytes], limits: RecordLimits, **options: Any) -> Iterator[FormatBatch]:
    seen = []

    def watched() -> Iterator[bytes]:
        for chunk in chunks:
            if b"true" in bytes(chunk):
                if os.environ["TRIBUTARY_TEST_FAULTS"] == "crash":
                    os.kill(os.getpid(), signal.SIGSEGV)
                seen.append(chunk)
            yield chunk

    batches = list(_real(watched(), limits, **options))
    yield from batches[:-1] if seen else batches


ndjson_native.parse_native = _spoiled
