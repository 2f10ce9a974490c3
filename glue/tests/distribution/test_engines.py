"""The pool and Spark give the same bytes; on Spark the package exists only as the zip that Glue ships."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.job import SCRIPT, finish_job, job_arguments, start_job
from tests.support.spark import submit
from tests.support.world import World, customers
from tributary.running.clients import dynamodb_client

KEYS = [f"input/customers/file-{number}.csv" for number in range(4)]
POISON = "input/customers/kill.csv"
CLAIMED_AT = "2026-01-31T12:00:00.000Z"


def start_on_spark(
    world: World, home: Path, folder: Path, faults: str = "", **changes: object
) -> subprocess.Popen[str]:
    """Start the uploads job on Spark."""
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
def test_gives_the_same_bytes_on_the_pool_and_on_spark_though_a_file_kills_an_executor_s_worker_there(
    world: World, spark_home: Path, tmp_path: Path
) -> None:
    other = replace(World.create(), raw=world.raw)
    bodies = {key: customers(*map(str, range(50 * number)), broken=number) for number, key in enumerate(KEYS)}
    versions = {key: world.upload(key, body, register=False) for key, body in bodies.items()}
    poison = world.upload(POISON, customers("1"), register=False)
    register_as_claimed_before(world, versions)
    register_as_claimed_before(other, {**versions, POISON: poison})
    job = start_on_spark(other, spark_home, tmp_path, faults="kill", maximum_attempts=1)
    code, lines = finish_job(job)
    assert code == 0, lines
    assert other.reason(POISON, poison)["reason"] == "killed-worker"
    code, lines = finish_job(start_job(world))
    assert code == 0, lines
    on_pool, on_spark = outputs(world), outputs(other)
    assert len([key for key in on_pool if key.startswith("tables/")]) == len(KEYS)
    assert on_pool == {key: body for key, body in on_spark.items() if poison not in key}
