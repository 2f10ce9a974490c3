"""Conversion of files of each format to Parquet, dead letters and counts, without AWS or Spark."""
