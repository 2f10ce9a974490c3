"""Dataset versions as the ledger stores them: the texts of declaration and SQL."""

from tributary.datasets import Dataset, datasets_of, folder_of, load_dataset
from tributary.datasets.declaration import parse_declaration
from tributary.ledger.dataset_versions import DatasetVersion


def deployed_version(name: str) -> DatasetVersion:
    """Return the version in this package; raises `UnknownDatasetError` and `DeclarationError`."""
    dataset = load_dataset(name, "ledger")
    folder = folder_of(name)
    return DatasetVersion(
        version=dataset.version,
        dataset=name,
        declaration=(folder / "dataset.json").read_text("utf-8"),
        transform=dataset.transform or "",
    )


def deployed_versions() -> tuple[DatasetVersion, ...]:
    """Return the versions of all datasets of the ledger pipeline; raises `DeclarationError`."""
    return tuple(deployed_version(dataset.name) for dataset in datasets_of("ledger"))


def parsed(version: DatasetVersion) -> Dataset:
    """Parse the dataset that a version declares; raises `DeclarationError`."""
    return parse_declaration(
        version.dataset, version.declaration.encode(), version.transform.encode() or None
    )
