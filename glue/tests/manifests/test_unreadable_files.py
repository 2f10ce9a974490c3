"""Manifests with files that nobody here can read, and a job without a permission."""

import pytest

from tests.support.manifests import EVEN, ManifestWorld, lines
from tests.support.refusals import OWN_KEY, REFUSED, UNREADABLE, encrypt, refusing
from tributary.errors import MissingPermissionError
from tributary.objects import quarantine


def test_publishes_the_others_at_once_and_quarantines_by_the_reason_alone(world: ManifestWorld) -> None:
    for word, (_, how) in UNREADABLE.items():
        world.upload(f"{word}.ndjson", lines({"id": word}), **how)
    world.files(good=lines({"id": "1"}, "{broken"))
    with refusing(**REFUSED):
        world.run()
    assert [row["id"] for row in world.rows()] == ["1"]
    assert world.account() == EVEN
    assert world.waiting() == (0, 0)
    expected = {world.key(f"{word}.ndjson"): reason for word, (reason, _) in UNREADABLE.items()}
    assert {key: reason["reason"] for key, reason in world.reasons().items()} == expected
    assert {one["key"]: one["reason"] for one in world.receipt()["quarantined"]} == expected
    kept = world.objects(world.quarantine, "quarantine/")
    assert len(kept) == len(expected), "nothing could be copied"


def test_copies_into_quarantine_what_is_not_too_large(
    world: ManifestWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quarantine, "LARGEST_COPY", 8)
    world.upload("small.ndjson.gz", b"\x1f\x8bno gzi")
    world.upload("large.ndjson.gz", b"\x1f\x8bno gzip")
    world.send(world.manifest())
    world.run()
    messages = {key.rpartition("-")[2]: reason["message"] for key, reason in world.reasons().items()}
    assert messages["large.ndjson.gz"].endswith("; not copied: 9 bytes, expected at most 8")
    assert "not copied" not in messages["small.ndjson.gz"]
    copies = [key for key in world.objects(world.quarantine) if not key.endswith("/reason.json")]
    assert [key.rpartition("-")[2] for key in copies] == ["small.ndjson.gz"]


def test_ends_the_run_and_quarantines_nothing_without_a_permission(world: ManifestWorld) -> None:
    encrypt(world.raw)
    world.upload("a.ndjson", lines({"id": "1"}), ServerSideEncryption="aws:kms", SSEKMSKeyId=OWN_KEY)
    world.send(world.manifest())
    with refusing(a="AccessDenied"), pytest.raises(MissingPermissionError, match="AccessDenied"):
        world.run()
    assert world.objects(world.quarantine) == {}
    assert world.receipts() == []
    assert world.waiting() == (0, 1), "the message comes back"
