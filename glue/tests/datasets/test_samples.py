"""What comes of the samples beside the declarations, as their `expected.json` says."""

import json
from pathlib import Path

import pytest

from tributary.try_dataset import main

DATASETS = Path(__file__).resolve().parents[3] / "datasets"
EXPECTED = {
    (file.parent.parent.name, name): expected
    for file in sorted(DATASETS.glob("*/samples/expected.json"))
    for name, expected in json.loads(file.read_text()).items()
}


def test_samples_give_what_is_expected_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    for (dataset, name), expected in EXPECTED.items():
        file = DATASETS / dataset / "samples" / name
        assert main([dataset, str(file), "--json", "--rows", str(len(expected["first"]))]) == 0
        [report] = json.loads(capsys.readouterr().out)
        found = {
            "rows": report["counts"]["output"],
            "deadLetters": report["counts"]["rejected"],
            "first": report["rows"],
        }
        assert found == expected, f"datasets/{dataset}/samples/{name}"
