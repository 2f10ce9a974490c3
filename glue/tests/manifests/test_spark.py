"""The streaming job on Spark, with an executor killed under its task."""

from pathlib import Path

import pytest

from tests.support.job import finish_job
from tests.support.manifests import EVEN, SCRIPT, ManifestWorld, lines
from tests.support.spark import answer_to_a_stranger, submit
from tests.support.waiting import wait_for
from tributary.manifests.task import Committed
from tributary.running.clients import s3_client


@pytest.mark.slow
def test_loses_nothing_with_an_executor_and_writes_the_bytes_of_the_pool(
    world: ManifestWorld, spark_home: Path, tmp_path: Path
) -> None:
    keys = []
    for names in (["executor", "kill"], ["good", "better"]):
        versions = {name: world.upload(f"{name}.ndjson", lines({"id": name}, "[")) for name in names}
        entries = [world.entry(world.key(f"{name}.ndjson"), version) for name, version in versions.items()]
        keys.append(world.manifest(*entries))
        world.send(keys[-1])
    words = world.arguments("jr_spark", engine="spark")
    job = submit(SCRIPT, words, spark_home, tmp_path, f"executor:{tmp_path / 'killed'},kill")
    wait_for(lambda: len(world.objects(world.curated, "tables/")) == 2)
    assert "Expected SaslMessage" in answer_to_a_stranger(spark_home)
    world.order(desired="stopped")
    code, log = finish_job(job)
    assert code == 0, log
    assert (tmp_path / "killed").exists()
    assert {line["manifest"] for line in log if line["event"] == "worker killed"} == {keys[0]}
    assert sorted(row["id"] for row in world.rows()) == ["better", "executor", "good"]
    assert list(world.reasons()) == [world.key("kill.ndjson")]
    assert world.account() == EVEN
    on_spark = world.objects(world.curated, "tables/")
    name = next(name for name in on_spark if keys[1].rpartition("/")[2].removesuffix(".json") in name)
    s3_client().delete_object(Bucket=world.curated, Key=name)
    assert isinstance(world.work(keys[1]), Committed)
    assert world.objects(world.curated, "tables/") == on_spark
