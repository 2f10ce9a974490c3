"""S3 objects: reads, writes, prefetching, quarantine."""
