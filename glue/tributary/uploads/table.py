"""State table of the uploads, in DynamoDB: pending versions, leases, committed versions.

docs/uploads-pipeline.md has the protocol. Every change is conditional; a rejected one means that another run
is ahead, and is reported by the return value, never by an exception.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tributary.running.clock import Clock, milliseconds, timestamp, utc_now
from tributary.uploads import versions
from tributary.uploads.expressions import transact, update, update_one
from tributary.uploads.history import choose_from, read_history
from tributary.uploads.lease import HEAD, HOLDS, Lease, read_head
from tributary.uploads.pending import AUDIT_SHARD, PENDING_ATTRIBUTES, PendingIndex, Waiting
from tributary.uploads.versions import Version

_STILL_PENDING = "#status = :was_pending"
_WAS_PENDING = {"was_pending": versions.PENDING}
_SUPERSEDED_A_CLAIM = 100


@dataclass(frozen=True)
class Committed:
    """Last committed version as of the head item, and the publication begun after it."""

    version: str | None = None
    content_sha256: str | None = None
    dataset_version: str | None = None
    output_etags: Mapping[str, str] = field(default_factory=dict)
    publishing: str | None = None


@dataclass(frozen=True)
class Claim:
    """Version of an object under a lease; `attempts` counts this claim too."""

    bucket: str
    key: str
    version: Version
    lease: Lease
    attempts: int
    first_claimed_at: str
    committed: Committed


@dataclass(frozen=True)
class Taken:
    """Claim of an object, None when nothing is pending, and versions to be marked superseded, 100 at most.

    `token` is the newest of the object's leases.
    """

    claim: Claim | None
    outdated: tuple[str, ...]
    token: int


@dataclass(frozen=True)
class Held:
    """Lease of another run on the object, which expires at `until` unless it is renewed."""

    until: datetime


class UploadsTable:
    """Uploads table as used by one run; a claim lasts `lease_seconds` without renewal.

    Where it `is_audited`, each version that it finishes is owed to the audit from then on.
    """

    def __init__(
        self,
        table: str,
        run_id: str,
        lease_seconds: float,
        superseded_days: int,
        *,
        is_audited: bool,
        clock: Clock = utc_now,
    ) -> None:
        self._table = table
        self._run_id = run_id
        self._lease_seconds = lease_seconds
        self._superseded_days = superseded_days
        self.is_audited = is_audited
        self._clock = clock

    @property
    def name(self) -> str:
        """Name of the table."""
        return self._table

    def pending(self) -> PendingIndex:
        """Return the index of what is pending, at the beginning of a round."""
        return PendingIndex(self._table, self._clock)

    def claim(self, waiting: Waiting) -> Taken | Held:
        """Claim the newest version of an object.

        Nothing is claimed when the index that named the object lags behind the table: a global secondary
        index is eventually consistent.

        @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.ReadConsistency.html,
        2026-11-29
        """
        history = read_history(self._table, waiting.object_id)
        head, now = history.head, self._clock()
        until = int(head.get("lease_until", 0))
        if "lease_owner" in head and until > milliseconds(now):
            return Held(datetime.fromtimestamp(until / 1000, UTC))
        choice = choose_from(self._table, waiting, history)
        claim = None
        if choice.claim is not None:
            claim = self._claim(waiting.object_id, head, choice.claim, now)
            if not self._take(claim, head, now):
                return Held(now)
        token = int(head.get("lease_token", 0)) if claim is None else claim.lease.token
        return Taken(claim, choice.outdated[:_SUPERSEDED_A_CLAIM], token)

    def supersede(self, object_id: str, taken: Taken) -> Iterator[str]:
        """Mark versions as superseded that are still pending; yield each that was marked."""
        for version in taken.outdated:
            if update_one(self._superseding(object_id, version, taken.token, is_pending=True)):
                yield version

    def commit(self, claim: Claim, status: str, outcome: Committed, figures: Mapping[str, Any]) -> bool:
        """Finish a version as processed or unchanged, in one transaction; False when the lease is lost."""
        now = self._clock()
        finished: dict[str, Any] = {"status": status, "content_sha256": outcome.content_sha256, **figures}
        head: dict[str, Any] = {
            "committed_version": claim.version.version,
            "content_sha256": outcome.content_sha256,
            "dataset_version": outcome.dataset_version,
            "output_etags": dict(outcome.output_etags),
        }
        removed = ["publishing"]
        if claim.version.sequencer is None:
            removed.append("committed_sequencer")
        else:
            head["committed_sequencer"] = claim.version.sequencer
        return transact(
            self._finishing(claim, finished, now, ("last_error",)),
            *self._superseding_committed(claim),
            self._releasing(claim.lease, head, removed),
        )

    def quarantine(self, claim: Claim, error: str) -> bool:
        """Finish a version as quarantined; the committed one stays. False when the lease is lost."""
        finished = {"status": versions.QUARANTINED, "last_error": error}
        return transact(self._finishing(claim, finished, self._clock()), self._releasing(claim.lease))

    def fail(self, claim: Claim, error: str, pause: timedelta, *, is_counted: bool = True) -> bool:
        """Give a version back, to be tried again after `pause`; False when the lease is lost."""
        attempts = claim.attempts if is_counted else claim.attempts - 1
        available_at = timestamp(self._clock() + pause)
        failed = {"last_error": error, "available_at": available_at, "attempts": attempts}
        return transact(self._changing(claim, failed), self._releasing(claim.lease))

    def release(self, claim: Claim) -> bool:
        """Give a version back untried, its attempt not counted; False when the lease is lost."""
        return transact(self._changing(claim, {"attempts": claim.attempts - 1}), self._releasing(claim.lease))

    def publication_began(self, claim: Claim) -> bool:
        """Check by a consistent read whether outputs of this version may be visible already."""
        return read_head(self._table, claim.lease.object_id).get("publishing") == claim.version.version

    def _claim(self, object_id: str, head: Mapping[str, Any], version: Version, now: datetime) -> Claim:
        bucket, _, key = object_id.partition("/")
        committed = Committed(
            version=head.get("committed_version"),
            content_sha256=head.get("content_sha256"),
            dataset_version=head.get("dataset_version"),
            output_etags=head.get("output_etags", {}),
            publishing=head.get("publishing"),
        )
        return Claim(
            bucket=bucket,
            key=key,
            version=version,
            lease=Lease(
                self._table,
                object_id,
                int(head.get("lease_token", 0)) + 1,
                self._run_id,
                self._lease_seconds,
            ),
            attempts=version.attempts + 1,
            first_claimed_at=version.first_claimed_at or timestamp(now),
            committed=committed,
        )

    def _take(self, claim: Claim, head: Mapping[str, Any], now: datetime) -> bool:
        """Write the claim; the head must be as it was read, which any other claim or renewal would change."""
        lease = claim.lease
        sets = {
            "lease_token": lease.token,
            "lease_owner": lease.owner,
            "lease_until": milliseconds(now + timedelta(seconds=self._lease_seconds)),
        }
        if claim.version.expires_at is not None:
            sets["expires_at"] = claim.version.expires_at
        condition, seen = "attribute_not_exists(#version)", {}
        if head:
            condition = "#lease_token = :seen_token AND #lease_until = :seen_until"
            seen = {"seen_token": head["lease_token"], "seen_until": head["lease_until"]}
        first = {"attempts": claim.attempts, "first_claimed_at": claim.first_claimed_at}
        return transact(
            update(self._table, lease.object_id, HEAD, sets=sets, condition=condition, values=seen),
            self._changing(claim, first),
        )

    def _changing(
        self, claim: Claim, sets: Mapping[str, Any], removes: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        return update(
            self._table,
            claim.lease.object_id,
            claim.version.version,
            sets={**sets, "run_id": self._run_id},
            removes=removes,
            condition=_STILL_PENDING,
            values=_WAS_PENDING,
        )

    def _finishing(
        self, claim: Claim, sets: Mapping[str, Any], now: datetime, removes: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        owed = self._owed(claim.lease.token, now)
        return self._changing(claim, {**sets, **owed}, (*self._no_more_pending, *removes))

    def _owed(self, token: int, now: datetime) -> dict[str, Any]:
        """The end of a version, by its token, and where it is audited, the mark that a row is owed."""
        ended = {"finished_at": timestamp(now), "token": token}
        mark = {"pending_shard": AUDIT_SHARD, "available_at": timestamp(now)}
        return {**ended, **mark} if self.is_audited else ended

    @property
    def _no_more_pending(self) -> tuple[str, ...]:
        return () if self.is_audited else PENDING_ATTRIBUTES

    def _releasing(
        self, lease: Lease, sets: Mapping[str, Any] | None = None, removes: list[str] | None = None
    ) -> dict[str, Any]:
        return update(
            self._table,
            lease.object_id,
            HEAD,
            sets={**(sets or {}), "lease_until": 0},
            removes=["lease_owner", *(removes or [])],
            condition=HOLDS,
            values=lease.values(),
        )

    def _superseding_committed(self, claim: Claim) -> list[dict[str, Any]]:
        previous = claim.committed.version
        if previous is None or previous == claim.version.version:
            return []
        lease = claim.lease
        return [self._superseding(lease.object_id, previous, lease.token, is_pending=False)]

    def _superseding(self, object_id: str, version: str, token: int, *, is_pending: bool) -> dict[str, Any]:
        now = self._clock()
        expires = now + timedelta(days=self._superseded_days)
        sets = {
            "status": versions.SUPERSEDED,
            **self._owed(token, now),
            "expires_at": int(expires.timestamp()),
        }
        return update(
            self._table,
            object_id,
            version,
            sets=sets,
            removes=self._no_more_pending,
            condition=_STILL_PENDING if is_pending else "",
            values=_WAS_PENDING if is_pending else {},
        )
