"""NDJSON bytes to Arrow batches of text."""
