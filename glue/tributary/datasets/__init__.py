"""The declared datasets: a folder each, holding `dataset.json` and `transform.sql`.

They are read as package resources, so that they are found inside the zip that a Glue job ships, too.
"""

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
from tributary.errors import UnknownDatasetError

__all__ = [
    "CsvFormat",
    "Dataset",
    "InputColumn",
    "NdjsonFormat",
    "OutputColumn",
    "Outputs",
    "all_datasets",
    "dataset_for_key",
    "load_dataset",
    "read_dataset",
]


@cache
def all_datasets() -> tuple[Dataset, ...]:
    """Every declared dataset, by name; raises `DeclarationError` when one is wrong."""
    folders = [entry for entry in resources.files(__name__).iterdir() if (entry / "dataset.json").is_file()]
    return tuple(read_dataset(folder) for folder in sorted(folders, key=lambda folder: folder.name))


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
