"""Metrics of the platform's own in CloudWatch."""

from collections.abc import Mapping
from dataclasses import dataclass

from tributary.running.clients import cloudwatch_client


@dataclass(frozen=True, slots=True)
class Metrics:
    """Publishes metrics of one namespace, whose one dimension is the environment."""

    namespace: str
    environment: str

    def count(self, counts: Mapping[str, int]) -> None:
        """Publish counts by the names of their metrics, in one call; raises `ClientError` when refused."""
        dimensions = [{"Name": "Environment", "Value": self.environment}]
        cloudwatch_client().put_metric_data(
            Namespace=self.namespace,
            MetricData=[
                {"MetricName": name, "Value": value, "Unit": "Count", "Dimensions": dimensions}
                for name, value in counts.items()
            ],
        )
