"""Avro, Parquet and ORC: every value as it was written, in bounded batches; what cannot be read, named."""

import bz2
import datetime as dt
import json
import lzma
import random
import re
import uuid
import zlib
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import orc, parquet

from tests.support.binary import avro_file, batches, column, table, written
from tributary.errors import (
    BlockTooLargeError,
    HeaderMismatchError,
    OtherFormatError,
    UnreadableAvroError,
    UnreadableOrcError,
    UnreadableParquetError,
    WholeFileError,
)
from tributary.kernels.formats.batch import told
from tributary.kernels.record_limits import RecordLimits

UTC = dt.UTC
UUID = uuid.UUID("12345678-1234-5678-1234-567812345678")
LAST = dt.datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC)
FIRST = dt.datetime(1, 1, 1, tzinfo=UTC)

AVRO_FIELDS: dict[str, Any] = {
    "null": "null",
    "flag": "boolean",
    "int": "int",
    "long": "long",
    "float": "float",
    "double": "double",
    "bytes": "bytes",
    "text": ["null", "string"],
    "fixed": {"type": "fixed", "name": "F", "size": 2},
    "enum": {"type": "enum", "name": "E", "symbols": ["RED", "BLUE"]},
    "list": {"type": "array", "items": ["null", "long"]},
    "map": {"type": "map", "values": {"type": "array", "items": "string"}},
    "point": ["null", {"type": "record", "name": "P", "fields": [{"name": "x", "type": "long"}, {"name": "m", "type": {"type": "map", "values": "int"}}]}],  # noqa: E501
    "again": ["null", "P"],
    "points": {"type": "array", "items": "P"},
    "date": {"type": "int", "logicalType": "date"},
    "time": {"type": "int", "logicalType": "time-millis"},
    "time_us": {"type": "long", "logicalType": "time-micros"},
    "ms": {"type": "long", "logicalType": "timestamp-millis"},
    "us": ["null", {"type": "long", "logicalType": "timestamp-micros"}],
    "local": {"type": "long", "logicalType": "local-timestamp-micros"},
    "amount": {"type": "bytes", "logicalType": "decimal", "precision": 38, "scale": 4},
    "fixed_amount": {"type": "fixed", "name": "A", "size": 20, "logicalType": "decimal", "precision": 45, "scale": 0},  # noqa: E501
    "uuid": {"type": "string", "logicalType": "uuid"},
    "wide": ["int", "null", "long"],
    "either": ["null", "string", "long", {"type": "int", "logicalType": "date"}, "P", {"type": "bytes", "logicalType": "decimal", "precision": 5, "scale": 2}],  # noqa: E501
    "odd": {"type": "string", "logicalType": "nobody-knows"},
}  # fmt: skip
AVRO_ROW: dict[str, Any] = {
    "null": None,
    "flag": True,
    "int": -(2**31),
    "long": 2**63 - 1,
    "float": 1.5,
    "double": 1e300,
    "bytes": b"\xff\0",
    "text": "Zoë",
    "fixed": b"ab",
    "enum": "BLUE",
    "list": [None, -1],
    "map": {"k": ["v"], "": []},
    "point": {"x": 1, "m": {"a": 1}},
    "again": None,
    "points": [{"x": 2, "m": {}}],
    "date": FIRST.date(),
    "time": dt.time(23, 59, 59, 999_000),
    "time_us": dt.time(23, 59, 59, 999_999),
    "ms": LAST.replace(microsecond=999_000),
    "us": FIRST,
    "local": LAST.replace(tzinfo=None),
    "amount": Decimal("-9999999999999999999999999999999999.9999"),
    "fixed_amount": Decimal(-(10**45) + 1),
    "uuid": UUID,
    "wide": 2**40,
    "either": {"x": 3, "m": {"a": 1}},
    "odd": "x",
}
AVRO_OTHERS: list[tuple[Any, str | None]] = [
    (None, None),
    ("a", "a"),
    (2**40, str(2**40)),
    (dt.date(1, 1, 1), "0001-01-01"),
    (Decimal("1.10"), "1.10"),
]


