"""What S3 refuses to read and to copy: by the sender's choice, or for want of our own permission."""

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.refusals import OTHER_KEY, OWN_KEY, REFUSED, UNREADABLE, encrypt, refusing
from tests.support.world import World
from tributary.errors import OtherKeyError, UnreadableObjectError
from tributary.objects import refusals
from tributary.objects.reads import read_version
from tributary.objects.refusals import _bucket_key
from tributary.objects.writes import copy_version


@pytest.mark.parametrize("word", UNREADABLE)
@pytest.mark.parametrize("is_copy", [False, True])
def test_tells_what_its_sender_made_unreadable(world: World, word: str, is_copy: bool) -> None:
    reason, how = UNREADABLE[word]
    version = world.upload(word, b"abc", register=False, **how)

    def use() -> None:
        if is_copy:
            copy_version(world.raw, word, version, world.quarantine, "copy", size=3)
        else:
            list(read_version(world.raw, word, version))

    with refusing(**REFUSED), pytest.raises(UnreadableObjectError, match=r"expected .*, got ") as raised:
        use()
    assert raised.value.reason == reason


@pytest.mark.parametrize("code", ["AccessDenied", "KMS.DisabledException", "KMS.NotFoundException"])
@pytest.mark.parametrize(("used", "is_own"), [(OWN_KEY, True), (OTHER_KEY, False)])
def test_tells_another_key_from_that_of_the_bucket(world: World, code: str, used: str, is_own: bool) -> None:
    encrypt(world.raw)
    version = world.upload("k", b"abc", register=False, ServerSideEncryption="aws:kms", SSEKMSKeyId=used)
    with refusing(k=code), pytest.raises(ClientError if is_own else OtherKeyError):
        list(read_version(world.raw, "k", version))


def test_takes_a_throttled_key_for_no_fate_of_a_file(world: World) -> None:
    version = world.upload("foreign", b"abc", register=False, **UNREADABLE["foreign"][1])
    with refusing(foreign="KMS.ThrottlingException"), pytest.raises(ClientError, match="Throttling"):
        list(read_version(world.raw, "foreign", version))


def test_takes_an_answer_that_is_late_for_no_want_of_permission(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = world.upload("foreign", b"abc", register=False, **UNREADABLE["foreign"][1])

    def head_object(**_: object) -> None:
        error: Any = {"Error": {"Code": "503"}, "ResponseMetadata": {"HTTPStatusCode": 503}}
        raise ClientError(error, "HeadObject")

    monkeypatch.setattr(refusals, "s3_client", lambda: SimpleNamespace(head_object=head_object))
    with refusing(foreign="AccessDenied"), pytest.raises(ClientError, match="503") as raised:
        list(read_version(world.raw, "foreign", version))
    assert not refusals.is_denied(raised.value)


def test_asks_once_for_the_key_of_a_bucket(world: World) -> None:
    encrypt(world.raw)
    how = UNREADABLE["foreign"][1]
    versions = [world.upload(f"foreign-{number}", b"abc", register=False, **how) for number in range(3)]
    with refusing(foreign="AccessDenied"):
        for number, version in enumerate(versions):
            with pytest.raises(OtherKeyError):
                list(read_version(world.raw, f"foreign-{number}", version))
    assert _bucket_key.cache_info().misses == 1
