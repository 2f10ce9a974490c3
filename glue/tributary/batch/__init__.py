"""The batch job: files of the ledger to Parquet, batch after batch, each published once."""
