"""Lister of raw JSON files: folders, versions, and their registration in the ledger page by page."""
