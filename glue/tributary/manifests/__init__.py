"""Manifests of NDJSON files to Parquet objects: one manifest, one task, one object."""
