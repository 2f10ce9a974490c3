"""Rows to Parquet and CSV, rejects to dead letters."""
