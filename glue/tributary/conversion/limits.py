"""Limits of a file as the arguments of every job have them."""

from dataclasses import dataclass

from tributary.kernels.file_limits import FileLimits

_GIGABYTE = 1_000_000_000
_MEGABYTE = 1_000_000


@dataclass(frozen=True)
class FileLimitArguments:
    """Arguments of a job that works on files of others."""

    file_decompressed_gigabytes: int
    file_ratio: int
    file_dead_letters: int
    file_dead_letter_megabytes: int
    file_partitions: int
    file_seconds: int

    @property
    def file_limits(self) -> FileLimits:
        """The limits of each file."""
        return FileLimits(
            decompressed_bytes=self.file_decompressed_gigabytes * _GIGABYTE,
            ratio=self.file_ratio,
            dead_letters=self.file_dead_letters,
            dead_letter_bytes=self.file_dead_letter_megabytes * _MEGABYTE,
            partitions=self.file_partitions,
            seconds=self.file_seconds,
        )
