"""Ledger of the batch pipeline, in PostgreSQL: its files, the leases of its batches, their outcomes.

docs/decisions/0008-ledger-in-postgresql.md says why it is so, runtime/ledger/migrations/sql how.
"""
