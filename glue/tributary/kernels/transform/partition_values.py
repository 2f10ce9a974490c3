"""Allowed values of a dataset's partition columns, and the rows with others."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

PARTITION_VALUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
"""Pattern of partition values: text that is the same in an object key, a catalog and a query."""

_SHOWN = 100


@dataclass(frozen=True, slots=True)
class PartitionRange:
    """Numbers from `first` to `last`, written with so many digits."""

    first: int
    last: int
    digits: int

    def __contains__(self, value: str) -> bool:
        return (
            len(value) == self.digits
            and value.isascii()
            and value.isdecimal()
            and self.first <= int(value) <= self.last
        )

    def __str__(self) -> str:
        return f"{self.first:0{self.digits}} to {self.last:0{self.digits}}"


def calendar_ranges(first_year: int, last_year: int) -> dict[str, PartitionRange]:
    """Return the ranges of columns called `year`, `month` and `day`, as the catalog table projects them."""
    return {
        "year": PartitionRange(first_year, last_year, 4),
        "month": PartitionRange(1, 12, 2),
        "day": PartitionRange(1, 31, 2),
    }


@dataclass(frozen=True, slots=True)
class PartitionValues:
    """The values that partition columns may have, in ranges or one by one; others may have any."""

    ranges: Mapping[str, PartitionRange] = field(default_factory=dict)
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def refused(self, name: str, column: pa.Array) -> Iterator[tuple[int, str]]:
        """The rows whose value cannot be that of the column, each with the reason."""
        problems = {value: self._problem(name, value) for value in pc.unique(column).to_pylist()}
        wrong = [value for value, problem in problems.items() if problem is not None]
        if wrong:
            for row in pc.indices_nonzero(pc.is_in(column, pa.array(wrong, pa.string()))).to_pylist():
                yield row, problems[column[row].as_py()] or ""

    def _problem(self, name: str, value: str | None) -> str | None:
        wanted = self._wanted(name, value)
        if wanted is None:
            return None
        what = "is null" if value is None else f"has {json.dumps(value[:_SHOWN], ensure_ascii=False)}"
        return f'the partition column "{name}" {what}; {wanted}'

    def _wanted(self, name: str, value: str | None) -> str | None:
        """Return the description of the allowed values; None for an allowed one."""
        if value is None or not PARTITION_VALUE.fullmatch(value):
            return f"a path takes {PARTITION_VALUE.pattern}"
        if name in self.ranges and value not in self.ranges[name]:
            return f"it goes from {self.ranges[name]}"
        if name in self.values and value not in self.values[name]:
            return f"it is one of {', '.join(self.values[name])}"
        return None


ANY_VALUES = PartitionValues()
