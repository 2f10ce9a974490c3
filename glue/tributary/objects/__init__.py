"""Objects of S3: every read and write of them, fetching ahead, quarantine."""
