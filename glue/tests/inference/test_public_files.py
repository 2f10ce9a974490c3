"""Files of public repositories, remade (public/README.md): what is declared by itself reads every row."""

import json
from pathlib import Path

import pytest

from tributary.inference.infer import infer
from tributary.try_dataset import main

PUBLIC = Path(__file__).parent / "public"
FILES = sorted(file.name for file in PUBLIC.iterdir() if file.name != "README.md")
EDITS = {"extra-field.csv": ["expected 3 fields, found 4"]}
"""What the command asks for: a row that has a field too many is mended in the file."""


@pytest.mark.parametrize("name", FILES)
def test_declares_a_public_file(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = infer([PUBLIC / name], {}, [], tmp_path)
    folder = tmp_path / "found"
    folder.mkdir()
    document = {
        "name": "found",
        "description": name,
        "owner": "team",
        "classification": "public",
        "pipeline": "uploads",
        "prefix": "input/found/",
        "format": found.format,
        "columns": found.columns,
    }
    (folder / "dataset.json").write_text(json.dumps(document))
    assert main([str(folder), str(PUBLIC / name), "--json"]) == 0
    [report] = json.loads(capsys.readouterr().out)
    assert [letter["message"] for letter in report["rejects"]] == EDITS.get(name, [])
    assert report["counts"]["output"] == found.rows > 0
    assert not [sentence for sentence in report["drift"] if sentence.startswith("missing column")]
