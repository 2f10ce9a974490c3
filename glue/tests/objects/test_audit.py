"""Shares of a unit's figures among its files, and the identity of a row."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from tributary.kernels.source import Source
from tributary.objects.audit import FileChange, shares


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**9), max_size=20))
def test_shares_add_up_and_follow_the_weights(total: int, weights: list[int]) -> None:
    given = shares(total, weights)
    assert sum(given) == (total if any(weights) else 0)
    for share, weight in zip(given, weights, strict=True):
        assert abs(share - total * weight / max(1, sum(weights))) <= 1


def test_a_change_is_the_same_whoever_tells_it() -> None:
    def change(commit: str, run: str) -> FileChange:
        return FileChange(
            pipeline="uploads",
            source=Source("raw", "key", "version"),
            commit=commit,
            sequence=1,
            status="published",
            changed_at=datetime(2026, 1, 31, 12, 30, 0, 500_000, UTC),
            uploaded_at=datetime(2026, 1, 31, tzinfo=UTC),
            run=run,
            bytes_in=1,
            dataset="customers",
        )

    assert change("1.published", "a").id == change("1.published", "b").id
    assert change("1.published", "a").id != change("2.superseded", "a").id
    record = change("1.published", "a").record()
    assert next(iter(record)) == "id"
    assert (record["changed_at"], record["uploaded_at"]) == (
        "2026-01-31 12:30:00.500",
        "2026-01-31 00:00:00.000",
    )
