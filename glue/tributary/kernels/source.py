"""The identity of an input, as rows and dead letters carry it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """The identity of an input: bucket, key and version id."""

    bucket: str
    key: str
    version: str

    @property
    def fields(self) -> dict[str, str]:
        """The fields that every dead letter of it begins with."""
        return {"source_bucket": self.bucket, "source_key": self.key, "source_version": self.version}
