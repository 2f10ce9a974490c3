"""What the queue of manifests does when it refuses one of many messages."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.support.manifests import ManifestWorld
from tributary.errors import TransientError
from tributary.manifests.queue import ManifestQueue, Message
from tributary.running.clients import sqs_client

Call = Callable[[ManifestQueue, list[Message]], None]


@pytest.mark.parametrize(
    ("call", "left"),
    [(lambda queue, messages: queue.hide(messages, 0), (11, 1)), (ManifestQueue.delete, (0, 1))],
    ids=["hide", "delete"],
)
def test_lets_no_refused_message_stop_those_behind_it(
    world: ManifestWorld, call: Call, left: tuple[int, int]
) -> None:
    """One that was in work for twelve hours is refused for ever; SQS takes ten messages a request."""
    queue = ManifestQueue(world.queue, 30)
    for _ in range(12):
        sqs_client().send_message(QueueUrl=world.queue, MessageBody="{}")
    messages = [message for _ in range(2) for message in queue.receive(10, 0)]
    assert len(messages) == 12
    refused = replace(messages[0], handle="nobody's")
    with pytest.raises(TransientError, match="refused 1 messages"):
        call(queue, [refused, *messages[1:]])
    assert world.waiting() == left