def test_reads_every_type_of_avro_as_it_was_written(tmp_path: Path) -> None:
    rows = [AVRO_ROW] + [{**AVRO_ROW, "either": value, "point": None} for value, _ in AVRO_OTHERS]
    found = table(batches("avro", avro_file(AVRO_FIELDS, rows), tmp_path)).to_pylist()
    wanted = {
        **AVRO_ROW,
        "uuid": str(UUID),
        "map": [("k", ["v"]), ("", [])],
        "point": {"x": 1, "m": [("a", 1)]},
        "points": [{"x": 2, "m": []}],
        "either": '{"x":3,"m":{"a":1}}',
    }
    assert found[0] == wanted
    assert [row["either"] for row in found[1:]] == [text for _, text in AVRO_OTHERS]
    assert {row["point"] is None for row in found[1:]} == {True}


ROWS = [{"id": number, "name": f"name {number}"} for number in range(10_000)]
FIELDS = {"id": "long", "name": "string"}


def snappy(data: bytes) -> bytes:
    packed: bytes = pa.Codec("snappy").compress(data, asbytes=True)
    return packed + zlib.crc32(data).to_bytes(4, "big")


def deflate(data: bytes) -> bytes:
    stream = zlib.compressobj(9, zlib.DEFLATED, -15)
    return stream.compress(data) + stream.flush()


PACK: dict[str, Callable[[bytes], bytes]] = {
    "null": bytes,
    "deflate": deflate,
    "snappy": snappy,
    "zstandard": lambda data: bytes(pa.compress(data, codec="zstd", asbytes=True)),
    "bzip2": bz2.compress,
    "xz": lzma.compress,
}


def long(number: int) -> bytes:
    number = (number << 1) ^ (number >> 63)
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*written, number])


def container(
    blocks: list[tuple[int, bytes]], codec: str = "null", fields: dict[str, Any] = FIELDS, **metadata: bytes
) -> bytes:
    """An Avro file of blocks that are given as counts and bytes, compressed here."""
    named = [{"name": name, "type": kind} for name, kind in fields.items()]
    schema = json.dumps({"type": "record", "name": "Row", "fields": named}).encode()
    entries = {b"avro.schema": schema, b"avro.codec": codec.encode()}
    parts = [b"Obj\x01", long(len(entries))]
    parts += [long(len(text)) + text for entry in entries.items() for text in entry]
    parts += [long(0), b"s" * 16]
    for count, data in blocks:
        packed = PACK[codec](data) if codec in PACK else data
        parts += [long(count), long(len(packed)), packed, b"s" * 16]
    return b"".join(parts)


def record(number: int, text: str = "a") -> bytes:
    return long(number) + long(len(text)) + text.encode()


@pytest.mark.parametrize("codec", PACK)
def test_reads_avro_of_every_codec(codec: str, tmp_path: Path) -> None:
    data = container([(2, record(1) + record(2)), (0, b""), (1, record(-3))], codec)
    assert table(batches("avro", data, tmp_path))["id"].to_pylist() == [1, 2, -3]


def test_reads_avro_of_many_blocks_in_their_order(tmp_path: Path) -> None:
    data = avro_file(FIELDS, ROWS, "deflate", sync_interval=1000)
    found = batches("avro", data, tmp_path)
    assert table(found).to_pylist() == ROWS
    assert [line for batch in found for line in batch.positions["line"].to_pylist()] == [*range(1, 10_001)]


def test_gives_what_python_has_no_date_for(tmp_path: Path) -> None:
    fields = {name: AVRO_FIELDS[name] for name in ("date", "us")}
    data = container([(1, long(-800_000) + long(1) + long(2**62))], fields=fields)
    found = table(batches("avro", data, tmp_path))
    assert found["date"].cast(pa.int32()).to_pylist() == [-800_000]
    assert found["us"].cast(pa.int64()).to_pylist() == [2**62]


