"""Values of Arrow's types as values of declared ones: exactly, or not at all."""

import datetime as dt
import json
import uuid
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from tributary.datasets.types import column_type
from tributary.kernels.formats.exact_text import json_rows, texts_of
from tributary.kernels.transform.arrow_values import cast, is_widened

BAD = object()
UTC = dt.UTC
NOON = dt.datetime(2026, 1, 31, 12, tzinfo=UTC)
UUID = uuid.UUID("12345678-1234-5678-1234-567812345678")
POINT = pa.struct([("x", pa.int64()), ("y", pa.string())])

CASES: list[tuple[pa.Array, str, list[Any]]] = [
    (pa.array([1, -128, None], pa.int8()), "int", [1, -128, None]),
    (pa.array([1, 2**31], pa.int64()), "int", [1, BAD]),
    (pa.array([2**63 - 1, 2**63], pa.uint64()), "bigint", [2**63 - 1, BAD]),
    (pa.array([1.0, 1.5, float("nan")]), "int", [1, BAD, BAD]),
    (pa.array([Decimal("5.00"), Decimal("5.01")]), "int", [5, BAD]),
    (pa.array(["7", "07", None]), "int", [7, BAD, None]),
    (pa.array([0.1], pa.float32()), "double", [0.10000000149011612]),
    (pa.array([1.5], pa.float16()), "double", [1.5]),
    (pa.array([float("inf")]), "double", [float("inf")]),
    (pa.array([2**53, 2**53 + 1]), "double", [2.0**53, BAD]),
    (pa.array([Decimal("0.10")]), "double", [0.1]),
    (pa.array([Decimal("1.10"), Decimal("1.123")], pa.decimal128(10, 3)), "decimal(10,2)", [Decimal("1.10"), BAD]),  # noqa: E501
    (pa.array([Decimal("12345.6")], pa.decimal256(60, 1)), "decimal(6,2)", [BAD]),
    (pa.array([Decimal("1234.5")], pa.decimal32(5, 1)), "decimal(6,2)", [Decimal("1234.50")]),
    (pa.array([2**64 - 1], pa.uint64()), "decimal(20,0)", [Decimal(2**64 - 1)]),
    (pa.array([12345]), "decimal(5,1)", [BAD]),
    (pa.array([0.1], pa.float32()), "decimal(3,2)", [Decimal("0.10")]),
    (pa.array([1e-7, 1e300]), "decimal(38,7)", [Decimal("1E-7"), BAD]),
    (pa.array([True, None]), "boolean", [True, None]),
    (pa.array([1]), "boolean", [BAD]),
    (pa.array([True]), "string", ["true"]),
    (pa.array([dt.date(1, 1, 1), dt.date(9999, 12, 31)]), "date", [dt.date(1, 1, 1), dt.date(9999, 12, 31)]),
    (pa.array([-800_000, 2_932_897], pa.int32()).cast(pa.date32()), "date", [BAD, BAD]),
    (pa.array([86_400_000, 1], pa.int64()).cast(pa.date64()), "date", [dt.date(1970, 1, 2), BAD]),
    (pa.array([NOON], pa.timestamp("s", "Europe/Berlin")), "timestamp", [NOON]),
    (pa.array([NOON.replace(tzinfo=None)], pa.timestamp("ms")), "timestamp", [NOON]),
    (pa.array([1_000, 1_001, -1_001], pa.timestamp("ns", "UTC")), "timestamp", [dt.datetime.fromtimestamp(0, UTC).replace(microsecond=1), BAD, BAD]),  # noqa: E501
    (pa.array([-1_001], pa.timestamp("ns", "UTC")), "instant", [dt.datetime(1969, 12, 31, 23, 59, 59, 999_998, UTC)]),  # noqa: E501
    (pa.array([2**62], pa.timestamp("s")), "timestamp", [BAD]),
    (pa.array([2**55], pa.timestamp("ms")), "timestamp", [BAD]),
    (pa.array([2**62, -(2**62)], pa.timestamp("ms", "UTC")), "string", [f"<value out of range: {2**62}>", f"<value out of range: {-(2**62)}>"]),  # noqa: E501
    (pa.array([253_402_300_800, 253_402_300_799, -62_135_596_801, -62_135_596_800, None], pa.timestamp("s")), "string", ["<value out of range: 253402300800>", "9999-12-31T23:59:59", "<value out of range: -62135596801>", "0001-01-01T00:00:00", None]),  # noqa: E501
    (pa.array([dt.date(2026, 1, 31)]), "timestamp", [BAD]),
    (pa.array([NOON]), "date", [BAD]),
    (pa.array([NOON]), "string", ["2026-01-31T12:00:00.000000Z"]),
    (pa.array([1], pa.time32("ms")), "string", ["00:00:00.001"]),
    (pa.array([1], pa.time64("ns")), "string", ["00:00:00.000000001"]),
    (pa.array([UUID.bytes], pa.uuid()), "string", [str(UUID)]),
    (pa.array(["a", "b", None, "a"]).dictionary_encode(), "string", ["a", "b", None, "a"]),
    (pa.array(["1"], pa.large_string()), "int", [1]),
    (pa.array(["1"], pa.string_view()), "string", ["1"]),
    (pc.run_end_encode(pa.array([7, 7])), "bigint", [7, 7]),
    (pa.array([b"Zo\xc3\xab", b"\xff"]), "string", ["Zoë", BAD]),
    (pa.array([b"ab"], pa.binary(2)), "string", ["ab"]),
    (pa.nulls(2), "decimal(3,2)", [None, None]),
    (pa.nulls(1), "array<int>", [None]),
    (pa.array([[1, None], None, [], [2**40]], pa.list_(pa.int64())), "array<int>", [[1, None], None, [], BAD]),  # noqa: E501
    (pa.array([[1]], pa.large_list(pa.int8())), "array<bigint>", [[1]]),
    (pa.array([[1, 2]], pa.list_(pa.int8(), 2)), "array<bigint>", [[1, 2]]),
    (pa.array([None, [1, 2], [2**40, 4], None, [5, 6]], pa.list_(pa.int64(), 2)), "array<int>", [None, [1, 2], BAD, None, [5, 6]]),  # noqa: E501
    (pa.array([{"x": 1, "y": "b"}, None, {"x": 2**40}], POINT), "struct<x:int,z:string>", [{"x": 1, "z": None}, None, BAD]),  # noqa: E501
    (pa.array([[{"x": 1, "y": "7"}]], pa.list_(POINT)), "array<struct<y:int>>", [[{"y": 7}]]),
    (pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int8())), "array<struct<key:string,value:int>>", [[{"key": "a", "value": 1}], None]),  # noqa: E501
    (pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int8())), "struct<a:int>", [{"a": 1}]),
    (pa.array(['{"x":1}', "[1]"]), "struct<x:int>", [{"x": 1}, BAD]),
    (pa.array([{"x": 1, "y": 'q"'}], POINT), "string", ['{"x":1,"y":"q\\""}']),
]  # fmt: skip


