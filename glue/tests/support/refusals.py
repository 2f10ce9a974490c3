"""Objects whose content nobody here can read, put as a sender may put them, and S3's refusals of them."""

import contextlib
from collections.abc import Iterator
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from tests.support.faults import Send, intercepted
from tributary.objects.refusals import _bucket_key
from tributary.running.clients import s3_client

OTHER_KEY = "arn:aws:kms:us-east-1:999999999999:key/other"
OWN_KEY = "arn:aws:kms:us-east-1:000000000000:key/own"

UNREADABLE: dict[str, tuple[str, dict[str, Any]]] = {
    "archived": ("archived-class", {"StorageClass": "GLACIER"}),
    "customer": ("customer-key", {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}),
    "foreign": ("other-kms-key", {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": OTHER_KEY}),
}
"""By a word of the key: the reason of the file, and how it is put."""


def encrypt(bucket: str) -> None:
    """Let the bucket encrypt under its own key."""
    default: Any = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": OWN_KEY}
    rules: Any = {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
    s3_client().put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=rules)
    _bucket_key.cache_clear()


@contextlib.contextmanager
def refusing(**codes: str) -> Iterator[None]:
    """Refuse reads and copies of objects whose key has one of these words, with that code, as S3 does.

    A word may be the begin of a request's label, too. The emulator itself knows no keys of KMS, and copies
    out of archives.
    """

    def interceptor(name: str, request: AWSPreparedRequest, send: Send) -> Any:
        source = str(request.headers.get("x-amz-copy-source", b""))
        for word, code in codes.items():
            if word in source or name.startswith(word) or (name.startswith("GET") and word in name):
                answer = AWSResponse(request.url, 400 if code.startswith("KMS.") else 403, {}, None)
                answer._content = f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode()
                return answer
        return send(request)

    with intercepted(interceptor):
        yield


REFUSED = {"archived": "InvalidObjectState", "foreign": "AccessDenied"}
"""What S3 refuses, and the emulator does not or only in part."""
