"""Listing raw JSON files into the ledger: which folders, which versions, registered page by page."""
