"""`npm run generate`: write files for trying out and testing the platform."""

import argparse
import re
import sys
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from local.generator.files import Order, files, write
from tributary.expected import expected_at, option, whole_number
from tributary.terminal import Parser, guard, show, show_error, show_json

_UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}
_SMALLEST_BYTES = 1000


def main(words: Sequence[str] | None = None) -> int:
    """Run the command; 0 when the files are written, 1 when they cannot be written, 2 for wrong usage."""
    parser = _parser()
    options = parser.parse_args(words)
    order = _order(options, parser)
    out: Path = options.out
    try:
        out.mkdir(parents=True, exist_ok=True)
        if not options.force and any(out.iterdir()):
            show_error(
                f"error: {out} holds files already; name an empty folder, or let files of the same names be "
                "replaced by --force"
            )
            return 1
        report = _generate(order, out)
    except OSError as error:
        show_error(f"error: {error.filename or out} cannot be written: {error.strerror}")
        return 1
    if options.json:
        show_json(report)
    else:
        show(_shown(report, out))
    return 0


def _generate(order: Order, out: Path) -> dict[str, float]:
    began = time.perf_counter()
    written = [write(out / file.name, file, order) for file in files(order)]
    return {
        "files": len(written),
        "bytes": sum(one.bytes for one in written),
        "lines": sum(one.lines for one in written),
        "dirty": sum(one.dirty for one in written),
        "seconds": round(time.perf_counter() - began, 3),
    }


def _shown(report: dict[str, float], out: Path) -> str:
    size = report["bytes"] / 10**6
    return (
        f"{report['files']} files in {out}: {size:,.1f} MB, {report['lines']:,} lines, "
        f"{report['dirty']:,} of them dirty, in {report['seconds']:.1f} s "
        f"({size / max(report['seconds'], 0.001):,.0f} MB/s)"
    )


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="npm run generate --",
        description="Write files to try and test the platform with: the same ones for the same options.",
        epilog="Exit code 0: the files stand; 1: they cannot be written; 2: wrong usage.",
    )
    kinds = parser.add_subparsers(required=True, metavar="KIND")
    ndjson = kinds.add_parser(
        "ndjson",
        help="NDJSON files as the dataset clicks takes them",
        description="Write NDJSON files as the dataset clicks takes them: <date>-clicks-<number>.ndjson.",
    )
    add = ndjson.add_argument
    add("--count", type=_COUNT, required=True, metavar="N", help="files in all")
    add("--out", type=Path, required=True, metavar="DIR", help="folder to write to; made where missing")
    add(
        "--size",
        type=_SIZE,
        default="3.5MB",
        metavar="SIZE",
        help="of each file, such as 3.5MB (default) or 500kB",
    )
    add(
        "--seed",
        type=option("a whole number", int),
        default=1,
        metavar="N",
        help="another number gives other lines (default 1)",
    )
    add(
        "--dirty",
        type=_SHARE,
        default=0.0,
        metavar="SHARE",
        help="of the lines, broken ones: 0.01 is 1 %% (default 0)",
    )
    add(
        "--dates",
        type=_DATES,
        default="2026-01-31",
        metavar="LIST",
        help="dates in the files' names, in turn (default 2026-01-31)",
    )
    add(
        "--gzip",
        type=_SHARE,
        default=0.0,
        metavar="SHARE",
        help="of the files, compressed ones: 1 is all (default 0)",
    )
    add(
        "--wrong-names",
        type=_COUNT,
        default=0,
        metavar="N",
        help="of the files, ones without a date of the dataset",
    )
    add(
        "--wrong-sizes",
        type=_COUNT,
        default=0,
        metavar="N",
        help="of the files, ones of half or one and a half the size",
    )
    add(
        "--corrupt",
        type=_COUNT,
        default=0,
        metavar="N",
        help="of the files, compressed ones that are cut off",
    )
    add(
        "--force",
        action="store_true",
        help="write into a folder that holds files; those of the same names are replaced",
    )
    add("--json", action="store_true", help="print the figures as JSON")
    return parser


def _order(options: argparse.Namespace, parser: argparse.ArgumentParser) -> Order:
    names = ("count", "size", "seed", "dirty", "dates", "gzip", "wrong_names", "wrong_sizes", "corrupt")
    order = Order(**{name: getattr(options, name) for name in names})
    wrong = order.wrong_names + order.wrong_sizes + order.corrupt
    if wrong > order.count:
        parts = "--wrong-names, --wrong-sizes and --corrupt together"
        parser.error(expected_at(parts, f"at most {order.count} (--count)", wrong))
    return order


def _size(text: str) -> int:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z]*)", text.strip().lower())
    if not found or found[2] not in _UNITS:
        raise ValueError(text)
    size = round(float(found[1]) * _UNITS[found[2]])
    if size < _SMALLEST_BYTES:
        raise ValueError(text)
    return size


def _share(text: str) -> float:
    share = float(text)
    if not 0 <= share <= 1:
        raise ValueError(text)
    return share


def _dates(text: str) -> list[str]:
    return [date.fromisoformat(part.strip()).isoformat() for part in text.split(",")]


_COUNT = option("a whole number of 0 or more", whole_number)
_SIZE = option("a size of 1kB or more, such as 3.5MB, 500kB or 1GiB", _size)
_SHARE = option("a number from 0 to 1", _share)
_DATES = option("dates separated by commas, such as 2026-01-30,2026-01-31", _dates)


if __name__ == "__main__":
    guard()
    sys.exit(main())
