"""The ledger of the batch pipeline, in PostgreSQL: which files there are, who works on which batch, how it ended.

docs/decisions/0008-ledger-in-postgresql.md says why it is so, handlers/migrate-ledger/migrations what stands where.
"""
