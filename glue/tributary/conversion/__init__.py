"""Files of each format to Parquet, dead letters and counts, without AWS and without Spark."""
