"""The declared datasets: a folder each, holding `dataset.json` and, with a transform, `transform.sql`.

A checkout has them in datasets/ at its top, where a team edits them; the archive that a Glue job ships has
them beside this module, in `declared`. Those of smoke tests are the platform's own, in `platform`.
"""

from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from tributary.datasets.declaration import (
    BinaryFormat,
    CsvFormat,
    Dataset,
    FileSize,
    InputColumn,
    JsonFormat,
    NdjsonFormat,
    OutputColumn,
    Outputs,
    Pipeline,
    parse_declaration,
)
from tributary.errors import UnknownDatasetError
from tributary.expected import expected_at

__all__ = [
    "SMOKE_LEDGER",
    "SMOKE_MANIFESTS",
    "SMOKE_UPLOADS",
    "BinaryFormat",
    "CsvFormat",
    "Dataset",
    "FileSize",
    "InputColumn",
    "JsonFormat",
    "NdjsonFormat",
    "OutputColumn",
    "Outputs",
    "Pipeline",
    "dataset_for_key",
    "datasets_of",
    "declared_datasets",
    "folder_of",
    "load_dataset",
    "read_dataset",
]

SMOKE_LEDGER = "smoke_ledger"
"""The ledger's dataset of smoke tests; runtime/smoke.ts has the names of all three."""
SMOKE_MANIFESTS = "smoke_manifests"
"""The manifests pipeline's."""
SMOKE_UPLOADS = "smoke_uploads"
"""The uploads pipeline's dataset of smoke tests."""


@cache
def declared_datasets() -> tuple[Dataset, ...]:
    """Every declared dataset, by name; raises `DeclarationError` when one is wrong."""
    return tuple(read_dataset(folder) for folder in _folders())


def datasets_of(pipeline: Pipeline) -> tuple[Dataset, ...]:
    """The datasets whose files come by a pipeline."""
    return tuple(dataset for dataset in declared_datasets() if dataset.pipeline == pipeline)


def load_dataset(name: str, pipeline: Pipeline | None = None) -> Dataset:
    """The dataset of that name, of a pipeline or of any; raises `UnknownDatasetError` naming the known."""
    datasets = declared_datasets() if pipeline is None else datasets_of(pipeline)
    for dataset in datasets:
        if dataset.name == name:
            return dataset
    known = ", ".join(dataset.name for dataset in datasets)
    where = "dataset" if pipeline is None else f"dataset of the pipeline {pipeline}"
    raise UnknownDatasetError(expected_at(where, f"one of {known}", name))


def dataset_for_key(key: str, pipeline: Pipeline) -> Dataset | None:
    """The dataset of a pipeline with the longest prefix of an object's key, or None when none claims it."""
    claiming = [dataset for dataset in datasets_of(pipeline) if key.startswith(dataset.prefix)]
    return max(claiming, key=lambda dataset: len(dataset.prefix), default=None)


def read_dataset(folder: Traversable) -> Dataset:
    """The dataset that a folder declares; raises `DeclarationError` when wrong, `OSError` when not there."""
    transform = folder / "transform.sql"
    return parse_declaration(
        folder.name,
        (folder / "dataset.json").read_bytes(),
        transform.read_bytes() if transform.is_file() else None,
    )


def folder_of(name: str) -> Traversable:
    """Return the folder that declares a dataset; raises `UnknownDatasetError` naming those that there are."""
    return next(folder for folder in _folders() if folder.name == load_dataset(name).name)


def _declared_folder() -> Traversable:
    """Return the folder of a team's declarations."""
    shipped = resources.files(__name__) / "declared"
    return shipped if shipped.is_dir() else Path(__file__).resolve().parents[3] / "datasets"


def _folders() -> list[Traversable]:
    places = (_declared_folder(), resources.files(__name__) / "platform")
    entries = (entry for place in places for entry in place.iterdir())
    folders = [entry for entry in entries if (entry / "dataset.json").is_file()]
    return sorted(folders, key=lambda folder: folder.name)
