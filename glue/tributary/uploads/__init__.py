"""Uploads pipeline: one file, one output, under leases kept in the uploads table."""
