"""No statement reads a large table from end to end, whatever the server guesses about its parameters."""

import re
from collections.abc import Iterator

import psycopg
import pytest

from tests.support.ledger import Books, names, operator_statements
from tributary.ledger import batches, claims, dataset_versions
from tributary.ledger.claims import ClaimRules

_LARGE = {"files", "outcomes", "queue"}
# It says so; and a count of the queue is bounded.
_COUNTS = {"COUNT_EXACTLY", "COUNT_QUEUE"}
_PARAMETER = re.compile(r"%\(\w+\)s|%s|\$\d+")
_SCAN = re.compile(r"Seq Scan on (\w+)")


def statements() -> Iterator[tuple[str, str]]:
    """Every statement of the ledger with numbered parameters."""
    for module in (batches, claims, dataset_versions):
        for name, text in vars(module).items():
            if isinstance(text, str) and re.match(r"\s*(SELECT|INSERT|UPDATE|WITH)\b", text):
                yield name, numbered(text)
    for name, text in operator_statements().items():
        if isinstance(text, str) and name not in _COUNTS:
            # a limit is known when the server plans; unknown, it is taken for a tenth of the table
            yield name, numbered(re.sub(r"LIMIT \$\d+", "LIMIT 100", text))


def numbered(text: str) -> str:
    """All parameters as the server's own, without a gap."""
    found = list(dict.fromkeys(_PARAMETER.findall(text)))
    return _PARAMETER.sub(lambda match: f"${found.index(match[0]) + 1}", text)


@pytest.mark.slow
def test_reads_no_large_table_from_end_to_end(books: Books) -> None:
    rules = ClaimRules(files=10_000)
    books.register(names(60_000))
    for _ in range(4):
        books.archived(rules, [])
    assert books.claim(rules) is not None
    books.superuser.execute("VACUUM ANALYZE")
    found = dict(statements())
    assert len(found) > 40
    scans = {name: scanned(books, text) for name, text in found.items()}
    assert {name: tables for name, tables in scans.items() if tables & _LARGE} == {}


def scanned(books: Books, text: str) -> set[str]:
    """Tables that the plan reads from end to end."""
    plan = psycopg.RawCursor(books.superuser).execute(f"EXPLAIN (GENERIC_PLAN) {text}")
    return {table for (line,) in plan.fetchall() for table in _SCAN.findall(line)}
