"""Files under a wrong name, or below the prefix of another format: told by their bytes."""

import gzip
import io
import re
import tarfile
import zipfile
from collections.abc import Iterator

import pyarrow as pa
import pytest
from pyarrow import feather, orc, parquet

from tributary.errors import EmptyFileError, OtherFormatError
from tributary.kernels.sniffing import FormatKind, of_format

ROWS = b"id,name\n1,Ann\n"


def zipped(*names: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in names:
            archive.writestr(name, ROWS)
    return target.getvalue()


def tarred() -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.csv"))
    return target.getvalue()


def written(write: object, **options: object) -> bytes:
    target = pa.BufferOutputStream()
    write(pa.table({"id": [1]}), target, **options)
    return target.getvalue().to_pybytes()


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


NO_TEXT = {
    'a zip archive that holds "a.csv"': zipped("a.csv", "b.csv"),
    "a zip archive without a file": zipped(),
    "an Excel workbook (xlsx)": zipped("[Content_Types].xml", "_rels/.rels", "xl/workbook.xml"),
    "an Office document (xlsx, docx or pptx)": zipped("[Content_Types].xml", "word/document.xml"),
    "an Excel workbook of before 2007 (xls), or another OLE document": bytes.fromhex("d0cf11e0a1b11ae1")
    + bytes(99),
    "a PDF document": b"%PDF-1.7\n",
    "an XML document": b'\xef\xbb\xbf\n<?xml version="1.0"?><a/>',
    "an HTML page": b"<!DOCTYPE html>\n<title>Sign in</title>",
    "gzip data inside of a compression": gzip.compress(ROWS),
    "zstd data inside of a compression": bytes(pa.compress(ROWS, codec="zstd", asbytes=True)),
    "a tar archive": tarred(),
    "an Avro file": b"Obj\x01\x04",
    "a Parquet file": written(parquet.write_table),
    "an ORC file": written(orc.write_table),
    "an Arrow (Feather) file": written(feather.write_feather, compression="uncompressed"),
    "bzip2 data": b"BZh91AY&SY\0",
}


@pytest.mark.parametrize("size", [1, 1 << 20])
@pytest.mark.parametrize("kind", ["csv", "ndjson", "json"])
@pytest.mark.parametrize("found", NO_TEXT)
def test_names_what_is_no_text(found: str, kind: FormatKind, size: int) -> None:
    with pytest.raises(OtherFormatError, match=re.escape(f"expected a {kind.upper()} file, got {found} (")):
        list(of_format(pieces(NO_TEXT[found], size), kind))


def test_opens_no_zip_archive_however_many_files_it_holds_and_whatever_they_become() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.csv", bytes(64 << 20))
        for number in range(20_000):
            archive.writestr(f"{number}.csv", b"")
    data = target.getvalue()
    assert len(data) > 1 << 20
    taken = 0

    def chunks() -> Iterator[bytes]:
        nonlocal taken
        for piece in pieces(data, 4096):
            taken += len(piece)
            yield piece

    with pytest.raises(OtherFormatError, match=re.escape('a zip archive that holds "bomb.csv"')):
        list(of_format(chunks(), "csv"))
    assert taken <= 2 * 4096


@pytest.mark.parametrize(
    "text",
    [
        b"",
        ROWS,
        b"ORCID,PAR1\n",
        b"PAR1\n",
        b"ORC\n",
        b"BZh9,PK\n",
        b"\x1b[31mid\n",
        b"<b>,c\n",
        "naïve\n".encode("cp1252"),
        b"a\0,b\0,c\0\n1\0,2\0,3\0\n",
    ],
)
def test_passes_text_as_it_is(text: bytes) -> None:
    assert b"".join(of_format(pieces(text, 3), "csv")) == text


@pytest.mark.parametrize("size", [1, 3, 1 << 20])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_reads_utf_16_by_its_mark(encoding: str, size: int) -> None:
    text = 'id,name\r\n1,"Zoë 😀"\n'
    stored = f"\ufeff{text}".encode(encoding)
    assert b"".join(of_format(pieces(stored, size), "csv")) == f"\ufeff{text}".encode()


@pytest.mark.parametrize("kind", ["csv", "ndjson", "json"])
@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-16-le", "UTF-16 without its mark, by which alone it is read"),
        ("utf-16-be", "UTF-16 without its mark, by which alone it is read"),
        ("utf-32", "UTF-32, of which none is read"),
        ("utf-32-le", "UTF-32, of which none is read"),
        ("utf-32-be", "UTF-32, of which none is read"),
    ],
)
def test_names_wide_text_that_it_does_not_read(kind: FormatKind, encoding: str, found: str) -> None:
    with pytest.raises(OtherFormatError, match=re.escape(f"got text in {found} (")):
        list(of_format(['id,name\r\n1,"Zoë"\n'.encode(encoding)], kind))


@pytest.mark.parametrize("broken", [b"\0", b"\x00\xd8", b"\x00\xd8\n\0"])
def test_leaves_broken_utf_16_no_utf_8(broken: bytes) -> None:
    stored = "\ufeffa".encode("utf-16-le") + broken
    with pytest.raises(UnicodeDecodeError):
        b"".join(of_format([stored], "ndjson")).decode()


@pytest.mark.parametrize("kind", ["avro", "parquet", "orc"])
def test_wants_the_magic_of_a_binary_format(kind: FormatKind) -> None:
    names = {"avro": "an Avro file", "parquet": "a Parquet file", "orc": "an ORC file"}
    whole = NO_TEXT[names[kind]]
    assert b"".join(of_format(pieces(whole, 2), kind)) == whole
    others = {
        'text that begins "id,name\\n1,Ann\\n"': ROWS,
        "bytes that begin 00 01": b"\0\1",
        "a PDF document": NO_TEXT["a PDF document"],
        "a Parquet file with an encrypted footer": b"PARE\0",
        **{name: NO_TEXT[name] for name in names.values() if name != names[kind]},
    }
    for found, content in others.items():
        with pytest.raises(OtherFormatError, match=re.escape(f"expected {names[kind]}, got {found} (")):
            list(of_format([content], kind))
    with pytest.raises(EmptyFileError, match=f"expected {names[kind]}, got no byte"):
        list(of_format([b"", b""], kind))
