"""Parts of object keys that all pipelines share."""

# Of the 1,024 bytes that S3 allows a key, the longest names of a dataset and an object take 169 before the
# base name in the key of a quarantined file; what is left is the version id's, for which S3 uses 32.
# @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html, 2026-11-29
_BASE_BYTES = 600


def base_name(key: str) -> str:
    """Return the last part of a key; of a very long one the end, which has the file's extension."""
    return key.rsplit("/", 1)[-1].encode()[-_BASE_BYTES:].decode(errors="ignore")
