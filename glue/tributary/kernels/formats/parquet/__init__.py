"""Parquet files to batches of rows of Arrow's own types."""
