"""What files of customers are to give: a row for each record that is well-formed, known by its id."""

from collections.abc import Hashable, Iterator
from dataclasses import replace
from pathlib import Path

from local.accounting.records import Record, Row
from local.accounting.rules import Rules


class CustomersRules(Rules):
    """A record is a dead letter where its line is none, and for no other reason."""

    not_shown = ("processing_date", "source_file")

    @property
    def compared_columns(self) -> list[str]:
        """Output columns that tell which row it is."""
        return ["id"]

    def records(self, path: Path) -> Iterator[Record]:
        """Give the records, each with what it has to become."""
        for record in super().records(path):
            yield replace(record, becomes=record.becomes or "row")

    def identity(self, row: Row) -> Hashable:
        """Return its id."""
        return row["id"] or None

    def _identity_of(self, values: dict[str, object]) -> Hashable:
        return values.get("id", next(iter(values.values()))) or None
