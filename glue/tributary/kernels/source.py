"""The identity of an input, as rows and dead letters carry it."""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property

_ID_BYTES = 8
_CORRECTIONS = "/tributary-corrections/"


@dataclass(frozen=True)
class Source:
    """The identity of an input: bucket, key and version id."""

    bucket: str
    key: str
    version: str

    @cached_property
    def id(self) -> str:
        """A digest of the identity, by which dead letters name it once its names stood."""
        names = json.dumps([self.bucket, self.key, self.version]).encode()
        return hashlib.blake2b(names, digest_size=_ID_BYTES).hexdigest()

    @property
    def is_correction(self) -> bool:
        """Whether it has corrected lines of other files; runtime/corrections.ts names the folder, too."""
        return _CORRECTIONS in self.key

    @property
    def names(self) -> dict[str, str]:
        """The fields that the first of its dead letters in an object has."""
        return {"source_bucket": self.bucket, "source_key": self.key, "source_version": self.version}
