"""The queue of manifests: receiving, keeping messages out of sight while they are in work, deleting."""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from tributary.errors import TransientError
from tributary.running.clients import sqs_client

_BATCH = 10
"""Messages of one request, which is SQS's limit."""


@dataclass(frozen=True, slots=True)
class Message:
    """One delivery; `handle` is good for this delivery alone, `receives` counts it, too."""

    id: str
    handle: str
    body: str
    receives: int


class ManifestQueue:
    """One SQS queue; times in seconds."""

    def __init__(self, url: str, visibility: int) -> None:
        self.visibility = visibility
        self._url = url

    def receive(self, most: int, wait: int) -> list[Message]:
        """Wait up to so long for up to so many messages."""
        answer = sqs_client().receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=min(most, _BATCH),
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
        """Acknowledge messages; raises `TransientError` when one could not be, after all were tried."""
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
        """Let messages come back after so long; raises `TransientError` when one is no longer ours.

        The others are hidden all the same.
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


class VisibilityKeeper:
    """Keeps the messages in work out of sight, at a third of the visibility, in a thread of its own.

    What cannot be prolonged is tried again at the next turn. A message that comes back all the same is worked
    on twice, which the outputs' conditions make harmless.
    """

    def __init__(self, queue: ManifestQueue, on_error: Callable[[Exception], None]) -> None:
        self._queue = queue
        self._on_error = on_error
        self._held: dict[str, Message] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="visibility-keeper", daemon=True)

    def __enter__(self) -> "VisibilityKeeper":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def keep(self, message: Message) -> None:
        """Prolong this message from now on."""
        with self._lock:
            self._held[message.handle] = message

    def drop(self, message: Message) -> None:
        """Prolong this message no longer."""
        with self._lock:
            self._held.pop(message.handle, None)

    def _run(self) -> None:
        while not self._ended.wait(self._queue.visibility / 3):
            with self._lock:
                held = list(self._held.values())
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
