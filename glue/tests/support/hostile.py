"""Files of a hostile sender, small in bytes, each with what may become of it."""

import gzip
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from tests.support.refusals import UNREADABLE

MEBIBYTE = 1 << 20
KEYS = 10_000
GOOD_FILES = 1_000


@dataclass(frozen=True)
class HostileFile:
    """A file by its name and content, and where it has some with headers of its PutObject.

    One with `reasons` is quarantined whole for one of them; the lines of one without become rows and dead
    letters, each once.
    """

    name: str
    body: bytes
    reasons: frozenset[str] = frozenset()
    headers: Mapping[str, Any] = field(default_factory=dict)


def zstd_of(unit: bytes, mebibytes: int) -> bytes:
    """A stream of that many MiB, the unit over and over."""
    frame: bytes = pa.Codec("zstd").compress(_filled(unit, 64), asbytes=True)
    return frame * (mebibytes // 64)


def gzip_of(unit: bytes, mebibytes: int) -> bytes:
    """The same in gzip, of one member for each 64 MiB."""
    return gzip.compress(_filled(unit, 64), mtime=0) * (mebibytes // 64)


def _filled(unit: bytes, mebibytes: int) -> bytes:
    return unit * (mebibytes * MEBIBYTE // len(unit))


def json_files(good: Mapping[str, Any], *, of_lines: bool = False) -> list[HostileFile]:
    """Some forty files for a JSON dataset, or one of lines alone; `good` is a record that it takes."""
    text = json.dumps(good)
    line = text.encode() + b"\n"
    keys = json.dumps({**good, **{f"k{number}": "v" for number in range(KEYS)}}).encode()
    other_keys = json.dumps({**good, **{f"other{number}": 1 for number in range(KEYS)}}).encode()
    deep = b'{"a":' * 100_000
    long_key = "k" * 60_000
    # A broken document beside others is its dead letter, but a file of lines has none but bad ones then.
    of_one_line = ["too-many-rejected"] if of_lines else []
    numbers = b'"n": 1e999999999, "m": -0.0, "big": ' + b"9" * 5_000
    return [
        _file("keys.json", keys, *of_one_line),
        _file("keys-by-lines.ndjson", b"".join(_with(good, {f"one{n}": n}) for n in range(KEYS // 2))),
        _file("keys-in-rejects.ndjson", other_keys[:-1] + b',"id":1}\n' + line),
        _file("long-keys.ndjson", b"".join(_with(good, {f"{n}{long_key}": n}) for n in range(20))),
        _file(
            "reserved.ndjson", _with(good, dict.fromkeys(["_other", "_source_file", "line", "", "year"], "v"))
        ),
        _file(
            "cases.ndjson",
            _with(good, dict.fromkeys(["A", "a ", "\u00c4", "a\u0308", "\x1b[31m", "\x00"], "v")),
        ),
        _file(
            "repeated-key.ndjson",
            b'{"' + long_key.encode() + b'": 1, "' + long_key.encode() + b'": 2}\n' + line,
        ),
        _file("numbers.ndjson", b"{" + numbers + b"}\n" + text[:-1].encode() + b", " + numbers + b"}\n"),
        _file("letters.ndjson", b"x\n" * (2 * MEBIBYTE), "too-many-dead-letters"),
        _file("letters-of-bytes.ndjson", b"\xff\n" * (2 * MEBIBYTE), "too-many-dead-letters"),
        _file("letters.ndjson.zst", zstd_of(b"x\n", 64), "too-many-dead-letters", "decompressed-too-large"),
        _file("blank.ndjson.gz", gzip_of(b"\n", 512), "decompressed-too-large"),
        _file("zeros.json.zst", zstd_of(b"\0", 2048), "decompressed-too-large"),
        _file("zeros.ndjson.gz", gzip_of(b"\0", 512), "decompressed-too-large"),
        _file("rows.ndjson.zst", zstd_of(b"{}\n", 1024), "decompressed-too-large"),
        _file("cut.json.gz", gzip.compress(line * 50)[:-5], "broken-gzip"),
        _file("cut.json.zst", zstd_of(b"{}\n", 64)[:-3], "broken-zstd", "decompressed-too-large"),
        _file("plain.json.gz", line),
        _file("plain.json.zst", line),
        _file("gzip-named.json", gzip.compress(line)),
        _file("noise.json.gz", bytes(range(256)), "broken-gzip"),
        _file("empty.json.gz", b"", "broken-gzip"),
        _file("twice.json.gz", gzip.compress(gzip.compress(line)), "other-format"),
        _file("empty.json", b""),
        _file("mark.json", b"\xef\xbb\xbf"),
        _file("binary.json", bytes(range(256)) * 4096, "too-many-rejected"),
        _file("zip-named.json", _zipped(line), "other-format"),
        _file("page.ndjson", b"<!DOCTYPE html>\n<title>Sign in</title>\n", "other-format"),
        _file("utf-16.json", text.encode("utf-16")),
        _file("nul.ndjson", b"\0" * MEBIBYTE + b"\n" + line),
        _file("returns.ndjson", line.replace(b"\n", b"\r") * 2),
        _file("deep.json", deep, *of_one_line),
        _file("deep-array.json", b"[" * MEBIBYTE, *of_one_line),
        _file("long-line.ndjson", b'{"a": "' + b"a" * (17 * MEBIBYTE) + b'"}\n' + line),
        _file("endless-string.json", b'{"a": "' + b"\\u0000" * 100_000, *of_one_line),
        _file("open-array.json", b"[" + line.strip() + b",", *of_one_line),
        _file("elements.json", b"[" + b"1," * MEBIBYTE + b"1]", *(of_one_line or ["too-many-dead-letters"])),
        _file("surrogate.ndjson", b'{"a": "\\ud800"}\n' + line),
        _file("escapes.ndjson", _with(good, {"\x1b]0;title\x07": "\x9b31m", "formula": "=1+2"})),
        _file("line\nbreak\x1b[2J.ndjson", line),
        _file("quotes'\";--<script>.ndjson", line),
        _file(f"{'long/' * 190}name.ndjson", line),
        _file("../../up.ndjson", line),
        _file("%00%2F+ \u202eemoji\U0001f600.ndjson", line),
    ]


def unreadable_files(body: bytes) -> list[HostileFile]:
    """Files that S3 lets nobody here read."""
    return [
        HostileFile(f"{word}.json", body, frozenset({reason}), how)
        for word, (reason, how) in UNREADABLE.items()
    ]


def _file(name: str, body: bytes, *reasons: str) -> HostileFile:
    return HostileFile(name, body, frozenset(reasons))


def _zipped(content: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("a", content)
    return target.getvalue()


def _with(good: Mapping[str, Any], more: Mapping[str, Any]) -> bytes:
    return json.dumps({**good, **more}).encode() + b"\n"


def csv_files(header: bytes, row: bytes) -> list[HostileFile]:
    """Some forty files for a CSV dataset; `row` fits the header, and both end with a line end."""
    fields = header.count(b",") + 1
    good = header + row
    wide = b",".join([header.strip(), *(b"c%d" % number for number in range(KEYS))]) + b"\n"
    wide_row = b",".join([row.strip(), *[b"v"] * KEYS]) + b"\n"
    first = header.split(b",")[0]
    return [
        _file("wide.csv", wide + wide_row),
        _file("wide-rows.csv", good + wide_row * 20),
        _file("letters.csv", good + b"x\n" * (2 * MEBIBYTE), "too-many-dead-letters"),
        _file("letters-of-bytes.csv", good + b"\xff\n" * (2 * MEBIBYTE), "too-many-dead-letters"),
        _file("letters-of-quotes.csv", good + b'"x"y\n' * MEBIBYTE, "too-many-dead-letters"),
        _file("letters.csv.zst", zstd_of(b"x\n", 64), "header-mismatch", "decompressed-too-large"),
        _file("blank.csv.gz", gzip_of(b"\n", 512), "unreadable-header"),
        _file("blank-rows.csv.gz", gzip.compress(good) + gzip_of(b"\n", 512), "decompressed-too-large"),
        _file("zeros.csv.zst", zstd_of(b"\0", 2048), "decompressed-too-large", "unreadable-header"),
        _file("zeros.csv.gz", gzip_of(b"\0", 512), "decompressed-too-large", "unreadable-header"),
        _file("delimiters.csv.zst", zstd_of(b",", 1024), "decompressed-too-large", "unreadable-header"),
        _file("cut.csv.gz", gzip.compress(good * 50)[:-5], "broken-gzip"),
        _file(
            "cut.csv.zst",
            zstd_of(b"{}\n", 64)[:-3],
            "broken-zstd",
            "header-mismatch",
            "decompressed-too-large",
        ),
        _file("plain.csv.gz", good),
        _file("plain.csv.zst", good),
        _file("gzip-named.csv", gzip.compress(good)),
        _file("zip-named.csv", _zipped(good), "other-format"),
        _file("page.csv", b"<!DOCTYPE html>\n<title>Sign in</title>\n", "other-format"),
        _file("noise.csv.gz", bytes(range(256)), "broken-gzip"),
        _file("empty.csv.gz", b"", "broken-gzip"),
        _file("twice.csv.gz", gzip.compress(gzip.compress(good)), "other-format"),
        _file("empty.csv", b"", "empty-file"),
        _file("mark.csv", b"\xef\xbb\xbf", "empty-file"),
        _file("header-alone.csv", header),
        _file("other-header.csv", b"a,b\n1,2\n", "header-mismatch"),
        _file("header-twice.csv", first + b"," + header + row, "header-mismatch"),
        _file("open-header.csv", b'"' + header + row * 1000, "unreadable-header"),
        _file("long-header.csv", b"h" * (3 * MEBIBYTE) + b"\n" + row, "unreadable-header"),
        _file("binary.csv", bytes(range(256)) * 4096, "unreadable-header", "header-mismatch"),
        _file("utf-16.csv", good.decode().encode("utf-16")),
        _file("nul.csv", good + b"\0" * MEBIBYTE + b"\n" + row),
        _file("returns.csv", good.replace(b"\n", b"\r"), "unreadable-header"),
        _file("open-quote.csv", good + b'"' + row * 20_000),
        _file("quotes.csv", good + b'"' * (3 * MEBIBYTE) + b"\n" + row),
        _file("long-line.csv", good + b"x" * (17 * MEBIBYTE) + b"\n" + row),
        _file("delimiters.csv", good + b"," * (2 * MEBIBYTE) + b"\n" + row),
        _file("formulas.csv", header + b",".join([b"=1+2", b"@sum(1)", *[b"+1"] * (fields - 2)]) + b"\n"),
        _file("escapes.csv", header + b",".join([b"\x1b]0;t\x07"] * fields) + b"\n"),
        _file("numbers.csv", header + b",".join([b"9" * 5_000] * fields) + b"\n"),
        _file("exponents.csv", header + b",".join([b"1e999999999"] * fields) + b"\n"),
        _file("line\nbreak\x1b[2J.csv", good),
        _file("quotes'\";--<script>.csv", good),
        _file(f"{'long/' * 190}name.csv", good),
        _file("../../up.csv", good),
        _file("%00%2F+ \u202eemoji\U0001f600.csv", good),
    ]
