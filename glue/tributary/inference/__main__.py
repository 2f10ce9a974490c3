"""Print what the given files show of a dataset that is to read them, as one JSON object.

`tributary dataset new` runs this, and makes the declaration of it.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from tributary.datasets.types import is_column_type
from tributary.errors import DeclarationError, TributaryError
from tributary.expected import expected_at
from tributary.inference.evidence import Hint
from tributary.inference.files import declared, plain_name
from tributary.inference.infer import infer
from tributary.inference.sample import sample_of
from tributary.terminal import Parser, guard, show_error, show_json


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 1 with a message where the files cannot be read, 2 for wrong usage."""
    parser = Parser(prog="python -m tributary.inference", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--column", action="append", default=[], metavar="NAME=TYPE[:FORMAT]")
    parser.add_argument("--reserved", action="append", default=[], metavar="NAME", help="no column's name")
    parser.add_argument(
        "--sample", type=Path, metavar="DIR", help="write the first rows of the first file there"
    )
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="tributary-new-") as folder:
        work = Path(folder)
        try:
            hints = dict(map(_hint, options.column))
            found = infer(options.files, hints, options.reserved, work)
            sample = _write_sample(found.format, options, work)
        except (TributaryError, OSError) as error:
            show_error(f"error: {error}")
            return 2 if isinstance(error, DeclarationError) else 1
    show_json({**asdict(found), "sample": sample})
    return 0


def _hint(text: str) -> tuple[str, Hint]:
    """A hint such as `amount=decimal(12,2)`, or `ordered=date:%d/%m/%Y`."""
    name, found, kind = text.partition("=")
    kind, _, date_format = kind.partition(":") if not kind.startswith("struct") else (kind, "", "")
    if not (name and found and is_column_type(kind)):
        wanted = "a column and its type, such as amount=decimal(12,2) or ordered=date:%d/%m/%Y"
        raise DeclarationError(expected_at("--column", wanted, text))
    return name, Hint(kind, date_format or None)


def _write_sample(form: dict[str, object], options: argparse.Namespace, work: Path) -> str | None:
    """The name of the sample; None where there is none."""
    file = options.files[0]
    if options.sample is None or (text := sample_of(declared(form), file, work)) is None:
        return None
    options.sample.mkdir(parents=True, exist_ok=True)
    (options.sample / plain_name(file)).write_bytes(text)
    return plain_name(file)


if __name__ == "__main__":
    guard()
    sys.exit(main())
