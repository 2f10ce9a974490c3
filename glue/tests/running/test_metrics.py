"""Metrics as CloudWatch, which the emulator has, shows them."""

from datetime import timedelta

import boto3

from tests.support.world import World
from tributary.running.clock import utc_now
from tributary.running.metrics import Metrics


def test_counts_by_environment(world: World) -> None:
    del world  # the emulator
    metrics = Metrics("metrics-test", "prod")
    metrics.count({"UploadsDeadLetters": 3, "UploadsQuarantinedFiles": 1})
    metrics.count({"UploadsDeadLetters": 2})
    answer = boto3.client("cloudwatch").get_metric_statistics(
        Namespace="metrics-test",
        MetricName="UploadsDeadLetters",
        Dimensions=[{"Name": "Environment", "Value": "prod"}],
        StartTime=utc_now() - timedelta(hours=1),
        EndTime=utc_now() + timedelta(hours=1),
        Period=86_400,
        Statistics=["Sum"],
    )
    assert sum(point["Sum"] for point in answer["Datapoints"]) == 5
