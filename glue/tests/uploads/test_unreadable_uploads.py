"""Uploads that nobody here can read, and runs without a permission."""

import pytest

from tests.support.refusals import OWN_KEY, REFUSED, UNREADABLE, encrypt, refusing
from tests.support.world import World, customers
from tributary.objects import quarantine

GOOD = "input/customers/good.csv"


def key_of(word: str) -> str:
    return f"input/customers/{word}.csv"


def test_quarantines_at_once_what_nobody_can_read_by_its_reason_alone(world: World) -> None:
    good = world.upload(GOOD, customers("1"))
    versions = {
        word: world.upload(key_of(word), customers("2"), **how) for word, (_, how) in UNREADABLE.items()
    }
    with refusing(**REFUSED):
        assert world.run()
        assert world.run(), "no run after it fails"
    assert world.status(GOOD, good) == "processed"
    assert world.published(GOOD) == ["1"]
    for word, (reason, _) in UNREADABLE.items():
        item = world.item(key_of(word), versions[word])
        assert (item["status"], item["attempts"]) == ("quarantined", 1)
        assert world.reason(key_of(word), versions[word])["reason"] == reason
    kept = [key for key in world.keys(world.quarantine) if not key.endswith("/reason.json")]
    assert kept == [], "nothing could be copied"


@pytest.mark.parametrize(("size", "is_copied"), [(8, True), (9, False)])
def test_copies_into_quarantine_what_is_not_too_large(
    world: World, monkeypatch: pytest.MonkeyPatch, size: int, is_copied: bool
) -> None:
    monkeypatch.setattr(quarantine, "LARGEST_COPY", 8)
    version = world.upload(GOOD, b"alpha\n".ljust(size, b"1"))
    assert world.run()
    message = world.reason(GOOD, version)["message"]
    assert message.endswith("; not copied: 9 bytes, expected at most 8") is not is_copied
    assert len(world.keys(world.quarantine)) == 1 + is_copied


@pytest.mark.parametrize("lacking", ["good", "PUT {quarantine}/dead-letters"])
def test_fails_each_run_and_quarantines_nothing_without_a_permission(world: World, lacking: str) -> None:
    encrypt(world.raw)
    how = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": OWN_KEY}
    version = world.upload(GOOD, customers("1", broken=1), **how)
    for _ in range(4):
        with refusing(**{lacking.format(quarantine=world.quarantine): "AccessDenied"}):
            assert not world.run(maximum_attempts=2)
        item = world.item(GOOD, version)
        assert (item["status"], item["attempts"]) == ("pending", 0)
        assert item["last_error"].startswith("missing-permission: ")
        world.pass_time(seconds=901)
    assert [key for key in world.keys(world.quarantine) if key.startswith("files/")] == []
    assert world.run(maximum_attempts=2)
    assert world.published(GOOD) == ["1"]
