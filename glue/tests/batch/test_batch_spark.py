"""The batch job on Spark: the driver alone speaks to the ledger, executors do the work."""

from pathlib import Path

import pytest

from tests.support.batches import SCRIPT, BatchWorld, event
from tests.support.job import finish_job
from tests.support.manifests import lines
from tests.support.spark import submit


@pytest.mark.slow
def test_loses_nothing_on_spark_with_an_executor_killed(
    batches: BatchWorld, spark_home: Path, tmp_path: Path
) -> None:
    for number in range(6):
        batches.upload(f"{number}.json", lines(event(number, day=1 + number % 2), "[]"))
    batches.upload("executor.json", lines(event(6)))
    words = batches.arguments("jr_spark", engine="spark", batch_files=4)
    job = submit(SCRIPT, words, spark_home, tmp_path, f"executor:{tmp_path / 'killed'}")
    code, log = finish_job(job)
    assert code == 0, log
    assert (tmp_path / "killed").exists()
    assert any(line["event"] == "worker killed" for line in log)
    assert batches.batches("state", "archived_at IS NOT NULL") == [("PARTIAL", True)] * 2
    assert batches.raw_versions() == set()
    batches.assert_exact()
