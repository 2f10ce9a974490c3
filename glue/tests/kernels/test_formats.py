"""The same batch from the reader of every format."""

from pathlib import Path

import pyarrow as pa
import pytest

from tributary.datasets.declaration import CsvFormat, Format, InputColumn, JsonFormat, NdjsonFormat
from tributary.errors import HeaderMismatchError
from tributary.kernels.formats.asked import Asked, Content
from tributary.kernels.formats.batch import POSITIONS, POSITIONS_WITH_BYTES, REJECTS, FormatBatch
from tributary.kernels.formats.reader import read

CSV = b'id,Name,,name\r\n1,a,x,y\r\n2\r\n\r\n3,"b\r\nc",,\r\n'
JSON = b'{"id":"1","Name":"a"}\n{"id"\n\n{"id":"3","Name":"b"}\n'


def column(name: str, *, required: bool = False) -> InputColumn:
    return InputColumn(name, "string", (name,), required=required)


def batches(
    tmp_path: Path,
    kind: Format,
    data: bytes,
    *columns: InputColumn,
    keeps_bytes: bool = True,
    chunk_bytes: int = 7,
) -> tuple[list[FormatBatch], list[str]]:
    told: list[str] = []
    chunks = [data[start : start + chunk_bytes] for start in range(0, len(data), chunk_bytes)]
    asked = Asked(kind, columns, keeps_bytes=keeps_bytes)
    return list(read(asked, Content(chunks, tmp_path, told.append))), told


def texts(found: list[FormatBatch]) -> list[dict[str, object]]:
    return [row for batch in found for row in batch.rows.to_pylist()]


FORMATS = pytest.mark.parametrize(
    ("kind", "data"),
    [(CsvFormat(","), CSV), (NdjsonFormat(), JSON), (JsonFormat("lines"), JSON)],
    ids=["csv", "ndjson", "json"],
)


@FORMATS
@pytest.mark.parametrize("keeps_bytes", [True, False])
def test_gives_rows_places_and_rejects_in_the_common_form(
    tmp_path: Path, kind: Format, data: bytes, keeps_bytes: bool
) -> None:
    found, _ = batches(tmp_path, kind, data, column("id"), keeps_bytes=keeps_bytes)
    for batch in found:
        is_kept = keeps_bytes or kind.kind == "json"
        assert batch.positions.schema == (POSITIONS_WITH_BYTES if is_kept else POSITIONS)
        assert batch.rejects.schema == REJECTS
        assert batch.rows.num_rows == batch.positions.num_rows
        assert set(batch.rows.schema.types) <= {pa.string()}
    assert [row["id"] for row in texts(found)] == ["1", "3"]
    assert sum(batch.rejects.num_rows for batch in found) == 1


def test_names_every_field_of_csv_once(tmp_path: Path) -> None:
    found, told = batches(tmp_path, CsvFormat(","), CSV, column("id"), column("lost"))
    assert texts(found) == [
        {"id": "1", "Name": "a", "field_3": "x", "name": "y"},
        {"id": "3", "Name": "b\r\nc", "field_3": "", "name": ""},
    ]
    assert told[0] == "missing column: lost"


def test_keeps_the_records_of_csv_however_they_are_quoted(tmp_path: Path) -> None:
    data = b'a,b\r\n1,2\r\n"3",4\r\n5,"6\r\n7"\r\n\xff,8\n9\r\n10,11'
    found, _ = batches(tmp_path, CsvFormat(","), data)
    kept = [place["bytes"] for batch in found for place in batch.positions.to_pylist()]
    assert kept == [b"1,2", b'"3",4', b'5,"6\r\n7"', b"10,11"]
    rejects = [reject for batch in found for reject in batch.rejects.to_pylist()]
    assert [(each["line"], each["reason"], each["bytes"]) for each in rejects] == [
        (6, "invalid-utf8", b"\xff,8"),
        (7, "wrong-field-count", b"9"),
    ]
    assert rejects[1]["message"] == "expected 2 fields, found 1"


def test_keeps_the_records_of_a_plain_block(tmp_path: Path) -> None:
    for end in (b"\n", b"\r\n"):
        for last in (b"", end, b"\r"):
            data = end.join([b"a,b", b"1,2", b"3", b"4,5"]) + last
            found, _ = batches(tmp_path, CsvFormat(","), data, chunk_bytes=100)
            places = [place for batch in found for place in batch.positions.to_pylist()]
            assert [(place["line"], place["bytes"]) for place in places] == [(2, b"1,2"), (4, b"4,5")]


def test_refuses_a_csv_file_without_a_required_column(tmp_path: Path) -> None:
    with pytest.raises(HeaderMismatchError, match='the required column "lost" is missing'):
        batches(tmp_path, CsvFormat(","), CSV, column("lost", required=True))
