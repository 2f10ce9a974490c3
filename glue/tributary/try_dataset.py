"""`npm run try`: parse and transform local files as the job would, without any cloud, and show results."""

import argparse
import json
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pyarrow import parquet

from tributary.conversion.batch import process_batch_file
from tributary.conversion.check import check_dataset
from tributary.conversion.result import FileResult
from tributary.conversion.upload import process_file
from tributary.datasets import Dataset, load_dataset, read_dataset
from tributary.errors import DeclarationError, TributaryError, UnknownDatasetError
from tributary.expected import expected, expected_at, option, whole_number
from tributary.kernels.source import Source
from tributary.kernels.transform.partition_values import calendar_ranges
from tributary.manifests.one_file import process_dated_file
from tributary.terminal import Parser, guard, show, show_error, show_json, visible

_CHUNK_BYTES = 512 << 10
_CELL_WIDTH = 28
_REJECTS_SHOWN = 20
_YEARS = (2021, 2030)
"""The defaults of `ledger.batch.firstYear` and `lastYear` in an environment."""
_SPAN = re.compile(r"([0-9]{4})-([0-9]{4})")
_DATE_FORMATS = "%d-%m-%Y,%Y-%m-%d,%d/%m/%Y"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 when every file gave rows, 1 when one could not be read, 2 for wrong usage."""
    options = _parser().parse_args(arguments)
    try:
        dataset = _dataset(options.dataset)
        check_dataset(dataset, options.date_formats, "--date-formats")
        files = [_existing(Path(file)) for file in options.files]
        if options.out is not None:
            _check_names(files)
    except (DeclarationError, UnknownDatasetError, OSError, ValueError) as error:
        show_error(f"error: {error}")
        return 2
    reports = []
    for file in files:
        try:
            report = _try_file(dataset, file, options)
        except (TributaryError, OSError) as error:
            show_error(f"error: {file}: {error}")
            return 1
        reports.append(report)
        if not options.json:
            show("\n".join(map(visible, _shown(report))) + "\n")
    if options.json:
        show_json(reports, indent=2)
    return 1 if any(report["wholeFileReason"] for report in reports) else 0


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="npm run try --",
        description="Parse and transform local files as the job would; show rows, counts and rejects.",
        epilog="Exit code 0: every file was read; 1: one would be quarantined whole; 2: wrong usage.",
    )
    parser.add_argument(
        "dataset", help="a declared dataset, such as customers, or a folder that declares one"
    )
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help="a file of its format; .gz and .zst are decompressed"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="write Parquet, CSV and dead letters there")
    parser.add_argument(
        "--rows",
        type=option("a whole number of 0 or more", whole_number),
        default=10,
        metavar="N",
        help="rows to show (default 10)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON array instead of tables")
    parser.add_argument(
        "--date-formats",
        type=lambda text: text.split(","),
        default=_DATE_FORMATS,
        metavar="LIST",
        help=f"accepted date formats in order (default {_DATE_FORMATS.replace('%', '%%')})",
    )
    parser.add_argument(
        "--years",
        type=_years,
        default=_YEARS,
        metavar="FIRST-LAST",
        help=f"years of the environment's ledger tables (default {_YEARS[0]}-{_YEARS[1]})",
    )
    return parser


def _years(text: str) -> tuple[int, int]:
    found = _SPAN.fullmatch(text)
    if found is None or found[1] > found[2]:
        raise argparse.ArgumentTypeError(expected("two years like 2021-2030, the first one before", text))
    return int(found[1]), int(found[2])


def _dataset(name: str) -> Dataset:
    try:
        return load_dataset(name)
    except UnknownDatasetError:
        if not (Path(name) / "dataset.json").is_file():
            raise
        return read_dataset(Path(name).resolve())


def _existing(file: Path) -> Path:
    if file.is_dir():
        raise IsADirectoryError(expected_at("FILE", "a file (of a folder, name its files)", str(file)))
    if not file.is_file():
        raise FileNotFoundError(expected_at("FILE", "a file that exists", str(file)))
    return file


def _check_names(files: Iterable[Path]) -> None:
    by_name: dict[str, list[str]] = {}
    for file in files:
        by_name.setdefault(_stem(file), []).append(str(file))
    for alike in by_name.values():
        if len(alike) > 1:
            wanted = "files that would be written under different names (try these one by one)"
            raise ValueError(expected_at("FILE", wanted, alike))


def _stem(file: Path) -> str:
    name = file.name.removesuffix(".gz").removesuffix(".zst")
    return name.removesuffix(".csv").removesuffix(".ndjson").removesuffix(".jsonl").removesuffix(".json")


def _processed(dataset: Dataset, file: Path, options: argparse.Namespace, work: Path) -> FileResult:
    source = Source(bucket="local", key=str(file), version="local")
    if dataset.pipeline == "manifests":
        return process_dated_file(dataset, source, _chunks(file), file.stat().st_size, work)
    if dataset.pipeline == "ledger":
        ranges = calendar_ranges(*options.years)
        return process_batch_file(dataset, source, lambda: _chunks(file), work, ranges=ranges)
    return process_file(
        dataset,
        source,
        _chunks(file),
        processing_date=datetime.now(UTC).replace(microsecond=0),
        date_formats=options.date_formats,
        work=work,
    )


def _try_file(dataset: Dataset, file: Path, options: argparse.Namespace) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="tributary-try-") as folder:
        result = _processed(dataset, file, options, Path(folder))
        return {
            "file": str(file),
            "dataset": dataset.name,
            "counts": {
                "input": result.input_count,
                "output": result.output_count,
                "rejected": result.rejected_count,
            },
            "issues": result.issues,
            "drift": list(result.drift),
            "wholeFileReason": result.whole_file_reason,
            "wholeFileMessage": result.whole_file_message,
            "rows": _first_rows(result, options.rows),
            "rejects": _first_rejects(result),
            "written": _keep(result, _stem(file), options.out) if options.out else [],
        }


def _chunks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            yield chunk


def _first_rows(result: FileResult, rows: int) -> list[dict[str, Any]]:
    """Rows from the beginning, of a partitioned dataset partition by partition, with what the path says."""
    found: list[dict[str, Any]] = []
    for partition, path in _parquet_files(result):
        wanted = rows - len(found)
        if wanted > 0:
            batch = next(parquet.ParquetFile(path).iter_batches(batch_size=wanted), None)
            values = dict(part.split("=", 1) for part in partition.split("/") if part)
            found += [{**row, **values} for row in (batch.to_pylist() if batch is not None else [])]
    return found


def _parquet_files(result: FileResult) -> list[tuple[str, Path]]:
    """The Parquet files by partition, the empty text where there is but one file."""
    return [(file.partition, file.path) for file in result.objects if file.path.suffix == ".parquet"]


def _first_rejects(result: FileResult) -> list[dict[str, Any]]:
    if result.rejects is None:
        return []
    with result.rejects.open(encoding="utf-8") as stream:
        letters = [json.loads(line) for _, line in zip(range(_REJECTS_SHOWN), stream, strict=False)]
    return [
        {name: each for name, each in letter.items() if not name.startswith("source")} for letter in letters
    ]


def _keep(result: FileResult, stem: str, folder: Path) -> list[str]:
    files = [(path, Path(partition) / f"{stem}.parquet") for partition, path in _parquet_files(result)]
    if result.csv is not None:
        files.append((result.csv, Path(f"{stem}.csv")))
    if result.rejects is not None:
        files.append((result.rejects, Path(f"{stem}.dead-letters.ndjson")))
    for path, name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, folder / name)
    return [str(folder / name) for _, name in files]


def _shown(report: dict[str, Any]) -> Iterator[str]:
    """The report of one file as lines of text."""
    yield f"{report['file']} as {report['dataset']}"
    if report["wholeFileReason"]:
        yield f"  the whole file would be quarantined: {report['wholeFileReason']}"
        yield f"  {report['wholeFileMessage']}"
        return
    counts = report["counts"]
    yield from _table(report["rows"])
    yield f"  rows in {counts['input']}, rows out {counts['output']}, dead letters {counts['rejected']}"
    if report["issues"]:
        yield "  issues: " + ", ".join(f"{name} {count}" for name, count in report["issues"].items())
    for drift in report["drift"]:
        yield f"  drift: {drift}"
    for reject in report["rejects"]:
        raw = json.dumps(reject.get("raw_text") or reject.get("raw_base64"), ensure_ascii=False)
        yield f"  line {reject['line']}: {reject['reason']}: {reject['message']}: {_cut(raw, 80)}"
    if counts["rejected"] > len(report["rejects"]):
        yield f"  and {counts['rejected'] - len(report['rejects'])} dead letters more"
    for path in report["written"]:
        yield f"  written: {path}"


def _table(rows: list[dict[str, Any]]) -> Iterator[str]:
    if not rows:
        return
    names = list(rows[0])
    cells = [[_cut(visible(name), _CELL_WIDTH) for name in names]]
    cells += [[_cut(_text(row[name]), _CELL_WIDTH) for name in names] for row in rows]
    widths = [max(len(line[index]) for line in cells) for index in range(len(names))]
    for number, line in enumerate(cells):
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        if number == 0:
            yield "  " + "  ".join("-" * width for width in widths)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return value.strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(value, datetime) else visible(str(value))


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


if __name__ == "__main__":
    guard()
    sys.exit(main())
