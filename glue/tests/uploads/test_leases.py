"""Leases: who may hold an object, for how long, and what becomes of it after."""

import itertools
import threading
from datetime import timedelta
from unittest import mock

import pytest

from tests.support.waiting import HANG_SECONDS, wait_for
from tests.support.world import World, customers
from tributary.running.keeper import LeaseKeeper
from tributary.uploads.lease import Lease
from tributary.uploads.table import Claim, Held, Taken, UploadsTable

KEY = "input/customers/april.csv"


def claimed(world: World, ledger: UploadsTable) -> Claim:
    answer = ledger.claim(world.waiting(KEY))
    assert isinstance(answer, Taken)
    assert answer.claim is not None
    return answer.claim


def test_gives_an_object_to_one_run_at_a_time(world: World) -> None:
    world.upload(KEY, customers("1"))
    first = claimed(world, world.ledger("run-1"))
    held = world.ledger("run-2").claim(world.waiting(KEY))
    assert isinstance(held, Held)
    assert held.until > world.now()
    assert first.lease.holds()


def test_takes_over_a_lease_that_ran_out_with_a_higher_token(world: World) -> None:
    version = world.upload(KEY, customers("1"))
    first = claimed(world, world.ledger("run-1"))
    world.outlast_leases()
    second = claimed(world, world.ledger("run-2"))
    assert (first.lease.token, second.lease.token) == (1, 2)
    assert second.first_claimed_at == first.first_claimed_at
    assert (second.attempts, world.item(KEY, version)["attempts"]) == (2, 2)
    assert (first.lease.holds(), second.lease.holds()) == (False, True)
    assert not first.lease.renew()
    assert not first.lease.begin_publication(version)


@pytest.mark.slow
def test_renews_held_leases_until_another_run_has_taken_over(world: World) -> None:
    """The keeper hurries: its turns are far shorter than what the lease is prolonged by."""
    world.upload(KEY, customers("1"))
    failures: list[Exception] = []
    renewals: list[bool] = []
    claim = claimed(world, world.ledger("run-1"))
    renew = Lease.renew

    def noting(lease: Lease) -> bool:
        renewals.append(renew(lease))
        return renewals[-1]

    with (
        mock.patch.object(Lease, "renew", noting),
        LeaseKeeper[Lease](0.3, lambda _, error: failures.append(error)) as keeper,
    ):
        until = world.head(KEY)["lease_until"]
        keeper.keep(claim.lease)
        wait_for(lambda: world.head(KEY)["lease_until"] > until)
        assert isinstance(world.ledger("run-2").claim(world.waiting(KEY)), Held)
        world.outlast_leases()
        # A renewal between its read and its write makes a claim come back empty-handed.
        claims = (world.ledger("run-2").claim(world.waiting(KEY)) for _ in itertools.count())
        holder = next(answer.claim for answer in claims if isinstance(answer, Taken))
        assert holder is not None
        wait_for(lambda: False in renewals)
    assert renewals.index(False) == len(renewals) - 1
    assert (holder.lease.holds(), claim.lease.holds(), failures) == (True, False, [])


def test_tells_of_no_lost_lease_when_a_renewal_meets_the_commit(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.upload(KEY, customers("1"))
    drop, renew = LeaseKeeper.drop, Lease.renew
    refused = threading.Event()

    def late(keeper: LeaseKeeper[Lease], lease: Lease) -> None:
        """Drop what is committed only once a renewal was refused."""
        if threading.current_thread() is threading.main_thread():
            assert refused.wait(HANG_SECONDS)
        drop(keeper, lease)

    def noting(lease: Lease) -> bool:
        renewed = renew(lease)
        if not renewed:
            refused.set()
        return renewed

    with mock.patch.object(LeaseKeeper, "drop", late), mock.patch.object(Lease, "renew", noting):
        assert world.run(lease_seconds=0.6)
    assert "lease lost" not in capsys.readouterr().out


def test_waits_for_the_lease_of_a_dead_run_before_it_ends(world: World) -> None:
    version = world.upload(KEY, customers("1"))
    claimed(world, world.ledger("dead-run", lease_seconds=1))
    assert world.run()
    assert (world.status(KEY, version), world.item(KEY, version)["attempts"]) == ("processed", 2)


def test_gives_a_claim_back_without_counting_the_attempt(world: World) -> None:
    version = world.upload(KEY, customers("1"))
    ledger = world.ledger("run-1")
    assert ledger.release(claimed(world, ledger))
    assert world.item(KEY, version)["attempts"] == 0
    assert claimed(world, world.ledger("run-2")).lease.token == 2


@pytest.mark.parametrize("change", ["commit", "quarantine", "fail", "release"])
def test_refuses_every_change_of_a_stale_holder(world: World, change: str) -> None:
    version = world.upload(KEY, customers("1"))
    ledger = world.ledger("run-1")
    stale = claimed(world, ledger)
    world.outlast_leases()
    claimed(world, world.ledger("run-2"))
    before = (world.item(KEY, version), world.head(KEY))
    changes = {
        "commit": lambda: ledger.commit(stale, "processed", stale.committed, {}),
        "quarantine": lambda: ledger.quarantine(stale, "any"),
        "fail": lambda: ledger.fail(stale, "any", timedelta(seconds=1)),
        "release": lambda: ledger.release(stale),
    }
    assert not changes[change]()
    assert (world.item(KEY, version), world.head(KEY)) == before
