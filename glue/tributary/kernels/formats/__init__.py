"""Readers of each format, a folder each: bytes in, Arrow batches of records and rejects out."""
