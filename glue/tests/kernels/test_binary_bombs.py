"""Binary files that become far more than they are: given up at the limit, in memory that follows no file."""

from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import orc, parquet

from tests.kernels.test_binary_formats import container, long
from tests.support.binary import batches, column, written
from tests.support.memory import numbers_of
from tributary.errors import BlockTooLargeError, DecompressedTooLargeError, SchemaTooLargeError
from tributary.kernels.file_limits import DEFAULT_FILE_LIMITS, FileLimits
from tributary.kernels.record_limits import RecordLimits

MEBIBYTE = 1 << 20
ZEROS = "0" * MEBIBYTE
LIMITS = FileLimits(ratio=50, ratio_from_bytes=4 * MEBIBYTE, block_bytes=8 * MEBIBYTE)
TOO_MUCH = (
    r"expected at most \d+ bytes decompressed for each byte stored, .*, got \d+ of the first \d+ stored"
)


@pytest.mark.parametrize("codec", ["deflate", "snappy", "zstandard", "bzip2", "xz"])
def test_gives_up_a_block_of_avro_at_the_limit(codec: str, tmp_path: Path) -> None:
    bomb = long(64 * MEBIBYTE) + bytes(64 * MEBIBYTE)
    data = container([(1, bomb)], codec, {"text": "string"})
    with pytest.raises(
        BlockTooLargeError, match=r"block 1: expected at most 8388608 bytes, .* blocks\), got [0-9]+"
    ):
        batches("avro", data, tmp_path, file_limits=LIMITS)


@pytest.mark.parametrize("codec", ["deflate", "snappy", "zstandard", "bzip2", "xz"])
def test_gives_up_many_blocks_of_avro_at_the_ratio(codec: str, tmp_path: Path) -> None:
    bomb = long(MEBIBYTE) + ZEROS.encode()
    ratio = 10 if codec == "snappy" else 50
    limits = FileLimits(ratio=ratio, ratio_from_bytes=4 * MEBIBYTE)
    with pytest.raises(DecompressedTooLargeError, match=TOO_MUCH):
        batches("avro", container([(1, bomb)] * 20, codec, {"text": "string"}), tmp_path, file_limits=limits)


@pytest.mark.parametrize("codec", ["snappy", "gzip", "zstd", "brotli", "lz4"])
def test_gives_up_pages_of_parquet_before_it_reads_one(codec: str, tmp_path: Path) -> None:
    rows = pa.table({"text": [ZEROS] * 20})
    limits = FileLimits(ratio=15 if codec == "snappy" else 50, ratio_from_bytes=4 * MEBIBYTE)
    data = written(parquet.write_table, rows, compression=codec, use_dictionary=False, write_statistics=False)
    with pytest.raises(DecompressedTooLargeError, match=TOO_MUCH):
        batches("parquet", data, tmp_path, file_limits=limits)
    huge = written(
        parquet.write_table, rows, compression=codec, use_dictionary=False, data_page_size=99 * MEBIBYTE
    )
    with pytest.raises(
        BlockTooLargeError,
        match=r'row group 1, column "text": expected at most 8388608 bytes in a page, .*, got 2[0-9]{7}',
    ):
        batches("parquet", huge, tmp_path, file_limits=LIMITS)


@pytest.mark.parametrize(
    "rows",
    [
        pa.table({"text": pa.array([ZEROS] * 5000).dictionary_encode()}),
        pa.table({"text": pa.array([[ZEROS[:50_000]] * 40] * 30)}),
        pa.table({"numbers": [[7] * 3_000_000]}),
        pa.table({"numbers": pa.repeat(7, 3_000_000)}),
    ],
    ids=["a dictionary", "a dictionary in lists", "a list of runs", "runs"],
)
def test_gives_up_what_a_dictionary_of_parquet_stands_for(rows: pa.Table, tmp_path: Path) -> None:
    data = written(parquet.write_table, rows, compression="zstd")
    assert len(data) < MEBIBYTE
    with pytest.raises(DecompressedTooLargeError, match=TOO_MUCH):
        batches("parquet", data, tmp_path, file_limits=LIMITS)


