"""Faults injected below the SDK, at the moment a request leaves or its answer comes back."""

import contextvars
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from unittest import mock

from botocore.awsrequest import AWSPreparedRequest
from botocore.exceptions import ConnectionClosedError
from botocore.httpsession import URLLib3Session

Send = Callable[[AWSPreparedRequest], Any]
Interceptor = Callable[[str, AWSPreparedRequest, Send], Any]

# Which of several concurrent runs a request belongs to; inherited by the threads of a run's pools.
actor: contextvars.ContextVar[str] = contextvars.ContextVar("actor", default="")


def label(request: AWSPreparedRequest) -> str:
    """Name a request: the DynamoDB operation, or the S3 method and path; `poll` for a query of the index."""
    target = request.headers.get("X-Amz-Target")
    if target is None:
        return f"{request.method} {request.url.split('?')[0].split('/', 3)[3]}"
    name = (target.decode() if isinstance(target, bytes) else target).rpartition(".")[2]
    body = request.body.decode() if isinstance(request.body, bytes) else str(request.body)
    return "poll" if name == "Query" and "IndexName" in body else name


@contextmanager
def intercepted(interceptor: Interceptor) -> Iterator[None]:
    """Pass every request of this process through `interceptor`, which may act before and after it is sent."""
    send = URLLib3Session.send
    submit = ThreadPoolExecutor.submit

    def sending(session: URLLib3Session, request: AWSPreparedRequest) -> Any:
        return interceptor(label(request), request, lambda sent: send(session, sent))

    def submitting(pool: ThreadPoolExecutor, work: Callable[..., Any], /, *words: Any, **named: Any) -> Any:
        return submit(pool, contextvars.copy_context().run, work, *words, **named)

    with (
        mock.patch.object(URLLib3Session, "send", sending),
        mock.patch.object(ThreadPoolExecutor, "submit", submitting),
    ):
        yield


def lose_answer(of: str, times: int = 1) -> Interceptor:
    """Let requests whose label contains `of` be executed, and lose the answer to the first ones."""
    left = [times]

    def interceptor(name: str, request: AWSPreparedRequest, send: Send) -> Any:
        answer = send(request)
        if of in name and left[0]:
            left[0] -= 1
            raise ConnectionClosedError(endpoint_url=request.url)
        return answer

    return interceptor


class Steps:
    """Counts the requests that matter and calls `at_step` right before the given one is sent."""

    def __init__(self, number: int, at_step: Callable[[], None]) -> None:
        self.names: list[str] = []
        self._number = number
        self._at_step = at_step

    def __call__(self, name: str, request: AWSPreparedRequest, send: Send) -> Any:
        if name != "poll" and actor.get() == "first":
            self.names.append(name)
            if len(self.names) == self._number:
                actor_token = actor.set("")
                self._at_step()
                actor.reset(actor_token)
        return send(request)


class Death:
    """Kills this process right before the given request is sent, or right after it was answered."""

    def __init__(self, number: int, moment: str, ignored: frozenset[str]) -> None:
        self._left = number
        self._moment = moment
        self._ignored = ignored
        self._lock = threading.Lock()

    def __call__(self, name: str, request: AWSPreparedRequest, send: Send) -> Any:
        if name in self._ignored:
            return send(request)
        with self._lock:
            self._left -= 1
            is_last = self._left == 0
            if is_last:
                if self._moment == "after":
                    send(request)
                kill_this_process()
        return send(request)


def kill_this_process() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
    threading.Event().wait()
