"""Errors of the data plane, by what the caller should do.

A `TerminalError` is the same at every attempt: the file goes to quarantine with its `reason`.
A `TransientError` may pass: the work is tried again, a bounded number of times.
"""

from typing import ClassVar

_MESSAGE_LENGTH = 2000


class TributaryError(Exception):
    """Base of every error that this package raises on purpose."""


class TerminalError(TributaryError):
    """Failure that a retry cannot fix; `reason` is the code stored with the quarantined file."""

    reason: ClassVar[str] = "failed"


class TransientError(TributaryError):
    """Failure that a later attempt may not meet."""


class DeclarationError(TerminalError):
    """A dataset's declaration or its SQL is wrong."""

    reason: ClassVar[str] = "bad-declaration"


class UnknownDatasetError(TributaryError):
    """No dataset of that name is declared."""


class WholeFileError(TerminalError):
    """File without a readable row: it goes to quarantine as a whole."""


class EmptyFileError(WholeFileError):
    """The file holds no line that is not blank, hence no header."""

    reason: ClassVar[str] = "empty-file"


class UnreadableHeaderError(WholeFileError):
    """The header line is no record: broken quotes, not UTF-8, or longer than a record may be."""

    reason: ClassVar[str] = "unreadable-header"


class HeaderMismatchError(WholeFileError):
    """The header lacks a required column, or names a declared one twice."""

    reason: ClassVar[str] = "header-mismatch"


class TooManyRejectedError(WholeFileError):
    """More of the file's records are rejected than its dataset allows, or all of them."""

    reason: ClassVar[str] = "too-many-rejected"


class BrokenGzipError(WholeFileError):
    """The gzip stream is cut off, fails its checksum, or is followed by something else."""

    reason: ClassVar[str] = "broken-gzip"


class BrokenZstdError(WholeFileError):
    """The zstd stream is cut off, fails a checksum, is followed by something else, or has a huge window."""

    reason: ClassVar[str] = "broken-zstd"


class OtherFormatError(WholeFileError):
    """The bytes of the file are those of another format than its dataset's."""

    reason: ClassVar[str] = "other-format"


class UnreadableAvroError(WholeFileError):
    """The Avro file is cut off or broken, or has a codec or schema that cannot be read."""

    reason: ClassVar[str] = "unreadable-avro"


class UnreadableParquetError(WholeFileError):
    """The Parquet file is cut off, broken or encrypted, or of a newer writer than its reader."""

    reason: ClassVar[str] = "unreadable-parquet"


class UnreadableOrcError(WholeFileError):
    """The ORC file is cut off, broken or encrypted, or of a newer writer than its reader."""

    reason: ClassVar[str] = "unreadable-orc"


class SchemaTooLargeError(WholeFileError):
    """The file has more columns, or columns that nest deeper, than one may."""

    reason: ClassVar[str] = "schema-too-large"


class BlockTooLargeError(WholeFileError):
    """The file has a block, page or stripe, which are read whole, of more bytes or rows than one may have."""

    reason: ClassVar[str] = "block-too-large"


class UnreadableObjectError(WholeFileError):
    """S3 refuses the content to every attempt, for what the sender chose when it put the object."""


class ArchivedClassError(UnreadableObjectError):
    """The object is in an archive, whose objects are read only once they are restored."""

    reason: ClassVar[str] = "archived-class"


class CustomerKeyError(UnreadableObjectError):
    """The object is encrypted under a key that its reader must send (SSE-C)."""

    reason: ClassVar[str] = "customer-key"


class OtherKeyError(UnreadableObjectError):
    """The object is encrypted under a KMS key that is not its bucket's and may not be used."""

    reason: ClassVar[str] = "other-kms-key"


class DecompressedTooLargeError(WholeFileError):
    """The file decompresses to more than one may, in bytes or as a multiple of what is stored."""

    reason: ClassVar[str] = "decompressed-too-large"


class TooManyDeadLettersError(WholeFileError):
    """The file has more dead letters than one may, by number or in bytes."""

    reason: ClassVar[str] = "too-many-dead-letters"


class TooManyPartitionsError(WholeFileError):
    """The rows of the file lie in more partitions than those of one may."""

    reason: ClassVar[str] = "too-many-partitions"


class FilledDiskError(WholeFileError):
    """The file fills the disk; `file` is its number among those that were worked on together."""

    reason: ClassVar[str] = "filled-disk"

    def __init__(self, message: str, file: int = 0) -> None:
        super().__init__(message)
        self.file = file


class TransformError(TerminalError):
    """A transform failed, lost, doubled or reordered rows, or returned other columns than declared."""

    reason: ClassVar[str] = "transform-failed"


class SourceGoneError(TerminalError):
    """The version of the object that was announced is no longer in the bucket."""

    reason: ClassVar[str] = "source-gone"


class OutputTooLargeError(TerminalError):
    """An output passes what one PUT can carry (5 GiB), and half an output is never shown."""

    reason: ClassVar[str] = "output-too-large"


class InvalidManifestError(TerminalError):
    """A manifest, or the message that names it, is not what the schema says."""

    reason: ClassVar[str] = "invalid-manifest"


class LeaseLostError(TributaryError):
    """Lease that another run holds now: the caller gives the work up and writes nothing more."""


class MissingPermissionError(TributaryError):
    """AWS denied what only this platform's own roles, policies and keys decide: no file is to blame."""


class WorkerKilledError(TributaryError):
    """The process that worked on a task died under it, or was ended; `reason` is a code for its file."""

    reason: ClassVar[str] = "killed-worker"


class NoAnswerError(WorkerKilledError):
    """Process of a task that ended without being able to report its result."""


class TooSlowError(WorkerKilledError):
    """The process of a task was ended by its time limit."""

    reason: ClassVar[str] = "too-slow"


class ArgumentsError(TributaryError):
    """Arguments of a job are missing or wrong; the message names all of them."""


def reason_of(error: BaseException) -> str:
    """Return the code of a file that an error is blamed on."""
    return error.reason if isinstance(error, TerminalError | WorkerKilledError) else TerminalError.reason


def describe(error: BaseException) -> str:
    """Name an error and the errors that caused it, on one line."""
    words = f"{type(error).__name__}: {brief(str(error))}".replace("\n", " ")
    return f"{words}; caused by {describe(error.__cause__)}" if error.__cause__ else words


def brief(message: str) -> str:
    """Cut a long message: it may quote a whole value, and an item of the table holds 400 KB."""
    return message if len(message) <= _MESSAGE_LENGTH else f"{message[:_MESSAGE_LENGTH]}…"
