"""SQS queue of manifests: receives, hides and deletes messages."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from tributary.errors import TransientError
from tributary.running.clients import sqs_client
from tributary.running.keeper import Keeper

_BATCH = 10
"""Maximum of messages in one request.

@see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html,
2026-11-29
"""


@dataclass(frozen=True, slots=True)
class Message:
    """Delivery of a message; `handle` is valid for this delivery alone, `receives` counts it too."""

    id: str
    handle: str
    body: str
    receives: int

    @property
    def key(self) -> str:
        """Receipt handle: the visibility timeout is that of one delivery."""
        return self.handle


class ManifestQueue:
    """One SQS queue; times in seconds."""

    def __init__(self, url: str, visibility: int) -> None:
        self.visibility = visibility
        self._url = url

    def receive(self, maximum: int, wait: int) -> list[Message]:
        """Receive up to `maximum` messages; wait up to `wait` seconds for the first."""
        answer = sqs_client().receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=min(maximum, _BATCH),
            WaitTimeSeconds=wait,
            VisibilityTimeout=self.visibility,
            MessageSystemAttributeNames=["ApproximateReceiveCount"],
        )
        return [
            Message(
                id=message["MessageId"],
                handle=message["ReceiptHandle"],
                body=message["Body"],
                receives=int(message["Attributes"]["ApproximateReceiveCount"]),
            )
            for message in answer.get("Messages", [])
        ]

    def delete(self, messages: Iterable[Message]) -> None:
        """Delete messages; raises `TransientError` when one was rejected, after all were tried."""
        failed: list[object] = []
        for batch in _batches(messages):
            answer = sqs_client().delete_message_batch(
                QueueUrl=self._url,
                Entries=[
                    {"Id": str(index), "ReceiptHandle": message.handle} for index, message in enumerate(batch)
                ],
            )
            failed += answer.get("Failed", [])
        _raise_failed(failed)

    def hide(self, messages: Iterable[Message], seconds: int) -> None:
        """Set the visibility timeout of messages, 0 to return them; its maximum is 12 hours from the receipt.

        Raises `TransientError` when a message was rejected, after all were tried.

        @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibilityBatch.html,
        2026-11-29
        """
        failed: list[object] = []
        for batch in _batches(messages):
            answer = sqs_client().change_message_visibility_batch(
                QueueUrl=self._url,
                Entries=[
                    {"Id": str(index), "ReceiptHandle": message.handle, "VisibilityTimeout": seconds}
                    for index, message in enumerate(batch)
                ],
            )
            failed += answer.get("Failed", [])
        _raise_failed(failed)


class VisibilityKeeper(Keeper[Message]):
    """Renews the visibility timeout of the messages in work, ten a request.

    A message that comes back all the same is worked on twice, which the outputs' conditions make harmless.
    """

    def __init__(self, queue: ManifestQueue, on_error: Callable[[Exception], None]) -> None:
        super().__init__(queue.visibility)
        self._queue = queue
        self._on_error = on_error

    def _renew(self, held: Sequence[Message]) -> None:
        try:
            self._queue.hide(held, self._queue.visibility)
        except Exception as error:  # noqa: BLE001 reported; the next turn tries again
            self._on_error(error)


def _batches(messages: Iterable[Message]) -> Iterable[list[Message]]:
    iterator = iter(messages)
    while batch := list(islice(iterator, _BATCH)):
        yield batch


def _raise_failed(failed: Sequence[object]) -> None:
    if failed:
        raise TransientError(f"the queue refused {len(failed)} messages, the first: {failed[0]}")
