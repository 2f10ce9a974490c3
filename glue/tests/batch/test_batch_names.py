"""Names of what a batch reads and writes."""

import pytest

from tributary.batch.names import archived_key, dead_letters_key, processed_prefix, staged_key, table_key


@pytest.mark.parametrize(
    ("key", "archived"),
    [
        ("raw-json-data/2026/week05/a.json", "raw-json-data-processed/2026/week05/v1/a.json"),
        ("raw-json-data/a.json", "raw-json-data-processed/v1/a.json"),
        ("raw-json-data/2026//a b.json", "raw-json-data-processed/2026//v1/a b.json"),
        ("input/orders/2026/a.csv", "input-processed/orders/2026/v1/a.csv"),
    ],
)
def test_gives_each_version_a_name_of_its_own(key: str, archived: str) -> None:
    assert archived_key(key, "v1", "input/orders/") == archived
    assert archived_key(key, "v2", "input/orders/") != archived


def test_shortens_what_s3_would_refuse() -> None:
    keys = [f"input/orders/{letter * 500}/{'é' * 240}.json" for letter in "ab"]
    first, second = (archived_key(key, "v" * 32, "input/orders/") for key in keys)
    assert first != second
    assert max(len(name.encode()) for name in (first, second)) <= 1024
    assert first.endswith(".json")
    assert first.startswith(processed_prefix("input/orders/"))


def test_keeps_staged_objects_outside_of_the_table() -> None:
    name = table_key("ml_events", "year=2026/mode=train", "part-7-00001.parquet")
    assert name == "tables/ml_events/year=2026/mode=train/part-7-00001.parquet"
    assert staged_key(7, 2, 0, name) == f"_staging/7/2/0/{name}"
    assert dead_letters_key(7, "part-7-00001.ndjson") == (
        "error-data-lake/json_malformed_records/7/part-7-00001.ndjson"
    )
