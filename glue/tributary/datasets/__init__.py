"""The declared datasets: a folder each, holding `dataset.json` and, but for text datasets, `transform.sql`.

A checkout has them in datasets/ at its top, where a team edits them; the archive that a Glue job ships has
them beside this module, in `declared`. Those of smoke tests are the platform's own, in `platform`.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TypeVar

from tributary.datasets.declaration import (
    CsvFormat,
    Dataset,
    InputColumn,
    JsonFormat,
    NdjsonFormat,
    OutputColumn,
    Outputs,
    parse_declaration,
)
from tributary.datasets.text import FileSize, TextDataset, is_text_declaration, parse_text_declaration
from tributary.errors import UnknownDatasetError
from tributary.expected import expected_at

__all__ = [
    "SMOKE_LEDGER",
    "CsvFormat",
    "Dataset",
    "FileSize",
    "InputColumn",
    "JsonFormat",
    "NdjsonFormat",
    "OutputColumn",
    "Outputs",
    "TextDataset",
    "all_datasets",
    "dataset_for_key",
    "declared_datasets",
    "folder_of",
    "json_datasets",
    "load_any_dataset",
    "load_dataset",
    "load_json_dataset",
    "load_text_dataset",
    "read_any_dataset",
    "text_datasets",
]

SMOKE_LEDGER = "smoke_ledger"
"""The JSON dataset of smoke tests; runtime/smoke.ts has the names of all three."""

Each = TypeVar("Each", Dataset, TextDataset, Dataset | TextDataset)


@cache
def declared_datasets() -> tuple[Dataset | TextDataset, ...]:
    """Every declared dataset, by name; raises `DeclarationError` when one is wrong."""
    return tuple(read_any_dataset(folder) for folder in _folders())


def all_datasets() -> tuple[Dataset, ...]:
    """Those whose uploads become one output each, with typed columns."""
    return tuple(dataset for dataset in _typed() if dataset.format.kind != "json")


def json_datasets() -> tuple[Dataset, ...]:
    """Those of JSON files, which are processed in batches."""
    return tuple(dataset for dataset in _typed() if dataset.format.kind == "json")


def text_datasets() -> tuple[TextDataset, ...]:
    """Those whose columns are text."""
    return tuple(dataset for dataset in declared_datasets() if isinstance(dataset, TextDataset))


def load_any_dataset(name: str) -> Dataset | TextDataset:
    """The dataset of that name, of any kind; raises `UnknownDatasetError` naming those that there are."""
    return _named(name, declared_datasets(), "dataset")


def load_dataset(name: str) -> Dataset:
    """The one of `all_datasets` of that name; raises `UnknownDatasetError` naming those that there are."""
    return _named(name, all_datasets(), "dataset")


def load_json_dataset(name: str) -> Dataset:
    """The JSON dataset of that name; raises `UnknownDatasetError` naming those that there are."""
    return _named(name, json_datasets(), "JSON dataset")


def load_text_dataset(name: str) -> TextDataset:
    """The text dataset of that name; raises `UnknownDatasetError` naming those that there are."""
    return _named(name, text_datasets(), "text dataset")


def dataset_for_key(key: str) -> Dataset | None:
    """The one of `all_datasets` with the longest prefix of an object's key, or None when none claims it."""
    claiming = [dataset for dataset in all_datasets() if key.startswith(dataset.prefix)]
    return max(claiming, key=lambda dataset: len(dataset.prefix), default=None)


def read_any_dataset(folder: Traversable) -> Dataset | TextDataset:
    """The dataset that a folder declares; raises `DeclarationError` when wrong, `OSError` when not there."""
    declaration = (folder / "dataset.json").read_bytes()
    if is_text_declaration(declaration):
        return parse_text_declaration(folder.name, declaration)
    return parse_declaration(folder.name, declaration, (folder / "transform.sql").read_bytes())


def folder_of(name: str) -> Traversable:
    """Return the folder that declares a dataset; raises `UnknownDatasetError` naming those that there are."""
    return next(folder for folder in _folders() if folder.name == load_any_dataset(name).name)


def _declared_folder() -> Traversable:
    """Return the folder of a team's declarations."""
    shipped = resources.files(__name__) / "declared"
    return shipped if shipped.is_dir() else Path(__file__).resolve().parents[3] / "datasets"


def _folders() -> list[Traversable]:
    places = (_declared_folder(), resources.files(__name__) / "platform")
    entries = (entry for place in places for entry in place.iterdir())
    folders = [entry for entry in entries if (entry / "dataset.json").is_file()]
    return sorted(folders, key=lambda folder: folder.name)


def _typed() -> Iterator[Dataset]:
    return (dataset for dataset in declared_datasets() if isinstance(dataset, Dataset))


def _named(name: str, datasets: Sequence[Each], kind: str) -> Each:
    for dataset in datasets:
        if dataset.name == name:
            return dataset
    known = ", ".join(dataset.name for dataset in datasets)
    raise UnknownDatasetError(expected_at(kind, f"one of {known}", name))