BROKEN_AVRO = {
    "block 1 is no whole deflate data": container([(1, record(1))], "deflate").replace(
        deflate(record(1)), bytes(len(deflate(record(1))))
    ),
    "block 1 is no whole snappy data: its checksum": container([(1, record(1))], "snappy")[:-17] + b"x" + b"s" * 16,  # noqa: E501
    "block 2 does not end with the marker": container([(1, record(1)), (1, record(2))])[:-1] + b"x",
    "the file ends within block 1": container([(1, record(1))])[:-5],
    "the file ends within the header": container([])[:-5],
    "block 1: ValueError: it holds more than its 1 records": container([(1, record(1) + record(2))]),
    "block 1: EOFError": container([(3, record(1) + record(2))]),
    "block 1: UnicodeDecodeError": container([(1, long(1) + long(1) + b"\xff")]),
    'the header: expected one of the codecs null, snappy, zstandard, deflate, bzip2, xz, got "lz5"': container([], "lz5"),  # noqa: E501
    "the schema in the header is no JSON": container([]).replace(b'{"type"', b'{"type}', 1),
    "the schema cannot be resolved: UnknownType: Nobody": container([]).replace(b'"string"', b'"Nobody"', 1),
    'the type "Row" of the schema contains itself': container([], fields={"id": "long", "next": ["null", "Row"]}),  # noqa: E501
    "expected no array of what takes no bytes": container([], fields={"a": {"type": "array", "items": "null"}}),  # noqa: E501
    "the schema nests deeper": container([], fields={"a": json.loads('{"type":"array","items":' * 200 + '"int"' + "}" * 200)}),  # noqa: E501
    "block 1: expected 0 to 1048576 records in 2 bytes": container([(2**40, b"\0\0")], fields={"a": "null"}),
}  # fmt: skip


@pytest.mark.parametrize("why", BROKEN_AVRO)
def test_quarantines_avro_that_it_cannot_read_by_the_cause(why: str, tmp_path: Path) -> None:
    with pytest.raises((UnreadableAvroError, BlockTooLargeError), match=re.escape(why)):
        batches("avro", BROKEN_AVRO[why], tmp_path)


def test_survives_avro_that_is_broken_anywhere(tmp_path: Path) -> None:
    whole = avro_file(AVRO_FIELDS, [AVRO_ROW] * 3, "deflate")
    for seed in range(300):
        chance = random.Random(seed)
        data = bytearray(whole)
        for _ in range(chance.choice([1, 5])):
            data[chance.randrange(4, len(data))] = chance.randrange(256)
        if chance.random() < 0.3:
            data = data[: chance.randrange(5, len(data))]
        with suppress(UnreadableAvroError, HeaderMismatchError):
            batches("avro", bytes(data), tmp_path)


ARROW = pa.table(
    {
        "id": pa.array([1, 2, None], pa.int8()),
        "big": pa.array([2**64 - 1, 0, None], pa.uint64()),
        "half": pa.array([1.5, None, 0.0], pa.float16()),
        "amount": pa.array([Decimal("1.10"), None, Decimal("-9.99")], pa.decimal128(38, 2)),
        "text": pa.array(["a", "a", None]).dictionary_encode(),
        "long_text": pa.array(["a", "", None], pa.large_string()),
        "bytes": pa.array([b"\xff", b"", None]),
        "fixed": pa.array([b"ab", b"cd", None], pa.binary(2)),
        "uuid": pa.array([UUID.bytes, None, None], pa.uuid()),
        "day": pa.array([FIRST.date(), LAST.date(), None]),
        "ms": pa.array([FIRST, LAST.replace(microsecond=0), None], pa.timestamp("ms", "UTC")),
        "us": pa.array([FIRST, LAST, None], pa.timestamp("us")),
        "ns": pa.array([1000, -1000, None], pa.timestamp("ns", "UTC")),
        "time": pa.array([dt.time(23, 59, 59, 999_999), None, None], pa.time64("us")),
        "list": pa.array([[1, None], [], None], pa.list_(pa.int64())),
        "map": pa.array([[("k", 1)], [], None], pa.map_(pa.string(), pa.int64())),
        "point": pa.array([{"x": 1, "y": ["a"]}, None, {"x": None, "y": None}]),
    }
)


