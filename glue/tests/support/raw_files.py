"""Raw JSON files on the emulator, and what a listing of them looks like."""

import http.client
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

import boto3
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest

from tributary.datasets import datasets_of
from tributary.lister.inputs import Inputs
from tributary.running.clients import s3_client

PREFIX = "raw-json-data/"
FOLDER = f"{PREFIX}all_historical_files/"
INPUTS = Inputs(datasets_of("ledger"), 2021)
NOT_OF_XML = ["\0", "a\0b.json", "\x01\x1f\x7f\x85.json", "\ufffe\uffff.json"]
"""Names that S3 keeps and XML cannot hold; without our launcher the emulator lists them wrong."""
KEPT_BY_S3 = [
    "😀" * 240,
    "trailing ",
    "slash/",
    "../../up.json",
    "./here.json",
    "double//slash.json",
    "x" * 980,
]
"""Names that S3 keeps and few other places do, of up to 1,024 bytes below the folder."""
_MODIFIED = datetime(2026, 1, 31, tzinfo=UTC)
_THREADS = 4


class RawBucket:
    """A bucket of a test's own."""

    def __init__(self, *, versioned: bool = True) -> None:
        self.name = f"raw-{uuid.uuid4().hex[:12]}"
        self._s3 = s3_client()
        self._s3.create_bucket(Bucket=self.name)
        if versioned:
            self.keep_versions()

    def keep_versions(self) -> None:
        self._s3.put_bucket_versioning(Bucket=self.name, VersioningConfiguration={"Status": "Enabled"})

    def put(self, key: str, body: bytes = b"{}") -> str:
        """Put an object below the prefix; its version id."""
        answer = self._s3.put_object(Bucket=self.name, Key=PREFIX + key, Body=body)
        return answer.get("VersionId", "null")

    def delete(self, key: str) -> None:
        self._s3.delete_object(Bucket=self.name, Key=PREFIX + key)

    def put_many(self, keys: Sequence[str]) -> None:
        """Put objects as fast as the emulator takes them: of the SDK the signatures alone."""
        parts = [keys[start::_THREADS] for start in range(_THREADS)]
        with ThreadPoolExecutor(_THREADS) as threads:
            list(threads.map(self._put_part, parts))

    def _put_part(self, keys: Sequence[str]) -> None:
        endpoint = self._s3.meta.endpoint_url
        connection = http.client.HTTPConnection(urlsplit(endpoint).netloc)
        credentials = boto3.session.Session().get_credentials()
        assert credentials is not None
        signer = S3SigV4Auth(credentials, "s3", self._s3.meta.region_name)
        for key in keys:
            path = f"/{self.name}/{quote(PREFIX + key)}"
            signed = AWSRequest("PUT", f"{endpoint}{path}", data=b"{}")
            signer.add_auth(signed)
            connection.request("PUT", path, b"{}", dict(signed.headers))
            response = connection.getresponse()
            response.read()
            assert response.status == 200


class ListedClient:
    """Stands in for S3 with listings of any length, of objects with one version each."""

    def __init__(self, keys: int, page: int = 1000) -> None:
        self._keys = keys
        self._page = page

    def list_object_versions(self, **asked: str) -> dict[str, Any]:
        marker = asked.get("KeyMarker")
        first = int(marker.rpartition("/")[2]) + 1 if marker else 0
        last = min(first + self._page, self._keys)
        names = [f"{FOLDER}{number:012}" for number in range(first, last)]
        return {
            "IsTruncated": last < self._keys,
            "NextKeyMarker": names[-1],
            "NextVersionIdMarker": "v",
            "Versions": [
                {
                    "Key": name,
                    "VersionId": f"3sL4kqtJlcpXroDTDmJ.{name[-12:]}",
                    "IsLatest": True,
                    "Size": 10_000,
                    "LastModified": _MODIFIED,
                }
                for name in names
            ],
        }


def keys_of(pages: Iterator[Any]) -> list[str]:
    return [file.key.removeprefix(PREFIX) for page in pages for file in page.found]
