"""Files that are too much for one file, in each way of conversion: refused whole, and no other with them."""

import errno
import io
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.conversion.test_json_processing import ML_EVENTS, event, lines
from tests.conversion.test_ndjson_processing import dataset
from tributary.conversion import chain
from tributary.conversion.batch import process_batch_file, transform_batch
from tributary.conversion.chain import InputFile
from tributary.conversion.result import FileResult
from tributary.conversion.upload import process_file
from tributary.datasets import load_dataset
from tributary.errors import FilledDiskError, TransientError
from tributary.kernels.file_limits import FileLimits
from tributary.kernels.output import disk
from tributary.kernels.output.dead_letters import read_letters
from tributary.kernels.output.undeclared import LocalColumns
from tributary.kernels.record_limits import RecordLimits
from tributary.kernels.source import Source
from tributary.kernels.transform.partition_values import calendar_ranges
from tributary.manifests.conversion import Converted, Seconds, convert
from tributary.manifests.manifest import Entry
from tributary.objects.fetching import Fetched, spool

NOW = datetime(2026, 2, 3, tzinfo=UTC)
LIMITS = FileLimits(dead_letters=5, ratio=50, ratio_from_bytes=1 << 20)
BOMB = bytes(pa.compress(bytes(4 << 20), codec="zstd", asbytes=True))
CSV_HEADER = b"id,name,email,date,amount,status\n"


def csv(content: bytes, key: str, work: Path, limits: FileLimits = LIMITS) -> FileResult:
    source = Source("raw", f"input/customers/{key}", "v")
    formats = ("%Y-%m-%d",)
    return process_file(
        load_dataset("customers"),
        source,
        [content],
        processing_date=NOW,
        date_formats=formats,
        work=work,
        limits=limits,
    )


def ndjson(content: bytes, key: str, work: Path, limits: FileLimits = LIMITS) -> FileResult:
    source = Source("local", key, "v")
    return process_batch_file(dataset(), source, lambda: [content], work, ranges={}, limits=limits)


def document(content: bytes, key: str, work: Path, limits: FileLimits = LIMITS) -> FileResult:
    source = Source("raw", key, "v")
    return process_batch_file(ML_EVENTS, source, lambda: [content], work, ranges={}, limits=limits)


WAYS: dict[str, tuple[Callable[..., FileResult], bytes]] = {
    "csv": (csv, CSV_HEADER + b"1,a,a@b.de,2026-02-03,1,x\n" + b"1,2\n" * 6),
    "ndjson": (ndjson, b'{"Id":1,"at":"2025-06-01T00:00:00Z","mode":"live"}\n' + b"x\n" * 6),
    "json": (document, lines(event(1)) + b"x\n" * 6),
}


@pytest.mark.parametrize("way", WAYS)
def test_refuses_a_file_with_more_dead_letters_than_one_may_have(way: str, tmp_path: Path) -> None:
    convert_one, content = WAYS[way]
    result = convert_one(content, "a", tmp_path)
    assert result.whole_file_reason == "too-many-dead-letters"
    assert "at most 5 dead letters" in (result.whole_file_message or "")
    assert "got 6" in (result.whole_file_message or "")
    assert (result.objects, result.rejects) == ((), None)


@pytest.mark.parametrize("way", WAYS)
def test_takes_a_file_with_as_many_dead_letters_as_one_may_have(way: str, tmp_path: Path) -> None:
    convert_one, content = WAYS[way]
    result = convert_one(content.rpartition(content[-4:] if way == "csv" else b"x\n")[0], "a", tmp_path)
    assert (result.whole_file_reason, result.rejected_count) == (None, 5)


@pytest.mark.parametrize("way", WAYS)
def test_refuses_a_file_that_decompresses_to_too_much(way: str, tmp_path: Path) -> None:
    result = WAYS[way][0](BOMB, "a.zst", tmp_path)
    assert result.whole_file_reason == "decompressed-too-large"


def test_refuses_a_bomb_before_it_is_spooled(tmp_path: Path) -> None:
    entry = Entry("raw", "a.zst", "v", len(BOMB), 1, NOW)
    refused = spool(entry, [BOMB], tmp_path, LIMITS)
    assert isinstance(refused, tuple)
    assert refused[1].reason == "decompressed-too-large"
    assert isinstance(spool(entry, [BOMB], tmp_path, FileLimits()), Fetched)


# A manifest.


def converted(work: Path, limits: FileLimits, **files: bytes) -> Converted:
    work.mkdir(exist_ok=True)
    every = [
        Fetched(Entry("raw", name, "v", len(body), 1, NOW), io.BytesIO(body)) for name, body in files.items()
    ]
    small = RecordLimits(batch_lines=4)
    return convert(
        load_dataset("clicks"),
        every,
        work,
        {},
        Seconds(),
        registry=LocalColumns(),
        limits=small,
        file_limits=limits,
    )


GOOD = b'{"a":1}\nbroken\n'