def test_reads_every_type_of_parquet_as_it_was_written(tmp_path: Path) -> None:
    for options in ({}, {"data_page_version": "2.0", "compression": "zstd"}, {"use_dictionary": False}):
        data = written(parquet.write_table, ARROW, row_group_size=2, **options)
        found = table(batches("parquet", data, tmp_path)).to_pylist()
        assert found == ARROW.to_pylist()


def test_reads_times_of_96_bits_of_any_year(tmp_path: Path) -> None:
    """As Spark, Hive and Impala wrote them: Julian day and nanoseconds of the day."""
    data = written(parquet.write_table, pa.table({"t": pa.array([0], pa.timestamp("ns"))}), use_deprecated_int96_timestamps=True, use_dictionary=False, compression="none", write_statistics=False)  # fmt: skip  # noqa: E501
    epoch, first = ((0).to_bytes(8, "little") + day.to_bytes(4, "little") for day in (2_440_588, 1_721_426))
    assert data.count(epoch) == 1
    found = table(batches("parquet", data.replace(epoch, first), tmp_path))
    assert found["t"].to_pylist() == [dt.datetime(1, 1, 1)]


def test_reads_enumerations_as_text(tmp_path: Path) -> None:
    """As parquet-avro writes them: their schema in Thrift has 4 for the 0 and 1 of a text."""
    text, enumeration = bytes.fromhex("25004c1c0000"), bytes.fromhex("25084c4c0000")
    data = written(parquet.write_table, pa.table({"kind": ["RED", "BLUE", "RED"]}), store_schema=False)
    assert data.count(text) == 1
    data = data.replace(text, enumeration)
    assert "(Enum)" in str(parquet.ParquetFile(pa.BufferReader(data)).schema)
    assert table(batches("parquet", data, tmp_path))["kind"].to_pylist() == ["RED", "BLUE", "RED"]


def test_reads_what_orc_has(tmp_path: Path) -> None:
    names = ["id", "amount", "text", "bytes", "day", "list", "map", "point", "ns"]
    rows = ARROW.select(names).set_column(2, "text", ARROW["text"].cast(pa.string()))
    for compression in ("uncompressed", "zlib", "snappy", "zstd", "lz4"):
        data = written(orc.write_table, rows, compression=compression)
        assert table(batches("orc", data, tmp_path)).to_pylist() == rows.to_pylist()


WHOLE = {
    "parquet": (written(parquet.write_table, ARROW, compression="zstd"), UnreadableParquetError),
    "orc": (
        written(orc.write_table, ARROW.select(["id", "amount", "list"]), compression="zlib"),
        UnreadableOrcError,
    ),
}