@pytest.mark.parametrize("codec", ["zlib", "snappy", "zstd", "lz4"])
def test_gives_up_a_stripe_of_orc_before_it_reads_it(codec: str, tmp_path: Path) -> None:
    data = written(orc.write_table, pa.table({"text": [ZEROS] * 20}), compression=codec)
    limits = FileLimits(ratio=10, ratio_from_bytes=4 * MEBIBYTE)
    with pytest.raises(DecompressedTooLargeError, match=TOO_MUCH):
        batches("orc", data, tmp_path, file_limits=limits)
    with pytest.raises(
        BlockTooLargeError, match=r"stripe 1: expected about 8388608 bytes in a stripe, .*, got 2[0-9]{7}"
    ):
        batches("orc", data, tmp_path, file_limits=FileLimits(block_bytes=8 * MEBIBYTE))


def test_bounds_columns_and_their_nesting(tmp_path: Path) -> None:
    wide = pa.table({f"c{number}": [1] for number in range(60)})
    deep = pa.array([1])
    for _ in range(20):
        deep = pa.StructArray.from_arrays([deep], ["a"])
    for write, kind in ((parquet.write_table, "parquet"), (orc.write_table, "orc")):
        with pytest.raises(
            SchemaTooLargeError, match="expected at most 50 columns, nested ones counted, got 60"
        ):
            batches(kind, written(write, wide), tmp_path, limits=RecordLimits(keys=50))
        with pytest.raises(
            SchemaTooLargeError, match="expected columns nested at most 16 levels deep, got 21"
        ):
            batches(kind, written(write, pa.table({"a": deep})), tmp_path, limits=RecordLimits(depth=16))


def test_counts_no_declared_column(tmp_path: Path) -> None:
    data = written(parquet.write_table, pa.table({f"c{number}": [1] for number in range(60)}))
    declared = [column(f"c{number}", "int") for number in range(20)]
    assert batches("parquet", data, tmp_path, *declared, limits=RecordLimits(keys=40))


READ = """
import sys
from pathlib import Path
from tests.support.binary import BinaryFormat
from tests.support.memory import peak_mebibytes
from tributary.kernels.formats.asked import Asked, Content
from tributary.kernels.formats.reader import read
import pyarrow, pyarrow.parquet, pyarrow.orc, fastavro
before = peak_mebibytes()
kind, path = sys.argv[1:]
def chunks():
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            yield chunk
rows = 0
try:
    for batch in read(Asked(BinaryFormat(kind), ()), Content(chunks(), Path(path).parent, print)):
        rows += batch.rows.num_rows
except Exception as error:
    assert error.reason == "decompressed-too-large", error
print(rows, peak_mebibytes() - before)
"""


@pytest.mark.slow
@pytest.mark.parametrize("use_dictionary", [True, False], ids=["dictionary", "plain"])
def test_reads_a_row_group_of_a_gigabyte_in_little_memory(use_dictionary: bool, tmp_path: Path) -> None:
    rows = 1 << 20
    numbers = pa.array([number // 50 for number in range(rows)])
    texts = numbers.cast(pa.string())
    table = pa.table({**{f"n{at}": numbers for at in range(96)}, **{f"t{at}": texts for at in range(32)}})
    path = tmp_path / "group.parquet"
    parquet.write_table(table, path, row_group_size=rows, use_dictionary=use_dictionary, compression="zstd")
    metadata = parquet.read_metadata(path)
    assert metadata.num_row_groups == 1
    assert use_dictionary or metadata.row_group(0).total_byte_size > 1_000_000_000
    found, peak = numbers_of(READ, "parquet", path)
    assert found == rows
    assert peak < 300


@pytest.mark.slow
def test_gives_up_a_bomb_of_a_dictionary_in_little_memory(tmp_path: Path) -> None:
    """A megabyte that stands in ten thousand rows, with the limits as they are."""
    path = tmp_path / "bomb.parquet"
    text = pa.array([ZEROS]).dictionary_encode()
    rows = pa.DictionaryArray.from_arrays(pa.array([0] * 10_000, pa.int32()), text.dictionary)
    parquet.write_table(pa.table({"text": rows}), path, compression="zstd")
    found, peak = numbers_of(READ, "parquet", path)
    assert found * MEBIBYTE <= DEFAULT_FILE_LIMITS.ratio_from_bytes
    assert peak < 300
