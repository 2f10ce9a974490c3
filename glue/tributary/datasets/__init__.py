"""The declared datasets: a folder each, holding `dataset.json` and, but for text datasets, `transform.sql`.

They are read as package resources, so that they are found inside the zip that a Glue job ships, too.
"""

import json
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

from tributary.datasets.declaration import (
    CsvFormat,
    Dataset,
    InputColumn,
    NdjsonFormat,
    OutputColumn,
    Outputs,
    parse_declaration,
)
from tributary.datasets.text import FileSize, TextDataset, is_text_declaration, parse_text_declaration
from tributary.errors import UnknownDatasetError

__all__ = [
    "CsvFormat",
    "Dataset",
    "FileSize",
    "InputColumn",
    "NdjsonFormat",
    "OutputColumn",
    "Outputs",
    "TextDataset",
    "all_datasets",
    "dataset_for_key",
    "load_any_dataset",
    "load_dataset",
    "load_text_dataset",
    "read_any_dataset",
    "read_dataset",
    "text_datasets",
]


@cache
def all_datasets() -> tuple[Dataset, ...]:
    """Every declared dataset of typed columns, by name; raises `DeclarationError` when one is wrong."""
    return tuple(read_dataset(folder) for folder in _folders() if not _is_text(folder))


@cache
def text_datasets() -> tuple[TextDataset, ...]:
    """Every declared text dataset, by name; raises `DeclarationError` when one is wrong."""
    return tuple(
        parse_text_declaration(folder.name, (folder / "dataset.json").read_bytes())
        for folder in _folders()
        if _is_text(folder)
    )


def read_any_dataset(folder: Traversable) -> Dataset | TextDataset:
    """The dataset of either kind that a folder declares; raises what `read_dataset` does."""
    if _is_text(folder):
        return parse_text_declaration(folder.name, (folder / "dataset.json").read_bytes())
    return read_dataset(folder)


def load_any_dataset(name: str) -> Dataset | TextDataset:
    """The dataset of that name, of either kind; raises `UnknownDatasetError` naming those that there are."""
    every: list[Dataset | TextDataset] = [*all_datasets(), *text_datasets()]
    for dataset in every:
        if dataset.name == name:
            return dataset
    known = ", ".join(sorted(dataset.name for dataset in every))
    raise UnknownDatasetError(f'no dataset is called "{name}"; there are: {known}')


def load_text_dataset(name: str) -> TextDataset:
    """The text dataset of that name; raises `UnknownDatasetError` naming those that there are."""
    for dataset in text_datasets():
        if dataset.name == name:
            return dataset
    known = ", ".join(dataset.name for dataset in text_datasets())
    raise UnknownDatasetError(f'no text dataset is called "{name}"; there are: {known}')


def _folders() -> list[Traversable]:
    folders = [entry for entry in resources.files(__name__).iterdir() if (entry / "dataset.json").is_file()]
    return sorted(folders, key=lambda folder: folder.name)


def _is_text(folder: Traversable) -> bool:
    try:
        return is_text_declaration(json.loads((folder / "dataset.json").read_bytes()))
    except ValueError:
        return False  # told by the reading of a typed one


def read_dataset(folder: Traversable) -> Dataset:
    """The dataset that a folder declares; raises `DeclarationError` when wrong, `OSError` when not there."""
    return parse_declaration(
        folder.name,
        (folder / "dataset.json").read_bytes(),
        (folder / "transform.sql").read_bytes(),
    )


def load_dataset(name: str) -> Dataset:
    """The dataset of that name; raises `UnknownDatasetError` naming those that there are."""
    for dataset in all_datasets():
        if dataset.name == name:
            return dataset
    known = ", ".join(dataset.name for dataset in all_datasets())
    raise UnknownDatasetError(f'no dataset is called "{name}"; there are: {known}')


def dataset_for_key(key: str) -> Dataset | None:
    """The dataset with the longest prefix of an object's key, or None when no dataset claims it."""
    claiming = [dataset for dataset in all_datasets() if key.startswith(dataset.prefix)]
    return max(claiming, key=lambda dataset: len(dataset.prefix), default=None)