@pytest.mark.parametrize("kind", WHOLE)
def test_quarantines_what_is_cut_off(kind: str, tmp_path: Path) -> None:
    data, error = WHOLE[kind]
    for end in (20, len(data) // 2, len(data) - 1):
        with pytest.raises(error):
            batches(kind, data[:end], tmp_path)


@pytest.mark.parametrize("kind", WHOLE)
def test_survives_what_is_broken_anywhere(kind: str, tmp_path: Path) -> None:
    whole, _ = WHOLE[kind]
    for seed in range(200):
        chance = random.Random(seed)
        data = bytearray(whole)
        for _ in range(chance.choice([1, 5])):
            data[chance.randrange(4, len(data))] = chance.randrange(256)
        with suppress(WholeFileError):
            batches(kind, bytes(data), tmp_path)


def test_names_encryption_and_what_is_no_whole_footer(tmp_path: Path) -> None:
    data, _ = WHOLE["parquet"]
    with pytest.raises(UnreadableParquetError, match="the footer is encrypted"):
        batches("parquet", data[:-4] + b"PARE", tmp_path)
    with pytest.raises(OtherFormatError, match="a Parquet file with an encrypted footer"):
        batches("parquet", b"PARE" + data[4:-4] + b"PARE", tmp_path)
    with pytest.raises(
        UnreadableParquetError, match=r'expected a footer that ends with "PAR1" .*, got "(50 )?50 41 52"'
    ):
        batches("parquet", data[:4] + b"PAR", tmp_path)


FILES: dict[str, Callable[[pa.Table], bytes]] = {
    "avro": lambda rows: avro_file({"id": "long", "name": "string"}, rows.to_pylist()),
    "parquet": lambda rows: written(parquet.write_table, rows),
    "orc": lambda rows: written(orc.write_table, rows),
}


@pytest.mark.parametrize("kind", FILES)
def test_tells_what_is_missing_or_has_another_type(kind: str, tmp_path: Path) -> None:
    told: list[str] = []
    data = FILES[kind](pa.table({"id": [1], "name": ["a"]}))
    columns = [column("id", "int"), column("name", "decimal(3,1)"), column("amount", "double")]
    batches(kind, data, tmp_path, *columns, told=told)
    assert told == ["other type: name is string, declared decimal(3,1)", "missing column: amount"]
    with pytest.raises(
        HeaderMismatchError, match='the schema has no "amount", which the column "amount" requires'
    ):
        batches(kind, data, tmp_path, column("amount", required=True))


@pytest.mark.parametrize("kind", FILES)
def test_bounds_its_batches_and_keeps_records_where_asked(kind: str, tmp_path: Path) -> None:
    rows = pa.table({"id": range(1000), "name": [f"{number:01000}" for number in range(1000)]})
    data = FILES[kind](rows)
    for limits, most_rows in ((RecordLimits(batch_lines=7), 7), (RecordLimits(batch_bytes=20_000), 20), (RecordLimits(batch_cells=30), 15)):  # fmt: skip  # noqa: E501
        found = batches(kind, data, tmp_path, limits=limits, keeps_bytes=True)
        assert max(batch.rows.num_rows for batch in found) <= most_rows
        assert table(found).to_pylist() == rows.to_pylist()
        assert [line for batch in found for line in batch.positions["line"].to_pylist()] == [*range(1, 1001)]
    text = told(found[0].positions)[1]["bytes"]
    assert json.loads(text) == {"id": 1, "name": f"{1:01000}"}


@pytest.mark.parametrize("kind", FILES)
def test_rejects_a_row_that_is_too_long(kind: str, tmp_path: Path) -> None:
    data = FILES[kind](pa.table({"id": [1, 2, 3], "name": ["a", "b" * 5000, "c"]}))
    limits = RecordLimits(line_bytes=4000, batch_bytes=4000, kept_bytes=100)
    found = batches(kind, data, tmp_path, limits=limits)
    assert table(found)["id"].to_pylist() == [1, 3]
    [reject] = [reject for batch in found for reject in batch.rejects.to_pylist()]
    assert (reject["line"], reject["reason"]) == (2, "record-too-long")
    assert reject["bytes"] == (b'{"id":2,"name":"' + b"b" * 100)[:100]
    assert reject["length"] > 5000
    assert "more than 4000" in reject["message"]


@pytest.mark.parametrize("kind", FILES)
def test_gives_nothing_of_a_file_without_rows(kind: str, tmp_path: Path) -> None:
    told: list[str] = []
    empty = pa.table({"id": pa.array([], pa.int64()), "name": pa.array([], pa.string())})
    assert batches(kind, FILES[kind](empty), tmp_path, column("x"), told=told) == []
    assert told == ["missing column: x"]
