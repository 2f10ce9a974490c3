"""A dataset's declaration from the files that it is to read: what `tributary dataset new` writes."""
