"""Comparison of Parquet files with the exact text of the generated lines.

Every `id` is looked for; every cell of a sample of rows is compared. The truth comes from Python's own JSON
reader over the generated lines, which the kernel has no part in. A column of another type counts as exact as
long as its values, written as JSON, give the text back.
"""

# ruff: noqa: S608 (the SQL is made of our own paths)

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import duckdb
import pyarrow as pa
import pyarrow.dataset as arrow_dataset
from pyarrow import parquet

from bench.ndjson_engines import REJECTS
from bench.ndjson_shapes import BAD_LINES, content, row_id

SAMPLE_CELLS = 100_000
SAMPLE_ROWS = 4_000
_EXCERPT = 28
_WHITESPACE = " \t\r"
_DECODER = json.JSONDecoder()

Kind = Literal["string", "number", "literal", "nested"]
_KINDS: dict[Kind, str] = {
    "string": "strings",
    "number": "numbers",
    "literal": "literals",
    "nested": "objects and arrays",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """A value as the kernel is to give it: its text, or None for null."""

    kind: Kind
    text: str | None


@dataclass(frozen=True, slots=True)
class Truth:
    """Expected result of some files: the good rows' ids as a Parquet file, some whole rows, the bad lines."""

    ids: Path
    sample: dict[str, dict[str, Cell]]
    bad_lines: dict[str, dict[int, str]]


def truth_of(files: tuple[Path, ...], folder: Path) -> Truth:
    """Read the generated lines; `folder` is for the ids."""
    bad = _bad_lines(files)
    ids: list[str] = []
    sample: dict[str, dict[str, Cell]] = {}
    for file in files:
        good = _good_lines(file, bad.get(file.name, {}))
        ids += map(row_id, good)
        for line in good[:: -(-len(good) * len(files) // _sample_rows(good[0]))]:
            sample[row_id(line)] = cells(line.decode())
    path = folder / f"ids-{len(files)}.parquet"
    parquet.write_table(pa.table({"id": ids}), path)
    return Truth(path, sample, bad)


def differences(truth: Truth, output: Path) -> list[str]:
    """Return the differences of the Parquet files below a folder, most telling first; none when exact."""
    schema = _schema(output)
    if "id" not in schema.names:
        return [f"no keys: all lines in {', '.join(schema.names[:2])}"]
    rows = _row_differences(truth, output)
    return _cell_differences(truth, output, schema) + rows + _reject_differences(truth, output)


def cells(line: str) -> dict[str, Cell]:
    """The top-level values of a good line with their text as it stands there."""
    found: dict[str, Cell] = {}
    at = _skipped(line, _skipped(line, 0) + 1)
    while line[at] != "}":
        key, at = _DECODER.raw_decode(line, at)
        start = _skipped(line, _skipped(line, at) + 1)
        value, end = _DECODER.raw_decode(line, start)
        found[key] = _cell(value, line[start:end])
        at = _skipped(line, end)
        if line[at] == ",":
            at = _skipped(line, at + 1)
    return found


def _skipped(line: str, at: int) -> int:
    while line[at] in _WHITESPACE:
        at += 1
    return at


def _cell(value: object, text: str) -> Cell:
    if isinstance(value, str):
        return Cell("string", value)
    if isinstance(value, dict | list):
        return Cell("nested", text)
    if value is None or isinstance(value, bool):
        return Cell("literal", None if value is None else text)
    return Cell("number", text)


def _bad_lines(files: tuple[Path, ...]) -> dict[str, dict[int, str]]:
    written = json.loads((files[0].parent / BAD_LINES).read_text())
    names = {file.name for file in files}
    return {
        name: {int(number): reason for number, reason in lines.items()}
        for name, lines in written.items()
        if name in names
    }


def _good_lines(file: Path, bad: dict[int, str]) -> list[bytes]:
    lines = content(file).split(b"\n")
    return [line for number, line in enumerate(lines, 1) if line and number not in bad]


def _sample_rows(line: bytes) -> int:
    return min(SAMPLE_ROWS, SAMPLE_CELLS // line.count(b'":'))


def _schema(output: Path) -> pa.Schema:
    """The columns of all files together."""
    schemas = [parquet.read_schema(file) for file in sorted(output.rglob("*.parquet"))]
    return pa.unify_schemas(schemas, promote_options="permissive")


def _cell_differences(truth: Truth, output: Path, schema: pa.Schema) -> list[str]:
    """One entry a kind of difference: how many of the cells of that kind, and an example."""
    wrong: Counter[Kind] = Counter()
    all_cells: Counter[Kind] = Counter()
    examples: dict[Kind, str] = {}
    for row in _sampled_rows(truth, output, schema):
        expected = truth.sample[row["id"]]
        for key, cell in expected.items():
            all_cells[cell.kind] += 1
            got = rendered(row.get(key))
            if got != cell.text:
                wrong[cell.kind] += 1
                examples.setdefault(cell.kind, f"{key} {_excerpts(cell.text, got)}")
    return [
        f"{max(count / all_cells[kind], 0.01):.0%} of {_KINDS[kind]}: {examples[kind]}"
        for kind, count in wrong.most_common()
    ]


def _sampled_rows(truth: Truth, output: Path, schema: pa.Schema) -> Iterator[dict[str, Any]]:
    ids = pa.array(truth.sample)
    files = [str(path) for path in sorted(output.rglob("*.parquet"))]
    data = arrow_dataset.dataset(files, schema=schema, format="parquet", partitioning=None)
    for batch in data.to_batches(filter=arrow_dataset.field("id").isin(ids.cast(schema.field("id").type))):
        yield from batch.to_pylist()


def rendered(value: object) -> str | None:
    """A value of a Parquet file as the JSON text that it would be, or None for null."""
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
        case datetime():
            return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"
        case date() | int() | Decimal():
            return str(value)
        case float():
            return repr(value)
        case _:
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=rendered)


def _excerpts(expected: str | None, got: str | None) -> str:
    """Both texts around their first difference."""
    left, right = (expected or "null", got or "null")
    same = next((at for at, pair in enumerate(zip(left, right, strict=False)) if pair[0] != pair[1]), None)
    start = max(0, (min(len(left), len(right)) if same is None else same) - _EXCERPT // 2)
    return " → ".join(
        ("…" if start else "")
        + text[start : start + _EXCERPT]
        + ("…" if len(text) > start + _EXCERPT else "")
        for text in (left, right)
    )


def _row_differences(truth: Truth, output: Path) -> list[str]:
    """Rows lost, and rows that no good line gave."""
    with duckdb.connect() as connection:
        found = connection.execute(
            f"""
            SELECT count(*) FILTER (WHERE written.id IS NULL AND known.id IS NOT NULL),
                   coalesce(sum(copies) FILTER (WHERE known.id IS NULL AND written.id <> ''), 0),
                   coalesce(sum(copies - 1) FILTER (WHERE known.id IS NOT NULL), 0),
                   coalesce(sum(copies) FILTER (WHERE written.id = ''), 0)
            FROM (SELECT coalesce(id::VARCHAR, '') AS id, count(*) AS copies
                  FROM read_parquet('{output}/**/*.parquet', union_by_name = true, hive_partitioning = false)
                  GROUP BY ALL) AS written
            FULL JOIN '{truth.ids}' AS known USING (id)
            """
        ).fetchone()
    lost, foreign, twice, empty = found or (0, 0, 0, 0)
    texts = {
        "good rows lost": lost,
        "bad lines as rows": foreign,
        "rows twice": twice,
        "rows of nulls for bad lines": empty,
    }
    return [f"{count} {text}" for text, count in texts.items() if count]


def _reject_differences(truth: Truth, output: Path) -> list[str]:
    expected = {
        (file, line, reason) for file, lines in truth.bad_lines.items() for line, reason in lines.items()
    }
    paths = sorted(output.rglob(REJECTS))
    if not paths:
        return [f"none of {len(expected)} bad lines told"] if expected else []
    told = {(file, line): reason for path in paths for file, line, reason in json.loads(path.read_text())}
    missed = sum((file, line) not in told for file, line, _ in expected)
    wrong = len(told.keys() - {(file, line) for file, line, _ in expected})
    reasons = sum(told.get((file, line)) not in (None, reason) for file, line, reason in expected)
    texts = {"bad lines not told": missed, "good lines rejected": wrong, "wrong reasons": reasons - missed}
    return [f"{count} {text}" for text, count in texts.items() if count > 0]
