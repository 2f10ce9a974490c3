"""Spark as tests and benches start it; tests/manifests/test_spark.py shows what it answers to a stranger."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_spark_asks_for_a_secret() -> None:
    sources = [path for folder in ("bench", "glue/tests") for path in (ROOT / folder).rglob("*.py")]
    starts = re.compile(r"SparkSession\.builder\.|/ \"spark-submit\"")
    starting = {path.name: path.read_text() for path in sources if starts.search(path.read_text())}
    assert starting.keys() == {"csv_kernel.py", "ledger_spark.py", "ndjson_engines.py", "spark.py"}
    asks = re.compile(r'spark\.authenticate(": "|", "| )true|import .*\bSPARK_CONFIGURATION\b')
    assert [name for name, text in starting.items() if not asks.search(text)] == []
