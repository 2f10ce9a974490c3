"""Batch job of the ledger pipeline: files to Parquet, batch after batch, each published once."""
