"""Pure kernels: bytes or Arrow in, Arrow and rejects out. Nothing here knows AWS or Spark.

A file goes through them in this order: `compression`, `csv`, `ndjson` or `json`, `transform`, `output`.
"""
