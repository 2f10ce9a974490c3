"""Bounds of one file: what it may decompress to, reject and take."""

from dataclasses import dataclass

from tributary.errors import DecompressedTooLargeError, TooManyDeadLettersError
from tributary.expected import expected


@dataclass(frozen=True, slots=True)
class FileLimits:
    """What one file may become; beyond one of these it is quarantined whole.

    `ratio` is that of decompressed to stored bytes, and counts from `ratio_from_bytes` decompressed on: less
    harms nobody. Logs have 10 to 100; zeros have a thousand in gzip, and thirty thousand in zstd. Dead
    letters are counted, and measured as they are written. `partitions` are those of a batch that its rows
    lie in: each is an object at least. `seconds` are what the work on it has, without what its size adds: see
    `TimeLimit`. `block_bytes` are those of what is read whole: a block of Avro, a page of Parquet, a stripe
    of ORC.
    """

    decompressed_bytes: int = 64_000_000_000
    ratio: int = 500
    ratio_from_bytes: int = 64_000_000
    dead_letters: int = 100_000
    dead_letter_bytes: int = 64_000_000
    partitions: int = 1_200
    seconds: int = 120
    block_bytes: int = 256 << 20


DEFAULT_FILE_LIMITS = FileLimits()


def too_many_dead_letters(limit: str, found: int) -> TooManyDeadLettersError:
    """Return the error of a file with more dead letters, or bytes of them, than the limit."""
    wanted = f"at most {limit} dead letters of one file (correct it, or the declaration that it does not fit)"
    return TooManyDeadLettersError(f"{expected(wanted, found)} and perhaps more")


def check_expansion(limits: FileLimits, size: int, stored: int) -> None:
    """Raise `DecompressedTooLargeError` where so many bytes come out of so many that are stored of a file."""
    if size > limits.decompressed_bytes:
        wanted = f"at most {limits.decompressed_bytes} bytes decompressed (upload it in parts)"
        raise DecompressedTooLargeError(expected(wanted, size))
    if size > limits.ratio_from_bytes and size > limits.ratio * stored:
        wanted = (
            f"at most {limits.ratio} bytes decompressed for each byte stored, from "
            f"{limits.ratio_from_bytes} on (upload it in parts, or not compressed)"
        )
        raise DecompressedTooLargeError(f"{expected(wanted, size)} of the first {stored} stored")
