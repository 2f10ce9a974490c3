"""The report of `npm run bench -- ndjson`: its table, and the figures that are required."""

from collections.abc import Sequence
from typing import Any

from bench.measuring import measured_on, significant, table

Row = dict[str, Any]

TEXT = "tributary, text"
_RIVALS = ("DuckDB", "polars")
_HEADS = ["shape", "engine", "cores", "MB", "s", "MB/s", "CPU s", "peak MB", "exact"]
_NUMBERS = {
    **{"megabytes": ",.1f", "seconds": ",.2f"},
    # as many digits as the row has: a slow engine's are all behind the point
    **{"megabytesPerSecond": ",", "cpuSeconds": ",.2f", "peakMegabytes": ",.0f"},
}
"""The columns of numbers, with their formats."""

_MAXIMUM_DIFFERENCES = 3

_FLOORS = (
    ("tributary, parse alone", 700),
    (TEXT, 220),
    ("tributary, typed", 100),
)
"""MB/s on the nested shape, one core."""

_TIMES_SPARK = 6


def required(rows: Sequence[Row]) -> list[Row]:
    """Return required and measured figures, and whether these suffice; None where not measured."""
    rates = {(row["shape"], row["engine"], row["cores"]): row["megabytesPerSecond"] for row in rows}
    figures = [
        _figure(f"{engine}: nested, one core, MB/s", floor, rates.get(("nested", engine, 1)))
        for engine, floor in _FLOORS
    ]
    text, spark = (rates.get(("nested", engine, 1)) for engine in (TEXT, "Spark, warm"))
    times = significant(text / spark) if text and spark else None
    figures.append(_figure("times warm Spark, nested, one core", _TIMES_SPARK, times))
    return [*figures, *_against_rivals(rates)]


def _figure(name: str, least: float, measured: float | None) -> Row:
    met = None if measured is None else measured >= least
    return {"figure": name, "least": least, "measured": measured, "met": met}


def _against_rivals(rates: dict[tuple[str, str, int], float | None]) -> list[Row]:
    """Our rate as a multiple of the fastest of DuckDB's and polars' on the shape where it is least."""
    multiples = []
    for (shape, engine, cores), rate in rates.items():
        rivals = [
            found
            for (other, rival, its_cores), found in rates.items()
            if (other, its_cores) == (shape, cores) and rival.startswith(_RIVALS) and found
        ]
        if engine == TEXT and rate and rivals:
            multiples.append((significant(rate / max(rivals)), f"{shape}, {cores}"))
    least, where = min(multiples, default=(None, "no shape"))
    return [_figure(f"times the fastest of DuckDB and polars, on {where}", 1, least)]


def shown(report: Row) -> str:
    """The report as a table, with lines on machine, runs and required figures below it."""
    lines = table(_HEADS, [_cells(row) for row in report["rows"]], left=(0, 1, 8))
    spark = ", ".join(f"{name}={value}" for name, value in report["spark"].items())
    lines += [
        f"{measured_on(report)}; best of {report['sample']['runs']} by the clock, warm page cache",
        f"Spark: {spark}",
    ]
    return "\n".join([*lines, *map(_verdict, report["required"])])


def _cells(row: Row) -> list[str]:
    numbers = [(row[name], form) for name, form in _NUMBERS.items()]
    texts = ["" if number is None else format(number, form) for number, form in numbers]
    return [row["shape"], row["engine"], str(row["cores"]), *texts, _judgement(row)]


def _judgement(row: Row) -> str:
    if row["failure"]:
        return f"failed: {row['failure']}"
    if row["exact"] is None:
        return "-"
    return "yes" if row["exact"] else "no: " + "; ".join(row["differences"][:_MAXIMUM_DIFFERENCES])


def _verdict(figure: Row) -> str:
    verdict = {True: "met", False: "NOT MET", None: "not measured"}[figure["met"]]
    return (
        f"required: {figure['figure']}: at least {figure['least']}, measured {figure['measured']}: {verdict}"
    )
