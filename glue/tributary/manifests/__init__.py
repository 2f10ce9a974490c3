"""Manifests pipeline: NDJSON files to Parquet objects; one manifest, one task, one object."""
