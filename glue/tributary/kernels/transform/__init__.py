"""Arrow batches of text to a dataset's rows, by its types and its SQL."""