@pytest.mark.parametrize(
    ("column", "kind", "values"), CASES, ids=lambda case: str(getattr(case, "type", case))[:30]
)
def test_gives_each_value_exactly_or_not_at_all(column: pa.Array, kind: str, values: list[Any]) -> None:
    # Sliced, for a batch of a file mostly is; and doubled, for one bad value must not take its neighbours.
    for given, wanted in (
        (column, values),
        (pa.concat_arrays([column, column])[len(column) - 1 :], [values[-1], *values]),
    ):
        result = cast(given, column_type(kind))
        bad = [False] * len(given) if result.bad is None else result.bad.to_pylist()
        found = [
            BAD if is_bad else value for is_bad, value in zip(bad, result.values.to_pylist(), strict=True)
        ]
        assert found == wanted
        assert not any(
            is_bad and value is not None for is_bad, value in zip(bad, result.values.to_pylist(), strict=True)
        )


def test_reads_a_time_without_zone_as_one_of_the_zone_that_is_declared() -> None:
    times = pa.array([dt.datetime(2026, 7, 1, 12), dt.datetime(2026, 3, 29, 2, 30)], pa.timestamp("us"))
    result = cast(times, column_type("timestamp"), "Europe/Berlin")
    assert result.values.to_pylist() == [dt.datetime(2026, 7, 1, 10, tzinfo=UTC), None]
    assert result.bad.to_pylist() == [False, True]


def test_tells_what_passes_from_what_goes_by_its_text() -> None:
    passing = {
        "bigint": pa.int8(),
        "double": pa.float16(),
        "string": pa.large_string(),
        "timestamp": pa.timestamp("s"),
    }
    assert all(is_widened(found, column_type(kind)) for kind, found in passing.items())
    others = {
        "bigint": pa.string(),
        "date": pa.timestamp("s"),
        "struct<a:int>": pa.string(),
        "boolean": pa.int8(),
    }
    assert not any(is_widened(found, column_type(kind)) for kind, found in others.items())


def test_writes_a_row_as_json_without_loss() -> None:
    rows = pa.record_batch(
        {
            "big": pa.array([2**63 - 1, None]),
            "amount": pa.array([Decimal("1.10"), Decimal("-0.01")]),
            "ratio": pa.array([0.1, float("nan")]),
            "day": pa.array([dt.date(1, 1, 1), None]),
            "time": pa.array([NOON, None], pa.timestamp("ns", "Europe/Berlin")),
            "bytes": pa.array([b"\xff\0", None]),
            "text\n": pa.array(['a"\\\x1b', "ë"]),
            "uuid": pa.array([UUID.bytes, None], pa.uuid()),
            "list": pa.array([[1, None], None]),
            "map": pa.array([[("k", {"x": 1})], []], pa.map_(pa.string(), pa.struct([("x", pa.int8())]))),
            "numbers": pa.array([[(1, "a")], None], pa.map_(pa.int8(), pa.string())),
            "nothing": pa.nulls(2),
            "kind": pa.array(["a", "a"]).dictionary_encode(),
        }
    )
    first, second = (row.decode() for row in json_rows(rows).to_pylist())
    assert first == (
        '{"big":9223372036854775807,"amount":1.10,"ratio":0.1,"day":"0001-01-01",'
        '"time":"2026-01-31T12:00:00.000000000Z","bytes":"/wA=","text\\n":"a\\"\\\\\\u001b",'
        f'"uuid":"{UUID}","list":[1,null],"map":{{"k":{{"x":1}}}},"numbers":[{{"key":1,"value":"a"}}],'
        '"nothing":null,"kind":"a"}'
    )
    assert json.loads(second)["ratio"] == "NaN"
    assert json_rows(rows.slice(1)).to_pylist() == [second.encode()]


def test_gives_the_exact_text_of_a_union() -> None:
    union = pa.UnionArray.from_sparse(pa.array([0, 1], pa.int8()), [pa.array([1, 2]), pa.array(["a", "b"])])
    assert texts_of(union).to_pylist() == ["1", '"b"']
