"""Content types of the objects that jobs write."""

JSON = "application/json"
NDJSON = "application/x-ndjson"
PARQUET = "application/vnd.apache.parquet"
CSV = "text/csv; charset=utf-8"
