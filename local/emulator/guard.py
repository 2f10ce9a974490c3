"""Lets none but this run's own clients reach MiniStack.

By itself it answers whoever can connect: every user of this machine, and every page in a browser on it,
also one whose name was made to lead to 127.0.0.1. With the guard a request has to name this very server, come
from no page, and be signed with a secret of this run: that of the account's root, which is
AWS_SECRET_ACCESS_KEY, or one that MiniStack issued for a role. Only the health check needs no signature.
"""

import os
from collections.abc import Awaitable, Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

from ministack import app as ministack
from ministack.core import iam_evaluator, lambda_runtime, responses, router, sigv4
from ministack.services import lambda_svc

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

HEALTH = ("GET", "/_ministack/health")
FOREIGN = b"refused: expected a request to this server's own address, and from no web page"
# Of a body: S3's clients name its hash, or that it is not signed.
HASH = "x-amz-content-sha256"
SIGNED_IN_CHUNKS = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
MOST_UNPROVEN_BYTES = 128 << 20
"""Of all bodies in memory whose signature is not checked yet. The largest that is no object is a function's
code: 50 MB, sent as Base64.

@see https://docs.rs/rusoto_lambda/0.29.0/rusoto_lambda/struct.AccountLimit.html, 2026-11-30
"""
TOO_LARGE = b"refused: expected a body without hash for which there is room"


def guarded(hosts: Iterable[str]) -> Application:
    """Return MiniStack for requests whose Host is one of `hosts`, each an address with its port.

    Raises KeyError without a secret: MiniStack's own is known to everybody.
    """
    keep_sessions_of_functions_secret(os.environ["AWS_SECRET_ACCESS_KEY"])
    own = frozenset(hosts)
    bodies = Bodies()
    inner: Application = ministack.app

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await inner(scope, receive, send)
        headers = joined(scope["headers"])
        if scope["type"] != "http" or headers.get("host") not in own or is_of_a_page(headers):
            return await refuse(scope, send, 403, FOREIGN)
        if (scope["method"], scope["path"]) == HEALTH:
            return await inner(scope, receive, send)
        body: bytes | None = b""
        if covers_body(scope, headers):
            body, receive = await bodies.read(receive)
        if body is None:
            return await refuse(scope, send, 413, TOO_LARGE)
        failure = failure_of(scope, headers, body)
        if failure is None:
            return await inner(scope, receive, send)
        return await answer(failure, scope, headers, send)

    return application


def keep_sessions_of_functions_secret(secret: str) -> None:
    """Derive the credentials of functions from `secret` too: MiniStack derives them from names alone."""
    original: Callable[[dict[str, Any]], dict[str, str]] = lambda_runtime.execution_credentials

    def execution_credentials(config: dict[str, Any]) -> dict[str, str]:
        # of the role's ARN, all of which is hashed, only the name behind the last slash is used otherwise
        return original({**config, "Role": f"{secret}/{config.get('Role', '')}"})

    lambda_runtime.execution_credentials = execution_credentials
    lambda_svc.execution_credentials = execution_credentials


def joined(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return headers by their names; one that comes more than once as it is signed: its values, by commas."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in raw:
        name, value = raw_name.decode("latin-1").lower(), sigv4.decode_header_value(raw_value)
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return headers


def is_of_a_page(headers: dict[str, str]) -> bool:
    """Return whether a browser sent it for a page: it says so by one header at least, and no AWS client does.

    @see https://developer.mozilla.org/docs/Web/HTTP/Headers/Sec-Fetch-Site, 2026-11-30
    """
    return "origin" in headers or headers.get("sec-fetch-site", "none") != "none"


def covers_body(scope: Scope, headers: dict[str, str]) -> bool:
    """Return whether a signature is checked against the body: not where a hash is signed, or its absence."""
    if HASH in headers:
        return headers[HASH].startswith(SIGNED_IN_CHUNKS)
    signature = None if "authorization" in headers else sigv4.parse_query_signature(query_of(scope))
    return not (isinstance(signature, sigv4.HeaderSignature) and signature.service == "s3")


class Bodies:
    """Bodies that are read before it is known who sends them: strangers may not fill the memory meanwhile."""

    def __init__(self) -> None:
        self._held = 0

    async def read(self, receive: Receive) -> tuple[bytes | None, Receive]:
        """Return the whole body, and what gives it again; None where there is no room for it.

        It is read to its end in any case: an answer that comes before may be lost with the connection.
        """
        chunks: list[bytes] | None = []
        size = 0
        try:
            more = True
            while more:
                message = await receive()
                more = message.get("more_body", False)
                if chunks is None:
                    continue
                chunks.append(message.get("body", b""))
                size += len(chunks[-1])
                self._held += len(chunks[-1])
                if self._held > MOST_UNPROVEN_BYTES:
                    self._held -= size
                    chunks, size = None, 0
        finally:
            self._held -= size
        if chunks is None:
            return None, receive
        body = b"".join(chunks)
        return body, again(message, body, receive)


def again(last: Message, body: bytes, receive: Receive) -> Receive:
    """Return what gives a body that was read, or the disconnection that ended it, and then what follows."""
    given = iter([{"type": "http.request", "body": body} if last["type"] == "http.request" else last])

    async def receive_again() -> Message:
        return next(given, None) or await receive()

    return receive_again


def query_of(scope: Scope) -> dict[str, list[str]]:
    """Return the parameters of a request's target."""
    return parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)


def failure_of(scope: Scope, headers: dict[str, str], body: bytes) -> iam_evaluator.AuthError | None:
    """Return why a request's signature is not one of this run's, or None where it is."""
    query = query_of(scope)
    key = router.extract_access_key_id(headers, query)
    responses.set_request_account_id(iam_evaluator.find_iam_access_key_account(key) or key)
    request = iam_evaluator.SignedRequest(
        key,
        scope["method"],
        scope["raw_path"].decode("latin-1"),
        query,
        headers,
        body,
        presigned="authorization" not in headers,
    )
    iam_evaluator._signed_request.set(request)
    checked = iam_evaluator.authenticate(key, responses.get_account_id())
    if isinstance(checked, iam_evaluator.ResolvedCredential):
        return None
    return checked or iam_evaluator.AuthError("UnrecognizedClientException", "The request is not signed.")


async def refuse(scope: Scope, send: Send, status: int, why: bytes) -> None:
    """Refuse what no client of this run sends."""
    if scope["type"] == "websocket":
        return await send({"type": "websocket.close"})
    start = {"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain")]}
    await send(start)
    return await send({"type": "http.response.body", "body": why})


async def answer(failure: iam_evaluator.AuthError, scope: Scope, headers: dict[str, str], send: Send) -> None:
    """Refuse a signature in the form of the service that is called."""
    service = router.detect_service(scope["method"], scope["path"], headers, query_of(scope))
    response = ministack._credential_failure(service, "", "", failure, headers)
    await ministack._send_response(send, *response)
