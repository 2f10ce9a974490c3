"""The ledger of the batch pipeline, in PostgreSQL: which files there are, who has which batch, how it ends.

docs/decisions/0008-ledger-in-postgresql.md says why it is so, runtime/ledger/migrations/sql how.
"""
