"""Count of the partitions in which the rows of each file lie."""

from collections import defaultdict

import pyarrow as pa
import pyarrow.compute as pc

from tributary.errors import TooManyPartitionsError
from tributary.expected import expected
from tributary.kernels.file_limits import FileLimits


class FilePartitions:
    """Counts them as the rows come; a file with more than the limit is in `beyond`, by its number."""

    def __init__(self, limits: FileLimits) -> None:
        self._most = limits.partitions
        self._found: defaultdict[int, set[str]] = defaultdict(set)
        self.beyond: dict[int, TooManyPartitionsError] = {}

    def add(self, files: pa.Array, partitions: pa.Array) -> None:
        """Count those of some rows, each with the number of its file."""
        encoded = partitions.dictionary_encode()
        paths = encoded.dictionary.to_pylist()
        pairs = pc.add(pc.multiply(files.cast(pa.int64()), len(paths)), encoded.indices)
        for file, path in (divmod(pair, len(paths)) for pair in pc.unique(pairs).to_pylist()):
            self._found[file].add(paths[path])
            if len(self._found[file]) > self._most and file not in self.beyond:
                self.beyond[file] = TooManyPartitionsError(
                    f"{expected(_WANTED.format(self._most), len(self._found[file]))} and perhaps more"
                )


_WANTED = "rows of at most {} partitions in one file (upload it in parts, or raise fileLimits.partitions)"
