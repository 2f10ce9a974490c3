"""Times of ORC before 1677 and after 2262, which Arrow refuses: read by another reader, as they are."""

import datetime as dt
import io
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyorc
import pytest
from pyarrow import orc
from pyorc.converters import ORCConverter

from tests.support.binary import batches, table, written
from tributary.errors import UnreadableOrcError

UTC = dt.UTC

FAR = [
    dt.datetime(1025, 2, 1, 12, 0, 0, 5),
    None,
    dt.datetime(1, 1, 1),
    dt.datetime(9999, 12, 31, 23, 59, 59, 999_999),
]
NEAR = [
    dt.datetime(1969, 12, 31, 23, 59, 59, 999_999),
    dt.datetime(2026, 1, 31),
    None,
    dt.datetime(1677, 9, 22),
]


class Nanoseconds(ORCConverter):
    @staticmethod
    def to_orc(time: tuple[int, int], _zone: object) -> tuple[int, int]:
        return time

    @staticmethod
    def from_orc(*_: object) -> None: ...


def orc_times(times: list[dt.datetime | None], unit: str = "us") -> pa.Table:
    """Times at every place where they may stand, with other columns between."""
    plain, zoned = pa.timestamp(unit), pa.timestamp(unit, "UTC")
    inside = pa.struct(
        [("at", plain), ("day", pa.date32()), ("price", pa.decimal128(5, 2)), ("raw", pa.binary())]
    )
    price = Decimal("1.10")
    return pa.table(
        {
            "id": pa.array(range(len(times)), pa.int32()),
            "at": pa.array(times, plain),
            "name": [f"name {number}" for number in range(len(times))],
            "zoned": pa.array([time and time.replace(tzinfo=UTC) for time in times], zoned),
            "inside": pa.array(
                [time and {"at": time, "day": time.date(), "price": price, "raw": b"\xff"} for time in times],
                inside,
            ),
            "list": pa.array([[time, None] for time in times], pa.list_(plain)),
            "map": pa.array([[("k", time)] for time in times], pa.map_(pa.string(), plain)),
        }
    )


@pytest.mark.parametrize("times", [FAR, NEAR, NEAR + FAR], ids=["far", "near", "both"])
def test_reads_times_of_orc_that_nanoseconds_do_not_reach(
    times: list[dt.datetime | None], tmp_path: Path
) -> None:
    rows = orc_times(times)
    for picked in (rows, rows.select(["at"])):
        found = table(batches("orc", written(orc.write_table, picked), tmp_path))
        assert found.to_pylist() == picked.to_pylist()


def test_reads_each_stripe_of_orc_by_the_times_that_it_has(tmp_path: Path) -> None:
    many = pa.concat_tables([orc_times(NEAR * 3_000), orc_times(FAR), orc_times(NEAR * 3_000)])
    data = written(orc.write_table, many, stripe_size=1 << 16)
    assert orc.ORCFile(pa.BufferReader(data)).nstripes > 2
    rows = [row for batch in batches("orc", data, tmp_path) for row in batch.rows.to_pylist()]
    assert rows == many.to_pylist()


def test_says_of_orc_what_neither_nanoseconds_nor_microseconds_hold(tmp_path: Path) -> None:
    fine = pa.table({"at": pa.array([1, -1], pa.timestamp("ns"))})
    assert table(batches("orc", written(orc.write_table, fine), tmp_path)) == fine
    target = io.BytesIO()
    with pyorc.Writer(
        target, "struct<at:timestamp>", converters={pyorc.TypeKind.TIMESTAMP: Nanoseconds}
    ) as writer:
        writer.writerows([((1, 1),), ((-(10**11), 0),)])
    wanted = "times of whole microseconds in a stripe with some before 1677-09-21 or after 2262-04-11"
    with pytest.raises(
        UnreadableOrcError, match=f"expected {wanted}, got .*1000000001 nanoseconds since 1970"
    ):
        batches("orc", target.getvalue(), tmp_path)
