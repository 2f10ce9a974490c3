"""CSV bytes to Arrow batches of text."""
