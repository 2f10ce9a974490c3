"""Batches with files that nobody here can read, and a run without a permission."""

from tests.support.batches import FOLDER, BatchWorld, event
from tests.support.manifests import lines
from tests.support.refusals import OWN_KEY, REFUSED, UNREADABLE, encrypt, refusing


def test_publishes_the_others_at_once_and_quarantines_by_the_reason_alone(batches: BatchWorld) -> None:
    for number, (word, (_, how)) in enumerate(UNREADABLE.items(), 10):
        batches.upload(f"{word}.json", lines(event(number)), **how)
    batches.upload("good.json", lines(event(1), "{broken"))
    with refusing(**REFUSED):
        assert batches.run()
    batches.assert_exact(*(f"{word}.json" for word in UNREADABLE))
    expected = {f"{FOLDER}{word}.json": reason for word, (reason, _) in UNREADABLE.items()}
    assert batches.reasons() == expected
    assert batches.books.statuses() == {"PARTIAL": 1, "QUARANTINED": 3}
    assert batches.batches("attempts") == [(1,)]
    assert len(batches.objects(batches.quarantine, "quarantine/")) == 3, "nothing could be copied"
    assert {key for key, _ in batches.raw_versions()} == expected.keys(), "the originals stay"


def test_fails_the_run_and_quarantines_nothing_without_a_permission(batches: BatchWorld) -> None:
    encrypt(batches.raw)
    how = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": OWN_KEY}
    batches.upload("own.json", lines(event(1)), **how)
    with refusing(own="AccessDenied"):
        assert not batches.run()
    assert "AccessDenied" in batches.batches("last_error")[0][0]
    assert batches.objects(batches.quarantine) == {}
    assert batches.take_over()
    batches.assert_exact()


def test_leaves_the_rows_of_a_replay_whose_files_were_archived_meanwhile(batches: BatchWorld) -> None:
    batches.upload("a.json", lines(event(1)))
    assert batches.run()
    before = batches.published()
    batches.books.replay()
    with refusing(**{"raw-json-data-processed": "InvalidObjectState"}):
        assert not batches.run()
    assert batches.published() == before
    assert "restore it; the replay leaves its rows as they are" in batches.batches("last_error")[0][0]
    assert batches.reasons() == {}
    assert batches.take_over()
    batches.assert_exact()
