"""Bounds of one file: what it may decompress to, reject and take."""

from dataclasses import dataclass

from tributary.errors import TooManyDeadLettersError
from tributary.expected import expected


@dataclass(frozen=True, slots=True)
class FileLimits:
    """What one file may become; beyond one of these it is quarantined whole.

    `ratio` is that of decompressed to stored bytes, and counts from `ratio_from_bytes` decompressed on: less
    harms nobody. Logs have 10 to 100; zeros have a thousand in gzip, and thirty thousand in zstd. Dead
    letters are counted, and measured as they are written. `partitions` are those of a batch that its rows
    lie in: each is an object at least. `seconds` are what the work on it has, without what its size adds: see
    `TimeLimit`.
    """

    decompressed_bytes: int = 64_000_000_000
    ratio: int = 500
    ratio_from_bytes: int = 64_000_000
    dead_letters: int = 100_000
    dead_letter_bytes: int = 64_000_000
    partitions: int = 1_200
    seconds: int = 120


DEFAULT_FILE_LIMITS = FileLimits()


def too_many_dead_letters(limit: str, found: int) -> TooManyDeadLettersError:
    """Return the error of a file with more dead letters, or bytes of them, than the limit."""
    wanted = f"at most {limit} dead letters of one file (correct it, or the declaration that it does not fit)"
    return TooManyDeadLettersError(f"{expected(wanted, found)} and perhaps more")