@pytest.mark.parametrize(
    ("hostile", "is_spoilt"),
    [
        (b"x\n" * 6, False),
        (b'{"a":1}\n' * 3 + b"x\n" * 6, True),
        (b"x\n" * 3 + b'{"a":1}\n' + b"x\n" * 3, True),
    ],
    ids=["no row at all", "rows before", "rows among"],
)
def test_leaves_a_hostile_file_out_of_a_manifest(tmp_path: Path, hostile: bytes, is_spoilt: bool) -> None:
    result = converted(tmp_path, LIMITS, first=GOOD, bad=hostile, last=GOOD, worse=hostile)
    assert {entry.key: why.reason for entry, why in result.unreadable.items()} == {
        "bad": "too-many-dead-letters",
        "worse": "too-many-dead-letters",
    }
    assert [entry.key for entry in result.published] == ["first", "last"]
    assert result.is_spoilt is is_spoilt
    assert result.rejects is not None
    with result.rejects.open("rb") as found:
        assert [(one["source_key"], one["line"]) for one in read_letters(found)] == [
            ("first", 2),
            ("last", 2),
        ]
    if not is_spoilt:
        assert pq.read_table(result.parquet)["_source_file"].to_pylist() == ["first", "last"]
        again = converted(tmp_path / "again", LIMITS, first=GOOD, last=GOOD)
        assert result.parquet.read_bytes() == again.parquet.read_bytes()


def test_looks_at_each_file_some_times_however_many_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look at all files for each batch of rows took the square of their number."""
    looks = 0

    class Watched(chain.FileOutcome):
        def __getattribute__(self, name: str) -> Any:
            nonlocal looks
            looks += 1
            return super().__getattribute__(name)

    def looks_at(files: int) -> int:
        nonlocal looks
        looks = 0
        converted(tmp_path, LIMITS, **{f"f{number}": GOOD for number in range(files)})
        return looks

    monkeypatch.setattr(chain, "FileOutcome", Watched)
    assert looks_at(100) == 10 * looks_at(10)


# A batch of the ledger.


def batch(work: Path, limits: FileLimits, *contents: bytes) -> chain.Converted:
    work.mkdir(exist_ok=True)

    def file(number: int, body: bytes) -> InputFile:
        return InputFile(Source("raw", f"{number}.json", "v"), lambda: [body])

    return transform_batch(
        ML_EVENTS,
        [file(number, body) for number, body in enumerate(contents)],
        batch_id=7,
        ranges=calendar_ranges(2021, 2030),
        work=work,
        object_bytes=1 << 30,
        registry=LocalColumns(),
        limits=RecordLimits(batch_lines=4, batch_bytes=2000),
        file_limits=limits,
    )


def keys_of(result: chain.Converted) -> list[tuple[str, int]]:
    letters = [letter for file in result.dead_letters for letter in read_letters(file.path.open("rb"))]
    return [(letter["source_key"], letter["line"]) for letter in letters]


NO_EVENT = [event(n, event_timestamp="never") for n in range(6)]
NO_MODE = [event(n, MODE=None) for n in range(6)]


@pytest.mark.parametrize(
    ("hostile", "is_spoilt"),
    [
        (b"x\n" * 6, False),
        (lines(*NO_EVENT), False),
        (lines(*NO_MODE), False),
        (lines(event(1), event(2), *NO_MODE), True),
    ],
    ids=["no JSON", "bad values", "refused behind the SQL", "rows before"],
)
def test_leaves_a_hostile_file_out_of_a_batch(tmp_path: Path, hostile: bytes, is_spoilt: bool) -> None:
    good = lines(event(8)) + b"broken\n"
    result = batch(tmp_path, LIMITS, good, hostile, good, hostile)
    reasons = [outcome.refused.reason if outcome.refused else None for outcome in result.files]
    assert reasons == [None, "too-many-dead-letters", None, "too-many-dead-letters"]
    assert result.is_spoilt is is_spoilt
    assert keys_of(result) == [("0.json", 2), ("2.json", 2)]
    assert result.rejected == 2
    if not is_spoilt:
        assert result.rows == 2
        paths = [
            path for file in result.objects for path in pq.read_table(file.path)["source_s3_path"].to_pylist()
        ]
        assert paths == ["s3://raw/0.json", "s3://raw/2.json"]


def days(first: int, number: int) -> bytes:
    return lines(
        *(event(n, event_timestamp=f"2026-02-{n:02}T00:00:00Z") for n in range(first, first + number))
    )


def test_leaves_a_file_of_many_partitions_out_of_a_batch(tmp_path: Path) -> None:
    """Each is an object: 858 KB that name each day of ten years in three modes were 11,700 of them."""
    limits = FileLimits(partitions=6)
    result = batch(tmp_path, limits, days(1, 6) * 2, days(1, 7), days(7, 6), days(20, 7))
    reasons = [outcome.refused.reason if outcome.refused else None for outcome in result.files]
    assert reasons == [None, "too-many-partitions", None, "too-many-partitions"]
    assert "at most 6 partitions in one file" in str(result.files[1].refused)
    assert "got 7" in str(result.files[1].refused)
    assert result.is_spoilt
    again = batch(tmp_path / "again", limits, days(1, 6) * 2, days(7, 6))
    assert (again.is_spoilt, again.rows, len(again.objects)) == (False, 18, 12)


def test_refuses_a_single_file_of_many_partitions(tmp_path: Path) -> None:
    result = document(days(1, 7), "a.json", tmp_path, FileLimits(partitions=6))
    assert (result.whole_file_reason, result.objects) == ("too-many-partitions", ())


def test_makes_no_letter_of_a_batch_of_lines_that_are_too_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They cost what counting costs, wherever they are refused."""
    made: list[int] = []

    def counted(place: dict[str, Any], *_: str) -> None:
        made.append(place["line"])

    for module in ("typed_rows", "typed_transform"):
        monkeypatch.setattr(f"tributary.kernels.transform.{module}.dead_letter", counted)
    result = batch(
        tmp_path, FileLimits(dead_letters=3), lines(*NO_EVENT[:4]), lines(*NO_MODE[:4]), b"x\n" * 4
    )
    assert all(outcome.refused for outcome in result.files)
    assert made == []


