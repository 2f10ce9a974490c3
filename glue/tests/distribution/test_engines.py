"""The pool and Spark give the same bytes; on Spark the package exists only as the zip that Glue ships."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.job import SCRIPT, finish_job, job_arguments, start_job
from tests.support.spark import submit
from tests.support.world import World, customers
from tributary.clients import dynamodb_client

KEYS = [f"input/customers/file-{number}.csv" for number in range(4)]
CLAIMED_AT = "2026-01-31T12:00:00.000Z"


def start_on_spark(
    world: World, home: Path, folder: Path, faults: str = "", **changes: object
) -> subprocess.Popen[str]:
    """Start the CSV job on Spark."""
    return submit(SCRIPT, job_arguments(world, "jr_spark", engine="spark", **changes), home, folder, faults)


def register_as_claimed_before(world: World, versions: dict[str, str]) -> None:
    """Register versions with the time of an earlier claim, which a later one keeps for the rows."""
    for number, (key, version) in enumerate(versions.items()):
        world.register(key, version, f"{number:04X}")
        dynamodb_client().update_item(
            TableName=world.table,
            Key={"object": f"{world.raw}/{key}", "version": version},
            UpdateExpression="SET first_claimed_at = :at",
            ExpressionAttributeValues={":at": CLAIMED_AT},
        )


def outputs(world: World) -> dict[str, bytes]:
    """All objects but the stats, which hold the run's id and its seconds."""
    found = {key: world.body(world.curated, key) for key in world.keys(world.curated)}
    found |= {key: world.body(world.quarantine, key) for key in world.keys(world.quarantine)}
    return {key: body for key, body in found.items() if not key.startswith("stats/")}


@pytest.mark.slow
def test_gives_the_same_bytes_on_the_pool_and_on_spark(
    world: World, spark_home: Path, tmp_path: Path
) -> None:
    other = replace(World.create(), raw=world.raw)
    bodies = {key: customers(*map(str, range(50 * number)), broken=number) for number, key in enumerate(KEYS)}
    versions = {key: world.upload(key, body, register=False) for key, body in bodies.items()}
    for one in (world, other):
        register_as_claimed_before(one, versions)
    code, lines = finish_job(start_on_spark(other, spark_home, tmp_path), timeout=120)
    assert code == 0, lines
    code, lines = finish_job(start_job(world))
    assert code == 0, lines
    on_pool, on_spark = outputs(world), outputs(other)
    assert sorted(on_pool) == sorted(on_spark)
    assert len([key for key in on_pool if key.startswith("tables/")]) == len(KEYS)
    assert on_pool == on_spark


@pytest.mark.slow
def test_lets_a_file_that_kills_an_executor_s_worker_fall_alone_on_spark(
    world: World, spark_home: Path, tmp_path: Path
) -> None:
    good = {key: world.upload(key, customers("1")) for key in KEYS}
    poison = "input/customers/kill.csv"
    poisoned = world.upload(poison, customers("1"))
    job = start_on_spark(world, spark_home, tmp_path, faults="kill", maximum_attempts=1)
    code, lines = finish_job(job, timeout=120)
    assert code == 0, lines
    assert {world.status(key, version) for key, version in good.items()} == {"processed"}
    assert world.reason(poison, poisoned)["reason"] == "killed-worker"
