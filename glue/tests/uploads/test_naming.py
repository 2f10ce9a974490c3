import json
import re
from dataclasses import astuple
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tributary.uploads.names import object_keys, output_name


@pytest.mark.parametrize(
    ("key", "stem"),
    [
        ("input/customers/april.csv", "april"),
        ("input/customers/june.csv.gz", "june"),
        ("input/customers/Zürich 2025/1.csv", "1"),
        ("input/customers/Müller & Söhne.csv", "M-ller---S-hne"),
        ("input/customers/" + "x" * 200 + ".csv", "x" * 80),
        ("input/customers/-a-.csv", "a"),
    ],
)
def test_names_outputs_by_a_readable_stem_and_a_digest(key: str, stem: str) -> None:
    assert re.fullmatch(re.escape(stem) + "-[0-9a-f]{16}", output_name(key))


def test_names_a_key_without_a_readable_letter_by_its_digest_alone() -> None:
    assert re.fullmatch("[0-9a-f]{16}", output_name("input/customers/---.csv"))


@given(st.text(min_size=1), st.text(min_size=1))
def test_gives_different_keys_different_safe_names(one: str, other: str) -> None:
    assert (output_name(one) == output_name(other)) == (one == other)
    assert re.fullmatch("[A-Za-z0-9-]{16,97}", output_name(one))


def test_lays_objects_out_as_agreed_with_the_catalog_and_the_operators() -> None:
    name = output_name("input/customers/april.csv")
    keys = object_keys("customers", "input/customers/april.csv", "v1")
    assert keys.parquet == f"tables/customers/{name}.parquet"
    assert keys.csv == f"csv/customers/{name}.csv"
    assert keys.stats == f"stats/customers/{name}/v1.json"
    assert keys.dead_letters == f"dead-letters/customers/{name}/v1.ndjson"
    assert keys.whole_file == f"files/customers/{name}/v1/april.csv"
    assert object_keys(None, "input/a.csv", "v1").whole_file_reason.startswith("files/unknown/")


@pytest.mark.parametrize("letter", ["x", "\u00e9", "\U0001f40b"])
def test_keeps_every_name_within_the_bytes_that_s3_allows(letter: str) -> None:
    key = "input/" + letter * ((1024 - 10) // len(letter.encode())) + ".csv"
    keys = object_keys("d" * 63, key, "v" * 32)
    assert max(len(name.encode()) for name in astuple(keys)) <= 1024
    assert keys.whole_file.endswith(f"{letter}.csv")


def test_names_outputs_as_the_operators_command_does() -> None:
    names = json.loads((Path(__file__).parent / "output-names.json").read_text())
    assert {key: output_name(key) for key in names} == names