# A full disk: /dev/full says that it is, and a file of the folder stands for what was written.

SMALL, LARGE = lines(*map(event, range(20))), lines(*map(event, range(200)))
TAKEN = 300_000


@pytest.fixture
def full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, int], Path]:
    """A folder on a disk of so many bytes, in which the file of that name can hold nothing."""

    def folder(name: str, total: int) -> Path:
        usage = shutil.disk_usage(tmp_path)._replace(total=total)
        monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
        (tmp_path / name).symlink_to("/dev/full")
        (tmp_path / "written").write_bytes(bytes(TAKEN))
        return tmp_path

    monkeypatch.setattr(disk, "_SAMPLE_BYTES", 1000)
    return folder


FullDisk = Callable[[str, int], Path]


def test_blames_the_file_of_a_batch_that_fills_the_disk(full_disk: FullDisk) -> None:
    with pytest.raises(FilledDiskError, match=r"at most \d+ bytes on the disk .* got \d+") as caught:
        batch(full_disk("letters-of-input", TAKEN), FileLimits(), SMALL, LARGE + b"x\n", b"x\n" * 9_000)
    assert caught.value.file == 1


def test_blames_the_file_of_a_manifest_that_fills_the_disk(full_disk: FullDisk) -> None:
    result = converted(full_disk("rows.parquet.part-0", TAKEN), FileLimits(), small=SMALL, large=LARGE)
    assert {entry.key: why.reason for entry, why in result.unreadable.items()} == {"large": "filled-disk"}
    assert result.is_spoilt


def test_blames_the_only_file_that_fills_the_disk(full_disk: FullDisk) -> None:
    rows = b"1,a,a@b.de,2026-02-03,1,x\n" * 1000
    result = csv(CSV_HEADER + rows, "a.csv", full_disk("rows.csv", TAKEN))
    assert result.whole_file_reason == "filled-disk"


def test_blames_nobody_for_a_disk_that_others_filled(full_disk: FullDisk) -> None:
    folder = full_disk("letters-of-input", 10 * TAKEN)
    with pytest.raises(OSError, match="No space left"):
        batch(folder, FileLimits(), SMALL, LARGE + b"x\n" * 9_000)
    (folder / "rows.parquet.part-0").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        converted(folder, FileLimits(), small=SMALL, large=LARGE)


def test_blames_no_file_among_many_that_fill_the_disk_together(full_disk: FullDisk) -> None:
    with pytest.raises(OSError, match="No space left"):
        batch(full_disk("letters-of-input", TAKEN), FileLimits(), *[SMALL] * 9, SMALL + b"x\n" * 500)


@pytest.mark.parametrize(("total", "is_blamed"), [(250_000, True), (350_000, False)])
def test_blames_a_file_that_is_too_large_to_be_spooled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, total: int, is_blamed: bool
) -> None:
    class Spool(io.BytesIO):
        def write(self, data: Any) -> int:
            if self.tell() >= 100_000:
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().write(data)

    usage = shutil.disk_usage(tmp_path)._replace(total=total)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    monkeypatch.setattr("tempfile.SpooledTemporaryFile", lambda *_, **__: Spool())
    entry = Entry("raw", "a.ndjson", "v", 1 << 20, 1, NOW)
    if is_blamed:
        refused = spool(entry, [bytes(10_000)] * 50, tmp_path)
        assert isinstance(refused, tuple)
        assert refused[1].reason == "filled-disk"
    else:
        with pytest.raises(OSError, match="No space left") as raised:
            spool(entry, [bytes(10_000)] * 50, tmp_path)
        assert raised.value.__cause__ is None, "an error that is its own cause is told for ever"


def test_knows_a_full_disk_by_what_caused_an_error() -> None:
    assert disk.is_full_disk(OSError(errno.ENOSPC, ""))
    assert disk.is_full_disk(TransientError("IO Error: No space left on device"))
    assert not disk.is_full_disk(OSError(errno.EIO, ""))
    chained = TransientError("lost")
    chained.__cause__ = OSError(errno.ENOSPC, "")
    assert disk.is_full_disk(chained)
