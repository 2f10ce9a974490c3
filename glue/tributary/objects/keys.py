"""Parts of keys that every pipeline makes alike."""

# S3 refuses keys over 1,024 bytes. Before the base name in the key of a quarantined file the longest names
# of a dataset and an object take 169; what is left is the version id's, for which S3 uses 32.
_BASE_BYTES = 600


def base_name(key: str) -> str:
    """Return the last part of a key, of a very long one its end, which tells the kind of the file."""
    return key.rsplit("/", 1)[-1].encode()[-_BASE_BYTES:].decode(errors="ignore")
