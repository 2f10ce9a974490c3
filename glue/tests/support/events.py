"""A queue of its own for the events of one source."""

import json
from typing import Any

from tributary.running.clients import events_client, sqs_client


def event_queue(name: str, source: str) -> str:
    """Make a queue that gets every event of the source; return its URL."""
    url = sqs_client().create_queue(QueueName=f"e-{name}")["QueueUrl"]
    events_client().put_rule(Name=f"rule-{name}", EventPattern=json.dumps({"source": [source]}))
    target: Any = {"Id": "t", "Arn": f"arn:aws:sqs:us-east-1:000000000000:e-{name}"}
    events_client().put_targets(Rule=f"rule-{name}", Targets=[target])
    return url


def received(url: str) -> list[dict[str, Any]]:
    """Take all events out of the queue."""
    found: list[dict[str, Any]] = []
    while messages := sqs_client().receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
        for message in messages:
            sqs_client().delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            found.append(json.loads(message["Body"]))
    return found
