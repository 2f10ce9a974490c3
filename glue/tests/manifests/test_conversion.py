"""Files to Parquet and dead letters, without AWS."""

import gzip
import io
import itertools
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.support.manifests import lines
from tributary.datasets import load_dataset
from tributary.kernels.output.dead_letters import read_letters
from tributary.kernels.output.undeclared import ColumnRegistry, LocalColumns
from tributary.kernels.record_limits import RecordLimits
from tributary.manifests.conversion import Converted, Seconds, convert
from tributary.manifests.manifest import Entry
from tributary.objects.fetching import Fetched

CLICKS = load_dataset("clicks")


def fetched(name: str, body: bytes) -> Fetched[Entry]:
    entry = Entry("raw", name, f"v-{name}", len(body), 3, datetime(2026, 2, 3, tzinfo=UTC))
    return Fetched(entry, io.BytesIO(body))


def converted(
    folder: Path, limits: RecordLimits, registry: ColumnRegistry | None = None, **files: bytes
) -> Converted:
    folder.mkdir(exist_ok=True)
    every = [fetched(name.replace("_", "."), body) for name, body in files.items()]
    return convert(
        CLICKS,
        every,
        folder,
        {"manifest": "m"},
        Seconds(),
        registry=registry or LocalColumns(),
        limits=limits,
    )


def letters(result: Converted) -> list[dict[str, Any]]:
    return [*read_letters(result.rejects.open("rb"))] if result.rejects else []


def test_leaves_the_name_of_the_partition_free(tmp_path: Path) -> None:
    result = converted(tmp_path, RecordLimits(), one=lines({"date": "31.1.", "Date": 2}))
    rows = pq.read_table(result.parquet)
    assert rows.schema.names[4:] == ["__064_ate", "__date"]
    assert rows["__064_ate"].to_pylist() == ["31.1."]


@pytest.mark.parametrize("compressed", [False, True])
def test_bounds_the_keys_of_each_file_alone(tmp_path: Path, compressed: bool) -> None:
    first = lines({"a": 1, "b": 2}, {"c": 1, "d": 1})
    second = lines("broken", {"a": 4, "e": None, "f": 1}, '{"g": "é", "a": 6}', {"a": 8})
    body = gzip.compress(second) if compressed else second
    name = "second_gz" if compressed else "second"
    result = converted(tmp_path, RecordLimits(keys=3), first=first, **{name: body})
    rows = pq.read_table(result.parquet)
    assert rows.schema.names[4:] == ["a", "b", "f"]
    assert rows["a"].to_pylist() == ["1", "4", "8"]
    found = [(one["source_key"], one["line"], one["reason"]) for one in letters(result)]
    assert found == [
        ("first", 2, "too-many-keys"),
        (name.replace("_", "."), 1, "not-json"),
        (name.replace("_", "."), 3, "too-many-keys"),
    ]
    assert (result.rows, result.dead_letters) == (3, 3)


def test_keeps_a_file_of_many_keys_from_its_neighbours(tmp_path: Path) -> None:
    """A tenth of a megabyte in front of clean files: it has its share of columns, and the rest in one."""
    many = {f"k{number}": f"{number}.10" for number in range(9_999)}
    hostile = lines({**many, "nested": {"a": [1.10, '\\ "é"']}})
    clean = {f"n{number:02}": lines({"id": number, "k9998": "own"}) for number in range(20)}
    result = converted(tmp_path, RecordLimits(), LocalColumns(500), hostile=hostile, **clean)
    assert (result.rows, result.dead_letters, result.other_rows) == (21, 0, 1)
    assert result.columns[4:] == [*(f"k{number}" for number in range(100)), "_other", "id", "k9998"]
    rows = pq.read_table(result.parquet).to_pylist()
    kept = json.loads(rows[0]["_other"])
    assert list(kept) == [*list(many)[100:], "nested"]
    assert (kept["k101"], kept["nested"]) == ("101.10", '{"a": [1.1, "\\\\ \\"\\u00e9\\""]}')
    assert [(row["id"], row["k9998"], row["_other"]) for row in rows[1:]] == [
        (str(number), "own", None) for number in range(20)
    ]
    assert result.new_columns == [*(f"k{number}" for number in range(100)), "id", "k9998"]


def test_gives_the_same_bytes_with_metadata_and_revisions(tmp_path: Path) -> None:
    body = lines(*({"id": number} for number in range(1000)))
    results = [converted(tmp_path / str(number), RecordLimits(), a=body, b=b"") for number in range(2)]
    contents = {result.parquet.read_bytes() for result in results}
    assert len(contents) == 1
    metadata = pq.read_metadata(results[0].parquet).metadata
    assert metadata[b"manifest"] == b"m"
    assert set(pq.read_table(results[0].parquet)["_source_revision"].to_pylist()) == {3}


def test_writes_a_file_of_no_rows(tmp_path: Path) -> None:
    result = converted(tmp_path, RecordLimits(), a=b"\n \n", b=b"")
    assert (result.rows, result.rejects, len(result.published)) == (0, None, 2)
    assert pq.read_table(result.parquet).num_rows == 0


def test_counts_where_the_time_goes(tmp_path: Path) -> None:
    seconds = Seconds()
    endless = (fetched("a", lines({"id": 1})) for _ in itertools.count())
    files = itertools.islice(endless, 3)
    convert(CLICKS, files, tmp_path, {}, seconds, registry=LocalColumns())
    assert min(seconds.fetch, seconds.parse, seconds.write) > 0
    assert seconds.put == 0
