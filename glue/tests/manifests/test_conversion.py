"""Files to Parquet and dead letters, without AWS."""

import gzip
import io
import itertools
import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.support.manifests import lines
from tributary.kernels.ndjson.batch import NdjsonLimits
from tributary.kernels.output.dead_letters import read_letters
from tributary.manifests.conversion import Converted, Seconds, convert
from tributary.manifests.manifest import Entry
from tributary.objects import fetching
from tributary.objects.fetching import Fetched


def fetched(name: str, body: bytes) -> Fetched[Entry]:
    entry = Entry("raw", name, f"v-{name}", len(body), 3, datetime(2026, 2, 3, tzinfo=UTC))
    return Fetched(entry, io.BytesIO(body))


def converted(folder: Path, limits: NdjsonLimits, **files: bytes) -> Converted:
    folder.mkdir(exist_ok=True)
    every = [fetched(name.replace("_", "."), body) for name, body in files.items()]
    return convert(every, folder, "snappy", {"manifest": "m"}, Seconds(), limits=limits)


def letters(result: Converted) -> list[dict[str, Any]]:
    return [*read_letters(result.rejects.open("rb"))] if result.rejects else []


def test_leaves_the_name_of_the_partition_free(tmp_path: Path) -> None:
    result = converted(tmp_path, NdjsonLimits(), one=lines({"date": "31.1.", "Date": 2}))
    rows = pq.read_table(result.parquet)
    assert rows.schema.names[4:] == ["__064_ate", "__date"]
    assert rows["__064_ate"].to_pylist() == ["31.1."]


@pytest.mark.parametrize("compressed", [False, True])
def test_bounds_the_keys_of_all_files_together(tmp_path: Path, compressed: bool) -> None:
    first = lines({"a": 1, "b": 2})
    second = lines(
        {"a": 3}, "broken", {"c": None, "a": 4}, {"c": 5}, '{"d": "é", "a": 6}', {"e": 7}, {"a": 8}
    )
    body = gzip.compress(second) if compressed else second
    name = "second_gz" if compressed else "second"
    result = converted(tmp_path, NdjsonLimits(keys=3), first=first, **{name: body})
    rows = pq.read_table(result.parquet)
    assert rows.schema.names[4:] == ["a", "b", "c"]
    assert rows["a"].to_pylist() == ["1", "3", "4", None, "8"]
    found = [(one["line"], one["reason"], one["raw_text"]) for one in letters(result)]
    assert found == [
        (2, "not-json", "broken"),
        (5, "too-many-keys", '{"d": "é", "a": 6}'),
        (6, "too-many-keys", '{"e": 7}'),
    ]
    offsets = [second.index(text) for text in (b"broken", b'{"d"', b'{"e"')]
    assert [one["offset"] for one in letters(result)] == offsets
    assert (result.rows, result.dead_letters) == (5, 3)


def test_bounds_the_bytes_of_all_keys_together(tmp_path: Path) -> None:
    files = {f"f{number}": lines({f"{number}" * 40: 1}) for number in range(5)}
    result = converted(tmp_path, NdjsonLimits(key_bytes=100), **files)
    assert (result.rows, result.dead_letters) == (2, 3)


def test_reads_lines_again_wherever_batches_and_pieces_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = fetched("first", lines({"k": "first", "a": 1, "b": 2, "key-0": 3}))
    documents = [{"k": number, f"key-{number % 3}": "x" * number} for number in range(400)]
    read: list[int] = []

    class Counted(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            read.append(self.tell())
            return super().read(size)

    monkeypatch.setattr(fetching, "_PIECE_BYTES", 1000)
    file = Fetched(fetched("f", b"").entry, Counted(b"\xef\xbb\xbf" + lines(*documents)))
    limits = NdjsonLimits(keys=4, batch_lines=13)
    result = convert([first, file], tmp_path, "snappy", {}, Seconds(), limits=limits)
    assert max(Counter(read).values()) <= 2, "the whole file is read again once, not for each batch"
    kept = [number for number in range(400) if number % 3 == 0]
    assert pq.read_table(result.parquet)["k"].to_pylist() == ["first", *map(str, kept)]
    refused = [json.loads(one["raw_text"])["k"] for one in letters(result)]
    assert refused == [number for number in range(400) if number % 3]


def test_gives_the_same_bytes_with_metadata_and_revisions(tmp_path: Path) -> None:
    body = lines(*({"id": number} for number in range(1000)))
    results = [converted(tmp_path / str(number), NdjsonLimits(), a=body, b=b"") for number in range(2)]
    contents = {result.parquet.read_bytes() for result in results}
    assert len(contents) == 1
    metadata = pq.read_metadata(results[0].parquet).metadata
    assert metadata[b"manifest"] == b"m"
    assert set(pq.read_table(results[0].parquet)["_source_revision"].to_pylist()) == {3}


def test_writes_a_file_of_no_rows(tmp_path: Path) -> None:
    result = converted(tmp_path, NdjsonLimits(), a=b"\n \n", b=b"")
    assert (result.rows, result.rejects, len(result.published)) == (0, None, 2)
    assert pq.read_table(result.parquet).num_rows == 0


def test_counts_where_the_time_goes(tmp_path: Path) -> None:
    seconds = Seconds()
    endless = (fetched("a", lines({"id": 1})) for _ in itertools.count())
    files = itertools.islice(endless, 3)
    convert(files, tmp_path, "zstd", {}, seconds)
    assert min(seconds.fetch, seconds.parse, seconds.write) > 0
    assert seconds.put == 0
